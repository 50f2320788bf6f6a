"""A class of three, one of whom attacks: how much longer than three honest students it takes, for each attack.

    python -m benchmarks.neighbours [FAMILY ...]     all attacks of tests/redteam, or some families'

The course is as `autograder demo` makes it.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.course.course import Course
from autograder.course.demo import make_course
from autograder.course.selftest import with_cells
from benchmarks.redteam import submit
from tests.redteam.attacks import ASSIGNMENT, ATTACKS, IN_FOLDERS, Surroundings, hand_in_folder, submission

GOAL = 3  # times as long
SHOWN = 12


def main() -> int:
    """Time each attack and print the slowest. Returns 0 when none exceeds the goal."""
    console = Console()
    chosen = [*ATTACKS, *(("folder", name) for name in IN_FOLDERS)]
    chosen = [attack for attack in chosen if attack[0] in (sys.argv[1:] or {family for family, _ in chosen})]
    with tempfile.TemporaryDirectory() as scratch:
        template, root = Path(scratch) / "template", Path(scratch) / "course"
        template.mkdir()
        make_course(template, [])
        assert Course(template).api.generate_assignment(ASSIGNMENT.name, force=True)["success"]
        around = Surroundings(Path(scratch) / "grader", root)
        honest = statistics.median(class_of_three(template, root, around, None) for _ in range(5))
        ratios = {
            one: class_of_three(template, root, around, one) / honest
            for one in track(chosen, "Grading", console=console)
        }
        around.close()
    table = Table("attack", "times as long", title=f"Three honest students take {honest:.1f} s.")
    over = [one for one in ratios if ratios[one] > GOAL]
    for attack in sorted(ratios, key=lambda one: -ratios[one])[: max(SHOWN, len(over))]:
        table.add_row("/".join(attack), f"{ratios[attack]:.1f}")
    console.print(table, f"{len(ratios)} attacks; goal: {GOAL} times as long; {len(over)} above it.")
    return int(bool(over))


def class_of_three(template: Path, root: Path, around: Surroundings, attack: tuple[str, str] | None) -> float:
    """Seconds of `autograder grade` for two honest students and one who attacks, or is honest too."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(template, root)
    for student in ("aa-honest", "zz-honest", *(["mm-honest"] if attack is None else [])):
        submit(root, student, with_cells(ASSIGNMENT, [f"# {student}"]))
    if attack is not None and attack[0] == "folder":
        hand_in_folder(attack[1], root / "submitted", {**around.places, "ROOT": root})
    elif attack is not None:
        submit(root, "mm-attack", submission(*attack, around.places))
    start = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).with_name("autograder"), "grade", "--jobs", "2"], cwd=root, capture_output=True
    )
    assert done.returncode in (0, 1), done
    return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(main())
