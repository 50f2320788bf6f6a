"""A course directory through nbgrader's own API: its configuration, its submissions, and recording them."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import logging
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import nbgrader.api
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.apps import NbGraderAPI
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.course.config import course_limits, refuse_misread
from autograder.course.gradebook import NotebookRelease, Release, read_release
from autograder.course.report_cache import (
    Noted,
    last_recorded,
    last_report,
    note_recorded,
    report_path,
    reports_folder,
    run_seed,
)
from autograder.course.timestamps import moment
from autograder.errors import CannotGrade
from autograder.grading.assignment import Assignment, AssignmentError, files_of, not_translated, only_notebook
from autograder.grading.cells import not_assessed
from autograder.grading.configuration import course_config, course_settings
from autograder.grading.report import Report, together
from autograder.messages import Message, render, said
from autograder.notebook.attempts import meant, set_aside
from autograder.notebook.folder import holds, reached, rename
from autograder.notebook.handed_in import (
    Unreadable,
    read_file,
    read_notebook,
    regular_notebooks,
    restore_name,
    why_no_notebook,
)
from autograder.notebook.submission import read_submission

# nbgrader looks a student's rows up by these, without an index: with 100,000 students that took 1.2 s for each.
SEARCHED = (
    ("submitted_assignment", "student_id"),
    ("submitted_notebook", "assignment_id"),
    ("grade", "notebook_id"),
    ("comment", "notebook_id"),
)

# nbgrader opens the gradebook again and again; SQLAlchemy remembers its queries as long as the engine is the same.
nbgrader.api.create_engine = cache(nbgrader.api.create_engine)
nbgrader.api.Base.metadata.create_all = cache(nbgrader.api.Base.metadata.create_all)  # once for each engine


def _is_a_student(name: str) -> bool:
    """Whether a directory in submitted/ is somebody's: what is hidden, or macOS puts into archives, is nobody's."""
    return not name.startswith((".", "__MACOSX"))


def _squeezed(name: str) -> str:
    """A name's letters and digits, as one may have meant another."""
    return "".join(char for char in name.casefold() if char.isalnum())


def _has_work(folder: Path) -> bool:
    return any(folder.glob("*.ipynb"))


def _what_nbgrader_says(log: str) -> str:
    """The last line of nbgrader's log that says what happened: its very last one points at the lines before it."""
    lines = [line.strip() for line in log.strip().splitlines()]
    return next((line for line in reversed(lines) if line and "above traceback" not in line), "nbgrader failed")


def missing(notebooks: Mapping[str, Path]) -> str:
    """What to say where none of a submission's notebooks is there, by their names; "" where one is."""
    if any(holds(path.parent, path.name) for path in notebooks.values()):
        return ""
    if len(notebooks) == 1:
        [(name, path)] = notebooks.items()
        return str(why_no_notebook(path.parent, name))
    names = ", ".join(path.name for path in notebooks.values())
    return said("None of the notebooks {names} was handed in: ask for them.", names=names)


class GradebookError(CannotGrade):
    """Nothing can be recorded; the text says why and what to do."""


def gradebook_error(error: SQLAlchemyError) -> GradebookError:
    """What to say where the database could not be written."""
    return GradebookError(
        "The gradebook cannot be written ({why}). What was graded is kept: put that right, then run `autograder grade` "
        "again.",
        why=in_a_line(error),
    )


def in_a_line(error: SQLAlchemyError) -> str:
    """What the database says of an error, without the statement."""
    return str(getattr(error, "orig", error)).strip().splitlines()[0]


def _check_known(cell: NotebookNode, mark: Mapping[str, Any], release: NotebookRelease) -> None:
    """Raise MissingEntry where the gradebook does not know a cell of the source notebook by what it is for."""
    name = mark.get("grade_id", "")
    known = release.released.cells.get(name)
    if any(
        (
            (mark.get("grade") or mark.get("task")) and name not in release.graded,
            (mark.get("solution") or mark.get("task")) and name not in release.answered,
            known is None and mark.get("locked"),
            known is not None and known.cell_type != cell.cell_type,
        )
    ):
        raise MissingEntry(name)


class Course:
    """A course directory and what nbgrader_config.py says of it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        refuse_misread(self.root)
        self.config = course_config(self.root)
        self.config.CourseDirectory.root = str(self.root)
        self.limits = course_limits(self.root)
        logging.disable(logging.CRITICAL)  # it looks for an exchange directory, which nobody needs here
        self.api = NbGraderAPI(config=self.config)
        logging.disable(logging.NOTSET)
        for name in ("traitlets", "nbgrader", "tornado.application"):  # its log is kept per call, in the results
            logging.getLogger(name).setLevel(logging.CRITICAL)
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own gradebook code

    def prepare_gradebook(self, notebooks: Sequence[Assignment]) -> Release:
        """The ids of an assignment with these notebooks in the gradebook.

        Raises AssignmentError or GradebookError when no submission at all could be recorded.
        """
        name = notebooks[0].name
        try:
            with Gradebook(self.api.coursedir.db_url) as gradebook:
                for one in notebooks:
                    for function, points in one.points.items():
                        grade_id = one.grade_ids[function]
                        known = gradebook.find_grade_cell(grade_id, one.notebook, name).max_score
                        if known != points:
                            raise AssignmentError(
                                "The gradebook gives {known} {known:point|points} for {cell}, the source notebook "
                                "{points}: run `nbgrader generate_assignment {assignment} --force` first.",
                                known=known,
                                cell=grade_id,
                                points=points,
                                assignment=name,
                            )
                gradebook.db.execute(text("UPDATE assignment SET name = name"))  # all that is needed to write
                for table, column in SEARCHED:
                    index = f"CREATE INDEX IF NOT EXISTS autograder_{table}_{column} ON {table} ({column})"
                    gradebook.db.execute(text(index))
                gradebook.db.commit()
                found = read_release(gradebook, name)
                for one in notebooks:
                    if one.notebook not in found.notebooks:
                        raise MissingEntry(name)
                    for cell in one.template.cells:
                        if mark := cell.metadata.get("nbgrader"):
                            _check_known(cell, mark, found.notebooks[one.notebook])
                return found
        except MissingEntry:
            raise AssignmentError(
                "The gradebook does not match the source notebook of {assignment}: run `nbgrader generate_assignment "
                "{assignment} --force` first.",
                assignment=name,
            ) from None
        except SQLAlchemyError as error:
            raise gradebook_error(error) from None

    def submissions(self, assignment: str) -> dict[str, Path]:
        """Student -> the directory that was handed in."""
        excluded = self.api.coursedir.student_id_exclude.split(",")
        found = self.api.get_submitted_students(assignment).difference(excluded)
        students = sorted(filter(_is_a_student, found))
        folders = {student: self.submitted_folder(student, assignment) for student in students}
        if only := only_notebook(assignment, self.root):
            for folder in folders.values():
                restore_name(folder, only)
        return folders

    def with_submissions(self, assignments: Sequence[str]) -> list[str]:
        """Those that somebody handed in, be it only in the wrong place."""
        found = [name for name in assignments if self.submissions(name)]
        return found or [name for name in not_translated(assignments, self.root) if self.misplaced(name)]

    def why_not(self, student: str, notebooks: Mapping[str, Path]) -> str:
        """What keeps a submission from being recorded, before it is graded; "" for nothing."""
        if why := missing(notebooks):
            return why
        if not student.isprintable():
            return said("The directory's name is no text: rename it.")
        if glob.has_magic(student):
            return said("nbgrader takes *, ? and [ in a student's name for a pattern: rename the directory.")
        return ""

    def misplaced(self, assignment: str) -> dict[str, str]:
        """Student -> what to do about work that lies beside the assignment's directory instead of in it."""
        known = {folder.name for folder in course_settings(self.root).source.iterdir()}
        found = {}
        for student in sorted(Path(self.root, self.api.coursedir.submitted_directory).glob("*")):
            if not _is_a_student(student.name) or student.is_symlink() or not student.is_dir():
                continue
            wanted = self.submitted_folder(student.name, assignment)
            if "\n" in student.name:
                why = said("nbgrader cannot read a line break in a student's name: rename the directory.")
                found[student.name] = why
                continue
            for path in sorted(student.iterdir()):
                if path.is_symlink():
                    continue
                meant = _squeezed(path.name) == _squeezed(assignment) or (not wanted.exists() and _has_work(path))
                if path.suffix == ".ipynb" and not wanted.exists():
                    why = said("{file} lies in the wrong place: move it to {folder}/.", file=path.name, folder=wanted)
                    found[student.name] = why
                elif path.name not in known and path.is_dir() and meant:
                    text = "{name} is no assignment: if it is {assignment}, rename it to {folder}."
                    found[student.name] = said(text, name=repr(path.name), assignment=assignment, folder=wanted)
        return found

    def several(self, notebooks: Sequence[Assignment]) -> tuple[dict[str, str], dict[str, str]]:
        """Give what is meant of several notebooks the name that counts, and set the other aside.

        Returns student -> what to say of that, and student -> why it cannot be told which one is meant.
        """
        notes, failed = {}, {}
        for student, folder in self.submissions(notebooks[0].name).items():
            files = files_of(notebooks, regular_notebooks(folder))
            if len(notebooks) == 1 and len(files[notebooks[0].notebook]) < 2:
                continue  # `submissions` has given it its name, where that can be done
            try:
                found = [self._renamed(folder / one.source.name, files[one.notebook], one) for one in notebooks]
                if any(found):
                    notes[student] = " ".join(filter(None, found))
            except OSError as error:
                failed[student] = said("The notebooks cannot be renamed ({why}).", why=error.strerror)
            except Unreadable as error:
                failed[student] = str(error)
        return notes, failed

    def _renamed(self, notebook: Path, found: Sequence[Path], about: Assignment) -> str:
        """Give what is meant of the files that were found the name of this notebook. Returns what to say of that."""
        if not found or [*found] == [notebook] or (len(found) == 1 and holds(notebook.parent, notebook.name)):
            return ""
        graded, note = meant(found, notebook.name, about.released)
        if graded == notebook or (len(found) > 1 and not note):
            return ""
        if notebook in found:
            rename(notebook.parent, notebook.name, set_aside(notebook).name)
        rename(notebook.parent, graded.name, notebook.name)
        text = "{graded} was graded as {name}: its cells are from there."
        return render(note or Message(text, graded=graded.name, name=notebook.name))

    def unsure_time(self, student: str, assignment: str) -> str:
        """What to say of a timestamp.txt that holds no time, or none that is certain; nothing where all is well."""
        try:
            moment(read_file(self.submitted_folder(student, assignment) / "timestamp.txt")[:1000].decode())
        except Unreadable:
            return ""  # there is none
        except ValueError:
            return said(
                "timestamp.txt holds no time that is certain, and was left out: nothing is taken off for late work. "
                "It should read like 2026-11-02 11:00:00 UTC, or 2026-11-02T12:00:00+01:00."
            )
        return ""

    def submitted_folder(self, student: str, assignment: str) -> Path:
        """The directory that a student handed in. In the path no link is to be followed."""
        coursedir = self.api.coursedir
        folder = coursedir.format_path(coursedir.submitted_directory, student, assignment)
        return reached(Path(folder), self.root / coursedir.submitted_directory)

    def due_dates(self, assignment: str) -> dict[str, str]:
        """Until when the students with an extension may hand in; "" is for all others."""
        with Gradebook(self.api.coursedir.db_url) as gradebook:
            here = gradebook.find_assignment(assignment)
            given = gradebook.db.query(SubmittedAssignment).filter(
                SubmittedAssignment.assignment_id == here.id, SubmittedAssignment.extension.is_not(None)
            )
            if here.duedate is None:  # nothing is late
                return {"": ""}
            return {"": str(here.duedate), **{one.student_id: str(one.duedate) for one in given}}

    def key(
        self, notebooks: Sequence[Assignment], student: str, content: Mapping[str, bytes], due: Mapping[str, str]
    ) -> str:
        """What a student's record depends on, as one word: it changes when the work has to be recorded again."""
        handed_in = b""
        with contextlib.suppress(Unreadable):
            handed_in = read_file(self.submitted_folder(student, notebooks[0].name) / "timestamp.txt")
        late = self.config.AssignLatePenalties
        plugin = str(late.get("plugin_class", "")).rpartition(".")[2]
        penalties = (late, self.config.get(plugin))
        checks = [one.checks_hash for one in notebooks]
        parts = (checks, self.limits, due.get(student, due[""]), penalties, handed_in, content)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def last(self, assignment: str, student: str) -> Noted:
        """What was recorded of a student last."""
        return last_recorded(self.root, assignment, student)

    def note(self, assignment: str, student: str, noted: Noted) -> None:
        """Keep what was recorded of a student."""
        note_recorded(self.root, assignment, student, noted)

    def convert(self, assignment: str, student: str) -> str:
        """Let nbgrader's converters record a submission and write its page. Returns why they could not, or nothing."""
        for step in (self.api.autograde, self.api.generate_feedback):
            result: dict[str, Any] = step(assignment, student, force=True)
            if not result["success"]:
                return _what_nbgrader_says(str(result.get("log") or result.get("error")))
        return ""

    def report_path(self, assignment: Assignment, content: bytes) -> Path:
        """Where the Report of a submission is kept."""
        run = (assignment, run_seed(self.root, assignment.name), self.limits)
        return report_path(content, *run, reports_folder(self.root, assignment.name))

    def reports(self, notebooks: Sequence[Assignment]) -> tuple[dict[str, Report], dict[str, str]]:
        """Student -> Report of what was recorded (`together`), and student -> why there is none."""
        reports, without = {}, {}
        name = notebooks[0].name
        for student, folder in self.submissions(name).items():
            found = {one.notebook: last_report(self.root, name, student, one.notebook) for one in notebooks}
            why = {one.notebook: self._why_no_report(one, folder) for one in notebooks if not found[one.notebook]}
            if any(found.values()):
                reports[student] = together(
                    [
                        found[one.notebook] or not_assessed(one, Message("{why}", why=why[one.notebook]))
                        for one in notebooks
                    ]
                )
            else:
                files = {one.notebook: folder / one.source.name for one in notebooks}
                without[student] = missing(files) or next(iter(why.values()))
        return reports, without

    def _why_no_report(self, notebook: Assignment, folder: Path) -> str:
        if not holds(folder, notebook.source.name):
            return said("{name} was not handed in.", name=notebook.source.name)
        try:
            read_submission(read_notebook(folder / notebook.source.name), notebook.template, list(notebook.points))
        except Unreadable as error:
            return str(error)
        return said("Not graded yet, or something of ours broke down: run `autograder grade`.")

    def scores(self, assignment: Assignment, students: list[str]) -> Table:
        """The gradebook's scores per student and function."""
        title = said("{assignment}: scores in the gradebook", assignment=assignment.name)
        table = Table(title=title, box=SIMPLE_HEAD)
        table.add_column(said("submission"), no_wrap=True)
        for name, points in assignment.points.items():
            table.add_column(f"{name}\n({points:g})", justify="right", no_wrap=True)
        total = sum(assignment.points.values())
        table.add_column(f"{said('total')}\n({total:g})", justify="right", style="bold", no_wrap=True)
        with Gradebook(self.api.coursedir.db_url) as gradebook:
            for student in students:
                try:
                    notebook = gradebook.find_submission_notebook(assignment.notebook, assignment.name, student)
                except MissingEntry:
                    table.add_row(escape(student), *("-" for _ in assignment.points), said("not recorded"))
                    continue
                earned = {grade.name: grade.score for grade in notebook.grades}
                cells = [f"{earned.get(grade_id, 0):g}" for grade_id in assignment.grade_ids.values()]
                table.add_row(escape(student), *cells, f"{notebook.score:g}")
        return table
