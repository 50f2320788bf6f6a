"""Calls to a student's functions: each crosses into the sandbox as plain data and comes back as an Outcome."""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from autograder.grading.hints import hint_for
from autograder.notebook.needed_code import needed_code
from autograder.notebook.submission import Submission
from autograder.sandbox import wire
from autograder.sandbox.process import Died, Limits, Sandbox, TimeUp

# How long a list, and each side of an array, may be with which a student's code asks for an answer of ours.
MODEST_LENGTH, MODEST_SIZE = 1000, 256
SAID = 150  # characters of an exception's text that are shown: it could hold a hidden input
CELLS = "your cells"
SCRATCH = re.compile(r"\S*/autograder-\w{8}/")
TIMEOUTS_ALLOWED = 2  # per function; after that its calls are not tried any more
LESS_PATIENT = 5  # times, after the first: whatever calls a loop that never ends will not end either


@dataclass(frozen=True)
class Outcome:
    """What one call did: its value, its prints and, of a single call, its arguments by name as they were afterwards."""

    returned: Any
    arguments: dict[str, Any]
    printed: str


class CallFailed(AssertionError):
    """The student's function is missing, raised, hung or took its process down; the text is for the student."""

    def __init__(self, message: str, kind: str, said: str = "") -> None:
        super().__init__(message)
        self.kind = kind  # the exception's type name, "TimeUp", "Died" or "NotDefined"
        self.said = said  # the exception's own text


@dataclass(frozen=True)
class Calls:
    """The calls that a check made in one go, and what came of them."""

    function: str
    frame: bytes  # the message that asked for them
    outcome: Sequence[Outcome] | CallFailed
    seconds: float
    cell: str = ""  # what ran after the student's cells

    @cached_property
    def arguments(self) -> list[list[Any]]:
        """The positional arguments of each call."""
        message = wire.unpack(self.frame[4:])
        return [[message["arguments"][place] for place in places] for places in message["calls"]]


@dataclass(frozen=True)
class Setting:
    """Where a student's functions are defined: files with another text, and a cell of ours after theirs."""

    files: tuple[tuple[str, str], ...] = ()
    cell: str = ""


class RemoteFunction:
    """One function of the student's. Call it like the function itself; the answer is an Outcome."""

    def __init__(self, call: Callable[[Sequence[Sequence[Any]]], list[Outcome]], signature: inspect.Signature) -> None:
        self._call = call
        self._signature = signature

    def __call__(self, *arguments: Any, **named: Any) -> Outcome:
        return self.many([self._positional(*arguments, **named)])[0]

    def many(self, calls: Sequence[Sequence[Any]]) -> list[Outcome]:
        """Several calls in one frame: one tuple of positional arguments each."""
        return self._call(calls)

    def _positional(self, *arguments: Any, **named: Any) -> tuple[Any, ...]:
        """By position only, so that a student may name the parameters freely."""
        bound = self._signature.bind(*arguments, **named)
        if bound.kwargs or len(bound.arguments) > len(arguments):
            bound.apply_defaults()
        return bound.args


class Student:
    """The student's functions, as attributes. Starts the sandbox when first called, and again after it died."""

    def __init__(self, submission: Submission, files: Mapping[str, Path], signatures: Mapping[str, inspect.Signature],
                 limits: Limits) -> None:  # fmt: skip
        self._submission = submission
        self._snippets = needed_code(submission.cells, list(signatures))
        self._files = files
        self._signatures = signatures
        self._limits = limits
        self._sandbox: Sandbox | None = None
        self._left = limits.allowance()
        self._timeouts: dict[str, int] = {}  # by function
        self._answers: dict[tuple[Any, ...], list[Outcome] | CallFailed] = {}
        self._errors: list[dict[str, Any]] = []
        self._defined: list[str] = []
        self._lent: Mapping[str, Callable[..., Outcome]] = {}
        self._with_lent: dict[tuple[str, ...], Student] = {}
        self._loaded: Setting | None = None  # in which the cells ran in the sandbox
        self._written: set[str] = set()  # the files with other content in the sandbox now
        self.calls: list[Calls] = []

    def __getattr__(self, name: str) -> RemoteFunction:
        return self.given(name, Setting())

    def with_file(self, path: str, text: str) -> StudentGiven:
        """The student's functions, defined afresh in a directory where `path` holds `text`."""
        return StudentGiven(self, Setting()).with_file(path, text)

    def with_cell(self, source: str) -> StudentGiven:
        """The student's functions, after one more cell has run: it may put stand-ins in the place of some of them."""
        return StudentGiven(self, Setting()).with_cell(source)

    def lent(self, functions: Mapping[str, Callable[..., Outcome]]) -> Student:
        """The student's other functions where they get answers of ours when they call these. Our code stays here.

        They have a process of their own: what they learn from the answers is of no use where nothing is lent.
        """
        names = tuple(functions)
        if names not in self._with_lent:
            other = Student(self._submission, self._files, self._signatures, self._limits)
            other._left, other._lent = self._left, functions
            self._with_lent[names] = other
        return self._with_lent[names]

    def given(self, name: str, setting: Setting) -> RemoteFunction:
        if name not in self._signatures:
            raise AttributeError(name)
        return RemoteFunction(partial(self._call, name, setting), self._signatures[name])

    def close(self) -> None:
        """Kill the sandboxes."""
        for other in self._with_lent.values():
            other.close()
        self._stop()

    def _stop(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = self._loaded = None
            self._written = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, name: str, setting: Setting, calls: Sequence[Sequence[Any]]) -> list[Outcome]:
        """The outcomes of the calls. The same calls again within a grading are answered from memory."""
        frame = self._frame(name, calls)
        key = (frame, setting)
        if key not in self._answers:
            start = time.monotonic()
            try:
                self._answers[key] = self._call_worker(name, setting, calls, frame)
            except CallFailed as failure:
                self._answers[key] = failure
            if not self._lent:  # what is diagnosed is the student's own work
                seconds = time.monotonic() - start
                self.calls.append(Calls(name, frame, self._answers[key], seconds, setting.cell))
        answer = self._answers[key]
        if isinstance(answer, CallFailed):
            raise CallFailed(str(answer), answer.kind, answer.said)
        return answer

    def _frame(self, name: str, calls: Sequence[Sequence[Any]]) -> bytes:
        """The message for the worker. What many calls have in common, as the network of a thousand names, goes once."""
        shared = {id(argument): argument for arguments in calls for argument in arguments}
        place = {key: number for number, key in enumerate(shared)}
        places = [[place[id(argument)] for argument in arguments] for arguments in calls]
        return wire.pack({"do": "call", "function": name, "arguments": list(shared.values()), "calls": places})

    def _call_worker(self, name: str, setting: Setting, calls: Sequence[Sequence[Any]], frame: bytes) -> list[Outcome]:
        try:
            return self._call_once(name, setting, calls, frame)
        except CallFailed as failure:
            if failure.kind != "Died":
                raise
        return self._call_once(name, setting, calls, frame)  # something else may have killed it

    def _call_once(self, name: str, setting: Setting, calls: Sequence[Sequence[Any]], frame: bytes) -> list[Outcome]:
        self._refuse_endless(name)
        self._load(setting)
        if name not in self._defined:
            raise CallFailed(self._why_not_defined(name), "NotDefined")
        try:
            answers = self._ask(frame, name)
            return [self._outcome(name, arguments, answer)
                    for arguments, answer in zip(calls, answers, strict=True)]  # fmt: skip
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            self._stop()  # forged or garbled: no answer of our worker looks like this
            raise CallFailed(f"`{name}` gave no usable answer.", "Died") from error

    def _outcome(self, name: str, arguments: Sequence[Any], answer: Mapping[str, Any]) -> Outcome:
        if answer["error"] is not None:
            error = answer["error"]
            raise CallFailed(self._explain(name, error), str(error["type"]), str(error["text"]))
        names = list(self._signatures[name].parameters)
        changed = list(answer["arguments"])
        if len(changed) not in (0, len(arguments)) or not isinstance(answer["printed"], str):
            raise ValueError("not an answer")
        return Outcome(answer["returned"], dict(zip(names, changed, strict=False)), answer["printed"])

    def _refuse_endless(self, who: str) -> None:
        if self._timeouts.get(who, 0) >= TIMEOUTS_ALLOWED:
            raise CallFailed(f"`{who}` was not tried again: it had run out of time {TIMEOUTS_ALLOWED} times.", "TimeUp")

    def _load(self, setting: Setting) -> None:
        """See to a running worker whose cells ran in this setting."""
        if self._loaded == setting:
            return
        self._refuse_endless(CELLS)
        if self._sandbox is None:
            self._sandbox = Sandbox(self._files, self._limits, self._left)
        original = {path: self._files[path].read_text("utf-8") for path in self._written if path in self._files}
        message = {
            "do": "load",
            "snippets": [(f"cell {one.cell_number}", one.source, one.statements) for one in self._snippets],
            "files": {**original, **dict(setting.files)},
            "functions": list(self._signatures),
            "lent": list(self._lent),
            "cell": setting.cell,
        }
        try:
            answer = self._ask(wire.pack(message), CELLS)
            self._errors = [dict(error) for error in answer["errors"]]
            self._defined = [str(name) for name in answer["defined"]]
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            self._stop()
            raise CallFailed("The notebook's cells gave no usable answer.", "Died") from error
        self._written = set(dict(setting.files))
        self._loaded = setting

    def _ask(self, frame: bytes, who: str) -> Any:
        assert self._sandbox is not None
        patience = self._limits.seconds_per_call / (LESS_PATIENT if self._timeouts else 1)
        seconds = min(patience, self._left.seconds)
        start = time.monotonic()
        try:
            return self._sandbox.ask(frame, seconds, self._lend if self._lent else None)
        except TimeUp as error:
            self._stop()
            self._timeouts[who] = self._timeouts.get(who, 0) + 1
            whole = self._left.seconds - (time.monotonic() - start) <= 0
            limit = (f"{self._limits.seconds_per_submission:g} seconds for the whole notebook are used up"
                     if whole else f"it was stopped after {seconds:g} seconds")  # fmt: skip
            raise CallFailed(f"`{who}` did not finish: {limit}. Does a loop never end?", "TimeUp") from error
        except Died as error:
            self._stop()
            raise CallFailed(
                f"`{who}` took its Python process down: it ended it, or used more than {self._limits.memory_mb} MB of "
                "memory or a forbidden system call, or what it gave back was too large.",
                "Died",
            ) from error
        finally:
            self._left.seconds -= time.monotonic() - start

    def _lend(self, question: dict[str, Any]) -> dict[str, Any]:
        """What a function of ours answers to the student's code."""
        try:
            arguments, named = question["arguments"], question["named"]
            if not all(_modest(one) for one in (*arguments, *named.values())):
                raise ValueError("the arguments are larger than any in this exercise")
            outcome = self._lent[question["lend"]](*arguments, **named)
        except Exception as error:  # noqa: BLE001 -- whatever the student's code asked with
            return {"error": f"{type(error).__name__}: {error}"[:200]}
        return {"error": None, "returned": outcome.returned, "arguments": outcome.arguments}

    def _why_not_defined(self, name: str) -> str:
        if name in self._submission.syntax_errors:
            return self._submission.syntax_errors[name]
        for error in self._errors:
            return f"`{name}` is not defined, because a cell that it needs failed: {self._explain(name, error)}"
        return f"`{name}` is not defined in this notebook. Keep the function's name as it was handed out."

    def _explain(self, name: str, error: Mapping[str, Any]) -> str:
        """One paragraph: what was raised, on which line of which cell, and what usually causes it."""
        kind = str(error["type"])[:80]
        text = SCRATCH.sub("", str(error["text"])[:400])[:SAID]  # it is another one each time
        if kind == "NotImplementedError":
            return f"`{name}` is not written yet: replace `raise NotImplementedError()` by your code."
        place = ""
        for cell in self._submission.cells:
            lines = cell.source.splitlines()
            line = error["line"]
            if error["at"] == f"cell {cell.number}" and isinstance(line, int) and 0 < line <= len(lines):
                place = f", in cell {cell.number}, line {line}: `{lines[line - 1].strip()[:100]}`"
        return " ".join(filter(None, [f"`{name}` stopped with {kind}: {text}{place}.", hint_for(kind, text)]))


def _modest(value: Any) -> bool:
    """Whether a value is so small that a function of ours cannot be led to use much memory or time with it.

    A list holds no lists or arrays: NumPy would make an array of many dimensions of them.
    """
    if isinstance(value, dict):
        return all(_modest(one) for one in value.values())
    if isinstance(value, list | tuple):
        return len(value) <= MODEST_LENGTH and not any(
            isinstance(one, list | tuple | dict | np.ndarray) for one in value
        )
    return not isinstance(value, np.ndarray) or (value.ndim <= 2 and max(value.shape, default=0) <= MODEST_SIZE)


@dataclass(frozen=True)
class StudentGiven:
    """The student's functions in another setting."""

    student: Student
    setting: Setting

    def with_file(self, path: str, text: str) -> StudentGiven:
        """The same where `path` holds `text`."""
        return replace(self, setting=replace(self.setting, files=(*self.setting.files, (path, text))))

    def with_cell(self, source: str) -> StudentGiven:
        """The same after one more cell has run."""
        return replace(self, setting=replace(self.setting, cell=source))

    def __getattr__(self, name: str) -> RemoteFunction:
        return self.student.given(name, self.setting)
