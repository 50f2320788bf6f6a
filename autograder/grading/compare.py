"""Compare plain data with what was expected, and say in one sentence where they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Any

import numpy as np

from autograder.grading.report import Picture
from autograder.messages import Message, render
from autograder.sandbox.wire import Opaque


class CheckFailed(AssertionError):
    """Raise this to fail a check. The student reads the template, filled in with the values.

    A text is shown as it is, a number as the template asks (`{share:.1%}`), and anything else in a few words. A number
    also chooses between two forms of a word (`{count} {count:entry|entries}`). What stands between backticks is shown
    as code. A `Picture`, as the second argument, is shown below the checks. Do not
    fill in the values yourself: a page may say the same in another language.

    Example::

        @pytest.mark.points(1)
        def test_returns_an_array(student):
            '''`moving_average` returns an array.'''
            seen = student.moving_average([1.0, 2.0], 1).returned
            if not isinstance(seen, np.ndarray):
                raise CheckFailed("There should be an array; yours is {seen}.", seen=seen)
    """

    def __init__(self, template: str, picture: Picture | None = None, /, **values: Any) -> None:
        self.message = Message(template, **{name: _shown(value) for name, value in values.items()})
        self.picture = picture
        super().__init__(render(self.message))


def assert_same(
    seen: Any,
    expected: Any,
    what: str,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    any_sequence: bool = False,
    extra_keys: bool = False,
) -> None:
    """Raise CheckFailed, with a sentence that says where they differ, unless `seen` equals `expected`.

    `what` names the value for the student, as in "moving_average(values, 2)".

    - Numbers compare by value, whatever their type. Whole numbers have to be equal. Others may differ by
      `atol + rtol * abs(expected)`, by default 1e-12 and 1e-9. If you give one of the two, this holds for all numbers.
    - True and False equal only booleans. Everything else has to have the same type.
    - Arrays need the same shape.
    - A list is not a tuple. With `any_sequence`, lists, tuples and 1-D arrays may stand for each other.
    - A dictionary has exactly the keys of `expected`. With `extra_keys`, it may have more.

    Raises TypeError if `expected` is not plain data.

    Example::

        >>> assert_same([1, 2.5], [1, 2], "f(3)")
        Traceback (most recent call last):
        autograder.grading.compare.CheckFailed: `f(3)[1]` should be 2; yours is 2.5.
    """
    seen, expected = _scalar(seen), _scalar(expected)
    again = partial(assert_same, rtol=rtol, atol=atol, any_sequence=any_sequence, extra_keys=extra_keys)
    if isinstance(expected, Opaque):
        raise TypeError(f"what is expected of {what} is of type {expected.type_name}, which cannot be compared")
    if isinstance(expected, Mapping):
        _assert_same_mapping(seen, expected, what, again, extra_keys)
    elif isinstance(expected, np.ndarray):
        _assert_same_array(seen, expected, what, again, rtol, atol)
    elif isinstance(expected, list | tuple):
        _assert_same_sequence(seen, expected, what, again, any_sequence)
    elif not (_close(seen, expected, rtol, atol) if _is_number(expected) else _equal(seen, expected)):
        said, wanted = apart(seen, expected)
        raise CheckFailed("`{what}` should be {expected}; yours is {seen}.",
                          what=what, expected="None" if expected is None else wanted, seen=said)  # fmt: skip


Again = Callable[[Any, Any, str], None]


def _assert_same_mapping(seen: Any, expected: Mapping[Any, Any], what: str, again: Again, extra_keys: bool) -> None:
    if not isinstance(seen, dict):
        raise CheckFailed("`{what}` should be a dictionary; yours is {seen}.", what=what, seen=short(seen))
    for key, value in expected.items():
        if key not in seen:
            raise CheckFailed("`{what}` has no key {key}; its keys are {keys}.",
                              what=what, key=repr(key), keys=list(seen))  # fmt: skip
        again(seen[key], value, f"{what}[{key!r}]")
    if not extra_keys and (extra := [key for key in seen if key not in expected]):
        raise CheckFailed("`{what}` has a key too many: {key}.", what=what, key=short(extra[0]))


def _assert_same_array(
    seen: Any, expected: np.ndarray, what: str, again: Again, rtol: float | None, atol: float | None
) -> None:
    if not isinstance(seen, np.ndarray):
        raise CheckFailed("`{what}` should be an array of shape {shape}; yours is {seen}.",
                          what=what, shape=expected.shape, seen=_with_kind(seen))  # fmt: skip
    if seen.shape != expected.shape:
        raise CheckFailed("`{what}` should have shape {shape}; yours has shape {seen}.",
                          what=what, shape=expected.shape, seen=seen.shape)  # fmt: skip
    if seen.dtype.kind == expected.dtype.kind == "O":
        for index in np.ndindex(expected.shape):
            again(seen[index], expected[index], what + _place(index))
        return
    if _holds(seen) != _holds(expected):
        raise CheckFailed("`{what}` should be an array of type {expected}; yours is of type {seen}.",
                          what=what, expected=_type(expected), seen=_type(seen))  # fmt: skip
    if np.array_equal(seen, expected):  # as it often is, and isclose takes ten times as long
        return
    if _holds(expected) == "numbers" and not (
        rtol is atol is None and {seen.dtype.kind, expected.dtype.kind} <= {*"iu"}
    ):
        differs = ~np.isclose(seen, expected, **_tolerances(rtol, atol), equal_nan=True)
    else:
        differs = seen != expected
    if differs.any():
        index = tuple(int(i) for i in np.argwhere(differs)[0])
        said, wanted = apart(seen[index], expected[index])
        values = {"what": what + _place(index), "expected": wanted, "seen": said}
        if differs.size == 1:
            raise CheckFailed("`{what}` should be {expected}; yours is {seen}.", **values)
        text = "`{what}` should be {expected}; yours is {seen} ({count} of {size} entries {count:differs|differ})."
        raise CheckFailed(text, **values, count=int(np.count_nonzero(differs)), size=differs.size)


def _assert_same_sequence(seen: Any, expected: Sequence[Any], what: str, again: Again, any_sequence: bool) -> None:
    if any_sequence and isinstance(seen, np.ndarray) and seen.ndim == 1:
        seen = seen.tolist()
    if not isinstance(seen, list | tuple if any_sequence else type(expected)):
        if isinstance(expected, list):
            raise CheckFailed("`{what}` should be a list; yours is {seen}.", what=what, seen=_with_kind(seen))
        raise CheckFailed("`{what}` should be a tuple; yours is {seen}.", what=what, seen=_with_kind(seen))
    for i, (one, other) in enumerate(zip(seen, expected, strict=False)):
        again(one, other, f"{what}[{i}]")
    if len(seen) != len(expected):
        raise CheckFailed("`{what}` should have {expected} {expected:entry|entries}; yours has {seen}.",
                          what=what, expected=len(expected), seen=len(seen))  # fmt: skip


def _with_kind(value: Any) -> str | Message:
    """A list or a tuple, with the word for it: their brackets are easily overlooked."""
    if isinstance(value, list):
        return Message("the list {value}", value=short(value))
    return Message("the tuple {value}", value=short(value)) if isinstance(value, tuple) else short(value)


def _place(index: tuple[int, ...]) -> str:
    return "".join(f"[{i}]" for i in index)


def _holds(array: np.ndarray) -> str:
    """Which kind of values an array holds: those of different kinds never equal each other."""
    return {"b": "booleans", **dict.fromkeys("iufc", "numbers")}.get(array.dtype.kind, array.dtype.kind)


def _type(array: np.ndarray) -> str:
    """What its entries are, without how long the longest text is."""
    return {"U": "str", "S": "bytes"}.get(array.dtype.kind, array.dtype.name)


def _scalar(value: Any) -> Any:
    """What an array without dimensions holds."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _is_number(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size == 1 and _holds(value) == "numbers"
    return isinstance(value, int | float | complex | np.number) and not isinstance(value, bool | np.bool_)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer)


def _tolerances(rtol: float | None, atol: float | None) -> dict[str, float]:
    return {"rtol": 1e-9 if rtol is None else rtol, "atol": 1e-12 if atol is None else atol}


def _close(seen: Any, expected: Any, rtol: float | None, atol: float | None) -> bool:
    if not _is_number(seen):
        return False
    seen, expected = (one.item() if isinstance(one, np.ndarray) else one for one in (seen, expected))
    if rtol is atol is None and _is_whole(seen) and _is_whole(expected):
        return int(seen) == int(expected)
    try:
        return bool(np.isclose(complex(seen), complex(expected), **_tolerances(rtol, atol), equal_nan=True))
    except OverflowError:  # of a whole number that no float holds
        return bool(seen == expected)


def _equal(seen: Any, expected: Any) -> bool:
    """Whether two values of another kind are of the same type and equal."""
    if isinstance(expected, bool | np.bool_):
        return isinstance(seen, bool | np.bool_) and bool(seen == expected)
    if type(seen) is not type(expected):
        return False
    if hasattr(expected, "equals"):  # pandas' tables
        return bool(seen.equals(expected))
    try:
        return bool(seen == expected)
    except ArithmeticError:  # a Decimal that signals
        return False


def _shown(value: Any) -> str | int | float | Message:
    return value if isinstance(value, str | int | float | Message) else short(value)


LIMIT = 80  # characters of a value that are shown
DIGITS = (10, 13, 17)  # of a number that are shown: as many as it takes to see a difference
BEFORE = 20  # characters that are shown before a difference


def short(value: Any, limit: int = LIMIT, digits: int = DIGITS[0]) -> str | Message:
    """A value in the few words that fit into a sentence."""
    if value is None:
        return Message("None (is a `return` missing?)")
    if isinstance(value, Opaque):
        return Message("an object of type {type}", type=value.type_name)
    if isinstance(value, np.ndarray) and value.size != 1:
        return Message("an array of shape {shape}", shape=str(value.shape))
    if isinstance(value, np.ndarray) and value.ndim:
        entry, brackets = short(value.item(), limit, digits), ("[" * value.ndim, "]" * value.ndim)
        return Message("the array {opening}{entry}{closing}", opening=brackets[0], entry=entry, closing=brackets[1])
    if isinstance(value, np.ndarray | np.generic):
        value = value.item()
    if isinstance(value, float):
        text = f"{value:.{digits}g}"
        return f"{text}.0" if text.lstrip("-").isdigit() else text
    if isinstance(value, dict):
        return Message("a dictionary with the keys {keys}", keys=short(list(value)))
    return _cut(_as_text(value), limit)


def _as_text(value: Any) -> str:
    """Its `repr`. The entries of a set are sorted: their order differs from process to process."""
    if not isinstance(value, set | frozenset) or not value:
        return repr(value)
    try:
        inside = sorted(value)
    except TypeError:
        inside = sorted(value, key=repr)
    text = ", ".join(map(repr, inside))
    return f"{{{text}}}" if isinstance(value, set) else f"frozenset({{{text}}})"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."


def apart(seen: Any, expected: Any) -> tuple[str | Message, str | Message]:
    """Two values that differ, each in a few words that differ too."""
    for digits in DIGITS:
        said, wanted = short(seen, digits=digits), short(expected, digits=digits)
        if said != wanted:
            return said, wanted
    one, other = _as_text(seen), _as_text(expected)
    if one != other:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
        start = max(same - BEFORE, 0)
        return f"...{_cut(one[start:], LIMIT)}", f"...{_cut(other[start:], LIMIT)}"
    if type(seen) is not type(expected):
        text = "{value}, of type {type}"
        return (Message(text, value=said, type=type(seen).__name__),
                Message(text, value=wanted, type=type(expected).__name__))  # fmt: skip
    return Message("another {type} that looks the same in a few words", type=type(seen).__name__), wanted
