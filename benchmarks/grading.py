"""The same class graded by nbgrader in a kernel, by Otter, and by us: submissions and processor seconds.

    python -m benchmarks.grading OTTER [--size 40]     OTTER is the `otter` command of Otter-Grader 7

All known wrong answers and correct variants, two wrong for one right, without the demonstration cells. Those that never
end are left out, since they would only measure each grader's time limit. nbgrader and Otter run the same calls and
compare with the same expected values (in_kernel.py). Processor seconds are the whole machine's, so leave it alone
meanwhile: for about two hours, or twenty minutes with `--size 40`, which takes every so-many-th of them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.course.course import Course
from autograder.course.demo import make_course
from autograder.course.selftest import misconception_cases, variant_cases
from autograder.grading.assignment import course_root, load_assignment
from autograder.grading.diagnosis.misconceptions import load_misconceptions
from benchmarks.in_kernel import make_kernel_course, without_demonstrations
from benchmarks.in_otter import make_otter_zip
from benchmarks.machine import busy

ASSIGNMENT = without_demonstrations(load_assignment("dinosaur-island", course_root()))
NAME = ASSIGNMENT.name
SEED = 1


def the_class(size: int | None) -> dict[str, bytes]:
    """Student -> notebook: no two have the same mistake. So many, evenly from all, or all."""
    endless = {one.id for one in load_misconceptions(ASSIGNMENT) if one.never_ends}
    cases = [*misconception_cases(ASSIGNMENT), *variant_cases(ASSIGNMENT)]
    ending = [case for case in cases if case.id not in endless]
    wanted = min(size or len(ending), len(ending))
    chosen = [ending[number * len(ending) // wanted] for number in range(wanted)]
    return {case.id: case.notebook for case in chosen}


def run(*command: str, cwd: Path) -> None:
    """A command that has to succeed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def hand_in(root: Path, notebooks: dict[str, bytes]) -> Path:
    """Put the class into a course, and release the assignment."""
    for student, notebook in notebooks.items():
        folder = root / "submitted" / student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_bytes(notebook)
    assert Course(root).api.generate_assignment(NAME, force=True)["success"]
    return root


def main() -> None:
    """Grade the class in each way and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading")
    parser.add_argument("otter", type=Path)
    parser.add_argument("--size", type=int, help="submissions; default: all")
    options = parser.parse_args()
    console = Console()
    notebooks = the_class(options.size)
    python = [sys.executable, "-m"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_kernel_course(folder / "kernel", ASSIGNMENT, SEED, 30)
        hand_in(folder / "kernel", notebooks)
        make_course(folder / "ours", [])
        hand_in(folder / "ours", notebooks)
        for copy in ("one", "two", "plain"):
            shutil.copytree(folder / "ours", folder / copy)
        otter = options.otter.absolute()
        package = make_otter_zip(folder / "otter", otter, ASSIGNMENT, SEED)

        def by_nbgrader(root: Path) -> None:
            for step in ("autograde", "generate_feedback"):
                run(*python, "nbgrader", step, NAME, cwd=root)

        def by_otter() -> None:
            for student, notebook in notebooks.items():
                place = folder / "otter" / student
                place.mkdir()
                (place / f"{NAME}.ipynb").write_bytes(notebook)
                run(str(otter), "run", "-a", str(package), "-o", str(place), f"{NAME}.ipynb", cwd=place)

        def by_us(root: Path, *words: str) -> None:
            run(*python, "autograder", "grade", "--jobs", *words, cwd=root)

        ways: dict[str, Callable[[], None]] = {
            "(a) nbgrader, in a kernel": lambda: by_nbgrader(folder / "kernel"),
            "(b) Otter 7, otter run": by_otter,
            "(c) nbgrader autograde with ours": lambda: by_nbgrader(folder / "ours"),
            "(d) autograder grade --jobs 1": lambda: by_us(folder / "one", "1"),
            "(e) autograder grade --jobs 2": lambda: by_us(folder / "two", "2"),
            "(f) the same, --no-diagnosis": lambda: by_us(folder / "plain", "2", "--no-diagnosis"),
        }
        measured = {}
        for way, grade in ways.items():
            start, used = time.monotonic(), busy()
            grade()
            measured[way] = (time.monotonic() - start, busy() - used)
            console.print(f"{way}: {measured[way][0]:.0f} s")
    console.print(table(measured, len(notebooks)))


def table(measured: dict[str, tuple[float, float]], size: int) -> Table:
    """Seconds on the clock and of the processors, per submission, and how many times as fast as (a) and (b)."""
    table = Table("", title=f"{size} submissions on {os.cpu_count()} cores; all but (b) with feedback pages")
    for column in ("submissions/s", "s each", "CPU s each", "times (a)", "times (b)"):
        table.add_column(column, justify="right")
    (kernel, _), (otter, _), *_ = measured.values()
    for way, (seconds, used) in measured.items():
        each = seconds / size
        row = (1 / each, each, used / size, kernel / seconds, otter / seconds)
        table.add_row(way, *(f"{value:.2f}" for value in row))
    return table


if __name__ == "__main__":
    main()
