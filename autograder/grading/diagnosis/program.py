"""A program as lines with blocks below them: fast to change in places, and to write down again."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

COUNTED = ("for ", "while ", "def ", "async for ", "async def ")
COUNT = "_one_step"  # what a program calls in each turn of a loop, and at the beginning of a function
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
BLOCKS = (*FUNCTIONS, *LOOPS, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.ClassDef)


@dataclass(eq=False)
class Block:
    """Statements below a line, which `label` begins if it is not the statement's own first line."""

    label: str
    nodes: list[Node]


@dataclass(eq=False)
class Node:
    """A statement: its first line (or all of it), the blocks below, where it stands, and its syntax."""

    head: str
    blocks: list[Block]
    tree: ast.stmt
    cell: str

    @property
    def line(self) -> int:
        """Its first line, from 1."""
        return self.tree.lineno

    @property
    def last_line(self) -> int:
        """Its last line, with all that is below."""
        return self.tree.end_lineno or self.tree.lineno

    def within(self) -> Iterator[Node]:
        """It, and all statements below."""
        yield self
        for block in self.blocks:
            for node in block.nodes:
                yield from node.within()

    @property
    def whole(self) -> str:
        """Its text, with all that is below."""
        return "\n".join(_written([self], NO_CHANGES, 0, count=False))


def nodes_of(statements: Iterable[ast.stmt], cell: str) -> list[Node]:
    """Statements without texts that do nothing, such as docstrings."""
    return [_node(one, cell) for one in statements
            if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]  # fmt: skip


def _node(tree: ast.stmt, cell: str) -> Node:
    if not isinstance(tree, BLOCKS):
        return Node(ast.unparse(tree), [], tree, cell)
    blocks = [Block("", nodes_of(tree.body, cell))]
    if isinstance(tree, ast.Try):
        for handler in tree.handlers:
            bare = ast.ExceptHandler(handler.type, handler.name, [ast.Pass()])
            label = ast.unparse(bare).strip().rsplit("\n", 1)[0]
            blocks.append(Block(label, nodes_of(handler.body, cell)))
        blocks.append(Block("finally:", nodes_of(tree.finalbody, cell)))
    blocks.append(Block("else:", nodes_of(getattr(tree, "orelse", []), cell)))
    return Node(header(tree), blocks, tree, cell)


def header(tree: ast.stmt) -> str:
    """The first line of a statement with blocks below."""
    if isinstance(tree, ast.Try):
        return "try:"
    fields = {name: getattr(tree, name, None) for name in tree._fields}
    empty = {"body": [ast.Pass()], "orelse": []}
    bare: ast.stmt = type(tree)(**{**fields, **{name: value for name, value in empty.items() if name in fields}})  # type: ignore[arg-type]
    ast.copy_location(bare, tree)
    return ast.unparse(bare).strip().rsplit("\n", 1)[0]


@dataclass(frozen=True)
class Changes:
    """What is different from a program: by the identity of the node or block that it is about."""

    deleted: frozenset[int] = frozenset()
    unwrapped: frozenset[int] = frozenset()  # what is below stays
    heads: dict[int, str] = field(default_factory=dict)
    inserted: dict[tuple[int, int], list[Node]] = field(default_factory=dict)  # (block, before which) -> nodes


NO_CHANGES = Changes()


def written(nodes: Sequence[Node] | Block, changes: Changes = NO_CHANGES, count: bool = True) -> str:
    """The text of a program with changes; it counts its steps."""
    top = Block("", list(nodes)) if not isinstance(nodes, Block) else nodes
    return "\n".join(_written(top.nodes, changes, 0, count, top)) + "\n"


def counted(source: str, statements: Sequence[int] | None = None) -> str:
    """A cell's text, or that of some of its statements, so that it counts its steps."""
    body = ast.parse(source).body
    return written(nodes_of(body if statements is None else [body[index] for index in statements], ""))


def _written(
    nodes: Sequence[Node], changes: Changes, depth: int, count: bool, block: Block | None = None
) -> Iterator[str]:
    key = id(block)
    for place in range(len(nodes) + 1):
        for new in changes.inserted.get((key, place), ()):
            yield from _statement(new, changes, depth, count)
        if place == len(nodes):
            return
        node = nodes[place]
        if id(node) in changes.deleted:
            continue
        if id(node) in changes.unwrapped:
            for inner in node.blocks[:1]:
                yield from _written(inner.nodes, changes, depth, count, inner)
            continue
        yield from _statement(node, changes, depth, count)


def _statement(node: Node, changes: Changes, depth: int, count: bool) -> Iterator[str]:
    indent = "    " * depth
    head = changes.heads.get(id(node), node.head)
    for line in head.split("\n") if node.blocks or _one_line(head) else [head]:
        yield indent + line
    for block in node.blocks:
        lines = list(_written(block.nodes, changes, depth + 1, count, block))
        if block.label:
            if not lines and not block.label.startswith("except"):
                continue
            yield indent + block.label
        elif count and head.rpartition("\n")[2].startswith(COUNTED):
            lines.insert(0, f"{indent}    {COUNT}()")
        yield from lines or [f"{indent}    pass"]


def _one_line(head: str) -> bool:
    """Whether the text may be indented line by line: no text of several lines is in it."""
    return '"""' not in head and "'''" not in head
