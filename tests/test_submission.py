"""Whatever file is handed in: it is read, repaired and graded, or refused in one clear sentence. Nothing else."""

import contextlib
import copy
import json
import os
import time

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.assignment import course_root, load_assignment
from autograder.submission import Submission, Unreadable, read_file, read_submission

ASSIGNMENT = load_assignment("dinosaur-island", course_root())
FUNCTIONS = list(ASSIGNMENT.points)
SOURCE = json.loads(ASSIGNMENT.source.read_text("utf-8"))


def read(data):
    return read_submission(data, ASSIGNMENT.template, FUNCTIONS)


def changed(change):
    """The solved notebook after `change` was done to its JSON."""
    notebook = copy.deepcopy(SOURCE)
    change(notebook)
    return json.dumps(notebook).encode()


def graded_cells(submission):
    """grade_id -> (points, whether it is locked) of the cells that nbgrader will record."""
    nbformat.validate(submission.notebook)
    marks = [cell.metadata.nbgrader for cell in submission.notebook.cells if "nbgrader" in cell.metadata]
    return {mark.grade_id: (mark.get("points"), mark.get("locked")) for mark in marks}


EXPECTED = graded_cells(read(ASSIGNMENT.source.read_bytes()))


def graded_in(notebook):
    return [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]


def set_all_points(notebook):
    for cell in graded_in(notebook):
        cell["metadata"]["nbgrader"] |= {"points": 1000, "locked": False, "grade": False}


REPAIRED = {
    "points and flags changed": set_all_points,
    "test cells deleted": lambda nb: [nb["cells"].remove(cell) for cell in graded_in(nb)],
    "all metadata lost": lambda nb: [cell.update(metadata={}) for cell in nb["cells"]],
    "every cell twice": lambda nb: nb["cells"].extend(copy.deepcopy(nb["cells"])),
    "cells backwards": lambda nb: nb["cells"].reverse(),
    "foreign kernel": lambda nb: nb["metadata"].update(kernelspec={"name": "../../evil", "display_name": 3}),
    "metadata of wrong types": lambda nb: [cell.update(metadata=[1, "x"]) for cell in nb["cells"]],
    "outputs of wrong types": lambda nb: [cell.update(outputs={"a": 1}) for cell in nb["cells"]],
    "ids of wrong types": lambda nb: [cell.update(id=["x"] * 3) for cell in nb["cells"]],
    "attachments of wrong types": lambda nb: [cell.update(attachments=7) for cell in nb["cells"]],
    "sources as lists": lambda nb: [c.update(source="".join(c["source"]).splitlines(True)) for c in nb["cells"]],
    "damaged cells between": lambda nb: nb["cells"].extend([None, 3, {}, {"cell_type": "code", "source": {}}, []]),
    "unknown cell types": lambda nb: nb["cells"].append({"cell_type": "evil", "source": "x", "metadata": {}}),
    "lone surrogates": lambda nb: nb["cells"].append({"cell_type": "code", "source": "\ud800", "metadata": {}}),
    "null bytes": lambda nb: nb["cells"].append({"cell_type": "code", "source": "\0", "metadata": {}}),
    "a thousand brackets": lambda nb: nb["cells"].append({"cell_type": "code", "source": "(" * 10**5, "metadata": {}}),
    "deep expressions": lambda nb: nb["cells"].append({"cell_type": "code", "source": "-" * 10**5, "metadata": {}}),
    "shell lines": lambda nb: nb["cells"].append({"cell_type": "code", "source": "!rm -rf /\n%reset", "metadata": {}}),
}


@pytest.mark.parametrize("change", REPAIRED.values(), ids=REPAIRED)
def test_what_nbgrader_records_is_the_source_notebooks_own(change):
    submission = read(changed(change))
    assert graded_cells(submission) == EXPECTED


REFUSED = {
    "empty": b"",
    "blanks": b" \n\t",
    "text": b"hello",
    "half a notebook": ASSIGNMENT.source.read_bytes()[:5000],
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "invalid UTF-8": b'{"cells": [], "nbformat": 4, "x": "\xff\xfe"}',
    "a list": b"[]",
    "a number": b"4",
    "no cells": b'{"nbformat": 4}',
    "cells of a wrong type": b'{"nbformat": 4, "cells": {"a": 1}}',
    "an unknown format": b'{"nbformat": 99, "cells": []}',
    "a format of a wrong type": b'{"nbformat": [4], "cells": []}',
    "nested without end": b"[" * 10**6,
    "ten thousand cells and more": changed(lambda nb: nb.update(cells=[{"cell_type": "raw", "source": ""}] * 20_000)),
    "huge": b" " * 30_000_000,
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_no_notebook_is_refused_in_a_sentence(data):
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
        for cell in SOURCE["cells"]
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
