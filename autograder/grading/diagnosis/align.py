"""From a student's function to a correct one: which statements correspond, and the edits that lead there."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from autograder.grading.diagnosis.edits import (
    Edit,
    Way,
    likeness,
    local_names,
    missing,
    text_of,
    tokens,
    tokens_of,
    with_part,
)
from autograder.grading.diagnosis.program import FUNCTIONS, Block, Node, nodes_of

APART = 0.25  # statements with less in common do not correspond
ROUNDS = 2  # in which variables are matched by the statements that correspond


@dataclass(frozen=True)
class Donor:
    """A correct program: the function that is asked for, and what else it defines. `steps`: line -> the exercise's."""

    function: ast.FunctionDef
    others: tuple[ast.stmt, ...]


def donor_of(source: str, function: str, leave_out: Sequence[str]) -> Donor | None:
    """The correct program in cells' text; `leave_out` names the assignment's other functions."""
    found: ast.FunctionDef | None = None
    others: list[ast.stmt] = []
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef) and statement.name == function:
            found = statement
        elif not (isinstance(statement, FUNCTIONS) and statement.name in leave_out) and not (
            isinstance(statement, ast.Expr)
        ):
            others.append(statement)
    return Donor(found, tuple(others)) if found is not None else None


# ---------------------------------------------------------------- variables by their roles


def renamed(student: ast.FunctionDef, donor: ast.FunctionDef) -> ast.FunctionDef:
    """The donor with the student's names for the variables that play the same role."""
    if [one.arg for one in donor.args.args] == [one.arg for one in student.args.args] and not (
        {*local_names(donor)} - {*local_names(student)}
    ):
        same = {name: name for name in local_names(donor)}
    else:
        same = {}
    names = _by_position(student, donor)
    roles = (_uses(student), _uses(donor))
    mapping = _matched(roles, names, Counter())
    for _ in range(ROUNDS):
        votes = _votes(student, _with_names(donor, mapping), mapping)
        mapping = _matched(roles, names, votes)
    if same and all(mapping.get(name, name) == name for name in same):
        mapping = same
    return _with_names(donor, _without_clashes(mapping, student, donor))


def _by_position(student: ast.FunctionDef, donor: ast.FunctionDef) -> dict[str, str]:
    ours, theirs = ([*one.args.posonlyargs, *one.args.args] for one in (donor, student))
    return {one.arg: other.arg for one, other in zip(ours, theirs, strict=False)}


@lru_cache(maxsize=256)
def _uses(function: ast.FunctionDef) -> dict[str, Counter[str]]:
    """How each variable is used: by what stands around it."""
    names = {*local_names(function)}
    found: dict[str, Counter[str]] = {name: Counter() for name in names}

    def look(node: ast.AST, around: tuple[str, ...], statement: str) -> None:
        if isinstance(node, ast.Name) and node.id in names:
            store = isinstance(node.ctx, ast.Store)
            found[node.id].update([f"{statement} {store}", f"{around[-1]} {store}", f"{around[-2:]}"])
        if isinstance(node, ast.stmt):
            statement = type(node).__name__
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        found[target.id].update(f"= {one}" for one in tokens(node.value) if one not in names)
        label = type(node).__name__
        if isinstance(node, ast.Call):
            label = f"Call {ast.unparse(node.func)[-30:]}" if not isinstance(node.func, ast.Call) else label
        for name, value in ast.iter_fields(node):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.AST):
                    look(one, (*around, f"{label}.{name}"), statement)

    look(function, ("",), "")
    return found


def _matched(
    roles: tuple[Mapping[str, Counter[str]], Mapping[str, Counter[str]]], fixed: Mapping[str, str],
    votes: Counter[tuple[str, str]],
) -> dict[str, str]:  # fmt: skip
    """Donor's name -> student's."""
    theirs, ours = roles
    pairs = []
    for one, bag in ours.items():
        for other, around in theirs.items():
            if one not in fixed and other not in fixed.values():
                weight = likeness(bag, around) + 0.5 * votes[one, other] + (0.3 if one == other else 0)
                pairs.append((-weight, one, other))
    mapping = dict(fixed)
    taken = {*fixed.values()}
    for weight, one, other in sorted(pairs):
        if one not in mapping and other not in taken and weight < -0.2:
            mapping[one] = other
            taken.add(other)
    return mapping


def _votes(student: ast.FunctionDef, donor: ast.FunctionDef, mapping: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """How often a name of the student's stands where one of the donor's does, in statements that correspond."""
    back = {other: one for one, other in mapping.items()}
    votes: Counter[tuple[str, str]] = Counter()
    for one, other in _pairs(nodes_of(student.body, ""), nodes_of(donor.body, "")):
        mine, theirs = (_names_in(each.tree) for each in (one, other))
        if len(mine) == len(theirs):
            votes.update((back.get(name, name), own) for own, name in zip(mine, theirs, strict=True))
    return votes


def _names_in(tree: ast.stmt) -> list[str]:
    shown = text_of(tree)
    try:
        parsed = ast.parse(shown if not shown.endswith(":") else f"{shown}\n pass")
    except SyntaxError:
        return []
    return [node.id for node in ast.walk(parsed) if isinstance(node, ast.Name)]


def _pairs(ours: Sequence[Node], theirs: Sequence[Node]) -> Iterator[tuple[Node, Node]]:
    for one, other in aligned(ours, theirs):
        if one is not None and other is not None:
            yield one, other
            for block, twin in zip(one.blocks, other.blocks, strict=False):
                yield from _pairs(block.nodes, twin.nodes)


def _without_clashes(
    mapping: Mapping[str, str], student: ast.FunctionDef, donor: ast.FunctionDef
) -> dict[str, str]:  # fmt: skip
    taken = {*local_names(student)}
    return {name: mapping.get(name, f"{name}_" if name in taken else name) for name in local_names(donor)}


class _Renaming(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self.names.get(node.arg, node.arg)
        return node


def _with_names(function: ast.FunctionDef, names: Mapping[str, str]) -> ast.FunctionDef:
    changed = copy.deepcopy(function)
    if all(one == other for one, other in names.items()):
        return changed
    _Renaming(names).visit(changed)
    return changed


# ---------------------------------------------------------------- statements


def aligned(ours: Sequence[Node], theirs: Sequence[Node]) -> list[tuple[Node | None, Node | None]]:
    """Which statements correspond, in order (Needleman and Wunsch): None where one has no counterpart."""
    gain = [[_common(one, other) for other in theirs] for one in ours]
    best = [[0.0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i in range(len(ours) - 1, -1, -1):
        for j in range(len(theirs) - 1, -1, -1):
            both = gain[i][j] + best[i + 1][j + 1] if gain[i][j] > 0 else 0.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    found: list[tuple[Node | None, Node | None]] = []
    i = j = 0
    while i < len(ours) or j < len(theirs):
        if i < len(ours) and j < len(theirs) and gain[i][j] > 0 and best[i][j] == gain[i][j] + best[i + 1][j + 1]:
            found.append((ours[i], theirs[j]))
            i, j = i + 1, j + 1
        elif i < len(ours) and (j == len(theirs) or best[i][j] == best[i + 1][j]):
            found.append((ours[i], None))
            i += 1
        else:
            found.append((None, theirs[j]))
            j += 1
    return found


def _common(one: Node, other: Node) -> float:
    """How much two statements have in common, above what is too little; 0 where they cannot correspond."""
    if bool(one.blocks) != bool(other.blocks):
        return 0.0
    kinds = type(one.tree), type(other.tree)
    if one.blocks and kinds[0] is not kinds[1] and {*kinds} != {ast.For, ast.While}:
        return 0.0
    if one.head == other.head and not one.blocks:
        return 1.5
    alike = likeness(tokens_of(one.tree), tokens_of(other.tree))
    if one.blocks:
        heads = 1.0 if one.head == other.head else likeness(Counter(one.head.split()), Counter(other.head.split()))
        alike = 0.2 + 0.5 * alike + 0.3 * heads
    elif kinds[0] is not kinds[1]:
        alike *= 0.6
    elif kinds[0] is ast.Return:
        alike = max(alike, 0.4)
    return max(0.0, alike - APART)


def script(student: Node, donor: ast.FunctionDef) -> list[Edit]:
    """The edits that lead from the student's function to the donor's, in the order of the student's text."""
    return list(_between(student, nodes_of([donor], "")[0]))


def _between(one: Node, other: Node) -> Iterator[Edit]:
    if one.head != other.head:
        kind = "calculation" if _only_the_operator(one.tree, other.tree) else "changed"
        yield Edit(kind, ((one.cell, one.line),), one.head, other.head, head=(one, other.head), origin=other,
                   tree=(one.tree, other.tree))  # fmt: skip
    for block, twin in _blocks(one, other):
        place = 0
        for mine, theirs in aligned(block.nodes, twin.nodes):
            if mine is not None:
                place = block.nodes.index(mine) + 1
                if theirs is not None:
                    yield from _between(mine, theirs)
                else:
                    yield Edit("superfluous", ((mine.cell, mine.line),), mine.head, "", deleted=(mine,))
            elif theirs is not None:
                yield missing(one, block, place, theirs)


def _only_the_operator(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether all that differs is how a value changes a variable, as in `total -= 1`."""
    match one, other:
        case ast.AugAssign(target=target, value=value), ast.AugAssign(target=target_of_other, value=value_of_other):
            return ast.dump(target) == ast.dump(target_of_other) and ast.dump(value) == ast.dump(value_of_other)
    return False


def _blocks(one: Node, other: Node) -> Iterator[tuple[Block, Block]]:
    """The blocks that correspond: by their labels."""
    theirs = {block.label: block for block in other.blocks}
    for block in one.blocks:
        yield block, theirs.get(block.label, Block(block.label, []))


# ---------------------------------------------------------------- parts of a statement that was changed


def refined(edit: Edit) -> list[Edit]:
    """The same change as edits of the parts that differ, if there are such; they can be combined by `together`."""
    if edit.tree is None or edit.head is None or type(edit.tree[0]) is not type(edit.tree[1]):
        return []
    node = edit.head[0]
    found = list(_differences(*edit.tree, ()))
    if not found or any(not way for way, _, _ in found) or len(found) > 6:
        return []
    return [Edit(_kind(old, new, way, edit.tree[0]), ((node.cell, old.lineno),), ast.unparse(old), ast.unparse(new),
                 head=(node, ""), origin=edit.origin, tree=(edit.tree[0], with_part(edit.tree[0], way, new)))
            for way, old, new in found]  # fmt: skip


def together(edit: Edit, parts: Sequence[Edit]) -> Edit | None:
    """One edit of a statement that makes several of its `refined` changes."""
    assert edit.tree is not None and edit.head is not None
    ways = {_text(old): (way, new) for way, old, new in _differences(*edit.tree, ())}
    tree = edit.tree[0]
    places: list[tuple[str, int]] = []
    for part in parts:
        found = [(way, old, new) for way, old, new in _differences(*edit.tree, ()) if
                 (ast.unparse(old), ast.unparse(new)) == (part.before, part.after)]  # fmt: skip
        if not found or not ways:
            return None
        way, _, new = found[0]
        tree = with_part(tree, way, new)
        places += part.places
    kind = parts[0].kind if len(parts) == 1 else "changed"
    before, after = (parts[0].before, parts[0].after) if len(parts) == 1 else (edit.before, text_of(tree))
    return Edit(kind, tuple(dict.fromkeys(places)), before, after, head=(edit.head[0], text_of(tree)),
                origin=edit.origin, tree=(edit.tree[0], tree))  # fmt: skip


def _text(tree: ast.AST) -> str:
    return ast.unparse(tree)


def _differences(one: ast.AST, other: ast.AST, way: Way) -> Iterator[tuple[Way, ast.expr, ast.expr]]:
    """The smallest expressions that differ, with the way to them."""
    whole = isinstance(one, ast.expr) and isinstance(other, ast.expr)
    if type(one) is not type(other) or isinstance(one, ast.Name | ast.Constant):
        if ast.dump(one) != ast.dump(other):
            yield way, one, other  # type: ignore[misc]
        return
    inner = _inner_differences(one, other, way)
    if inner is None or (whole and len(inner) > 3):
        yield way, one, other  # type: ignore[misc]
    else:
        yield from inner


Difference = tuple[Way, ast.expr, ast.expr]


def _inner_differences(one: ast.AST, other: ast.AST, way: Way) -> list[Difference] | None:
    """The expressions that differ within two pieces of the same kind; None where more than expressions does."""
    inner: list[Difference] = []
    for name, value in ast.iter_fields(one):
        if isinstance(one, ast.stmt) and name in ("body", "orelse", "handlers", "finalbody"):
            continue
        ours, theirs = (each if isinstance(each, list) else [each] for each in (value, getattr(other, name)))
        if len(ours) != len(theirs):
            return None
        for place, (mine, his) in enumerate(zip(ours, theirs, strict=True)):
            if not isinstance(mine, ast.AST) or not isinstance(his, ast.AST):
                if mine != his:
                    return None
            elif ast.dump(mine) != ast.dump(his):
                found = list(_differences(mine, his, (*way, (name, place if isinstance(value, list) else None))))
                if not found or not all(isinstance(old, ast.expr) for _, old, _ in found):
                    return None
                inner += found
    return inner


def _kind(old: ast.expr, new: ast.expr, way: Way, statement: ast.stmt) -> str:
    """What kind of thing is different."""
    match old, new:
        case ast.Compare(), ast.Compare():
            return "comparison"
        case ast.Constant(), ast.Constant():
            return "constant"
        case ast.Name(), ast.Name():
            return "variable"
        case ast.Call(), ast.Call() if {*map(ast.unparse, old.args)} == {*map(ast.unparse, new.args)}:
            return "order"
        case ast.Call(), ast.Call():
            return "argument"
        case ast.BinOp(), ast.BinOp():
            return "calculation"
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()), _:
            return "condition"
        case _ if way[-1][0] in ("slice", "lower", "upper"):
            return "index"
        case _ if isinstance(statement, ast.If | ast.While):
            return "condition"
    return "expression"
