"""The process in which a student's cells run: started when first called, and again after it died."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from autograder.grading.asking import Program, Reached
from autograder.grading.assignment import Assignment
from autograder.grading.lending import Lent, lend
from autograder.grading.outcome import CallFailed, Outcome, by_name, failure_as
from autograder.grading.patience import CELLS, TIMES_THE_SOLUTION, Patience, Spare
from autograder.grading.root_cause import Explanations, Raised
from autograder.messages import Message
from autograder.notebook.needed_code import needed_code
from autograder.notebook.submission import Submission
from autograder.sandbox import wire
from autograder.sandbox.process import Allowance, Died, Limits, Sandbox, TimeUp

ANSWERED = {"call": "defined", "value": "known"}  # how a name is asked for -> where the worker says that it can be


@dataclass(frozen=True)
class Setting:
    """Where a student's functions are defined: files with another text, and a cell of ours after theirs."""

    files: tuple[tuple[str, str], ...] = ()
    cell: str = ""


AS_HANDED_IN = Setting()
Pace = Callable[[Setting, bytes], float]  # seconds that a message takes, or the cells before it if it is empty


class StudentProcess:
    """Runs a notebook's needed cells in a sandbox, and asks for what they define."""

    def __init__(self, submission: Submission, assignment: Assignment, reached: Reached, limits: Limits,
                 left: Allowance, spare: Spare, pace: Pace, lent: Lent) -> None:  # fmt: skip
        """`pace` says how long what is asked takes with the solution."""
        self._explanations = Explanations(submission, list(reached.signatures), hints=assignment.hints)
        self._snippets = needed_code(submission.cells, reached.names)
        self._files = assignment.sandbox_files
        self._reached = reached
        self._limits = limits
        self._lent = lent
        self._patience = Patience(limits, left)
        self._spare = spare
        self._pace = pace
        self._sandbox: Sandbox | None = None
        self._loaded: Setting | None = None  # in which the cells ran in the sandbox
        self._written: set[str] = set()  # the files with other content in the sandbox now
        self._defined: dict[str, list[str]] = {"call": [], "value": []}  # which global names can be asked for how

    def close(self) -> None:
        """Kill the sandbox; the next call starts another."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = self._loaded = None
            self._written = set()

    def call(self, program: Program, setting: Setting) -> list[Outcome]:
        """The outcomes of what is asked. Raises CallFailed."""
        try:
            return self._call_once(program, setting)
        except CallFailed as failure:
            if failure.kind != "Died":
                raise
        return self._call_once(program, setting)  # something else may have killed it

    def seconds(self, setting: Setting, frame: bytes) -> float:
        """Processor time that a message takes, or the cells if it is empty. Raises CallFailed."""
        self._load(setting)
        assert self._sandbox is not None
        before = self._sandbox.cpu_seconds()
        if not frame:
            return before
        self._ask(setting, frame, "the solution")
        return self._sandbox.cpu_seconds() - before

    def _call_once(self, program: Program, setting: Setting) -> list[Outcome]:
        self._patience.refuse_hopeless(program.label)
        self._load(setting)
        if program.name not in self._defined.get(program.how, [program.name]):
            raise CallFailed(self._explanations.not_defined(program.name), "NotDefined")
        try:
            answers = self._ask(setting, program.frame, program.label)
            return [self._outcome(program, arguments, answer)
                    for arguments, answer in zip(program.calls, answers, strict=True)]  # fmt: skip
        except CallFailed:  # which may be a ValueError as well
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            self.close()  # forged or garbled: no answer of our worker looks like this
            raise CallFailed(Message("`{name}` gave no usable answer.", name=program.label), "Died") from error

    def _outcome(self, program: Program, arguments: Sequence[Any], answer: Mapping[str, Any]) -> Outcome:
        if answer["error"] is not None:
            error = Raised.from_plain(answer["error"])
            probed = program.name in self._reached.probed
            said = self._explanations.of_probe(error) if probed else self._explanations.raised(program.label, error)
            kind = failure_as(error.kinds, self._reached.exceptions)
            raise kind(said, error.kind, str(answer["error"]["text"]), probed)
        changed = list(answer["arguments"])
        if len(changed) not in (0, len(arguments)) or not isinstance(answer["printed"], str):
            raise ValueError("not an answer")
        named = program.how == "call" and changed
        after = by_name(self._reached.signatures[program.name], changed, program.names) if named else {}
        return Outcome(answer["returned"], after, answer["printed"])

    def _load(self, setting: Setting) -> None:
        """See to a running worker whose cells ran in this setting. What a call left running ends here."""
        if self._sandbox is not None and self._sandbox.works_on:
            self.close()
        if self._loaded == setting:
            return
        self._patience.refuse_hopeless(CELLS)
        if self._sandbox is None:
            self._sandbox = Sandbox(self._files, self._limits, self._patience.left)
        original = {path: self._files[path].read_text("utf-8") for path in self._written if path in self._files}
        message = {
            "do": "load",
            "snippets": [(f"cell {one.cell_number}", one.source, one.statements) for one in self._snippets],
            "files": {**original, **dict(setting.files)},
            "functions": list(self._reached.signatures),
            "names": list(self._reached.names),
            "probes": self._reached.probes,
            "lent": list(self._lent),
            "cell": setting.cell,
        }
        try:
            answer = self._ask(setting, wire.pack(message), CELLS)
            self._explanations.stopped = {str(one["cell"]): Raised.from_plain(one) for one in answer["errors"]}
            self._defined = {how: [str(name) for name in answer[key]] for how, key in ANSWERED.items()}
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            self.close()
            raise CallFailed(Message("The notebook's cells gave no usable answer."), "Died") from error
        self._written = set(dict(setting.files))
        self._loaded = setting

    def _ask(self, setting: Setting, frame: bytes, who: str) -> Any:
        if self._patience.left.seconds <= 0:
            raise self._patience.ran_out(who)
        try:
            return self._answer(setting, frame, who)
        except TimeUp as error:
            self.close()
            raise self._patience.ran_out(who) from error
        except Died as error:
            self.close()
            raise self._patience.died(who) from error

    def _answer(self, setting: Setting, frame: bytes, who: str) -> Any:
        assert self._sandbox is not None
        cells = who == CELLS
        share = 1.0 if cells else 0.5  # of what is to spare: other calls may want some, too
        times = TIMES_THE_SOLUTION / (2 if self._patience.ran_out_before(who) else 1)

        def free() -> float:
            seconds = times * self._pace(setting, b"" if cells else frame)
            return min(max(seconds, 2 * self._spare.for_cells if cells else 0), self._limits.seconds_per_call)

        def most(used: float) -> float:
            seconds = free()
            if used > seconds:
                seconds += share * self._spare.left()
            return min(seconds, self._patience.left.seconds)

        start = time.monotonic()
        watch = self._sandbox.watch(share * self._spare.at_least(), most)
        try:
            answer = self._sandbox.ask_watched(frame, watch, partial(lend, self._lent) if self._lent else None)
            if cells:
                self._spare.for_cells = max(self._spare.for_cells, watch.used)
            return answer
        finally:
            self._spare.use(watch.used, (who, setting, len(frame)), free)  # frames of one length ask for much the same
            self._patience.left.seconds -= time.monotonic() - start
