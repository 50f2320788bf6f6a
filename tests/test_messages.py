"""What people are told: a template and its values, in one line, whatever a student's values hold."""

import dataclasses
import json
import re
import sys

import nbformat
import numpy as np
import pytest

from autograder import CheckFailed, assert_same
from autograder.course.new_assignment import new_assignment
from autograder.course.selftest import with_cells
from autograder.grading.assignment import course_root, load_assignment
from autograder.grading.checks import grade
from autograder.grading.compare import short
from autograder.grading.report import Report
from autograder.messages import Message, render
from autograder.sandbox.wire import Opaque
from benchmarks.messages import glued, renderings, templates

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


@pytest.mark.parametrize(
    ("seen", "expected", "said"),
    [
        (23.060969939332473, 23.0609699393, "should be 23.0609699393; yours is 23.06096993933"),
        (0.1 + 0.2, 0.3, "should be 0.29999999999999999; yours is 0.30000000000000004"),
        (np.array([1.0, 1.0 + 1e-14]), np.array([1.0, 1.0]), "[1]` should be 1.0; yours is 1.00000000000001 (1 of 2 "),
        (15.0, 16, "should be 16; yours is 15.0"),
        (np.array([[15]]), 16, "should be 16; yours is the array [[15]]"),
        ("a" * 200 + "b", "a" * 200 + "c", "should be ...aaaaaaaaaaaaaaaaaaaac'; yours is ...aaaaaaaaaaaaaaaaaaaab'"),
        ({*range(90)}, {*range(91)}, "88, 89, 90}; yours is ..., 85, 86, 87, 88, 89}"),
        ({"c", "b", "a"}, {"b", "a", "d"}, "should be {'a', 'b', 'd'}; yours is {'a', 'b', 'c'}"),
        (frozenset(), {1}, "should be {1}; yours is frozenset()"),
        ([], [1], "should have 1 entry; yours has 0"),
        ([1, 2, 3], [], "should have 0 entries; yours has 3"),
        ([1.0], np.ones(1), "should be an array of shape (1,); yours is the list [1.0]"),
        (np.array([2.0]), np.array([1.0]), "[0]` should be 1.0; yours is 2.0."),
        (np.array([2.0, 1.0]), np.array([1.0, 1.0]), "(1 of 2 entries differs)"),
        (np.array([2.0, np.nan]), np.array([1.0, 1.0]), "(2 of 2 entries differ)"),
        (np.array(["a"]), np.array([1.0]), "should be an array of type float64; yours is of type str"),
    ],
)
def test_no_message_contradicts_itself(seen, expected, said):
    """What differs is shown with as much of it as it takes to see the difference, and counts fit their words."""
    with pytest.raises(CheckFailed) as failure:
        assert_same(seen, expected, "f(2)", rtol=0, atol=0)
    assert said in str(failure.value)


# A student's cells in the place of the solution's, and what their function's first check says.
DEFINITION = "def moving_average(values, window):\n    return "
MISSING = "ModuleNotFoundError: No module named 'pandaz', in line 1: "
NOT_INSTALLED = "Where notebooks are graded, this module is not installed, and no file of yours is there: is it needed?"
EXPLAINED = {
    "an import cell that fails half-way": (
        ["import pandaz, numpy as onp", DEFINITION + "onp.mean(values)"],
        "`moving_average` stopped with NameError: name 'onp' is not defined, in cell 4, line 2: `return "
        f"onp.mean(values)`. The reason: cell 3 stopped with {MISSING}`import pandaz, numpy as onp`. {NOT_INSTALLED}",
    ),
    "a star import that was not reached": (
        ["import pandaz\nx = pandaz\nfrom math import *", DEFINITION + "fsum(values) + x"],
        "name 'fsum' is not defined, in cell 4, line 2: `return fsum(values) + x`. The reason: cell 3 stopped with "
        f"{MISSING}`import pandaz`. {NOT_INSTALLED}",
    ),
    "a cell that fails since another one did": (
        ["import pandaz\nTable = pandaz.Table", "class Mine(Table): pass", DEFINITION + "Mine(values)"],
        f"name 'Mine' is not defined, in cell 5, line 2: `return Mine(values)`. The reason: cell 3 stopped with "
        f"{MISSING}`import pandaz`. {NOT_INSTALLED}",
    ),
    "a decorator of a module that is missing": (
        ["from pandaz import fast", f"@fast\n{DEFINITION}values"],
        f"`moving_average` is not defined: cell 3 stopped with {MISSING}`from pandaz import fast`. {NOT_INSTALLED}",
    ),
    "another cell failed, and has nothing to do with it": (
        ["import pandaz\nx = pandaz", DEFINITION + "sotfmax(values) + x"],
        "NameError: name 'sotfmax' is not defined, in cell 4, line 2: `return sotfmax(values) + x`. The name is not "
        "known where it is used: is it spelled right, and defined in a cell above?",
    ),
    "an unknown cell magic above the imports": (
        ["%%heat\nimport numpy as onp", DEFINITION + "onp.mean(values)"],
        "`return onp.mean(values)`. The reason: `%%heat` sends cell 3 elsewhere than to Python. Delete that line.",
    ),
    "an unknown cell magic above the solution": (
        [f"%%heat\n{DEFINITION}values"],
        "`moving_average` is not defined: `%%heat` sends cell 3 elsewhere than to Python. Delete that line.",
    ),
    "imports that Python cannot read": (
        ["from math import (\n    fsum,\n    sqrt)\nx = (", DEFINITION + "fsum(values)"],
        "`return fsum(values)`. The reason: Python cannot read cell 3, line 4: '(' was never closed.",
    ),
    "code for a newer Python": (
        [DEFINITION + 'f"{values["a"]}"'],
        "`moving_average` is not defined: Python cannot read cell 3, line 2: f-string: unmatched '['. Python 3.12 may "
        "read it; notebooks are graded with Python 3.11: write what both read.",
    ),
    "a helper that is not written": (
        ["def helper(x):\n    raise NotImplementedError()", DEFINITION + "helper(values)"],
        "`helper` is not written yet: replace `raise NotImplementedError()` by your code.",
    ),
    "an exception without a text": (
        [DEFINITION.replace("return", "assert") + "not window"],
        "`moving_average` stopped with AssertionError, in cell 3, line 2: `assert not window`.",
    ),
    "an exception whose text is a sentence": (
        [DEFINITION.replace("return", "raise") + "ValueError('Too long.')"],
        "`moving_average` stopped with ValueError: Too long, in cell 3, line 2: `raise ValueError('Too long.')`.",
    ),
}


@pytest.fixture(scope="module")
def averages(tmp_path_factory):
    """The assignment that `autograder new` writes."""
    root = tmp_path_factory.mktemp("course")
    new_assignment("averages", root)
    return load_assignment("averages", root)


def with_solution(assignment, sources, saved_by="3.11.2"):
    """The source notebook, saved by some Python, with these cells in the place of the solution's."""
    notebook = nbformat.read(assignment.source, as_version=4)
    at = next(i for i, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("solution"))
    notebook.cells[at : at + 1] = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook.metadata["language_info"] = {"name": "python", "version": saved_by}
    return nbformat.writes(notebook).encode()


@pytest.mark.parametrize("situation", EXPLAINED)
def test_an_exception_is_explained_at_its_root_cause(situation, averages):
    sources, said = EXPLAINED[situation]
    if "newer Python" in situation and sys.version_info >= (3, 12):
        pytest.skip("this Python reads it")
    report = grade(with_solution(averages, sources, saved_by=""), averages, seed=5)
    assert said in render(report.checks[0].message)
    assert "{" not in render(report.checks[0].message).replace(sources[-1].splitlines()[-1].strip(), "")


@pytest.mark.parametrize(
    ("saved_by", "said"),
    [
        ("3.99.1", ["The notebook was saved with Python 3.99", f"is graded with Python {sys.version_info[0]}."]),
        ("3.8.1", []),
    ],
)
def test_both_versions_of_python_are_named_where_the_notebooks_is_newer(saved_by, said, averages):
    report = grade(with_solution(averages, [DEFINITION + "values ~~> window"], saved_by), averages, seed=5)
    for text in (render(report.checks[0].message), render(report.problems[-1])):
        assert "Python cannot read cell 3, line 2: invalid syntax." in text
        assert all(words in text for words in said)
        assert said or "graded with" not in text


def test_an_exception_in_model_is_not_blamed_on_a_correct_optimize():
    """The line that calls it with the wrong arguments is shown."""
    source = next(cell.source for cell in ASSIGNMENT.template.cells
                  if cell.metadata.get("nbgrader", {}).get("grade_id") == "model")  # fmt: skip
    assert source.count("optimize(X, Y,") == 1
    report = grade(with_cells(ASSIGNMENT, [source.replace("optimize(X, Y,", "optimize(X, Y[1:],")]), ASSIGNMENT, seed=5)
    said = render(report.functions()["model"][0].message)
    assert "`model` stopped with ValueError: X has " in said
    assert ". It happened within `optimize`, called in cell " in said
    assert "optimize(X, Y[1:]," in said and "`. What is `optimize` given there?" in said
    assert all(check.state == "passed" for check in report.functions()["optimize"])


# What no sentence holds: "1 entries", two blanks, two full stops, a value that was left out.
AWKWARD = re.compile(r"(?<![\d.,])1 (?!is\b|has\b|was\b|counts\b)[a-z]+s\b|  |(?<!\.)\.\.(?!\.)|: ?$|: \.|\{[a-z]")


def test_every_message_reads_well_with_any_value():
    """`make sentences` lists them for people; here is what a program can see."""
    said = [(place, one) for place, template in templates() for one in renderings(template)]
    assert len(said) > 400
    assert [(place, one) for place, one in said if AWKWARD.search(one)] == []


def test_every_message_is_a_template():
    """So that another language can order the words in its own way."""
    assert glued() == []
