"""The solution cells of a source notebook, as functions of the grader's own process."""

from __future__ import annotations

import ast
import contextlib
import dis
import inspect
import io
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType
from typing import Any

from autograder.grading.assignment import Assignment, read_source
from autograder.grading.outcome import Outcome
from autograder.grading.own_modules import importing_from
from autograder.grading.student import RemoteFunction
from autograder.notebook.needed_code import Snippet, needed_code
from autograder.notebook.submission import read_submission
from autograder.sandbox import wire

Namespace = dict[str, Any]


def load_reference(notebook: Path) -> Namespace:
    """The global names of a source notebook after its solution cells, and what they need, have run."""
    return run_cells(solution_cells(notebook), (notebook.resolve().parent, notebook.resolve().parents[2]))


def solution_cells(notebook: Path) -> dict[str, str]:
    """The source notebook's solution cells and what they need, in order: grade_id (or place) -> source."""
    template = read_source(notebook)
    marks = [cell.metadata.get("nbgrader", {}) for cell in template.cells]
    functions = [mark["grade_id"] for mark in marks if mark.get("solution")]
    cells = read_submission(notebook.read_bytes(), template, functions).cells
    grade_ids = {cell.number: cell.grade_id for cell in cells}
    needed = needed_code(cells, functions)
    return {grade_ids[one.cell_number] or f"cell {one.cell_number}": _text(one) for one in needed}


def _text(snippet: Snippet) -> str:
    """The needed statements of a cell; as they are written when that is the whole cell."""
    body = ast.parse(snippet.source).body
    if len(snippet.statements) == len(body):
        return snippet.source
    return "\n".join(ast.unparse(body[index]) for index in snippet.statements)


def run_cells(cells: Mapping[str, str], folders: tuple[Path, ...], names: Mapping[str, Any] | None = None) -> Namespace:
    """The global names after cells of ours (name -> source) have run, where these `names` are known.

    They import from `folders` too.
    """
    namespace: Namespace = {"__name__": "reference", **(names or {})}
    with importing_from(folders):
        for name, source in cells.items():
            exec(_compiled(name, source), namespace)
    return namespace


@lru_cache(maxsize=64)  # a known mistake is in one cell, the others are the solution's
def _compiled(name: str, source: str) -> CodeType:
    return compile(source, name, "exec", optimize=0)


class Reference:
    """The solution's functions, as attributes that answer with an Outcome, like those of `Student`."""

    def __init__(self, assignment: Assignment, cell: str = "") -> None:
        self.assignment = assignment
        self.cells = solution_cells(assignment.source)
        self.identity = assignment.checks_hash
        self._namespace = run_cells({**self.cells, "cell": cell}, assignment.import_folders)
        self.functions = list(assignment.points)
        self.signatures = {name: inspect.signature(self._namespace[name]) for name in self.functions}
        self._answers: dict[bytes, list[Outcome]] = {}
        self._with_cells: dict[str, Reference] = {}
        self._inner: dict[str, list[str]] = {}

    def __getattr__(self, name: str) -> RemoteFunction:
        if name.startswith("_") or name not in self.signatures:
            raise AttributeError(name)
        return RemoteFunction(partial(self._call, name), self.signatures[name])

    def _call(self, name: str, calls: list[tuple[Any, ...]]) -> list[Outcome]:
        key = wire.pack((name, [tuple(arguments) for arguments in calls]))
        if key not in self._answers:
            self._answers[key] = [call(self._namespace, name, one, self.signatures[name]) for one in calls]
        return self._answers[key]

    def with_file(self, path: str, text: str) -> Reference:
        """The same functions: the solution reads no file."""
        return self

    def with_cell(self, source: str) -> Reference:
        """The same functions after one more cell has run."""
        if source not in self._with_cells:
            self._with_cells[source] = Reference(self.assignment, source)
        return self._with_cells[source]

    def part(self, name: str) -> Callable[..., Outcome]:
        """A function that a student's code calls in the place of its own: nothing of it is remembered or copied."""

        def function(*arguments: Any, **named: Any) -> Outcome:
            bound = signature.bind(*arguments, **named)
            with contextlib.redirect_stdout(io.StringIO()):
                returned = self._namespace[name](*bound.args)
            return Outcome(returned, dict(bound.arguments), "")

        signature = self.signatures[name]
        return function

    def inner_functions(self, name: str) -> list[str]:
        """The assignment's other functions that the solution of `name` calls, or that those call."""
        if name not in self._inner:
            code = dis.get_instructions(self._namespace[name])
            direct = {one.argval for one in code if one.opname == "LOAD_GLOBAL"} & {*self.functions} - {name}
            inner = {*direct, *(further for one in direct for further in self.inner_functions(one))}
            self._inner[name] = [other for other in self.functions if other in inner]
        return self._inner[name]


def call(namespace: Namespace, name: str, arguments: tuple[Any, ...], signature: inspect.Signature) -> Outcome:
    """Call a trusted function on copies of the arguments."""
    copies = wire.decode(wire.encode(list(arguments)))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        returned = namespace[name](*copies)
    changed = dict(zip(signature.parameters, copies, strict=False))
    return Outcome(wire.decode(wire.encode(returned)), wire.decode(wire.encode(changed)), printed.getvalue())
