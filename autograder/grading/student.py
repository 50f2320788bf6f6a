"""A student's functions as checks see them: each call crosses into the sandbox as plain data."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Self

from autograder.grading.assignment import Assignment
from autograder.grading.lending import Lent
from autograder.grading.outcome import CallFailed, Outcome
from autograder.grading.student_process import Setting, StudentProcess
from autograder.notebook.submission import Submission
from autograder.sandbox import wire
from autograder.sandbox.process import Limits


@dataclass(frozen=True)
class Calls:
    """The calls that a check made in one go, and what came of them; `names` are those of the last arguments of each."""

    function: str
    frame: bytes  # the message that asked for them
    outcome: Sequence[Outcome] | CallFailed
    seconds: float
    cell: str = ""  # what ran after the student's cells

    names: Sequence[str] = ()

    @cached_property
    def arguments(self) -> list[list[Any]]:
        """The arguments of each call."""
        message = wire.unpack(self.frame[4:])
        return [[message["arguments"][place] for place in places] for places in message["calls"]]


class RemoteFunction:
    """One function of the student's. Call it like the function itself; the answer is an Outcome."""

    def __init__(self, call: Callable[..., list[Outcome]], signature: inspect.Signature) -> None:
        self._call = call
        self._signature = signature

    def __call__(self, *arguments: Any, **named: Any) -> Outcome:
        by_position, by_name = self._bound(*arguments, **named)
        calls = [(*by_position, *by_name.values())]
        return (self._call(calls, tuple(by_name)) if by_name else self._call(calls))[0]

    def many(self, calls: Sequence[Sequence[Any]]) -> list[Outcome]:
        """The outcomes of several calls, made in one go, which saves time. Each call is a tuple of arguments.

        The outcomes have `returned` and `printed`, but no `arguments`.

        Example::

            @pytest.mark.points(1)
            def test_many_windows(student, rng):
                '''The average is shorter than the series by the window less 1.'''
                calls = [(rng.normal(size=9), window) for window in (1, 4, 9)]
                outcomes = student.moving_average.many(calls)
                lengths = [len(outcome.returned) for outcome in outcomes]
                assert_same(lengths, [9, 6, 1], "the lengths for the windows 1, 4, 9")
        """
        return self._call(calls)

    def _bound(self, *arguments: Any, **named: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """By position where that can be, so that a student may name the parameters freely; the others by name."""
        bound = self._signature.bind(*arguments, **named)
        given = {*bound.arguments}
        if bound.kwargs or len(bound.arguments) > len(arguments):
            bound.apply_defaults()
        left_out = {*self._signature.parameters} - given
        return bound.args, {name: value for name, value in bound.kwargs.items() if name not in left_out}


class Student:
    """The student's functions, as attributes. Their answers are remembered."""

    def __init__(self, submission: Submission, assignment: Assignment, signatures: Mapping[str, inspect.Signature],
                 limits: Limits) -> None:  # fmt: skip
        left = limits.allowance()
        self._signatures = signatures
        self._process = partial(StudentProcess, submission, assignment, signatures, limits, left)
        self._functions = _Remembering(self._process({}), signatures)
        self._with_lent: dict[tuple[str, ...], _Remembering] = {}

    @property
    def calls(self) -> list[Calls]:
        """All calls that checks made to the student's own functions, and what came of them."""
        return self._functions.calls

    def __getattr__(self, name: str) -> RemoteFunction:
        return getattr(StudentGiven(self._functions, Setting()), name)

    def with_file(self, path: str, text: str) -> StudentGiven:
        """The student's functions, defined anew in a directory in which the file `path` has the content `text`.

        Example::

            @pytest.mark.points(1)
            def test_other_numbers(student):
                '''`total` adds up what is in numbers.txt.'''
                seen = student.with_file("numbers.txt", "1 2 4").total().returned
                assert_same(seen, 7.0, "total() of 1, 2 and 4")
        """
        return StudentGiven(self._functions, Setting()).with_file(path, text)

    def with_cell(self, source: str) -> StudentGiven:
        """The student's functions after one more cell has run, which can replace some of them by simple stand-ins.

        Example::

            @pytest.mark.points(1)
            def test_report(student):
                '''`report` rounds what `total` returns.'''
                seen = student.with_cell("def total(): return 2.345").report().returned
                assert_same(seen, "2.3", "report() if total() returns 2.345")
        """
        return StudentGiven(self._functions, Setting()).with_cell(source)

    def lent(self, functions: Lent) -> StudentGiven:
        """The student's other functions where they get answers of ours when they call these. Our code stays here.

        They have a process of their own: what they learn from the answers is of no use where nothing is lent.
        """
        names = tuple(functions)
        if names not in self._with_lent:
            self._with_lent[names] = _Remembering(self._process(functions), self._signatures)
        return StudentGiven(self._with_lent[names], Setting())

    def close(self) -> None:
        """Kill the sandboxes."""
        for functions in (self._functions, *self._with_lent.values()):
            functions.process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Remembering:
    """The functions of one process: the same calls again within a grading are answered from memory."""

    def __init__(self, process: StudentProcess, signatures: Mapping[str, inspect.Signature]) -> None:
        self.process = process
        self.signatures = signatures
        self.calls: list[Calls] = []
        self._answers: dict[tuple[bytes, Setting], list[Outcome] | CallFailed] = {}

    def call(
        self, name: str, setting: Setting, calls: Sequence[Sequence[Any]], names: Sequence[str] = ()
    ) -> list[Outcome]:
        """The outcomes of the calls; the last arguments of each have these `names`. Raises CallFailed."""
        frame = _frame(name, calls, names)
        key = (frame, setting)
        if key not in self._answers:
            start = time.monotonic()
            try:
                self._answers[key] = self.process.call(name, setting, calls, names, frame)
            except CallFailed as failure:
                self._answers[key] = failure
            seconds = time.monotonic() - start
            self.calls.append(Calls(name, frame, self._answers[key], seconds, setting.cell, names))
        answer = self._answers[key]
        if isinstance(answer, CallFailed):
            raise CallFailed(answer.message, answer.kind, answer.said)
        return answer


def _frame(name: str, calls: Sequence[Sequence[Any]], names: Sequence[str]) -> bytes:
    """The message for the worker. What many calls have in common, as the network of a thousand names, goes once."""
    shared = {id(argument): argument for arguments in calls for argument in arguments}
    place = {key: number for number, key in enumerate(shared)}
    places = [[place[id(argument)] for argument in arguments] for arguments in calls]
    message = {"do": "call", "function": name, "arguments": list(shared.values()), "calls": places}
    return wire.pack({**message, "names": list(names)})


@dataclass(frozen=True)
class StudentGiven:
    """The student's functions in one setting."""

    functions: _Remembering
    setting: Setting

    def with_file(self, path: str, text: str) -> StudentGiven:
        """The same where `path` holds `text`."""
        return replace(self, setting=replace(self.setting, files=(*self.setting.files, (path, text))))

    def with_cell(self, source: str) -> StudentGiven:
        """The same after one more cell has run."""
        return replace(self, setting=replace(self.setting, cell=source))

    def __getattr__(self, name: str) -> RemoteFunction:
        signatures = self.functions.signatures
        if name not in signatures:
            raise AttributeError(name)
        return RemoteFunction(partial(self.functions.call, name, self.setting), signatures[name])
