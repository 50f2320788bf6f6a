"""Late work and extensions through nbgrader, and what a corrected check changes, said before it is recorded."""

import shutil
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.test_exports import export, read_csv
from tests.test_grade_class import grade, gradebook

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
HANDED_IN = {
    "in-time": "2026-11-01 11:59:00 UTC",
    "ten-minutes": "2026-11-01 12:10:00 UTC",
    "one-day": "2026-11-02 11:00:00 UTC",
    "extended": "2026-11-03 12:30:00 UTC",
    "two-weeks": "2026-11-15 12:00:00 UTC",
}


def book(course):
    return Gradebook(f"sqlite:///{course.root / 'gradebook.db'}")


def penalties(course):
    with book(course) as gradebook:
        submissions = gradebook.assignment_submissions("dinosaur-island")
        return {one.student.id: float(one.late_submission_penalty or 0) for one in submissions}


@pytest.fixture(scope="module")
def late(course, examples):
    """A class that handed in at different times."""
    assert course.nbgrader("generate_assignment", "dinosaur-island").returncode == 0
    due = course.nbgrader("db", "assignment", "add", "dinosaur-island", "--duedate=2026-11-01 12:00:00 UTC")
    assert due.returncode == 0, due.stderr
    for student, moment in HANDED_IN.items():
        course.submit(student, (examples / "half-finished.ipynb").read_bytes())
        (course.root / "submitted" / student / "dinosaur-island" / "timestamp.txt").write_text(moment)
    done = grade(course.root)
    assert done.returncode == 0, done.stdout + done.stderr
    return course


def test_each_day_that_has_begun_costs_a_tenth_of_what_was_earned(late):
    # 40 points; the first quarter of an hour is free; nothing costs more than all
    expected = {"in-time": 0, "ten-minutes": 0, "one-day": 4, "extended": 12, "two-weeks": 40}
    assert penalties(late) == pytest.approx(expected)
    assert 'Late submission penalty</th><td class="number">−4</td>' in late.feedback("one-day")
    scores = {row["SIS Login ID"]: row["dinosaur-island"] for row in read_csv(export(late, "Canvas"))}
    assert scores["one-day"] == "36" and scores["two-weeks"] == "0"


def test_an_extension_and_another_time_are_recorded_by_the_next_run(late):
    with book(late) as gradebook:
        gradebook.grant_extension("dinosaur-island", "extended", days=2, hours=1)
    (late.root / "submitted" / "two-weeks" / "dinosaur-island" / "timestamp.txt").write_text("2026-11-01 11:00:00 UTC")
    done = grade(late.root)
    assert "5 submissions: 0 graded, 2 recorded, 0 failed" in done.stdout
    assert penalties(late) == pytest.approx(
        {"in-time": 0, "ten-minutes": 0, "one-day": 4, "extended": 0, "two-weeks": 0}
    )


def test_a_corrected_check_says_whose_score_changes_before_it_is_recorded(late, examples):
    late.submit("blank", (examples / "blank.ipynb").read_bytes())
    ours = late.root / "autograder" / "assignments" / "dinosaur-island"
    shutil.copytree(ROOT / "autograder" / "assignments" / "dinosaur-island", ours)
    check = ours / "test_clip.py"
    right = check.read_text("utf-8")
    first_line = "    values = {name: np.abs(value) for name"
    assert right.count(first_line) == 1
    check.write_text(
        right.replace(first_line, "    assert rng is None, 'This check is wrong.'\n" + first_line), "utf-8"
    )
    wrong = grade(late.root)
    assert wrong.returncode == 0, wrong.stdout
    before = gradebook(late.root)
    assert sum(before["one-day"].values()) == 38
    check.write_text(right, "utf-8")

    preview = grade(late.root, "--preview")
    assert "6 submissions: 1 graded, 0 recorded, 0 failed" in preview.stdout
    assert "5 scores change:" in preview.stdout
    assert "one-day: 38 → 40 (clip.upper_bound 0 → 2)" in preview.stdout
    assert "blank" not in preview.stdout
    assert gradebook(late.root) == before

    last = grade(late.root)
    assert "6 submissions: 0 graded, 6 recorded, 0 failed" in last.stdout
    assert "5 scores changed:" in last.stdout
    assert sum(gradebook(late.root)["one-day"].values()) == 40
