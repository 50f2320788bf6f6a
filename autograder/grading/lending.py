"""Functions of ours that answer a student's code where its own do not work. Our code stays here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.grading.outcome import Outcome

# How long a list, and each side of an array, may be with which a student's code asks for an answer of ours.
MODEST_LENGTH, MODEST_SIZE = 1000, 256

Lent = Mapping[str, Callable[..., Outcome]]


def lend(functions: Lent, question: dict[str, Any]) -> dict[str, Any]:
    """What the function that a `question` of the worker's is about answers, or which error it raised."""
    try:
        arguments, named = question["arguments"], question["named"]
        if not all(_modest(one) for one in (*arguments, *named.values())):
            raise ValueError("the arguments are larger than any in this exercise")
        outcome = functions[question["lend"]](*arguments, **named)
    except Exception as error:  # noqa: BLE001 -- whatever the student's code asked with
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    return {"error": None, "returned": outcome.returned, "arguments": arguments, "named": named}


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
