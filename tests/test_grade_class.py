"""`autograder grade`: a class over a process pool, recorded by nbgrader, and gone on with after whatever happened."""

import contextlib
import os
import random
import subprocess
import sys
import time
from functools import partial

import psutil
import pytest
from nbgrader.api import Gradebook

from autograder.course.new_assignment import new_assignment
from autograder.course.selftest import misconception_cases
from autograder.grading.assignment import load_assignment

pytestmark = pytest.mark.slow


def grade(root, *options):
    command = [sys.executable, "-m", "autograder", "grade", *options]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)


def gradebook(course):
    """Student -> the score of each test cell."""
    return scores_in(f"sqlite:///{course.root / 'gradebook.db'}", course.assignment)


def scores_in(url, assignment):
    """The same, of the gradebook with this URL."""
    with Gradebook(url) as book:
        submissions = book.assignment_submissions(assignment)
        return {
            one.student.id: {grade.name: grade.score for notebook in one.notebooks for grade in notebook.grades}
            for one in submissions
        }


def wait_until_none(left_of):
    """Wait for what `left_of()` lists to be gone; it has a minute."""
    deadline = time.monotonic() + 60
    while left := left_of():
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def alive(group):
    """The processes of a process group that have not ended."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            # whether one that ended was waited for is its parent's business
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append((process, process.cmdline()))
    return found


def forget_grades(course):
    """As if nothing was graded; the gradebook stays."""
    for marker in course.kept.glob("re*/*"):
        marker.unlink()


@pytest.fixture
def filled(small_course):
    for student, content in small_course.examples.items():
        small_course.submit(student, content)
    forget_grades(small_course)
    return small_course


def test_what_was_graded_is_not_graded_again(filled):
    first = grade(filled.root)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "4 submissions: 4 graded, 4 recorded, 0 failed" in first.stdout
    assert len(list((filled.kept / "reports").iterdir())) == 3  # what is no notebook has none
    scores = gradebook(filled)
    assert sum(scores["perfect"].values()) == 10
    assert sum(scores["not-a-notebook"].values()) == 0
    assert "4 submissions: 0 graded, 0 recorded, 0 failed" in grade(filled.root).stdout

    wrong = misconception_cases(load_assignment("averages", filled.root))[0]
    filled.submit("perfect", wrong.notebook)
    again = grade(filled.root, "--jobs", "1").stdout
    assert "4 submissions: 1 graded, 1 recorded, 0 failed" in again
    after = gradebook(filled)
    assert sum(after.pop("perfect").values()) < 10
    assert after == {name: scores[name] for name in after}
    # nbgrader alone comes to the same grades
    before = gradebook(filled)
    assert filled.nbgrader("autograde", "averages", "--force").returncode == 0
    assert gradebook(filled) == before


@pytest.mark.parametrize("times", [int(os.environ.get("KILLS", "2"))])
def test_a_run_that_is_killed_is_gone_on_with(filled, times, tmp_path_factory):
    """`KILLS=50 pytest tests/test_grade_class.py` kills it at 50 random points."""
    undisturbed = (grade(filled.root), gradebook(filled))[1]
    moments = random.Random(1)
    scratch = tmp_path_factory.mktemp("scratch")
    for _ in range(times):
        for marker in filled.kept.glob("re*/*"):
            if moments.random() < 0.7:  # some are left as they are
                marker.unlink()
        run = subprocess.Popen(
            [sys.executable, "-m", "autograder", "grade"], cwd=filled.root, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True, env={**os.environ, "TMPDIR": str(scratch)},
        )  # fmt: skip
        try:
            run.wait(timeout=moments.uniform(1, 5))
        except subprocess.TimeoutExpired:
            run.kill()  # only the grader: what it started ends by itself
            run.wait()
            wait_until_none(partial(alive, run.pid))
            wait_until_none(lambda: list(scratch.glob("autograder-*")))
        last = grade(filled.root)
        assert last.returncode == 0, last.stdout + last.stderr
        assert gradebook(filled) == undisturbed


STARTED_BY = {"a grading process": "multiprocessing.forkserver", "a student's": "sandbox/forkserver.py"}


def started_by(program, run):
    """The processes that those of a run started which have `program` in their command."""
    found = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in psutil.Process(run.pid).children(recursive=True):
            if program in " ".join(one.cmdline()):
                found += one.children()
    return found


def test_a_process_that_is_killed_costs_no_grade(filled):
    undisturbed = (grade(filled.root), gradebook(filled))[1]
    command = [sys.executable, "-m", "autograder", "grade"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    for kind, program in STARTED_BY.items():
        forget_grades(filled)
        with subprocess.Popen(command, cwd=filled.root, **quiet) as run:
            while not (found := started_by(program, run)):
                assert run.poll() is None
            found[0].kill()
            assert "Traceback" not in run.stderr.read(), kind
        assert grade(filled.root).returncode == 0
        assert gradebook(filled) == undisturbed, kind


def test_nbgrader_that_is_killed_is_gone_on_with(filled):
    undisturbed = (grade(filled.root), gradebook(filled))[1]
    command = [sys.executable, "-m", "nbgrader", "autograde", "averages", "--force"]
    with subprocess.Popen(command, cwd=filled.root, stderr=subprocess.DEVNULL) as run:
        while not any(marker.read_text().startswith('["", ') for marker in (filled.kept / "recorded").iterdir()):
            assert run.poll() is None
        run.kill()
    assert grade(filled.root).returncode == 0
    assert gradebook(filled) == undisturbed


def test_what_breaks_on_our_side_is_named_and_tried_again(filled):
    assert grade(filled.root).returncode == 0  # so that these submissions count as recorded with these checks
    path = filled.root / "autograder" / "assignments" / "averages" / "test_moving_average.py"
    whole = path.read_text("utf-8")
    path.write_text(whole.replace("rng.normal", "rng.no_such_draw", 1), "utf-8")
    broken = grade(filled.root)
    assert broken.returncode == 1
    said = "perfect: moving_average.length could not be assessed, since it broke down (AttributeError: "
    assert said in " ".join(broken.stdout.split())
    assert "Traceback" not in broken.stdout + broken.stderr
    path.write_text(whole, "utf-8")
    assert grade(filled.root).returncode == 0
    assert sum(gradebook(filled)["perfect"].values()) == 10


def test_an_empty_class_gets_one_sentence(tmp_path):
    new_assignment("averages", tmp_path)
    result = grade(tmp_path)
    assert result.returncode == 0
    assert "There is nothing to grade" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
