"""The small courses in examples/: honest students get what stock nbgrader gives, and nobody is fooled as it is.

Stock nbgrader's points are those of one kernel per course, in which one student's cells run after another's: what comes
out of a cell is turned into points by nbgrader itself.
"""

import os

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

from autograder.grading.assignment import load_assignments
from autograder.grading.cells import calibrate
from autograder.grading.checks import grade
from autograder.messages import render
from autograder.sandbox.process import Limits
from examples.course import ASSIGNMENT, read, write

PRELOAD = {"tables": ("pandas",), "learning": ("sklearn.pipeline", "sklearn.linear_model"), "chances": ("scipy.stats",)}
FRESH = "%reset -f\nimport numpy as np, sys\n"
# What stock nbgrader is fooled into: points for what earns none here.
FOOLED = {
    "first-steps": {"word_lengths-tests": 3, "ask_age-tests": 2},
    "tables": {"rain-tests": 3, "warmest-tests": 2},
    "curves": {"standardize-tests": 3, "trapezoids-tests": 3},
    "chances": {"t_test-tests": 3, "interval-tests": 4},
    "learning": {"fitted-tests": 4},
    "two-parts": {"primes-tests": 3, "twice-tests": 2},
}


def in_one_kernel(course, folder):
    """Student -> grade_id -> points, as nbgrader finds them in a kernel: the honest ones first."""
    students = sorted(course.students, key=lambda name: not course.students[name].honest)
    whole = nbformat.v4.new_notebook()
    places = {}
    for student in students:
        for notebook in course.notebooks:
            whole.cells.append(nbformat.v4.new_code_cell(FRESH))
            for cell in course.handed_in(student, notebook).cells:
                mark = cell.metadata.get("nbgrader", {})
                if mark.get("grade") and cell.cell_type == "code":
                    places[student, mark["grade_id"]] = len(whole.cells)
                whole.cells.append(cell)
    NotebookClient(whole, timeout=60, allow_errors=True, kernel_name="python3",
                   resources={"metadata": {"path": str(folder)}}).execute()  # fmt: skip
    points = {student: {} for student in students}
    for (student, grade_id), place in places.items():
        points[student][grade_id] = determine_grade(whole.cells[place])[0]
    return points


def ours(course, folder, limits):
    points = {student: {} for student in course.students}
    for assignment in load_assignments(ASSIGNMENT, folder.parents[1]):
        known = calibrate(assignment, limits)
        for student in course.students:
            data = nbformat.writes(course.handed_in(student, assignment.notebook)).encode()
            for check in grade(data, known, 1, limits).checks:
                points[student][check.id] = check.points
                assert check.state == "passed" or render(check.message)
    return points


@pytest.mark.parametrize("name", FOOLED)
def test_honest_students_get_what_stock_nbgrader_gives_and_no_cheat_does(name, tmp_path, monkeypatch):
    monkeypatch.setenv(
        "PYTHONWARNINGS", os.environ.get("PYTHONWARNINGS", "ignore")
    )  # text on stderr costs stock points
    course = read(name)
    folder = write(course, tmp_path)
    limits = Limits(seconds_per_call=5, seconds_per_submission=60, preload=PRELOAD.get(name, ()))
    stock, seen = in_one_kernel(course, folder), ours(course, folder, limits)
    for student, one in course.students.items():
        if one.honest:
            assert seen[student] == stock[student], student
        else:
            fooled = {grade_id: stock[student][grade_id] for grade_id in FOOLED[name]}
            assert fooled == FOOLED[name]
            assert {grade_id: seen[student][grade_id] for grade_id in FOOLED[name]} == dict.fromkeys(FOOLED[name], 0)
    marks = [cell.metadata.nbgrader for one in course.notebooks.values() for cell in one.cells
             if cell.cell_type == "code" and "nbgrader" in cell.metadata]  # fmt: skip
    assert seen["cleo"] == {mark.grade_id: mark.points for mark in marks if mark.grade}  # the solution in other words
