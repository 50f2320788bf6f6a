"""What must not change a verdict or a diagnosis: how Python was started, who was graded before. And a self-test that
sees its own solution fail.
"""

import json
import subprocess
import sys

import nbformat
import pytest

from autograder.course.new_assignment import new_assignment
from autograder.course.selftest import misconception_cases, variant_cases
from autograder.grading.assignment import load_assignment
from autograder.grading.checks import grade
from autograder.sandbox.process import Limits

ASSERTS = '''"""Hidden checks of `moving_average`, in plain asserts."""
import pytest
from helper import all_right

@pytest.mark.points(4)
def test_length(student):
    """There is one mean for each place where the window fits."""
    assert len(student.moving_average([1.0, 2.0, 3.0], 2).returned) == 2

@pytest.mark.points(6)
def test_means(student):
    """Each number is the mean of its neighbours."""
    all_right(student.moving_average([1.0, 2.0, 3.0], 2).returned)
'''
HELPER = """def all_right(seen):
    assert [float(one) for one in seen] == [1.5, 2.5], "The means are others."
"""
TEXTBOOK = "import numpy as np\n\n\ndef moving_average(values, window):\n    return "
WRONG = TEXTBOOK + "values"


@pytest.fixture
def root(tmp_path):
    new_assignment("averages", tmp_path)
    return tmp_path


def notebook(root, cell):
    """The source notebook with this solution cell."""
    template = nbformat.read(root / "source" / "averages" / "averages.ipynb", as_version=4)
    for one in template.cells:
        if one.metadata.get("nbgrader", {}).get("grade_id") == "moving_average":
            one.source = cell
    return nbformat.writes(template).encode()


def autograder(root, *words, python=()):
    command = [sys.executable, *python, "-m", "autograder", *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=200)


def with_plain_asserts(root):
    folder = root / "autograder" / "assignments" / "averages"
    (folder / "test_moving_average.py").write_text(ASSERTS, "utf-8")
    (folder / "helper.py").write_text(HELPER, "utf-8")


@pytest.mark.parametrize("python", [(), ("-O",), ("-OO",)], ids=str)
def test_plain_asserts_in_checks_hold_however_python_was_started(root, python):
    with_plain_asserts(root)
    (root / "wrong.ipynb").write_bytes(notebook(root, WRONG))
    done = autograder(root, "check", "wrong.ipynb", "--json", python=python)
    found = json.loads(done.stdout)["functions"]["moving_average"]
    assert found["score"] == 0
    assert found["checks"][1]["message"] == "The means are others."


ENDLESS = """
[[misconception]]
id = "average-never-ends"
function = "moving_average"
body = \"\"\"
def moving_average(values, window):
    while window < 4:
        window -= 0
    return values
\"\"\"
tells = "Your loop never ends where the window is short."
shows_on = "test_length"

[[misconception]]
id = "average-counts-far"
function = "moving_average"
body = \"\"\"
def moving_average(values, window):
    for _ in range(20_000):
        window = window + 0
    return values
\"\"\"
tells = "Your function counts, and returns what it was given."
shows_on = "test_length"
"""


def test_a_diagnosis_does_not_depend_on_who_was_graded_before(root):
    with open(root / "autograder" / "assignments" / "averages" / "misconceptions.toml", "a", encoding="utf-8") as rows:
        rows.write(ENDLESS)
    assignment = load_assignment("averages", root)
    fast = notebook(
        root, "def moving_average(values, window):\n    return values"
    )  # in no time what the rows do slowly
    slow = misconception_cases(assignment)[-1].notebook
    endless = misconception_cases(assignment)[-2].notebook
    limits = Limits(seconds_per_call=2)
    found = [
        {name: report.checks[0].misconception, "said": report.diagnoses}
        for name, report in ((name, grade(one, assignment, 1, limits)) for name, one in
                             [("fast", fast), ("slow", slow), ("endless", endless), ("slow", slow), ("fast", fast)])
    ]  # fmt: skip
    assert found[0] == found[4]
    assert found[1] == found[3]
    assert found[0]["fast"] == found[1]["slow"] == "average-counts-far"
    assert found[2]["endless"] == "average-never-ends"


def test_a_self_test_begins_with_the_solution_itself(root):
    with_plain_asserts(root)
    (root / "source" / "averages" / "averages.ipynb").write_bytes(notebook(root, WRONG))
    folder = root / "autograder" / "assignments" / "averages"
    (folder / "misconceptions.toml").write_text("", "utf-8")
    (folder / "solutions" / "with_convolve.py").write_text(WRONG.replace("values\n", "values[:]\n"), "utf-8")
    done = autograder(root, "selftest")
    said = " ".join(done.stdout.split())
    assert done.returncode == 1, said
    assert "the source notebook itself: correct `moving_average` got" in said


def test_a_self_test_without_cases_fails(root):
    folder = root / "autograder" / "assignments" / "averages"
    (folder / "misconceptions.toml").unlink()
    (folder / "solutions" / "with_convolve.py").unlink()
    done = autograder(root, "selftest")
    assert done.returncode == 1
    assert "write typical mistakes into misconceptions.toml" in " ".join(done.stdout.split())


def test_a_variant_may_be_a_class(root):
    text = "class moving_average(list):\n    def __init__(self, values, window):\n        self += [0]\n"
    (root / "autograder" / "assignments" / "averages" / "solutions" / "as_class.py").write_text(text, "utf-8")
    case = variant_cases(load_assignment("averages", root))[0]
    sources = [cell.source for cell in nbformat.reads(case.notebook.decode(), as_version=4).cells]
    assert text.strip() in "".join(sources) and not any("cumsum" in source for source in sources)
