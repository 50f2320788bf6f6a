"""Compare plain data with what was expected, and say in one sentence where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from autograder.grading.report import Picture
from autograder.sandbox.wire import Opaque


class CheckFailed(AssertionError):
    """A check did not pass; the text is the sentence that the student reads, `picture` what stands beside it."""

    def __init__(self, message: str, picture: Picture | None = None) -> None:
        super().__init__(message)
        self.picture = picture


def assert_same(seen: Any, expected: Any, what: str, *, rtol: float = 1e-9, atol: float = 1e-12) -> None:
    """Raise CheckFailed unless `seen` equals `expected` within `atol + rtol * abs(expected)`.

    Arrays need the same shape, not the same dtype; sequences the same length; mappings at least the expected keys.
    `what` names the value in the student's words, such as "clip(...)['dWax']".
    """
    if isinstance(expected, Mapping):
        if not isinstance(seen, dict):
            _fail(what, "a dictionary", seen)
        for key, value in expected.items():
            if key not in seen:
                raise CheckFailed(f"`{what}` has no key {key!r}; its keys are {short(list(seen))}.")
            assert_same(seen[key], value, f"{what}[{key!r}]", rtol=rtol, atol=atol)
    elif isinstance(expected, str):
        if seen != expected:
            _fail(what, short(expected), seen)
    elif isinstance(expected, np.ndarray):
        _assert_same_array(seen, expected, what, rtol, atol)
    elif isinstance(expected, Sequence):
        _assert_same_sequence(seen, expected, what, rtol, atol)
    elif not _is_number(seen) or not (
        seen == expected or np.isclose(seen, expected, rtol=rtol, atol=atol, equal_nan=True)
    ):
        _fail(what, short(expected), seen)


def _assert_same_array(seen: Any, expected: np.ndarray, what: str, rtol: float, atol: float) -> None:
    if not isinstance(seen, np.ndarray):
        _fail(what, f"an array of shape {expected.shape}", seen)
    if seen.shape != expected.shape:
        raise CheckFailed(f"`{what}` should have shape {expected.shape}; yours has shape {seen.shape}.")
    if np.array_equal(seen, expected):  # as it often is, and isclose takes ten times as long
        return
    differs = ~np.isclose(seen, expected, rtol=rtol, atol=atol, equal_nan=True)
    if differs.any():
        index = tuple(int(i) for i in np.argwhere(differs)[0])
        where = "".join(f"[{i}]" for i in index)
        raise CheckFailed(
            f"`{what}{where}` should be {short(expected[index])}; yours is {short(seen[index])} "
            f"({np.count_nonzero(differs)} of {differs.size} entries differ)."
        )


def _assert_same_sequence(seen: Any, expected: Sequence[Any], what: str, rtol: float, atol: float) -> None:
    if isinstance(seen, np.ndarray) and seen.ndim == 1:
        seen = seen.tolist()
    if not isinstance(seen, list | tuple):
        _fail(what, "a list", seen)
    for i, (one, other) in enumerate(zip(seen, expected, strict=False)):
        assert_same(one, other, f"{what}[{i}]", rtol=rtol, atol=atol)
    if len(seen) != len(expected):
        raise CheckFailed(f"`{what}` should have {len(expected)} entries; yours has {len(seen)}.")


def _is_number(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size == 1
    return isinstance(value, int | float | np.number | np.bool_)


def _fail(what: str, expected: str, seen: Any) -> NoReturn:
    raise CheckFailed(f"`{what}` should be {expected}; yours is {short(seen)}.")


def short(value: Any, limit: int = 80) -> str:
    """A value in the few words that fit into a sentence."""
    if value is None:
        return "None (is a `return` missing?)"
    if isinstance(value, Opaque):
        return f"an object of type {value.type_name}"
    if isinstance(value, np.ndarray) and value.size != 1:
        return f"an array of shape {value.shape}"
    if isinstance(value, np.ndarray | np.generic):
        value = value.item()
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dict):
        return f"a dictionary with the keys {short(list(value))}"
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}..."
