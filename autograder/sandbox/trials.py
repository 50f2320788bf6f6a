"""What a confined process does for a diagnosis: runs changed programs, and says on which inputs they do as is asked.

Two of them work for one function. The first runs the solution and the correct variants, and no student's code: it makes
more inputs by varying those of the checks, and finds out what is asked. The second runs what a student wrote, changed
here and there. It knows what is asked, so nobody is shown a text of its, and one bit is taken for each input.
Standard library, NumPy and the sandbox's own modules only.
"""

from __future__ import annotations

import contextlib
import copy
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import wire
from observation import OUTPUT, Observation, differences, observe
from replay import Replay
from variation import varied
from worker import BoundedText, NoKernel, nothing

COUNT = "_one_step"  # what the programs call in each turn of a loop, and at the beginning of a function
MOST_STEPS = 12_000  # of the solution for one input
STEPS_OF_VARIED = 1_500
EFFORT_OF_CHECKS, EFFORT_OF_VARIED = 24_000, 16_000  # of the solution, for all inputs of the kind together
CHARACTERS_OF_STEP = 20  # that take as long to read as a step
OTHERWISE = 0.15  # what is printed is not settled where more of the correct variants print something else
BAD = 0.5  # a variant that does as the solution on less than this part of the inputs is none

Cells = Sequence[tuple[str, str]]  # name -> Python


class OutOfSteps(BaseException):
    """A program ran for longer than one that does as is asked."""


class Steps:
    """Counts the turns of loops and the calls of functions."""

    def __init__(self) -> None:
        self.taken = self.most = self.in_all = 0

    def __call__(self) -> None:
        self.taken += 1
        if self.taken > self.most:
            raise OutOfSteps

    def begin(self, most: int) -> None:
        """Count from 0 to `most`."""
        self.in_all += self.taken
        self.taken, self.most = 0, most


class Program:
    """Cells that define a function: `base`, then those that are exchanged, then `last`; in each setting once."""

    def __init__(self, function: str, base: Cells, last: Cells, steps: Steps) -> None:
        self.function, self.steps = function, steps
        self._base, self._last = base, last
        self._bases: dict[str, dict[str, Any]] = {}  # the names after `base`, by the cell that runs after the others
        self._namespaces: dict[str, dict[str, Any]] = {}  # the same after all cells
        self._cells: Cells = ()
        self._current: set[str] = set()  # the settings in which the exchanged cells ran

    def change(self, cells: Cells) -> None:
        """Exchange the cells that are."""
        self._cells = cells
        self._current = set()

    def _namespace(self, cell: str) -> dict[str, Any]:
        if cell not in self._namespaces:
            self._namespaces[cell] = {
                "__name__": "__main__", "display": nothing, "get_ipython": NoKernel, COUNT: self.steps
            }  # fmt: skip
            self._run(self._base, self._namespaces[cell])
            self._bases[cell] = {**self._namespaces[cell]}
        namespace = self._namespaces[cell]
        if cell not in self._current:
            self._current.add(cell)
            namespace.clear()  # functions of `base` see the names of this program, and none of the last
            namespace.update(self._bases[cell])
            namespace.pop(self.function, None)
            self._run([*self._cells, *self._last, ("setting", cell)], namespace)
        return namespace

    def _run(self, cells: Cells, namespace: dict[str, Any]) -> None:
        for name, source in cells:
            self.steps.begin(MOST_STEPS)
            with contextlib.suppress(BaseException):  # what lacks something then, fails
                exec(compile(source, name, "exec", optimize=0), namespace)

    def observed(self, one: dict[str, Any], most: int) -> Observation | None:
        """What is seen of a call, or None where it raises; arguments that matter are those of the call's `matter`."""
        arguments = copy.deepcopy(one["arguments"])
        names = one["names"]
        by_position = arguments[: len(arguments) - len(names)]
        named = dict(zip(names, arguments[len(by_position) :], strict=True))
        printed = BoundedText(OUTPUT)
        np.random.seed(0)
        random.seed(0)
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(BoundedText(0)):
                namespace = self._namespace(one["cell"])
                self.steps.begin(most)
                returned = namespace[self.function](*by_position, **named)
                if hasattr(returned, "__next__"):
                    returned = [*returned]
        except BaseException:
            return None
        finally:
            used = self.steps.taken
            self.steps.begin(10**9)
            self.last_steps = used
        text = printed.text()
        self.steps.in_all += len(text) // CHARACTERS_OF_STEP
        return observe(returned, {name: arguments[place] for name, place in one["matter"]}, text)


def prepare(message: dict[str, Any]) -> dict[str, Any]:
    """The calls with what is asked of each: those of the checks, and more.

    `ignoring` has the places at which a correct variant differs: there, the exercise leaves open what is right. What is
    printed may be said in many ways, so some of them have to differ. `most` are the steps of the slowest of them.
    `used` says which variants are correct, and `seconds` how long the slowest takes for all calls.
    """
    steps = Steps()
    solution = Program(message["function"], (), (), steps)
    solution.change(message["solution"])
    calls: list[dict[str, Any]] = []
    entered: set[tuple[str, bytes]] = set()

    def enter(one: dict[str, Any], most: int) -> bool:
        asked = one["cell"], wire.pack(one["arguments"])
        if asked in entered:
            return False
        entered.add(asked)
        with Effort() as effort:
            expected = solution.observed(one, most)
        if expected is None:
            return False
        calls.append(
            {
                **one,
                "expected": expected,
                "most": solution.last_steps,
                "effort": effort.calls,
                "ignoring": message["unjudged"],
            }
        )
        return True

    for one in message["calls"]:
        enter(one, MOST_STEPS)
    calls = affordable(calls, EFFORT_OF_CHECKS)
    own = len(calls)
    rng = random.Random(message["seed"])
    bases = [one for one in calls if one["effort"] <= EFFORT_OF_VARIED // 4]
    more = 0
    for number in range(8 * message["random"]):
        if more < message["random"] and bases:
            one = varied(bases[number % len(bases)], bases, rng)
            more += enter({**one, "varied": True}, 4 * STEPS_OF_VARIED)
    calls = calls[:own] + affordable(calls[own:], EFFORT_OF_VARIED)
    used = []
    _, seconds = timed(solution, calls)
    doubted: list[Counter[str]] = [Counter() for _ in calls]
    for number, cells in enumerate(message["variants"]):
        variant = Program(message["function"], (), (), steps)
        variant.change(cells)
        seen, taken = timed(variant, calls)
        seconds = max(seconds, taken)
        differ = [[*one["expected"]] if answer is None else differences(one["expected"], answer, one["ignoring"])
                  for one, answer in zip(calls, seen, strict=True)]  # fmt: skip
        missed = sum(answer is None or any(place.startswith("returned") for place in found)
                     for found, answer in zip(differ, seen, strict=True))  # fmt: skip
        if own and missed <= (1 - BAD) * len(calls):
            used.append(number)
            for counts, found in zip(doubted, differ, strict=True):
                counts.update(found)
    for one, counts in zip(calls, doubted, strict=True):
        enough = OTHERWISE * len(used)
        unsettled = {place for place, count in counts.items() if place not in PRINTED or count > enough}
        one["ignoring"] = sorted({*one["ignoring"], *unsettled})
    calls = [one for one in calls if {*one["expected"]} - {*one["ignoring"]} - PRINTED or _prints(one)]
    calls.sort(key=lambda one: one["effort"])
    return {"calls": calls, "variants": used, "seconds": seconds}


def timed(program: Program, calls: list[dict[str, Any]]) -> tuple[list[Observation | None], float]:
    """What is seen of all calls, whose `most` grows to the steps that they take, and the processor time in seconds."""
    start = time.process_time()
    seen = []
    for one in calls:
        seen.append(program.observed(one, MOST_STEPS))
        one["most"] = max(one["most"], program.last_steps if seen[-1] is not None else 0)
    return seen, time.process_time() - start


def affordable(calls: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """As many of the calls as take no more effort together, the easiest first; one in any case."""
    kept: list[dict[str, Any]] = []
    for one in sorted(calls, key=lambda one: one["effort"]):
        most -= one["effort"]
        if most < 0 and kept:
            break
        kept.append(one)
    return kept


class Effort:
    """Counts the functions that are called meanwhile, Python's and others: the same on every machine."""

    def __init__(self) -> None:
        self.calls = 0

    def _count(self, _: Any, event: str, __: Any) -> None:
        if event in ("call", "c_call"):
            self.calls += 1

    def __enter__(self) -> Effort:
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


PRINTED = {"printed.words", "printed.numbers", "printed.names"}


def _prints(one: dict[str, Any]) -> bool:
    return any(one["expected"][place] for place in PRINTED - {*one["ignoring"]})


class Trial:
    """A student's program, and what is asked of it."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.steps = Steps()
        self.program = Program(message["function"], message["base"], message["last"], self.steps)
        self.calls = message["calls"]
        self.function = message["function"]

    def passes(self, number: int) -> bool:
        """Whether the program does as is asked on one input."""
        one = self.calls[number]
        seen = self.program.observed(one, 6 * one["most"] + 200)
        try:
            return seen is not None and not differences(one["expected"], seen, one["ignoring"])
        except Exception:
            return False  # an object that does not let itself be compared

    def tried(self, message: dict[str, Any]) -> dict[str, Any]:
        """The bits of the inputs in `order`, as far as the first that fails, or of all; and the steps it took."""
        before = self.steps.in_all
        self.program.change(message["cells"])
        passed: list[bool] = []
        traces: list[Trace] = []
        for number in message["order"]:
            trace = Trace()
            with trace if message["trace"] else contextlib.nullcontext():
                passed.append(self.passes(number))
            traces.append(trace)
            if not (passed[-1] or message["all"]):
                break
        return {
            "passed": passed,
            "lines": [sorted(one.lines) for one in traces],
            "raised": [one.raised or () for one in traces],
            "steps": self.steps.in_all - before,
        }


Place = tuple[str, int]  # cell, line


class Trace:
    """Notes the student's lines that run, and the one that raised what ended a call."""

    def __init__(self) -> None:
        self.lines: set[Place] = set()
        self.raised: Place | None = None

    def _look(self, frame: Any, event: str, _: Any) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith("cell "):
            return None
        place = (frame.f_code.co_filename, frame.f_lineno)
        if event in ("call", "line"):
            self.lines.add(place)
            self.raised = None
        elif event == "exception" and self.raised is None:
            self.raised = place
        return self._look

    def __enter__(self) -> None:
        sys.settrace(self._look)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)


def serve(requests: int, answers: int, _: int) -> None:
    """Answer requests until the other side closes the pipe."""
    sys.stdout = sys.stderr = BoundedText(0)
    sys.setrecursionlimit(400)
    trial: Trial | None = None
    while True:
        try:
            message = wire.unpack(wire.read_frame(requests, 1 << 30))
        except wire.EndOfStream:
            return
        if message["do"] == "prepare":
            reply: Any = prepare(message)
        elif message["do"] == "replay":
            sys.setrecursionlimit(3_000)  # each call has one more within it
            reply = Replay(message["watched"]).run(message["cells"])
        elif message["do"] == "begin":
            trial, reply = Trial(message), {}
        else:
            assert trial is not None
            reply = trial.tried(message)
        wire.write_frame(answers, wire.pack(reply))
