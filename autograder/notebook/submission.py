"""Notebook bytes, hostile or broken, to a Submission: its cells, and what was repaired."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.messages import Message
from autograder.notebook.cells import MAX_CODE, Cell, function_names, newer_python, parse
from autograder.notebook.magics import elsewhere
from autograder.notebook.raw_cells import Unreadable, raw_notebook

HIDDEN = re.compile(r"^[^\n]*BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*\n?", re.MULTILINE | re.DOTALL)
FUNCTION = re.compile(r"^def[ \t]+(\w+)", re.MULTILINE)
MAX_CODE_IN_ALL = 300_000  # reading them takes seconds, and 200 times as much memory


@dataclass(frozen=True)
class Submission:
    """A readable notebook. `notebook` is the repaired one that nbgrader can record."""

    cells: tuple[Cell, ...]
    problems: tuple[Message, ...]
    notebook: NotebookNode
    not_run: tuple[tuple[Cell, Message], ...]  # cells that Python cannot read, or that go elsewhere, and why


def read_submission(data: bytes, template: NotebookNode, functions: Sequence[str]) -> Submission:
    """The submission in `data`, with the nbgrader cells of `template` (the source notebook) restored where lost.

    Raises Unreadable when the bytes are no notebook.
    """
    raw = raw_notebook(io.BytesIO(data))
    numbered = list(enumerate(raw.cells, 1))
    sizes = [len(cell["source"]) for _, cell in numbered if cell and cell["cell_type"] == "code"]
    if sum(size for size in sizes if size <= MAX_CODE) > MAX_CODE_IN_ALL:
        raise Unreadable(
            "This notebook has more than {most:,} characters of code: delete what is not part of it, and submit again.",
            most=MAX_CODE_IN_ALL,
        )
    damaged = [number for number, cell in numbered if cell is None]
    problems = [Message("Cell {cell} is damaged and was skipped.", cell=number) for number in damaged]
    cells = [(number, cell) for number, cell in numbered if cell is not None]
    cut = [number for number, cell in cells if cell["left_out"]]
    problems += [Message("Cell {cell} is too large: not all of it was kept.", cell=number) for number in cut]
    marks = {c.metadata["nbgrader"]["grade_id"]: c for c in template.cells if "nbgrader" in c.metadata}
    placed, repairs = _recognise(cells, marks, functions)
    problems += repairs

    notebook_cells: list[dict[str, Any]] = []
    code = []
    for number, cell in _with_missing(cells, placed, marks):
        grade_id = placed.get(number) if number else cell["grade_id"]
        original = marks.get(grade_id) if grade_id else None
        if original is not None:
            given, cell = cell, _restored(cell, original)
            if _changed_the_code(given, cell, original):
                text = "Cell {cell}, `{mark}`, is locked: its own text was graded, not what it was changed to."
                problems.append(Message(text, cell=number, mark=grade_id))
        node = _node(cell, original, f"cell-{len(notebook_cells)}")
        notebook_cells.append(node)
        if cell["cell_type"] == "code":
            code.append(Cell(cell["source"], number, grade_id))
    notebook = nbformat.from_dict(
        {"cells": notebook_cells, "metadata": template.metadata, "nbformat": 4, "nbformat_minor": 5}
    )
    not_run = []
    for one in code:
        tree = parse(one.source)
        if isinstance(tree, Message):
            why = Message(tree.template, **tree.values, cell=one.number)
            if versions := newer_python(one.source, tree, raw.python):
                why = Message("{why} {versions}", why=why, versions=versions)
            problems.append(why)
            not_run.append((one, why))
        elif magic := elsewhere(one.source):
            text = "`{magic}` sends cell {cell} elsewhere than to Python. Delete that line."
            not_run.append((one, Message(text, magic=magic, cell=one.number)))
    return Submission(tuple(code), tuple(problems), notebook, tuple(not_run))


def marks_in(data: bytes) -> set[str]:
    """What tells which notebook this one was made from: its grade_ids and, where those were lost, its functions.

    A solution cell has its function's name. Raises Unreadable when the bytes are no notebook.
    """
    cells = [cell for cell in raw_notebook(io.BytesIO(data)).cells if cell]
    functions = {name for cell in cells if cell["cell_type"] == "code" for name in FUNCTION.findall(cell["source"])}
    return functions | {cell["grade_id"] for cell in cells if cell["grade_id"]}


def _recognise(
    cells: Sequence[tuple[int, dict[str, Any]]], marks: dict[str, NotebookNode], functions: Sequence[str]
) -> tuple[dict[int, str], list[Message]]:
    """Which cell is which of the template's: cell number -> grade_id, and what had to be repaired.

    A marked cell may have been turned into text, or text into code: nbgrader turns it back.
    """
    placed: dict[int, str] = {}
    problems = []
    kinds = {n: cell["cell_type"] for n, cell in cells}
    names = {n: function_names(cell["source"]) for n, cell in cells if cell["cell_type"] == "code"}
    for grade_id, original in marks.items():
        own = _defined_by(original) & {*functions}
        free = [(n, cell) for n, cell in cells if n not in placed]
        claiming = [n for n, cell in free if cell["grade_id"] == grade_id]
        unclaimed = [(n, cell) for n, cell in free
                     if cell["grade_id"] not in marks and kinds[n] == original.cell_type]  # fmt: skip
        defining = [n for n, _ in unclaimed if own & names.get(n, set())]
        alike = [n for n, cell in unclaimed if _alike(cell["source"], handed_out(original))]
        if claiming:
            number = next((n for n in reversed(claiming) if own & names.get(n, set())), claiming[0])
            placed[number] = grade_id
            if len(claiming) > 1:
                text = "{count} cells carried the mark `{mark}`: cell {cell} counts."
                problems.append(Message(text, count=len(claiming), mark=grade_id, cell=number))
            if kinds[number] != original.cell_type == "code":
                text = "Cell {cell}, `{mark}`, was no code any more; it was turned back into code."
                problems.append(Message(text, cell=number, mark=grade_id))
        elif defining:
            placed[defining[-1]] = grade_id
            text = "The mark of cell `{mark}` was lost; it was recognised by the function it defines."
            problems.append(Message(text, mark=grade_id))
        elif alike:
            placed[alike[0]] = grade_id
            text = "The mark of cell `{mark}` was lost; it was recognised by its text."
            problems.append(Message(text, mark=grade_id))
        else:
            problems.append(Message("The cell `{mark}` was missing and was put back.", mark=grade_id))
    return placed, problems


def _defined_by(original: NotebookNode) -> set[str]:
    """The functions that a solution cell of the template defines."""
    return function_names(original.source) if original.metadata["nbgrader"].get("solution") else set()


def handed_out(original: NotebookNode) -> str:
    """The text of a locked cell as students get it, without hidden tests: those never enter the sandbox."""
    return HIDDEN.sub("", str(original.source))


def _restored(cell: dict[str, Any], original: NotebookNode) -> dict[str, Any]:
    """A cell of the template's with what nbgrader restores: its kind, and where it is locked its text."""
    mark = original.metadata["nbgrader"]
    locked = not mark.get("solution") and (mark.get("grade") or mark.get("locked"))
    source = handed_out(original) if locked else cell["source"]
    return {**cell, "cell_type": original.cell_type, "source": source}


def _changed_the_code(given: dict[str, Any], restored: dict[str, Any], original: NotebookNode) -> bool:
    """Whether a locked cell had other code than it was handed out with; students may well add to a test."""
    is_test = original.metadata["nbgrader"].get("grade")
    return (
        restored["cell_type"] == "code" and not is_test and _squeezed(given["source"]) != _squeezed(restored["source"])
    )


def _with_missing(
    cells: Sequence[tuple[int, dict[str, Any]]], placed: dict[int, str], marks: dict[str, NotebookNode]
) -> list[tuple[int, dict[str, Any]]]:
    """The student's cells and, after their predecessors, the template's that are missing, with number 0."""
    result = list(cells)
    after = 0
    for grade_id, original in marks.items():
        at = next((i for i, (n, _) in enumerate(result) if n and placed.get(n) == grade_id), None)
        if at is None:
            solution = original.metadata["nbgrader"].get("solution")
            source = "# This cell was missing from the submission." if solution else handed_out(original)
            missing = {"cell_type": original.cell_type, "source": source, "grade_id": grade_id, "attachments": None}
            result.insert(after, (0, missing))
            at = after
        after = at + 1
    return result


def _node(cell: dict[str, Any], original: NotebookNode | None, cell_id: str) -> dict[str, Any]:
    """A valid cell of format 4.5, with the template's metadata if it is one of the template's."""
    metadata = {"nbgrader": dict(original.metadata["nbgrader"])} if original is not None else {}
    node = {"cell_type": cell["cell_type"], "id": cell_id, "metadata": metadata, "source": cell["source"]}
    if cell["cell_type"] == "code":
        return {**node, "outputs": [], "execution_count": None}
    return {**node, "attachments": cell["attachments"]} if cell["attachments"] else node


def _alike(source: str, original: str) -> bool:
    """Whether texts differ in blanks only."""
    return len(source) < 10 * len(original) + 1_000 and _squeezed(source) == _squeezed(original)


def _squeezed(source: str) -> str:
    return "".join(source.split())


def blank_submission(template: NotebookNode, reason: str) -> NotebookNode:
    """The template's nbgrader cells without any solution, for a file that could not be read."""
    cells: list[dict[str, Any]] = []
    for original in (c for c in template.cells if "nbgrader" in c.metadata):
        solution = original.metadata["nbgrader"].get("solution")
        source = f"# {reason}" if solution else original.source
        cell = {"cell_type": original.cell_type, "source": source, "attachments": None}
        cells.append(_node(cell, original, f"cell-{len(cells)}"))
    note = {"cell_type": "markdown", "source": f"**{reason}**", "attachments": None}
    cells.insert(0, _node(note, None, "note"))
    content = {"cells": cells, "metadata": template.metadata, "nbformat": 4, "nbformat_minor": 5}
    blank: NotebookNode = nbformat.from_dict(content)
    return blank
