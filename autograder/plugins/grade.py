"""What is plugged into `nbgrader autograde`: any file can be read, and students' code runs in the sandbox."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import CheckCellMetadata, Execute, NbGraderPreprocessor
from traitlets import Enum, Float, Int, List, Tuple, Unicode

from autograder.course.calibration import ready
from autograder.course.config import seconds_by_timeout
from autograder.course.marked import test_outputs, unread_outputs
from autograder.course.report_cache import (
    graded,
    last_recorded,
    note_recorded,
    part_name,
    report_path,
    reports_folder,
    run_seed,
)
from autograder.course.timestamps import moment
from autograder.errors import CannotGrade
from autograder.grading.assignment import (
    Assignment,
    load_assignments,
    load_notebooks,
    only_notebook,
    refuse_unjudged,
)
from autograder.grading.configuration import course_settings
from autograder.grading.patience import SPARE, TIMES_THE_SOLUTION
from autograder.messages import render, speaking
from autograder.notebook.attempts import about_others
from autograder.notebook.folder import reached, take_in
from autograder.notebook.handed_in import Unreadable, read_file, read_notebook, restore_name
from autograder.notebook.submission import blank_submission, read_submission
from autograder.sandbox.process import Limits

DEFAULTS = Limits()
LONGEST_TIME = 100  # bytes


def work_on_copies(autograde: Autograde) -> None:
    """Let nbgrader look at a submission's files, and copy them, in a copy that is fresh each time.

    It follows links, opens pipes and reads without end. The notebook itself is none of these files.
    """
    for place in [one for one in autograde.assignments if "\n" in one]:
        autograde.log.error("%s is left out: nbgrader cannot read a line break in a name.", place)  # it would stop all
        del autograde.assignments[place]
    for name in ("init_destination", "init_assignment"):
        setattr(autograde, name, partial(_on_a_copy, autograde, getattr(autograde, name)))


def _on_a_copy(autograde: Autograde, step: Callable[[str, str], Any], assignment: str, student: str) -> Any:
    coursedir = autograde.coursedir
    place = coursedir.format_path(coursedir.submitted_directory, student, assignment)
    folder = _handed_in(coursedir, place)
    expected = only_notebook(assignment, Path(coursedir.root))
    if expected and (restored := restore_name(folder, expected)):
        autograde.notebooks = [str(Path(place, restored.name))]
    submitted, fresh = coursedir.submitted_directory, Path(".autograder", assignment, "copies", part_name())
    coursedir.submitted_directory = str(fresh)
    try:
        copy = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
        left_out = take_in(folder, copy)
        timestamp = copy / "timestamp.txt"
        if timestamp.is_dir() or (timestamp.exists() and not _holds_a_time(timestamp)):
            timestamp.rename(copy.with_name("timestamp.txt"))
            left_out.append("timestamp.txt: it holds no time")
        for why in left_out:
            autograde.log.warning("%s: of what was handed in, this is left out: %s.", student, why)
        return step(assignment, student)
    finally:
        coursedir.submitted_directory = submitted
        shutil.rmtree(Path(coursedir.root, fresh), ignore_errors=True)


def _handed_in(coursedir: CourseDirectory, path: str) -> Path:
    """A path of nbgrader's, in which no link of a student's is followed."""
    return reached(Path(path), Path(coursedir.root, coursedir.submitted_directory))


def _holds_a_time(path: Path) -> bool:
    if path.stat().st_size > LONGEST_TIME:
        return False
    try:
        moment(path.read_text("utf-8"))
    except ValueError:
        return False
    return True


class SubmissionExporter(NotebookExporter):
    """Reads what students hand in, whatever it is; otherwise nbconvert's notebook exporter."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        work_on_copies(self.parent)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        """The sanitised or graded notebook's text, and nbconvert's resources."""
        assignment = _assignment(self.parent, Path(filename).stem)
        if assignment is None:
            self.register_preprocessor(CheckCellMetadata, enabled=True)  # of ours the metadata are the release's
        if not self.parent._sanitizing:  # it is in autograded/
            return super().from_filename(filename, resources, **kwargs)
        handed_in = _handed_in(self.parent.coursedir, filename)
        if assignment is None:
            return self.from_file(io.StringIO(read_file(handed_in).decode()), resources, **kwargs)
        try:
            data = read_notebook(handed_in)
            notebook = read_submission(data, assignment.template, list(assignment.points)).notebook
        except Unreadable as error:
            self.log.warning("%s: %s", filename, error)
            with speaking(assignment.language):
                notebook = blank_submission(assignment.template, str(error))
        path = Path(filename)
        described = {**(resources or {}), "metadata": {"name": path.stem, "path": str(path.parent)}}
        return self.from_notebook_node(notebook, described, **kwargs)


class GradeInSandbox(NbGraderPreprocessor):
    """Takes the place of nbgrader's Execute: grades the submission and writes points and feedback as outputs."""

    sandbox = Enum(
        ["on", "none", "sandlock"],
        DEFAULTS.sandbox,
        help="`none` runs students' code unconfined, with your rights; `sandlock` is an older word for `on`.",
    ).tag(config=True)
    seconds_per_call = Float(
        DEFAULTS.seconds_per_call,
        help=f"Seconds that a call may take at most. Where the solution is quick, it is {TIMES_THE_SOLUTION} times "
        f"what the solution takes. A notebook also has a reserve of {SPARE:g} times this, for calls that need longer.",
    ).tag(config=True)
    seconds_per_submission = Float(DEFAULTS.seconds_per_submission, help="Time for all of a notebook.").tag(config=True)
    memory_mb = Int(DEFAULTS.memory_mb, help="Memory of the student's process.").tag(config=True)
    disk_mb = Int(DEFAULTS.disk_mb, help="Size of all files that it writes.").tag(config=True)
    file_mb = Int(DEFAULTS.file_mb, help="Size of any file that it writes.").tag(config=True)
    output_kb = Int(DEFAULTS.output_kb, help="Printed text of one call that is kept.").tag(config=True)
    open_files = Int(DEFAULTS.open_files, help="Open files at a time.").tag(config=True)
    preload = Tuple(
        help="Packages, as ['pandas', 'sklearn'], that are imported once for all students instead of by each."
    ).tag(config=True)
    diagnosis_steps = Int(
        DEFAULTS.diagnosis_steps,
        help="Steps of programs that are tried to find where a function is wrong; 0: none is looked for.",
    ).tag(config=True)

    left_to_nbgrader = List(
        Unicode(), help="Assignments that nbgrader executes itself, unconfined, such as notebooks in R."
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        if resources["nbgrader"]["assignment"] in self.left_to_nbgrader:
            return Execute(parent=self.parent).preprocess(nb, resources)
        coursedir, names = self.parent.parent.coursedir, resources["nbgrader"]
        who = (names["student"], names["assignment"])
        if self.sandbox == "none":
            self.log.warning("The sandbox is off: students' code runs with your rights.")
        try:
            assignment = _assignment(self.parent.parent, names["notebook"])
            refuse_unjudged(names["assignment"], nb, assignment.grade_ids.values() if assignment else ())
            if assignment is None:
                return nb, resources
            folder = _handed_in(coursedir, coursedir.format_path(coursedir.submitted_directory, *who))
            outputs, report = self._graded(assignment, folder / f"{names['notebook']}.ipynb", names["student"])
            root = Path(coursedir.root)
            last = last_recorded(root, assignment.name, names["student"])
            noted = replace(last, key="", reports={**last.reports, names["notebook"]: report})
            note_recorded(root, assignment.name, names["student"], noted)
        except CannotGrade as error:
            # It would be the same for all others. What nbgrader has begun it would take for done the next time.
            shutil.rmtree(coursedir.format_path(coursedir.autograded_directory, *who))
            self.log.error("%s", error)
            raise SystemExit(1) from None
        names_of = {grade_id: name for name, grade_id in assignment.grade_ids.items()}
        for cell in nb.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if grade_id in names_of and names_of[grade_id] in outputs:
                cell.outputs = outputs[names_of[grade_id]]
        return nb, resources

    def _graded(
        self, assignment: Assignment, notebook: Path, student: str
    ) -> tuple[dict[str, list[NotebookNode]], str]:
        """Function -> outputs of its test cell, and the file name of the Report: none for what is no notebook."""
        root = Path(self.parent.parent.coursedir.root)
        traits = {name: getattr(self, name) for name in Limits.__dataclass_fields__}
        limits = Limits(**{**traits, **seconds_by_timeout(self.config)})
        try:
            run = (read_notebook(notebook), ready(assignment, limits), run_seed(root, assignment.name), limits)
            path = report_path(*run, reports_folder(root, assignment.name))
            report = graded(*run, path)
        except Unreadable as error:
            with speaking(assignment.language):
                return unread_outputs(assignment, str(error)), ""
        if note := about_others(notebook):
            report = replace(report, problems=(note, *report.problems))
        for problem in report.problems:
            self.log.warning("%s: %s", student, render(problem))
        with speaking(assignment.language):
            return test_outputs(report), path.name


def _assignment(autograde: Autograde, notebook: str) -> Assignment | None:
    """What a notebook is about; None for one of an assignment without anything that we judge."""
    return _assignments(autograde).get(notebook)


@lru_cache(maxsize=1)
def _assignments(autograde: Autograde) -> dict[str, Assignment]:
    """The notebooks of this run of nbgrader, read once for it; none where there is nothing to judge in any."""
    name, root = autograde.coursedir.assignment_id, Path(autograde.coursedir.root)
    judged = name not in course_settings(root).left_to_nbgrader and load_assignments(name, root)
    return {one.notebook: one for one in load_notebooks(name, root)} if judged else {}
