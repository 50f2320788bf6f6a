"""All submissions of an assignment: graded over a pool into the cache of Reports, then recorded by nbgrader."""

from __future__ import annotations

import contextlib
import gc
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Task as ProgressTask
from rich.text import Text

from autograder.course.course import Course
from autograder.course.pool import Workers
from autograder.course.report_cache import keep, sweep
from autograder.errors import CannotGrade
from autograder.grading.assignment import Assignment
from autograder.grading.checks import verify
from autograder.grading.report import Report
from autograder.notebook.handed_in import Unreadable, read_notebook
from autograder.pages.feedback import number

AHEAD = 2  # submissions that are handed out per worker: one to grade, one to go on with


def grade_class(
    course: Course, assignment: Assignment, workers: Workers, console: Console, preview: bool = False
) -> int:
    """Grade and record what is not yet. Returns 0 when every submission was recorded.

    Says whose score is another than when it was recorded last. A `preview` says that only, and records nothing.
    """
    start = time.monotonic()
    gc.freeze()  # nbgrader, SQLAlchemy and jinja are here to stay, and recording makes many objects
    sweep(course.root / ".autograder" / assignment.name)
    notebooks = course.submissions(assignment)
    failed = course.misplaced(assignment.name)
    if not notebooks and not failed:
        console.print(f"There is nothing to grade: no submitted/STUDENT/{assignment.name}/ in {course.root}.")
        return 0
    verify(assignment)
    several, unknown = course.several(assignment)
    notebooks = {student: path for student, path in notebooks.items() if student not in unknown}
    failed |= unknown
    course.prepare_gradebook(assignment)
    due = course.due_dates(assignment.name)
    keys: dict[str, str] = {}
    paths: dict[str, Path] = {}  # of the Reports
    ungraded: dict[str, Path] = {}
    for student, notebook in notebooks.items():
        content = _content(notebook)
        key = course.key(assignment, student, content, due)
        if course.last(assignment, student)[0] != key:
            keys[student], paths[student] = key, course.report_path(assignment, content)
            if content and not paths[student].exists():
                ungraded[student] = notebook
    times = {student: why for student in keys if (why := course.unsure_time(student, assignment.name))}
    unsure: dict[str, str] = {}
    changed: dict[str, str] = {}
    recorded = 0
    with _bar(console) as bar:
        step = bar.add_task("", total=len(keys), failed=0)

        def record(student: str, report: Report | None) -> None:
            nonlocal recorded
            last = paths[student].parent / course.last(assignment, student)[1]
            if not preview:
                key = "" if student in unsure else keys[student]
                with _undisturbed():
                    why = course.record(assignment, student, key, paths[student].name)
                if why:
                    failed[student] = why
                    course.prepare_gradebook(assignment)  # or would the others fare no better?
                    return
                recorded += 1
            if report and last.is_file() and (why := _difference(Report.from_json(last.read_text("utf-8")), report)):
                changed[student] = why

        def settle(student: str, text: str, why: str) -> None:
            """What came of grading one: its Report, or why there is none."""
            if why:
                failed[student] = why
            else:
                report = Report.from_json(text) if text else None
                if report and (problems := keep(report, paths[student])):
                    unsure[student] = problems
                record(student, report)
            bar.update(step, advance=1, failed=len(failed))

        for student in keys.keys() - ungraded.keys():
            path = paths[student]
            record(student, Report.from_json(path.read_text("utf-8")) if path.exists() else None)
            bar.update(step, advance=1, failed=len(failed))
        _grade_all(ungraded, workers, settle)
    console.print(
        f"{len(notebooks)} submissions: {len(ungraded)} graded, {recorded} recorded, "
        f"{len(failed)} failed; {time.monotonic() - start:.0f} s."
    )
    if changed or preview:
        console.print(f"{len(changed)} scores change{'' if preview else 'd'}{':' if changed else '.'}")
    for student, why in sorted(changed.items()):
        console.print(f"  {escape(student)}: {escape(why)}", highlight=False)
    for student, why in [*several.items(), *times.items()]:
        console.print(f"[yellow]{escape(student)}[/yellow]: {escape(why)}")
    for student, why in {**failed, **unsure}.items():
        console.print(f"[red]{escape(student)}[/red]: {escape(why)}")
    return 1 if failed or unsure else 0


def _difference(old: Report, new: Report) -> str:
    """What is another score than before, and which checks it comes from; nothing where the score is the same."""
    if old.score == new.score:
        return ""
    before = {check.id: check for check in old.checks}
    after = {check.id: check for check in new.checks}
    moved = [
        f"{name} {number(before[name].points) if name in before else 'new'} → "
        f"{number(after[name].points) if name in after else 'gone'}"
        for name in {**before, **after}
        if name not in before or name not in after or before[name].points != after[name].points
    ]
    return f"{number(old.score)} → {number(new.score)} ({', '.join(moved)})"


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait for what is under way: nbgrader would take it for a failure of this student's, or lose it."""
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


def _content(path: Path) -> bytes:
    """The bytes of a submission; none where there is no file to read: nbgrader's step says what is wrong with it."""
    try:
        return read_notebook(path)
    except Unreadable:
        return b""


Settle = Callable[[str, str, str], None]


def _grade_all(ungraded: dict[str, Path], workers: Workers, settle: Settle) -> None:
    """Grade the notebook of each student, and settle each as it comes back: the others go on meanwhile."""
    waiting = iter(ungraded)
    while lost := _grade_until_broken(waiting, ungraded, workers, settle):
        for student in lost:  # one of them took its process down: in a pool of its own it hurts nobody else
            for _ in _grade_until_broken(iter([student]), ungraded, workers, settle):
                settle(student, "", "grading this submission took the grading process down")


def _grade_until_broken(
    waiting: Iterator[str], ungraded: dict[str, Path], workers: Workers, settle: Settle
) -> list[str]:
    """Hand out submissions and settle them as they come back. Returns those that were lost with their pool."""
    running: dict[Future[str], str] = {}
    lost: list[str] = []
    with workers.pool() as pool:
        while not lost:
            while len(running) < AHEAD * workers.count() and (student := next(waiting, None)) is not None:
                running[workers.submit(pool, _content(ungraded[student]))] = student
            if not running:
                break
            future = wait(running, return_when=FIRST_COMPLETED).done.pop()  # one: meanwhile the others have work
            student = running.pop(future)
            if not future.cancelled() and isinstance(future.exception(), BrokenProcessPool):
                lost.append(student)
            else:
                settle(student, *_outcome(future))
    return [*lost, *running.values()]


def _outcome(future: Future[str]) -> tuple[str, str]:
    """The Report that came back, and why none did."""
    try:
        return future.result(), ""
    except CannotGrade:
        raise  # it is the same for all
    except CancelledError:
        return "", "the cluster gave it up"
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is of one submission
        return "", f"{type(error).__name__}: {error}"


class _Rate(ProgressColumn):
    """Submissions per second."""

    def render(self, task: ProgressTask) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:.1f}/s")


def _bar(console: Console) -> Progress:
    failures = TextColumn("{task.fields[failed]} failed")
    return Progress(
        TextColumn("Grading"), BarColumn(), MofNCompleteColumn(), failures, _Rate(), TimeRemainingColumn(),
        console=console,
    )  # fmt: skip
