"""Late work and extensions through nbgrader, and what a corrected check changes, said before it is recorded."""

import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.cli import main
from autograder.course.course import Course
from tests.test_class_report import Page
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


def words(html):
    """The text of a page, as a table's cell would hold it."""
    return " ".join(unescape(re.sub("<[^>]+>", " ", html)).split()).replace(" ", "")


def test_scores_words_and_penalties_are_the_same_wherever_they_stand(late):
    with book(late) as gradebook:  # as Formgrader does; the next run records it again
        gradebook.find_grade("test-sample", "dinosaur-island", "dinosaur-island", "extended").manual_score = 20
        gradebook.find_grade("test-optimize", "dinosaur-island", "dinosaur-island", "extended").extra_credit = 2
        gradebook.db.commit()
    (late.root / "submitted" / "extended" / "dinosaur-island" / "timestamp.txt").write_text("2026-11-03 12:31:00 UTC")
    assert "5 submissions: 0 graded, 1 recorded, 0 failed" in grade(late.root).stdout
    path = late.root / "report.html"
    assert main(["report", "--course", str(late.root), "--output", str(path)]) == 0
    formgrader = {one["student"]: one for one in Course(late.root).api.get_submissions("dinosaur-island")}
    exported = {row["student_id"]: row for row in read_csv(export(late, "Csv"))}
    moodle = {row["Username"]: row for row in read_csv(export(late, "Moodle"))}
    table = {row["student"]: row for row in read_csv(late.root / "report-students.csv")}
    page = Page(path.read_text("utf-8"))
    header, *rows = (row.split() for row in page.rows["students"])
    on_page = {row[0]: dict(zip(header[1:], row[1:], strict=False)) for row in rows}
    assert table["extended"] | {"clip": "15", "sample": "20", "optimize": "2", "model": "0"} == table["extended"]
    assert (table["extended"]["late penalty"], table["extended"]["score"]) == ("11.1", "25.9")
    for student in HANDED_IN:
        of_class, csv, feedback = table[student], exported[student], late.feedback(student)
        score, penalty = of_class["score"], of_class["late penalty"]
        assert float(csv["raw_score"]) == formgrader[student]["score"]
        assert (csv["score"], csv["late_submission_penalty"]) == (score, penalty)
        assert moodle[student]["dinosaur-island"] == score == on_page[student]["score"]
        assert on_page[student].get("late", "−0") == f"−{penalty}"
        assert f'<p class="score">{score} of 100 points</p>' in feedback
        for name, most in {"clip": 15, "sample": 25, "optimize": 25, "model": 35}.items():
            assert on_page[student][name] == of_class[name]
            assert f'{name}</th><td class="number">{of_class[name]} of {most}</td>' in feedback
        assert (f'penalty</th><td class="number">−{penalty}</td>' in feedback) == (penalty != "0")
        firsts = of_class["look at first"].replace("optimize: ", "").split(" model: ")
        assert len(firsts) == 2
        for first in firsts:
            said = words(first.replace("`", ""))
            assert said in words(feedback) and said in "".join(words(row) for row in page.rows["help"])


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
    first_line = "    compare_random(student, reference, some_above(rng, 8), 8)"
    assert right.count(first_line) == 1
    check.write_text(
        right.replace(first_line, "    assert rng is None, 'This check is wrong.'\n" + first_line), "utf-8"
    )
    wrong = grade(late.root)
    assert wrong.returncode == 0, wrong.stdout
    before = gradebook(late)
    assert sum(before["one-day"].values()) == 38
    check.write_text(right, "utf-8")

    preview = grade(late.root, "--preview")
    assert "6 submissions: 1 graded, 0 recorded, 0 failed" in preview.stdout
    assert "5 scores change:" in preview.stdout
    assert "one-day: 38 → 40 (clip.upper_bound 0 → 2)" in preview.stdout
    assert "blank" not in preview.stdout
    assert gradebook(late) == before

    last = grade(late.root)
    assert "6 submissions: 0 graded, 6 recorded, 0 failed" in last.stdout
    assert "5 scores changed:" in last.stdout
    assert sum(gradebook(late)["one-day"].values()) == 40
