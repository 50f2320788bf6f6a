"""nbgrader's configuration of this course. `nbgrader autograde --help-all` explains each setting."""

import os

from autograder import plug_in

c = get_config()  # noqa: F821 - nbgrader provides it
plug_in(c)  # release, sandbox, feedback

c.CourseDirectory.course_id = "dinosaur-island"
if "GRADEBOOK_URL" in os.environ:  # such as postgresql+psycopg://user:password@host/gradebook; without it, gradebook.db
    c.CourseDirectory.db_url = os.environ["GRADEBOOK_URL"]

# Late work. Nothing is late in an assignment without a due date.
c.AssignLatePenalties.plugin_class = "autograder.plugins.late.PercentPerDay"
c.PercentPerDay.percent = 10  # of the earned points, for each day that has begun
c.PercentPerDay.grace_minutes = 15

# The course's files that students get with the notebook, by assignment.
LESSON = [
    "utils/__init__.py",
    "utils/rnn.py",
    "utils/baselines.py",
    "utils/plots.py",
    "utils/testing.py",
    "datasets/dinos.txt",
    "datasets/README.md",
]
POEMS = ["utils/*.py", "datasets/shakespeare.txt", "datasets/shakespeare.keras"]
FONT = ["utils/*.otf", "utils/OFL.txt"]  # pictures in Chinese need one
c.BundleFiles.files = {
    "dinosaur-island": LESSON,
    "dinosaur-island-zh-hant": [*LESSON, *FONT],
    "shakespeare": POEMS,
    "shakespeare-zh-hant": [*POEMS, *FONT],
}

# The most that one submission may use.
c.GradeInSandbox.seconds_per_call = 10  # or 20 times as long as with the solution, if that is less
c.GradeInSandbox.seconds_per_submission = 90
c.GradeInSandbox.memory_mb = 1024
c.GradeInSandbox.disk_mb = 64
c.GradeInSandbox.file_mb = 16
c.GradeInSandbox.output_kb = 1000
c.GradeInSandbox.open_files = 64
