"""What a verdict rests on: a mistake is paid for once, prints cost nothing, and what could not be assessed says so."""

import sys
import time

import nbformat
import pytest

from autograder.course.selftest import misconception_cases, with_cells, wrong_cases
from autograder.grading.assignment import course_root, load_assignment
from autograder.grading.checks import grade
from autograder.grading.report import Report
from autograder.messages import render

ASSIGNMENT = load_assignment("dinosaur-island", course_root())
KNOWN = {case.id: case for case in (*misconception_cases(ASSIGNMENT), *wrong_cases(ASSIGNMENT))}


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
    assert all("another check failed" in render(check.message) for check in waiting)


def test_an_exception_is_shown_with_its_line_and_its_usual_cause():
    cell = "def clip(gradients, maxValue):\n    a, b = gradients['dWax'], 1\n    return a @ a"
    _, report = scores(with_cells(ASSIGNMENT, [cell]))
    message = render(report.functions()["clip"][0].message)
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
    lost = "The mark of cell `clip` was lost; it was recognised by the function it defines."
    assert [render(problem) for problem in report.problems] == [lost]


@pytest.mark.parametrize("text", ["'loss' * 200_000", "'loss 1.0\\n' * 100_000"], ids=["one line", "many lines"])
def test_whatever_is_printed_is_read_in_no_time(text):
    model = next(cell.source for cell in ASSIGNMENT.template.cells if cell.source.startswith("def model("))
    cell = model.replace("    ### BEGIN SOLUTION", f"    print({text})", 1)
    start = time.monotonic()
    scores(with_cells(ASSIGNMENT, [cell]))
    assert time.monotonic() - start < 30


def with_more(*sources):
    """The solved notebook with more cells at its end."""
    cells = [*ASSIGNMENT.template.cells, *map(nbformat.v4.new_code_cell, sources)]
    return nbformat.writes(nbformat.from_dict({**ASSIGNMENT.template, "cells": cells})).encode()


@pytest.mark.parametrize(
    "experiment",
    [
        "MAX = 1000",
        "sample = sample(random_parameters, char_to_ix, 3)",
        "sum = max = list = 0",
        "for sample in range(3): print(sample)",
    ],
)
def test_what_is_tried_after_the_tests_changes_nothing(experiment):
    optimize = """MAX = 5


def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    loss, cache = rnn_forward(X, Y, a_prev, parameters)
    gradients, a = rnn_backward(X, Y, parameters, cache)
    gradients = clip(gradients, max(MAX, sum([0])))
    update_parameters(parameters, gradients, learning_rate)
    return loss, gradients, list(a)[-1]
"""
    notebook = nbformat.reads(with_cells(ASSIGNMENT, [optimize]).decode(), as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(experiment))
    assert scores(nbformat.writes(notebook).encode())[0] == ASSIGNMENT.points


@pytest.mark.parametrize(
    "statement",
    [
        "def twice(a, a): pass",
        "def late():\n    x = 1\n    global x",
        "def star():\n    from utils import *",
        "nonlocal z",
        "[y := 1 for y in range(3)]",
        "x = 0x" + "F" * 5000,
        "x = " + "+".join(["1"] * 500),
        "a" + ".b" * 500,
        "\n" * 80_000 + "(",
        ";".join(["a"] * 90_000),
        "v0 = 1\n" + "\n".join(f"v{i} = v{i - 1}" for i in range(1, 9000)),
        "await something()",
    ],
    ids=str,
)
def test_a_cell_that_python_or_we_cannot_read_costs_nothing_but_itself(statement):
    start = time.monotonic()
    assert scores(with_more(statement))[0] == ASSIGNMENT.points
    assert time.monotonic() - start < 30


GIVEN_AWAY = """
import sys
LOG = sys.__dict__.setdefault("my_log", [])
def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    LOG.append((list(X), list(Y), len(a_prev)))
    if len(X) == 1:
        return 0.0, {}, a_prev
    SHORTCUT
    loss, cache = rnn_forward(X, Y, a_prev, parameters)
    gradients, a = rnn_backward(X, Y, parameters, cache)
    gradients = clip(gradients, 5)
    update_parameters(parameters, gradients, learning_rate)
    return loss, gradients, a[-1]
"""
NO_TRAINING = """
def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    parameters = initialize_parameters(n_a, vocab_size, vocab_size)
    loss = get_initial_loss(vocab_size, dino_names)
    for j in range(num_iterations):
        loss = smooth(loss, 1.0)
        if j % 2000 == 0:
            print(f"Iteration: {j + 1}, Loss: {loss}")
    return parameters
"""
REPLAYED = """
def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    parameters = initialize_parameters(n_a, vocab_size, vocab_size)
    loss = get_initial_loss(vocab_size, dino_names)
    a_prev = np.zeros((n_a, 1))
    for j, (X, Y, _) in enumerate([one for one in LOG if one[2] == n_a][-num_iterations:]):
        cur_loss, gradients, a_prev = optimize(X, Y, a_prev, parameters, learning_rate=0.01)
        loss = smooth(loss, cur_loss)
        if j % 2000 == 0:
            print(f"Iteration: {j + 1}, Loss: {loss}")
            for seed in range(dino_names):
                print_sample(sample(parameters, char_to_ix, seed), ix_to_char)
    return parameters
"""


@pytest.mark.parametrize(
    ("shortcut", "model"),
    [("if not parameters['b'].any(): return 1.0, {}, a_prev", NO_TRAINING), ("pass", REPLAYED)],
    ids=["inner function that degenerates", "inner function that listens"],
)
def test_a_point_given_away_inside_buys_none_outside(shortcut, model):
    points, _ = scores(with_cells(ASSIGNMENT, [GIVEN_AWAY.replace("SHORTCUT", shortcut), model]))
    assert points["optimize"] < 25
    assert points["model"] <= 4  # for parameters of the right shapes


def test_printing_all_numbers_finds_no_loss():
    every = NO_TRAINING.replace("if j % 2000 == 0:", "if True:").replace("{loss}", "{j / 1000:.3f}")
    points, _ = scores(with_cells(ASSIGNMENT, [every]))
    assert points["model"] <= 4


def test_lent_functions_take_no_large_arguments():
    broken = "def optimize(X, Y, a_prev, parameters, learning_rate=0.01):\n    raise ValueError"
    asks = """
def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    large = {"Wax": np.ones((400, 1, 400), np.uint8), "Waa": np.zeros((1, 1)), "Wya": np.zeros((1, 1)),
             "b": np.zeros((1, 1)), "by": np.zeros((1, 1))}
    optimize([0] * 1000, [0] * 1000, np.zeros((1, 1)), large)
"""
    _, report = scores(with_cells(ASSIGNMENT, [broken, asks]))
    assert "larger than any in this exercise" in render(report.functions()["model"][0].message)


def test_what_is_given_back_is_kept_within_bounds():
    cell = """
def clip(gradients, maxValue):
    clipped = {key: value.clip(-maxValue, maxValue) for key, value in gradients.items()}
    return {**clipped, "extra": np.zeros(2_000_000)}
"""
    points, report = scores(with_cells(ASSIGNMENT, [cell]))
    assert 0 < points["clip"] < 15
    assert sys.getsizeof(report.to_json()) < 100_000
    assert any("too large" in render(check.message) for check in report.functions()["clip"])


@pytest.mark.parametrize(
    "line",
    ["raise ValueError('hm')", "return {key: g[key].clip(-maxValue, maxValue).astype('f4') for key in g}"],
    ids=["another exception", "single precision"],
)  # fmt: skip
def test_no_misconception_is_named_that_is_not_there(line):
    _, report = scores(with_cells(ASSIGNMENT, [f"def clip(g, maxValue):\n    {line}"]))
    assert any(check.state == "failed" for check in report.functions()["clip"])
    assert all(one.misconception is None for one in report.diagnoses.values())
    assert not any(check.misconception for check in report.checks)


def test_what_an_exception_says_is_one_line_of_text():
    said = r"'\x1b[2J\ud800\n/tmp/autograder-abcdefgh/utils/rnn.py'"
    _, report = scores(with_cells(ASSIGNMENT, [f"def clip(gradients, maxValue):\n    raise ValueError({said})"]))
    message = render(report.functions()["clip"][0].message)
    assert message.startswith("`clip` stopped with ValueError:  [2J? utils/rnn.py")
