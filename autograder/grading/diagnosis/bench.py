"""Where changed programs are tried: two processes that say, for each input, whether a program does as is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from autograder.sandbox import wire
from autograder.sandbox.process import Died, Limits, Sandbox, TimeUp

Place = tuple[str, int]  # cell, line
Cells = Sequence[tuple[str, str]]  # name -> Python
RANDOM = 40  # inputs more than those of the checks
MOST_LOST, STEPS_OF_LOST = 4, 20_000  # programs that take too long, and what each of them counts for
# Seconds of a processor: a backstop, since steps are counted.
SECONDS_TO_PREPARE, SECONDS_TO_SEARCH, SECONDS_TO_BEGIN, SECONDS_FOR_ONE = 60.0, 15.0, 10.0, 1.0
# For all inputs: so many seconds, or so many times what the slowest correct program takes, whichever is more.
SECONDS_FOR_ALL, TIMES_THE_SLOWEST = 1.0, 4


class OutOfBudget(Exception):
    """As many steps as a diagnosis may take."""


class NotTried(Exception):
    """A process that tries programs ended, or took too long: nothing that came of it may be kept."""


@dataclass(frozen=True)
class Task:
    """What is asked of a function: calls with what is expected; `variants` are the numbers of those that do it.

    The slowest of them takes so many `seconds` of processor time for all calls.
    """

    function: str
    calls: Sequence[dict[str, Any]]
    variants: Sequence[int]
    seconds: float


@dataclass(frozen=True)
class Tried:
    """What came of a program, input by input."""

    passed: tuple[bool, ...]
    lines: tuple[tuple[Place, ...], ...] = ()  # that ran, where they were asked for
    raised: tuple[Place | None, ...] = ()  # the line that raised an exception which ended the call, likewise

    @property
    def all(self) -> bool:
        return all(self.passed)


def prepared(
    function: str, solution: Cells, variants: Sequence[Cells], calls: Sequence[Mapping[str, Any]], seed: int,
    files: Mapping[str, Path], limits: Limits, unjudged: Collection[str] = (),
) -> Task:  # fmt: skip
    """What is asked of a function. No student's code is in the process that finds it out. Raises NotTried."""
    message = {"do": "prepare", "function": function, "solution": list(solution), "calls": list(calls),
               "variants": [list(one) for one in variants], "seed": seed, "random": RANDOM,
               "unjudged": sorted(unjudged)}  # fmt: skip
    limits = replace(limits, seconds_per_submission=SECONDS_TO_PREPARE)
    try:
        with Sandbox(files, limits, limits.allowance(), "trials") as sandbox:
            answer = sandbox.ask(wire.pack(message), SECONDS_TO_PREPARE)
    except (Died, TimeUp, wire.WireError) as error:
        raise NotTried(str(error)) from error
    return Task(function, answer["calls"], answer["variants"], answer["seconds"])


def replayed(cells: Cells, watched: Collection[str], files: Mapping[str, Path], limits: Limits) -> dict[str, Any]:
    """What cells of ours show of what the `watched` ones define (`sandbox.replay`). Raises NotTried."""
    message = {"do": "replay", "cells": list(cells), "watched": sorted(watched)}
    limits = replace(limits, seconds_per_submission=SECONDS_TO_PREPARE)
    try:
        with Sandbox(files, limits, limits.allowance(), "trials") as sandbox:
            return dict(sandbox.ask(wire.pack(message), SECONDS_TO_PREPARE))
    except (Died, TimeUp, wire.WireError) as error:
        raise NotTried(str(error)) from error


class Bench:
    """A process with a student's cells, in which some of them are exchanged. It counts what it does in steps."""

    def __init__(self, task: Task, base: Cells, last: Cells, files: Mapping[str, Path], limits: Limits,
                 budget: int) -> None:  # fmt: skip
        self.task = task
        self.left = budget
        self.tries = 0
        self._order = list(range(len(task.calls)))  # those that fail often first
        self._known: dict[tuple[Cells, bool], Tried] = {}
        self._message = {"do": "begin", "function": task.function, "base": list(base), "last": list(last),
                         "calls": list(task.calls)}  # fmt: skip
        self._files, self._limits = files, replace(limits, seconds_per_submission=SECONDS_TO_SEARCH)
        self._seconds_for_all = max(SECONDS_FOR_ALL, TIMES_THE_SLOWEST * task.seconds)
        self._lost = 0  # processes
        self._start()

    def _start(self) -> None:
        self._sandbox = Sandbox(self._files, self._limits, self._limits.allowance(), "trials")
        self._ask(self._message, SECONDS_TO_BEGIN)

    def failing_first(self, tried: Tried) -> None:
        """Ask from now on first for what failed here."""
        self._order.sort(key=lambda number: tried.passed[number])

    def passes(self, cells: Cells) -> bool:
        """Whether a program does as is asked on all inputs. Raises OutOfBudget, NotTried."""
        return self.tried(cells, whole=False).all

    def tried(self, cells: Cells, whole: bool = True, trace: bool = False) -> Tried:
        """What comes of a program on each input; not `whole`: as far as the first that fails."""
        key = (tuple(cells), whole)
        if key not in self._known or trace:
            if self.left <= 0:
                raise OutOfBudget
            order = sorted(self._order) if whole else self._order
            self.tries += 1
            message = {"do": "try", "cells": list(cells), "order": order, "all": whole, "trace": trace}
            try:
                answer = self._ask(message, self._seconds_for_all if whole else SECONDS_FOR_ONE)
            except NotTried:
                if whole or self._lost >= MOST_LOST:
                    raise
                self._lost += 1  # such a program is none that does as is asked
                self.left -= STEPS_OF_LOST
                self._sandbox.close()
                self._start()
                return Tried((False,))
            steps, tried = _read(answer, len(order), whole)
            effort = sum(int(self.task.calls[number]["effort"]) for number in order[: len(tried.passed)])
            self.left -= PROGRAM + effort // CALLS_OF_STEP + steps
            self._known[key] = tried
            if not whole and not tried.all:
                failed = self._order[len(tried.passed) - 1]  # it may well fail for the next, too
                self._order.remove(failed)
                self._order.insert(0, failed)
        return self._known[key]

    def _ask(self, message: dict[str, Any], seconds: float) -> Any:
        try:
            return self._sandbox.ask(wire.pack(message), seconds)
        except (Died, TimeUp, wire.WireError) as error:
            raise NotTried(str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()


def _read(answer: Any, inputs: int, whole: bool) -> tuple[int, Tried]:
    """The steps and what came of a program. Raises NotTried for what our own code does not answer: it is forged."""
    try:
        steps, lines, raised = answer["steps"], answer["lines"], answer["raised"]
        passed = tuple(one is True for one in answer["passed"])
        if type(steps) is not int or steps < 0 or not 0 < len(passed) <= inputs or (whole and len(passed) < inputs):
            raise ValueError("no answer to what was asked")
        if not len(passed) == len(lines) == len(raised):
            raise ValueError("not as many answers as inputs")
        places = tuple(tuple(map(_place, one)) for one in lines)
        return steps, Tried(passed, places, tuple(_place(one) if one else None for one in raised))
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise NotTried("the process gave no usable answer") from error


def _place(said: Any) -> Place:
    cell, line = said
    return str(cell), int(line)


PROGRAM, CALLS_OF_STEP = 60, 10  # steps that it takes to run a program's cells; what takes as long as a step
