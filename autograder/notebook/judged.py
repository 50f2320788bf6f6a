"""What of a source notebook the judge runs: test cells, what the other cells define for them, and for whom else."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from nbformat.notebooknode import NotebookNode

from autograder.notebook.cells import runnable
from autograder.notebook.needed_code import Statement, top_level

BEGIN_HIDDEN, END_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"  # wherever in a line, as for nbgrader
NOTEBOOKS_OWN = {*dir(builtins), "display", "get_ipython", "In", "Out", "_", "__"}


@dataclass(frozen=True)
class TestCell:
    """An autograded test cell of the source notebook."""

    __test__ = False  # nothing for pytest

    grade_id: str
    source: str  # as Python
    points: float
    hidden: frozenset[int]  # numbers of the lines that students do not see


@dataclass(frozen=True)
class Judged:
    """What the judge runs, by the grade_id of the test cell before which, or in which, it has to."""

    tests: Mapping[str, TestCell]
    definitions: Mapping[str, tuple[tuple[str, str], ...]]  # grade_id -> (name, source) of what runs before
    kept: frozenset[str]  # names that these define: the student's own do not take their place
    students: frozenset[str] | None  # the names that test cells have from the student; None for all but Python's own
    passed_on: frozenset[str]  # names of test cells that functions of the other cells read
    shared: Mapping[str, str]  # grade_id -> what of the cell other cells need, to be run in the worker, too
    asked_for: Mapping[str, str]  # name that students have to import -> what its name is in its module; "" for a module


def is_test(mark: Mapping[str, object]) -> bool:
    """Whether these are the nbgrader metadata of an autograded cell."""
    return bool(mark.get("grade")) and not mark.get("solution")


def hidden_lines(source: str) -> frozenset[int]:
    """The lines, from 1, between the marks of hidden tests, these included."""
    found, hidden = set(), False
    for number, line in enumerate(source.splitlines(), 1):
        hidden = hidden or BEGIN_HIDDEN in line
        if hidden:
            found.add(number)
        hidden = hidden and END_HIDDEN not in line
    return frozenset(found)


def judged(template: NotebookNode) -> Judged:
    """What the judge runs of a source notebook."""
    cells = [(cell.metadata.get("nbgrader", {}), cell.source) for cell in template.cells if cell.cell_type == "code"]
    tests = {
        mark["grade_id"]: TestCell(mark["grade_id"], runnable(source), float(mark["points"]), hidden_lines(source))
        for mark, source in cells
        if is_test(mark)
    }
    of_solution: set[str] = set()
    solution_uses: set[str] = set()
    free: list[tuple[int, Statement]] = []  # statements of the cells that students need not change
    read: set[str] = set()  # names that functions of theirs read
    used: set[str] = set()
    bound: set[str] = set()
    unknown = False  # whether the solution binds names that cannot be known
    asked_for: dict[str, str] = {}
    given: set[str] = set()  # imported by cells that students need not change
    for place, (mark, source) in enumerate(cells):
        if is_test(mark):
            continue
        for statement in top_level(source):
            binds, uses = statement.names
            bound |= binds
            used |= uses
            if isinstance(statement.node, ast.FunctionDef | ast.ClassDef):
                read |= uses
            unknown = unknown or (statement.always and bool(mark.get("solution")))
            if mark.get("solution") and isinstance(statement.node, ast.Import | ast.ImportFrom):
                free.append((place, statement))  # a library is no student's to replace
                asked_for |= _imports(statement.node)
            elif mark.get("solution"):
                of_solution |= binds
                solution_uses |= uses
            else:
                free.append((place, statement))
                given |= binds
    ours = _ours(free, of_solution, solution_uses)
    kept = {name for statement in ours.values() for one in statement for name in one.names[0]}
    wanted = _needed(tests.values(), ours)
    definitions: dict[str, list[tuple[str, str]]] = {}
    shared: dict[str, str] = {}
    waiting: list[tuple[str, str]] = []
    tests_bind: set[str] = set()
    for place, (mark, source) in enumerate(cells):
        if not is_test(mark):
            chosen = [one for one in ours.get(place, ()) if one in wanted]
            if chosen:
                waiting.append((f"in cell {place + 1}", "\n".join(ast.unparse(one.node) for one in chosen)))
            continue
        definitions[mark["grade_id"]], waiting = waiting, []
        tests_bind |= {name for one in top_level(source) for name in one.names[0]}
        shared[mark["grade_id"]] = "\n".join(_shared(source, used - NOTEBOOKS_OWN, bound))
    return Judged(
        tests,
        {grade_id: tuple(found) for grade_id, found in definitions.items()},
        frozenset(kept),
        None if unknown else frozenset(bound),
        frozenset(tests_bind & read),
        {grade_id: text for grade_id, text in shared.items() if text},
        {name: original for name, original in asked_for.items() if name not in given},
    )


def _imports(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """The names that an import binds, and what they are called in their module; "" for modules."""
    if isinstance(node, ast.Import):
        return {(one.asname or one.name.partition(".")[0]): "" for one in node.names}
    return {(one.asname or one.name): one.name for one in node.names if one.name != "*"}


def _ours(
    free: list[tuple[int, Statement]], of_solution: set[str], solution_uses: set[str]
) -> dict[int, list[Statement]]:
    """The statements that need nothing of the student's to run, by the place of their cell.

    Classes that the solution uses are the student's: objects of theirs are made where students' code can use them.
    """
    chosen = [
        (place, one)
        for place, one in free
        if (one.names[0] or one.always)
        and not one.names[0] & of_solution
        and not (_has_class(one) and one.names[0] & solution_uses)
    ]
    while True:
        ours = {id(one) for _, one in chosen}
        others = {name for _, one in free if id(one) not in ours for name in one.names[0]} | of_solution
        known = {name for _, one in chosen for name in one.names[0]} | NOTEBOOKS_OWN
        left = [
            (place, one)
            for place, one in chosen
            if not one.names[0] & others
            and (one.lazy or any(other.always for _, other in chosen) or one.names[1] <= known | one.names[0])
        ]
        if len(left) == len(chosen):
            break
        chosen = left
    by_place: dict[int, list[Statement]] = {}
    for place, one in chosen:
        by_place.setdefault(place, []).append(one)
    return by_place


def _has_class(one: Statement) -> bool:
    return any(isinstance(node, ast.ClassDef) for node in ast.walk(one.node))


def _needed(tests: Collection[TestCell], ours: Mapping[int, list[Statement]]) -> set[Statement]:
    """Of these statements, those that the test cells need, and what those need."""
    every = [one for found in ours.values() for one in found]
    asked = {name for test in tests for one in top_level(test.source) for name in one.names[1]}
    needed = {one for one in every if one.always}
    while new := [one for one in every if one not in needed and one.names[0] & asked]:
        needed |= {*new}
        asked |= {name for one in new for name in one.names[1]}
    return needed


def _shared(source: str, used: set[str], bound: set[str]) -> list[str]:
    """The visible statements of a test cell that bind names which other cells use, and do not bind but by an import."""
    lines = hidden_lines(source)
    return [
        ast.unparse(one.node)
        for one in top_level(source)
        if one.names[0] & (used if isinstance(one.node, ast.Import | ast.ImportFrom) else used - bound)
        and one.node.lineno not in lines
        and (one.lazy or isinstance(one.node, ast.Assign))
    ]


@lru_cache(maxsize=8)
def masked(source: str) -> str:
    """A test cell's text without its hidden tests."""
    lines = hidden_lines(source)
    return "\n".join(line for number, line in enumerate(source.splitlines(), 1) if number not in lines)
