"""Cells that give points and that nothing of ours judges: grading stops and names them."""

import subprocess
import sys

import nbformat
import pytest

from autograder.course.new_assignment import new_assignment

PLUGGED_IN = "\nfrom autograder import plug_in\nplug_in(c)\n"


def run(cwd, *words):
    """A command, its exit status, and all that it says in one line."""
    done = subprocess.run([sys.executable, "-m", *words], cwd=cwd, capture_output=True, text=True, timeout=200)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def hand_in(root, student, assignment, notebook):
    path = root / "submitted" / student / assignment / f"{notebook}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((root / "release" / assignment / f"{notebook}.ipynb").read_text("utf-8"), "utf-8")
    return path


def cell(source, **mark):
    new = nbformat.v4.new_code_cell(source)
    new.metadata["nbgrader"] = {"schema_version": 3, "locked": True, "solution": False, "task": False, **mark}
    return new


@pytest.fixture
def course(tmp_path):
    """Adds a cell to a new assignment, releases it, and hands in a notebook: returns the course's root."""

    def make(*cells):
        new_assignment("averages", tmp_path)
        source = tmp_path / "source" / "averages" / "averages.ipynb"
        notebook = nbformat.read(source, as_version=4)
        notebook.cells += cells
        nbformat.write(notebook, source)
        assert run(tmp_path, "nbgrader", "generate_assignment", "averages")[0] == 0
        hand_in(tmp_path, "ann", "averages", "averages")
        return tmp_path

    return make


def test_a_cell_beside_a_checked_function_stops_every_way_of_grading(course):
    root = course(cell("assert double(3) == 6", grade=True, points=3, grade_id="double-more"))
    notebook = "submitted/ann/averages/averages.ipynb"
    for words in (["grade"], ["check", notebook], ["selftest"]):
        status, said = run(root, "autograder", *words)
        assert status == 2, said
        assert "Everybody would get the points of these cells of averages, whatever they hand in: double-more." in said
    status, said = run(root, "nbgrader", "autograde", "averages")
    assert status == 1
    assert "whatever they hand in: double-more." in said
    assert not list((root / "autograded").glob("*/*/*"))


def test_cells_that_people_grade_and_cells_without_points_stop_nothing(course):
    root = course(
        cell("answer = 1", grade=True, solution=True, locked=False, points=3, grade_id="essay"),
        cell("assert True", grade=True, points=0, grade_id="try-it"),
        cell("assert True", grade=False, grade_id="locked"),
    )
    assert run(root, "autograder", "grade")[0] == 0


def test_checks_that_no_cell_asks_for_are_named(course):
    root = course()
    (root / "autograder" / "assignments" / "averages" / "test_median.py").write_text("", "utf-8")
    status, said = run(root, "autograder", "grade")
    assert status == 2
    assert "test_median.py is there, and the source notebook has no cell test-median" in said
