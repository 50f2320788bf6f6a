"""Compare plain data with what was expected, and say in one sentence where they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from autograder.grading.report import Picture
from autograder.messages import Message, render
from autograder.sandbox.wire import Opaque


class CheckFailed(AssertionError):
    """A check did not pass: what the student reads, and the `picture` beside it.

    Raise it with a template and its values: `CheckFailed("There should be {count} names; yours are {seen}.", count=7,
    seen=names)`. Text is shown as it is, a number as the template asks (`{share:.1%}`), anything else by `short`.
    """

    def __init__(self, template: str, picture: Picture | None = None, /, **values: Any) -> None:
        self.message = Message(template, **{name: _shown(value) for name, value in values.items()})
        self.picture = picture
        super().__init__(render(self.message))


def assert_same(seen: Any, expected: Any, what: str, *, rtol: float = 1e-9, atol: float = 1e-12) -> None:
    """Raise CheckFailed unless `seen` equals `expected` within `atol + rtol * abs(expected)`.

    Arrays need the same shape, not the same dtype; sequences the same length; mappings at least the expected keys.
    `what` names the value in the student's words, such as "clip(...)['dWax']".
    """
    if isinstance(expected, Mapping):
        if not isinstance(seen, dict):
            raise CheckFailed("`{what}` should be a dictionary; yours is {seen}.", what=what, seen=short(seen))
        for key, value in expected.items():
            if key not in seen:
                raise CheckFailed("`{what}` has no key {key}; its keys are {keys}.",
                                  what=what, key=repr(key), keys=list(seen))  # fmt: skip
            assert_same(seen[key], value, f"{what}[{key!r}]", rtol=rtol, atol=atol)
    elif isinstance(expected, str):
        if seen != expected:
            _differs(what, expected, seen)
    elif isinstance(expected, np.ndarray):
        _assert_same_array(seen, expected, what, rtol, atol)
    elif isinstance(expected, Sequence):
        _assert_same_sequence(seen, expected, what, rtol, atol)
    elif not _is_number(seen) or not (
        seen == expected or np.isclose(seen, expected, rtol=rtol, atol=atol, equal_nan=True)
    ):
        _differs(what, expected, seen)


def _assert_same_array(seen: Any, expected: np.ndarray, what: str, rtol: float, atol: float) -> None:
    if not isinstance(seen, np.ndarray):
        raise CheckFailed("`{what}` should be an array of shape {shape}; yours is {seen}.",
                          what=what, shape=str(expected.shape), seen=short(seen))  # fmt: skip
    if seen.shape != expected.shape:
        raise CheckFailed("`{what}` should have shape {shape}; yours has shape {seen}.",
                          what=what, shape=str(expected.shape), seen=str(seen.shape))  # fmt: skip
    if np.array_equal(seen, expected):  # as it often is, and isclose takes ten times as long
        return
    differs = ~np.isclose(seen, expected, rtol=rtol, atol=atol, equal_nan=True)
    if differs.any():
        index = tuple(int(i) for i in np.argwhere(differs)[0])
        where = "".join(f"[{i}]" for i in index)
        raise CheckFailed(
            "`{what}` should be {expected}; yours is {seen} ({count} of {size} entries differ).",
            what=what + where,
            expected=short(expected[index]),
            seen=short(seen[index]),
            count=np.count_nonzero(differs),
            size=differs.size,
        )


def _assert_same_sequence(seen: Any, expected: Sequence[Any], what: str, rtol: float, atol: float) -> None:
    if isinstance(seen, np.ndarray) and seen.ndim == 1:
        seen = seen.tolist()
    if not isinstance(seen, list | tuple):
        raise CheckFailed("`{what}` should be a list; yours is {seen}.", what=what, seen=short(seen))
    for i, (one, other) in enumerate(zip(seen, expected, strict=False)):
        assert_same(one, other, f"{what}[{i}]", rtol=rtol, atol=atol)
    if len(seen) != len(expected):
        raise CheckFailed("`{what}` should have {expected} entries; yours has {seen}.",
                          what=what, expected=len(expected), seen=len(seen))  # fmt: skip


def _is_number(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size == 1
    return isinstance(value, int | float | np.number | np.bool_)


def _differs(what: str, expected: Any, seen: Any) -> NoReturn:
    raise CheckFailed(
        "`{what}` should be {expected}; yours is {seen}.", what=what, expected=short(expected), seen=short(seen)
    )


def _shown(value: Any) -> str | int | float | Message:
    return value if isinstance(value, str | int | float | Message) else short(value)


def short(value: Any, limit: int = 80) -> str | Message:
    """A value in the few words that fit into a sentence."""
    if value is None:
        return Message("None (is a `return` missing?)")
    if isinstance(value, Opaque):
        return Message("an object of type {type}", type=value.type_name)
    if isinstance(value, np.ndarray) and value.size != 1:
        return Message("an array of shape {shape}", shape=str(value.shape))
    if isinstance(value, np.ndarray | np.generic):
        value = value.item()
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dict):
        return Message("a dictionary with the keys {keys}", keys=short(list(value)))
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}..."
