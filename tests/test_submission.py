"""Whatever file is handed in: it is read, repaired and graded, or refused in one clear sentence. Nothing else."""

import contextlib
import json
import os
import time

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.grading.assignment import course_root, load_assignment
from autograder.notebook.handed_in import Unreadable, read_file
from autograder.notebook.submission import Submission, read_submission
from tests.redteam.notebooks import REFUSED, REPAIRED, changed

ASSIGNMENT = load_assignment("dinosaur-island", course_root())
FUNCTIONS = list(ASSIGNMENT.points)
SOURCE = ASSIGNMENT.source.read_bytes()


def read(data):
    return read_submission(data, ASSIGNMENT.template, FUNCTIONS)


def graded_cells(submission):
    """grade_id -> (points, whether it is locked) of the cells that nbgrader will record."""
    nbformat.validate(submission.notebook)
    marks = [cell.metadata.nbgrader for cell in submission.notebook.cells if "nbgrader" in cell.metadata]
    return {mark.grade_id: (mark.get("points"), mark.get("locked")) for mark in marks}


EXPECTED = graded_cells(read(SOURCE))


@pytest.mark.parametrize("change", REPAIRED.values(), ids=REPAIRED)
def test_what_nbgrader_records_is_the_source_notebooks_own(change):
    submission = read(changed(SOURCE, change))
    assert graded_cells(submission) == EXPECTED


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_what_is_no_notebook_is_refused_in_a_sentence(make):
    data = make(SOURCE)
    start = time.monotonic()
    with pytest.raises(Unreadable) as refusal:
        read(data)
    assert len(str(refusal.value).splitlines()) == 1
    assert str(refusal.value).endswith(".")
    assert time.monotonic() - start < 5


def test_a_notebook_of_format_3_is_read():
    cells = [
        {
            "cell_type": cell["cell_type"],
            "metadata": {},
            "input" if cell["cell_type"] == "code" else "source": cell["source"],
        }
        for cell in json.loads(SOURCE)["cells"]
    ]
    submission = read(json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}).encode())
    assert graded_cells(submission) == EXPECTED


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/passwd")
    for name in ("fifo", "link", ".", "missing"):
        with pytest.raises(Unreadable):
            read_file(tmp_path / name)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | json_values},
    optional={"source": st.text() | json_values, "metadata": json_values, "outputs": json_values, "id": json_values},
)
notebooks = st.fixed_dictionaries(
    {"nbformat": st.sampled_from([3, 4]) | json_values, "cells": st.lists(cells | json_values) | json_values},
    optional={"metadata": json_values, "worksheets": json_values},
).map(lambda notebook: json.dumps(notebook).encode())


@settings(deadline=None)
@given(st.binary() | notebooks | json_values.map(lambda value: json.dumps(value).encode()))
@example(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "def clip("}]}')
def test_any_bytes_give_a_submission_or_a_refusal(data):
    with contextlib.suppress(Unreadable):
        submission = read(data)
        assert isinstance(submission, Submission)
        assert graded_cells(submission) == EXPECTED
