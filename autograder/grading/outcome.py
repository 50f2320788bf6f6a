"""What a call gave: an Outcome, or CallFailed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograder.messages import Message, render


@dataclass(frozen=True)
class Outcome:
    """What one call did: its value, its prints and, of a single call, its arguments by name as they were afterwards."""

    returned: Any
    arguments: dict[str, Any]
    printed: str


class CallFailed(AssertionError):
    """The student's function is missing, raised, hung or took its process down; the text is for the student."""

    def __init__(self, message: Message, kind: str, said: str = "") -> None:
        super().__init__(render(message))
        self.message = message
        self.kind = kind  # the exception's type name, "TimeUp", "Died" or "NotDefined"
        self.said = said  # the exception's own text
