"""What can be seen of a call, piece by piece, and whether two calls look the same. Standard library and NumPy only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

Observation = dict[str, Any]  # place, such as "returned.0.dWax" or "printed.numbers" -> what is there

MOST_PLACES = 200
OUTPUT = 20_000  # characters that are looked at of what a call prints
FEW = 8  # a list or tuple that is so short, and holds more than numbers and texts, is looked at one by one
NUMBER = re.compile(r"[-+]?\d+\.\d+(?:[eE][-+]?\d+)?|\b(?:nan|inf)\b")


def observe(returned: Any, arguments: Mapping[str, Any], printed: str) -> Observation:
    """The pieces of what a call returned, printed and left in its arguments."""
    places: Observation = {}
    _enter(places, "returned", returned)
    for name, value in arguments.items():
        _enter(places, f"arguments.{name}", value)
    printed = printed[:OUTPUT]
    places["printed.words"] = printed.split()
    places["printed.numbers"] = NUMBER.findall(printed)
    places["printed.names"] = _names(printed)
    return places


def _enter(places: Observation, place: str, value: Any) -> None:
    if isinstance(value, dict) and value and len(places) < MOST_PLACES:
        places[f"{place}.keys()"] = sorted(map(repr, value))
        for key, one in value.items():
            _enter(places, f"{place}.{key}", one)
    elif isinstance(value, list | tuple) and 0 < len(value) <= FEW and any(map(_has_parts, value)):
        places[f"{place}.len()"] = len(value)
        for number, one in enumerate(value):
            _enter(places, f"{place}.{number}", one)
    else:
        places[place] = value


def _has_parts(value: Any) -> bool:
    return isinstance(value, dict | list | tuple | np.ndarray)


def _names(printed: str) -> list[str]:
    """The lines that hold letters and no number, without the signs around them and in small letters."""
    lines = (line.strip().casefold() for line in printed.splitlines())
    return [re.sub(r"^\W+|\W+$", "", line) for line in lines if line and not re.search(r"\d", line)]


def differences(expected: Observation, seen: Observation, ignoring: Collection[str] = ()) -> list[str]:
    """The places of `expected` at which something else was seen."""
    return [place for place, value in expected.items()
            if place not in ignoring and not (place in seen and alike_at(place, value, seen[place]))]  # fmt: skip


def alike_at(place: str, one: Any, other: Any) -> bool:
    """Whether two values are the same at this place: losses and names that were printed may stand among others."""
    if place == "printed.numbers":
        return _among(one, other, _same_number)
    if place == "printed.names":
        return _among([name for name in one if name], other, str.__eq__)
    return same(one, other)


def _among(ours: Sequence[str], theirs: Sequence[str], alike: Any) -> bool:
    left = iter(theirs)
    return all(any(alike(one, other) for other in left) for one in ours)


def _same_number(one: str, other: str) -> bool:
    """Whether two printed numbers are the same as far as both were printed."""
    if one == other:
        return True
    decimals = min(len(re.split("[eE]", text)[0].partition(".")[2]) for text in (one, other))
    scale = 10.0 ** max(int(re.split("[eE]", text)[1]) if re.search("[eE]", text) else 0 for text in (one, other))
    return abs(float(one) - float(other)) <= 1.01 * scale * 10.0**-decimals


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal up to rounding, whatever their number type."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    numeric = int | float | np.number | np.ndarray | np.bool_
    if isinstance(one, numeric) and isinstance(other, numeric):
        if np.shape(one) != np.shape(other):
            return False
        return np.array_equal(one, other) or (  # which is the case more often, and takes less time
            all(np.asarray(each).dtype.kind in "biufc" for each in (one, other))
            and bool(np.allclose(one, other, rtol=1e-7, atol=1e-9, equal_nan=True))
        )
    if hasattr(one, "equals"):  # a table: it compares cell by cell
        return type(one) is type(other) and bool(one.equals(other))
    return type(one) is type(other) and bool(one == other)
