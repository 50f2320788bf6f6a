"""Small mistakes in the solution: whether an assignment's checks, or its test cells, see one, and what it changes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import nbformat

from autograder.grading.assignment import Assignment
from autograder.grading.checks import accepts, asked
from autograder.grading.diagnosis.bench import Bench, NotTried, Task, prepared, replayed
from autograder.grading.diagnosis.explain import known_programs
from autograder.grading.diagnosis.judged import Asked
from autograder.grading.diagnosis.mistakes import Mistake
from autograder.grading.diagnosis.program import counted
from autograder.grading.reference import reference_of
from autograder.notebook.cells import function_names, parse, runnable
from autograder.notebook.submission import Submission, read_submission
from autograder.sandbox.observation import same
from autograder.sandbox.process import Limits
from autograder.sandbox.wire import Opaque

# "unseen": it shows on some input; "unreached": no known input comes to the statement; "harmless": it shows on none
Tasks = tuple[tuple[Task, dict[str, str]], ...]
Outcome = Literal["rejected", "unseen", "unreached", "harmless"]
STEPS = 10_000_000  # for one program: it is bounded by the seconds of a Bench

# An exception that the solution raises itself is something that it does, as what it returns is.
NOTING = """
import dis as _dis
def _noting(_function):
    def noting(*arguments, **named):
        try:
            return _function(*arguments, **named)
        except Exception as error:
            last = error.__traceback__
            while last.tb_next is not None:
                last = last.tb_next
            code = last.tb_frame.f_code
            if code.co_filename == _function.__code__.co_filename and (
                code.co_code[last.tb_lasti] == _dis.opmap["RAISE_VARARGS"]
            ):
                return ["raised", type(error).__name__]
            raise
    return noting
{name} = _noting({name})
"""


def outcome(mistake: Mistake, cell: str, assignment: Assignment, seed: int, limits: Limits) -> Outcome:
    """What comes of a mistake in the solution cell with this grade_id."""
    if not is_accepted(mistake.source, cell, assignment, seed, limits):
        return "rejected"
    try:
        if not _alike(mistake.source, cell, assignment, seed, limits):
            return "unseen"
        reached = not any(_alike(text, cell, assignment, seed, limits) for text in mistake.stopped)
        return "harmless" if reached else "unreached"
    except NotTried:
        return "unseen"  # in doubt, somebody looks at it


def is_accepted(source: str, cell: str, assignment: Assignment, seed: int, limits: Limits) -> bool:
    """Whether the source notebook gets all points with this text in the solution cell with this grade_id."""
    changed = _with_text(assignment, cell, source)
    return accepts(changed, assignment, seed, limits, sorted(function_names(source)))


def cells_to_fill_in(assignment: Assignment) -> dict[str, str]:
    """The code cells that students fill in and that nobody grades by hand: grade_id -> source."""
    return {cell.metadata["nbgrader"]["grade_id"]: cell.source for cell in assignment.template.cells
            if cell.cell_type == "code" and _mark(cell).get("solution") and not _mark(cell).get("grade")}  # fmt: skip


def _mark(cell: Any) -> Mapping[str, Any]:
    mark: Mapping[str, Any] = cell.metadata.get("nbgrader", {})
    return mark


def _with_text(assignment: Assignment, cell: str, source: str) -> Submission:
    notebook = nbformat.from_dict(assignment.template)
    for one in notebook.cells:
        if _mark(one).get("grade_id") == cell:
            one.source = source
    return read_submission(nbformat.writes(notebook).encode(), assignment.template, list(assignment.points))


def _alike(source: str, cell: str, assignment: Assignment, seed: int, limits: Limits) -> bool:
    """Whether the cell does with this text as the solution does, on all known inputs. Raises NotTried."""
    if assignment.by_cells and not _replays_alike(source, cell, assignment, limits):
        return False
    for task, cells in (_of_test_cells if assignment.by_cells else _of_checks)(assignment, cell, seed, limits):
        changed = {**cells, cell: counted(source)}
        with Bench(task, (), (), assignment.sandbox_files, limits, STEPS) as bench:
            if not bench.tried(tuple(changed.items())).all:
                return False
    return True


# ---------------------------------------------------------------- inputs of checks


@lru_cache(maxsize=8)
def _of_checks(assignment: Assignment, cell: str, seed: int, limits: Limits) -> Tasks:
    """What is asked of the functions that a cell defines, or of all, and the solution's cells."""
    reference = reference_of(assignment)
    if cell not in reference.cells:
        return ()  # no function that is judged needs it
    defined = [name for name in reference.functions if name in function_names(reference.cells[cell])]
    found = []
    for name in defined or reference.functions:
        noting = ("noting", NOTING.format(name=name))
        known = known_programs(assignment, reference, name, seed, limits, _asked(assignment, seed), (noting,))
        if known is None:
            raise NotTried(f"{name} is a class or a value: what else a mistake would change in it is not known")
        found.append((known[0], {**{one: counted(text) for one, text in reference.cells.items()}, **dict([noting])}))
    return tuple(found)


@lru_cache(maxsize=4)
def _asked(assignment: Assignment, seed: int) -> Callable[[str], tuple[Sequence[Asked], frozenset[str]]]:
    """The calls of the checks. Also what these do not look at has to be as the solution has it."""
    return lambda function: (asked(assignment, function, seed)[0], frozenset())


# ---------------------------------------------------------------- inputs of test cells


@lru_cache(maxsize=8)
def _of_test_cells(assignment: Assignment, cell: str, seed: int, limits: Limits) -> Tasks:
    """What test cells, and others, ask of the functions that a cell defines, and the notebook's other cells."""
    cells = {
        name: counted(source) for name, source in _cells(assignment).items() if name not in assignment.judged.tests
    }
    asked_for: dict[str, list[dict[str, Any]]] = {}
    for call in _shown(assignment, limits)[0]["calls"]:
        if not _has_opaque(call["arguments"]):
            one = {"arguments": call["arguments"], "names": call["names"], "cell": "", "matter": []}
            asked_for.setdefault(call["function"], []).append(one)
    found = []
    for name in sorted(function_names(_cells(assignment)[cell]) & {*asked_for}):
        program = {**cells, "noting": NOTING.format(name=name)}
        task = prepared(name, tuple(program.items()), (), asked_for[name], seed, assignment.sandbox_files, limits)
        found.append((task, program))
    return tuple(found)


def _cells(assignment: Assignment) -> dict[str, str]:
    """The code cells of the source notebook that Python can read, by their grade_ids or places."""
    found = {}
    for place, cell in enumerate(assignment.template.cells, 1):
        if cell.cell_type == "code" and isinstance(parse(cell.source), ast.Module):
            found[str(_mark(cell).get("grade_id", f"cell {place}"))] = runnable(cell.source)
    return found


@lru_cache(maxsize=4)
def _shown(assignment: Assignment, limits: Limits) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the solution shows of itself while its notebook runs, twice: what differs then says nothing."""
    first, second = (replayed(tuple(_cells(assignment).items()), [*cells_to_fill_in(assignment)],
                              assignment.sandbox_files, limits) for _ in range(2))  # fmt: skip
    return first, second


def _replays_alike(source: str, cell: str, assignment: Assignment, limits: Limits) -> bool:
    one, again = _shown(assignment, limits)
    other = replayed(tuple({**_cells(assignment), cell: source}.items()), [*cells_to_fill_in(assignment)],
                     assignment.sandbox_files, limits)  # fmt: skip
    if len(one["calls"]) == len(again["calls"]):
        if len(other["calls"]) != len(one["calls"]):
            return False
        for ours, ours_again, theirs in zip(one["calls"], again["calls"], other["calls"], strict=True):
            if same(ours, ours_again) and not same(ours, theirs):
                return False
    return all(name in other["names"] and same(value, other["names"][name]) for name, value in one["names"].items()
               if name in again["names"] and same(value, again["names"][name]))  # fmt: skip


def _has_opaque(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_opaque, value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(_has_opaque, value))
    return isinstance(value, Opaque)
