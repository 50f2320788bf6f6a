"""`autograder report`: one page about the class, from what was graded."""

import base64
import csv
import hashlib
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from autograder.grading.alike import alike
from autograder.grading.report import Check, Diagnosis, Report
from autograder.messages import Message, render
from autograder.pages.class_report import Row, class_html, class_tables, items
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
        self.section, self.goes_on = "", False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.goes_on = tag == "wbr"  # a word that may be broken there
        values = dict(attributes)
        if tag == "section":
            self.section = values["id"]
            self.rows[self.section] = []
        if tag == "tr":
            self.rows[self.section].append("")
        self.links += [values[name] for name in ("href", "src", "xlink:href") if name in values]

    def handle_data(self, data):
        if self.section and self.rows[self.section]:
            space = "" if self.goes_on else " "
            self.rows[self.section][-1] += f"{space}{data.strip()}" if data.strip() else ""


@pytest.fixture(scope="module")
def graded(course, examples):
    assert course.nbgrader("generate_assignment", "dinosaur-island").returncode == 0
    for name in CLASS:
        course.submit(name, (examples / f"{name}.ipynb").read_bytes())
    assert grade(course.root).returncode == 0
    done = report(course.root)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "4 graded submissions, 1 other: dinosaur-island-report.html\n"
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
    assert len(rows) == 1 + 40


def test_it_names_mistakes_and_who_may_need_help(graded):
    (wrong,) = [row for row in graded.page.rows["mistakes"] if "sample-takes-the-maximum" in row]
    assert wrong.split()[:2] == ["1", "sample"]
    low = [row.split()[0] for row in graded.page.rows["help"][1:]]
    assert low == ["not-a-notebook", "blank", "half-finished"]
    assert any(row.startswith(" not-a-notebook ") for row in graded.page.rows["grading"])


def test_students_stand_with_their_points_and_pages(graded):
    rows = {row.split()[0]: row.split()[1:] for row in graded.page.rows["students"]}
    assert rows["student"] == ["score", "clip", "sample", "optimize", "model"]
    assert rows["half-finished"] == ["40", "15", "25", "0", "0"]
    assert rows["not-a-notebook"] == ["0"] * 5
    pages = [link for link in graded.page.links if link.startswith("feedback/")]
    assert {page.split("/")[1] for page in pages} == set(CLASS)
    assert all((graded.root / page).is_file() for page in pages)


def test_exercises_have_means(graded):
    rows = {row.split()[0]: row.split()[1:] for row in graded.page.rows["exercises"]}
    assert rows["clip"] == ["15", "11.25", "75", "%", "3", "1"]  # of 15, 0, 15 and 15
    assert rows["model"] == ["35", "17.5", "50", "%", "2", "2"]


def test_all_of_it_is_there_as_csv(graded):
    with open(graded.root / "dinosaur-island-report-students.csv", newline="", encoding="utf-8") as file:
        students = {row["student"]: row for row in csv.DictReader(file)}
    assert students["half-finished"]["score"] == "40" and students["half-finished"]["out of"] == "100"
    assert "no points for optimize, model" in students["half-finished"]["may need help"]
    assert "always take the most likely letter" in students["sample-takes-the-maximum"]["look at first"]
    assert "not a Jupyter notebook" in students["not-a-notebook"]["about the file"]
    with open(graded.root / "dinosaur-island-report-checks.csv", newline="", encoding="utf-8") as file:
        checks = {row["check"]: row for row in csv.DictReader(file)}
    assert checks["clip.worked_example"]["passed"] == "3" and len(checks) == 40


def test_it_needs_nothing_from_outside(graded):
    assert all(link.startswith(("#", "feedback/", "dinosaur-island-report-")) for link in graded.page.links)
    assert not graded.page.tags & {"link", "iframe", "object", "img"}


def test_the_only_script_that_may_run_is_the_search(graded):
    [script] = re.findall("<script>(.*?)</script>", graded.text, re.DOTALL)
    assert "document.getElementById" in script
    ours = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{ours}'\">" in graded.text


def test_it_can_be_written_elsewhere_and_says_when_there_is_nothing(graded, tmp_path):
    assert report(graded.root, "--output", str(tmp_path / "page.html")).returncode == 0
    assert "like no other" in (tmp_path / "page.html").read_text()
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


def shown(*rows, exercises=None):
    return Page(class_html("x", exercises or {"f": 1.0, "g": 9.0}, rows, {}))


def test_who_may_need_help():
    one = Report("x", (Check("f.a", "f", "It works.", "failed", 0, 1, Message("No.")),
                       Check("g.a", "g", "It works.", "passed", 9, 9)))  # fmt: skip
    rows = [
        Row("no-f", points={"f": 0, "g": 9}, report=one),
        Row("late", points={"f": 1, "g": 9}, penalty=5, report=one),
        Row("by-hand", points={"f": 1, "g": 9}, report=one),
        Row("unread-essay", points={"f": 1}, report=one),
        Row("absent", why="Nothing was handed in.", handed_in=False),
    ]
    page = shown(*rows)
    assert [row.split()[0] for row in page.rows["help"][1:]] == ["absent", "late", "no-f"]
    assert "no points for f" in page.rows["help"][3]
    students = {row.split()[0]: row.split()[1:] for row in page.rows["students"]}
    assert students["late"] == ["5", "1", "9", "−5"] and students["unread-essay"] == ["1", "1", "–"]
    table = list(csv.DictReader(class_tables({"f": 1.0, "g": 9.0}, rows)["students"].splitlines()))
    assert (table[1]["late penalty"], table[1]["score"], table[1]["g"]) == ("5", "5", "9")


def test_attempts_stand_where_there_are_several():
    one = reports("1")[0]
    rows = [
        Row("slow", points={"f": 1, "g": 9}, report=one, attempts=[("t1", 0), ("t2", 2.5), ("t3", 10)]),
        Row("quick", points={"f": 1, "g": 9}, report=one, attempts=[("t1", 8)]),
        Row("absent", why="Nothing was handed in.", handed_in=False),
    ]
    by_attempt = [row.split()[:3] for row in shown(*rows).rows["attempts"]]
    assert by_attempt[1:4] == [["1", "2", "4"], ["2", "1", "2.5"], ["3", "1", "10"]]
    assert [" ".join(row.split()) for row in shown(*rows).rows["attempts"][5:]] == ["slow 0 → 2.5 → 10"]
    table = list(csv.reader(class_tables({"f": 1.0, "g": 9.0}, rows)["attempts"].splitlines()))
    assert table[1:] == [
        ["slow", "1", "t1", "0"], ["slow", "2", "t2", "2.5"], ["slow", "3", "t3", "10"], ["quick", "1", "t1", "8"],
    ]  # fmt: skip
    assert "attempts" not in shown(*rows[1:]).rows and "attempts" not in class_tables({"f": 1.0}, rows[1:])


def test_a_name_can_neither_break_the_page_nor_a_spreadsheet():
    row = Row("=1+1<script>", "<b>, x", {"f": 1}, report=reports("1")[0], pages={"x": "a%3Cb.html"})
    page = class_html("x", {"f": 1.0}, [row], {})
    assert "<b>" not in page and page.count("<script>") == 1
    assert "'=1+1" in class_tables({"f": 1.0}, [row])["students"]


def test_one_notebook_is_one_notebook():
    one = Report("x", reports("1")[0].checks, (Message("Repaired."),))
    page = class_html("x", {"f": 1.0}, [Row("a", points={"f": 1}, report=one)], {})
    assert "in 1 notebook<" in page


def test_mistakes_come_by_frequency():
    def wrong(known):
        check = Check("f.a", "f", "It works.", "failed", 0, 1, Message("No."), known)
        return Report(
            "x",
            (check,),
            diagnoses={"f": Diagnosis("misconception", Message("You thought {what}.", what=known), known)},
        )

    rows = alike({"a": wrong("one"), "b": wrong("two"), "c": wrong("two")})
    assert [(one.id, one.function, render(one.said), one.students) for one in rows] == [
        ("two", "f", "You thought two.", ("b", "c")),
        ("one", "f", "You thought one.", ("a",)),
    ]


def test_without_a_diagnosis_the_same_answers_to_the_checks_are_the_same_mistake_wherever_they_stand():
    def wrong(seen, line):
        said = Message("f(1) should be 2; yours is {seen} in line {line}.", seen=seen, line=line)
        return Report("x", (Check("f.a", "f", "It works.", "failed", 0, 1, said),))

    assert [one.students for one in alike({"a": wrong(1, 3), "b": wrong(0, 3), "c": wrong(1, 7)})] == [
        ("a", "c"),
        ("b",),
    ]
