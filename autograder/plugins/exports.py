"""Exporters for `nbgrader export [--exporter autograder.plugins.exports.NAME] [--to FILE]`; without a name it is Csv.

Csv, Canvas and Moodle take the gradebook's scores, late penalties and changes by hand included; JUnit and StepSummary
show what the checks found.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from autograder.course.course import Course
from autograder.errors import CannotGrade
from autograder.grading.assignment import AssignmentError, load_notebooks
from autograder.grading.configuration import CONFIG
from autograder.grading.report import Report
from autograder.messages import Language, printable, render, speaking
from autograder.pages.feedback import number
from autograder.pages.formats import junit, step_summary
from autograder.pages.spreadsheet import harmless, points


@dataclass(frozen=True)
class Row:
    """A student, and the scores by assignment: None where nothing was handed in."""

    student: Any
    scores: dict[str, float | None]


@dataclass(frozen=True)
class Found:
    """An assignment: student -> Report, and student -> why there is none, in the assignment's language."""

    assignment: str
    language: Language
    reports: dict[str, Report]
    unread: dict[str, str]


class _Exporter(ExportPlugin):
    """What all have: the assignments and students that were asked for."""

    file: ClassVar[str]

    def export(self, gradebook: Gradebook) -> None:
        """Write the file."""
        path = Path(self.to or self.file)
        root = Path(self.parent.coursedir.root)
        if not (root / CONFIG).is_file():
            raise SystemExit(printable(f"{root} is no course: there is no {CONFIG}. Go to the course's directory."))
        try:
            self.write(path, gradebook)
        except OSError as error:
            raise SystemExit(printable(f"{path} cannot be written ({error.strerror}).")) from None
        except CannotGrade as error:
            raise SystemExit(str(error)) from None
        self.log.info("Written: %s", path)

    def write(self, path: Path, gradebook: Gradebook) -> None:
        raise NotImplementedError

    def assignments(self, gradebook: Gradebook) -> dict[str, float]:
        """Name -> the most points, of those with points."""
        wanted = {str(name) for name in self.assignment}
        every = {one.name: float(one.max_score) for one in gradebook.assignments}
        return {name: most for name, most in every.items() if most > 0 and (not wanted or name in wanted)}

    def students(self, gradebook: Gradebook) -> list[Any]:
        """By last name, first name and id: without names, nbgrader's order is that in which they were recorded."""
        wanted = {str(one) for one in self.student}
        chosen = [student for student in gradebook.students if not wanted or student.id in wanted]
        return sorted(chosen, key=lambda one: (one.last_name or "", one.first_name or "", one.id))

    def rows(self, gradebook: Gradebook) -> Iterator[Row]:
        names = self.assignments(gradebook)
        for student in self.students(gradebook):
            yield Row(student, {name: _score(gradebook, name, student.id) for name in names})

    def reports(self, gradebook: Gradebook) -> Iterator[Found]:
        """What there is of each assignment."""
        course = Course(Path(self.parent.coursedir.root))
        wanted = {str(one) for one in self.student}
        for name in self.assignments(gradebook):
            try:
                notebooks = load_notebooks(name, course.root)
            except AssignmentError:
                continue  # one that is graded in another way
            language = notebooks[0].language
            with speaking(language):
                reports, unread = course.reports(notebooks)
            chosen = (reports.keys() | unread.keys()) & (wanted or reports.keys() | unread.keys())
            yield Found(
                name,
                language,
                {student: one for student, one in reports.items() if student in chosen},
                {student: why for student, why in unread.items() if student in chosen},
            )


def _score(gradebook: Gradebook, assignment: str, student: str) -> float | None:
    submission = _submission(gradebook, assignment, student)
    return None if submission is None else _late(submission)


def _submission(gradebook: Gradebook, assignment: str, student: str) -> Any:
    try:
        return gradebook.find_submission(assignment, student)
    except MissingEntry:
        return None


def _late(submission: Any) -> float:
    """The score less the penalty for late work."""
    return max(0.0, float(submission.score) - float(submission.late_submission_penalty))


def full_name(student: Any) -> str:
    """Last, first; the id where neither is known."""
    return ", ".join(filter(None, (student.last_name, student.first_name))) or student.id


class Csv(_Exporter):
    """The columns of nbgrader's own export, which does not quote what stands in them."""

    file = "grades.csv"

    def write(self, path: Path, gradebook: Gradebook) -> None:
        chosen = {str(name) for name in self.assignment}
        students = self.students(gradebook)
        with open(path, "w", newline="", encoding="utf-8") as stream:
            table = csv.writer(stream)
            table.writerow(CSV_COLUMNS)
            for assignment in gradebook.assignments:
                if chosen and assignment.name not in chosen:
                    continue
                for who in students:
                    one = _submission(gradebook, assignment.name, who.id)
                    scores = (one.score, one.late_submission_penalty, _late(one)) if one else (0.0, 0.0, 0.0)
                    cells = [assignment.name, str(assignment.duedate or ""), str((one and one.timestamp) or "")]
                    cells += [who.id, who.last_name, who.first_name, who.email]
                    table.writerow([*map(harmless, cells), *map(points, (*scores, assignment.max_score))])


CSV_COLUMNS = ("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
               "late_submission_penalty", "score", "max_score")  # fmt: skip


class Canvas(_Exporter):
    """Canvas' gradebook CSV: five columns that name the student, one per assignment, and a row of points possible.

    Canvas finds students by its own ID (nbgrader's lms_user_id) or by the login, which is nbgrader's student id.
    """

    file = "canvas.csv"

    def write(self, path: Path, gradebook: Gradebook) -> None:
        assignments = self.assignments(gradebook)
        with open(path, "w", newline="", encoding="utf-8") as stream:
            table = csv.writer(stream)
            table.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *map(harmless, assignments)])
            table.writerow(["Points Possible", "", "", "", "", *map(points, assignments.values())])
            for row in self.rows(gradebook):
                scores = ["" if score is None else points(score) for score in row.scores.values()]
                who = [full_name(row.student), row.student.lms_user_id, "", row.student.id, ""]
                table.writerow([*map(harmless, who), *scores])


class Moodle(_Exporter):
    """Moodle's grade import: map "Username" or "Email address" to the user, and each assignment to its grade item."""

    file = "moodle.csv"

    def write(self, path: Path, gradebook: Gradebook) -> None:
        assignments = self.assignments(gradebook)
        notes = {found.assignment: _notes(found) for found in self.reports(gradebook)}
        with open(path, "w", newline="", encoding="utf-8") as stream:
            table = csv.writer(stream)
            columns = [column for name in assignments for column in (name, f"{name} (feedback)")]
            table.writerow(["Username", "First name", "Last name", "Email address", *map(harmless, columns)])
            for row in self.rows(gradebook):
                one = row.student
                cells = [one.id, one.first_name, one.last_name, one.email]
                for name, score in row.scores.items():
                    cells += ["" if score is None else points(score), notes.get(name, {}).get(one.id, "")]
                table.writerow([harmless(cell) for cell in cells])


def _notes(found: Found) -> dict[str, str]:
    """Student -> the points of each function, and what was misunderstood."""
    with speaking(found.language):
        return {
            student: "; ".join(
                f"{name} {number(sum(c.points for c in checks))}/{number(sum(c.max_points for c in checks))}"
                + (f" ({render(report.diagnoses[name].text)})" if name in report.diagnoses else "")
                for name, checks in report.functions().items()
            )
            for student, report in found.reports.items()
        }


class JUnit(_Exporter):
    """JUnit XML, which CI systems show as tests: a suite per student."""

    file = "junit.xml"

    def write(self, path: Path, gradebook: Gradebook) -> None:
        every = list(self.reports(gradebook))

        def suite(found: Found, student: str) -> str:
            return f"{found.assignment}/{student}" if len(every) > 1 else student

        reports = {suite(found, who): one for found in every for who, one in found.reports.items()}
        unread = {suite(found, who): why for found in every for who, why in found.unread.items()}
        path.write_text(junit(reports, unread), "utf-8")


class StepSummary(_Exporter):
    """Markdown for GitHub's step summary; it is added to GitHub's own file, and takes the place of any other."""

    file = "summary.md"

    def write(self, path: Path, gradebook: Gradebook) -> None:
        mode = "a" if str(path) == os.environ.get("GITHUB_STEP_SUMMARY") else "w"
        with open(path, mode, encoding="utf-8") as stream:
            for found in self.reports(gradebook):
                with speaking(found.language):
                    stream.write(step_summary(found.assignment, found.reports, found.unread))
