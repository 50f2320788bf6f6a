"""What 100,000 submissions cost, from what each part of the way takes on this machine.

    python -m benchmarks.cohort

A class is graded on a Dask cluster of our own and recorded, in its own gradebook and in one that holds
100,000 students already; the scheduler hands out small tasks, each with a notebook's bytes.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import closing
from pathlib import Path

from distributed import LocalCluster
from rich.console import Console
from rich.table import Table

from autograder.course.cluster import cluster, executor
from autograder.course.course import Course
from autograder.course.demo import make_course
from benchmarks.grading import busy
from benchmarks.scale import NAME, submission

COHORT, SAMPLE, TASKS = 100_000, 60, 3000
# What a student has in nbgrader's gradebook: tables, and the columns that tell one student's rows from another's.
ROWS = {
    "student": ("id",),
    "submitted_assignment": ("id", "student_id"),
    "submitted_notebook": ("id", "assignment_id"),
    "grade": ("id", "notebook_id"),
    "comment": ("id", "notebook_id"),
}


def make_class(root: Path) -> None:
    """A course with a class that has handed in."""
    draw = random.Random(COHORT)
    make_course(root, [])
    for number in range(SAMPLE):
        place = root / "submitted" / f"student-{number:04}" / NAME
        place.mkdir(parents=True)
        (place / f"{NAME}.ipynb").write_bytes(submission(place.parent.name, draw))
    assert Course(root).api.generate_assignment(NAME, force=True)["success"]


def grade(root: Path, *options: str) -> tuple[float, float]:
    """Run `autograder grade`. Returns its seconds, and the machine's processor seconds, for each submission."""
    start, used = time.monotonic(), busy()
    subprocess.run([sys.executable, "-m", "autograder", "grade", *options], cwd=root, check=True)
    return (time.monotonic() - start) / SAMPLE, (busy() - used) / SAMPLE


def fill(gradebook: Path) -> None:
    """Enter as many other students as make a cohort, each with the rows of the first one."""
    with closing(sqlite3.connect(gradebook)) as database:
        for table, own in ROWS.items():
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            copied = [f"{name} || '-' || n" if name in own else name for name in columns]
            database.execute(
                f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {COHORT}) "
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(copied)} FROM numbers, "
                f"(SELECT * FROM {table} WHERE {own[-1]} IN ({FIRST[table]}))"
            )
        database.commit()


A_STUDENT = "SELECT MIN(student_id) FROM submitted_assignment"
AN_ASSIGNMENT = f"SELECT id FROM submitted_assignment WHERE student_id IN ({A_STUDENT})"
A_NOTEBOOK = f"SELECT id FROM submitted_notebook WHERE assignment_id IN ({AN_ASSIGNMENT})"
FIRST = {
    "student": A_STUDENT,
    "submitted_assignment": A_STUDENT,
    "submitted_notebook": AN_ASSIGNMENT,
    "grade": A_NOTEBOOK,
    "comment": A_NOTEBOOK,
}


def scheduling(address: str, content: bytes) -> float:
    """Seconds for each task of next to no work."""
    with cluster(address) as client, executor(client) as pool:
        start, running = time.monotonic(), deque()
        for number in range(TASKS):
            running.append(pool.submit(len, content + str(number).encode()))
            if len(running) > 2 * (os.cpu_count() or 1):
                running.popleft().result()
        while running:
            running.popleft().result()
        return (time.monotonic() - start) / TASKS


def kilobytes(root: Path) -> float:
    """What is kept of each submission on disk."""
    folders = [root / name for name in ("submitted", "autograded", "feedback", ".autograder")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / SAMPLE / 1024


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as name:
        root, full = Path(name) / "course", Path(name) / "full"
        make_class(root)
        with LocalCluster(threads_per_worker=1, n_workers=os.cpu_count(), dashboard_address=None) as machines:
            address = machines.scheduler_address
            _, grading = grade(root, "--preview", "--scheduler", address)
            task = scheduling(address, next(root.glob("submitted/*/*/*.ipynb")).read_bytes())
        shutil.copytree(root, full)
        recording, _ = grade(root)
        shutil.copyfile(root / "gradebook.db", full / "gradebook.db")
        fill(full / "gradebook.db")
        recording_full, _ = grade(full)
        disk, rows = kilobytes(root), (full / "gradebook.db").stat().st_size / COHORT / 1024
    table = Table("", title=f"Measured on {SAMPLE} submissions, {os.cpu_count()} cores", show_header=True)
    table.add_column("each", justify="right")
    table.add_column(f"{COHORT:,}", justify="right")
    for what, seconds in (
        ("grading, on all cores of a cluster together", grading),
        ("recording, in one process", recording),
        (f"recording in a gradebook of {COHORT:,} students", recording_full),
        ("the scheduler and its client", task),
    ):
        table.add_row(what, f"{1000 * seconds:.1f} ms", f"{seconds * COHORT / 3600:.1f} hours")
    for what, size in (("files", disk), ("gradebook", rows)):
        table.add_row(what, f"{size:.0f} kB", f"{size * COHORT / 1024**2:.1f} GB")
    Console().print(table)


if __name__ == "__main__":
    main()
