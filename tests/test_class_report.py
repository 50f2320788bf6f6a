"""`autograder report`: one page about the class, from what was graded."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from autograder.grading.report import Check, Report
from autograder.messages import Message
from autograder.pages.class_report import items, misconceptions
from tests.test_grade_class import grade

pytestmark = pytest.mark.slow

CLASS = ("perfect", "blank", "half-finished", "sample-takes-the-maximum", "not-a-notebook")


def report(root, *options):
    command = [sys.executable, "-m", "autograder", "report", *options]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100)


class Page(HTMLParser):
    """The rows of each section's tables, as text; what the page refers to; which tags it uses."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.links, self.tags = {}, [], set()
        self.section = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        values = dict(attributes)
        if tag == "section":
            self.section = values["id"]
            self.rows[self.section] = []
        if tag == "tr":
            self.rows[self.section].append("")
        self.links += [values[name] for name in ("href", "src", "xlink:href") if name in values]

    def handle_data(self, data):
        if self.section and self.rows[self.section]:
            self.rows[self.section][-1] += f" {data.strip()}" if data.strip() else ""


@pytest.fixture(scope="module")
def graded(course, examples):
    assert course.nbgrader("generate_assignment", "dinosaur-island").returncode == 0
    for name in CLASS:
        course.submit(name, (examples / f"{name}.ipynb").read_bytes())
    assert grade(course.root).returncode == 0
    done = report(course.root)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "4 graded submissions, 1 others: dinosaur-island-report.html\n"
    course.text = (course.root / "dinosaur-island-report.html").read_text("utf-8")
    course.page = Page(course.text)
    return course


def test_it_says_how_the_class_did(graded):
    figures = dict(
        zip(re.findall(r"<dt>(.*?)</dt>", graded.text), re.findall(r"<dd>(.*?)</dd>", graded.text), strict=True)
    )
    assert figures["submissions"] == "5"
    assert figures["with full marks"] == "1"
    assert figures["not readable"] == "1"
    counts = [int(row.split()[-1]) for row in graded.page.rows["scores"] if " to " in row]
    assert sum(counts) == 4 and counts[0] == 1 and counts[-1] == 1


def test_each_check_says_how_many_passed(graded):
    rows = {row.split()[0]: row for row in graded.page.rows["checks"]}
    assert re.search(r" 2 3 75\u202f% 0 1 0\.\d\d$", rows["clip.worked_example"])  # all but the blank one
    assert len(rows) == 1 + 39


def test_it_names_misconceptions_and_who_may_need_help(graded):
    (wrong,) = [row for row in graded.page.rows["misconceptions"] if "sample-takes-the-maximum" in row]
    assert wrong.split()[:2] == ["1", "sample"]
    low = [row.split()[0] for row in graded.page.rows["help"][1:]]
    assert low == ["not-a-notebook", "blank", "half-finished"]
    assert any(row.startswith(" not-a-notebook ") for row in graded.page.rows["grading"])


def test_it_needs_nothing_from_outside(graded):
    assert all(link.startswith("#") for link in graded.page.links)
    assert not graded.page.tags & {"script", "link", "iframe", "object", "img"}


def test_it_can_be_written_elsewhere_and_says_when_there_is_nothing(graded, tmp_path):
    assert report(graded.root, "--output", str(tmp_path / "page.html")).returncode == 0
    assert "misconceptions" in (tmp_path / "page.html").read_text()
    for name in ("source", "utils", "datasets", "nbgrader_config.py"):
        (tmp_path / name).symlink_to(graded.root / name)
    empty = report(tmp_path)
    assert empty.returncode == 2
    assert "There is nothing to report" in empty.stderr and "Traceback" not in empty.stderr


def reports(*columns, points=1.0):
    """Reports of a class from one string per check: 1 passed, 0 failed, - not assessed."""
    states = {"1": "passed", "0": "failed", "-": "not assessed"}
    return [
        Report("x", tuple(
            Check(f"f.c{i}", "f", "It works.", states[state], points * (state == "1"), points)
            for i, state in enumerate(row)))
        for row in zip(*columns, strict=True)
    ]  # fmt: skip


def test_discrimination_is_the_correlation_with_the_other_checks():
    one, other, constant = items(reports("1100", "1101", "1111"))
    assert [item.difficulty for item in (one, other, constant)] == [0.5, 0.75, 1]
    assert one.discrimination == pytest.approx(3**-0.5)  # of (1, 1, 0, 0) with (2, 2, 1, 2)
    assert other.discrimination == pytest.approx(3**-0.5)
    assert constant.discrimination is None
    contrary, _, waiting = items(reports("0011", "1100", "11--", points=2.0))
    assert contrary.discrimination == pytest.approx(-1)
    assert (waiting.passed, waiting.failed, waiting.not_assessed) == (2, 0, 2)


def test_misconceptions_come_by_frequency():
    def wrong(known):
        check = Check("f.a", "f", "It works.", "failed", 0, 1, Message("No."), known)
        return Report("x", (check,), diagnoses={"f": Message("You thought {what}.", what=known)})

    rows = misconceptions({"a": wrong("one"), "b": wrong("two"), "c": wrong("two")})
    assert rows == [("two", "f", "You thought two.", ["b", "c"]), ("one", "f", "You thought one.", ["a"])]
