"""What an assignment's checks ask of a function, and which of its answers they judge: found by running the solution."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from autograder.grading.outcome import Outcome
from autograder.grading.reference import Reference
from autograder.grading.student import RemoteFunction
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


@dataclass(frozen=True)
class Solution:
    """The solution as checks see a student: it notes the calls to one function, and can leave out a key it returns."""

    reference: Reference
    function: str
    without: tuple[Any, ...] = ()  # the way to the key, from the value that is returned
    asked: list[Asked] = field(default_factory=list)
    keys: dict[tuple[Any, ...], None] = field(default_factory=dict)  # that were returned
    files: tuple[tuple[str, str], ...] = ()
    cell: str = ""

    def __getattr__(self, name: str) -> RemoteFunction:
        if name not in self.reference.signatures:
            raise AttributeError(name)
        return RemoteFunction(partial(self._call, name), self.reference.signatures[name])

    def with_file(self, path: str, text: str) -> Solution:
        """The solution reads no file; a student's function may."""
        return replace(self, files=(*self.files, (path, text)))

    def with_cell(self, source: str) -> Solution:
        """The same after one more cell has run."""
        return replace(self, reference=self.reference.with_cell(source), cell=source)

    def _call(self, name: str, calls: list[tuple[Any, ...]], names: Sequence[str] = ()) -> list[Outcome]:
        outcomes = self.reference._call(name, calls, names)
        if name != self.function:
            return outcomes
        for arguments, outcome in zip(calls[:AT_ONCE], outcomes, strict=False):
            self.asked.append(Asked(tuple(arguments), tuple(names), self.cell, self.files))
            self.keys.update(dict.fromkeys(_keys(outcome.returned)))
        if self.without:
            outcomes = [replace(one, returned=_without(one.returned, self.without)) for one in outcomes]
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
        return solution.asked, frozenset()
    places: set[str] = set()
    for way in list(solution.keys)[:MOST_PLACES]:
        if passes(Solution(reference, function, way)):
            above = ".".join(["returned", *map(str, way[:-1])])
            places |= {f"{above}.{way[-1]}", f"{above}.keys()"}
    return solution.asked, frozenset(places)
