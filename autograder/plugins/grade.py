"""What is plugged into `nbgrader autograde`: any file can be read, and students' code runs in the sandbox."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata, NbGraderPreprocessor
from traitlets import Enum, Float, Int

from autograder.course.calibration import ready
from autograder.course.report_cache import graded, recorded_path, report_path, reports_folder, run_seed, write_whole
from autograder.course.timestamps import moment
from autograder.errors import CannotGrade
from autograder.grading.assignment import Assignment, load_assignments, refuse_unjudged
from autograder.grading.report import Picture
from autograder.messages import render
from autograder.notebook.attempts import about_others
from autograder.notebook.handed_in import Unreadable, read_notebook, restore_name
from autograder.notebook.submission import blank_submission, read_submission
from autograder.pages.feedback import function_html, function_text, prose
from autograder.pages.pictures import png
from autograder.sandbox.process import Limits

DEFAULTS = Limits()
PICTURES = 1  # for each function: more of them say the same again


def regular_files_only(assignment: str, student: str, notebooks: list[str]) -> None:
    """A hook before each submission: sets links, pipes and the like aside, since nbgrader copies what they lead to.

    They are moved to a hidden directory beside the submission's own, and so is a timestamp.txt that holds no time. The
    notebook itself stays, to be refused by name. A notebook with another name gets back the assignment's.
    """
    folder = Path(notebooks[0]).parent
    entries = (Path(at) / name for at, folders, files in os.walk(folder) for name in (*folders, *files))
    odd = [entry for entry in entries if str(entry) not in notebooks and _is_odd(entry)]
    if (timestamp := folder / "timestamp.txt") not in odd and timestamp.is_file() and not _holds_a_time(timestamp):
        odd.append(timestamp)
    for entry in [folder] if folder.is_symlink() else odd:
        aside = folder.parent / f".{folder.name}-set-aside" / entry.relative_to(folder.parent)
        aside.parent.mkdir(parents=True, exist_ok=True)
        os.replace(entry, aside)
        logging.getLogger(__name__).warning("%r cannot be used: it was moved to %r.", str(entry), str(aside))
    if restored := restore_name(folder, assignment):
        notebooks[:] = [str(restored)]


def _is_odd(path: Path) -> bool:
    return path.is_symlink() or not (path.is_file() or path.is_dir())


def _holds_a_time(path: Path) -> bool:
    try:
        moment(path.read_text("utf-8"))
    except ValueError:
        return False
    return True


class SubmissionExporter(NotebookExporter):
    """Reads what students hand in, whatever it is; otherwise nbconvert's notebook exporter."""

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        """The sanitised or graded notebook's text, and nbconvert's resources."""
        assignment = _assignment(self.parent, Path(filename).stem)
        if assignment is None:
            self.register_preprocessor(CheckCellMetadata, enabled=True)  # of ours the metadata are the release's
        if assignment is None or not self.parent._sanitizing:
            return super().from_filename(filename, resources, **kwargs)
        try:
            data = read_notebook(Path(filename))
            notebook = read_submission(data, assignment.template, list(assignment.points)).notebook
        except Unreadable as error:
            self.log.warning("%s: %s", filename, error)
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
    seconds_per_call = Float(DEFAULTS.seconds_per_call, help="Time for one call of a student's function.").tag(
        config=True
    )
    seconds_per_submission = Float(DEFAULTS.seconds_per_submission, help="Time for all of a notebook.").tag(config=True)
    memory_mb = Int(DEFAULTS.memory_mb, help="Memory of the student's process.").tag(config=True)
    disk_mb = Int(DEFAULTS.disk_mb, help="Size of all files that it writes.").tag(config=True)
    file_mb = Int(DEFAULTS.file_mb, help="Size of any file that it writes.").tag(config=True)
    output_kb = Int(DEFAULTS.output_kb, help="Printed text of one call that is kept.").tag(config=True)
    open_files = Int(DEFAULTS.open_files, help="Open files at a time.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        coursedir, names = self.parent.parent.coursedir, resources["nbgrader"]
        who = (names["student"], names["assignment"])
        if self.sandbox == "none":
            self.log.warning("The sandbox is off: students' code runs with your rights.")
        try:
            assignment = _assignment(self.parent.parent, names["notebook"])
            refuse_unjudged(names["assignment"], nb, assignment.grade_ids.values() if assignment else ())
            if assignment is None:
                return nb, resources
            folder = Path(coursedir.format_path(coursedir.submitted_directory, *who))
            outputs, report = self._graded(assignment, folder / f"{names['notebook']}.ipynb", names["student"])
            write_whole(recorded_path(Path(coursedir.root), assignment.name, names["student"]), f"- {report}")
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
        limits = Limits(**{name: getattr(self, name) for name in Limits.__dataclass_fields__})
        try:
            run = (read_notebook(notebook), ready(assignment, limits), run_seed(root, assignment.name), limits)
            path = report_path(*run, reports_folder(root, assignment.name))
            report = graded(*run, path)
        except Unreadable as error:
            page = f"<div>{prose(str(error))}</div>"
            return {name: _outputs(0.0, page, str(error)) for name in assignment.points}, ""
        if note := about_others(notebook):
            report = replace(report, problems=(note, *report.problems))
        for problem in report.problems:
            self.log.warning("%s: %s", student, render(problem))
        outputs = {
            name: _outputs(
                sum(check.points for check in checks),
                function_html(report, name),
                function_text(report, name),
                [check.picture for check in checks if check.picture][:PICTURES],
            )
            for name, checks in report.functions().items()
        }
        return outputs, path.name


def _assignment(autograde: Autograde, notebook: str) -> Assignment | None:
    """What a notebook is about; None for one without anything that we judge."""
    return _assignments(autograde).get(notebook)


@lru_cache(maxsize=1)
def _assignments(autograde: Autograde) -> dict[str, Assignment]:
    """The notebooks of this run of nbgrader, read once for it."""
    name, root = autograde.coursedir.assignment_id, Path(autograde.coursedir.root)
    return {one.notebook: one for one in load_assignments(name, root)}


def _outputs(points: float, html: str, text: str, pictures: Sequence[Picture] = ()) -> list[NotebookNode]:
    """Nbgrader reads the score from the one execute_result; the feedback stands beside it."""
    new: Any = nbformat.v4.new_output
    return [
        new("display_data", {"text/html": html, "text/plain": text}),
        *(
            new("display_data", {"image/png": png(one), "text/plain": one.title}, metadata={"alt": one.title})
            for one in pictures
        ),
        new("execute_result", {"text/plain": f"{points:g}"}, execution_count=1),
    ]
