"""A student's functions, classes and values as checks see them: all that crosses into the sandbox is plain data."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

from autograder.grading.asking import Conversation, Program
from autograder.grading.lending import Lent
from autograder.grading.outcome import NOT_TRIED, CallFailed, Outcome
from autograder.grading.pace import solution_seconds
from autograder.grading.patience import Spare
from autograder.grading.student_process import AS_HANDED_IN, Setting, StudentProcess
from autograder.notebook.submission import Submission
from autograder.sandbox import wire
from autograder.sandbox.process import Limits
from autograder.sandbox.steps import untagged

if TYPE_CHECKING:
    from autograder.grading.reference import Reference


@dataclass(frozen=True)
class Calls:
    """The calls that a check made in one go, and what came of them."""

    function: str  # the global name that it began with
    frame: bytes  # the message that asked for them
    outcome: Sequence[Outcome] | CallFailed
    seconds: float
    setting: Setting
    plain: bool  # whether it is a call of a global function with plain data

    @property
    def cell(self) -> str:
        """What ran after the student's cells."""
        return self.setting.cell

    @property
    def arguments(self) -> Sequence[Sequence[Any]]:
        """The arguments of each call."""
        return self.program.calls

    @cached_property
    def program(self) -> Program:
        """What was asked, as it was then."""
        message = wire.unpack(self.frame[4:], untagged)
        calls = [[message["arguments"][place] for place in places] for places in message["calls"]]
        return Program(message["how"], message["function"], calls, message["names"], message["before"], self.function)


class Student:
    """The processes that answer for a student, and what they answered."""

    def __init__(self, submission: Submission, reference: Reference, limits: Limits) -> None:
        self._reference = reference
        left, spare = limits.allowance(), Spare(limits)  # of all processes together

        def process(lent: Lent) -> StudentProcess:
            pace = partial(solution_seconds, reference.assignment, limits, tuple(lent))
            return StudentProcess(submission, reference.assignment, reference.reached, limits, left, spare, pace, lent)

        self._process = process
        self.unanswered: list[CallFailed] = []  # of calls that not even an exception came of, in order
        self._functions = _Remembering(self._process({}), reference, self.unanswered)
        self._with_lent: dict[tuple[str, ...], _Remembering] = {}

    @property
    def calls(self) -> list[Calls]:
        """All calls that checks made to the student's own functions, and what came of them."""
        return self._functions.calls

    @property
    def given(self) -> StudentGiven:
        """What a check gets."""
        return StudentGiven(self._functions)

    def lent(self, functions: Lent) -> StudentGiven:
        """The student's other functions where they get answers of ours when they call these. Our code stays here.

        They have a process of their own: what they learn from the answers is of no use where nothing is lent.
        """
        names = tuple(functions)
        if names not in self._with_lent:
            self._with_lent[names] = _Remembering(self._process(functions), self._reference, self.unanswered)
        return StudentGiven(self._with_lent[names])

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

    def __init__(self, process: StudentProcess, reference: Reference, unanswered: list[CallFailed]) -> None:
        self.process = process
        self.reference = reference
        self.calls: list[Calls] = []
        self._unanswered = unanswered
        self._answers: dict[tuple[bytes, Setting], list[Outcome] | CallFailed] = {}
        self._conversations: dict[Setting, Conversation] = {}

    def conversation(self, setting: Setting) -> Conversation:
        """The questions that are asked in a setting."""
        if setting not in self._conversations:
            known = partial(self.reference.has_object, setting)
            self._conversations[setting] = Conversation(partial(self._ask, setting), known)
        return self._conversations[setting]

    def _ask(self, setting: Setting, program: Program) -> list[Outcome]:
        key = (program.frame, setting)
        if key not in self._answers:
            start = time.monotonic()
            try:
                self._answers[key] = self.process.call(program, setting)
            except CallFailed as failure:
                self._answers[key] = failure
            seconds = time.monotonic() - start
            made = Calls(program.root, program.frame, self._answers[key], seconds, setting, program.plain)
            self.calls.append(made)
        answer = self._answers[key]
        if isinstance(answer, CallFailed):
            if answer.kind in NO_ANSWER:
                self._unanswered.append(answer)
            raise answer.again()
        return answer


NO_ANSWER = ("NotDefined", "TimeUp", "Died", NOT_TRIED)


@dataclass(frozen=True)
class StudentGiven:
    """The student's functions, classes and values, as attributes, in one setting. No name of ours hides them."""

    _functions: _Remembering
    _setting: Setting = AS_HANDED_IN

    def with_file(self, path: str, text: str) -> StudentGiven:
        """The student's functions, defined anew in a directory in which the file `path` has the content `text`.

        Example::

            @pytest.mark.points(1)
            def test_other_numbers(student):
                '''`total` adds up what is in numbers.txt.'''
                seen = student.with_file("numbers.txt", "1 2 4").total().returned
                assert_same(seen, 7.0, "total() of 1, 2 and 4")
        """
        return replace(self, _setting=replace(self._setting, files=(*self._setting.files, (path, text))))

    def with_cell(self, source: str) -> StudentGiven:
        """The student's functions after one more cell has run, which can replace some of them by simple stand-ins.

        Example::

            @pytest.mark.points(1)
            def test_report(student):
                '''`report` rounds what `total` returns.'''
                seen = student.with_cell("def total(): return 2.345").report().returned
                assert_same(seen, "2.3", "report() if total() returns 2.345")
        """
        return replace(self, _setting=replace(self._setting, cell=source))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        reached = self._functions.reference.reached
        return reached.of(name, self._functions.conversation(self._setting), reached.exceptions)
