"""The same class for Otter-Grader: an autograder.zip with the same calls and expected values as test cases."""

from __future__ import annotations

import pickle
import shutil
import subprocess
from pathlib import Path

from autograder.grading.assignment import ENGINE, Assignment
from benchmarks.in_kernel import CHECKS, recorded_checks

HEAD = """
from otter.test_files import test_case

OK_FORMAT = False
name = "NAME"
points = [POINTS]
"""
TEST = """

@test_case(name="CHECK")
def test_NUMBER(NAME):
    failed = failures(NAME, "NAME", NUMBER)
    assert not failed, failed
"""
HELPERS = """

def failures(function, name, number):
    with open("checks.pickle", "rb") as file:
        check, points, calls = pickle.load(file)[name][number]
    for files, cell, arguments, expected in calls:
        if not same(outcome_of(function, files, cell, arguments), expected):
            return f"{check}: wrong value"
    return ""
"""


def make_otter_zip(folder: Path, otter: Path, assignment: Assignment, seed: int) -> Path:
    """Write autograder.zip into `folder` with Otter's own command."""
    checks = recorded_checks(assignment, seed)
    (folder / "tests").mkdir(parents=True)
    (folder / "checks.pickle").write_bytes(pickle.dumps(checks))
    shared = CHECKS.split("def score_of")[0].replace("### BEGIN HIDDEN TESTS\n", "")
    for name, rows in checks.items():
        points = ", ".join(f"{worth:g}" for _, worth, _ in rows)
        tests = [TEST.replace("CHECK", row[0]).replace("NUMBER", str(number)) for number, row in enumerate(rows)]
        text = HEAD.replace("POINTS", points) + shared + HELPERS + "".join(tests)
        (folder / "tests" / f"{name}.py").write_text(text.replace("NAME", name))
    for name in ("utils", "datasets"):
        shutil.copytree(ENGINE.parent / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    files = ["checks.pickle", *(str(path.relative_to(folder)) for name in ("utils", "datasets")
                                for path in (folder / name).rglob("*") if path.is_file())]  # fmt: skip
    command = [
        otter,
        "generate",
        "--no-requirements",
        "--no-environment",
        "-t",
        "tests",
        "-o",
        "autograder.zip",
        *files,
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "autograder.zip"
