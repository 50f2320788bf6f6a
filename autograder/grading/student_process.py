"""The process in which a student's cells run: started when first called, and again after it died."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from autograder.grading.asking import Program, Reached
from autograder.grading.assignment import Assignment
from autograder.grading.lending import Lent, lend
from autograder.grading.outcome import CallFailed, Outcome, by_name, failure_as
from autograder.grading.root_cause import Explanations, Raised
from autograder.messages import Message
from autograder.notebook.needed_code import needed_code
from autograder.notebook.submission import Submission
from autograder.sandbox import wire
from autograder.sandbox.process import Allowance, Died, Limits, Sandbox, TimeUp

CELLS = "your cells"
TIMEOUTS_ALLOWED = 2  # per function; after that its calls are not tried any more
DEATHS_ALLOWED = 4  # in two calls, each of which is tried twice
ANSWERED = {"call": "defined", "value": "known"}  # how a name is asked for -> where the worker says that it can be
LESS_PATIENT = 5  # times, after the first: whatever calls a loop that never ends will not end either


@dataclass(frozen=True)
class Setting:
    """Where a student's functions are defined: files with another text, and a cell of ours after theirs."""

    files: tuple[tuple[str, str], ...] = ()
    cell: str = ""


AS_HANDED_IN = Setting()


class Patience:
    """How long a call may take, by what is left for the notebook, and which functions are not worth another call."""

    def __init__(self, limits: Limits, left: Allowance) -> None:
        self.left = left
        self._limits = limits
        self._timeouts: Counter[str] = Counter()  # by function
        self._deaths: Counter[str] = Counter()

    def seconds(self) -> float:
        """What the next call may take."""
        return min(self._limits.seconds_per_call / (LESS_PATIENT if self._timeouts else 1), self.left.seconds)

    def refuse_hopeless(self, who: str) -> None:
        """Raise CallFailed for what ran out of time, or took its process down, too often."""
        if self._timeouts[who] >= TIMEOUTS_ALLOWED:
            text = "{who} was not tried again: it had run out of time {count} {count:time|times}."
            raise CallFailed(Message(text, who=_words(who), count=TIMEOUTS_ALLOWED), _kind(who))
        if self._deaths[who] >= DEATHS_ALLOWED:
            text = "{who} was not tried again: it had taken its Python process down {count} {count:time|times}."
            raise CallFailed(Message(text, who=_words(who), count=DEATHS_ALLOWED), "Died")

    def ran_out(self, who: str, seconds: float, used: float) -> CallFailed:
        """Count that `who` did not finish in `seconds`, and say so."""
        self._timeouts[who] += 1
        if self.left.seconds <= used:
            seconds = self._limits.seconds_per_submission
            text = "{who} did not finish: the {seconds:g} s for the whole notebook are used up. Does a loop never end?"
        else:
            text = ("{who} did not finish: it was stopped after {seconds:g} {seconds:second|seconds}. Does a loop "
                    "never end?")  # fmt: skip
        return CallFailed(Message(text, who=_words(who), seconds=seconds), _kind(who))

    def died(self, who: str) -> CallFailed:
        """Count that `who` took its process down, and say so."""
        self._deaths[who] += 1
        text = ("{who} took its Python process down: it ended it, or used more than {memory} MB of memory or a "
                "forbidden system call, or what it gave back was too large.")  # fmt: skip
        return CallFailed(Message(text, who=_words(who), memory=self._limits.memory_mb), "Died")


class StudentProcess:
    """Runs a notebook's needed cells in a sandbox, and asks for what they define."""

    def __init__(self, submission: Submission, assignment: Assignment, reached: Reached, limits: Limits,
                 left: Allowance, lent: Lent) -> None:  # fmt: skip
        self._explanations = Explanations(submission, list(reached.signatures), hints=assignment.hints)
        self._snippets = needed_code(submission.cells, reached.names)
        self._files = assignment.sandbox_files
        self._reached = reached
        self._limits = limits
        self._lent = lent
        self._patience = Patience(limits, left)
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

    def _call_once(self, program: Program, setting: Setting) -> list[Outcome]:
        self._patience.refuse_hopeless(program.label)
        self._load(setting)
        if program.name not in self._defined.get(program.how, [program.name]):
            raise CallFailed(self._explanations.not_defined(program.name), "NotDefined")
        try:
            answers = self._ask(program.frame, program.label)
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
        """See to a running worker whose cells ran in this setting."""
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
            answer = self._ask(wire.pack(message), CELLS)
            self._explanations.stopped = {str(one["cell"]): Raised.from_plain(one) for one in answer["errors"]}
            self._defined = {how: [str(name) for name in answer[key]] for how, key in ANSWERED.items()}
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            self.close()
            raise CallFailed(Message("The notebook's cells gave no usable answer."), "Died") from error
        self._written = set(dict(setting.files))
        self._loaded = setting

    def _ask(self, frame: bytes, who: str) -> Any:
        assert self._sandbox is not None
        seconds = self._patience.seconds()
        start = time.monotonic()
        try:
            return self._sandbox.ask(frame, seconds, partial(lend, self._lent) if self._lent else None)
        except TimeUp as error:
            self.close()
            raise self._patience.ran_out(who, seconds, time.monotonic() - start) from error
        except Died as error:
            self.close()
            raise self._patience.died(who) from error
        finally:
            self._patience.left.seconds -= time.monotonic() - start


def _words(who: str) -> Message:
    return Message("A cell of the notebook") if who == CELLS else Message("`{name}`", name=who)


def _kind(who: str) -> str:
    """What it means to run out of time: cells that do not end define nothing."""
    return "NotDefined" if who == CELLS else "TimeUp"
