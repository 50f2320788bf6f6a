"""More inputs like those of the checks: each a little different from one of them. Standard library and NumPy only."""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Sequence
from typing import Any

import numpy as np


def varied(one: dict[str, Any], others: Sequence[dict[str, Any]], rng: random.Random) -> dict[str, Any]:
    """A call with some of its arguments changed, or taken from another call."""
    arguments = copy.deepcopy(one["arguments"])
    like = [other for other in others if len(other["arguments"]) == len(arguments) and other["cell"] == one["cell"]]
    for _ in range(rng.choice((1, 1, 2))):
        if not arguments:
            break
        place = rng.randrange(len(arguments))
        values = [other["arguments"][place] for other in like]
        if len(like) > 1 and rng.random() < 0.3:
            arguments[place] = copy.deepcopy(rng.choice(values))
        else:
            arguments[place] = another(arguments[place], rng, all(map(in_order, values)), all(map(distinct, values)))
    return {**one, "arguments": arguments}


def in_order(value: Any) -> bool:
    """Whether a sequence is sorted: then others like it have to be."""
    try:
        return isinstance(value, list | tuple) and all(a <= b for a, b in itertools.pairwise(value))
    except (TypeError, ValueError):
        return False


def distinct(value: Any) -> bool:
    """Whether nothing is twice in a sequence: then others like it are to be so, too."""
    try:
        return isinstance(value, list | tuple) and all(one not in value[:place] for place, one in enumerate(value))
    except (TypeError, ValueError):
        return False


def another(value: Any, rng: random.Random, ordered: bool = False, different: bool = False) -> Any:
    """A value of the same kind."""
    if isinstance(value, bool):
        return rng.random() < 0.5
    if isinstance(value, int):
        low = -1 if value < 0 else 0
        return rng.choice((max(low * 99, value - 1), value + 1, value + 2, rng.randint(low * 5, 2 * abs(value) + 3)))
    if isinstance(value, float):
        return rng.choice((value * rng.uniform(0.2, 2), value + 1, value / 3))
    if isinstance(value, str):
        return _another_text(value, rng)
    if isinstance(value, np.ndarray):
        return _another_array(value, rng)
    if isinstance(value, dict):
        return _another_dict(value, rng)
    if isinstance(value, tuple) and len({*map(type, value)}) > 1:  # a record
        return _with_one_changed(value, rng)
    if isinstance(value, list | tuple):
        items = _another_list(list(value), rng)
        if different:
            items = [one for place, one in enumerate(items) if one not in items[:place]]
        if ordered:
            items.sort()
        return type(value)(items) if type(value) in (list, tuple) else value
    return value


def _another_text(text: str, rng: random.Random) -> str:
    if not text:
        return rng.choice(("a", "b"))
    place = rng.randrange(len(text))
    match rng.randrange(4):
        case 0:
            return text[:place] + text[place + 1 :]
        case 1:
            return text[:place] + rng.choice(text) + text[place:]
        case 2:
            return text[:place] + rng.choice(text) + text[place + 1 :]
        case _:
            return text[place:] + text[:place]


def _another_array(array: np.ndarray, rng: random.Random) -> np.ndarray:
    if array.dtype.kind not in "biuf":
        return array
    flat = array.ravel().copy()
    order = list(range(flat.size))
    rng.shuffle(order)
    flat = flat[order]
    if array.dtype.kind == "f":
        flat = (flat * rng.uniform(0.5, 1.8)).astype(array.dtype)
    return flat.reshape(array.shape)


def _another_dict(value: dict[Any, Any], rng: random.Random) -> dict[Any, Any]:
    content = list(value.values())
    if all(isinstance(one, int | str) for one in content) and len({*content}) == len(content) > 1:
        rng.shuffle(content)  # a numbering stays one
        return dict(zip(value, content, strict=True))
    return {key: another(one, rng) if rng.random() < 0.7 else one for key, one in value.items()}


def _with_one_changed(value: list[Any] | tuple[Any, ...], rng: random.Random) -> list[Any] | tuple[Any, ...]:
    place = rng.randrange(len(value))
    return type(value)(another(one, rng) if number == place else one for number, one in enumerate(value))


def _another_list(items: list[Any], rng: random.Random) -> list[Any]:
    if not items:
        return items
    lengths = {len(one) if type(one) in (list, tuple) else 0 for one in items}
    rows = len(lengths) == 1 and 0 not in lengths  # as of a table: they stay as long as they are
    for _ in range(rng.choice((1, 1, 2, 3))):
        place = rng.randrange(len(items)) if items else 0
        match rng.randrange(5):
            case 0 if items:
                del items[place]
            case 1 if items:
                items.insert(rng.randrange(len(items) + 1), copy.deepcopy(items[place]))
            case 2 if len(items) > 1:
                other = rng.randrange(len(items))
                items[place], items[other] = items[other], items[place]
            case _ if items:
                items[place] = (_with_one_changed if rows else another)(items[place], rng)
            case _:
                pass
    return items
