"""What a verdict rests on: a mistake is paid for once, prints cost nothing, and what could not be assessed says so."""

import time

import nbformat
import pytest

from autograder.assignment import course_root, load_assignment
from autograder.grading import grade
from autograder.report import Report
from autograder.selftest import misconception_cases, with_cells

ASSIGNMENT = load_assignment("dinosaur-island", course_root())
KNOWN = {case.id: case for case in misconception_cases(ASSIGNMENT)}


def scores(notebook):
    report = grade(notebook, ASSIGNMENT, seed=5)
    return {name: sum(check.points for check in checks) for name, checks in report.functions().items()}, report


@pytest.mark.parametrize(
    "mistake",
    [
        "clip-bounds-swapped",  # other values come out of `optimize` and `model`
        "clip-returns-nothing",  # the student's `optimize` breaks down
        "optimize-uphill",
        "optimize-returns-two-values",
        "sample-returns-text",
        "sample-not-seeded",  # nobody can foretell the names that `model` prints
    ],
)
def test_a_mistake_is_paid_for_once(mistake):
    points, _ = scores(KNOWN[mistake].notebook)
    assert points.pop(KNOWN[mistake].function) < ASSIGNMENT.points[KNOWN[mistake].function]
    assert points == {name: ASSIGNMENT.points[name] for name in points}


def test_what_is_set_for_pytest_changes_no_verdict(monkeypatch):
    notebook = KNOWN["clip-bounds-swapped"].notebook
    expected = scores(notebook)[0]
    monkeypatch.setenv("PYTEST_ADDOPTS", "--exitfirst -k clip")
    monkeypatch.setenv("PYTEST_PLUGINS", "not_to_be_imported")
    assert scores(notebook)[0] == expected


def test_two_mistakes_are_paid_for_twice():
    clip = "def clip(gradients, maxValue):\n    return gradients"
    model = next(cell.source for cell in ASSIGNMENT.template.cells if cell.source.startswith("def model("))
    wrong = model.replace("for seed in range(dino_names)", "for seed in range(dino_names - 1)")
    assert wrong != model
    points, report = scores(with_cells(ASSIGNMENT, [clip, wrong]))
    assert points["clip"] < 15
    assert points["sample"] == 25
    assert points["optimize"] == 25
    assert 0 < points["model"] < 35
    assert report.diagnoses.keys() == {"clip", "model"}


def test_what_cannot_be_assessed_says_so_and_names_the_check_that_it_waits_for():
    points, report = scores(KNOWN["clip-returns-nothing"].notebook)
    waiting = [check for check in report.functions()["clip"] if check.state == "not assessed"]
    assert points["clip"] == 0
    assert len(waiting) == 7
    assert all("another check failed" in check.message for check in waiting)


def test_an_exception_is_shown_with_its_line_and_its_usual_cause():
    cell = "def clip(gradients, maxValue):\n    a, b = gradients['dWax'], 1\n    return a @ a"
    _, report = scores(with_cells(ASSIGNMENT, [cell]))
    message = report.functions()["clip"][0].message
    assert "line 3" in message
    assert "`return a @ a`" in message
    assert "shapes do not fit" in message


def test_prints_warnings_and_stderr_cost_nothing():
    cell = """
import sys, warnings
def clip(gradients, maxValue):
    print("clipping", gradients)
    print("on stderr", file=sys.stderr)
    warnings.warn("careful")
    return {key: value.clip(-maxValue, maxValue) for key, value in gradients.items()}
"""
    assert scores(with_cells(ASSIGNMENT, [cell]))[0] == ASSIGNMENT.points


def test_a_sampler_with_another_stream_loses_only_the_points_of_the_stream():
    cells = nbformat.reads(KNOWN["sample-seeded-once"].notebook.decode(), as_version=4).cells
    assert any("np.random.seed" in cell.source for cell in cells)
    points, report = scores(KNOWN["sample-seeded-once"].notebook)
    failed = [check.id for check in report.functions()["sample"] if check.state != "passed"]
    assert failed == ["sample.draws_as_asked"]
    assert points["sample"] == 20


def test_a_report_survives_its_way_through_json():
    _, report = scores(KNOWN["clip-bounds-swapped"].notebook)
    assert any(check.picture for check in report.checks)
    assert Report.from_json(report.to_json()) == report


@pytest.mark.parametrize(
    "returned",
    ["10**400", "[[1, 2], [3]]", "{'dWax': [[1], [2, 3]]}", "gradients | {'dWax': float('nan')}", "{(): ()}", "[] * 9"],
)
def test_odd_values_fail_and_are_nobody_elses_fault(returned):
    cell = f"def clip(gradients, maxValue):\n    return {returned}"
    points, report = scores(with_cells(ASSIGNMENT, [cell]))
    assert points["clip"] == 0
    assert report.problems == ("The mark of cell `clip` was lost; it was recognised by the function it defines.",)


@pytest.mark.parametrize("text", ["'loss' * 200_000", "'loss 1.0\\n' * 100_000"], ids=["one line", "many lines"])
def test_whatever_is_printed_is_read_in_no_time(text):
    model = next(cell.source for cell in ASSIGNMENT.template.cells if cell.source.startswith("def model("))
    cell = model.replace("    ### BEGIN SOLUTION", f"    print({text})", 1)
    start = time.monotonic()
    scores(with_cells(ASSIGNMENT, [cell]))
    assert time.monotonic() - start < 30
