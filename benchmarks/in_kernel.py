"""The assignment as nbgrader grades it without us: the same calls and expected values, in the student's kernel."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat

from autograder.grading.asking import Conversation, Program, RemoteFunction
from autograder.grading.assignment import ENGINE, Assignment
from autograder.grading.checks import run_checks
from autograder.grading.outcome import Outcome
from autograder.grading.reference import Reference
from autograder.grading.student_process import Setting

CONFIG = """c = get_config()
c.CourseDirectory.course_id = "dinosaur-island"
c.ExecutePreprocessor.timeout = {timeout}
"""
# What a test cell does, as instructors write it: partial credit is the cell's last value.
CHECKS = '''
### BEGIN HIDDEN TESTS
import contextlib, copy, io, pickle
import numpy as np


def same(seen, expected):
    if isinstance(expected, dict):
        return all(same(seen[key], value) for key, value in expected.items())
    if isinstance(expected, (list, tuple)):
        return len(seen) == len(expected) and all(same(one, other) for one, other in zip(seen, expected))
    if isinstance(expected, (np.ndarray, float)):
        return np.allclose(seen, expected)
    return seen == expected


outcomes = {}


def outcome_of(function, files, cell, arguments):
    """As in our grader, checks that make the same call share its outcome."""
    key = pickle.dumps((files, cell, arguments))
    if key not in outcomes:
        kept = {path: open(path).read() for path in files}
        names = dict(function.__globals__)
        try:
            for path, text in files.items():
                open(path, "w").write(text)
            exec(cell, function.__globals__)
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                outcomes[key] = function(*copy.deepcopy(arguments))
        finally:
            function.__globals__.update(names)
            for path, text in kept.items():
                open(path, "w").write(text)
    return outcomes[key]


def score_of(function, name):
    with open("checks.pickle", "rb") as file:
        checks = pickle.load(file)[name]
    score = 0
    for check, points, calls in checks:
        try:
            for files, cell, arguments, expected in calls:
                assert same(outcome_of(function, files, cell, arguments), expected), "wrong value"
            score += points
        except Exception as error:
            print(check, type(error).__name__, error)
    return score


score_of(NAME, "NAME")
### END HIDDEN TESTS
'''


Noted = dict[str, list[tuple[Mapping[str, str], str, Sequence[Any], Any]]]


class Recorder:
    """The solution in a student's place: notes per check what is called, and what the solution answers."""

    def __init__(
        self, reference: Reference, noted: Noted | None = None, files: Mapping[str, str] = MappingProxyType({}),
        cell: str = "",
    ) -> None:  # fmt: skip
        self._reference = reference
        self._files = files
        self._cell = cell
        self.noted: Noted = {} if noted is None else noted
        self.calls: list[Any] = []

    def with_file(self, path: str, text: str) -> Recorder:
        """The same functions where a file holds another text."""
        return Recorder(self._reference, self.noted, {path: text}, self._cell)

    def with_cell(self, source: str) -> Recorder:
        """The same functions after one more cell."""
        return Recorder(self._reference.given(Setting(cell=source)), self.noted, self._files, source)

    def __getattr__(self, name: str) -> RemoteFunction:
        def ask(program: Program) -> list[Outcome]:
            outcomes = self._reference.answer(program)
            file, _, check = os.environ["PYTEST_CURRENT_TEST"].split(" ")[0].rpartition("::")
            check = f"{Path(file).stem}.{check}".replace("test_", "")
            self.noted.setdefault(check, []).extend(
                (dict(self._files), self._cell, copy.deepcopy(arguments), outcome.returned)
                for arguments, outcome in zip(program.calls, outcomes, strict=True)
            )
            return outcomes

        return RemoteFunction(name, Conversation(ask), self._reference.signatures[name])


def recorded_checks(assignment: Assignment, seed: int) -> dict[str, list[tuple[str, float, list[Any]]]]:
    """Function -> its checks: name, points, and the calls with what the solution returns."""
    recorder = Recorder(Reference(assignment))
    checks = run_checks(assignment, recorder, Reference(assignment), seed)  # type: ignore[arg-type]
    assert all(check.state == "passed" for check in checks)
    return {
        name: [
            (check.id, check.max_points, recorder.noted[check.id])
            for check in checks if check.function == name
        ]
        for name in assignment.points
    }  # fmt: skip


def without_demonstrations(assignment: Assignment) -> Assignment:
    """The assignment without the cells that are neither graded nor needed: they train for ten seconds."""
    template = assignment.template
    kept = [cell for cell in template.cells if cell.cell_type != "code" or "nbgrader" in cell.metadata]
    other = replace(assignment)
    other.__dict__["template"] = nbformat.from_dict({**template, "cells": kept})
    return other


def make_kernel_course(root: Path, assignment: Assignment, seed: int, timeout: int) -> None:
    """A course that nbgrader grades by itself. Students' notebooks still have to be put into `submitted/`."""
    folder = root / "source" / assignment.name
    folder.mkdir(parents=True)
    for name in ("utils", "datasets"):
        shutil.copytree(ENGINE.parent / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "checks.pickle").write_bytes(pickle.dumps(recorded_checks(assignment, seed)))
    notebook = nbformat.from_dict(without_demonstrations(assignment).template)
    cells = []
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if grade_id.startswith("test-"):
            source = CHECKS.replace("NAME", grade_id.removeprefix("test-"))
            cell = nbformat.from_dict({**cell, "source": f"{cell.source}\n{source}"})
        cells.append(cell)
    nbformat.write(nbformat.from_dict({**notebook, "cells": cells}), folder / f"{assignment.name}.ipynb")
    (root / "nbgrader_config.py").write_text(CONFIG.format(timeout=timeout))
