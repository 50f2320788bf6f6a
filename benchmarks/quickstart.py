"""How long a course takes to grade, pages included: with stock nbgrader, and plugged in.

    python -m benchmarks.quickstart [STUDENTS] [COURSE]

It is nbgrader's quickstart course, or one of examples/courses/. Each student (30 by default) hands in the source's
notebooks, solved. Both ways run one after the other.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.grading.assignment import autograded, read_source
from examples.course import read, write

PLUGGED_IN = "\nfrom autograder import plug_in\nplug_in(c)\n"
STOCK = (("nbgrader", "autograde", "ps1"), ("nbgrader", "generate_feedback", "ps1"))
OURS = (("autograder", "grade", "ps1"),)


def course(folder: Path, students: int, more: str, name: str) -> Path:
    """The course, released and handed in."""
    root = folder / "course"
    if name:
        write(read(name), root, "c = get_config()\n")
        shutil.rmtree(root / "submitted")
    else:
        run(folder, "nbgrader", "quickstart", "course")
    with open(root / "nbgrader_config.py", "a", encoding="utf-8") as config:
        config.write(more)
    run(root, "nbgrader", "generate_assignment", "ps1", "--force")
    for number in range(students):
        shutil.copytree(root / "source" / "ps1", root / "submitted" / f"student{number:03}" / "ps1")
    return root


def run(folder: Path, module: str, *words: str) -> None:
    """A command, as a process of its own."""
    subprocess.run([sys.executable, "-m", module, *words], cwd=folder, check=True, capture_output=True)


def timed(root: Path, commands: tuple[tuple[str, ...], ...], students: int) -> float:
    """Seconds that the commands take. Everybody has to get the points of all tests, and pages."""
    start = time.monotonic()
    for command in commands:
        run(root, *command)
    seconds = time.monotonic() - start
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        scores = {one.score for one in gradebook.assignment_submissions("ps1")}
    sources = [*root.glob("source/ps1/*.ipynb")]
    assert scores == {sum(sum(autograded(read_source(path)).values()) for path in sources)}, scores
    assert len([*root.glob("feedback/*/ps1/*.html")]) == students * len(sources)
    return seconds


def main() -> None:
    """Print the seconds of both ways, and how many times as fast ours is."""
    students = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    name = sys.argv[2] if len(sys.argv) > 2 else ""
    seconds = []
    for more, commands in (("", STOCK), (PLUGGED_IN, OURS)):
        with tempfile.TemporaryDirectory() as folder:
            seconds.append(timed(course(Path(folder), students, more, name), commands, students))
    stock, ours = seconds
    print(
        f"{students} students: stock nbgrader {stock:.1f} s, plugged in {ours:.1f} s: {stock / ours:.1f} times as fast"
    )


if __name__ == "__main__":
    main()
