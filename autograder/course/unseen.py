"""Whether diagnosis finds mistakes that nobody wrote down: small edits of the solution and of the correct variants.

Each wrong function is looked at without the correct program that it was made from. A quarter of them have two mistakes.
"""

from __future__ import annotations

import ast
import difflib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

from rich.progress import track

from autograder.course.pool import local_pool
from autograder.grading.assignment import Assignment
from autograder.grading.checks import asked
from autograder.grading.diagnosis.align import Donor
from autograder.grading.diagnosis.bench import NotTried, Task
from autograder.grading.diagnosis.edits import Edit, changes
from autograder.grading.diagnosis.explain import AskedOf, known_programs
from autograder.grading.diagnosis.mistakes import cell_block, cell_edits, compiles
from autograder.grading.diagnosis.program import written
from autograder.grading.diagnosis.repair import locate
from autograder.grading.reference import reference_of
from autograder.notebook.cells import function_names
from autograder.pages.terminal import Terminal, table_of_functions
from autograder.sandbox.process import Limits

DOUBLE = 0.25  # of the wrong functions have two mistakes
# What comes of a wrong function, as the table's columns say it. The diagnosis points at a line that was changed: for
# one that was left out at either neighbour, of two mistakes at either. Or another single edit is right as well: with
# it, the function does as is asked on all inputs. Or it points elsewhere. Or it names no line.
KINDS = ("located", "right as well", "mislocated", "no line named")
NO_MISTAKES = ("harmless", "too slow")


@dataclass(frozen=True)
class Wrong:
    """A correct function with one or two edits. `lines` differ, or are neighbours of what is missing."""

    function: str
    correct: str
    source: str
    lines: frozenset[int]
    edits: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What came of one: its kind, and the lines that are named."""

    kind: str
    named: tuple[int, ...] = ()


def unseen(assignment: Assignment, seed: int, each: int, jobs: int) -> None:
    """Print how well diagnosis does on `each` wrong versions of every function, and where it names a wrong line."""
    console = Terminal()
    made = [one for name in assignment.points for one in wrong(assignment, name, seed, each)]
    if not made:
        return
    with local_pool(jobs) as pool:
        looked = pool.map(partial(looked_for, assignment=assignment, seed=seed), made)
        seen = list(track(looked, "Looking for mistakes", total=len(made), console=console))
    table = table_of_functions(f"{assignment.name}: mistakes that nobody wrote down", (*KINDS, *NO_MISTAKES))
    for name in assignment.points:
        count = Counter(one.kind for one, which in zip(seen, made, strict=True) if which.function == name)
        table.add_row(name, *(str(count[kind]) for kind in (*KINDS, *NO_MISTAKES)))
    console.print(table, "")
    for which, one in zip(made, seen, strict=True):
        if one.kind == "mislocated":
            edits = "; ".join(which.edits)
            lines = f"lines {sorted(which.lines)} were changed, {list(one.named)} are named"
            console.print(f"{which.function}: {edits}: {lines}", highlight=False, markup=False)


def wrong(assignment: Assignment, function: str, seed: int, number: int) -> list[Wrong]:
    """As many wrong functions, the same for the same seed; half of them from the solution."""
    rng = random.Random(f"{seed} {function}")  # noqa: S311 - nothing secret
    known = [written(cell_block(text), count=False) for text in _correct(assignment, function, seed)]
    if not known:
        return []
    found: dict[str, Wrong] = {}
    for _ in range(20 * number):
        if len(found) == number:
            break
        correct = known[0] if rng.random() < 0.5 else rng.choice(known)
        block = cell_block(correct)
        kinds: dict[str, list[Edit]] = {}
        for edit in cell_edits(block):
            kinds.setdefault(edit.kind, []).append(edit)  # else most would put another name in a place
        chosen = [rng.choice(kinds[rng.choice(sorted(kinds))]) for _ in range(2 if rng.random() < DOUBLE else 1)]
        text = written(block, changes(chosen), count=False)
        if len({edit.places for edit in chosen}) == len(chosen) and text != correct and compiles(text):
            told = tuple(f"{edit.kind}: {edit.before} -> {edit.after}" for edit in chosen)
            found[text] = Wrong(function, correct, text, frozenset(_changed(correct, text)), told)
    return list(found.values())


def _correct(assignment: Assignment, function: str, seed: int) -> list[str]:
    """What defines a function: in the solution, and in the correct variants. Nothing where no mistake is looked for."""
    known = _known(assignment, function, seed)
    return ["\n".join(map(ast.unparse, (*one.others, one.function))) for one in known[1]] if known is not None else []


@lru_cache(maxsize=8)
def _known(assignment: Assignment, function: str, seed: int) -> tuple[Task, list[Donor]] | None:
    def asked_of(name: str) -> AskedOf:
        return asked(assignment, name, seed)

    try:
        return known_programs(assignment, reference_of(assignment), function, seed, Limits(), asked_of)
    except NotTried:
        return None


def _changed(before: str, after: str) -> Iterator[int]:
    """The lines of a text that differ from another, and the neighbours of those that are missing, from 1."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "delete":
            yield from (start, start + 1)
        elif kind != "equal":
            yield from range(start + 1, end + 1)
        if kind == "replace" and last - first > end - start:
            yield from (start, end + 1)


def looked_for(one: Wrong, assignment: Assignment, seed: int) -> Seen:
    """What a diagnosis finds that does not know the correct program."""
    known = _known(assignment, one.function, seed)
    if known is None:  # this process had less time for them than the one that made the function
        return Seen("too slow")
    task, donors = known
    reference = reference_of(assignment)
    correct = ast.unparse(ast.parse(one.correct))
    others = [donor for donor in donors if ast.unparse(donor.function) not in correct]
    cells = [(name, text) for name, text in reference.cells.items() if one.function not in function_names(text)]
    cells.append(("cell 1", one.source))  # named as a student's: only such cells are traced
    statements = [(name, text, range(len(ast.parse(text).body))) for name, text in cells]
    try:
        found = locate(statements, task, others, (), reference.functions, assignment.sandbox_files, Limits())
    except NotTried:
        return Seen("too slow")
    if found is None:
        return Seen("no line named")
    if not found.edits:
        return Seen("harmless")
    lines = {line for _, line in found.places} | {line for edit in found.rivals for _, line in edit.places}
    if lines & one.lines:
        return Seen("located", tuple(sorted(lines)))
    single = len(found.edits) == 1 and not found.partly
    return Seen("right as well" if single else "mislocated", tuple(sorted(lines)))
