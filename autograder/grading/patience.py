"""How long a student's code may take, by what the solution takes, and how often a function is tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable

from autograder.grading.outcome import NOT_TRIED, CallFailed
from autograder.messages import Message
from autograder.sandbox.process import Allowance, Limits

CELLS = "your cells"
TIMEOUTS_ALLOWED = 2  # per function; after that its calls are not tried any more
DEATHS_ALLOWED = 4  # in two calls, each of which is tried twice
TIMES_THE_SOLUTION = 20  # what a call takes may be as many times what it takes with the solution, at no cost
SPARE = 0.3  # of `seconds_per_call`: what all of a notebook's calls together may take beyond that
COUNTED = 0.05  # seconds: a call that takes less is one of a few dozen at most


class Spare:
    """The seconds that a notebook has beyond what its calls may take: one loop without an end soon uses them up."""

    def __init__(self, limits: Limits) -> None:
        self.for_cells = 0.0  # what the cells took when they ran to their end; they may take it again
        self._seconds = SPARE * limits.seconds_per_call
        self._open: list[tuple[float, Hashable, Callable[[], float]]] = []  # seconds used, and what is free
        self._free: dict[Hashable, float] = {}

    def use(self, seconds: float, kind: Hashable, free: Callable[[], float]) -> None:
        """Take from it what a call used, but for what is `free`: that is found out when it matters, once for a kind."""
        if seconds >= COUNTED:
            self._open.append((seconds, kind, free))

    def at_least(self) -> float:
        """What is left if nothing was free."""
        return self._seconds - sum(seconds for seconds, _, _ in self._open)

    def left(self) -> float:
        """What is left."""
        for seconds, kind, free in self._open:
            if kind not in self._free:
                self._free[kind] = free()
            self._seconds -= max(0.0, seconds - self._free[kind])
        self._open.clear()
        return max(0.0, self._seconds)


class Patience:
    """Which functions are not worth another call, and what is left for the notebook."""

    def __init__(self, limits: Limits, left: Allowance) -> None:
        self.left = left
        self._limits = limits
        self._timeouts: Counter[str] = Counter()  # by function
        self._deaths: Counter[str] = Counter()

    def refuse_hopeless(self, who: str) -> None:
        """Raise CallFailed for what ran out of time, or took its process down, too often."""
        if self._timeouts[who] >= TIMEOUTS_ALLOWED:
            text = "{who} was not tried again: it had run out of time {count} {count:time|times}."
            raise CallFailed(Message(text, who=_words(who), count=TIMEOUTS_ALLOWED), _kind(who, NOT_TRIED))
        if self._deaths[who] >= DEATHS_ALLOWED:
            text = "{who} was not tried again: it had taken its Python process down {count} {count:time|times}."
            raise CallFailed(Message(text, who=_words(who), count=DEATHS_ALLOWED), NOT_TRIED)

    def ran_out_before(self, who: str) -> bool:
        """Whether `who` did not finish once."""
        return self._timeouts[who] > 0

    def ran_out(self, who: str) -> CallFailed:
        """Count that `who` did not finish, and say so."""
        self._timeouts[who] += 1
        if self.left.seconds <= 0:
            text = "{who} did not finish: the {seconds:g} s for the whole notebook are used up. Does a loop never end?"
        else:
            text = "{who} did not finish in time: it takes far longer than the solution does. Does a loop never end?"
        return CallFailed(Message(text, who=_words(who), seconds=self._limits.seconds_per_submission), _kind(who))

    def died(self, who: str) -> CallFailed:
        """Count that `who` took its process down, and say so."""
        self._deaths[who] += 1
        text = ("{who} took its Python process down: it ended it, or used more than {memory} MB of memory or a "
                "forbidden system call, or what it gave back was too large.")  # fmt: skip
        return CallFailed(Message(text, who=_words(who), memory=self._limits.memory_mb), "Died")


def _words(who: str) -> Message:
    return Message("A cell of the notebook") if who == CELLS else Message("`{name}`", name=who)


def _kind(who: str, kind: str = "TimeUp") -> str:
    """What it means to run out of time: cells that do not end define nothing."""
    return "NotDefined" if who == CELLS else kind
