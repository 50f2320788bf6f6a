"""`nbgrader export` in the formats of other tools, read by parsers of theirs, with awkward students."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import junitparser
import pytest
from nbgrader.api import Gradebook

from autograder.pages.formats import step_summary
from tests.test_grade_class import grade

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
STUDENTS = {
    "perfect": ("Ann, Jr.", 'O"Neil', "perfect", "ann@example.org"),
    "umlaut": ("Jürgen", "Größe", "half-finished", None),
    "cjk": ("伟", "张", "blank", "wei@example.org"),
    "=1+2": ("@SUM(A1)", "-2+3", "perfect", "+evil@example.org"),
    "pipe|<b>": ("Pi\tpe", "`x`", "sample-takes-the-maximum", None),
    "broken": ("No", "Notebook", "not-a-notebook", None),
}


@pytest.fixture(scope="module")
def graded(course, examples):
    """The class after grading, one of them late by hand, one without a submission."""
    assert course.nbgrader("generate_assignment", "dinosaur-island").returncode == 0
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        for student, (first, last, example, email) in STUDENTS.items():
            book.add_student(student, first_name=first, last_name=last, email=email, lms_user_id=f"77{len(student)}")
            course.submit(student, (examples / f"{example}.ipynb").read_bytes())
        book.add_student("absent", first_name="Ab", last_name="Sent")
        for nameless in ("b", "a"):
            book.add_student(nameless)
    assert grade(course.root).returncode == 0
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        book.find_submission("dinosaur-island", "umlaut").notebooks[0].late_submission_penalty = 5
        book.db.commit()
    return course


def export(course, name, *options):
    """The path of what an exporter wrote."""
    path = course.root / f"{name}.out"
    path.unlink(missing_ok=True)
    done = course.nbgrader("export", "--exporter", f"autograder.plugins.exports.{name}", "--to", str(path), *options)
    assert done.returncode == 0, done.stderr
    return path


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_canvas(graded):
    possible, *rows = read_csv(export(graded, "Canvas"))
    assert list(possible) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "dinosaur-island"]
    assert possible["Student"] == "Points Possible" and possible["dinosaur-island"] == "100"
    found = {row["SIS Login ID"]: row for row in rows}
    assert found["perfect"]["Student"] == 'O"Neil, Ann, Jr.'
    assert found["cjk"]["Student"] == "张, 伟" and found["cjk"]["ID"] == "773"
    scores = {student: row["dinosaur-island"] for student, row in found.items()}
    assert scores["perfect"] == "100" and scores["umlaut"] == "35" and scores["broken"] == "0"
    assert scores["absent"] == ""


@pytest.mark.parametrize(
    ("name", "column"), [("Csv", "student_id"), ("Canvas", "SIS Login ID"), ("Moodle", "Username")]
)
def test_students_come_in_the_order_of_their_names_then_ids(graded, name, column):
    rows = [row[column] for row in read_csv(export(graded, name, "--assignment=['dinosaur-island']"))]
    assert [row for row in rows if row] == [
        "a",
        "b",
        "'=1+2",
        "umlaut",
        "broken",
        "perfect",
        "absent",
        "pipe|<b>",
        "cjk",
    ]


def test_moodle(graded):
    rows = {row["Username"]: row for row in read_csv(export(graded, "Moodle"))}
    wanted = ["Username", "First name", "Last name", "Email address", "dinosaur-island", "dinosaur-island (feedback)"]
    assert list(rows["perfect"]) == wanted
    assert rows["umlaut"]["Last name"] == "Größe"
    assert rows["perfect"]["dinosaur-island (feedback)"] == "clip 15/15; sample 25/25; optimize 25/25; model 35/35"
    assert "sample" in rows["pipe|<b>"]["dinosaur-island (feedback)"]


def test_nbgraders_own_columns(graded):
    done = graded.nbgrader("export", "--to", "all.csv")
    assert done.returncode == 0 and "Unwritable" not in done.stderr
    rows = {row["student_id"]: row for row in read_csv(graded.root / "all.csv")}
    assert (rows["perfect"]["first_name"], rows["perfect"]["last_name"]) == ("Ann, Jr.", 'O"Neil')
    scores = {name: (row["raw_score"], row["late_submission_penalty"], row["score"]) for name, row in rows.items()}
    assert scores["umlaut"] == ("40", "5", "35") and scores["absent"] == ("0", "0", "0")
    assert rows["perfect"]["max_score"] == "100"


@pytest.mark.parametrize("name", ["Csv", "Canvas", "Moodle"])
def test_no_cell_is_a_formula(graded, name):
    with open(export(graded, name), newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "'=1+2" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_only_who_was_asked_for(graded):
    rows = read_csv(export(graded, "Canvas", "--student=['cjk']"))
    assert [row["SIS Login ID"] for row in rows] == ["", "cjk"]
    rows = read_csv(export(graded, "Moodle", "--assignment=['another']"))
    assert "dinosaur-island" not in rows[0]


def test_junit(graded):
    suites = {suite.name: suite for suite in junitparser.JUnitXml.fromfile(str(export(graded, "JUnit")))}
    assert set(suites) == set(STUDENTS)
    assert (suites["perfect"].tests, suites["perfect"].failures, suites["perfect"].skipped) == (40, 0, 0)
    cases = {case.name: case for case in suites["pipe|<b>"]}
    assert suites["pipe|<b>"].failures == sum(
        any(isinstance(result, junitparser.Failure) for result in case.result) for case in cases.values()
    )
    assert cases["sample.first_letter"].result[0].message
    assert isinstance(next(iter(suites["broken"])).result[0], junitparser.Error)


def test_the_step_summary_is_a_table_that_no_name_breaks(graded, monkeypatch):
    path = export(graded, "StepSummary")
    first = path.read_text("utf-8")
    table = [line for line in first.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {8}
    assert len(table) == 2 + len(STUDENTS)
    assert "<b>" not in first
    course_export = ["export", "--exporter", "autograder.plugins.exports.StepSummary", "--to", str(path)]
    assert graded.nbgrader(*course_export).returncode == 0
    assert path.read_text("utf-8") == first
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    assert graded.nbgrader(*course_export).returncode == 0
    assert path.read_text("utf-8") == first * 2  # GitHub's file collects what several steps say


def test_a_step_summary_without_a_readable_notebook_is_a_table(graded):
    lines = step_summary("x", {}, {"broken": "No notebook."}).splitlines()
    assert [line.count("|") for line in lines if line.startswith("|")] == [4, 4, 4]


def test_outside_of_a_course_there_is_nothing_to_export(tmp_path):
    command = [sys.executable, "-m", "nbgrader", "export", "--exporter", "autograder.plugins.exports.Canvas"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 1
    assert "is no course: there is no nbgrader_config.py" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "canvas.csv").exists()


@pytest.fixture(scope="module")
def gradescope(tmp_path_factory):
    """/autograder as in Gradescope's container, with this environment in the place of setup.sh's."""
    root = tmp_path_factory.mktemp("gradescope")
    archive = root / "gradescope.zip"
    recipe = (ROOT / "Makefile").read_text().split("zipfile --create build/gradescope.zip ")[1].split("\n\n")[0]
    files = recipe.replace("\\", " ").split()
    subprocess.run([sys.executable, "-m", "zipfile", "--create", archive, *files], cwd=ROOT, check=True)
    shutil.unpack_archive(archive, root / "source")
    (root / "source" / "venv").symlink_to(sys.prefix)
    (root / "source" / "seed").write_text("7\n")
    for name in ("submission", "results"):
        (root / name).mkdir()
    return root


@pytest.mark.parametrize(
    ("files", "score"),
    [
        ({"dinosaur-island.ipynb": "perfect", "draft.ipynb": "blank"}, 100),
        ({"my dinosaurs (1).ipynb": "half-finished"}, 40),
        ({"mine.ipynb": "perfect", ".ipynb_checkpoints/mine-checkpoint.ipynb": "blank"}, 100),
        ({"work/mine.ipynb": "perfect", "__MACOSX/work/._mine.ipynb": "not-a-notebook", "work/._mine.ipynb": "blank"},
         100),
        ({"dinosaur-island.ipynb": "not-a-notebook"}, 0),
        ({"a.ipynb": "perfect", "b.ipynb": "blank"}, 100),  # of several, the one with work in it counts
        ({"a/a.ipynb": "perfect", "b/a.ipynb": "blank"}, 100),
        ({"a.ipynb": "perfect", "b.ipynb": "half-finished"}, 0),
        ({"a/a.ipynb": "perfect", "b/a.ipynb": "half-finished"}, 0),
        ({}, 0),
    ],
)  # fmt: skip
def test_gradescope(gradescope, examples, files, score):
    for folder in ("submission", "results"):
        shutil.rmtree(gradescope / folder)
        (gradescope / folder).mkdir()
    for file, example in files.items():
        path = gradescope / "submission" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(examples / f"{example}.ipynb", path)
    environment = {**os.environ, "AUTOGRADER": str(gradescope)}
    script = gradescope / "source" / "run_autograder"
    done = subprocess.run(["bash", script], env=environment, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    results = json.loads((gradescope / "results" / "results.json").read_text("utf-8"))
    assert results["score"] == score == sum(test["score"] for test in results["tests"])
    assert sum(test["max_score"] for test in results["tests"]) == 100
    # https://gradescope-autograders.readthedocs.io/en/latest/specs/: what a results file and its tests may hold
    top = {"score", "output", "output_format", "visibility", "stdout_visibility", "execution_time", "tests"}
    of_a_test = {"name", "score", "max_score", "status", "output", "output_format", "visibility"}
    assert results.keys() <= top and isinstance(results["output"], str)
    for test in results["tests"]:
        assert test.keys() <= of_a_test
        assert test["status"] in ("passed", "failed")
        assert (test["status"] == "passed") == (test["score"] == test["max_score"])
    if not score:
        assert results["output"]
