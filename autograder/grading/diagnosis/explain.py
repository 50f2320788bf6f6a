"""Where a student's function is wrong, in words: the line of the smallest change with which it passes everything."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from autograder.grading.assignment import Assignment
from autograder.grading.compare import short
from autograder.grading.diagnosis.align import Donor, aligned, donor_of, renamed
from autograder.grading.diagnosis.bench import Cells, NotTried, Task, prepared
from autograder.grading.diagnosis.judged import Asked
from autograder.grading.diagnosis.program import FUNCTIONS, Node, counted, nodes_of
from autograder.grading.diagnosis.repair import Found, global_names, locate
from autograder.grading.diagnosis.wording import REWRITE, REWRITE_CHANGED, REWRITE_WITHOUT, about, shown
from autograder.grading.outcome import CallFailed
from autograder.grading.reference import Reference
from autograder.grading.report import Diagnosis
from autograder.grading.student import Calls
from autograder.messages import Message
from autograder.notebook.cells import Cell, runnable
from autograder.notebook.magics import plain_python
from autograder.notebook.needed_code import needed_code
from autograder.notebook.submission import Submission
from autograder.sandbox.observation import differences, observe
from autograder.sandbox.process import Limits

STEP = re.compile(r"#\s*step\s+(\d+)", re.IGNORECASE)
AskedOf = tuple[Sequence[Asked], frozenset[str]]


@lru_cache(maxsize=32)  # the same for all students
def known_programs(
    assignment: Assignment, reference: Reference, function: str, seed: int, limits: Limits,
    asked: Callable[[str], AskedOf], last: Cells = (),
) -> tuple[Task, list[Donor]] | None:  # fmt: skip
    """What is asked of a function, and the correct programs for it: the solution first. `last` runs after each."""
    if function not in reference.signatures:
        return None
    calls, unjudged = asked(function)
    signature = reference.signatures[function]
    matter = assignment.arguments_that_matter.get(function, [])
    solution = [(name, counted(source)) for name, source in reference.cells.items()]
    own = donor_of(reference.cells[reference.defining(function)], function, reference.functions)
    others = {text: donor for text in variants(assignment)
                if (donor := donor_of(text, function, reference.functions))}  # fmt: skip
    if own is None:
        return None
    plain = [{"arguments": list(one.arguments), "names": list(one.names), "cell": counted(one.cell),
              "matter": [[name, place] for name in matter
                         if (place := _place(signature, name, one)) is not None]} for one in calls]  # fmt: skip
    cells = [[*solution, ("variant", counted(text)), *last] for text in others]
    task = prepared(function, [*solution, *last], cells, plain, seed, assignment.sandbox_files, limits, unjudged)
    donors = list(others.values())
    return task, [own, *(donors[number] for number in task.variants)]


def variants(assignment: Assignment) -> list[str]:
    """The correct variants of an assignment's functions, as the text of cells."""
    files = sorted((assignment.folder / "solutions").glob("*.py")) if not assignment.by_cells else []
    return ["\n".join(map(runnable, path.read_text("utf-8").split("# %%\n"))) for path in files]


def _place(signature: inspect.Signature, name: str, asked: Asked) -> int | None:
    """Where an argument stands among those of a call."""
    by_position = len(asked.arguments) - len(asked.names)
    if name in asked.names:
        return by_position + list(asked.names).index(name)
    place = list(signature.parameters).index(name) if name in signature.parameters else by_position
    return place if place < by_position else None


def explain(
    function: str, assignment: Assignment, reference: Reference, submission: Submission, wrong: Sequence[str],
    calls: Sequence[Calls], seed: int, limits: Limits, asked: Callable[[str], AskedOf],
    passes: Callable[[Submission], bool],
) -> Diagnosis | None:  # fmt: skip
    """Where a function is wrong. None where that cannot be told, as for one that is not written.

    `wrong` are the functions that failed checks, `calls` what checks asked of the student's, and `passes` says whether
    a changed submission passes all checks of the function. Raises NotTried.
    """
    mine = [one for one in calls if one.function == function]
    if not mine or not all(one.plain or one.program.iterates for one in mine):
        return None  # a value, a class, or a function that takes functions: nothing is looked for in those
    if any(isinstance(one.outcome, CallFailed) and one.outcome.kind in UNTRIED for one in mine):
        return None
    known = known_programs(assignment, reference, function, seed, limits, asked)
    if known is None:
        return None
    task, donors = known
    borrowed = global_names([one for donor in donors for one in (donor.function, *donor.others)])
    snippets = needed_code(submission.cells, [*reference.functions, *sorted(borrowed)])  # imports, for example
    cells = [(f"cell {one.cell_number}", one.source, one.statements) for one in snippets]
    inner = [name for name in reference.inner_functions(function) if name in wrong]

    def verified(changed: Mapping[str, str]) -> bool:
        return passes(_with_cells(submission, changed))

    found = locate(cells, task, donors, _solutions(reference, inner), reference.functions,
                   assignment.sandbox_files, limits, verified)  # fmt: skip
    if found is None:
        return _rewrite(function, reference, mine, assignment.arguments_that_matter.get(function, []))
    return _told(found, submission, donors[0], reference, function) if found.edits else None


UNTRIED = ("NotDefined", "NotImplementedError", "Died")  # not written, or nothing that one should run again and again


def _solutions(reference: Reference, functions: Sequence[str]) -> Cells:
    """The cells that define these functions, without the others'."""
    cells = []
    for name in functions:
        source = reference.cells[reference.defining(name)]
        others = {*reference.functions} - {name}
        kept = [place for place, one in enumerate(ast.parse(source).body)
                if not (isinstance(one, FUNCTIONS) and one.name in others)]  # fmt: skip
        cells.append((f"solution of {name}", counted(source, kept)))
    return cells


def _with_cells(submission: Submission, changed: Mapping[str, str]) -> Submission:
    """The submission with other text in some cells. What was not needed of these is left out."""
    cells = [Cell(changed.get(f"cell {cell.number}", cell.source), cell.number, cell.grade_id)
             for cell in submission.cells]  # fmt: skip
    return replace(submission, cells=tuple(cells))


def _told(found: Found, submission: Submission, solution: Donor, reference: Reference, function: str) -> Diagnosis:
    name = found.places[0][0]
    number = int(name.removeprefix("cell "))
    source = next(cell.source for cell in submission.cells if cell.number == number)
    lines = [line for cell, line in found.places if cell == name]
    rivals = sorted({line for edit in found.rivals for cell, line in edit.places if cell == name} - {*lines})
    solved = reference.cells[reference.defining(function)]
    twin = _twin(source, lines[0], solution, function)
    step = _steps(solved).get(twin) if twin else None
    text = about([edit for edit in found.edits if edit.places[0][0] == name], rivals, number, source, step,
                 found.partly)  # fmt: skip
    return Diagnosis("several" if found.partly else "repair", text, None, number, (*lines, *rivals), step, twin)


def _steps(solved: str) -> dict[int, int]:
    """The exercise's step that each line of the solution belongs to, as far as comments say so."""
    steps: dict[int, int] = {}
    current = None
    for number, text in enumerate(solved.splitlines(), 1):
        if match := STEP.search(text):
            current = int(match[1])
        elif "END SOLUTION" in text:  # what follows is given
            current = None
        if current is not None:
            steps[number] = current
    return steps


def _twin(source: str, line: int, solution: Donor, function: str) -> int | None:
    """The line of the solution that corresponds to a student's, or to one beside it."""
    body = ast.parse(plain_python(source)).body
    mine = next((one for one in body if isinstance(one, ast.FunctionDef) and one.name == function), None)
    if mine is None:
        return None
    pairs = dict(_lines(nodes_of([mine], "")[0], nodes_of([renamed(mine, solution.function)], "")[0]))
    near = sorted((abs(one - line), one > line, other) for one, other in pairs.items() if abs(one - line) <= 1)
    return near[0][2] if near else None


def _lines(one: Node, other: Node) -> list[tuple[int, int]]:
    """Which of the student's lines correspond to which of the solution's."""
    found = [(one.line, other.line)]
    for block, twin in zip(one.blocks, other.blocks, strict=False):
        for mine, theirs in aligned(block.nodes, twin.nodes):
            if mine is not None and theirs is not None:
                found += _lines(mine, theirs)
    return found


def _rewrite(function: str, reference: Reference, calls: Sequence[Calls], matter: Sequence[str]) -> Diagnosis:
    """What is said where no line can be named: an input, what is expected and what was seen.

    `matter` are the arguments that the function should change, or leave alone.
    """
    for one in sorted(calls, key=lambda one: len(one.frame)):
        if one.cell or not one.plain or len(one.arguments) > 1:
            continue
        arguments = one.arguments[0]
        expected = reference.answer(replace(one.program, calls=[arguments]))[0]
        if isinstance(one.outcome, CallFailed):
            text = Message(REWRITE, name=function, call=_call(function, arguments),
                           expected=_words(expected.returned), seen=one.outcome.kind)  # fmt: skip
            return Diagnosis("rewrite", text)
        seen = one.outcome[0]
        if _differ(expected.returned, seen.returned):
            text = Message(REWRITE, name=function, call=_call(function, arguments),
                           expected=_words(expected.returned), seen=_words(seen.returned))  # fmt: skip
            return Diagnosis("rewrite", text)
        for name in matter:
            ours, theirs = expected.arguments.get(name), seen.arguments.get(name)
            if _differ(ours, theirs):
                text = Message(REWRITE_CHANGED, name=function, call=_call(function, arguments), argument=name,
                               expected=_words(ours), seen=_words(theirs))  # fmt: skip
                return Diagnosis("rewrite", text)
    return Diagnosis("rewrite", Message(REWRITE_WITHOUT, name=function))


def _call(function: str, arguments: Sequence[Any]) -> Message:
    """A call as it is written."""
    listed = _words(arguments[0]) if arguments else Message("")
    for each in arguments[1:]:
        listed = Message("{arguments}, {next}", arguments=listed, next=_words(each))
    return Message("{function}({arguments})", function=function, arguments=listed)


def _words(value: Any) -> str | Message:
    said = short(value)
    return said if isinstance(said, Message) else shown(said)


def _differ(expected: Any, seen: Any) -> bool:
    return bool(differences(observe(expected, {}, ""), observe(seen, {}, "")))


__all__ = ["NotTried", "explain"]
