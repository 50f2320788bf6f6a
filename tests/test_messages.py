"""What people are told: a template and its values, in one line, whatever a student's values hold."""

import dataclasses
import json

import numpy as np
import pytest

from autograder import CheckFailed, assert_same
from autograder.course.selftest import with_cells
from autograder.grading.assignment import course_root, load_assignment
from autograder.grading.checks import grade
from autograder.grading.compare import short
from autograder.grading.report import Report
from autograder.messages import Message, render
from autograder.sandbox.wire import Opaque

ASSIGNMENT = load_assignment("dinosaur-island", course_root())


def test_a_report_keeps_templates_and_values_apart():
    cell = "def clip(gradients, maxValue):\n    return [len(gradients), maxValue]"
    report = grade(with_cells(ASSIGNMENT, [cell]), ASSIGNMENT, seed=5)
    kept = json.loads(report.to_json())
    said = "`clip` should return the dictionary of gradients; yours returned {seen}."
    assert kept["checks"][0]["message"] == {"template": said, "values": {"seen": "[5, 10]"}}
    assert kept["problems"][0]["values"] == {"mark": "clip"}
    assert report.summary()["functions"]["clip"]["checks"][0]["message"] == said.replace("{seen}", "[5, 10]")
    assert Report.from_json(report.to_json()) == report


def test_no_check_hint_or_problem_glues_a_value_to_a_sentence():
    """Two students with other values are told the same templates."""
    templates = []
    for value in ("'abc'", "[0.25, 0.75]", "'{braces} {0}'"):
        cell = f"def clip(gradients, maxValue):\n    return {value}"
        report = grade(with_cells(ASSIGNMENT, [cell]), ASSIGNMENT, seed=5)
        templates.append([check.message and check.message.template for check in report.checks])
        assert value in render(report.checks[0].message)
    assert templates[0] == templates[1] == templates[2]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (None, "None (is a `return` missing?)"),
        (Opaque("set"), "an object of type set"),
        (np.zeros((2, 3)), "an array of shape (2, 3)"),
        ({"a": np.zeros(2)}, "a dictionary with the keys ['a']"),
        ("{what}", "'{what}'"),
        ("\x1b[2J", "'\\x1b[2J'"),
    ],
)
def test_whatever_is_seen_is_shown_in_a_few_words(seen, said):
    with pytest.raises(CheckFailed) as failure:
        assert_same(seen, 1.5, "f(2)")
    assert str(failure.value) == f"`f(2)` should be 1.5; yours is {said}."


def test_values_are_bounded_and_move_no_terminals_cursor():
    error = CheckFailed("See {text}, {array}, {share:.1%}.", text="\x1b[2J\n" + "x" * 9999, array=[1] * 9999, share=0.5)
    assert "\x1b" not in str(error) and "\n" not in str(error)
    assert len(str(error)) < 1200 and str(error).endswith("..., 50.0%.")


def test_text_without_values_may_hold_braces():
    assert str(CheckFailed("The set {1, 2} is not empty.")) == "The set {1, 2} is not empty."


def test_messages_within_messages_survive_their_way_through_json():
    message = Message("{what} {hint}", what=Message("It is {seen}.", seen=short({"a": 1})), hint=Message("Look."))
    data = json.loads(json.dumps(dataclasses.asdict(message)))
    assert Message.from_plain(data) == message
    assert render(message) == "It is a dictionary with the keys ['a']. Look."
