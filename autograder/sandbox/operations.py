"""What can be done with an object on the other side: one table of operations, and Python's special methods by them."""

from __future__ import annotations

import copy
import math
import operator
import os
from collections.abc import Callable
from typing import Any

import numpy as np

COMPARISONS = ("lt", "le", "eq", "ne", "gt", "ge")
ARITHMETIC = {name: getattr(operator, name) for name in (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "matmul", "lshift", "rshift", "and_", "or_", "xor")}  # fmt: skip
IN_PLACE = {f"i{name.strip('_')}": getattr(operator, f"i{name.strip('_')}") for name in ARITHMETIC}


def call(function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
    """Call a function."""
    return function(*arguments, **named)


def enter(manager: Any) -> Any:
    """Begin a `with`."""
    return type(manager).__enter__(manager)


def leave(manager: Any) -> Any:
    """End a `with` that no exception ended."""
    return type(manager).__exit__(manager, None, None, None)


def awaited(coroutine: Any) -> Any:
    """The value of what is awaited, with no more of a loop than a process without sockets can have."""
    steps = coroutine.__await__()
    try:
        while True:
            steps.send(None)
    except StopIteration as end:
        return end.value


# special method: the operation, whose first argument is the object
OF_ONE: dict[str, tuple[str, Callable[..., Any]]] = {
    "__neg__": ("neg", operator.neg), "__pos__": ("pos", operator.pos), "__invert__": ("invert", operator.invert),
    "__abs__": ("abs", abs), "__bool__": ("bool", bool), "__len__": ("len", len), "__hash__": ("hash", hash),
    "__int__": ("int", int), "__float__": ("float", float), "__complex__": ("complex", complex),
    "__index__": ("index", operator.index), "__round__": ("round", round), "__trunc__": ("trunc", math.trunc),
    "__floor__": ("floor", math.floor), "__ceil__": ("ceil", math.ceil), "__repr__": ("repr", repr),
    "__str__": ("str", str), "__format__": ("format", format), "__bytes__": ("bytes", bytes),
    "__iter__": ("iter", iter), "__next__": ("next", next), "__reversed__": ("reversed", reversed),
    "__contains__": ("contains", operator.contains),
    "__getitem__": ("getitem", operator.getitem), "__setitem__": ("setitem", operator.setitem),
    "__delitem__": ("delitem", operator.delitem), "__setattr__": ("setattr", setattr),
    "__delattr__": ("delattr", delattr), "__call__": ("call", call), "__dir__": ("dir", dir),
    "__fspath__": ("fspath", os.fspath), "__enter__": ("enter", enter), "__exit__": ("leave", leave),
    "__pow__": ("pow", pow), "__divmod__": ("divmod", divmod), "__await__": ("await", awaited),
    "__array__": ("array", np.asarray),
    **{f"__{name.strip('_')}__": (name, function) for name, function in ARITHMETIC.items()},
    **{f"__{name}__": (name, function) for name, function in IN_PLACE.items()},
    **{f"__{name}__": (name, getattr(operator, name)) for name in COMPARISONS},
}  # fmt: skip
# reflected special method: the operation, whose second argument is the object
REFLECTED = {f"__r{name.strip('_')}__": name for name in (*ARITHMETIC, "pow", "divmod")}

OPERATIONS: dict[str, Callable[..., Any]] = {
    **dict(OF_ONE.values()),
    "getattr": getattr, "isinstance": isinstance, "issubclass": issubclass, "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}  # fmt: skip

# What every object has, so that no kind of handle lacks it.
OF_ALL = {"__repr__", "__str__", "__format__", "__hash__", "__dir__", "__setattr__", "__delattr__",
          *(f"__{name}__" for name in COMPARISONS)}  # fmt: skip
OF_SOME = frozenset({*OF_ONE, *REFLECTED} - OF_ALL - {"__array__"})
