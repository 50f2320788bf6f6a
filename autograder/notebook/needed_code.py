"""Which top-level statements of a notebook the graded functions need."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from autograder.notebook.cells import DEFINITIONS, Cell, parse, runnable

MAX_STATEMENTS = 5_000  # at the top level of a notebook


@dataclass(frozen=True)
class Snippet:
    """What to run of a cell: the top-level statements with these indices."""

    source: str
    cell_number: int
    statements: tuple[int, ...]


@dataclass(frozen=True)
class Statement:
    """A top-level statement: the global names that it binds or changes, and those that it uses."""

    node: ast.stmt

    @cached_property
    def names(self) -> tuple[set[str], set[str]]:
        binds, uses = set(), set()
        tables = [symtable.symtable(ast.unparse(self.node), "cell", "exec")]
        module = tables[0]
        while tables:
            table = tables.pop()
            tables += table.get_children()
            for symbol in table.get_symbols():
                if table is module or symbol.is_global():
                    if symbol.is_referenced():
                        uses.add(symbol.get_name())
                    if symbol.is_assigned() or symbol.is_imported():
                        binds.add(symbol.get_name())
        for node in ast.walk(self.node):
            if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
                binds |= _root(node)
        for call in self.calls:
            binds |= _root(call.func) if isinstance(call.func, ast.Attribute) else set()
        return binds, uses

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Calls whose value nobody takes, also within a loop or a condition: they are made for what they change."""
        found: list[ast.Call] = []
        waiting: list[ast.AST] = [self.node]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                found.append(node.value)
            elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                waiting += ast.iter_child_nodes(node)
        return found

    @property
    def defines(self) -> bool:
        """Whether it is a definition or an import, which a notebook may repeat."""
        return isinstance(self.node, (*DEFINITIONS, ast.Import, ast.ImportFrom))

    @property
    def lazy(self) -> bool:
        """Whether it runs without the names that it uses."""
        return isinstance(self.node, ast.FunctionDef | ast.Import | ast.ImportFrom)

    @property
    def always(self) -> bool:
        """Whether it binds names that cannot be known (a star import), or changes how the cell is read."""
        return isinstance(self.node, ast.ImportFrom) and (
            self.node.module == "__future__" or any(alias.name == "*" for alias in self.node.names)
        )


@lru_cache(maxsize=64)
def top_level(source: str) -> tuple[Statement, ...]:
    """The top-level statements of a cell; none of one that Python cannot read."""
    tree = parse(source)
    return tuple(Statement(node) for node in tree.body) if isinstance(tree, ast.Module) else ()


def _root(node: ast.expr) -> set[str]:
    """The variable at the left end of `a.b[c].d`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def needed_code(cells: Sequence[Cell], functions: Sequence[str]) -> list[Snippet]:
    """The statements that give `functions` and other names their values, and what these use, in the notebook's order.

    Training runs, plots and prints are not among them: grading neither waits for them nor fails with them.
    """
    statements = _before_experiments(cells)
    imports = [one for one in statements.values() if isinstance(one.node, ast.Import | ast.ImportFrom)]
    modules = {name for one in imports for name in one.names[0]}
    helpers = {one.node.name: one.names[0] for one in statements.values()
               if isinstance(one.node, ast.FunctionDef)}  # fmt: skip
    helpers = {name: changed - {name} for name, changed in helpers.items() if name not in functions}
    changers: dict[str, list[str]] = {}  # global name -> the helpers that change it
    for helper, changed in helpers.items():
        for name in changed:
            changers.setdefault(name, []).append(helper)
    binders: dict[str, list[tuple[int, int]]] = {}
    callers: dict[str, list[tuple[int, int]]] = {}  # helper -> the statements that call it for what it changes
    always = []
    for place, one in statements.items():
        binds, uses = set(one.names[0]), one.names[1]
        if isinstance(one.node, ast.Expr) and binds & modules - {*functions} and not uses <= modules:
            continue  # `np.testing.assert_allclose(clip(...), ...)`: a trial, no setting such as `np.seterr(...)`
        if one.always:
            always.append(place)
        for call in one.calls:
            if isinstance(call.func, ast.Name) and call.func.id in helpers:  # such as `setup(TABLE)`
                callers.setdefault(call.func.id, []).append(place)
                binds.update(argument.id for argument in call.args if isinstance(argument, ast.Name))
        for name in binds:
            binders.setdefault(name, []).append(place)

    def changing(names: Iterable[str]) -> Iterator[tuple[int, int]]:
        for name in names:
            yield from binders.get(name, [])
            for helper in changers.get(name, []):
                yield from callers.pop(helper, [])  # once is enough

    kept: set[tuple[int, int]] = set()
    asked = set(functions)
    places = [*always, *changing(functions)]
    while places:  # what is kept may use names that other statements bind
        place = places.pop()
        if place in kept:
            continue
        kept.add(place)
        new = statements[place].names[1] - asked
        asked |= new
        places += changing(new)
    indices: dict[int, list[int]] = {}
    for position, index in sorted(kept):
        indices.setdefault(position, []).append(index)
    return [Snippet(runnable(cells[p].source), cells[p].number, tuple(kept)) for p, kept in indices.items()]


def bound_by(source: str) -> set[str]:
    """The global names that a cell gives a value or changes, without those that it imports."""
    return {name for one in top_level(source) if not isinstance(one.node, ast.Import | ast.ImportFrom)
            for name in one.names[0]}  # fmt: skip


def used_by(sources: Iterable[str]) -> dict[str, set[str]]:
    """Name -> the global names that the statements of these cells use which bind or change it."""
    uses: dict[str, set[str]] = {}
    for source in sources:
        for statement in top_level(source):
            for name in statement.names[0]:
                uses.setdefault(name, set()).update(statement.names[1])
    return uses


def _before_experiments(cells: Sequence[Cell]) -> dict[tuple[int, int], Statement]:
    """The notebook's top-level statements by (position of the cell, index), as many as are looked at.

    Without those after the last test cell that give another value to a name that has one, as in `sample = sample(...)`:
    the tests held without them.
    """
    tests = [position for position, cell in enumerate(cells) if (cell.grade_id or "").startswith("test-")]
    statements: dict[tuple[int, int], Statement] = {}
    known = set(dir(builtins))
    for position, cell in enumerate(cells):
        for index, statement in enumerate(top_level(cell.source)):
            if len(statements) >= MAX_STATEMENTS:
                return statements
            if not tests or position < tests[-1]:
                known |= statement.names[0]
            elif not statement.defines and statement.names[0] & known:
                continue
            statements[position, index] = statement
    return statements
