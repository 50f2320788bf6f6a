"""The rows of the class report: for each student what the gradebook says, and what the checks found."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from nbgrader.api import (
    Assignment as RecordedAssignment,
)
from nbgrader.api import (
    BaseCell,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.exc import SQLAlchemyError

from autograder.course.course import Course, in_a_line
from autograder.errors import CannotGrade
from autograder.grading.assignment import Assignment, in_other_languages
from autograder.grading.report import Report
from autograder.messages import Message, render
from autograder.pages.class_report import Row

Cell = tuple[str, str]  # notebook, grade_id
ABSENT = Message("Nothing was handed in.")


def exercises(notebooks: Sequence[Assignment]) -> dict[Cell, tuple[str, float]]:
    """What has points, in the notebooks' order: cell -> name, the most points. With several, it is `NOTEBOOK/name`."""
    found = {}
    for one in notebooks:
        worth = {grade_id: (name, one.points[name]) for name, grade_id in one.grade_ids.items()}
        worth |= {grade_id: (grade_id, points) for grade_id, points in one.manual.items()}
        before = f"{one.notebook}/" if len(notebooks) > 1 else ""
        for cell in one.template.cells:
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if grade_id in worth:
                name, points = worth[grade_id]
                found[one.notebook, grade_id] = (f"{before}{name}", points)
    return found


def class_rows(
    course: Course,
    notebooks: Sequence[Assignment],
    reports: Mapping[str, Report],
    unread: Mapping[str, str],
    beside: Path,
) -> list[Row]:
    """A row for each student by the student's id, those of the gradebook too who have handed in nothing.

    A student who handed in the lesson in another language is in that language's report.
    Links lead from the directory `beside` to the feedback pages. Raises CannotGrade where the gradebook cannot be read.
    """
    names = {cell: name for cell, (name, _) in exercises(notebooks).items()}
    assignment = notebooks[0].name
    excluded = course.api.coursedir.student_id_exclude.split(",")
    try:
        with Gradebook(course.api.coursedir.db_url) as gradebook:
            known = {
                student: ", ".join(filter(None, (last, first)))
                for student, last, first in gradebook.db.query(Student.id, Student.last_name, Student.first_name)
                if student not in excluded
            }
            points, penalties = _recorded(gradebook, assignment)
    except SQLAlchemyError as error:
        raise CannotGrade("The gradebook cannot be read ({why}).", why=in_a_line(error)) from None
    rows = []
    elsewhere = {one for other in in_other_languages(assignment, course.root) for one in course.submissions(other)}
    for student in sorted({*reports, *unread, *(known.keys() - elsewhere)}):
        report = reports.get(student)
        scores = {names[cell]: score for cell, score in points.get(student, {}).items() if cell in names}
        if report and not scores:
            scores = {name: sum(check.points for check in checks) for name, checks in report.functions().items()}
        rows.append(
            Row(
                student,
                known.get(student, ""),
                {name: scores[name] for name in names.values() if name in scores},
                penalties.get(student, 0.0),
                report,
                "" if report else unread.get(student, render(ABSENT)),
                _pages(course, notebooks, student, beside),
                handed_in=student in reports or student in unread,
                attempts=[(one.recorded, one.points) for one in course.last(assignment, student).attempts],
            )
        )
    return rows


def _recorded(gradebook: Gradebook, assignment: str) -> tuple[dict[str, dict[Cell, float]], dict[str, float]]:
    """The points that nbgrader shows: student -> cell -> points, without those that somebody has yet to give.

    And student -> what late work costs.
    """
    of_a_student = (
        gradebook.db.query(SubmittedNotebook)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(RecordedAssignment, SubmittedAssignment.assignment_id == RecordedAssignment.id)
        .filter(RecordedAssignment.name == assignment)
    )
    cells = (
        of_a_student.join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, Grade.cell_id == BaseCell.id)
        .filter((Grade.auto_score.is_not(None)) | (Grade.manual_score.is_not(None)))
        .with_entities(SubmittedAssignment.student_id, Notebook.name, BaseCell.name, Grade.score)
    )
    points: dict[str, dict[Cell, float]] = {}
    for student, notebook, grade_id, score in cells:
        points.setdefault(student, {})[notebook, grade_id] = float(score)
    penalties: dict[str, float] = {}
    late = SubmittedNotebook.late_submission_penalty
    for student, penalty in of_a_student.with_entities(SubmittedAssignment.student_id, late):
        penalties[student] = penalties.get(student, 0.0) + (penalty or 0.0)
    return points, penalties


def _pages(course: Course, notebooks: Sequence[Assignment], student: str, beside: Path) -> dict[str, str]:
    """Notebook -> address of its feedback page, of those that are there."""
    coursedir = course.api.coursedir
    folder = Path(coursedir.format_path(coursedir.feedback_directory, student, notebooks[0].name))
    pages = {one.notebook: folder / f"{one.notebook}.html" for one in notebooks}
    return {
        name: quote(os.path.relpath(page, beside.resolve()), errors="surrogateescape")
        for name, page in pages.items()
        if page.is_file()
    }
