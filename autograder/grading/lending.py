"""Functions of ours that answer a student's code where its own do not work. Our code stays here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.grading.outcome import Outcome

# How long a list or text, each side of an array, and a whole number in bits may be in what we are asked with.
MODEST_LENGTH, MODEST_SIZE, MODEST_BITS = 1000, 256, 128

Lent = Mapping[str, Callable[..., Outcome]]


def lend(functions: Lent, question: dict[str, Any]) -> dict[str, Any]:
    """What the function that a `question` of the worker's is about answers, or which error it raised."""
    try:
        arguments, named = question["arguments"], question["named"]
        if not all(_modest(one) for one in (*arguments, *named.values())):
            raise ValueError("the arguments are larger than any in this exercise")
        outcome = functions[question["lend"]](*arguments, **named)
    except Exception as error:  # noqa: BLE001 -- whatever the student's code asked with
        ours = f"`{str(question.get('lend'))[:40]}`, ours in the place of yours, raised {type(error).__name__}: {error}"
        return {"error": ours[:200]}
    return {"error": None, "returned": outcome.returned, "arguments": arguments, "named": named}


def _modest(value: Any) -> bool:
    """Whether a value is so small that a function of ours cannot be led to use much memory or time with it.

    A list holds no lists or arrays: NumPy would make an array of many dimensions of them, and one as wide as its
    longest text of texts. What is of no kind named here is not modest.
    """
    if isinstance(value, dict):
        return len(value) <= MODEST_LENGTH and all(_small(key) and _modest(one) for key, one in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return len(value) <= MODEST_LENGTH and all(map(_small, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufc" and value.ndim <= 2 and max(value.shape, default=0) <= MODEST_SIZE
    return _small(value)


def _small(value: Any) -> bool:
    """Whether it is a number, or a word."""
    if isinstance(value, int):
        return value.bit_length() <= MODEST_BITS
    if isinstance(value, str | bytes):
        return len(value) <= MODEST_LENGTH
    return value is None or isinstance(value, float | complex | np.generic)
