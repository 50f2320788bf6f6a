"""Small mistakes in a correct cell: the edits of the table, made one by one."""

from __future__ import annotations

import ast
import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.grading.diagnosis.edits import (
    Edit,
    changes,
    local_names,
    part_edits,
    small_edits,
    statement_edits,
    statements,
)
from autograder.grading.diagnosis.program import FUNCTIONS, Block, Node, nodes_of, written
from autograder.messages import Message
from autograder.notebook.cells import runnable

MOST_ALIKE = 3  # edits of one kind in one statement: with another name in its place, there would be hundreds
IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Mistake:
    """A cell with a small edit. `line` is one of the correct cell's, from 1, `before` the statement that stands there.

    `stopped` are correct cells, of which one stops at that statement, and one at the first below it.
    """

    kind: str
    line: int
    before: str
    after: Message
    source: str
    stopped: tuple[str, ...]


def written_anew(source: str) -> str:
    """The cell as its edits are made in it: without comments and docstrings."""
    return written(cell_block(source), count=False)


def cell_block(source: str) -> Block:
    """A cell's statements."""
    return Block("", nodes_of(ast.parse(runnable(source)).body, "cell"))


def mistakes(source: str, seed: int) -> list[Mistake]:
    """The mistakes that a cell is given, in the order of its lines: the same for the same seed."""
    block = cell_block(source)
    correct = written(block, count=False)
    alike: dict[tuple[int, str], dict[str, Edit]] = {}
    for edit in cell_edits(block):
        text = written(block, changes([edit]), count=False)
        if text != correct and compiles(text):
            alike.setdefault((id(_statement(edit)), edit.kind), {}).setdefault(text, edit)
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    found: dict[str, Mistake] = {}
    for edits in alike.values():
        for text in rng.sample(sorted(edits), min(MOST_ALIKE, len(edits))):
            edit = edits[text]
            node = _statement(edit)
            found.setdefault(
                text, Mistake(edit.kind, edit.places[0][1], node.head, _after(edit), text, tuple(_stopped(block, node)))
            )
    return sorted(found.values(), key=lambda one: one.line)


def cell_edits(block: Block) -> Iterator[Edit]:
    """All single edits of a cell: of its functions and methods, and of its other statements but imports."""
    others = [node for node in block.nodes if not isinstance(node.tree, (*FUNCTIONS, *IMPORTS, ast.ClassDef))]
    names = (local_names(ast.Module([node.tree for node in others], [])), ())
    for place, node in enumerate(block.nodes):
        if node in others:
            for inner, its_block, its_place, above in statements(node):
                yield from part_edits(inner, names)
                yield from statement_edits(inner, *((its_block, its_place) if its_block else (block, place)), above)
        for function in _functions(node):
            yield from small_edits(function)


def _functions(node: Node) -> Iterator[Node]:
    if isinstance(node.tree, FUNCTIONS):
        yield node
    elif isinstance(node.tree, ast.ClassDef):
        for inner in node.blocks[0].nodes:
            yield from _functions(inner)


def _statement(edit: Edit) -> Node:
    """The statement that is edited."""
    node = edit.head[0] if edit.head else next(iter(edit.deleted), edit.unwrapped)
    assert node is not None
    return node


def _after(edit: Edit) -> Message:
    """What stands there instead."""
    if edit.inserted is not None:
        block, place, _ = edit.inserted
        if place:
            return Message("after line {line}", line=block.nodes[place - 1].last_line)
        return Message("before line {line}", line=block.nodes[0].line)
    if edit.unwrapped is not None:
        return Message("without it, the lines below always run")
    if edit.deleted:
        return Message("left out")
    return Message("{code}", code=edit.after if edit.head is None else edit.head[1])


def _stopped(block: Block, node: Node) -> Iterator[str]:
    """The cell, with an end that no program catches, before the statement and below it."""
    stop = ast.parse("raise KeyboardInterrupt").body[0]
    here = next((one, one.nodes.index(node)) for one in _blocks(block) if node in one.nodes)
    for one, place in (here, *((below, 0) for below in node.blocks[:1])):
        made = Edit("", (), inserted=(one, place, (Node(ast.unparse(stop), [], stop, ""),)))
        yield written(block, changes([made]), count=False)


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for node in block.nodes:
        for inner in node.blocks:
            yield from _blocks(inner)


def compiles(text: str) -> bool:
    """Whether Python can read a cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python thinks little of some of them
        try:
            compile(text, "cell", "exec")
        except (SyntaxError, ValueError):
            return False
    return True
