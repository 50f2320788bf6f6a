"""What an assignment's checks ask of a function, and which of its answers they judge: found by running the solution."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograder.grading.asking import Conversation, Program
from autograder.grading.outcome import Outcome
from autograder.grading.reference import Reference
from autograder.grading.student_process import AS_HANDED_IN, Setting
from autograder.sandbox.observation import MOST_PLACES

Passes = Callable[["Solution"], bool]  # whether all checks of a function pass with this solution
AT_ONCE = 4  # of the calls that a check makes in one go: they are alike


@dataclass(frozen=True)
class Asked:
    """A call that a check made to a function of the solution; `cell` ran after the solution's."""

    arguments: Sequence[Any]
    names: Sequence[str]
    cell: str
    files: tuple[tuple[str, str], ...] = ()


class Solution:
    """The solution as checks see a student: it notes the calls to one function, and can leave out a key it returns."""

    def __init__(
        self, reference: Reference, function: str, without: tuple[Any, ...] = (), setting: Setting = AS_HANDED_IN
    ) -> None:
        self._reference = reference.given(setting)
        self._setting = setting
        self._function = function
        self._without = without  # the way to the key, from the value that is returned
        self._conversation = Conversation(self._ask)
        self._asked: list[Asked] = []
        self._keys: dict[tuple[Any, ...], None] = {}  # that were returned

    def __getattr__(self, name: str) -> Any:
        return self._reference.find(name, self._conversation)

    def with_file(self, path: str, text: str) -> Solution:
        """The same where a file holds this text."""
        return self._given(replace(self._setting, files=(*self._setting.files, (path, text))))

    def with_cell(self, source: str) -> Solution:
        """The same after one more cell has run."""
        return self._given(replace(self._setting, cell=source))

    def _given(self, setting: Setting) -> Solution:
        other = Solution(self._reference, self._function, self._without, setting)
        other._asked, other._keys = self._asked, self._keys
        return other

    def _ask(self, program: Program) -> list[Outcome]:
        outcomes = self._reference.answer(program)
        if program.name != self._function or not program.plain:
            return outcomes
        for arguments, outcome in zip(program.calls[:AT_ONCE], outcomes, strict=False):
            self._asked.append(Asked(tuple(arguments), tuple(program.names), self._setting.cell, self._setting.files))
            self._keys.update(dict.fromkeys(_keys(outcome.returned)))
        if self._without:
            outcomes = [replace(one, returned=_without(one.returned, self._without)) for one in outcomes]
        return outcomes


def _keys(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to the keys of dictionaries in a value: in itself, and in a tuple's parts."""
    if isinstance(value, dict) and len(value) <= MOST_PLACES:
        yield from ((*way, key) for key in value)
    elif isinstance(value, tuple) and not way:
        for number, one in enumerate(value):
            yield from _keys(one, (number,))


def _without(value: Any, way: tuple[Any, ...]) -> Any:
    if len(way) == 1:
        return {key: one for key, one in value.items() if key != way[0]} if isinstance(value, dict) else value
    if isinstance(value, tuple) and len(value) > way[0]:
        return (*value[: way[0]], _without(value[way[0]], way[1:]), *value[way[0] + 1 :])
    return value


def asked_of(function: str, passes: Passes, reference: Reference) -> tuple[list[Asked], frozenset[str]]:
    """The calls that the checks make to a function, and the places (`observation.observe`) that none of them judges."""
    solution = Solution(reference, function)
    if not passes(solution):
        return solution._asked, frozenset()
    places: set[str] = set()
    for way in list(solution._keys)[:MOST_PLACES]:
        if passes(Solution(reference, function, way)):
            above = ".".join(["returned", *map(str, way[:-1])])
            places |= {f"{above}.{way[-1]}", f"{above}.keys()"}
    return solution._asked, frozenset(places)
