"""The class report's groups of mistakes, and the row of misconceptions.toml that one becomes."""

import csv
import json
import subprocess
import sys

import nbformat
import pytest

from autograder.cli import main
from autograder.grading.diagnosis.calculation import reaches_for

pytestmark = pytest.mark.slow

CELL = """import numpy as np


def moving_average(values, window):
    running = np.cumsum(np.concatenate([[0.0], values]))
    return (running[window:] - running[:-window]) / (window + 1)  # NAME wonders
"""
NONE = "import numpy as np\n\n\ndef moving_average(values, window):\n    return np.zeros(3)\n"
CLASS = {
    "ann": CELL.replace("NAME", "Ann"),
    "bob": CELL.replace("running", "total").replace("NAME", "Bob"),
    "cas": NONE,
    "fay": "import numpy as np\n\n\ndef moving_average(values, window):\n    return np.load('/etc/passwd')\n",
    "dan": "import numpy as np\n\n\ndef moving_average(values, window):\n    return [values[0]]\n",
    "gus": "import numpy as np\n\n\ndef moving_average(values, window):  # Gus\n"
    "    return np.array([np.mean(values[at : at + window]) for at in range(len(values) - window + 1)])\n",
    "eve": CELL.replace("(window + 1)", "window"),
}


def autograder(root, *arguments):
    command = [sys.executable, "-m", "autograder", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=200)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course of one exercise, whose class is graded and reported on."""
    root = tmp_path_factory.mktemp("course")
    assert autograder(root, "new", "averages").returncode == 0
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "averages"]
    subprocess.run(command, cwd=root, capture_output=True, check=True)
    source = nbformat.read(root / "source" / "averages" / "averages.ipynb", as_version=4)
    (solution,) = [cell for cell in source.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    for student, text in CLASS.items():
        solution.source = text
        path = root / "submitted" / student / "averages" / "averages.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(source, path)
    assert autograder(root, "grade", "--jobs", "1").returncode == 0
    assert autograder(root, "report").returncode == 0
    return root


def test_submissions_with_code_alike_are_pairs_to_look_at_for_who_asks(graded, tmp_path):
    pytest.importorskip("copydetect", reason="the extra `similar` is not installed")
    page = tmp_path / "report.html"
    assert main(["report", "--course", str(graded), "--output", str(page)]) == 0
    assert 'id="similar"' not in page.read_text("utf-8") and not (tmp_path / "report-similar.csv").exists()
    assert main(["report", "--similar", "--course", str(graded), "--output", str(page)]) == 0
    with open(tmp_path / "report-similar.csv", newline="", encoding="utf-8") as file:
        first, *others = csv.DictReader(file)
    assert first == {"student": "ann", "other student": "bob", "alike": "1"}  # but for names and comments
    assert all(0 < float(row["alike"]) < 1 for row in others)
    # what was handed out is no likeness
    assert not [row for row in others if {row["student"], row["other student"]} & {"cas", "dan", "fay"}]
    shown = page.read_text("utf-8").partition('id="similar"')[2]
    assert "no verdict" in shown and shown.count("feedback/ann/averages/averages.html") > 0


def groups(root):
    """The groups by their students."""
    rows = csv.DictReader((root / "averages-report-mistakes.csv").read_text("utf-8").splitlines())
    return {row["students"]: row for row in rows}


def test_functions_with_the_same_mistake_are_one_group_with_one_example_and_no_name_in_it(graded):
    found = groups(graded)
    assert {*found} == {"ann bob", "cas", "dan", "fay"}
    assert found["ann bob"]["for example"] == "return (running[window:] - running[:-window]) / (window + 1)"
    assert "window + 1" in found["ann bob"]["what happened"]
    page = (graded / "averages-report.html").read_text("utf-8")
    section = page.partition('<section id="mistakes"')[2].partition("</section>")[0]
    assert "3 wrong functions are like no other" in section and "wonders" not in section


def test_a_group_becomes_a_row_that_is_worded_and_then_named(graded):
    group = groups(graded)["ann bob"]["group"]
    unknown = autograder(graded, "misconception", "no-such-group")
    assert unknown.returncode == 2 and group in unknown.stderr
    reaching = autograder(graded, "misconception", groups(graded)["fay"]["group"])
    assert reaching.returncode == 2 and "`.load`" in reaching.stderr
    assert autograder(graded, "misconception", group).returncode == 0
    path = graded / "autograder" / "assignments" / "averages" / "misconceptions.toml"
    assert "wonders" not in path.read_text("utf-8")
    unworded = autograder(graded, "selftest")
    assert unworded.returncode == 2 and f"`tells` of {group} is empty" in unworded.stderr
    path.write_text(path.read_text("utf-8").replace('tells = ""', 'tells = "One too many."'), "utf-8")
    done = autograder(graded, "selftest", "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    bob = autograder(graded, "check", "submitted/bob/averages/averages.ipynb", "--json")
    assert json.loads(bob.stdout)["functions"]["moving_average"]["diagnosis"]["text"] == "One too many."


def test_a_right_function_that_is_like_no_correct_one_becomes_a_variant(graded):
    assert autograder(graded, "variant", "no_such_function").returncode == 2
    done = autograder(graded, "variant", "moving_average")
    assert done.returncode == 0, done.stderr
    (path,) = (graded / "autograder" / "assignments" / "averages" / "solutions").glob("moving_average_*.py")
    assert "values[at:at + window]" in path.read_text("utf-8") and "Gus" not in path.read_text("utf-8")
    again = autograder(graded, "variant", "moving_average")
    assert again.returncode == 2 and "is new" in again.stderr


@pytest.mark.parametrize(
    ("code", "reached"),
    [
        ("def f(x):\n    return [np.sum(x) for _ in range(3)]", []),
        ("def f(x):\n    return ours(x).special", []),
        ("def f(x):\n    return theirs(x)", ["theirs"]),
        ("import os", ["import os"]),
        ("def g(open): ...\nopen('x', 'w')", ["open"]),
        ("def g(__builtins__): ...\n__builtins__['eval']('1')", ["__builtins__"]),
        ("def f(x):\n    return x.__class__", [".__class__"]),
        ("match 1:\n    case int(real=x): pass", ["match"]),
    ],
)
def test_only_code_that_calculates_becomes_a_row(code, reached):
    assert reaches_for(code, ["def ours(x):\n    return x.special\nours(1)"]) == reached
