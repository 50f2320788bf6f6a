"""Whether diagnosis finds mistakes that nobody wrote down: small edits of the solution and of the correct variants.

    python -m benchmarks.unseen dinosaur-island [--each 75] [--seed 1] [--show]

Each wrong function is looked at without the correct program that it was made from. A quarter of them have two mistakes.
Of those that do not do as is asked, it is counted how many are

- located: the diagnosis points at a line that was changed, for one that was left out at either neighbour, of two
  mistakes at either;
- alternative: one other edit makes the function do as is asked on all inputs, which is right as well;
- mislocated: what is named is neither;
- not located: no line is named, as for a function that has to be written anew.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import repeat
from pathlib import Path

from autograder.course.pool import local_pool, usable_cores
from autograder.grading.assignment import Assignment, load_assignment
from autograder.grading.checks import asked
from autograder.grading.diagnosis.align import Donor
from autograder.grading.diagnosis.bench import NotTried, Task
from autograder.grading.diagnosis.edits import changes
from autograder.grading.diagnosis.explain import known_programs
from autograder.grading.diagnosis.mistakes import cell_block, cell_edits, compiles
from autograder.grading.diagnosis.program import written
from autograder.grading.diagnosis.repair import locate
from autograder.grading.reference import reference_of
from autograder.notebook.cells import function_names
from autograder.sandbox.process import Limits

DOUBLE = 0.25  # of the wrong functions have two mistakes
KINDS = ("located", "alternative", "mislocated", "not located")


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
    """What came of one: its kind, the lines that are named, and whether all lines of the repair were changed."""

    kind: str
    within: bool = False
    named: tuple[int, ...] = ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignment")
    parser.add_argument("--each", type=int, default=75, help="wrong functions of each; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=usable_cores())
    parser.add_argument("--show", action="store_true", help="print what was not located, and where it was looked for")
    options = parser.parse_args()
    assignment = load_assignment(options.assignment, Path.cwd())
    made = [one for name in assignment.points for one in wrong(assignment, name, options.seed, options.each)]
    with local_pool(options.jobs) as pool:
        looked = partial(looked_for, seed=options.seed)
        seen = list(pool.map(looked, made, repeat(assignment)))
    for name in assignment.points:
        _say(name, [one for one, each in zip(seen, made, strict=True) if each.function == name])
    _say("all", seen)
    for each, one in zip(made, seen, strict=True):
        if options.show and one.kind in KINDS[2:]:
            print(
                f"\n{one.kind}: {'; '.join(each.edits)}; changed {sorted(each.lines)}, named {one.named}\n{each.source}"
            )


def _say(name: str, seen: list[Seen]) -> None:
    count = Counter(one.kind for one in seen)
    tried = [one for one in seen if one.kind in KINDS]
    if not tried:
        return
    print(f"{name}: {len(tried)} wrong functions; {count['right']} edits change nothing, {count['lost']} took too long")
    print("  " + ", ".join(f"{kind} {count[kind]} ({count[kind] / len(tried):.1%})" for kind in KINDS))
    print(f"  all lines that are named inside the difference: {sum(one.within for one in tried)}")


def wrong(assignment: Assignment, function: str, seed: int, number: int) -> list[Wrong]:
    """As many wrong functions, the same for the same seed; half of them from the solution."""
    rng = random.Random(f"{seed} {function}")
    known = [written(cell_block(text), count=False) for text in _correct(assignment, function, seed)]
    found: dict[str, Wrong] = {}
    for _ in range(20 * number):
        if len(found) == number:
            break
        correct = known[0] if rng.random() < 0.5 else rng.choice(known)
        block = cell_block(correct)
        kinds: dict[str, list] = {}
        for edit in cell_edits(block):
            kinds.setdefault(edit.kind, []).append(edit)  # else most would put another name in a place
        chosen = [rng.choice(kinds[rng.choice(sorted(kinds))]) for _ in range(2 if rng.random() < DOUBLE else 1)]
        text = written(block, changes(chosen), count=False)
        if len({edit.places for edit in chosen}) == len(chosen) and text != correct and compiles(text):
            told = tuple(f"{edit.kind}: {edit.before} -> {edit.after}" for edit in chosen)
            found[text] = Wrong(function, correct, text, frozenset(_changed(correct, text)), told)
    return list(found.values())


def _correct(assignment: Assignment, function: str, seed: int) -> list[str]:
    """What defines a function: in the solution, and in the correct variants."""
    _, donors = _known(assignment, function, seed)
    return ["\n".join(map(ast.unparse, (*donor.others, donor.function))) for donor in donors]


@lru_cache(maxsize=8)
def _known(assignment: Assignment, function: str, seed: int) -> tuple[Task, list[Donor]]:
    found = known_programs(assignment, reference_of(assignment), function, seed, Limits(), _asked(assignment, seed))
    assert found is not None
    return found


@lru_cache(maxsize=1)
def _asked(assignment: Assignment, seed: int):
    return lambda function: asked(assignment, function, seed)


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
    task, donors = _known(assignment, one.function, seed)
    reference = reference_of(assignment)
    correct = ast.unparse(ast.parse(one.correct))
    others = [donor for donor in donors if ast.unparse(donor.function) not in correct]
    cells = [(name, text) for name, text in reference.cells.items() if one.function not in function_names(text)]
    cells.append(("cell 1", one.source))  # named as a student's: only such cells are traced
    statements = [(name, text, range(len(ast.parse(text).body))) for name, text in cells]
    try:
        found = locate(statements, task, others, (), reference.functions, assignment.sandbox_files, Limits())
    except NotTried:
        return Seen("lost")
    if found is None:
        return Seen("not located")
    if not found.edits:
        return Seen("right")
    lines = {line for _, line in found.places} | {line for edit in found.rivals for _, line in edit.places}
    within = {line for _, line in found.places} <= one.lines
    if lines & one.lines:
        return Seen("located", within, tuple(sorted(lines)))
    single = len(found.edits) == 1 and not found.partly
    return Seen("alternative" if single else "mislocated", within, tuple(sorted(lines)))


if __name__ == "__main__":
    main()
