"""Which known misconception behaves exactly as a submission did: the checks' calls, replayed on each of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import accumulate
from pathlib import Path
from typing import Any, ClassVar

from autograder.grading.assignment import Assignment, AssignmentError, read_toml
from autograder.grading.diagnosis.bounded import COUNT, Steps, bounded
from autograder.grading.outcome import NOT_TRIED, CallFailed
from autograder.grading.reference import Reference, Runner
from autograder.grading.student import Calls
from autograder.grading.student_process import Setting
from autograder.sandbox.observation import Observation, alike_at, differences, observe

# A misconception that takes more steps counts as endless; on answers that come to an end, none takes a third of these.
STEPS, STEPS_OF_ENDLESS = 300_000, 20_000

STEP = re.compile(r"  # step \d+$", re.MULTILINE)  # which step of the exercise a line belongs to: no edit is about that
PRINTED = ("printed.numbers", "printed.names")
Answers = list[Observation] | tuple[str, str]  # what is seen of the calls, or the name and the text of the exception
REPLAYED = 50  # of the calls made in one go: two samplers that agree in so many names are the same
ENOUGH = 400  # calls: what answers so many alike is the same, though some checks make thousands


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
    if unworded := [one.id for one in known if not one.tells.strip()]:
        raise AssignmentError(
            "{path}: `tells` of {rows} is empty. Write what a student who makes this mistake should read.",
            path=path,
            rows=", ".join(unworded),
        )
    if len({one.id for one in known}) < len(known):
        raise AssignmentError("{file}: two rows have the same id.", file=path.name)
    return known


def edited(solution: str, row: Mapping[str, Any], path: Path) -> str:
    """The solution of a function with a mistake in it: the row's `body`, or with its `old` text made `new`.

    Instead of one `old` and `new` there may be several in `edits`. Raises AssignmentError where one does not fit.
    """
    if "body" in row:
        return str(row["body"])
    solution = STEP.sub("", solution)
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
    function: str, calls: Sequence[Calls], assignment: Assignment, reference: Reference, unjudged: Collection[str] = ()
) -> Misconception | None:
    """The first misconception that answers the `calls` to `function` as the student's did, or None.

    Places in the answers that no check looks at are `unjudged` (`observation.observe`).
    """
    asked_for = reference.asked_for(function)
    mine = [one for one in calls if one.function in asked_for
            and not (isinstance(one.outcome, CallFailed) and one.outcome.kind == NOT_TRIED)]  # fmt: skip
    if all(isinstance(one.outcome, CallFailed) and one.outcome.kind == "NotDefined" for one in mine):
        return None
    apart = {one.frame for one in mine if one.cell}  # with stand-ins for what the function calls: that tells more
    telling = [one for one in mine if one.cell or one.frame not in apart]
    # The order is the same for all students, small calls first: most misconceptions are ruled out by few.
    telling.sort(key=_effort)
    telling = _enough(telling)
    told = [(hashlib.sha256(one.cell.encode() + one.frame).hexdigest(), one, _seen(one)) for one in telling]
    no_mistake = Misconception("", function, "", reference.cells[reference.defining(function)], "")
    solution = Variant(assignment, reference, no_mistake, unjudged)
    if all(_same(solution.answers(one, digest), seen, solution.unjudged) for digest, one, seen in told):
        return None  # what failed is in none of the values: no mistake that shows in them explains it
    endless = any(isinstance(one.outcome, CallFailed) and one.outcome.kind == "TimeUp" for one in mine)
    for misconception in load_misconceptions(assignment):
        if misconception.function != function or (misconception.never_ends and not endless):
            continue
        variant = Variant(assignment, reference, misconception, unjudged)
        if all(
            _explains(variant.answers(one, digest), partial(solution.answers, one, digest), seen, variant.unjudged)
            for digest, one, seen in told
        ):
            return misconception
    return None


def _same(ours: Answers, seen: Answers, unjudged: Collection[str]) -> bool:
    """Whether the solution answers as was `seen`, and prints no loss and no name less or more."""
    if isinstance(ours, tuple) or isinstance(seen, tuple):
        return ours == seen
    return not any(
        differences(expected, one, unjudged) or any(len(expected[place]) != len(one[place]) for place in PRINTED)
        for expected, one in zip(ours, seen, strict=True)
    )


def _explains(mistaken: Answers, right: Callable[[], Answers], seen: Answers, unjudged: Collection[str]) -> bool:
    """Whether the mistake explains what was `seen`.

    A student may print more than the mistake does, but not what the mistake leaves out of the solution's prints.
    `right` gives what the solution answers. Asking it takes time, so it is asked last.
    """
    if isinstance(mistaken, tuple) or isinstance(seen, tuple):
        return mistaken == seen
    if any(differences(expected, one, unjudged) for expected, one in zip(mistaken, seen, strict=True)):
        return False
    ours = right()
    return isinstance(ours, tuple) or not any(
        place in one and alike_at(place, solved[place], one[place])
        for solved, expected, one in zip(ours, mistaken, seen, strict=True)
        for place in differences(solved, expected, unjudged)
    )


def _seen(calls: Calls) -> Answers:
    """What is seen of a student's answers, or the name and the text of the exception."""
    if isinstance(calls.outcome, CallFailed):
        return calls.outcome.kind, calls.outcome.said
    return [observe(one.returned, one.arguments, one.printed) for one in calls.outcome[:REPLAYED]]


def _effort(calls: Calls) -> tuple[int, int, bytes]:
    """How much is handed over, the least first; the same for all students, and on all machines."""
    return len(calls.arguments), len(calls.frame), calls.frame


def _enough(made: Sequence[Calls]) -> list[Calls]:
    """The first of them, ENOUGH calls in all, and those that gave no answers."""
    before = accumulate((min(len(one.arguments), REPLAYED) for one in made), initial=0)
    return [one for one, so_many in zip(made, before, strict=False)
            if so_many < ENOUGH or isinstance(one.outcome, CallFailed)]  # fmt: skip


class Variant:
    """The solution with one mistake in it."""

    # Shared: the calls of a run are the same for all students.
    _answers: ClassVar[dict[tuple[str, str, str], Answers]] = {}

    def __init__(
        self, assignment: Assignment, reference: Reference, misconception: Misconception, unjudged: Collection[str]
    ) -> None:
        self._reference = reference
        self._misconception = misconception
        self.unjudged = {*unjudged, "printed.words"}
        self._matter = assignment.arguments_that_matter.get(misconception.function, [])
        self._steps = Steps(STEPS_OF_ENDLESS if misconception.never_ends else STEPS)
        self._runners: dict[Setting, Runner] = {}

    def answers(self, calls: Calls, digest: str) -> Answers:
        """What is seen of the mistaken function, or the exception's name and text; `digest` is that of the calls."""
        key = (self._reference.identity, self._misconception.id + self._misconception.function, digest)
        if key not in self._answers:
            try:
                self._steps.taken = 0
                # those of several calls are not sent back
                matter = self._matter if calls.plain and len(calls.arguments) == 1 else []
                self._answers[key] = [self._answer(calls, one, matter) for one in calls.arguments[:REPLAYED]]
            except (Exception, SystemExit) as error:
                self._answers[key] = (type(error).__name__, str(error)[:500])
        return self._answers[key]

    def _answer(self, calls: Calls, arguments: Sequence[Any], matter: Sequence[str]) -> Observation:
        if calls.setting not in self._runners:
            given = self._reference.given(calls.setting)
            mine = given.defining(self._misconception.function)
            cells = {**given.cells, mine: self._misconception.source}
            counted = {name: bounded(source) for name, source in cells.items()}
            self._runners[calls.setting] = given.runner(counted, {COUNT: self._steps})
        program = replace(calls.program, calls=[arguments])
        (outcome,) = self._runners[calls.setting].answers(program, self._reference.signatures)
        return observe(outcome.returned, {name: outcome.arguments[name] for name in matter}, outcome.printed)
