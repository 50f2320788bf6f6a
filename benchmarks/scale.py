"""Classes of 10, 100 and 1,000 generated submissions: time each, and the grader's memory.

Feedback pages and the class report are written, and counted.

    python -m benchmarks.scale [SIZE ...]

Two in five are right, most others have one known mistake, a few are no notebooks; no two are the same file.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.course.course import Course
from autograder.course.demo import make_course
from autograder.course.selftest import misconception_cases, variant_cases
from autograder.grading.assignment import course_root, load_assignment
from benchmarks.machine import busy, children, peak_mb

ASSIGNMENT = load_assignment("dinosaur-island", course_root())
NAME = ASSIGNMENT.name
SIZES = (10, 100, 1000)
RIGHT, BROKEN = 0.4, 0.03  # shares of a class


def submission(student: str, draw: random.Random) -> bytes:
    """What a student hands in."""
    kind = draw.random()
    if kind < BROKEN:
        return f"I am {student}, and this is no notebook.".encode()
    cases = VARIANTS if kind < BROKEN + RIGHT else MISTAKES
    notebook = nbformat.reads(draw.choice(cases).notebook, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(f"I am {student}."))
    return nbformat.writes(notebook).encode()


VARIANTS, MISTAKES = variant_cases(ASSIGNMENT), misconception_cases(ASSIGNMENT)


def measure(size: int, console: Console) -> tuple[float, float, float]:
    """Grade a class: seconds, processor seconds of the whole machine, and the graders' peak memory in MB."""
    draw = random.Random(size)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_course(root, [])
        for number in track(range(size), f"Writing {size} submissions", console=console):
            place = root / "submitted" / f"student-{number:04}" / NAME
            place.mkdir(parents=True)
            (place / f"{NAME}.ipynb").write_bytes(submission(place.parent.name, draw))
        course = Course(root)
        assert course.api.generate_assignment(NAME, force=True)["success"]
        start, used = time.monotonic(), busy()
        run = subprocess.Popen([sys.executable, "-m", "autograder", "grade"], cwd=root)
        peaks: dict[int, float] = {}
        while run.poll() is None:
            helpers = children(run.pid)
            pool = [pid for helper in helpers for pid in children(helper)]  # forked by one of them
            peaks |= {pid: peak for pid in [run.pid, *helpers, *pool] if (peak := peak_mb(pid))}
            time.sleep(0.1)  # only how often we look
        assert run.returncode == 0
        subprocess.run([sys.executable, "-m", "autograder", "report"], cwd=root, check=True)
        seconds, processors = time.monotonic() - start, busy() - used
        assert len(list(root.glob("feedback/*/*/*.html"))) == size
    return seconds, processors, sum(peaks.values())


def main() -> None:
    """Measure each size and print the table."""
    console = Console()
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    table = Table("submissions", title=f"autograder grade and report on {os.cpu_count()} cores")
    for column in ("minutes", "s each", "CPU s each", "peak MB of all graders"):
        table.add_column(column, justify="right")
    for size in sizes:
        seconds, processors, peak = measure(size, console)
        table.add_row(
            f"{size:,}", f"{seconds / 60:.1f}", f"{seconds / size:.2f}", f"{processors / size:.2f}", f"{peak:.0f}"
        )
        console.print(table)


if __name__ == "__main__":
    main()
