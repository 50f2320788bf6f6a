"""Commands in the documentation, followed to the letter."""

import contextlib
import csv
import doctest
import inspect
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import numpy as np
import pytest

import autograder
from autograder.course.new_assignment import new_assignment
from autograder.grading.assignment import load_assignment
from autograder.grading.checks import grade

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def commands(page):
    """The blocks of shell commands on a page."""
    return re.findall(r"^```sh\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def run(script, cwd):
    """Run commands as they stand; each has to succeed."""
    environment = {name: value for name, value in os.environ.items() if name != "GRADEBOOK_URL"}
    done = subprocess.run(
        ["bash", "-c", "set -euxo pipefail\n" + script], cwd=cwd, env=environment, capture_output=True, text=True,
        timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_instructors_page_takes_a_new_course_to_exported_grades(tmp_path):
    course = tmp_path / "statistics"
    course.mkdir()
    run("".join(commands("docs/instructors.md")).replace("CLONE/.venv", sys.prefix), course)
    with open(course / "canvas.csv", newline="", encoding="utf-8") as file:
        scores = {row["SIS Login ID"]: row["averages"] for row in csv.DictReader(file)}
    assert scores == {"": "10", "ann": "10", "bob": "0"}
    for name in ("grades.csv", "moodle.csv", "junit.xml", "summary.md", "averages-report.html"):
        assert (course / name).stat().st_size > 0
    assert sorted(path.parts[-3] for path in course.glob("feedback/*/*/*.html")) == ["ann", "bob"]


def test_the_page_on_any_course_plugs_one_in_and_moves_a_test_cell_to_checks(tmp_path):
    page = (ROOT / "docs" / "any-course.md").read_text("utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    *plug_in, move = [text for language, text in blocks if language == "sh"]
    run("".join(plug_in), tmp_path)
    course = tmp_path / "course"
    assert sorted(path.parts[-3] for path in course.glob("feedback/*/ps1/problem1.html")) == ["ann", "bob"]
    assert (course / "ps1-report.html").stat().st_size > 0
    cells = []
    for language, text in blocks:
        if language == "sh":
            continue
        title, _, source = text.removeprefix("# ").partition("\n")
        if found := re.fullmatch(r'(solution|test) cell "([\w-]+)"(?:, (\d+) points)?', title):
            kind, grade_id, points = found.groups()
            mark = {"grade_id": grade_id, "solution": kind == "solution", "grade": kind == "test", "schema_version": 3,
                    "locked": kind == "test", "points": int(points or 0)}  # fmt: skip
            cells.append(nbformat.v4.new_code_cell(source.strip(), metadata={"nbgrader": mark}))
            continue
        path = course / title.partition(",")[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write(source if ", " not in title else f"\n\n{source}")
    (course / "source" / "rain").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), course / "source" / "rain" / "rain.ipynb")
    run(move, course)
    assert (course / "release" / "rain" / "rain.ipynb").is_file()


def test_the_list_of_changes_has_each_name_that_has_moved():
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    for old, new in autograder.MOVED.items():
        rows = [row for row in changes.splitlines() if row.lstrip().startswith("|") and old in row]
        for name in re.split(r", | or ", new):
            assert any((name if name[0] != "." else f"autograder.plugins{name}") in row for row in rows), (old, name)


def documented():
    """Name -> docstring, of what the reference page takes from the code."""
    names = re.findall(r"^\.\. auto\w+:: (\S+)", (ROOT / "docs" / "reference.md").read_text("utf-8"), re.MULTILINE)
    return {name: inspect.getdoc(pkgutil.resolve_name(name)) for name in names}


def examples(text):
    """The code under each "Example"."""
    blocks = re.findall(r"^ *Example[^\n]*::\n((?:\n| +[^\n]*\n?)+)", text, re.MULTILINE)
    return [textwrap.dedent(block) for block in blocks]


def test_everything_on_the_reference_page_has_an_example():
    assert [name for name, text in documented().items() if not examples(text)] == []


def test_the_examples_of_calls_on_the_reference_page_do_what_they_show():
    for name, text in documented().items():
        names = {"np": np, "assert_same": autograder.assert_same}
        calls = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
        assert doctest.DocTestRunner().run(calls).failed == 0


def test_the_checks_on_the_reference_page_pass_the_solution_and_nothing_unwritten(tmp_path):
    page = (ROOT / "docs" / "reference.md").read_text("utf-8")
    checks = [one for text in (*documented().values(), page) for one in examples(text) if "def test_" in one]
    (imports,) = re.findall(r"^```{code-block} python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert "pytest.mark.needs" in checks[-1]
    source, folder = new_assignment("averages", tmp_path)[:2]
    notebook = nbformat.read(source, as_version=4)
    answer, test = (cell.metadata.nbgrader for cell in notebook.cells[-2:])
    test.points = sum(int(number) for check in checks for number in re.findall(r"mark\.points\((\d+)", check))
    for name, solution in FURTHER.items():
        cells = (
            (solution, {**answer, "grade_id": name}),
            ("", {**test, "grade_id": f"test-{name}", "points": 0}),
        )
        notebook.cells += [nbformat.v4.new_code_cell(text, metadata={"nbgrader": mark}) for text, mark in cells]
        (folder / f"test_{name}.py").touch()
    nbformat.write(notebook, source)
    (folder / "test_moving_average.py").write_text("\n\n".join([imports, *checks]))
    assignment = load_assignment("averages", tmp_path)
    report = grade(source.read_bytes(), assignment, seed=1)
    assert [(check.id, check.message) for check in report.checks if check.state != "passed"] == []
    for cell in notebook.cells:
        cell.source = cell.source.replace("return", "raise NotImplementedError() #")
    report = grade(nbformat.writes(notebook).encode(), assignment, seed=1)
    assert [check.id for check in report.checks if check.state == "passed"] == []


# What the reference page's examples call besides `moving_average`.
FURTHER = {
    "total": """from pathlib import Path


def total():
    return sum(float(number) for number in Path("numbers.txt").read_text().split())""",
    "report": 'def report():\n    return f"{total():.1f}"',
    "Account": """class Account:
    def __init__(self, balance):
        self.balance = balance

    def pay_in(self, amount):
        self.balance += amount
        return self.balance""",
}


def test_the_cluster_of_the_page_on_large_classes_grades(tmp_path):
    """But for the first command, which would install this package anew."""
    new_assignment("averages", tmp_path)
    run("nbgrader generate_assignment averages", tmp_path)
    submitted = tmp_path / "submitted" / "ann" / "averages"
    submitted.mkdir(parents=True)
    shutil.copy(tmp_path / "source" / "averages" / "averages.ipynb", submitted)
    _, scheduler, worker, grade = commands("docs/scale.md")[0].replace("SCHEDULER", "127.0.0.1").splitlines()
    with contextlib.ExitStack() as cluster:
        for command in (scheduler, worker):
            process = subprocess.Popen(shlex.split(command, comments=True), cwd=tmp_path, stderr=subprocess.DEVNULL)
            cluster.callback(process.wait)
            cluster.callback(process.terminate)
        run(grade, tmp_path)
    assert list(tmp_path.glob("feedback/ann/*/*.html"))


def test_the_readme_in_chinese_has_the_same_commands():
    def bare(page):
        return [re.sub(" *#.*", "", block.replace("-zh-hant", "")) for block in commands(page)]

    assert bare("README.zh-Hant.md") == bare("README.md")


def test_the_readmes_cycle(course, examples):
    course.submit("ann", (examples / "perfect.ipynb").read_bytes())
    shutil.copyfile(examples / "perfect.ipynb", course.root / "some-notebook.ipynb")
    (cycle,) = (block for block in commands("README.md") if "nbgrader generate_assignment" in block)
    run(cycle.replace(". .venv/bin/activate\n", ""), course.root)
    with open(course.root / "grades.csv", encoding="utf-8") as file:
        assert [float(row["score"]) for row in csv.DictReader(file) if row["student_id"] == "ann"] == [100]
    assert list(course.root.glob("*-report.html"))
    assert list(course.root.glob("feedback/ann/*/*.html"))
