"""Where our steps are plugged into nbgrader: called by each course's nbgrader_config.py."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence

from traitlets.config import Config

from autograder.pages.terminal import PrintableRecord

PLUGINS = "autograder.plugins"

# How bulk downloads name what a student handed in, below the directory into which nbgrader unpacks them:
#   Canvas      doejane_LATE_12345_678910_ps1.ipynb
#   Moodle      Jane Doe_12345_assignsubmission_file_/ps1.ipynb (or all in one folder)
#   Gradescope  assignment_1_export/submission_12345/ps1.ipynb
# The student's id is the platform's number, since names are not unique. The first place that fits counts: the platform
# wrote it, and students name what follows.
DOWNLOADED = (
    r".*?/extracted/(?:[^/]+/)*?"
    r"(?:submission_|[^/]+?_(?=\d+_assignsubmission_file)|[^/_]+_(?:LATE_)?(?=\d+_\d+_))"
    r"(?P<student_id>\d+)"
    r"(?:/|_assignsubmission_file(?:_/|/|_)|_\d+_)"
    r"(?P<file_id>.+)"
)


def plug_in(c: Config) -> None:
    """Let nbgrader release notebooks with the files they need, grade in the sandbox, and write feedback pages.

    The course's own settings hold, also those that stand before this line. Only the steps that read, run and show
    students' notebooks take the place of a course's own.

    Example, in nbgrader_config.py::

        from autograder import plug_in

        c = get_config()
        plug_in(c)
    """
    logging.setLogRecordFactory(PrintableRecord)
    ours = _ours()
    theirs = copy.deepcopy(c)
    c.merge(ours)
    for section, name in KEPT:
        if name in theirs.get(section, {}):
            c[section][name] = theirs[section][name]
    for section, name in STEPS:
        if name in theirs.get(section, {}):
            c[section][name] = _with_our_steps(theirs[section][name], ours[section][name])
    # What is set beside this is heeded by nbgrader's own converters: `own_steps` compares.
    c.PluggedIn.sections = {name: copy.deepcopy(dict(section)) for name, section in ours.items()}


KEPT = (("CourseDirectory", "ignore"), ("ExportApp", "plugin_class"), ("FileNameCollectorPlugin", "named_regexp"),
        ("ZipCollectApp", "strict"))  # fmt: skip
STEPS = (("GenerateAssignment", "preprocessors"), ("Autograde", "sanitize_preprocessors"),
         ("Autograde", "autograde_preprocessors"), ("GenerateFeedback", "preprocessors"))  # fmt: skip


def _with_our_steps(theirs: Sequence[str], ours: Sequence[str]) -> list[str]:
    """A course's own preprocessors without nbgrader's Execute; ours come first or last among them, as in `ours`."""
    added = [(at, step) for at, step in enumerate(ours) if step.startswith(PLUGINS) and step not in theirs]
    steps = [step for step in theirs if str(step).rpartition(".")[2] not in ("Execute", "ExecutePreprocessor")]
    for at, step in added:
        steps.insert(0 if at == 0 else len(steps), step)
    return steps


def _ours() -> Config:
    c = Config()
    c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__"]

    c.FileNameCollectorPlugin.named_regexp = DOWNLOADED
    c.ZipCollectApp.strict = False  # a renamed notebook is collected: grading gives it back its name

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
        f"{PLUGINS}.release.BundleFiles",
    ]

    # Any file can be read, and students' code runs in the sandbox instead of a kernel.
    c.Autograde.exporter_class = f"{PLUGINS}.grade.SubmissionExporter"
    c.Autograde.sanitize_preprocessors = [
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.DeduplicateIds",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
    ]
    c.Autograde.autograde_preprocessors = [
        f"{PLUGINS}.grade.GradeInSandbox",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
    ]
    c.Exporter.optimistic_validation = True  # once at the end, not after each step

    c.ExportApp.plugin_class = f"{PLUGINS}.exports.Csv"

    # Our own page, in which nothing that students wrote can do anything.
    c.GenerateFeedback.exporter_class = f"{PLUGINS}.feedback.FeedbackExporter"
    c.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades"]
    return c
