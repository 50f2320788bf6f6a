"""nbgrader's gradebook in few statements: what its converters do to the rows of a submission, as values and in bulk.

A row is a dictionary of its table's columns. `read` gives a student's rows, `with_marks` what becomes of them,
`write` puts the difference into the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import Connection, Engine, bindparam, event, select

from autograder.course.marked import Marked, Released, ReleasedCell
from autograder.errors import CannotGrade

Row = dict[str, Any]
STUDENT, SUBMISSION, NOTEBOOK, GRADE, COMMENT = (
    one.__table__ for one in (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)
)

# What grading sets; the rest is for people to set.
OURS = {"timestamp", "late_submission_penalty", "auto_score", "needs_manual_grade", "auto_comment"}


class NotRecorded(CannotGrade):
    """One submission cannot be recorded; the text says why."""


@dataclass(frozen=True)
class NotebookRelease:
    """A notebook of the release in the gradebook: the ids of its cells by their names."""

    id: str
    released: Released
    graded: Mapping[str, str]
    answered: Mapping[str, str]  # which have comments
    points: Mapping[str, float]  # the most that can be had


@dataclass(frozen=True)
class Release:
    """An assignment in the gradebook: its notebooks by their names."""

    id: str
    notebooks: Mapping[str, NotebookRelease]


@dataclass(frozen=True)
class Rows:
    """What the gradebook has of a submission: by notebook, and by notebook and cell."""

    submission: Row
    notebooks: dict[str, Row] = field(default_factory=dict)
    grades: dict[tuple[str, str], Row] = field(default_factory=dict)
    comments: dict[tuple[str, str], Row] = field(default_factory=dict)

    def score(self, notebook: str) -> float:
        """The points of a notebook, without a penalty for late work."""
        return sum(score(row) for (name, _), row in self.grades.items() if name == notebook)


def comment(row: Row) -> str:
    """What is said to a cell: somebody's words before nbgrader's; "" for nothing."""
    return str(row["auto_comment"] or "") if row["manual_comment"] is None else str(row["manual_comment"])


def score(grade: Row) -> float:
    """The points of a graded cell: somebody's before the checks'."""
    given = grade["auto_score"] if grade["manual_score"] is None else grade["manual_score"]
    return 0.0 if given is None else given + (grade["extra_credit"] or 0.0)


def open_gradebook(url: str) -> Engine:
    """The database, for transactions that hold what they have read. SQLite has one at a time, from its first word."""
    engine = sqlalchemy.create_engine(url)
    if engine.dialect.name == "sqlite":
        # by itself, Python's module begins when something is written, and knows nothing of savepoints
        event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def read_release(gradebook: Gradebook, assignment: str) -> Release:
    """The assignment's ids, and what students' notebooks are restored from. Raises nbgrader's MissingEntry."""
    here = gradebook.find_assignment(assignment)
    return Release(here.id, {notebook.name: _notebook_release(notebook) for notebook in here.notebooks})


def _notebook_release(notebook: Notebook) -> NotebookRelease:
    graded = [*notebook.grade_cells, *notebook.task_cells]
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    cells = {
        cell.name: ReleasedCell(cell.cell_type, cell.locked, cell.source, cell.checksum, points.get(cell.name))
        for cell in notebook.source_cells
    }
    return NotebookRelease(
        notebook.id,
        Released(notebook.kernelspec, cells),
        {cell.name: cell.id for cell in graded},
        {cell.name: cell.id for cell in (*notebook.solution_cells, *notebook.task_cells)},
        {cell.name: cell.max_score for cell in graded},
    )


def due_date(connection: Connection, release: Release) -> datetime | None:
    """Until when the assignment may be handed in, in UTC."""
    date: datetime | None = connection.scalar(select(Assignment.duedate).where(Assignment.id == release.id))
    return date


def read(connection: Connection, release: Release, students: Iterable[str]) -> dict[str, Rows]:
    """The rows of the students who have some. They stay locked until the transaction ends."""
    submissions = _selected(connection, SUBMISSION, "student_id", students, SUBMISSION.c.assignment_id == release.id)
    rows = {one["id"]: Rows(one) for one in submissions}
    names = {notebook.id: name for name, notebook in release.notebooks.items()}
    cells = {
        number: cell
        for notebook in release.notebooks.values()
        for numbers in (notebook.graded, notebook.answered)
        for cell, number in numbers.items()
    }
    places = {}
    for notebook in _selected(connection, NOTEBOOK, "assignment_id", rows):
        places[notebook["id"]] = rows[notebook["assignment_id"]], names[notebook["notebook_id"]]
        rows[notebook["assignment_id"]].notebooks[names[notebook["notebook_id"]]] = notebook
    for grade in _selected(connection, GRADE, "notebook_id", places):
        found, name = places[grade["notebook_id"]]
        found.grades[name, cells.get(grade["cell_id"], "")] = grade
    for comment in _selected(connection, COMMENT, "notebook_id", places):
        found, name = places[comment["notebook_id"]]
        found.comments[name, cells.get(comment["cell_id"], "")] = comment
    return {one.submission["student_id"]: one for one in rows.values()}


def _selected(connection: Connection, table: Any, column: str, values: Iterable[str], *where: Any) -> list[Row]:
    query = select(table).where(table.c[column].in_(list(values)), *where).order_by(table.c[column])
    return [dict(row) for row in connection.execute(query.with_for_update()).mappings()]


def new_rows(release: Release, student: str) -> Rows:
    """A submission of which nothing is known yet, with a row for each cell."""
    submission = {"id": new_uuid(), "assignment_id": release.id, "student_id": student, "timestamp": None,
                  "extension": None}  # fmt: skip
    rows = Rows(submission)
    for name, notebook in release.notebooks.items():
        own = {"id": new_uuid(), "assignment_id": submission["id"], "notebook_id": notebook.id, "flagged": False,
               "late_submission_penalty": None}  # fmt: skip
        rows.notebooks[name] = own
        for cell, number in notebook.graded.items():
            rows.grades[name, cell] = {"id": new_uuid(), "notebook_id": own["id"], "cell_id": number,
                                       "auto_score": None, "manual_score": None, "extra_credit": None,
                                       "needs_manual_grade": True}  # fmt: skip
        for cell, number in notebook.answered.items():
            rows.comments[name, cell] = {"id": new_uuid(), "notebook_id": own["id"], "cell_id": number,
                                         "auto_comment": None, "manual_comment": None}  # fmt: skip
    return rows


Penalty = Callable[[float, float], float | None]  # of a score, and of how many seconds the work is late


def no_penalty(score: float, seconds: float) -> None:
    """Late work costs nothing."""


def with_marks(
    rows: Rows,
    notebooks: Mapping[str, Marked],
    timestamp: datetime | None = None,
    due: datetime | None = None,
    penalty: Penalty = no_penalty,
) -> Rows:
    """The rows after nbgrader's Autograde: scores of the checks, comments, what is to be read, the price of late work.

    A timestamp stays when none came with the work. A notebook that was not handed in gets 0. Raises NotRecorded.
    """
    for name, one in notebooks.items():
        wanted = [*((cell, rows.grades) for cell in one.scores), *((cell, rows.comments) for cell in one.comments)]
        if missing := next((cell for cell, known in wanted if (name, cell) not in known), ""):
            raise NotRecorded(f"The gradebook has no row for the cell {missing!r} of this student's {name!r}.")
    submission = {**rows.submission, "timestamp": timestamp or rows.submission["timestamp"]}
    after = Rows(submission, dict(rows.notebooks), dict(rows.grades), dict(rows.comments))
    for (name, cell), row in rows.grades.items():
        if name not in notebooks:
            after.grades[name, cell] = {**row, "auto_score": 0.0, "needs_manual_grade": False}
    seconds = _seconds_late(submission, due)
    for name, one in notebooks.items():
        for cell, points in one.scores.items():
            row = rows.grades[name, cell]
            by_hand = row["manual_score"] is not None or points is None
            after.grades[name, cell] = {**row, "auto_score": points, "needs_manual_grade": by_hand}
        for cell, comment in one.comments.items():
            after.comments[name, cell] = {**rows.comments[name, cell], "auto_comment": comment}
        earned = after.score(name)
        late = penalty(earned, seconds) if seconds else None
        after.notebooks[name] = {
            **rows.notebooks[name],
            "late_submission_penalty": None if late is None else min(max(0.0, late), earned),
        }
    return after


def _seconds_late(submission: Row, due: datetime | None) -> float:
    """With an extension, which means nothing where no date is set."""
    if due is None or submission["timestamp"] is None:
        return 0.0
    until = due if submission["extension"] is None else due + submission["extension"]
    return max(0.0, (submission["timestamp"] - until).total_seconds())


def write(connection: Connection, before: Rows | None, after: Rows) -> None:
    """Put into the database what is new (all of it, where nothing was there before)."""
    if before is None:
        student = after.submission["student_id"]
        if connection.scalar(select(STUDENT.c.id).where(STUDENT.c.id == student)) is None:
            connection.execute(STUDENT.insert(), {"id": student})
    was = before or after
    tables: list[tuple[Any, Mapping[Any, Row], Mapping[Any, Row]]] = [
        (SUBMISSION, {"": was.submission}, {"": after.submission}),
        (NOTEBOOK, was.notebooks, after.notebooks),
        (GRADE, was.grades, after.grades),
        (COMMENT, was.comments, after.comments),
    ]
    for table, old, new in tables:
        rows = [row for place, row in new.items() if before is None or old[place] != row]
        if rows and before is None:
            connection.execute(table.insert(), rows)
        elif rows:
            columns = [name for name in rows[0] if name in OURS]
            connection.execute(
                table.update()
                .where(table.c.id == bindparam("row"))
                .values({name: bindparam(f"new_{name}") for name in columns}),
                [{"row": row["id"], **{f"new_{name}": row[name] for name in columns}} for row in rows],
            )
