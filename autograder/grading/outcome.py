"""What a call gave: an Outcome, or CallFailed."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograder.messages import Message, render


@dataclass(frozen=True)
class Outcome:
    """What one call did, as plain data.

    - `returned`: the value
    - `arguments`: the arguments as they are after the call, by the parameter's name in the solution
    - `printed`: the text that was printed

    Example::

        @pytest.mark.points(1)
        def test_leaves_its_argument(student):
            '''`moving_average` does not change `values`, and prints nothing.'''
            values = np.arange(5.0)
            outcome = student.moving_average(values, 2)
            assert_same(outcome.arguments["values"], values, "values after the call")
            assert_same(outcome.printed, "", "the printed text")
    """

    returned: Any
    arguments: dict[str, Any]
    printed: str


def apart(arguments: Sequence[Any], names: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments by position, and by name: the last ones have these `names`."""
    by_position = len(arguments) - len(names)
    return list(arguments[:by_position]), dict(zip(names, arguments[by_position:], strict=True))


def by_name(signature: inspect.Signature, arguments: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    """Parameter -> argument."""
    by_position, named = apart(arguments, names)
    return dict(signature.bind(*by_position, **named).arguments)


class CallFailed(AssertionError):
    """The student's function is missing, raised, hung or took its process down; the text is for the student."""

    def __init__(self, message: Message, kind: str, said: str = "") -> None:
        super().__init__(render(message))
        self.message = message
        self.kind = kind  # the exception's type name, "TimeUp", "Died" or "NotDefined"
        self.said = said  # the exception's own text
