"""Checks of what is no function on arrays: what an assignment of any subject needs."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.grading.assignment import Assignment, AssignmentError
from autograder.grading.checks import grade, verify
from autograder.messages import render
from autograder.sandbox.process import Limits

LIMITS = Limits(seconds_per_call=3, seconds_per_submission=60, memory_mb=512, diagnosis_steps=0)


def marked(source, grade_id, points=None):
    """A solution cell, or with points a test cell."""
    mark = {"grade_id": grade_id, "grade": points is not None, "solution": points is None, "locked": points is not None}
    return new_code_cell(source, metadata={"nbgrader": {**mark, "points": points or 0, "schema_version": 3}})


@pytest.fixture
def course(tmp_path):
    """A function that makes an assignment of a solution, its checks by question, and other files beside those."""

    def make(solution, checks, **files) -> Assignment:
        folder = tmp_path / "checks"
        folder.mkdir(exist_ok=True)
        (folder / "assignment.toml").write_text("sandbox_files = []\n", "utf-8")
        for name, text in files.items():
            (folder / name.replace("_toml", ".toml").replace("_py", ".py")).write_text(text, "utf-8")
        cells = [marked(solution, "solution")]
        for question, body in checks.items():
            (folder / f"test_{question}.py").write_text(
                "import numpy as np\nimport pytest\nfrom autograder import CheckFailed, assert_same\n\n\n"
                f"@pytest.mark.points(2)\n{body}", "utf-8")  # fmt: skip
            cells.append(marked("pass", f"test-{question}", 2))
        nbformat.write(new_notebook(cells=cells), tmp_path / "it.ipynb")
        return Assignment("it", folder, tmp_path / "it.ipynb", tmp_path)

    return make


def graded(assignment, solution=None):
    """State and message of each check, for a student's solution or ours."""
    notebook = nbformat.read(assignment.source, as_version=4)
    if solution is not None:
        notebook.cells[0].source = solution
    report = grade(nbformat.writes(notebook).encode(), assignment, 1, LIMITS)
    return [(check.state, render(check.message)) for check in report.checks]


HINT = '[[hint]]\nraised = "KeyError"\nsays = "^.Mars"\ntells = "Only the planets that were handed out are there."\n'


def test_an_assignment_brings_hints_of_its_own(course):
    check = "def test_it(student):\n    '''It is there.'''\n    assert student.moons('Mars').returned == 2\n"
    assignment = course("def moons(planet): return {'Mars': 2}[planet]", {"moons": check}, assignment_toml=HINT)
    ((state, said),) = graded(assignment, "def moons(planet): return {}[planet]")
    assert state == "failed" and said.endswith("Only the planets that were handed out are there.")
    ((_, other),) = graded(assignment, "def moons(planet): return {}['Venus']")
    assert other.endswith("The dictionary has no such key: print its keys.")


@pytest.mark.parametrize("row", ["says = '('", "raised = 3", ""])
def test_a_hint_that_is_none_is_named(course, row):
    check = "def test_it(student):\n    '''It is there.'''\n    student.f()\n"
    assignment = course("def f(): pass", {"f": check}, assignment_toml=f"[[hint]]\ntells = 'x'\n{row}\n")
    with pytest.raises(AssignmentError, match=r"a \[\[hint\]\] needs"):
        verify(assignment)
