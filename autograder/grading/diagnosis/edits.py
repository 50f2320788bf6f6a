"""The one table of small edits: what a mistake in a program may be, or its repair."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from autograder.grading.diagnosis.program import BLOCKS, FUNCTIONS, LOOPS, Block, Changes, Node, header, nodes_of

Place = tuple[str, int]  # cell, line
Way = tuple[tuple[str, int | None], ...]  # from a statement to a part of it: (field, place in a list)


@dataclass(eq=False, frozen=True)
class Edit:
    """One change of a program. `kind` says what is changed, `before` what stands there now."""

    kind: str
    places: tuple[Place, ...]
    before: str = ""
    after: str = ""
    likely: float = 0.0  # how often students' mistakes are of this kind
    deleted: tuple[Node, ...] = ()
    unwrapped: Node | None = None
    head: tuple[Node, str] | None = None
    inserted: tuple[Block, int, tuple[Node, ...]] | None = None
    origin: Node | None = None  # what of a correct program it comes from
    tree: tuple[ast.stmt, ast.stmt] | None = None  # the statements before and after, where one is put for another


def changes(edits: Iterable[Edit]) -> Changes:
    """What a program looks like after all these edits."""
    deleted: set[int] = set()
    unwrapped, heads = set(), {}
    inserted: dict[tuple[int, int], list[Node]] = {}
    for edit in edits:
        deleted.update(map(id, edit.deleted))
        if edit.unwrapped is not None:
            unwrapped.add(id(edit.unwrapped))
        if edit.head is not None:
            heads[id(edit.head[0])] = edit.head[1]
        if edit.inserted is not None:
            block, place, nodes = edit.inserted
            inserted.setdefault((id(block), place), []).extend(nodes)
    return Changes(frozenset(deleted), frozenset(unwrapped), heads, inserted)


def size(tree: ast.AST) -> int:
    """How many parts a piece of a program has."""
    return sum(1 for _ in ast.walk(tree))


# ---------------------------------------------------------------- parts of a statement


def own_parts(tree: ast.stmt) -> Iterator[tuple[Way, ast.expr]]:
    """The expressions in a statement, outermost first, without those of the statements below."""
    waiting: list[tuple[Way, ast.AST]] = [((), tree)]
    while waiting:
        way, node = waiting.pop(0)
        if isinstance(node, ast.expr) and way:
            yield way, node
        for name, value in ast.iter_fields(node):
            if node is tree and name in ("body", "orelse", "finalbody", "handlers", "decorator_list", "returns"):
                continue
            for place, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(one, ast.AST) and not isinstance(one, ast.stmt | ast.expr_context):
                    waiting.append(((*way, (name, place)), one))


def with_part(tree: ast.stmt, way: Way, new: ast.expr) -> ast.stmt:
    """The statement with another expression in a place; what is below is left out where it has blocks."""
    changed = shallow(tree)
    node: ast.AST = changed
    for name, place in way[:-1]:
        inner = getattr(node, name) if place is None else getattr(node, name)[place]
        inner = copy.copy(inner)
        _put(node, name, place, inner)
        node = inner
    _put(node, *way[-1], new)
    return changed


def shallow(tree: ast.stmt) -> ast.stmt:
    """A copy of a statement that shares its parts."""
    return copy.copy(tree)


def _put(node: ast.AST, name: str, place: int | None, new: ast.AST) -> None:
    if place is None:
        setattr(node, name, new)
    else:
        items = [*getattr(node, name)]
        items[place] = new
        setattr(node, name, items)


def text_of(tree: ast.stmt) -> str:
    """A statement's text; of one with blocks, its first line."""
    return header(tree) if isinstance(tree, BLOCKS) else ast.unparse(tree)


def changed_part(node: Node, way: Way, old: ast.expr, new: ast.expr, kind: str, likely: float) -> Edit | None:
    """The edit that puts `new` for `old`; None where that cannot be written."""
    try:
        tree = with_part(node.tree, way, new)
        return Edit(kind, ((node.cell, old.lineno),), ast.unparse(old), ast.unparse(new), likely,
                    head=(node, text_of(tree)), tree=(node.tree, tree))  # fmt: skip
    except (AttributeError, TypeError, ValueError):
        return None


# ---------------------------------------------------------------- the table

Others = tuple[Sequence[str], Sequence[str]]  # names of a function's variables, and of values that are none of its own
OPPOSITE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE, ast.NotEq), ast.LtE: (ast.Lt, ast.GtE, ast.Gt, ast.Eq),
    ast.Gt: (ast.GtE, ast.Lt, ast.LtE, ast.NotEq), ast.GtE: (ast.Gt, ast.LtE, ast.Lt, ast.Eq),
    ast.Eq: (ast.NotEq, ast.GtE, ast.LtE), ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Is: (ast.IsNot, ast.Eq), ast.IsNot: (ast.Is, ast.NotEq),
}  # fmt: skip
CALCULATIONS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add,), ast.Mult: (ast.MatMult, ast.Add, ast.Div, ast.Pow),
    ast.MatMult: (ast.Mult,), ast.Div: (ast.FloorDiv, ast.Mult), ast.FloorDiv: (ast.Div, ast.Mod),
    ast.Mod: (ast.FloorDiv,), ast.Pow: (ast.Mult,),
}  # fmt: skip
TWINS = {"append": "extend", "extend": "append", "min": "max", "max": "min", "minimum": "maximum",
         "maximum": "minimum", "any": "all", "all": "any", "sum": "mean", "mean": "sum", "argmax": "argmin",
         "argmin": "argmax", "zeros": "ones", "ones": "zeros", "floor": "ceil", "ceil": "floor", "keys": "values",
         "values": "keys", "upper": "lower", "lower": "upper", "tanh": "exp", "sin": "cos", "cos": "sin",
         "insert": "append", "remove": "pop", "index": "count", "find": "index", "ravel": "copy"}  # fmt: skip

New = Iterator[tuple[str, ast.expr, float]]  # kind, what to put there, how likely


def _comparison(old: ast.expr, _: Others) -> New:
    if isinstance(old, ast.Compare):
        for place, op in enumerate(old.ops):
            for number, other in enumerate(OPPOSITE[type(op)]):
                ops = [*old.ops]
                ops[place] = other()
                yield "comparison", ast.Compare(old.left, ops, old.comparators), 3.0 - number / 2


def _number(old: ast.expr, _: Others) -> New:
    match old:
        case ast.Constant(value=bool(value)):
            yield "constant", ast.Constant(not value), 1.5
        case ast.Constant(value=int(value)):
            for number, other in enumerate(dict.fromkeys((value + 1, value - 1, 0, 1, 2 * value))):
                if other != value:
                    new = ast.Constant(other) if other >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-other))
                    yield "constant", new, 1.5 - number / 4
        case ast.Constant(value=float(value)):
            for scaled in (value * 10, value / 10, value / 2):
                yield "constant", ast.Constant(scaled), 0.5


def _off_by_one(old: ast.expr, _: Others) -> New:
    if isinstance(old, ast.Name | ast.Call | ast.BinOp | ast.Subscript | ast.Attribute):
        yield "off by one", ast.BinOp(old, ast.Add(), ast.Constant(1)), 0.6
        yield "off by one", ast.BinOp(old, ast.Sub(), ast.Constant(1)), 0.6


def _variable(old: ast.expr, others: Others) -> New:
    variables, foreign = others
    if isinstance(old, ast.Name) and isinstance(old.ctx, ast.Load):
        if old.id in variables:
            for name in variables:
                if name != old.id:
                    yield "variable", ast.Name(name, ast.Load()), 1.5
        elif old.id in foreign:
            for name in variables:
                yield "name", ast.Name(name, ast.Load()), 3.0
        if old.id in TWINS:
            yield "function", ast.Name(TWINS[old.id], ast.Load()), 0.7


def _calculation(old: ast.expr, _: Others) -> New:
    match old:
        case ast.BinOp(left=left, op=op, right=right):
            for other in CALCULATIONS.get(type(op), ()):
                yield "calculation", ast.BinOp(left, other(), right), 0.9
            yield "calculation", left, 0.8
            yield "calculation", right, 0.7
            if isinstance(op, ast.Sub | ast.Div | ast.MatMult | ast.FloorDiv | ast.Mod | ast.Pow):
                yield "order", ast.BinOp(right, op, left), 0.8
        case ast.UnaryOp(operand=operand):
            yield "sign", operand, 1.0


def _sign(old: ast.expr, _: Others) -> New:
    if isinstance(old, ast.Name | ast.Call | ast.Subscript):
        yield "sign", ast.UnaryOp(ast.USub(), old), 0.3
    if isinstance(old, ast.Compare | ast.Call | ast.BoolOp):
        yield "condition", ast.UnaryOp(ast.Not(), old), 0.4


def _condition(old: ast.expr, _: Others) -> New:
    if isinstance(old, ast.BoolOp):
        yield "condition", ast.BoolOp(ast.Or() if isinstance(old.op, ast.And) else ast.And(), old.values), 1.5
        for place in range(len(old.values)):
            left = [one for number, one in enumerate(old.values) if number != place]
            yield "condition", left[0] if len(left) == 1 else ast.BoolOp(old.op, left), 1.0


def _call(old: ast.expr, _: Others) -> New:
    if isinstance(old, ast.Call):
        for place in range(len(old.args) - 1):
            args = [*old.args]
            args[place : place + 2] = args[place + 1], args[place]
            yield "order", ast.Call(old.func, args, old.keywords), 0.9
        for place in range(len(old.args)):
            if len(old.args) > 1:
                left = [*old.args[:place], *old.args[place + 1 :]]
                yield "argument", ast.Call(old.func, left, old.keywords), 0.5
        for place in range(len(old.keywords)):
            yield "argument", ast.Call(old.func, old.args, [*old.keywords[:place], *old.keywords[place + 1 :]]), 0.4
        if len(old.args) == 1 and not isinstance(old.args[0], ast.Starred):
            yield "call", old.args[0], 0.9
        if isinstance(old.func, ast.Attribute):
            yield "call", old.func.value, 0.6
            if old.func.attr in TWINS:
                twin = ast.Attribute(old.func.value, TWINS[old.func.attr], ast.Load())
                yield "function", ast.Call(twin, old.args, old.keywords), 0.8


def _index(old: ast.expr, _: Others) -> New:
    match old:
        case ast.Subscript(value=value, slice=ast.Slice() as part) if isinstance(old.ctx, ast.Load):
            yield "index", value, 0.6
            for name in ("lower", "upper"):
                bound = getattr(part, name)
                for new in () if bound is None else (None, ast.BinOp(bound, ast.Add(), ast.Constant(1)),
                                                     ast.BinOp(bound, ast.Sub(), ast.Constant(1))):  # fmt: skip
                    yield "index", ast.Subscript(value, _slice(part, name, new), ast.Load()), 0.7
            if part.lower is None:
                yield "index", ast.Subscript(value, _slice(part, "lower", ast.Constant(1)), ast.Load()), 0.5
            if part.upper is None:
                minus = ast.UnaryOp(ast.USub(), ast.Constant(1))
                yield "index", ast.Subscript(value, _slice(part, "upper", minus), ast.Load()), 0.4
        case ast.Subscript(value=value) if isinstance(old.ctx, ast.Load):
            yield "index", value, 0.4
        case ast.Tuple(elts=[first, second]) | ast.List(elts=[first, second]) if isinstance(old.ctx, ast.Load):
            yield "order", type(old)([second, first], ast.Load()), 0.5


def _slice(old: ast.Slice, name: str, new: ast.expr | None) -> ast.Slice:
    return ast.Slice(**{**{one: getattr(old, one) for one in ("lower", "upper", "step")}, name: new})


TABLE: tuple[Callable[[ast.expr, Others], New], ...] = (
    _comparison, _number, _variable, _condition, _calculation, _call, _index, _off_by_one, _sign
)  # fmt: skip


def local_names(function: ast.AST) -> list[str]:
    """A function's parameters and what it assigns to, in order."""
    names = {one.arg: None for one in ast.walk(function) if isinstance(one, ast.arg)}
    names |= {one.id: None for one in ast.walk(function)
              if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}  # fmt: skip
    return list(names)


def small_edits(function: Node, foreign: Sequence[str] = ()) -> Iterator[Edit]:
    """All single edits of a function by the table, in the order of its text. `foreign` values are not its own."""
    others = (local_names(function.tree), foreign)
    for node, block, place, above in statements(function):
        yield from _defining(node, foreign)
        if node is not function:
            yield from part_edits(node, others)
        if block is not None:
            yield from statement_edits(node, block, place, above)


def statements(function: Node) -> Iterator[tuple[Node, Block | None, int, tuple[tuple[Node, Block, int], ...]]]:
    """Each statement with the block that it stands in, its place there, and the same of those above it."""

    def below(node: Node, above: tuple[tuple[Node, Block, int], ...]) -> Iterator[Any]:
        for block in node.blocks:
            for place, inner in enumerate(block.nodes):
                yield inner, block, place, above
                yield from below(inner, (*above, (inner, block, place)))

    yield function, None, 0, ()
    yield from below(function, ())


def _defining(node: Node, foreign: Sequence[str]) -> Iterator[Edit]:
    """The edits by which a parameter, or what a value is assigned to, gets the name of a foreign value."""
    if isinstance(node.tree, FUNCTIONS):
        for parameter in node.tree.args.args:
            for name in foreign:
                arguments = copy.copy(node.tree.args)
                arguments.args = [ast.arg(name) if one is parameter else one for one in arguments.args]
                tree = copy.copy(node.tree)
                tree.args = arguments
                yield Edit("name", ((node.cell, node.line),), parameter.arg, name, 3.0, head=(node, text_of(tree)),
                           tree=(node.tree, tree))  # fmt: skip
        return
    for way, old in own_parts(node.tree):
        if isinstance(old, ast.Name) and isinstance(old.ctx, ast.Store):
            for name in foreign:
                if (edit := changed_part(node, way, old, ast.Name(name, ast.Store()), "name", 2.5)) is not None:
                    yield edit


def part_edits(node: Node, others: Others) -> Iterator[Edit]:
    """The edits of a statement's expressions, and of its assignment."""
    if isinstance(node.tree, FUNCTIONS):
        return
    seen = set()
    for way, old in own_parts(node.tree):
        stored = isinstance(getattr(old, "ctx", None), ast.Store)
        for rule in TABLE if not stored else ():
            if rule is _off_by_one and not _may_be_off_by_one(node.tree, way):
                continue
            for kind, new, likely in rule(old, others):
                role = 0.6 if isinstance(node.tree, ast.Return | ast.If | ast.While) else 0.0
                edit = changed_part(node, way, old, new, kind, likely + role)
                if edit is not None and edit.head is not None and edit.head[1] not in seen:
                    seen.add(edit.head[1])
                    yield edit
    match node.tree:
        case ast.AugAssign(target=target, op=op, value=value):
            for other in CALCULATIONS.get(type(op), ()):
                yield _statement(node, ast.AugAssign(target, other(), value), "calculation", 0.9)
            yield _statement(node, ast.Assign([_stored(target)], value, lineno=1), "assignment", 0.7)
        case ast.Assign(targets=[ast.Name() as target], value=value):
            yield _statement(node, ast.AugAssign(target, ast.Add(), value), "assignment", 0.8)
            yield _statement(node, ast.AugAssign(target, ast.Sub(), value), "assignment", 0.3)
            match value:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=target.id))):  # x = x.append(...)
                    yield _statement(node, ast.Expr(value), "assignment", 1.5)
                case ast.Call():
                    yield _statement(node, ast.Expr(value), "assignment", 0.5)
        case ast.If(test=test):
            yield _statement(node, ast.While(test, [ast.Pass()], []), "loop", 0.3)
        case ast.While(test=test):
            yield _statement(node, ast.If(test, [ast.Pass()], []), "loop", 0.3)
        case ast.Break():
            yield _statement(node, ast.Continue(), "loop", 0.8)
        case ast.Continue():
            yield _statement(node, ast.Break(), "loop", 0.8)
        case ast.Expr(value=value):
            yield _statement(node, ast.Return(value), "missing return", 1.0)
            match value:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                    yield _statement(
                        node, ast.Assign([ast.Name(name, ast.Store())], value, lineno=1), "assignment", 0.9
                    )


def _may_be_off_by_one(tree: ast.stmt, way: Way) -> bool:
    """Whether a part is an index, a bound, an argument, a side of a comparison or what is returned."""
    last, above = way[-1][0], way[-2][0] if len(way) > 1 else ""
    return last in ("slice", "lower", "upper", "args", "comparators", "left") or (
        last == "value" and (isinstance(tree, ast.Return | ast.Assign) and not above)
    )


def _stored(target: ast.expr) -> ast.expr:
    target = copy.copy(target)
    target.ctx = ast.Store()  # type: ignore[attr-defined]
    return target


def _statement(node: Node, new: ast.stmt, kind: str, likely: float) -> Edit:
    return Edit(kind, ((node.cell, node.line),), node.head, text_of(new), likely, head=(node, text_of(new)),
                tree=(node.tree, new))  # fmt: skip


def statement_edits(node: Node, block: Block, place: int, above: tuple[tuple[Node, Block, int], ...]) -> Iterator[Edit]:
    """The edits that take a statement away, or put it elsewhere: a line further, into a block or out of it."""
    here = ((node.cell, node.line),)
    plain = Edit("superfluous", here, node.head, "", 0.7, deleted=(node,))
    if len(block.nodes) > 1 or above:
        yield plain
    if node.blocks and isinstance(node.tree, ast.If | ast.With | ast.Try | ast.For | ast.While):
        yield replace(plain, kind="unwrapped", deleted=(), unwrapped=node, likely=0.5)
    if place + 1 < len(block.nodes):
        after = block.nodes[place + 1]
        yield _moved(node, block, place + 2, 0.7)
        if after.blocks and isinstance(after.tree, (*LOOPS, ast.If)):
            yield _moved(node, after.blocks[0], 0, 0.5)
    if place > 0:
        before = block.nodes[place - 1]
        if before.blocks and isinstance(before.tree, (*LOOPS, ast.If)):
            yield _moved(node, before.blocks[0], len(before.blocks[0].nodes), 1.0)
    if above:
        outer, outer_block, outer_place = above[-1]
        if outer.blocks and block is outer.blocks[0]:
            yield _moved(node, outer_block, outer_place, 0.5)
        if place == len(block.nodes) - 1:
            yield _moved(node, outer_block, outer_place + 1, 1.4)
            for _, further_block, further_place in above[:-1]:
                yield _moved(node, further_block, further_place + 1, 1.2)


def forgotten(function: Node) -> Iterator[Edit]:
    """What is often forgotten: an `else`, or to count on, at the end of a `while` or where its last `if` does not hold.

    These are repairs only: nobody adds an `else`, or counts on once more, by mistake.
    """
    variables = local_names(function.tree)
    for node, block, place, _ in statements(function):
        before = block.nodes[place - 1] if block is not None and place else None
        if before is not None and isinstance(before.tree, ast.If):
            yield _moved(node, before.blocks[-1], len(before.blocks[-1].nodes), 0.9)
    for loop in function.within():
        if not isinstance(loop.tree, ast.While):
            continue
        body = loop.blocks[0]
        ends = [(loop, body)]
        if body.nodes and isinstance(body.nodes[-1].tree, ast.If):
            ends.append((body.nodes[-1], body.nodes[-1].blocks[-1]))
        for name in [one for one in variables if one in _names_in(loop.tree.test)]:
            for step in (f"{name} += 1", f"{name} -= 1"):
                (new,) = nodes_of(ast.parse(step).body, loop.cell)
                for above, block in ends:
                    yield missing(above, block, len(block.nodes), new, 0.9)


JUMPS = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def missing(above: Node, block: Block, place: int, new: Node, likely: float = 0.0) -> Edit:
    """A statement more in a block of `above`. A jump is told at the next statement, which no longer runs then."""
    before = block.nodes[place - 1] if place else None
    after = block.nodes[place] if place < len(block.nodes) else None
    kind, code, line = "missing", "", above.line
    if after is not None and isinstance(new.tree, JUMPS):
        kind, code, line = "changed", after.head, after.line
    elif before is not None:
        kind, line = ("missing after a block" if before.blocks else "missing"), before.last_line
    elif block is not above.blocks[0]:  # such as an `else`
        kind, line = ("missing", block.nodes[0].line - 1) if block.nodes else ("missing after a block", above.last_line)
    return Edit(kind, ((above.cell, line),), code, new.head, likely, inserted=(block, place, (new,)), origin=new)


def _moved(node: Node, block: Block, place: int, likely: float) -> Edit:
    return Edit("moved", ((node.cell, node.line),), node.head, node.head, likely, deleted=(node,),
                inserted=(block, place, (_twin(node),)))  # fmt: skip


def _twin(node: Node) -> Node:
    """The same statement once more: to delete one of the two leaves the other."""
    return Node(node.head, node.blocks, node.tree, node.cell)


# ---------------------------------------------------------------- pieces of correct programs

MOST_PARTS = 14  # of an expression that is put into a program on its own
MOST_INSERTED = 24  # of a statement, with all that is below: what is larger may be the whole solution


def roles(tree: ast.stmt) -> Iterator[tuple[str, Way, ast.expr]]:
    """The expressions of a statement with what they are there for, such as the test of an `if`."""
    for way, part in own_parts(tree):
        if isinstance(getattr(part, "ctx", None), ast.Store):
            continue
        name = way[-1][0]
        yield (f"{type(tree).__name__}.{name}" if len(way) == 1 else f"{name}"), way, part


def tokens(tree: ast.AST) -> Counter[str]:
    """What stands in a piece of a program, without its order."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name):
                found[name] += 1
            case ast.Constant(value=value):
                found[repr(value)[:40]] += 1
            case ast.Attribute(attr=name):
                found[f".{name}"] += 1
            case ast.expr_context() | ast.Load() | ast.arguments():
                pass
            case _:
                found[type(node).__name__] += 1
    return found


@lru_cache(maxsize=4096)
def tokens_of(tree: ast.stmt) -> Counter[str]:
    """A statement's `tokens`, which are counted once."""
    return tokens(tree)


def likeness(one: Counter[str], other: Counter[str]) -> float:
    """From 0 to 1, how much two pieces have in common."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0


@dataclass
class Pieces:
    """What correct programs are made of, each once: by its text."""

    expressions: dict[tuple[str, str], ast.expr] = field(default_factory=dict)  # role, text -> a small one
    tests: dict[str, ast.expr] = field(default_factory=dict)  # of an `if`
    around: dict[str, Node] = field(default_factory=dict)  # an `if` or a loop
    statements: dict[str, Node] = field(default_factory=dict)  # with all that is below, if that is little


def pieces_of(programs: Iterable[ast.FunctionDef], unknown: Collection[str], known: Collection[str]) -> Pieces:
    """The pieces of programs whose variables have the student's names already.

    `unknown` are names that the student's program lacks, and `known` its variables.
    """
    found = Pieces()
    for program in programs:
        missing = {*local_names(program)} - {*known}
        for node in nodes_of([program], "")[0].within():
            if isinstance(node.tree, FUNCTIONS):
                continue
            for role, _, part in roles(node.tree):
                if size(part) <= MOST_PARTS and not _names_in(part) & {*unknown}:
                    found.expressions.setdefault((role, ast.unparse(part)), part)
            if _names_in(node.tree) & {*unknown}:
                continue
            if isinstance(node.tree, ast.If) and size(node.tree.test) <= MOST_PARTS:
                found.tests.setdefault(ast.unparse(node.tree.test), node.tree.test)
            if isinstance(node.tree, (*LOOPS, ast.If)) and not any(block.nodes for block in node.blocks[1:]):
                found.around.setdefault(node.head, node)
            if size(node.tree) <= MOST_INSERTED and not _names_in(node.tree) & missing:
                found.statements.setdefault(node.whole, node)
    return found


def _names_in(tree: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}


def piece_edits(function: Node, pieces: Pieces) -> Iterator[Edit]:
    """The edits of a function by which it gets a piece of a correct program."""
    yield from _wrapped(function, pieces.around.values())
    yield from _guarded(function, pieces.tests.values())
    yield from _inserted(function, pieces.statements.values())
    yield from _replaced(function, pieces.expressions)


def _replaced(function: Node, pieces: Mapping[tuple[str, str], ast.expr]) -> Iterator[Edit]:
    """An expression for one of the same role."""
    bags = {key: tokens(piece) for key, piece in pieces.items()}
    for node in function.within():
        if isinstance(node.tree, FUNCTIONS):
            continue
        for role, way, old in roles(node.tree):
            mine, text = tokens(old), ast.unparse(old)
            for (other, written), piece in pieces.items():
                if other == role and written != text and type(piece) is not ast.Slice:
                    direct = 0.4 if len(way) == 1 else 0.1
                    likely = direct + likeness(mine, bags[other, written])
                    edit = changed_part(node, way, old, piece, "expression", likely)
                    if edit is not None:
                        yield edit


def _wrapped(function: Node, around: Collection[Node]) -> Iterator[Edit]:
    """An `if` or a loop around as many statements as stand in it in the correct program."""
    for node, block, place, _ in statements(function):
        for outer in around:
            inner = block.nodes[place : place + len(outer.blocks[0].nodes)] if block is not None else []
            if block is not None and len(inner) == len(outer.blocks[0].nodes):
                wrapped = Node(outer.head, [Block("", [*map(_twin, inner)])], outer.tree, node.cell)
                alike = sum(likeness(tokens_of(one.tree), tokens_of(other.tree))
                            for one, other in zip(inner, outer.blocks[0].nodes, strict=True)) / len(inner)  # fmt: skip
                yield Edit("wrapped", ((node.cell, node.line),), node.head, outer.head, alike,
                           deleted=tuple(inner), inserted=(block, place, (wrapped,)), origin=outer)  # fmt: skip


def _guarded(function: Node, tests: Collection[ast.expr]) -> Iterator[Edit]:
    """One condition more beside one that is there: a correct program's, or that an argument is empty."""
    empty = [ast.UnaryOp(ast.Not(), ast.Name(one.arg, ast.Load())) for one in ast.walk(function.tree)
             if isinstance(one, ast.arg)]  # fmt: skip
    for node in function.within():
        if isinstance(node.tree, ast.If | ast.While):
            old = node.tree.test
            for test in (*empty, *tests):
                for both in (ast.Or(), ast.And()):
                    edit = changed_part(node, (("test", None),), old, ast.BoolOp(both, [test, old]), "condition", 0.8)
                    if edit is not None:
                        yield edit


def _inserted(function: Node, others: Collection[Node]) -> Iterator[Edit]:
    """A statement more, anywhere."""
    for node in function.within():
        for block in node.blocks:
            for place in range(len(block.nodes) + 1) if block.nodes else ():
                for other in others:
                    yield missing(node, block, place, other, 0.8)
