"""What can be asked of a notebook's names, and of objects that came of that: the same of ours and of a student's.

A step is [how, name, arguments, names of the last arguments]. How is `call` (a global name is called), `value` (one is
looked up) or `operator` (an operation of operations.py, whose first argument is an object, or `items`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

try:
    from autograder.sandbox.operations import OPERATIONS
except ImportError:  # in the fork server, which has the modules of this folder only
    from operations import OPERATIONS  # type: ignore[no-redef]

Namespace = Mapping[str, Any]
Step = Sequence[Any]


@dataclass(frozen=True)
class Made:
    """Stands for what an earlier step gave, by its place among them."""

    place: int


@dataclass(frozen=True)
class Named:
    """Stands for a function: a global name of the notebook's, or one in a library's module."""

    module: str
    name: str


def untagged(tag: str, content: Any) -> Any:
    """What `wire.decode` makes of the tags of these two."""
    if tag == "made":
        return Made(int(content))
    if tag == "named":
        return Named(*map(str, content))
    raise ValueError(f"unknown tag {tag!r:.40}")


def makes_objects(namespace: Namespace, message: Mapping[str, Any]) -> bool:
    """Whether objects are made for what a message asks. The cells then run anew: they may count such objects."""
    return any(how == "call" for how, *_ in message["before"]) or (
        message["how"] == "call" and isinstance(namespace.get(message["function"]), type)
    )


def replayed(namespace: Namespace, steps: Sequence[Step]) -> list[Any]:
    """What the steps give, one after the other: None where one raises."""
    made: list[Any] = []
    for how, name, arguments, names in steps:
        try:
            made.append(step(namespace, made, how, name, arguments, names))
        except BaseException:  # the check that asked for it knows
            made.append(None)
    return made


def step(
    namespace: Namespace, made: Sequence[Any], how: str, name: str, arguments: Sequence[Any], names: Sequence[str]
) -> Any:
    """What a step gives, after others that `made` something. Raises what the code does that it runs."""
    given = [_meant(namespace, made, one) for one in arguments]
    by_position = given[: len(given) - len(names)]
    named = dict(zip(names, given[len(by_position) :], strict=True))
    if how == "value":
        return namespace[name]
    function: Callable[..., Any] = namespace[name] if how == "call" else _items if name == "items" else OPERATIONS[name]
    return function(*by_position, **named)


def _meant(namespace: Namespace, made: Sequence[Any], value: Any) -> Any:
    if isinstance(value, Made):
        return made[value.place]
    if isinstance(value, Named):
        found: Any = importlib.import_module(value.module) if value.module else namespace
        for part in value.name.split("."):
            found = found[part] if found is namespace else getattr(found, part)
        return found
    return value


def _items(iterable: Any, most: int) -> list[Any]:
    return list(islice(iterable, most))
