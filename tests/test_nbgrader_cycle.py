"""The instructor's cycle with nbgrader's own commands: release, autograde, feedback, export."""

import csv
import filecmp
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "submissions"
SECRET = "the-canary-sings-4711"
HOSTILE = """# Hello
<script>alert("markdown")</script> <img src=x onerror=alert(1)> [link](javascript:alert(2))
<iframe src="https://example.org"></iframe> $a < b$
"""


def folders_with_links(course):
    """Submissions with links and pipes beside the notebook, or in its place."""
    (course.root / "secret").write_text(SECRET)
    perfect = (EXAMPLES / "perfect.ipynb").read_bytes()
    for student in ("link", "dangling", "folder-link", "pipe"):
        course.submit(student, perfect)
    submitted = course.root / "submitted"
    (submitted / "link" / "dinosaur-island" / "x").symlink_to(course.root / "secret")
    (submitted / "dangling" / "dinosaur-island" / "x").symlink_to("/does/not/exist")
    (submitted / "folder-link" / "dinosaur-island" / "x").symlink_to(course.root)
    os.mkfifo(submitted / "pipe" / "dinosaur-island" / "x")
    (submitted / "all-linked").mkdir()
    (submitted / "all-linked" / "dinosaur-island").symlink_to("../perfect/dinosaur-island")
    folder = submitted / "notebook-linked" / "dinosaur-island"
    folder.mkdir(parents=True)
    (folder / "dinosaur-island.ipynb").symlink_to("../../perfect/dinosaur-island/dinosaur-island.ipynb")


@pytest.fixture(scope="module")
def graded(course):
    """The course after one autograde of a mixed class, and its feedback pages."""
    assert course.nbgrader("generate_assignment", "dinosaur-island").returncode == 0
    perfect = json.loads((EXAMPLES / "perfect.ipynb").read_text())
    course.submit("perfect", json.dumps(perfect).encode())
    course.submit("blank", (course.root / "release" / "dinosaur-island" / "dinosaur-island.ipynb").read_bytes())
    course.submit("garbage", b"\x89PNG\r\n\x1a\n\x00\x00")
    course.submit("empty", b"")
    hostile = json.loads(json.dumps(perfect))
    hostile["metadata"]["title"] = "</title><script>alert(3)</script>"
    hostile["cells"].insert(0, {"cell_type": "markdown", "id": "x", "metadata": {}, "source": HOSTILE})
    hostile["cells"].insert(1, {"cell_type": "raw", "id": "y", "metadata": {}, "source": "<script>alert(4)</script>"})
    code = "def unused():\n    '<script>alert(5)</script>'"
    hostile["cells"].insert(2, {"cell_type": "code", "id": "z", "metadata": {}, "source": code,
                                "execution_count": None, "outputs": [
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<script>6</script>"}}]})  # fmt: skip
    course.submit("hostile", json.dumps(hostile).encode())
    folder = course.root / "submitted" / "folder" / "dinosaur-island" / "dinosaur-island.ipynb"
    folder.mkdir(parents=True)
    raising = json.loads(json.dumps(perfect))
    for cell in raising["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "clip":
            cell["source"] = "def clip(gradients, maxValue):\n    raise ValueError('<script>alert(7)</script>')"
    course.submit("raising", json.dumps(raising).encode())
    folders_with_links(course)
    course.autograde = course.nbgrader("autograde", "dinosaur-island")
    course.generate_feedback = course.nbgrader("generate_feedback", "dinosaur-island")
    assert course.nbgrader("export").returncode == 0
    with open(course.root / "grades.csv", encoding="utf-8") as file:
        course.grades = {row["student_id"]: float(row["score"] or 0) for row in csv.DictReader(file)}
    return course


def test_the_release_holds_what_a_student_needs_and_no_solution(graded):
    release = graded.root / "release" / "dinosaur-island"
    names = {str(path.relative_to(release)) for path in release.rglob("*") if path.is_file()}
    assert names == {
        "dinosaur-island.ipynb", "README.md", "utils/__init__.py", "utils/rnn.py", "utils/baselines.py",
        "utils/plots.py", "utils/testing.py", "datasets/dinos.txt", "datasets/README.md",
        ".github/workflows/check.yml", ".gitlab-ci.yml",
    }  # fmt: skip
    text = (release / "dinosaur-island.ipynb").read_text()
    assert "SOLUTION" not in text
    assert text.count("raise NotImplementedError()") >= 4
    assert "np.clip(gradients[name]" not in text


@pytest.mark.parametrize(
    "assignment", ["dinosaur-island", "dinosaur-island-zh-hant", "shakespeare", "shakespeare-zh-hant"]
)
def test_the_committed_release_is_up_to_date(graded, assignment):
    if assignment != "dinosaur-island":
        assert graded.nbgrader("generate_assignment", assignment).returncode == 0
    fresh, ours = graded.root / "release" / assignment, ROOT / "release" / assignment
    names = [str(path.relative_to(fresh)) for path in fresh.rglob("*") if path.is_file()]
    assert "README.md" in names, "says what to install and what to open"
    _, different, missing = filecmp.cmpfiles(fresh, ours, names, shallow=False)
    assert not (different or missing), "run `make release` and commit the result"


def test_one_of_the_class_may_hand_in_the_lesson_in_another_language(graded):
    """After the releases were generated. Nobody is missing in the report of the language that they did not choose."""
    name = "dinosaur-island-zh-hant"
    folder = graded.root / "submitted" / "chinese" / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_bytes((ROOT / "source" / name / f"{name}.ipynb").read_bytes())
    for command in (["grade", name], ["report", name]):
        subprocess.run([sys.executable, "-m", "autograder", *command], cwd=graded.root, check=True, timeout=300)
    page = (graded.root / "feedback" / "chinese" / name / f"{name}.html").read_text("utf-8")
    assert '<html lang="zh-Hant">' in page and "100 分，滿分 100 分" in page
    with open(graded.root / f"{name}-report-students.csv", newline="", encoding="utf-8") as file:
        assert [row[0] for row in csv.reader(file)][1:] == ["chinese"]


def test_everybody_gets_the_grade_they_deserve(graded):
    expected = {"perfect": 100, "blank": 0, "garbage": 0, "empty": 0, "hostile": 100}
    assert {name: graded.grades[name] for name in expected} == expected


def test_feedback_names_checks_and_reasons(graded):
    blank = graded.feedback("blank")
    assert "is not written yet" in blank
    assert "0 of 15 points" in blank
    perfect = graded.feedback("perfect")
    assert "35 of 35 points" in perfect
    assert "✗" not in perfect
    assert "not a Jupyter notebook" in graded.feedback("garbage")
    assert "empty" in graded.feedback("empty")


def test_feedback_shows_no_hidden_check(graded):
    for student in ("perfect", "blank", "raising"):
        page = graded.feedback(student)
        assert "assert_same" not in page
        assert "pytest" not in page


@pytest.mark.parametrize("student", ["hostile", "raising"])
def test_what_students_write_is_harmless_on_the_page(graded, student):
    page = graded.feedback(student)
    for harm in ("<script>alert", "<script>6", "<img src=x", 'href="javascript:', "<iframe"):
        assert harm not in page


def test_links_beside_a_notebook_lead_nowhere(graded):
    assert {name: graded.grades[name] for name in ("link", "dangling", "folder-link", "pipe")} == {
        "link": 100, "dangling": 100, "folder-link": 100, "pipe": 100,
    }  # fmt: skip
    assert graded.grades["all-linked"] == graded.grades["notebook-linked"] == 0
    assert "it is a link" in graded.feedback("notebook-linked")
    for path in (path for step in ("autograded", "feedback") for path in (graded.root / step).rglob("*")):
        assert not path.is_symlink()
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
    assert "Traceback" not in graded.autograde.stdout + graded.autograde.stderr
    assert "all-linked: of what was handed in, this is left out: dinosaur-island: it" in graded.autograde.stderr


def test_a_directory_in_the_place_of_a_notebook_stops_nobody(graded):
    assert graded.grades.get("folder", 0) == 0
    assert "Traceback" not in graded.autograde.stdout


def test_the_solved_source_passes_nbgraders_own_validation(course):
    run = course.nbgrader("validate", "source/dinosaur-island/dinosaur-island.ipynb")
    assert "Success" in run.stdout + run.stderr
