"""`autograder new`, and docs/writing-checks.md, which walks through what it writes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "writing-checks.md"
TEMPLATE = ROOT / "autograder" / "new"


def autograder(root, *arguments):
    command = [sys.executable, "-m", "autograder", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=200)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A directory with a new course in it."""
    root = tmp_path_factory.mktemp("course") / 'Ann\'s "new\\statistics"'
    root.mkdir()
    done = autograder(root, "new", "averages")
    assert done.returncode == 0, done.stderr
    return root


def test_a_new_assignment_passes_its_self_test_at_once(begun):
    done = autograder(begun, "selftest")
    assert "2 wrong answers, 1 correct variant: 0 errors." in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
    rows = re.findall(r"^ *moving_average((?: +\d+)+)", done.stdout, re.MULTILINE)
    located, as_well, elsewhere, *_ = map(int, rows[-1].split())
    assert located + as_well > 30
    assert elsewhere == 0


def test_its_checks_accept_no_small_mistake(begun):
    done = autograder(begun, "strength", "averages", "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "38 small mistakes: 37 rejected, 1 accepted; 1 of the accepted answers like the solution" in said


def test_it_is_released_graded_and_exported(begun):
    def nbgrader(*arguments):
        done = subprocess.run([sys.executable, "-m", "nbgrader", *arguments], cwd=begun, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    nbgrader("generate_assignment", "averages")
    handed_out = (begun / "release" / "averages" / "averages.ipynb").read_text("utf-8")
    assert "raise NotImplementedError" in handed_out and "cumsum" not in handed_out
    for student, text in {
        "ann": (begun / "source" / "averages" / "averages.ipynb").read_text("utf-8"),
        "bob": handed_out,
    }.items():
        path = begun / "submitted" / student / "averages" / "averages.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
    done = autograder(begun, "grade")
    assert done.returncode == 0, done.stdout + done.stderr
    nbgrader("export", "--exporter", "autograder.plugins.exports.Canvas", "--to", "canvas.csv")
    rows = (begun / "canvas.csv").read_text("utf-8").splitlines()
    assert [row.rpartition(",")[2] for row in rows] == ["averages", "10", "10", "0"]
    assert autograder(begun, "report").returncode == 0


@pytest.mark.parametrize("name", ["averages", "../out", "", "a b", "-x"])
def test_a_name_that_is_taken_or_none_is_refused_in_a_sentence(begun, name):
    before = sorted(begun.rglob("*"))
    done = autograder(begun, "new", "--", name)
    assert done.returncode == 2
    assert done.stderr.startswith("autograder: ") and "Traceback" not in done.stderr
    assert sorted(begun.rglob("*")) == before


def test_several_assignments_have_to_be_named(begun, tmp_path):
    for name in ("one", "two"):
        assert autograder(tmp_path, "new", name).returncode == 0
    done = autograder(tmp_path, "selftest")
    assert done.returncode == 2 and "Which assignment, one or two?" in done.stderr
    assert autograder(tmp_path, "selftest", "--assignment", "two").returncode == 0


def test_the_page_shows_what_is_written():
    shown = re.findall(r"^```(?:python|toml)\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    notebook = nbformat.read(TEMPLATE / "notebook.ipynb", as_version=4)
    written = [cell.source + "\n" for cell in notebook.cells if cell.cell_type == "code"]
    written += [
        path.read_text("utf-8")
        for path in (TEMPLATE / "checks").rglob("*")
        if path.suffix in (".py", ".toml") and path.is_file()
    ]
    assert sorted(shown) == sorted(written)


ROOMS = ("cli.py", "sandbox/worker.py", "notebook/cells.py", "grading/diagnosis/misconceptions.py", "course/pool.py",
         "pages/templates/function.html.j2", "plugins/grade.py")  # fmt: skip


def test_a_change_in_any_room_of_the_engine_grades_anew(begun, tmp_path):
    """A Report is found again by the checks' hash, among others."""
    shutil.copytree(ROOT / "autograder", tmp_path / "autograder", ignore=shutil.ignore_patterns("assignments"))
    code = (
        "from pathlib import Path; from autograder.grading.assignment import load_assignment;"
        "print(load_assignment('averages', Path.cwd()).checks_hash)"
    )

    def checks_hash():
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        return subprocess.check_output([sys.executable, "-c", code], cwd=begun, env=environment, text=True)

    hashes = [checks_hash()]
    for path in ROOMS:
        with open(tmp_path / "autograder" / path, "a", encoding="utf-8") as file:
            file.write("\n")
        hashes.append(checks_hash())
    assert len(set(hashes)) == 1 + len(ROOMS)
