"""All submissions of an assignment: graded over a pool into the cache of Reports, and recorded as they come back."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Task as ProgressTask
from rich.text import Text

from autograder.course.config import own_steps
from autograder.course.course import Course
from autograder.course.marked import HandedIn, Marked
from autograder.course.pool import Workers
from autograder.course.record import Entry, OneByOne, Recorder, Work
from autograder.course.report_cache import keep, sweep
from autograder.errors import CannotGrade
from autograder.grading.assignment import Assignment
from autograder.grading.checks import verify
from autograder.grading.report import Report
from autograder.messages import Message, render
from autograder.notebook.attempts import about_others
from autograder.notebook.handed_in import Unreadable, read_notebook
from autograder.pages.feedback import number

AHEAD = 2  # submissions that are handed out per worker: one to grade, one to go on with
BATCH, SECONDS = 20, 1.0  # submissions are recorded together: at most so many, and not later than this


def grade_class(
    course: Course, assignment: Assignment, workers: Workers, console: Console, preview: bool = False
) -> int:
    """Grade and record what is not yet. Returns 0 when every submission was recorded.

    Says whose score is another than when it was recorded last. A `preview` says that only, and records nothing.
    """
    start = time.monotonic()
    name, notebook = assignment.name, assignment.notebook
    sweep(course.root / ".autograder" / name)
    notebooks = course.submissions(assignment)
    failed = course.misplaced(name)
    if not notebooks and not failed:
        console.print(f"There is nothing to grade: no submitted/STUDENT/{name}/ in {course.root}.")
        return 0
    verify(assignment)
    several, unknown = course.several(assignment)
    notebooks = {student: path for student, path in notebooks.items() if student not in unknown}
    failed |= unknown
    release = course.prepare_gradebook(assignment)
    due = course.due_dates(name)
    keys: dict[str, str] = {}
    paths: dict[str, Path] = {}  # of the Reports
    ungraded: set[str] = set()
    for student, path in notebooks.items():
        handed_in = _handed_in(path)
        content = handed_in.content
        key = course.key(assignment, student, content or handed_in.why.encode(), due)
        if course.last(name, student)[0] == key:
            continue
        if why := course.why_not(student, path):
            failed[student] = why
            continue
        keys[student], paths[student] = key, course.report_path(assignment, content)
        if not paths[student].exists():
            ungraded.add(student)
    own = own_steps(course.config)
    if own:
        console.print(f"Recorded by nbgrader's own converters, one by one: nbgrader_config.py has {own} of its own.")
    by_nbgrader = own or len(release.notebooks) > 1  # one of them is graded here, and nbgrader grades all
    recorder = (OneByOne if by_nbgrader else Recorder)(course, release, name)
    times = {student: why for student in keys if (why := course.unsure_time(student, name))}
    released = release.notebooks[notebook].released
    unsure: dict[str, str] = {}
    changed: dict[str, str] = {}
    by_hand: dict[str, str] = {}
    recorded = 0

    def submit(pool: Executor, student: str) -> Future[Marked]:
        return workers.submit(pool, _handed_in(notebooks[student], paths[student]), released)

    def record(batch: list[Work]) -> None:
        nonlocal recorded
        if not batch:
            return
        last = {work.student: paths[work.student].parent / course.last(name, work.student)[1] for work in batch}
        with _undisturbed():
            entries = recorder.preview(batch) if preview else recorder.record(batch)
        for work in batch:
            entry, marked = entries[work.student], work.notebooks[notebook]
            if isinstance(entry, str):
                failed[work.student] = entry
                continue
            recorded += not preview
            if entry.left_out:
                why = f"Of what was handed in, this is left out: {'; '.join(entry.left_out)[:500]}."
                times[work.student] = " ".join(filter(None, (times.get(work.student), why)))
            if entry.by_hand:
                by_hand[work.student] = _kept(entry)
            if entry.before not in (None, entry.after) and marked.report:
                checks = _moved(last[work.student], Report.from_json(marked.report))
                changed[work.student] = f"{number(entry.before)} → {number(entry.after)}{checks}"
        if failed.keys() & entries.keys():
            course.prepare_gradebook(assignment)  # or would the others fare no better?

    batch: list[Work] = []
    begun = time.monotonic()
    with _bar(console) as bar, contextlib.closing(_marked(list(keys), workers, submit)) as results:
        step = bar.add_task("", total=len(keys), failed=0)
        for student, result in results:
            if isinstance(result, Marked):
                problems = (
                    keep(Report.from_json(result.report), paths[student])
                    if student in ungraded and result.report
                    else ""
                )
                if problems:
                    unsure[student] = problems
                batch.append(Work(student, {notebook: result}, "" if problems else keys[student], paths[student].name))
            elif student:
                failed[student] = result
            if len(batch) >= BATCH or time.monotonic() - begun > SECONDS:
                record(batch)
                batch, begun = [], time.monotonic()
            bar.update(step, advance=1 if student else 0, failed=len(failed))
        record(batch)
    summary = Message(
        "{count} {count:submission|submissions}: {graded} graded, {recorded} recorded, {failed} failed; "
        "{seconds:.0f} s.",
        count=len(notebooks),
        graded=len(ungraded),
        recorded=recorded,
        failed=len(failed),
        seconds=time.monotonic() - start,
    )
    console.print(render(summary))
    if changed or preview:
        text = "{count} {count:score changes|scores change}" if preview else "{count} {count:score|scores} changed"
        console.print(f"{render(Message(text, count=len(changed)))}{':' if changed else '.'}")
    for student, why in sorted(changed.items()):
        console.print(f"  {escape(student)}: {escape(why)}", highlight=False)
    if by_hand:
        console.print("Set by hand and kept; Formgrader shows them for manual grading:")
    for student, why in sorted(by_hand.items()):
        console.print(f"  {escape(student)}: {escape(why)}", highlight=False)
    for student, why in [*several.items(), *times.items()]:
        console.print(f"[yellow]{escape(student)}[/yellow]: {escape(why)}")
    for student, why in {**failed, **unsure}.items():
        console.print(f"[red]{escape(student)}[/red]: {escape(why)}")
    return 1 if failed or unsure else 0


def _kept(entry: Entry) -> str:
    """Which scores stay as somebody set them, though the checks say something else than before."""
    return ", ".join(
        f"{cell} {number(kept)} (the checks give {number(checks)})" for cell, (kept, checks) in entry.by_hand.items()
    )


def _moved(last: Path, new: Report) -> str:
    """Which checks earn other points than in the last Report; nothing where that is not there."""
    if not last.is_file():
        return ""
    before = {check.id: check for check in Report.from_json(last.read_text("utf-8")).checks}
    after = {check.id: check for check in new.checks}
    moved = [
        f"{name} {number(before[name].points) if name in before else 'new'} → "
        f"{number(after[name].points) if name in after else 'gone'}"
        for name in {**before, **after}
        if name not in before or name not in after or before[name].points != after[name].points
    ]
    return f" ({', '.join(moved)})" if moved else ""


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


def _handed_in(path: Path, report: Path | None = None) -> HandedIn:
    """The bytes of a submission, or why there are none, and the Report where it has one."""
    try:
        known = report.read_text("utf-8") if report and report.exists() else ""
        return HandedIn(read_notebook(path), report=known, note=about_others(path))
    except Unreadable as error:
        return HandedIn(b"", str(error))


Submit = Callable[[Executor, str], Future[Marked]]
Results = Generator[tuple[str, Marked | str], None, list[str]]  # of a student: what came of it, or why nothing did
NOTHING_YET = ("", "")


def _marked(students: list[str], workers: Workers, submit: Submit) -> Results:
    """Hand out submissions and give what comes back, as it comes; NOTHING_YET at times when nothing does."""
    waiting = iter(students)
    while lost := (yield from _until_broken(waiting, workers, submit)):
        for student in lost:  # one of them took its process down: in a pool of its own it hurts nobody else
            for _ in (yield from _until_broken(iter([student]), workers, submit)):
                yield student, "grading this submission took the grading process down"
    return []


def _until_broken(waiting: Iterator[str], workers: Workers, submit: Submit) -> Results:
    """The same until a pool breaks. Returns those that were lost with it."""
    running: dict[Future[Marked], str] = {}
    lost: list[str] = []
    with workers.pool() as pool:
        while not lost:
            while len(running) < AHEAD * workers.count() and (student := next(waiting, None)) is not None:
                running[submit(pool, student)] = student
            if not running:
                break
            done = wait(running, timeout=SECONDS, return_when=FIRST_COMPLETED).done
            if not done:
                yield NOTHING_YET
                continue
            future = done.pop()  # one: meanwhile the others have work
            student = running.pop(future)
            if not future.cancelled() and isinstance(future.exception(), BrokenProcessPool):
                lost.append(student)
            else:
                yield student, _outcome(future)
    return [*lost, *running.values()]


def _outcome(future: Future[Marked]) -> Marked | str:
    """What came back, or why nothing did."""
    try:
        return future.result()
    except CannotGrade:
        raise  # it is the same for all
    except CancelledError:
        return "the cluster gave it up"
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is of one submission
        return f"{type(error).__name__}: {error}"


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
