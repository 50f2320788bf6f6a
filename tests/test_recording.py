"""`autograder grade` records what `nbgrader autograde` and `generate_feedback` record: row for row, file for file."""

import csv
import io
import itertools
import json
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing

import nbformat
import pytest
import sqlalchemy
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.cli import main
from autograder.course.calibration import ready
from autograder.course.course import Course
from autograder.course.demo import make_course
from autograder.course.grade_class import grade_class
from autograder.course.marked import HandedIn, marked
from autograder.course.new_assignment import new_assignment
from autograder.course.pool import local_workers
from autograder.course.record import Recorder, Work
from autograder.course.report_cache import write_whole
from autograder.grading.assignment import load_assignment, load_notebooks

ROWS = {
    "students": "SELECT id, first_name, last_name, email FROM student",
    "courses": "SELECT id FROM course",
    "submissions": "SELECT student_id, a.name, timestamp, extension FROM submitted_assignment s "
    "JOIN assignment a ON a.id = s.assignment_id",
    "notebooks": "SELECT student_id, n.name, flagged, late_submission_penalty FROM submitted_notebook sn "
    "JOIN submitted_assignment s ON s.id = sn.assignment_id JOIN notebook n ON n.id = sn.notebook_id",
    "grades": "SELECT student_id, c.name, c.type, auto_score, manual_score, extra_credit, needs_manual_grade "
    "FROM grade g JOIN submitted_notebook sn ON sn.id = g.notebook_id "
    "JOIN submitted_assignment s ON s.id = sn.assignment_id "
    "JOIN base_cell c ON c.id = g.cell_id",
    "comments": "SELECT student_id, c.name, c.type, auto_comment, manual_comment FROM comment g "
    "JOIN submitted_notebook sn ON sn.id = g.notebook_id JOIN submitted_assignment s ON s.id = sn.assignment_id "
    "JOIN base_cell c ON c.id = g.cell_id",
}


def gradebook(root):
    return Gradebook(f"sqlite:///{root / 'gradebook.db'}")


def rows(root):
    """All that the gradebook says of students, by names instead of ids."""
    with closing(sqlite3.connect(root / "gradebook.db")) as book:
        return {name: sorted(map(str, book.execute(query))) for name, query in ROWS.items()}


def files(root):
    """What lies in autograded/ and feedback/: permissions, and bytes but for pages."""
    found = {}
    for folder in ("autograded", "feedback"):
        for path in sorted((root / folder).rglob("*")):
            content = "" if path.is_dir() or path.suffix == ".html" else path.read_bytes()
            found[str(path.relative_to(root))] = (oct(path.stat().st_mode), content)
    return found


def by_nbgrader(root, name):
    """Record with nbgrader's own converters."""
    api = Course(root).api
    return [step(name, "*", force=True) for step in (api.autograde, api.generate_feedback)]


def by_us(root, name):
    """`autograder grade`, in this process. Returns its status, and what it said in one line."""
    console = Console(file=io.StringIO(), width=500)
    course = Course(root)
    notebooks = [ready(one, course.limits) for one in load_notebooks(name, root)]
    status = grade_class(course, notebooks, local_workers(notebooks, 1, course.limits, 2), console)
    return status, " ".join(console.file.getvalue().split())


def assert_alike(ours, theirs, name):
    """Both ways, one after the other: the same seed, the same rows and files. Returns what ours said."""
    status, said = by_us(ours, name)
    shutil.copytree(ours / ".autograder", theirs / ".autograder", dirs_exist_ok=True)
    log = by_nbgrader(theirs, name)
    for what, here in rows(ours).items():
        assert here == rows(theirs)[what], log
    there = files(theirs)
    for path, found in files(ours).items():
        assert found == there.pop(path), path
    assert not there
    return status, said


def test_the_example_class(tmp_path, examples):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    make_course(ours, sorted(examples.glob("*.ipynb")))
    write_whole(ours / ".autograder" / "dinosaur-island" / "seed", "1")
    assert Course(ours).api.generate_assignment("dinosaur-island")["success"]
    shutil.copytree(ours, theirs, symlinks=True)
    assert assert_alike(ours, theirs, "dinosaur-island")[0] == 0


MARK = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
ESSAY = {**MARK, "grade_id": "essay", "grade": True, "solution": True, "points": 5}
PROGRAM = {**MARK, "grade_id": "program", "grade": True, "solution": True, "points": 3}
TASK = {**MARK, "grade_id": "task", "task": True, "locked": True, "points": 2}
NOTE = {**MARK, "grade_id": "note", "locked": True}
PLAIN = {**MARK, "grade_id": "plain"}


def cell(kind, source, mark):
    made = getattr(nbformat.v4, f"new_{kind}_cell")(source)
    made.metadata["nbgrader"] = {**mark, "cell_type": kind}
    if "points" not in mark:
        made.metadata["nbgrader"].pop("points", None)
    return made


@pytest.fixture
def both(tmp_path):
    """A course with all kinds of cells, twice."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    new_assignment("averages", ours)
    source = ours / "source" / "averages" / "averages.ipynb"
    notebook = nbformat.read(source, as_version=4)
    notebook.cells += [
        cell("markdown", "Why? YOUR ANSWER HERE", ESSAY), cell("code", "# any program\n", PROGRAM),
        cell("markdown", "Do something.", TASK), cell("markdown", "Read this.", NOTE), cell("code", "1 + 1", PLAIN),
    ]  # fmt: skip
    nbformat.write(notebook, source)
    (source.parent / "data").mkdir()
    (source.parent / "data" / "numbers.csv").write_text("1,2\n")
    (source.parent / ".hidden.pyc").write_text("")
    (source.parent / "ignored.pyc").write_text("")
    write_whole(ours / ".autograder" / "averages" / "seed", "1")
    assert Course(ours).api.generate_assignment("averages")["success"]
    shutil.copytree(ours, theirs)
    return ours, theirs


def hand_in(both, student, change=None, timestamp="", **more):
    """A student's notebook: the solution, or what `change` makes of it, and files beside it."""
    for root in both:
        folder = root / "submitted" / student / "averages"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        notebook = nbformat.read(root / "source" / "averages" / "averages.ipynb", as_version=4)
        content = nbformat.writes(notebook) if change is None else change(notebook)
        if content is not None:
            (folder / "averages.ipynb").write_text(content)
        if timestamp:
            (folder / "timestamp.txt").write_text(timestamp)
        for name, text in more.items():
            (folder / name).write_text(text)


def answered(notebook):
    for one in notebook.cells:
        if one.metadata.get("nbgrader", {}).get("grade_id") in ("essay", "program", "task"):
            one.source += " Because."
    return nbformat.writes(notebook)


def wrong(notebook):
    for one in notebook.cells:
        one.source = one.source.replace("/ window", "* window").replace("1 + 1", "2 + 2")
    return nbformat.writes(notebook)


def test_a_class_with_all_that_happens(both):
    for root in both:
        with gradebook(root) as book:
            book.update_or_create_assignment("averages", duedate="2026-11-01 12:00:00 UTC")
            book.add_student("ann", first_name="Ann", last_name="Other")
    hand_in(both, "ann", timestamp="2026-11-01 11:00:00 UTC")
    hand_in(both, "bob", answered, notes="mine")
    hand_in(both, "cy", wrong, timestamp="2026-11-02 14:00:00 UTC")
    hand_in(both, "dot", lambda _: "no notebook", timestamp="2026-11-20 12:00:00 UTC")
    hand_in(both, "eve", lambda _: None, letter="I have no notebook")
    hand_in(both, "fay", lambda _: json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}))
    hand_in(both, "gus", timestamp="2026-11-01 12:20:00 UTC")
    hand_in(both, "hal", answered, timestamp="2026-11-03 12:20:00 UTC")
    status, said = assert_alike(*both, "averages")
    assert status == 1
    assert "7 recorded, 1 failed" in said and "eve: There is no notebook" in said
    assert "scores changed" not in said

    for root in both:
        with gradebook(root) as book:
            book.grant_extension("averages", "hal", days=1)
            grade = book.find_grade("essay", "averages", "averages", "bob")
            grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 4, 0.5, False
            book.find_grade("task", "averages", "averages", "bob").manual_score = 1
            book.find_grade("test-moving_average", "averages", "averages", "cy").manual_score = 7
            book.find_comment("essay", "averages", "averages", "bob").manual_comment = "Well **done**."
            book.find_comment("task", "averages", "averages", "hal").manual_comment = "Late."
            book.find_submission_notebook("averages", "averages", "ann").flagged = True
            book.db.commit()
    hand_in(both, "ann", wrong)  # the first time stays
    hand_in(both, "bob", timestamp="2026-11-04 12:00:00 UTC")  # the essay is empty now
    hand_in(both, "cy")
    hand_in(both, "dot", answered)
    status, said = assert_alike(*both, "averages")
    assert "ann: 10 → " in said and "dot: 0 → 10" in said
    assert "cy: 7 →" not in said
    assert "cy: test-moving_average 7 (the checks give 10)" in said
    with gradebook(both[0]) as book:
        assert book.find_submission("averages", "cy").score == 7
        assert book.find_submission("averages", "cy").needs_manual_grade
    page = (both[0] / "feedback" / "bob" / "averages" / "averages.html").read_text("utf-8")
    assert "Well <strong>done</strong>" in page

    report = both[0] / "report.html"
    assert main(["report", "--course", str(both[0]), "--output", str(report)]) == 0
    with open(both[0] / "report-attempts.csv", newline="", encoding="utf-8") as file:
        attempts = list(csv.DictReader(file))
    points = {row["student"]: [] for row in attempts}
    for row in attempts:
        points[row["student"]].append(float(row["points from the checks"]))
    right, wrongly = points.pop("ann")
    assert right == 10 > wrongly and [one["attempt"] for one in attempts[:2]] == ["1", "2"]
    # an extension, marks by hand and an answer that somebody has to read make no other attempt, or no other points
    expected = {"bob": [10, 10], "cy": [wrongly, 10], "dot": [0, 10], "fay": [0], "gus": [10], "hal": [10]}
    assert points == expected
    assert '<h2 id="h-attempts">' in report.read_text("utf-8")


SOLUTION = {**MARK, "grade_id": "solution", "solution": True}
TEST = {**MARK, "grade_id": "test-f", "grade": True, "locked": True, "points": 2}


@pytest.fixture
def three(tmp_path):
    """A course with an assignment of three notebooks, twice: two with tests of their own, one for people to read."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    folder = ours / "source" / "ps1"
    folder.mkdir(parents=True)
    (ours / "nbgrader_config.py").write_text("from autograder import plug_in\nc = get_config()\nplug_in(c)\n")
    for name, value in (("a", 1), ("b", 2)):
        solution = f"def f():\n    ### BEGIN SOLUTION\n    return {value}\n    ### END SOLUTION"
        cells = [cell("code", solution, SOLUTION), cell("code", f"assert f() == {value}", TEST)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell("markdown", "Why?", ESSAY)]), folder / "c.ipynb")
    write_whole(ours / ".autograder" / "ps1" / "seed", "1")
    assert Course(ours).api.generate_assignment("ps1")["success"]
    shutil.copytree(ours, theirs)
    return ours, theirs


def hand_in_three(roots, student, **files):
    """File name -> (the notebook of the source that it is, and whether as released)."""
    for root in roots:
        folder = root / "submitted" / student / "ps1"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, (what, place) in files.items():
            shutil.copy(root / place / "ps1" / f"{what}.ipynb", folder / f"{name}.ipynb")


def test_several_notebooks(three):
    hand_in_three(three, "all", a=("a", "source"), b=("b", "source"), c=("c", "source"))
    hand_in_three(three, "blank", a=("a", "release"), b=("b", "release"), c=("c", "release"))
    hand_in_three(three, "half", a=("a", "release"), b=("b", "source"), c=("c", "release"))
    hand_in_three(three, "missing", a=("a", "source"), c=("c", "release"))
    status, said = assert_alike(*three, "ps1")
    assert status == 0 and "4 recorded, 0 failed" in said
    assert "missing: b.ipynb was not handed in, and gets no points." in said
    ours = three[0]
    with gradebook(ours) as book:
        assert {who: book.find_submission("ps1", who).score for who in ("all", "blank", "half", "missing")} == {
            "all": 4, "blank": 0, "half": 2, "missing": 2}  # fmt: skip
    assert "`assert f() == 2`" not in (ours / "feedback" / "half" / "ps1" / "b.html").read_text("utf-8")

    hand_in_three([ours], "half", a=("a", "source"), **{"my b (1)": ("b", "source")}, c=("c", "release"))
    hand_in_three([ours], "none", other=("c", "release"))
    (ours / "submitted" / "none" / "ps1" / "other.ipynb").write_text("{}")
    status, said = by_us(ours, "ps1")
    assert "half: 2 → 4 (a/test-f 0 → 2)" in said
    assert "half: my b (1).ipynb was graded as b.ipynb: its cells are from there." in said
    assert status == 1 and "none: None of the notebooks a.ipynb, b.ipynb, c.ipynb was handed in" in said
    assert "5 submissions: 0 graded, 0 recorded, 1 failed" in by_us(ours, "ps1")[1]

    reports, without = Course(ours).reports(load_notebooks("ps1", ours))
    assert {who: report.score for who, report in reports.items()} == {"all": 4, "blank": 0, "half": 4, "missing": 2}
    assert [*reports["missing"].functions()] == ["a/f", "b/f"]
    assert [*without] == ["none"]


TOUCHES = {"open", "os.chmod", "os.mkdir", "os.remove", "os.rename", "os.rmdir"}  # what a process does to files


def killed_at(number, recorder, works):
    """Record in a process that is killed before it touches a file, or the database, for this time. Was it?"""
    if child := os.fork():
        return os.waitpid(child, 0)[1] != 0
    recorder.database.dispose(close=False)  # its connections are the parent's
    left = itertools.count(number, -1)

    def touched(*_):
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(lambda event, _: event in TOUCHES and touched())
    for event in ("before_cursor_execute", "commit"):
        sqlalchemy.event.listen(recorder.database, event, touched)
    recorder.record(works)
    os._exit(0)


def test_what_is_killed_anywhere_is_done_again_by_the_next_run(both):
    root = both[0]
    for student in ("ann", "bob"):
        hand_in(both, student, timestamp="2026-11-02 14:00:00 UTC", notes="mine")
    assert by_us(root, "averages")[0] == 0
    course, assignment = Course(root), load_assignment("averages", root)
    recorder = Recorder(course, course.prepare_gradebook([assignment]), "averages")
    released = recorder.release.notebooks["averages"].released
    notebook = nbformat.read(assignment.source, as_version=4)
    runs = {}
    for key, content in (("right", nbformat.writes(notebook)), ("wrong", wrong(notebook))):
        done = marked(HandedIn(content.encode()), assignment, 1, course.limits, released)
        runs[key] = [Work(student, {"averages": done}, key, {"averages": f"{key}.json"}) for student in ("ann", "bob")]
    expected = {}
    for key, works in runs.items():
        recorder.record(works)
        expected[key] = rows(root), files(root)
    keys = itertools.cycle(runs)
    for number in itertools.count(0, int(os.environ.get("KILL_EVERY", "9"))):
        works = runs[key := next(keys)]
        killed = killed_at(number, recorder, works)
        again = [work for work in works if course.last("averages", work.student).key != key]
        recorder.record(again)
        assert (rows(root), files(root)) == expected[key], number
        if not killed:
            break
    assert number > 50


OWN_STEP = """
from nbgrader.preprocessors import NbGraderPreprocessor
class Stamp(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        nb.metadata["stamp"] = "ours"
        return nb, resources
c.Autograde.autograde_preprocessors.append(Stamp)
"""


def test_a_step_of_the_courses_own_is_not_left_out(both):
    with open(both[0] / "nbgrader_config.py", "a") as config:
        config.write(OWN_STEP)
    hand_in(both, "ann")
    status, said = by_us(both[0], "averages")
    assert status == 0 and "1 recorded" in said
    assert "nbgrader_config.py has Autograde of its own" in said
    notebook = nbformat.read(both[0] / "autograded" / "ann" / "averages" / "averages.ipynb", as_version=4)
    assert notebook.metadata["stamp"] == "ours"
