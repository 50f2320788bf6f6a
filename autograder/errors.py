"""What every command says in one line, instead of a traceback."""

from __future__ import annotations

from typing import Any

from autograder.messages import Message, render


class CannotGrade(Exception):
    """Nothing comes of this command; the `message` says why, and what to do."""

    def __init__(self, template: str, /, **values: Any) -> None:
        self.message = Message(template, **values)
        super().__init__(render(self.message))

    def __str__(self) -> str:
        return render(self.message)


NOT_WRITTEN = "{path} cannot be written ({why}). What was graded is kept: put that right, then try again."
