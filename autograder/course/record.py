"""Recording what was graded: many submissions in one transaction, with the directories that nbgrader would write.

A submission is noted as recorded last of all. What is cut off anywhere is done again, with the same result.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from autograder.course.course import Course, gradebook_error
from autograder.course.folders import files_beside, put
from autograder.course.gradebook import (
    NotRecorded,
    Release,
    Rows,
    comment,
    due_date,
    new_rows,
    open_gradebook,
    read,
    score,
    with_marks,
    write,
)
from autograder.course.marked import Marked, with_note
from autograder.course.report_cache import Noted, part_name
from autograder.course.timestamps import moment
from autograder.errors import NOT_WRITTEN, CannotGrade
from autograder.grading.report import Report
from autograder.notebook.folder import take_in
from autograder.pages.feedback_page import Recorded, feedback_page

LONGEST_TIME = 100  # bytes of a timestamp.txt
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # no other student's record would fare better


@dataclass(frozen=True)
class Work:
    """A graded submission: its notebooks by name, and what is noted when it is recorded (`Course.note`)."""

    student: str
    notebooks: Mapping[str, Marked]
    key: str
    reports: Mapping[str, str]  # file names by notebook
    content: str = ""  # a hash of what was handed in: another one is another attempt

    def noted(self, before: Noted) -> Noted:
        """What is noted of it, after what was before."""
        points = sum(score or 0.0 for one in self.notebooks.values() for score in one.scores.values())
        return replace(before.with_attempt(self.content, points), key=self.key, reports=self.reports)


@dataclass(frozen=True)
class Entry:
    """What became of a submission in the gradebook: its score before, None where there was none, and now.

    `by_hand` has the cells where the checks give another score than before, and one that somebody set stays.
    """

    before: float | None
    after: float
    by_hand: Mapping[str, tuple[float, float]]  # cell -> the score that stays, and that of the checks
    left_out: tuple[str, ...] = ()  # of the files beside the notebook


class Recorder:
    """Records the submissions of an assignment in one session, each batch in one transaction."""

    def __init__(self, course: Course, release: Release, assignment: str) -> None:
        self.course, self.release, self.assignment = course, release, assignment
        self.coursedir = course.api.coursedir
        self.database = open_gradebook(self.coursedir.db_url)
        self.autograde = Autograde(coursedir=self.coursedir, parent=course.api)
        self.feedback = GenerateFeedback(coursedir=self.coursedir, parent=course.api)
        self.late = AssignLatePenalties(parent=self.autograde)
        self.late.init_plugin()
        source = Path(self.coursedir.format_path(self.coursedir.source_directory, ".", assignment))
        own = self.autograde.exclude_overwriting.get(assignment, [])
        found = files_beside(source, self.coursedir.ignore)
        self.source_files = {name: path.resolve() for name, path in found.items() if name not in own}

    def record(self, batch: Sequence[Work]) -> dict[str, Entry | str]:
        """Student -> what changed in the gradebook, or why nothing did.

        Raises CannotGrade where nobody's work could be recorded.
        """
        batch = sorted(batch, key=lambda work: work.student)  # another recorder takes its locks in this order too
        last = {work.student: self.course.last(self.assignment, work.student) for work in batch}
        for student, noted in last.items():  # what is cut off from here on is done again
            self.course.note(self.assignment, student, replace(noted, key=""))
        entries: dict[str, Entry | str] = {}
        with self._transaction() as connection:
            due = due_date(connection, self.release)
            known = read(connection, self.release, [work.student for work in batch])
            for work in batch:
                entries[work.student] = self._tried(connection, work, known, due)
        for work in batch:
            if isinstance(entries[work.student], Entry):
                self.course.note(self.assignment, work.student, work.noted(last[work.student]))
        return entries

    def preview(self, batch: Sequence[Work]) -> dict[str, Entry | str]:
        """The same, with nothing written."""
        with self._transaction() as connection:
            known = read(connection, self.release, [work.student for work in batch])
        entries: dict[str, Entry | str] = {}
        for work in batch:
            before = known.get(work.student)
            try:
                after = with_marks(before or new_rows(self.release, work.student), work.notebooks)
                entries[work.student] = _entry(before, after)
            except NotRecorded as error:
                entries[work.student] = str(error)
        return entries

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self.database.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise gradebook_error(error) from None

    def _tried(
        self, connection: Connection, work: Work, known: Mapping[str, Rows], due: datetime | None
    ) -> Entry | str:
        before = known.get(work.student)
        try:
            with connection.begin_nested():
                return self._entered(connection, work, before, due)
        except IntegrityError:
            if before is not None:
                raise
            # another recorder has entered this student meanwhile
            return self._tried(connection, work, read(connection, self.release, [work.student]), due)
        except NotRecorded as error:
            return str(error)
        except OSError as error:
            if error.errno in FULL:
                raise CannotGrade(NOT_WRITTEN, path=error.filename, why=error.strerror) from None
            return f"{error.filename} cannot be written ({error.strerror})."

    def _entered(self, connection: Connection, work: Work, before: Rows | None, due: datetime | None) -> Entry:
        """Enter a submission: what its student handed in beside the notebooks, and when, is looked up in a copy."""
        fresh = self.course.root / ".autograder" / self.assignment / "copies" / part_name()
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            left_out = take_in(self.course.submitted_folder(work.student, self.assignment), fresh)
            return self._written(connection, work, before, due, fresh, left_out)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _written(
        self, connection: Connection, work: Work, before: Rows | None, due: datetime | None, handed_in: Path,
        left_out: list[str],
    ) -> Entry:  # fmt: skip
        timestamp = _timestamp(handed_in)
        penalty = partial(self._penalty, work.student)
        after = with_marks(before or new_rows(self.release, work.student), work.notebooks, timestamp, due, penalty)
        write(connection, before, after)
        files = {**files_beside(handed_in, self.coursedir.ignore), **self.source_files}
        autograded = {f"{name}.ipynb": one.notebook for name, one in work.notebooks.items()}
        pages = {f"{name}.html": self._page(name, one, after) for name, one in work.notebooks.items()}
        for converter, written in ((self.autograde, autograded), (self.feedback, pages)):
            put(Path(converter._format_dest(self.assignment, work.student)), {**files, **written})
            converter.set_permissions(self.assignment, work.student)
        return replace(_entry(before, after), left_out=tuple(left_out))

    def _page(self, name: str, one: Marked, rows: Rows) -> str:
        most = self.release.notebooks[name].points
        recorded = Recorded(
            {cell: (score(row), most[cell]) for (notebook, cell), row in rows.grades.items() if notebook == name},
            {cell: comment(row) for (notebook, cell), row in rows.comments.items() if notebook == name},
            rows.notebooks[name]["late_submission_penalty"] or 0.0,
        )
        report = with_note(Report.from_json(one.report), one.note) if one.report else one.why
        return feedback_page(name, nbformat.v4.reads(one.notebook), one.laid_out, report, recorded)

    def _penalty(self, student: str, earned: float, seconds: float) -> float | None:
        plugin = self.late.plugin_inst
        try:
            penalty: float | None = plugin.late_submission_penalty(student, earned, seconds)
        except Exception as error:  # noqa: BLE001 -- the course's own, and of one student
            raise NotRecorded(f"{type(plugin).__name__} failed: {type(error).__name__}: {error}.") from None
        return penalty


class OneByOne(Recorder):
    """Lets nbgrader's converters record each submission: they heed all that nbgrader_config.py may say."""

    def record(self, batch: Sequence[Work]) -> dict[str, Entry | str]:
        """As above."""
        entries: dict[str, Entry | str] = {}
        for work in batch:
            before = self._rows(work.student)
            last = self.course.last(self.assignment, work.student)
            self.course.note(self.assignment, work.student, replace(last, key=""))
            if why := self.course.convert(self.assignment, work.student):
                entries[work.student] = why
            else:
                self.course.note(self.assignment, work.student, work.noted(last))
                entries[work.student] = _entry(before, self._rows(work.student) or new_rows(self.release, work.student))
        return entries

    def _rows(self, student: str) -> Rows | None:
        with self._transaction() as connection:
            return read(connection, self.release, [student]).get(student)


def _timestamp(folder: Path) -> datetime | None:
    """When the work in this copy was handed in. What holds no time that is certain is no part of it."""
    path = folder / "timestamp.txt"
    if path.is_dir():
        shutil.rmtree(path)
    if not path.exists():
        return None
    try:
        if path.stat().st_size > LONGEST_TIME:
            raise ValueError
        return moment(path.read_text("utf-8"))
    except ValueError:
        path.unlink()
        return None


def _entry(before: Rows | None, after: Rows) -> Entry:
    old = {} if before is None else before.grades
    was = None if before is None else sum(map(score, old.values()))
    by_hand = {
        cell: (row["manual_score"], row["auto_score"])
        for (name, cell), row in after.grades.items()
        if row["manual_score"] is not None and row["auto_score"] not in (None, old[name, cell]["auto_score"])
    }
    return Entry(was, sum(map(score, after.grades.values())), by_hand)
