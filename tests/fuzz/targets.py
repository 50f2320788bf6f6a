"""The two parsers that read hostile bytes: for any bytes a value, or their one documented error.

    python -m tests.fuzz.targets frames -max_total_time=300    (or another of TARGETS; the options are libFuzzer's)

What is found is kept in found/ and tried by test_found.py from then on.
"""

import contextlib
import datetime
import sys
import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd

from autograder.grading.assignment import course_root, load_assignment
from autograder.notebook.handed_in import Unreadable
from autograder.notebook.submission import read_submission
from autograder.sandbox.wire import WireError, encode, frame, pack, unpack
from tests.test_submission import test_any_bytes_give_a_submission_or_a_refusal

ASSIGNMENT = load_assignment("dinosaur-island", course_root())
FOUND = Path(__file__).parent / "found"
LIMITS = ["-timeout=5", "-rss_limit_mb=1500"]  # seconds for one input, and memory
BEGINNINGS = [None, True, -(2**40), 0.5, "text", [1, (2, 3)], {"a": {1: 2}}, np.arange(6.0).reshape(2, 3),
              {"gradients": [np.zeros((0, 3), np.float32), np.ones(2, bool)]}, {1, "a"}, 2**100, b"bytes", 1j, range(9),
              [Decimal("1.5"), Fraction(1, 3), datetime.datetime(2020, 1, 2), datetime.timedelta(3)],
              pd.DataFrame({"a": pd.Categorical(["x", "y"]), "b": pd.date_range("2020", periods=2, tz="UTC")}),
              pd.Series(["a", None], pd.MultiIndex.from_tuples([(1, "a"), (2, "b")]))]  # fmt: skip


def frames(data: bytes) -> None:
    """A frame's body."""
    with contextlib.suppress(WireError):
        value = unpack(data)
        frame(encode(value))  # what was understood can be sent again


def notebooks(data: bytes) -> None:
    """A submitted file."""
    with contextlib.suppress(Unreadable):
        submission = read_submission(data, ASSIGNMENT.template, list(ASSIGNMENT.points))
        nbformat.validate(submission.notebook)


# Notebooks that Hypothesis builds, led by coverage.
structures = test_any_bytes_give_a_submission_or_a_refusal.hypothesis.fuzz_one_input
TARGETS = {"frames": frames, "notebooks": notebooks, "structures": structures}


def beginnings(name: str) -> list[bytes]:
    """Good inputs to start from."""
    if name == "frames":
        return [pack(value)[4:] for value in BEGINNINGS]
    if name == "structures":
        return [bytes(1000), bytes(range(256)) * 4]
    small = nbformat.from_dict({**ASSIGNMENT.template, "cells": ASSIGNMENT.template.cells[12:16]})
    return [nbformat.writes(small).encode(), b'{"nbformat": 3, "worksheets": [{"cells": []}]}']


def main() -> None:
    """Fuzz one target."""
    import atheris

    name, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate(beginnings(name)):
            (Path(corpus) / str(number)).write_bytes(data)
        atheris.instrument_all()
        keep = f"-artifact_prefix={FOUND / name}/"
        atheris.Setup([sys.argv[0], *LIMITS, keep, *options, corpus], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
