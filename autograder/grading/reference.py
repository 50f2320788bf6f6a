"""The solution cells of a source notebook, as functions of the grader's own process."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType
from typing import Any

from autograder.grading.assignment import Assignment, AssignmentError, read_source
from autograder.grading.outcome import Outcome, apart, by_name
from autograder.grading.own_modules import importing_from
from autograder.grading.student import RemoteFunction
from autograder.notebook.cells import function_names
from autograder.notebook.needed_code import Snippet, needed_code, used_by
from autograder.notebook.submission import read_submission
from autograder.sandbox import wire

Namespace = dict[str, Any]


def load_reference(notebook: Path) -> Namespace:
    """The global names of a source notebook after its solution cells, and what they need, have run."""
    return run_cells(solution_cells(notebook), (notebook.resolve().parent, notebook.resolve().parents[2]))


def solution_cells(notebook: Path) -> dict[str, str]:
    """The source notebook's solution cells and what they need, in order: grade_id (or place) -> source."""
    template = read_source(notebook)
    solutions = [cell.source for cell in template.cells
                 if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")]  # fmt: skip
    functions = sorted({name for source in solutions for name in function_names(source)})
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
        try:
            self._namespace = run_cells({**self.cells, "cell": cell}, assignment.import_folders)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            raise AssignmentError("The solution in {notebook} does not run: {why}.", notebook=assignment.source,
                                  why=why) from error  # fmt: skip
        self.functions = list(assignment.points)
        self.signatures = {name: self._signature(name) for name in self.functions}
        self._uses = used_by(self.cells.values())
        self._answers: dict[bytes, list[Outcome]] = {}
        self._with_cells: dict[str, Reference] = {}

    def _signature(self, name: str) -> inspect.Signature:
        if not callable(self._namespace.get(name)):
            text = "No solution cell of {notebook} defines `{name}`, which its cell test-{name} is about."
            raise AssignmentError(text, notebook=self.assignment.source, name=name)
        try:
            return inspect.signature(self._namespace[name])
        except ValueError:
            raise AssignmentError("Python does not tell the parameters of `{name}`: write it as a function with `def`.",
                                  name=name) from None  # fmt: skip

    def defining(self, name: str) -> str:
        """The cell, by its name in `cells`, that defines a function. Raises KeyError."""
        found = [cell for cell, source in self.cells.items() if name in function_names(source)]
        if not found:
            raise KeyError(name)
        return found[-1]

    def __getattr__(self, name: str) -> RemoteFunction:
        if name.startswith("_") or name not in self.signatures:
            raise AttributeError(name)
        return RemoteFunction(partial(self._call, name), self.signatures[name])

    def _call(self, name: str, calls: list[tuple[Any, ...]], names: Sequence[str] = ()) -> list[Outcome]:
        key = wire.pack((name, [tuple(arguments) for arguments in calls], list(names)))
        if key not in self._answers:
            self._answers[key] = [call(self._namespace, name, one, self.signatures[name], names) for one in calls]
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
                returned = self._namespace[name](*bound.args, **bound.kwargs)
            return Outcome(returned, dict(bound.arguments), "")

        signature = self.signatures[name]
        return function

    def inner_functions(self, name: str) -> list[str]:
        """The assignment's other functions that the solution of `name` calls, or that those call."""
        inner: set[str] = set()
        waiting = [name]
        while waiting:
            new = self._uses.get(waiting.pop(), set()) - inner
            inner |= new
            waiting += new
        return [other for other in self.functions if other in inner - {name}]


def call(
    namespace: Namespace, name: str, arguments: Sequence[Any], signature: inspect.Signature, names: Sequence[str] = ()
) -> Outcome:
    """Call a trusted function on copies of the arguments, of which the last have these `names`."""
    copies = wire.decode(wire.encode(list(arguments)))
    by_position, named = apart(copies, names)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        returned = namespace[name](*by_position, **named)
    changed = by_name(signature, copies, names)
    return Outcome(wire.decode(wire.encode(returned)), wire.decode(wire.encode(changed)), printed.getvalue())
