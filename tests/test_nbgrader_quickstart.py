"""nbgrader's own example course, plugged in with one line: the scores of stock nbgrader, without its holes."""

import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder import plug_in
from tests.test_own_cells import LIAR, cell

HALF = "def squares(n):\n    return [i ** 2 for i in range(1, n + 1)]"
SOLVED = HALF.replace("    return", "    if n < 1:\n        raise ValueError\n    return")
SUM = "def sum_of_squares(n):\n    return sum(squares(n))"
LIE = f"{LIAR}def squares(n): return Liar()"
HANDED_IN = {
    "blank": {},
    "half": {"squares": HALF},
    "solved": {"squares": SOLVED, "sum_of_squares": SUM},
    "liar": {"squares": LIE, "sum_of_squares": LIE.replace("squares(n)", "sum_of_squares(n)")},
}


def nbgrader(root, *words):
    done = subprocess.run([sys.executable, "-m", "nbgrader", *words], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module", params=["stock", "ours"])
def scores(request, tmp_path_factory):
    """Student -> grade_id -> points in the gradebook, as stock nbgrader gives them, or with ours plugged in."""
    root = tmp_path_factory.mktemp(request.param) / "course"
    nbgrader(root.parent, "quickstart", "course")
    if request.param == "ours":
        config = root / "nbgrader_config.py"
        config.write_text(config.read_text("utf-8") + "\nfrom autograder import plug_in\nplug_in(c)\n", "utf-8")
    nbgrader(root, "generate_assignment", "ps1", "--force")
    for student, cells in HANDED_IN.items():
        for name in ("problem1", "problem2"):
            notebook = nbformat.read(root / "release" / "ps1" / f"{name}.ipynb", as_version=4)
            for one in notebook.cells:
                if (grade_id := one.metadata.get("nbgrader", {}).get("grade_id")) in cells:
                    one.source = cells[grade_id]
            path = root / "submitted" / student / "ps1" / f"{name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, path)
    nbgrader(root, "autograde", "ps1")
    found = {}
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        for student in HANDED_IN:
            submission = gradebook.find_submission("ps1", student)
            found[student] = {one.name: (one.auto_score, one.needs_manual_grade) for notebook in submission.notebooks
                              for one in notebook.grades}  # fmt: skip
    return request.param, found


def points(found, student):
    return [found[student][name][0] for name in ("correct_squares", "squares_invalid_input", "correct_sum_of_squares",
                                                 "sum_of_squares_uses_squares")]  # fmt: skip


def test_blank_half_solved_and_solved_notebooks_get_what_stock_nbgrader_gives(scores):
    _, found = scores
    assert points(found, "blank") == [0, 0, 0, 0]
    assert points(found, "half") == [1, 0, 0, 0]
    assert points(found, "solved") == [1, 1, 0.5, 0.5]


def test_objects_that_equal_everything_get_what_a_blank_notebook_gets(scores):
    way, found = scores
    assert points(found, "liar") == ([1, 0, 0.5, 0] if way == "stock" else [0, 0, 0, 0])


def test_what_people_grade_stays_theirs(scores):
    _, found = scores
    assert found["solved"]["sum_of_squares_application"] == (0, False)  # nobody touched it, says nbgrader


OWN = """
c.CourseDirectory.source_directory = "master"
c.CourseDirectory.release_directory = "for_students"
c.CourseDirectory.submitted_directory = "handed_in"
c.ClearHiddenTests.begin_test_delimeter = "VVV SECRET VVV"
c.ClearHiddenTests.end_test_delimeter = "^^^ SECRET ^^^"
c.ClearSolutions.code_stub = {"python": "# over to you"}

from autograder import plug_in
plug_in(c)
"""


def test_a_course_keeps_its_directories_and_its_words_for_what_students_do_not_see(tmp_path):
    nbgrader(tmp_path, "quickstart", "course")
    root = tmp_path / "course"
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text("utf-8").replace("source/", "master/") + OWN, "utf-8")
    (root / "source").rename(root / "master")
    source = root / "master" / "ps1" / "problem1.ipynb"
    text = source.read_text("utf-8")
    assert "assert squares(1) == [1]" in text
    secret = "# VVV SECRET VVV\\nassert squares(4) == [1, 4, 9, 16]\\n# ^^^ SECRET ^^^\\n"
    source.write_text(text.replace("assert squares(1) == [1]", f"{secret}assert squares(1) == [1]", 1), "utf-8")
    nbgrader(root, "generate_assignment", "ps1", "--force")
    released = (root / "for_students" / "ps1" / "problem1.ipynb").read_text("utf-8")
    assert "over to you" in released and "SECRET" not in released
    for student, place in (("ann", "for_students"), ("bob", "master")):
        (root / "handed_in" / student / "ps1").mkdir(parents=True)
        for name in ("problem1.ipynb", "problem2.ipynb"):
            shutil.copy(root / place / "ps1" / name, root / "handed_in" / student / "ps1" / name)
    command = [sys.executable, "-m", "autograder", "grade", "ps1"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        notebooks = {who: gradebook.find_submission_notebook("problem1", "ps1", who) for who in ("ann", "bob")}
        assert [sum(one.auto_score or 0 for one in notebooks[who].grades) for who in ("ann", "bob")] == [0, 3]
    page = root / "feedback" / "ann" / "ps1" / "problem1.html"
    written_by_us = page.read_text("utf-8")
    nbgrader(root, "generate_feedback", "ps1", "--force")
    for shown in (written_by_us, page.read_text("utf-8")):
        assert "squares" in shown and "16]" not in shown


def test_a_course_keeps_its_own_preprocessors():
    c = Config()
    c.GenerateAssignment.preprocessors = ["nbgrader.preprocessors.ClearSolutions", "course.Numbered"]
    c.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.Execute", "course.Spelled"]
    plug_in(c)
    assert c.GenerateAssignment.preprocessors[:2] == ["nbgrader.preprocessors.ClearSolutions", "course.Numbered"]
    assert "course.Spelled" in c.Autograde.autograde_preprocessors
    assert "nbgrader.preprocessors.Execute" not in c.Autograde.autograde_preprocessors


def test_a_notebook_of_another_kernel_can_be_left_to_nbgrader(tmp_path):
    source = tmp_path / "source" / "ps1" / "ps1.ipynb"
    source.parent.mkdir(parents=True)
    kernel = {"name": "python3", "display_name": "R", "language": "R"}  # R has no kernel here: Python's stands in
    cells = [cell("x = 1", "x"), cell("assert x == 1", "test-x", points=3)]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), source)
    config = tmp_path / "nbgrader_config.py"
    config.write_text("from autograder import plug_in\n\nc = get_config()\nplug_in(c)\n", "utf-8")
    command = [sys.executable, "-m", "autograder", "grade"]
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == 2 and "c.GradeInSandbox.left_to_nbgrader = ['ps1']" in refused.stderr
    config.write_text(config.read_text("utf-8") + "c.GradeInSandbox.left_to_nbgrader = ['ps1']\n", "utf-8")
    nbgrader(tmp_path, "generate_assignment", "ps1")
    shutil.copytree(source.parent, tmp_path / "submitted" / "ann" / "ps1")
    nbgrader(tmp_path, "autograde", "ps1")
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        assert gradebook.find_submission("ps1", "ann").score == 3
    left = subprocess.run([*command, "ps1"], cwd=tmp_path, capture_output=True, text=True)
    assert left.returncode == 2 and "run `nbgrader autograde ps1`" in left.stderr
