"""nbgrader's configuration of this course; the traits are explained by `nbgrader autograde --help-all`."""

import os

c = get_config()  # noqa: F821 - nbgrader provides it

c.CourseDirectory.course_id = "dinosaur-island"
if "GRADEBOOK_URL" in os.environ:  # such as postgresql+psycopg://user:password@host/gradebook; else gradebook.db here
    c.CourseDirectory.db_url = os.environ["GRADEBOOK_URL"]
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__"]

# The release: the stripped notebook, and beside it what it needs of the course.
c.BundleFiles.files = {
    "dinosaur-island": [
        "utils/__init__.py",
        "utils/rnn.py",
        "utils/plots.py",
        "datasets/dinos.txt",
        "datasets/README.md",
    ],
    "shakespeare": ["utils/*.py", "datasets/shakespeare.txt", "datasets/shakespeare.keras"],
}
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.InstantiateTests",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
    "autograder.nbgrader_plugins.BundleFiles",
]

# Autograding: any file can be read, and students' code runs in the sandbox instead of a kernel.
c.Autograde.pre_convert_hook = "autograder.nbgrader_plugins.regular_files_only"
c.Autograde.exporter_class = "autograder.nbgrader_plugins.SubmissionExporter"
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader_plugins.GradeInSandbox",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What one submission may use.
c.GradeInSandbox.seconds_per_call = 10
c.GradeInSandbox.seconds_per_submission = 90
c.GradeInSandbox.memory_mb = 1024
c.GradeInSandbox.disk_mb = 64
c.GradeInSandbox.file_mb = 16
c.GradeInSandbox.output_kb = 1000
c.GradeInSandbox.open_files = 64

# Feedback: what students wrote in HTML is made harmless.
c.GenerateFeedback.exporter_class = "autograder.nbgrader_plugins.FeedbackExporter"
c.HTMLExporter.sanitize_html = True  # of outputs
c.HTMLExporter.filters = {"markdown2html": "autograder.nbgrader_plugins.harmless_markdown"}
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    "autograder.nbgrader_plugins.FeedbackStyle",
]
