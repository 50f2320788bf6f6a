"""All submissions of an assignment: graded over a pool into the cache of Reports, then recorded by nbgrader."""

from __future__ import annotations

import contextlib
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

from autograder.assignment import Assignment
from autograder.course import Course
from autograder.errors import CannotGrade
from autograder.report import Report
from autograder.runner import keep, report_path, run_seed, sweep
from autograder.submission import Unreadable, read_file
from autograder.workers import Workers

AHEAD = 2  # submissions that are handed out per worker: one to grade, one to go on with


def grade_class(course: Course, assignment: Assignment, workers: Workers, console: Console) -> int:
    """Grade and record what is not yet. Returns 0 when every submission was recorded."""
    start = time.monotonic()
    kept = course.root / ".autograder" / assignment.name
    sweep(kept)
    cache = kept / "reports"
    seed = run_seed(course.root, assignment.name)
    notebooks = course.submissions(assignment.name)
    if not notebooks:
        console.print(f"There is nothing to grade: no submitted/STUDENT/{assignment.name}/ in {course.root}.")
        return 0
    course.check_gradebook(assignment.name)
    graded: list[str] = []
    ungraded: dict[str, tuple[Path, Path]] = {}  # the notebook, and where its Report will be
    for student, notebook in notebooks.items():
        content = _content(notebook)
        if not course.recorded(assignment, student, content):
            path = report_path(content, assignment, seed, course.limits, cache)
            if content and not path.exists():
                ungraded[student] = (notebook, path)
            else:
                graded.append(student)
    failed: dict[str, str] = {}
    unsure: dict[str, str] = {}
    with _bar(console) as bar:
        step = bar.add_task("", total=len(graded) + len(ungraded), failed=0)

        def record(student: str) -> None:
            with _undisturbed():
                why = course.record(assignment, student, _content(notebooks[student]), student not in unsure)
            if why:
                failed[student] = why
                course.check_gradebook(assignment.name)  # or would the others fare no better?

        def settle(student: str, text: str, why: str) -> None:
            """What came of grading one: its Report, or why there is none."""
            if why:
                failed[student] = why
            else:
                if text and (problems := keep(Report.from_json(text), ungraded[student][1])):
                    unsure[student] = problems
                record(student)
            bar.update(step, advance=1, failed=len(failed))

        for student in graded:
            record(student)
            bar.update(step, advance=1, failed=len(failed))
        _grade_all({student: notebook for student, (notebook, _) in ungraded.items()}, workers, settle)
    console.print(
        f"{len(notebooks)} submissions: {len(ungraded)} graded, {len(graded) + len(ungraded)} recorded, "
        f"{len(failed)} failed; {time.monotonic() - start:.0f} s."
    )
    for student, why in {**failed, **unsure}.items():
        console.print(f"[red]{escape(student)}[/red]: {escape(why)}")
    return 1 if failed or unsure else 0


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
        return read_file(path)
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
            for future in wait(running, return_when=FIRST_COMPLETED).done:
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
