"""The smallest change of a student's function with which everything passes: found by trying, never guessed."""

from __future__ import annotations

import ast
import builtins
import itertools
import math
import symtable
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.grading.diagnosis.align import Donor, refined, renamed, script, together
from autograder.grading.diagnosis.bench import Bench, Cells, OutOfBudget, Task, Tried
from autograder.grading.diagnosis.edits import (
    Edit,
    Place,
    changes,
    forgotten,
    local_names,
    piece_edits,
    pieces_of,
    size,
    small_edits,
)
from autograder.grading.diagnosis.program import FUNCTIONS, LOOPS, Block, Node, counted, nodes_of, written
from autograder.sandbox.process import Limits

MOST_LINES = 3  # that a diagnosis names
SINGLE = 800  # single edits that are tried
PROMISING, FIRST = 30, 8  # of them are tried on all inputs, and of these are tried together with every other one
SECOND = 20  # of the promising ones, as the second edit of a pair: all others come after them
BEHIND = 100  # edits of lines that are reached only after another edit
ALIKE = 50  # so many of one kind count for as much as one of another that is likelier by 1
DONORS_SHARE = 0.4  # of the budget: what is left is for single edits
ENOUGH_DONORS = 4  # with one changed line among so many, the others are not looked at
SMALL = (1, 12)  # changed statements and parts: a change of a correct program's that is no larger ends the search
MOST_EDITS = 70  # that lead to a donor: beyond, it is another algorithm
REWRITE_SHARE = 0.4  # of a function's statements


@dataclass(frozen=True)
class Unit:
    """The cells of a program that may be changed, and the functions in them that may hold the mistake: first the one
    that is asked for, then helpers."""  # noqa: D209

    cells: tuple[tuple[str, Block], ...]
    functions: tuple[Node, ...]
    foreign: tuple[str, ...] = ()  # global names in use that no function, class or import has

    def text(self, edits: Sequence[Edit] = (), count: bool = True) -> Cells:
        """The cells with these edits."""
        made = changes(edits)
        return tuple((name, written(block, made, count)) for name, block in self.cells)

    @property
    def size(self) -> int:
        """The number of statements in the functions."""
        return sum(sum(1 for _ in one.within()) - 1 for one in self.functions)


@dataclass(frozen=True)
class Found:
    """Edits with which everything passes, or the most; `partly`: there are other mistakes. `rivals` pass as well."""

    edits: tuple[Edit, ...]
    partly: bool = False
    rivals: tuple[Edit, ...] = ()

    @property
    def places(self) -> list[Place]:
        """The lines that they change, in order."""
        return sorted({place for edit in self.edits for place in edit.places})

    @property
    def cost(self) -> tuple[float, int]:
        """What is compared to find the smallest: changed statements, then changed parts."""
        return cost(self.edits)


def unit_of(cells: Sequence[tuple[str, str, Sequence[int]]], function: str, others: Sequence[str]) -> Unit | None:
    """The cells (name, source, indices of statements) that define a function, and the helpers that it uses.

    `others` are the assignment's other functions: they are judged on their own.
    """
    blocks = {}
    defined: dict[str, Node] = {}
    known = {*dir(builtins), *others}  # and functions, classes and modules
    for name, source, statements in cells:
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError, RecursionError):
            continue
        body = [body[index] for index in statements]
        known |= _defined_by(body)
        blocks[name] = Block("", nodes_of(body, name))
        defined.update({node.tree.name: node for node in blocks[name].nodes
                        if isinstance(node.tree, (*FUNCTIONS, ast.ClassDef))})  # fmt: skip
    if function not in defined or not isinstance(defined[function].tree, ast.FunctionDef):
        return None
    reached, waiting = {function: None}, [function]
    while waiting:
        for node in ast.walk(defined[waiting.pop()].tree):
            if isinstance(node, ast.Name) and node.id in defined and node.id not in {*reached, *others}:
                reached[node.id] = None
                waiting.append(node.id)
    functions = tuple(defined[name] for name in reached)
    used = {node.cell for node in functions}
    foreign = tuple(sorted(global_names([node.tree for node in functions]) - known))
    return Unit(tuple((name, block) for name, block in blocks.items() if name in used), functions, foreign)


def _defined_by(statements: Sequence[ast.stmt]) -> set[str]:
    """The functions, classes and modules that statements define, as far as they name them."""
    try:
        found = _scope(statements).get_symbols()
    except SyntaxError:  # as of a `return` outside of a function
        return set()
    return {one.get_name() for one in found if one.is_namespace() or one.is_imported()}


def global_names(functions: Sequence[ast.stmt]) -> set[str]:
    """The global names that functions use."""
    found: set[str] = set()
    try:
        waiting = [*_scope(functions).get_children()]
    except SyntaxError:
        return found
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        found |= {one.get_name() for one in scope.get_symbols() if one.is_global() and one.is_referenced()}
    return found


def _scope(statements: Sequence[ast.stmt]) -> symtable.SymbolTable:
    return symtable.symtable(ast.unparse(ast.Module([*statements], [])), "cell", "exec")


def cost(edits: Sequence[Edit]) -> tuple[float, int]:
    """How large edits are."""
    statements = 0.0
    parts = 0
    moved = {edit.before for edit in edits if edit.deleted}
    for edit in edits:
        if edit.kind in ("moved", "wrapped"):
            statements += 1
            parts += len(edit.after.split())
        elif edit.inserted is not None:
            new = sum(sum(1 for _ in node.within()) for node in edit.inserted[2])
            statements += 0.5 if edit.after in moved else new
            parts += sum(size(node.tree) for node in edit.inserted[2])
        elif edit.deleted:
            statements += sum(1 for node in edit.deleted for _ in node.within())
            parts += len(edit.before.split())
        else:
            statements += 1
            parts += len(edit.before.split()) + len(edit.after.split()) + len(edit.after) // 8
    return statements, parts


class Search:
    """One function of a student's, on its way to a diagnosis."""

    def __init__(self, unit: Unit, donors: Sequence[Donor], bench: Bench) -> None:
        self.unit, self.donors, self.bench = unit, donors, bench
        self.function = unit.functions[0]
        correct = global_names([donor.function for donor in donors])  # some may come of `from utils import *`
        self.foreign = [name for name in unit.foreign if name not in correct]
        self.original = Tried(())
        self.best: Found | None = None
        self.singles: list[Edit] = []  # with which everything passes
        self.replacing: list[Edit] = []  # single edits that `_replaces` turned down
        self.unreached: list[Edit] = []  # of lines that no failing input reaches, the likeliest first

    def run(self) -> Found | None:
        """The smallest change that was found within the budget. Raises NotTried."""
        self.original = self.bench.tried(self.unit.text())
        if self.original.all:
            return None
        self.bench.failing_first(self.original)
        several = None
        try:
            twins = self._twins()
            self._by_donors(twins)
            if self.best is None or self.best.cost > SMALL:
                candidates = self._candidates(twins)
                promising = self._by_single_edits(candidates)
                several = self._one_of_several()
                if self.best is None or self.best.cost[0] > 2:
                    self._by_pairs(promising, candidates)
        except OutOfBudget:
            pass
        return self.best if several is None or not self._too_much() else several

    def _too_much(self) -> bool:
        """Whether what was found is more than can be told."""
        return self.best is None or len(self.best.places) > MOST_LINES or _is_rewrite(self.best, self.unit)

    def _passes(self, edits: Sequence[Edit]) -> bool:
        return self.bench.passes(self.unit.text(edits))

    def _offer(self, edits: Sequence[Edit]) -> bool:
        """Keep edits with which everything passes, if they are smaller than the best. False where they only replace."""
        found = Found(tuple(edits))
        better = self.best is None or found.cost < self.best.cost
        if not (better or len(edits) == 1):
            return True
        if self._replaces(edits):
            self.replacing += edits if len(edits) == 1 else ()
            return False
        if len(edits) == 1:
            self.singles.append(edits[0])
        if better:
            self.best = found
        return True

    def _replaces(self, edits: Sequence[Edit]) -> bool:
        """Whether all of the edits, or one of them, need little of what the student wrote."""
        return self._alone(edits) or (len(edits) > 1 and any(self._alone([edit]) for edit in edits))

    def _alone(self, edits: Sequence[Edit]) -> bool:
        """Whether everything passes with the edits when most of the student's statements are gone."""
        changed = [edit.head[0] for edit in edits if edit.head is not None]
        blocks = [edit.inserted[0] for edit in edits if edit.inserted is not None]
        if not changed and not blocks:
            return False
        deleted = [node for edit in edits if edit.inserted is None for one in edit.deleted for node in one.within()]
        mine = [*self.function.within()][1:]
        idle = [node for node in mine if node not in deleted and not any(
            one in changed or any(block in blocks for block in one.blocks) for one in node.within())]  # fmt: skip
        replaced = len(deleted) + len(idle)
        return 2 < 2 * replaced > len(mine) and self._passes([*edits, Edit("superfluous", (), deleted=tuple(idle))])

    # ------------------------------------------------------------ by correct programs

    def _twins(self) -> list[tuple[list[Edit], ast.FunctionDef]]:
        """For each correct program the edits that lead to it, the nearest first, and it with the student's names."""
        assert isinstance(self.function.tree, ast.FunctionDef)
        found = []
        for number, donor in enumerate(self.donors):
            twin = renamed(self.function.tree, donor.function)
            edits = [*script(self.function, twin), *self._helpers(donor)]
            found.append((cost(edits), number, edits, twin))
        found.sort(key=lambda one: one[:2])
        return [(edits, twin) for _, _, edits, twin in found]

    def _helpers(self, donor: Donor) -> Iterator[Edit]:
        """The edits that bring along what else a correct program defines."""
        block = next(block for _, block in self.unit.cells if self.function in block.nodes)
        ours = {node.head: node for node in self.unit.functions}
        known = {node.whole for _, each in self.unit.cells for node in each.nodes}
        for node in nodes_of(donor.others, self.function.cell):
            if node.head in ours:
                if isinstance(node.tree, ast.FunctionDef):
                    yield from script(ours[node.head], node.tree)
            elif node.whole not in known:
                yield Edit("missing", ((self.function.cell, self.function.line),), "", node.head,
                           inserted=(block, block.nodes.index(self.function), (node,)), origin=node)  # fmt: skip

    def _by_donors(self, twins: Sequence[tuple[list[Edit], ast.FunctionDef]]) -> None:
        ones = 0
        enough = self.bench.left * (1 - DONORS_SHARE)
        for edits, _ in twins:
            if not edits or len(edits) > MOST_EDITS:
                continue
            if ones >= ENOUGH_DONORS or self.bench.left < enough:
                return
            if self.best is not None and self.best.cost[0] <= 1:
                ones += 1
            if self._passes(edits):
                smallest = self._smallest(edits)
                if smallest is not None:
                    self._offer(self._in_parts(smallest))

    def _smallest(self, edits: list[Edit]) -> list[Edit] | None:
        """As few of the edits as everything passes with; None as soon as those are more than the best known."""
        limit = self.best.cost[0] if self.best else math.inf
        left = list(edits)
        needed: list[Edit] = []
        for _ in range(2):
            needed = []
            groups = [list(left)]
            while groups:
                group = groups.pop()
                without = [one for one in left if one not in group]
                if without and self._passes(without):
                    left = without
                elif len(group) > 1:
                    half = len(group) // 2
                    groups += [group[:half], group[half:]]
                else:
                    needed.append(group[0])
                    if cost(needed)[0] > limit:
                        return None
            if len(left) <= 1:
                break
        return left

    def _in_parts(self, edits: list[Edit]) -> list[Edit]:
        """The same edits, each of as few expressions as will do."""
        result = list(edits)
        for edit in edits:
            others = [one for one in result if one is not edit]
            parts = refined(edit)
            if not parts:
                continue
            for part in list(parts) if len(parts) > 1 else ():
                fewer = [one for one in parts if one is not part]
                tried = together(edit, fewer) if fewer else None
                if tried is not None and self._passes([*others, tried]):
                    parts = fewer
            if (smaller := together(edit, parts)) is not None:
                result[result.index(edit)] = smaller
        return result

    # ------------------------------------------------------------ by small edits

    def _by_single_edits(self, candidates: Sequence[Edit]) -> list[Edit]:
        """The first with which everything passes. Returns those with which at least something does, the best first."""
        promising: list[tuple[int, Edit]] = []
        for edit in candidates:
            tried = self.bench.tried(self.unit.text([edit]), whole=False)
            if tried.all and self._offer([edit]):
                break
            if len(tried.passed) > 1:
                promising.append((len(tried.passed), edit))
        return _best_first(promising)

    def _by_pairs(self, promising: Sequence[Edit], candidates: Sequence[Edit]) -> None:
        """An edit that mends something and breaks nothing, and another one."""
        for first, second in self._pairs(promising, candidates):
            if first in self.replacing or second in self.replacing:
                continue
            smaller = self.best is None or cost([first, second]) < self.best.cost
            if smaller and not _clash(first, second) and self._passes([first, second]) and self._offer([first, second]):
                return

    def _pairs(self, promising: Sequence[Edit], candidates: Sequence[Edit]) -> Iterator[tuple[Edit, Edit]]:
        """The pairs to try, in order. The parts of a larger change are among the first edits of pairs.

        The second edit changes a line that is reached only after the first; or it mends something, too; or it is any.
        """
        parts = self.best.edits if self.best is not None else ()
        firsts = self._mending([*promising[:PROMISING], *parts])[:FIRST]
        yield from ((first, second) for first in firsts for second in self._behind(first))
        for seconds in (promising[:SECOND], candidates):
            yield from itertools.product(firsts, seconds)

    def _behind(self, first: Edit) -> list[Edit]:
        """Edits of the lines that failing inputs reach only with the first edit: what crashes hides what is behind."""
        if first.head is None or first.head[1].count("\n") != first.head[0].head.count("\n"):
            return []  # the lines would have other numbers
        reached = {place for place, guilt in self._suspicious([first]).items() if guilt > 0}
        return [edit for edit in self.unreached if reached & {*edit.places}][:BEHIND]

    def _candidates(self, twins: Sequence[tuple[list[Edit], ast.FunctionDef]]) -> list[Edit]:
        """Single edits, the likeliest first: by their kind, and by how suspicious their line is."""
        helpers = {name for donor in self.donors for one in donor.others for name in _defined(one)}
        pieces = pieces_of([twin for _, twin in twins], helpers, local_names(self.function.tree))
        suspicious = self._suspicious()
        kinds: dict[str, list[tuple[float, int, Edit]]] = {}
        unreached: list[tuple[float, int, Edit]] = []
        for function in self.unit.functions:
            alone = [edit for edits, _ in twins for edit in edits] if function is self.function else []
            small = [*small_edits(function, self.foreign), *forgotten(function)]
            for number, edit in enumerate((*small, *piece_edits(function, pieces), *alone)):
                guilt = max((suspicious.get(place, 0.0) for place in edit.places), default=0.0)
                if edit.kind == "name" and isinstance(edit.head and edit.head[0].tree, FUNCTIONS):
                    guilt = 1.0  # a function's first line does not run when it is called
                likely = edit.likely or 1.5 - cost([edit])[1] / 40
                alike = kinds.setdefault(edit.kind, []) if guilt > 0 else unreached
                alike.append((-(likely + 2 * guilt), number, edit))
        self.unreached = [edit for _, _, edit in sorted(unreached, key=lambda one: one[:2])]
        # There are thousands of other expressions, and a few other loops: each more of a kind is a little less likely.
        weighed = [(weight + place / ALIKE, number, edit) for alike in kinds.values()
                   for place, (weight, number, edit) in enumerate(sorted(alike, key=lambda one: one[:2]))]  # fmt: skip
        weighed.sort(key=lambda one: one[:2])
        found: list[Edit] = []
        seen: set[Cells] = set()
        for _, _, edit in weighed:
            text = self.unit.text([edit])
            if text not in seen:
                seen.add(text)
                found.append(edit)
            if len(found) >= SINGLE:
                break
        return found

    def _suspicious(self, edits: Sequence[Edit] = ()) -> dict[Place, float]:
        """Ochiai's measure for each line that ran; more for one that raised what ended a call.

        `edits` leave the lines' numbers as they are.
        """
        traced = self._traced(edits)
        failed = sum(not one for one in traced.passed)
        of_failed: Counter[Place] = Counter()
        of_passed: Counter[Place] = Counter()
        raised: Counter[Place] = Counter()
        for passed, lines, last in zip(traced.passed, traced.lines, traced.raised, strict=True):
            (of_passed if passed else of_failed).update(lines)
            if not passed and last is not None:
                raised[last] += 1
        return {place: count / math.sqrt(failed * (count + of_passed[place])) + raised[place] / failed
                for place, count in of_failed.items()}  # fmt: skip

    def _traced(self, edits: Sequence[Edit]) -> Tried:
        """Which lines ran on which input. What is run is written anew, so its lines are turned into the student's."""
        tried = self.bench.tried(self.unit.text(edits), trace=True)
        numbers = {(name, number): line for name, block in self.unit.cells
                   for number, line in enumerate(_lines(block), 1)}  # fmt: skip

        def students(place: Place) -> Place | None:
            return (place[0], line) if (line := numbers.get(place)) else None

        lines = tuple(tuple(sorted({one for place in each if (one := students(place))})) for each in tried.lines)
        return Tried(tried.passed, lines, tuple(one and students(one) for one in tried.raised))

    # ------------------------------------------------------------ one of several

    def _one_of_several(self) -> Found | None:
        """The edit that mends most, of those that together are more than can be told."""
        mending = self._mending(self.best.edits) if self.best is not None and self._too_much() else []
        return Found((mending[0],), partly=True) if mending else None

    def _mending(self, edits: Sequence[Edit]) -> list[Edit]:
        """The edits with which inputs pass that failed, and none fails that passed: first what mends most."""
        found: list[tuple[int, Edit]] = []
        for edit in edits:
            now = self.bench.tried(self.unit.text([edit])).passed
            changed = list(zip(self.original.passed, now, strict=True))
            if (False, True) in changed and (True, False) not in changed:
                found.append((changed.count((False, True)), edit))
        return _best_first(found)

    def rivals(self, found: Found) -> list[Edit]:
        """Single edits on other lines with which everything passes, too."""
        if len(found.edits) > 1:
            return []
        here = {*found.places}
        others = {edit.places: edit for edit in self.singles if not here & {*edit.places}}
        return list(others.values())[: MOST_LINES - len(here)]


def _clash(first: Edit, second: Edit) -> bool:
    """Whether both change the same statement."""
    ones, others = ({*edit.deleted, edit.unwrapped, edit.head and edit.head[0]} - {None} for edit in (first, second))
    return bool(ones & others)


def _best_first(edits: Iterable[tuple[int, Edit]]) -> list[Edit]:
    """Edits, (how much passes, edit), those with which most passes first; of equals, that which was tried first."""
    return [edit for _, edit in sorted(edits, key=lambda one: -one[0])]


def _defined(statement: ast.stmt) -> set[str]:
    """What a correct program defines besides the function: a student's has none of it."""
    return {statement.name} if isinstance(statement, (*FUNCTIONS, ast.ClassDef)) else set()


def _lines(block: Block) -> Iterator[int]:
    """The student's line of each line that `program.written` writes; 0 for one that is ours."""

    def below(nodes: Sequence[Node]) -> Iterator[int]:
        for node in nodes:
            shown = node.head.split("\n")
            yield from [node.line] * len(shown)
            for inner in node.blocks:
                lines = list(below(inner.nodes))
                if inner.label:
                    if not lines and not inner.label.startswith("except"):
                        continue
                    yield 0
                elif isinstance(node.tree, (*LOOPS, *FUNCTIONS)):  # which `written` lets count
                    lines.insert(0, 0)
                yield from lines or [0]

    return below(block.nodes)


def locate(
    cells: Sequence[tuple[str, str, Sequence[int]]], task: Task, donors: Sequence[Donor], last: Cells,
    others: Sequence[str], files: Mapping[str, Path], limits: Limits,
    verified: Callable[[Mapping[str, str]], bool] = lambda _: True,
) -> Found | None:  # fmt: skip
    """Where a function is wrong: no edits where it does as is asked, None where no small change makes it so.

    Raises NotTried.
    `cells` are the student's, (name, source, indices of the statements that count), `last` cells of ours that run after
    them. `verified` says whether all checks pass with some cells changed: name -> source.
    """
    unit = unit_of(cells, task.function, others)
    if unit is None:
        return None
    changed = {name for name, _ in unit.cells}
    base = [(name, counted(source, statements)) for name, source, statements in cells if name not in changed]
    with Bench(task, base, last, files, limits, limits.diagnosis_steps) as bench:
        search = Search(unit, donors, bench)
        found = search.run()
        if search.original.all:
            return Found(())
        if found is None or found.partly or len(found.places) > MOST_LINES or _is_rewrite(found, unit):
            return found if found is not None and found.partly else None
        for candidate in (found, *(Found((edit,)) for edit in search.singles if edit not in found.edits)):
            if verified(dict(unit.text(candidate.edits, count=False))):
                return replace(candidate, rivals=tuple(search.rivals(candidate)))
    return None


def _is_rewrite(found: Found, unit: Unit) -> bool:
    """Whether so much is changed that no line can be said to be wrong."""
    statements = found.cost[0]
    return statements > 5 or (statements > 3 and statements > REWRITE_SHARE * unit.size)
