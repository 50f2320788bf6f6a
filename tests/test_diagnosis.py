"""Where a function is wrong: the line that a student reads for mistakes that nobody wrote down."""

import re
from pathlib import Path

import pytest

from autograder.course.selftest import with_cells
from autograder.grading.assignment import load_assignment
from autograder.grading.checks import grade
from autograder.grading.report import Report
from autograder.messages import render
from autograder.notebook.submission import read_submission
from autograder.pages.feedback_page import Recorded, render_feedback
from autograder.sandbox.process import Limits

ASSIGNMENT = load_assignment("dinosaur-island", Path(__file__).parents[1])
CLIP = """def clip(gradients, maxValue):
    dWaa, dWax, dWya = gradients["dWaa"], gradients["dWax"], gradients["dWya"]
    db, dby = gradients["db"], gradients["dby"]
    for gradient in [dWax, dWaa, dWya, db, dby]:
        np.clip(gradient, -maxValue, maxValue, out=gradient)
    return {"dWaa": dWaa, "dWax": dWax, "dWya": dWya, "db": db, "dby": dby}
"""


def diagnosed(cell, **limits):
    report = grade(with_cells(ASSIGNMENT, [cell]), ASSIGNMENT, 1, Limits(**limits))
    return Report.from_json(report.to_json()).functions(), Report.from_json(report.to_json()).diagnoses


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [("-maxValue, maxValue, out", "-maxValue, maxValue - 1, out", 5), ('gradients["db"], ', 'gradients["dbx"], ', 3)],
    ids=["a wrong bound", "an exception"],
)
def test_the_line_is_named_and_not_what_should_stand_there(right, wrong, line):
    _, found = diagnosed(CLIP.replace(right, wrong))
    assert found["clip"].kind == "repair"
    assert found["clip"].lines == (line,)
    said = render(found["clip"].text)
    assert CLIP.replace(right, wrong).splitlines()[line - 1].strip() in said
    assert right not in said


SAMPLE = """def sample(parameters, char_to_ix, seed):
    end = char_to_ix["\\n"]
    by = parameters["by"]
    letter, memory = np.zeros_like(by), np.zeros_like(parameters["b"])
    name = []
    while end not in name and len(name) < 50:
        inside = parameters["Wax"].dot(letter) + parameters["Waa"].dot(memory)
        memory = np.tanh(inside + parameters["b"])
        p = softmax(parameters["Wya"].dot(memory) + by)
        np.random.seed(seed + 2 * len(name))
        drawn = int(np.random.choice(by.size, p=p[:, 0]))
        letter = np.eye(by.size)[:, [drawn]]
        name.append(drawn)
    if len(name) == 50:
        name.append(end)
    return name
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [("while end", "if end", 6), ("2 * len", "2 + len", 10), ("[:, [drawn]]", "[:, [end]]", 12)],
    ids=["no loop", "another calculation", "another variable"],
)
def test_the_line_is_named_in_a_function_that_is_written_like_no_correct_one_at_hand(right, wrong, line):
    _, found = diagnosed(SAMPLE.replace(right, wrong))
    assert found["sample"].lines == (line,)


def test_a_parameter_is_named_that_the_function_calls_by_another_name():
    _, found = diagnosed(SAMPLE.replace("(parameters, char_to_ix", "(weights, char_to_ix"))
    assert found["sample"].lines == (1,)
    assert "`weights`" in render(found["sample"].text)


EARLY = """def sample(parameters, char_to_ix, seed):
    end, size = char_to_ix["\\n"], len(parameters["by"])
    letter, memory = np.zeros((size, 1)), np.zeros((len(parameters["b"]), 1))
    name = []
    for counter in range(50):
        memory = np.tanh(parameters["Wax"] @ letter + parameters["Waa"] @ memory + parameters["b"])
        p = softmax(parameters["Wya"] @ memory + parameters["by"])
        np.random.seed(seed + 2 * counter)
        name += [int(np.random.choice(size, p=p.ravel()))]
        letter = np.zeros((size, 1))
        letter[name[-1]] = 1
        if name[-1] == end:
            return name
        elif counter > 0:
            return name + [end]
"""


def test_a_return_is_named_that_stands_two_levels_too_deep():
    _, found = diagnosed(EARLY)
    assert found["sample"].lines == (15,)


def test_one_correct_program_that_returns_something_of_another_kind_leaves_nothing_open():
    """One of the correct variants of `build_data` returns arrays in the place of lists."""
    cell = """def build_data(text, Tx=40, stride=3):
    text = " ".join(text.split())
    places = range(0, len(text) - Tx, stride)
    return [text[place : place + Tx] for place in places], [text[place + Tx] for place in places]
"""
    shakespeare = load_assignment("shakespeare", ASSIGNMENT.root)
    report = grade(with_cells(shakespeare, [cell]), shakespeare, 1, Limits())
    assert report.diagnoses["build_data"].lines == (2,)


def test_a_known_mistake_is_named_though_a_key_is_missing_that_no_check_judges():
    cell = CLIP.replace("-maxValue, maxValue, out", "-10, 10, out")
    checks, found = diagnosed(cell)
    assert found["clip"].misconception == "clip-bound-10"
    assert any(check.misconception == "clip-bound-10" for check in checks["clip"])


def test_the_page_marks_the_line_in_the_students_own_cell_and_the_sentence_names_the_exercises_step():
    cell = CLIP.replace("-maxValue, maxValue, out", "-maxValue, maxValue - 1, out")
    notebook = with_cells(ASSIGNMENT, [cell])
    report = grade(notebook, ASSIGNMENT, 1, Limits())
    assert report.diagnoses["clip"].step == 2
    assert "step 2 of the exercise" in render(report.diagnoses["clip"].text)
    recorded = read_submission(notebook, ASSIGNMENT.template, list(ASSIGNMENT.points)).notebook
    page = render_feedback("dinosaur-island", recorded, report, Recorded())
    assert '<a href="#wrong-clip">' in page
    marked = re.findall(r"<mark.*?</mark>", page)
    assert [re.sub(r"<.*?>", "", one) for one in marked] == [cell.splitlines()[4]]


def test_without_steps_nothing_is_looked_for():
    checks, found = diagnosed(
        CLIP.replace("-maxValue, maxValue, out", "-maxValue, maxValue - 1, out"), diagnosis_steps=0
    )
    assert any(check.state == "failed" for check in checks["clip"])
    assert not found


def test_a_known_mistake_that_never_ends_is_named_though_most_calls_were_not_tried_again():
    cell = SAMPLE.replace(
        "while end not in name and len(name) < 50:", "while not name or name[-1] != end or len(name) != 50:"
    )
    _, found = diagnosed(cell, diagnosis_steps=0)
    assert found["sample"].misconception == "sample-or-for-and"
