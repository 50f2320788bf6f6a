"""All submissions of an assignment: graded over a process pool into the cache of Reports, then recorded by nbgrader."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Task as ProgressTask
from rich.text import Text

from autograder.assignment import Assignment, AssignmentError
from autograder.course import Course
from autograder.grading import OUR_FAULT
from autograder.runner import graded, report_path, run_seed
from autograder.sandbox import CannotConfine, Limits
from autograder.submission import Unreadable, read_file


@dataclass(frozen=True)
class Task:
    """What grades one submission, on whatever machine."""

    assignment: Assignment
    seed: int
    limits: Limits
    cache: Path


def grade_class(course: Course, assignment: Assignment, jobs: int | None, console: Console) -> int:
    """Grade and record what is not yet. Returns 0 when every submission was recorded."""
    start = time.monotonic()
    cache = course.root / ".autograder" / assignment.name / "reports"
    task = Task(assignment, run_seed(course.root, assignment.name), course.limits, cache)
    contents = {student: _content(path) for student, path in course.submissions(assignment.name).items()}
    if not contents:
        console.print(f"There is nothing to grade: no submitted/STUDENT/{assignment.name}/ in {course.root}.")
        return 0
    course.check_gradebook(assignment.name)
    left = {student: one for student, one in contents.items() if not course.recorded(assignment, student, one)}
    ungraded = {
        student: content for student, content in left.items()
        if content and not report_path(content, assignment, task.seed, task.limits, cache).exists()
    }  # fmt: skip
    failed, unsure = _fill_cache(task, ungraded, jobs or os.cpu_count() or 1, console)
    with _bar("Recording", console) as bar:
        step = bar.add_task("Recording", total=len(left), failed=0)
        for student, content in left.items():
            if student not in failed and (why := course.record(assignment, student, content, student not in unsure)):
                failed[student] = why
                course.check_gradebook(assignment.name)  # or would the others fare no better?
            bar.update(step, advance=1, failed=len(failed))
    console.print(
        f"{len(contents)} submissions: {len(ungraded)} graded, {len(left)} recorded, {len(failed)} failed; "
        f"{time.monotonic() - start:.0f} s."
    )
    for student, why in {**failed, **unsure}.items():
        console.print(f"[red]{escape(student)}[/red]: {escape(why)}")
    return 1 if failed or unsure else 0


def _content(path: Path) -> bytes:
    """The bytes of a submission; none where there is no file to read: nbgrader's step says what is wrong with it."""
    try:
        return read_file(path)
    except Unreadable:
        return b""


def _fill_cache(
    task: Task, waiting: dict[str, bytes], jobs: int, console: Console
) -> tuple[dict[str, str], dict[str, str]]:
    """Grade what is waiting. Returns why some could not be graded, and in what of some a check of ours broke down."""
    failed: dict[str, str] = {}
    unsure: dict[str, str] = {}
    with _bar("Grading", console) as bar:
        step = bar.add_task("Grading", total=len(waiting), failed=0)
        left = dict(waiting)
        while left:
            lost = []
            with _pool(min(jobs, len(left))) as pool, _cancelling(pool):
                futures = {pool.submit(grade_one, task, content): student for student, content in left.items()}
                for future in as_completed(futures):
                    student = futures[future]
                    if isinstance(future.exception(), BrokenProcessPool):
                        lost.append(student)
                        continue
                    if why := _why_failed(future):
                        failed[student] = why
                    elif problems := future.result():
                        unsure[student] = problems
                    del left[student]
                    bar.update(step, advance=1, failed=len(failed))
            if lost and jobs == 1:  # one process takes them in their order: it was the first
                failed[guilty := next(iter(left))] = "grading this submission took the grading process down"
                del left[guilty]
                bar.update(step, advance=1, failed=len(failed))
            elif lost:
                jobs = 1  # one of them takes its process down: find out which
    return failed, unsure


def grade_one(task: Task, content: bytes) -> str:
    """Put the Report of one submission into the cache; what is no notebook has none. Returns what broke on our side."""
    try:
        report = graded(content, task.assignment, task.seed, task.limits, task.cache)
    except Unreadable:
        return ""
    return " ".join(problem for problem in report.problems if OUR_FAULT in problem)


def _why_failed(future: Future[str]) -> str:
    error = future.exception()
    if isinstance(error, CannotConfine | AssignmentError):
        raise error  # it is the same for all
    return "" if error is None else f"{type(error).__name__}: {error}"


def _pool(jobs: int) -> Executor:
    die = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # of Ctrl-C at once, and without a word
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=die)


@contextlib.contextmanager
def _cancelling(pool: Executor) -> Iterator[None]:
    """Leave with an error, and what has not been started is not."""
    try:
        yield
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


class _Rate(ProgressColumn):
    """Submissions per second."""

    def render(self, task: ProgressTask) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:.1f}/s")


def _bar(title: str, console: Console) -> Progress:
    failures = TextColumn("{task.fields[failed]} failed")
    return Progress(
        TextColumn(title), BarColumn(), MofNCompleteColumn(), failures, _Rate(), TimeRemainingColumn(), console=console
    )
