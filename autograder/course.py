"""A course directory through nbgrader's own API: its configuration, its submissions, and recording them."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.assignment import Assignment, AssignmentError
from autograder.config import course_config, course_limits
from autograder.errors import CannotGrade
from autograder.report import Report
from autograder.runner import report_path, run_seed, write_whole
from autograder.submission import Unreadable, read_file, read_submission


class GradebookError(CannotGrade):
    """Nothing can be recorded; the text says why and what to do."""


class Course:
    """A course directory and what nbgrader_config.py says of it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.config = course_config(self.root)
        self.config.CourseDirectory.root = str(self.root)
        # nbgrader starts `alembic` by its name, which lies beside Python also when the environment is not activated
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.limits = course_limits(self.root)
        self.api = NbGraderAPI(config=self.config)
        for name in ("traitlets", "nbgrader"):  # its log is kept per call, in the results
            logging.getLogger(name).setLevel(logging.CRITICAL)
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own gradebook code

    def check_gradebook(self, assignment: str) -> None:
        """Raise AssignmentError or GradebookError when nbgrader could record no submission at all."""
        try:
            with Gradebook(self.api.coursedir.db_url) as gradebook:
                gradebook.find_assignment(assignment)
                gradebook.db.execute(text("UPDATE assignment SET name = name"))  # all that is needed to write
                gradebook.db.rollback()
        except MissingEntry:
            raise AssignmentError(
                f"The gradebook does not know {assignment!r}: run `nbgrader generate_assignment {assignment}` first."
            ) from None
        except SQLAlchemyError as error:
            why = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise GradebookError(
                f"The gradebook cannot be written ({why}). What was graded is kept: put that right, then run "
                "`autograder grade` again."
            ) from None

    def submissions(self, assignment: str) -> dict[str, Path]:
        """Student -> the notebook that was handed in, whether or not it is there."""
        coursedir = self.api.coursedir
        students = sorted(self.api.get_submitted_students(assignment))
        folders = {one: coursedir.format_path(coursedir.submitted_directory, one, assignment) for one in students}
        return {student: Path(folder) / f"{assignment}.ipynb" for student, folder in folders.items()}

    def recorded(self, assignment: Assignment, student: str, content: bytes) -> bool:
        """Whether this submission was recorded, and nothing that its grade depends on has changed since."""
        marker, key = self._marker(assignment, student, content)
        return marker.exists() and marker.read_text() == key

    def record(self, assignment: Assignment, student: str, content: bytes, final: bool) -> str:
        """Let nbgrader record a submission and write its feedback page. Returns why it could not, or nothing.

        What is not `final`, because something of ours broke down, is graded and recorded again by the next run.
        """
        marker, key = self._marker(assignment, student, content)
        marker.unlink(missing_ok=True)  # it speaks of what the gradebook holds now
        for step in (self.api.autograde, self.api.generate_feedback):
            result: dict[str, Any] = step(assignment.name, student, force=True)
            if not result["success"]:
                return str(result.get("log") or result.get("error")).strip().splitlines()[-1]
        if final:
            write_whole(marker, key)  # last: what was cut off before is done again
        return ""

    def reports(self, assignment: Assignment) -> tuple[dict[str, Report], dict[str, str]]:
        """Student -> Report of what was graded, and student -> why there is none."""
        cache = self.root / ".autograder" / assignment.name / "reports"
        seed = run_seed(self.root, assignment.name)
        reports, without = {}, {}
        for student, notebook in self.submissions(assignment.name).items():
            try:
                content = read_file(notebook)
                path = report_path(content, assignment, seed, self.limits, cache)
                if path.exists():
                    reports[student] = Report.from_json(path.read_text("utf-8"))
                else:
                    read_submission(content, assignment.template, list(assignment.points))
                    without[student] = "Not graded yet, or something of ours broke down: run `autograder grade`."
            except Unreadable as error:
                without[student] = str(error)
        return reports, without

    def _marker(self, assignment: Assignment, student: str, content: bytes) -> tuple[Path, str]:
        digest = hashlib.sha256(f"{assignment.checks_hash} {self.limits}".encode() + content)
        return self.root / ".autograder" / assignment.name / "recorded" / student, digest.hexdigest()

    def scores(self, assignment: Assignment, students: list[str]) -> Table:
        """The gradebook's scores per student and function."""
        table = Table(title=f"{assignment.name}: scores in the gradebook")
        table.add_column("submission", no_wrap=True)
        for name, points in assignment.points.items():
            table.add_column(f"{name} ({points:g})", justify="right")
        table.add_column(f"total ({sum(assignment.points.values()):g})", justify="right", style="bold")
        with Gradebook(self.api.coursedir.db_url) as gradebook:
            for student in students:
                try:
                    notebook = gradebook.find_submission_notebook(assignment.name, assignment.name, student)
                except MissingEntry:
                    table.add_row(student, *("-" for _ in assignment.points), "not recorded")
                    continue
                earned = {grade.name: grade.score for grade in notebook.grades}
                cells = [f"{earned.get(f'test-{name}', 0):g}" for name in assignment.points]
                table.add_row(student, *cells, f"{notebook.score:g}")
        return table
