"""Whatever file is handed in: it is read, repaired and graded, or refused in one clear sentence. Nothing else."""

import contextlib
import io
import json
import math
import os
import subprocess
import sys
import time

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.grading.assignment import course_root, load_assignment
from autograder.messages import render
from autograder.notebook.handed_in import Unreadable, read_notebook
from autograder.notebook.raw_cells import as_notebook, raw_notebook
from autograder.notebook.submission import Submission, read_submission
from tests.redteam.notebooks import REFUSED, REPAIRED, changed, code

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
            read_notebook(tmp_path / name)


class Dribble(io.BytesIO):
    """A file that gives a few bytes at a time."""

    def __init__(self, data, size):
        super().__init__(data)
        self.size = size

    def read(self, size=-1):
        return super().read(min(size, self.size))


def kept(data, size=1 << 20):
    """What is kept of a file, or the refusal."""
    try:
        return raw_notebook(Dribble(data, size))
    except Unreadable as refusal:
        return str(refusal)


def with_outputs(outputs, **more):
    """The source notebook with outputs in each cell, as JSON text."""
    notebook = json.loads(SOURCE)
    for cell in notebook["cells"]:
        cell["outputs"] = outputs
    return json.dumps({**notebook, **more}).replace('"HUGE"', "9" * 100_000)


OUTPUTS = {
    "figures": [{"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 200_000, "text/plain": '\\"'}}]
    * 2,
    "numbers": [{"data": {"application/vnd.plotly.v1+json": {"x": list(range(100_000)), "y": [[0.5, [1]]] * 50_000}}}],
    "not a number": [{"data": {"a": math.nan, "b": -math.inf, "c": "HUGE"}}],
    "lines": ['a line of text, with "quotes" and [brackets}\n'] * 100_000,
    "nested": [[[[[[[[{"a": [[{"b": [[]]}]]}]]]]]]]],
    "another's": {"cells": [{"cell_type": "code", "source": "x"}], "nbformat": 2},
    "lone surrogates": ["\ud800", "\\ud800\\"],
}


@pytest.mark.parametrize("outputs", OUTPUTS.values(), ids=OUTPUTS)
def test_outputs_change_nothing(outputs):
    assert kept(with_outputs(outputs).encode()) == kept(SOURCE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_files_in_other_encodings_are_read(encoding):
    text = json.dumps(json.loads(SOURCE), ensure_ascii=False).replace("Dinosaur", "Dinosaurier für 🦖")
    assert kept(text.encode(encoding), 999) == kept(text.encode())
    assert "🦖" in str(kept(text.encode()))


def test_of_two_members_with_one_name_the_last_counts():
    cells = '{"cell_type": "raw", "cell_type": "code", "source": "x", "source": ["y", "z"]}'
    twice = f'{{"nbformat": 3, "cells": [1, 2], "nbformat": 4, "cells": [{cells}], "metadata": {{}}}}'
    assert [(cell["cell_type"], cell["source"]) for cell in kept(twice.encode()).cells] == [("code", "yz")]


@pytest.mark.parametrize("cut", [1, 100, 5_000, 20_000])
def test_a_file_that_was_cut_off_is_refused(cut):
    assert "does not hold JSON text" in kept(with_outputs(OUTPUTS["figures"]).encode()[:-cut])


def test_a_file_of_hundreds_of_megabytes_is_read_in_little_memory(tmp_path):
    """In a process of its own, which has no more than it needs for a file of 50 MB."""
    parts = with_outputs(["OUTPUT"]).split("OUTPUT")
    with (tmp_path / "large.ipynb").open("w") as file:
        file.write(parts[0])
        for _ in range(300):
            file.write("iVBORw0KGgo/" * 83_334)
        file.write("OUTPUT".join(parts[1:]))
    program = """
import resource, sys
from pathlib import Path
from autograder.messages import render
from autograder.notebook.handed_in import read_notebook
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = read_notebook(Path(sys.argv[1]))
print(len(data), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "large.ipynb")]
    size, memory = map(int, subprocess.run(command, capture_output=True, check=True).stdout.split())
    assert (tmp_path / "large.ipynb").stat().st_size > 300_000_000
    assert size < 100_000 and memory < 50_000  # bytes, kilobytes
    assert read(read_notebook(tmp_path / "large.ipynb")) == read(SOURCE)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000_000, '{"a": ' + "[{},[]" * 4_000_000, '{"' + "x" * 20_000_000, '{"cells": [' + "1" * 20_000_000,
        '{"a": ' + '["",' * 5_000_000, '{"cells": [{"cell_type": "code", "source": [' + '"",' * 7_000_000,
        "\0" * 20_000_000, '{"metadata": ' + '{"a":' * 5_000_000, '{"a' + "\\" * 20_000_001,
    ],
    ids=["arrays", "pairs", "key", "digits", "texts", "lines", "nul", "objects", "backslashes"],
)  # fmt: skip
def test_no_text_of_twenty_megabytes_takes_long_to_refuse(text):
    start = time.process_time()
    assert isinstance(kept(text.encode()), str)
    assert time.process_time() - start < 15


def test_what_is_kept_has_bounds():
    long = {"cell_type": "markdown", "source": "é" * 9_000_000, "metadata": {}}
    attached = {**long, "source": "", "attachments": {"a.png": {"image/png": "x" * 9_000_000, "text/plain": "short"}}}
    notebook = json.loads(SOURCE)
    notebook["cells"] = [long, code("y" * 9_000_000), long, long, long, attached, *notebook["cells"]]
    submission = read(json.dumps(notebook, ensure_ascii=False).encode())
    assert graded_cells(submission) == EXPECTED
    assert sum(len(cell.source) for cell in submission.notebook.cells) < 21_000_000
    problems = [render(problem) for problem in submission.problems]
    assert [f"Cell {number} is too large: not all of it was kept." in problems for number in (1, 3, 4, 5, 6)] == [
        False, False, True, True, True,
    ]  # fmt: skip
    assert "Python cannot read cell 2: it holds more than 50,000 characters." in problems
    assert [cell.get("attachments") for cell in submission.notebook.cells[:6]] == [None] * 6


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


@given(st.binary() | notebooks | json_values.map(lambda value: json.dumps(value).encode()))
@example(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "def clip("}]}')
def test_any_bytes_give_a_submission_or_a_refusal(data):
    with contextlib.suppress(Unreadable):
        submission = read(data)
        assert isinstance(submission, Submission)
        assert graded_cells(submission) == EXPECTED
        assert read(as_notebook(kept(data, 7))) == submission
