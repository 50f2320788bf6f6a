"""Which known misconception behaves exactly as a submission did: the checks' calls, replayed on each of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from autograder.grading.assignment import Assignment, AssignmentError, read_toml
from autograder.grading.diagnosis.bounded import COUNT, Steps, bounded
from autograder.grading.outcome import CallFailed, Outcome
from autograder.grading.reference import Reference, call, run_cells
from autograder.grading.student import Calls

# A misconception that takes more steps counts as endless; on answers that come to an end, none takes a third of these.
STEPS, STEPS_OF_ENDLESS = 300_000, 20_000

REPLAYED = 50  # of the calls made in one go: two samplers that agree in so many names are the same


@dataclass(frozen=True)
class Misconception:
    """A known wrong answer: `source` is the function's cell with the mistake in it, `tells` what to say about it."""

    id: str
    function: str
    tells: str
    source: str
    shows_on: str
    never_ends: bool = False


@lru_cache(maxsize=4)
def load_misconceptions(assignment: Assignment) -> tuple[Misconception, ...]:
    """The rows of `misconceptions.toml`. Raises AssignmentError where an edit does not fit the solution."""
    path = assignment.folder / "misconceptions.toml"
    if not path.exists():
        return ()
    reference = Reference(assignment)
    try:
        known = tuple(
            Misconception(
                row["id"],
                row["function"],
                row["tells"],
                edited(reference.cells[reference.defining(row["function"])], row, path),
                row["shows_on"],
                row.get("never_ends", False),
            )
            for row in read_toml(path).get("misconception", [])
        )
    except KeyError as error:
        raise AssignmentError(
            "{path}: a row lacks {key}, or this is its function, and no solution cell defines it.", path=path, key=error
        ) from None
    if len({one.id for one in known}) < len(known):
        raise AssignmentError("{file}: two rows have the same id.", file=path.name)
    return known


def edited(solution: str, row: Mapping[str, Any], path: Path) -> str:
    """The solution of a function with a mistake in it: the row's `body`, or with its `old` text made `new`.

    Instead of one `old` and `new` there may be several in `edits`. Raises AssignmentError where one does not fit.
    """
    if "body" in row:
        return str(row["body"])
    for old, new in row.get("edits") or [(row["old"], row["new"])]:
        if solution.count(old) != 1:
            raise AssignmentError(
                "{file}, {row}: `old` stands {count} {count:time|times} in the solution of `{function}`; it has to "
                "stand there exactly once: {old}.",
                file=path.name,
                row=row["id"],
                count=solution.count(old),
                function=row["function"],
                old=repr(old),
            )
        solution = solution.replace(old, new)
    return solution


def diagnose(
    function: str, calls: Sequence[Calls], assignment: Assignment, reference: Reference
) -> Misconception | None:
    """The first misconception that answers the `calls` to `function` as the student's did, or None."""
    mine = [one for one in calls if one.function == function]
    if all(isinstance(one.outcome, CallFailed) and one.outcome.kind == "NotDefined" for one in mine):
        return None
    apart = {one.frame for one in mine if one.cell}  # with stand-ins for what the function calls: that tells more
    telling = [one for one in mine if one.cell or one.frame not in apart]
    # The order is the same for all students, small calls first: most misconceptions are ruled out by few.
    telling.sort(key=_effort)
    digests = [(hashlib.sha256(one.cell.encode() + one.frame).hexdigest(), one) for one in telling]
    no_mistake = Misconception("", function, "", reference.cells[reference.defining(function)], "")
    if _answers_alike(Variant(assignment, reference, no_mistake), digests, more_prints=False):
        return None  # what failed is in none of the values: no mistake that shows in them explains it
    endless = any(isinstance(one.outcome, CallFailed) and one.outcome.kind == "TimeUp" for one in mine)
    for misconception in load_misconceptions(assignment):
        if misconception.function != function or (misconception.never_ends and not endless):
            continue
        if _answers_alike(Variant(assignment, reference, misconception), digests):
            return misconception
    return None


def _answers_alike(variant: Variant, calls: Sequence[tuple[str, Calls]], more_prints: bool = True) -> bool:
    return all(alike(variant.answers(one, digest), _first(one.outcome), more_prints) for digest, one in calls)


def _effort(calls: Calls) -> tuple[int, int]:
    """What it takes to replay calls: whole seconds, then how much is handed over."""
    return int(calls.seconds), len(calls.frame)


def _first(outcome: Sequence[Outcome] | CallFailed) -> Sequence[Outcome] | CallFailed:
    return outcome if isinstance(outcome, CallFailed) else outcome[:REPLAYED]


class Variant:
    """The solution with one mistake in it."""

    # Shared: the calls of a run are the same for all students.
    _answers: ClassVar[dict[tuple[str, str, str], list[Outcome] | tuple[str, str]]] = {}

    def __init__(self, assignment: Assignment, reference: Reference, misconception: Misconception) -> None:
        self._reference = reference
        self._folders = assignment.import_folders
        self._misconception = misconception
        self._matter = assignment.arguments_that_matter.get(misconception.function, [])
        self._steps = Steps(STEPS_OF_ENDLESS if misconception.never_ends else STEPS)
        self._namespaces: dict[str, dict[str, Any]] = {}  # by the cell that runs after the others

    def answers(self, calls: Calls, digest: str) -> list[Outcome] | tuple[str, str]:
        """What the mistaken function answers, or the name and the text of the exception that it raises."""
        key = (self._reference.identity, self._misconception.id, digest)
        if key not in self._answers:
            try:
                self._steps.taken = 0
                matter = self._matter if len(calls.arguments) == 1 else []  # those of several are not sent back
                self._answers[key] = [self._answer(calls, one, matter) for one in calls.arguments[:REPLAYED]]
            except (Exception, SystemExit) as error:
                self._answers[key] = (type(error).__name__, str(error)[:500])
        return self._answers[key]

    def _answer(self, calls: Calls, arguments: Sequence[Any], matter: Sequence[str]) -> Outcome:
        name, cell = self._misconception.function, calls.cell
        if cell not in self._namespaces:
            mine = self._reference.defining(name)
            cells = {**self._reference.cells, mine: self._misconception.source, "cell": cell}
            counted = {name: bounded(source) for name, source in cells.items()}
            self._namespaces[cell] = run_cells(counted, self._folders, {COUNT: self._steps})
        outcome = call(self._namespaces[cell], name, arguments, self._reference.signatures[name], calls.names)
        return replace(outcome, arguments={name: outcome.arguments[name] for name in matter})


def alike(ours: list[Outcome] | tuple[str, str], theirs: Sequence[Outcome] | CallFailed, more_prints: bool) -> bool:
    """Whether two answers are the same: values, those arguments that ours names, what was printed; or the exception.

    With `more_prints`, theirs may print more words than ours.
    """
    if isinstance(theirs, CallFailed) or isinstance(ours, tuple):
        return isinstance(theirs, CallFailed) and (theirs.kind, theirs.said) == ours
    return all(
        same(one.returned, other.returned)
        and all(same(one.arguments[name], other.arguments[name]) for name in one.arguments.keys() & other.arguments)
        and _printed_alike(one.printed, other.printed)
        and (more_prints or len(one.printed.split()) == len(other.printed.split()))
        for one, other in zip(ours, theirs, strict=True)
    )


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal up to rounding, whatever their number type."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    numeric = int | float | np.number | np.ndarray
    if isinstance(one, numeric) and isinstance(other, numeric):
        if np.shape(one) != np.shape(other):
            return False
        return np.array_equal(one, other) or (  # which is the case more often, and takes less time
            all(np.asarray(each).dtype.kind in "biufc" for each in (one, other))
            and bool(np.allclose(one, other, rtol=1e-7, atol=1e-9, equal_nan=True))
        )
    if hasattr(one, "equals"):  # a table: it compares cell by cell
        return type(one) is type(other) and bool(one.equals(other))
    return type(one) is type(other) and bool(one == other)


def _printed_alike(ours: str, theirs: str) -> bool:
    """Whether all words and numbers of ours are in theirs, in order: extra prints do not matter."""
    words = iter(theirs.split())
    return all(any(_same_word(word, other) for other in words) for word in ours.split())


def _same_word(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        decimals = len(other.partition(".")[2])
        return "." in other and abs(float(one) - float(other)) <= 0.51 * 10.0**-decimals
    except ValueError:
        return False
