"""What a call gave: an Outcome, or CallFailed."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
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


def by_name(signature: inspect.Signature, arguments: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    """Parameter -> argument."""
    by_position = len(arguments) - len(names)
    named = dict(zip(names, arguments[by_position:], strict=True))
    return dict(signature.bind(*arguments[:by_position], **named).arguments)


NOT_TRIED = "NotTried"  # what ran out of time, or took its process down, too often before


class CallFailed(Exception):
    """The student's code is missing, raised, hung or took its process down; the text is for the student.

    Where it raised, this is also an exception of that kind: a check may expect it, as in `pytest.raises(ValueError)`.
    """

    def __init__(self, message: Message, kind: str, said: str = "", probed: bool = False) -> None:
        super().__init__(render(message))
        self.message = message
        self.kind = kind  # the exception's type name, "TimeUp", "Died", "NotDefined" or NOT_TRIED
        self.said = said  # the exception's own text
        self.probed = probed  # whether a function of probes.py came upon it

    def again(self) -> CallFailed:
        """The same, to be raised once more."""
        return type(self)(self.message, self.kind, self.said, self.probed)


# The student's process says what kinds an exception is of, as (module, name). These are not believed to be meant.
TESTING = ("pytest", "_pytest", "autograder", "unittest")


def failure_as(kinds: Sequence[tuple[str, str]], known: Mapping[str, type[Exception]]) -> type[CallFailed]:
    """CallFailed that is also an exception of the first of these kinds that we have, and of all that are `known`."""
    own = [known[name] for module, name in kinds if module == "__main__" and name in known]
    ours = next((one for kind in kinds if (one := _library(*kind)) is not None), None)
    bases = (*own, *([ours] if ours else []), CallFailed)
    return _made(bases) if len(bases) > 1 else CallFailed


def _library(module: str, name: str) -> type[Exception] | None:
    """An exception of Python's or a library's that is loaded; no code of the module's is run."""
    if module.partition(".")[0] in TESTING:
        return None
    found = vars(sys.modules[module]).get(name) if module in sys.modules else None
    return found if isinstance(found, type) and issubclass(found, Exception) and found is not Exception else None


@lru_cache(maxsize=256)
def _made(bases: tuple[type, ...]) -> type[CallFailed]:
    return type("CallFailed", bases, {"__init__": CallFailed.__init__, "__str__": lambda error: error.said})
