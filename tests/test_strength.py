"""`autograder strength`: which small mistakes in the solution the tests accept."""

import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

MEAN = """def mean(values):
    if not values:
        raise ValueError
    return sum(values) / len(values)
"""
GUARDED = """
assert mean([1, 2]) == 1.5
try:
    mean([])
    raise AssertionError("no exception")
except ValueError:
    pass
"""
STACK = """class Stack:
    items = [1]

    def pop(self):
        if not self.items:
            return None
        return self.items.pop()
"""


def strength(root, *cells, jobs="1"):
    """Run the command on an assignment of pairs (solution, test)."""
    folder = root / "source" / "ps1"
    folder.mkdir(parents=True)
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    made = []
    for number, (solution, test) in enumerate(cells, 1):
        mark = {"grade_id": f"solution-{number}", "grade": False, "solution": True, "locked": False}
        made.append(new_code_cell(solution, metadata={"nbgrader": mark}))
        mark = {"grade_id": f"test-{number}", "grade": True, "solution": False, "locked": True, "points": 1}
        made.append(new_code_cell(test, metadata={"nbgrader": mark}))
    nbformat.write(new_notebook(cells=made), folder / "ps1.ipynb")
    command = [sys.executable, "-m", "autograder", "strength", "ps1", "--jobs", jobs]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=200, env={"COLUMNS": "120"})


def listed(done, title):
    """The rows below a title: (line, in the solution, instead)."""
    below = done.stdout.partition(f"\n{title} ")[2].partition("\n \n")[0]
    _, *rows = (re.split(r"\s{2,}", line.strip()) for line in below.splitlines() if re.match(r"  sol", line))
    return {(int(row[1]), row[2], row[3]) for row in [_, *rows]}


def test_what_tests_miss_is_listed_with_its_line_and_what_none_comes_to_apart(tmp_path):
    done = strength(tmp_path, (MEAN, "assert mean([1, 3]) == 2"), (STACK, "assert Stack().pop() == 1"), jobs="2")
    assert done.returncode == 1, done.stdout + done.stderr
    missed = listed(done, "Accepted")
    assert (4, "return sum(values) / len(values)", "return len(values)") in missed
    assert (3, "raise ValueError", "left out") in missed
    unreached = listed(done, "Accepted, in a statement that no known input comes to")
    assert (5, "if not self.items:", "left out") in unreached and (6, "return None", "left out") in unreached


def test_a_mistake_that_changes_nothing_is_none(tmp_path):
    done = strength(tmp_path, (MEAN, GUARDED))
    assert done.returncode == 0, done.stdout + done.stderr
    harmless = listed(done, "Accepted, and changes nothing on any known input")
    assert harmless == {(2, "if not values:", "while not values:")}


@pytest.mark.parametrize(
    ("solution", "test", "why"),
    [
        ("answer = 41", "assert answer == 42", "fails its own test cells"),
        ("def f():\n    'text'\n    return 1", "assert f.__doc__", "without its comments and docstrings"),
        ("import math", "assert math", "no small mistake can be made"),
    ],
)
def test_where_nothing_can_be_said_a_sentence_says_why(tmp_path, solution, test, why):
    done = strength(tmp_path, (solution, test))
    assert done.returncode == 2
    assert why in done.stderr and "Traceback" not in done.stderr
