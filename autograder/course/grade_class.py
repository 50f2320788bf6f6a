"""All submissions of an assignment: graded over a pool into the cache of Reports, and recorded as they come back."""

from __future__ import annotations

import contextlib
import hashlib
import signal
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
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
from autograder.grading.report import Report, together
from autograder.messages import said
from autograder.notebook.attempts import about_others
from autograder.notebook.folder import holds
from autograder.notebook.handed_in import Unreadable, read_notebook
from autograder.pages.feedback import number

AHEAD = 2  # submissions that are handed out per worker: one to grade, one to go on with
BATCH, SECONDS = 20, 1.0  # submissions are recorded together: at most so many, and not later than this


def grade_class(
    course: Course, notebooks: Sequence[Assignment], workers: Workers, console: Console, preview: bool = False
) -> int:
    """Grade and record what is not yet of the assignment with these notebooks.

    Returns 0 when every submission was recorded.

    Says whose score is another than when it was recorded last. A `preview` says that only, and records nothing.
    """
    start = time.monotonic()
    name = notebooks[0].name
    sweep(course.root / ".autograder" / name)
    folders = course.submissions(name)
    failed = course.misplaced(name)
    if not folders and not failed:
        text = "There is nothing to grade: no submitted/STUDENT/{assignment}/ in {root}."
        console.print(said(text, assignment=name, root=course.root))
        return 0
    for one in notebooks:
        verify(one)
    notes, unknown = course.several(notebooks)
    folders = {student: folder for student, folder in folders.items() if student not in unknown}
    failed |= unknown
    release = course.prepare_gradebook(notebooks)
    due = course.due_dates(name)
    keys: dict[str, str] = {}
    contents: dict[str, str] = {}  # hashes, by student
    paths: dict[str, dict[str, Path]] = {}  # of the Reports, by student and notebook
    ungraded: set[str] = set()
    for student, folder in folders.items():
        files = {one.notebook: folder / one.source.name for one in notebooks}
        handed_in = {name: _handed_in(path) for name, path in files.items()}
        content = {name: one.content or one.why.encode() for name, one in handed_in.items()}
        key = course.key(notebooks, student, content, due)
        if course.last(name, student).key == key:
            continue
        if why := course.why_not(student, files):
            failed[student] = why
            continue
        there = [one for one in notebooks if holds(folder, one.source.name)]
        if absent := ", ".join(one.source.name for one in notebooks if one not in there):
            why = said("{files} was not handed in, and gets no points.", files=absent)
            notes[student] = " ".join(filter(None, (notes.get(student), why)))
        keys[student] = key
        contents[student] = hashlib.sha256(repr(content).encode()).hexdigest()
        paths[student] = {one.notebook: course.report_path(one, handed_in[one.notebook].content) for one in there}
        if not all(path.exists() for path in paths[student].values()):
            ungraded.add(student)
    own = own_steps(course.config)
    if own:
        text = "Recorded by nbgrader's own converters, one by one: nbgrader_config.py has {own} of its own."
        console.print(said(text, own=own))
    by_nbgrader = own or len(release.notebooks) > len(notebooks)  # the others are for nbgrader to grade
    recorder = (OneByOne if by_nbgrader else Recorder)(course, release, name)
    times = {student: why for student in keys if (why := course.unsure_time(student, name))}
    released = {one.notebook: release.notebooks[one.notebook].released for one in notebooks}
    unsure: dict[str, str] = {}
    changed: dict[str, str] = {}
    by_hand: dict[str, str] = {}
    recorded = 0

    def submit(pool: Executor, student: str) -> Future[ByNotebook]:
        handed_in = {
            notebook: _handed_in(folders[student] / f"{notebook}.ipynb", path)
            for notebook, path in paths[student].items()
        }
        return workers.submit(pool, handed_in, released)

    def record(batch: list[Work]) -> None:
        nonlocal recorded
        if not batch:
            return
        last = {work.student: course.last(name, work.student).reports for work in batch}
        with _undisturbed():
            entries = recorder.preview(batch) if preview else recorder.record(batch)
        for work in batch:
            entry = entries[work.student]
            if isinstance(entry, str):
                failed[work.student] = entry
                continue
            recorded += not preview
            if entry.left_out:
                left_out = "; ".join(entry.left_out)[:500]
                why = said("Of what was handed in, this is left out: {files}.", files=left_out)
                times[work.student] = " ".join(filter(None, (times.get(work.student), why)))
            if entry.by_hand:
                by_hand[work.student] = _kept(entry)
            if entry.before is not None and entry.before != entry.after:
                checks = _moved(_reports(paths[work.student], last[work.student]), work.notebooks)
                changed[work.student] = f"{number(entry.before)} → {number(entry.after)}{checks}"
        if failed.keys() & entries.keys():
            course.prepare_gradebook(notebooks)  # or would the others fare no better?

    batch: list[Work] = []
    begun = time.monotonic()
    with _bar(console) as bar, contextlib.closing(_marked(list(keys), workers, submit)) as results:
        step = bar.add_task("", total=len(keys), failed=0)
        for student, result in results:
            if isinstance(result, dict):
                found = paths[student]
                kept = [keep(Report.from_json(one.report), found[notebook]) for notebook, one in result.items()
                        if one.report and student in ungraded]  # fmt: skip
                if problems := " ".join(filter(None, kept)):
                    unsure[student] = problems
                reports = {notebook: path.name for notebook, path in found.items()}
                key = "" if problems else keys[student]
                batch.append(Work(student, result, key, reports, contents[student]))
            elif student:
                failed[student] = result
            if len(batch) >= BATCH or time.monotonic() - begun > SECONDS:
                record(batch)
                batch, begun = [], time.monotonic()
            bar.update(step, advance=1 if student else 0, failed=len(failed))
        record(batch)
    summary = said(
        "{count} {count:submission|submissions}: {graded} graded, {recorded} recorded, {failed} failed; "
        "{seconds:.0f} s.",
        count=len(folders),
        graded=len(ungraded),
        recorded=recorded,
        failed=len(failed),
        seconds=time.monotonic() - start,
    )
    console.print(summary)
    if changed or preview:
        text = "{count} {count:score changes|scores change}" if preview else "{count} {count:score|scores} changed"
        console.print(f"{said(text, count=len(changed))}{':' if changed else '.'}")
    for student, why in sorted(changed.items()):
        console.print(f"  {escape(student)}: {escape(why)}", highlight=False)
    if by_hand:
        console.print(said("Set by hand and kept; Formgrader shows them for manual grading."))
    for student, why in sorted(by_hand.items()):
        console.print(f"  {escape(student)}: {escape(why)}", highlight=False)
    for student, why in [*notes.items(), *times.items()]:
        console.print(f"[yellow]{escape(student)}[/yellow]: {escape(why)}")
    for student, why in {**failed, **unsure}.items():
        console.print(f"[red]{escape(student)}[/red]: {escape(why)}")
    return 1 if failed or unsure else 0


def _kept(entry: Entry) -> str:
    """Which scores stay as somebody set them, though the checks say something else than before."""
    return ", ".join(
        said("{cell} {kept:.5g} (the checks give {points:.5g})", cell=cell, kept=kept, points=checks)
        for cell, (kept, checks) in entry.by_hand.items()
    )


def _reports(paths: Mapping[str, Path], names: Mapping[str, str]) -> list[Report]:
    """The Reports of these names in the folders of those, as far as they are kept."""
    found = [path.with_name(names.get(notebook, path.name)) for notebook, path in paths.items()]
    return [Report.from_json(path.read_text("utf-8")) for path in found if path.is_file()]


def _moved(last: Sequence[Report], new: Mapping[str, Marked]) -> str:
    """Which checks earn other points than in the last Reports; nothing where one of these is not there."""
    now = [Report.from_json(one.report) for one in new.values() if one.report]
    if not now or len(last) != len(now):
        return ""
    before = {check.id: check for check in together(last).checks}
    after = {check.id: check for check in together(now).checks}
    moved = [
        f"{name} {number(before[name].points) if name in before else said('new')} → "
        f"{number(after[name].points) if name in after else said('gone')}"
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


ByNotebook = dict[str, Marked]
Submit = Callable[[Executor, str], Future[ByNotebook]]
Results = Generator[tuple[str, ByNotebook | str], None, list[str]]  # of a student: what came of it, or why nothing did
NOTHING_YET = ("", "")


def _marked(students: list[str], workers: Workers, submit: Submit) -> Results:
    """Hand out submissions and give what comes back, as it comes; NOTHING_YET at times when nothing does."""
    waiting = iter(students)
    while lost := (yield from _until_broken(waiting, workers, submit)):
        for student in lost:  # one of them took its process down: in a pool of its own it hurts nobody else
            for _ in (yield from _until_broken(iter([student]), workers, submit)):
                yield student, said("grading this submission took the grading process down")
    return []


def _until_broken(waiting: Iterator[str], workers: Workers, submit: Submit) -> Results:
    """The same until a pool breaks. Returns those that were lost with it."""
    running: dict[Future[ByNotebook], str] = {}
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


def _outcome(future: Future[ByNotebook]) -> ByNotebook | str:
    """What came back, or why nothing did."""
    try:
        return future.result()
    except CannotGrade:
        raise  # it is the same for all
    except CancelledError:
        return said("the cluster gave it up")
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is of one submission
        return f"{type(error).__name__}: {error}"


class _Rate(ProgressColumn):
    """Submissions per second."""

    def render(self, task: ProgressTask) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:.1f}/s")


def _bar(console: Console) -> Progress:
    failures = TextColumn(said("{failed} failed", failed="{task.fields[failed]}"))
    return Progress(
        TextColumn(said("Grading")), BarColumn(), MofNCompleteColumn(), failures, _Rate(), TimeRemainingColumn(),
        console=console,
    )  # fmt: skip
