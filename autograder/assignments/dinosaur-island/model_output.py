"""What `model` printed: its losses and its names, in whatever words.

The loss is a number with a decimal point. Of several such numbers in the output, those that stand behind the same
letters belong together; or those that are the only one of their line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from autograder import CheckFailed

LINE = 500  # as much of a printed line is looked at, at its beginning and at its end
LABEL = 12  # as many letters before a number say what it is
DECIMALS = 2
COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
NUMBER = re.compile(
    r"[-+]?(?:[0-9]{1,3}(?:[,_][0-9]{3})+|[0-9]+)(?:\.[0-9]+(?:e[-+]?[0-9]{1,2})?|e[-+]?[0-9]{1,2})"
    r"|(?<![^\W_])(?:nan|-?inf)(?![^\W_])"
)


@dataclass(frozen=True)
class Number:
    """A number that was printed with a decimal point, or in a like manner."""

    text: str

    @property
    def value(self) -> float:
        """What it says."""
        return float(self.text.replace(",", ""))

    @property
    def decimals(self) -> int:
        """How many decimals were printed; as many as one likes for nan and inf."""
        mantissa, _, exponent = self.text.partition("e")
        return len(mantissa.partition(".")[2]) - int(exponent or 0) if self.text[-1].isdigit() else 99

    def agrees(self, expected: float) -> bool:
        """Equal as far as it was printed, rounded or cut: a unit of its last digit, and 1e-9 of rounding."""
        return abs(self.value - expected) <= 10.0**-self.decimals + 1e-9 * abs(expected)


def plain_lines(printed: str) -> list[str]:
    """The printed lines in small letters, without colours, and with ordinary digits and signs for full-width ones."""
    lines = (line if len(line) <= 2 * LINE else f"{line[:LINE]} {line[-LINE:]}" for line in printed.splitlines())
    return [unicodedata.normalize("NFKC", COLOUR.sub("", line)).lower() for line in lines]


@lru_cache(maxsize=32)
def numbers_by_label(printed: str) -> dict[str, list[Number]]:
    """The numbers behind the same letters, in order: label -> numbers. "" is for those that are alone in their line."""
    found: dict[str, list[Number]] = {"": []}
    for line in plain_lines(printed):
        end, label = 0, ""
        matches = list(NUMBER.finditer(line))
        for match in matches:
            label = "".join(filter(str.isalpha, line[end : match.start()]))[-LABEL:] or f"after {label}"[:LABEL]
            found.setdefault(label, []).append(Number(match[0]))
            end = match.end()
        if len(matches) == 1:
            found[""].append(Number(matches[0][0]))
    return {label: numbers for label, numbers in found.items() if numbers}


def losses_like(printed: str, expected: list[float]) -> list[Number]:
    """The numbers in the output that are most like the `expected` losses. Raises CheckFailed when there are none."""
    candidates = numbers_by_label(printed).values()
    if not candidates:
        raise CheckFailed(
            "`model` should print its loss with decimals, as in `Iteration: 1, Loss: 23.087336`; none was found."
        )

    def likeness(numbers: list[Number]) -> tuple[bool, int, int]:
        agreeing = sum(one.agrees(other) for one, other in zip(numbers, expected, strict=False))
        return numbers[0].agrees(expected[0]), agreeing, -abs(len(numbers) - len(expected))

    return max(candidates, key=likeness)


def words(line: str) -> str:
    """A line without the signs, digits and blanks around its letters."""
    letters = [place for place, char in enumerate(line) if char.isalpha()]
    return line[letters[0] : letters[-1] + 1] if letters else ""


def assert_names(printed: str, blocks: Sequence[tuple[int, Sequence[str]]]) -> None:
    """The names stand in the output in this order, one a line: (iteration, names) after (iteration, names).

    Capital letters do not matter, nor what else is printed. Raises CheckFailed at the first name that is missing.
    """
    lines = iter([words(line) for line in plain_lines(printed)])
    for iteration, names in blocks:
        for number, name in enumerate(names, 1):
            if name and name not in lines:  # a newline that was drawn first gives no name
                raise CheckFailed(
                    "At iteration {iteration:,}, name {number} of the {count}, {name}, is not printed in a line of its "
                    "own, or not in its place.",
                    iteration=iteration,
                    number=number,
                    count=len(names),
                    name=repr(name.capitalize()),
                )
