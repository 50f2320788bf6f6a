"""What cells show of the functions and classes that some of them define: the calls that are made to these, in order.

A confined process does this with cells of the instructor's. Standard library, NumPy and the sandbox's own modules only.
"""

from __future__ import annotations

import contextlib
import functools
import io
import random
from collections.abc import Callable, Collection
from types import FunctionType
from typing import Any

import numpy as np
import wire
from worker import NoKernel, nothing

MOST_CALLS = 300  # of one function


class Replay:
    """Runs cells and notes the calls to what the `watched` ones define, but those that such a function makes itself."""

    def __init__(self, watched: Collection[str]) -> None:
        self.calls: list[dict[str, Any]] = []
        self._watched = watched
        self._within = False
        self._count: dict[str, int] = {}

    def run(self, cells: list[tuple[str, str]]) -> dict[str, Any]:
        """The calls, and the global names at the end."""
        namespace: dict[str, Any] = {"__name__": "__main__", "display": nothing, "get_ipython": NoKernel}
        np.random.seed(0)
        random.seed(0)
        for name, source in cells:
            with (
                contextlib.suppress(BaseException),
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                exec(compile(source, name, "exec", optimize=0), namespace)
            for key, value in [*namespace.items()]:
                if self._is_watched(value):
                    namespace[key] = self._noting(key, value)
                elif isinstance(value, type) and value.__module__ == "__main__":
                    for method, inner in [*vars(value).items()]:
                        if self._is_watched(inner):
                            setattr(value, method, self._noting(f"{key}.{method}", inner))
        names = {name: _copy(value) for name, value in namespace.items() if not name.startswith("_")}
        return {"calls": self.calls, "names": names}

    def _is_watched(self, value: Any) -> bool:
        return isinstance(value, FunctionType) and value.__code__.co_filename in self._watched

    def _noting(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def noting(*arguments: Any, **named: Any) -> Any:
            if self._within or self._count.get(name, 0) >= MOST_CALLS:
                return function(*arguments, **named)
            self._within = True
            self._count[name] = self._count.get(name, 0) + 1
            noted = {"function": name, "arguments": _copy([*arguments, *named.values()]), "names": [*named]}
            seen: Any = None
            try:
                returned = function(*arguments, **named)
                seen = _copy(returned)
                return returned
            except BaseException as error:
                seen = type(error).__name__
                raise
            finally:
                self._within = False
                self.calls.append({**noted, "seen": seen, "left": _copy([*arguments, *named.values()])})

        return noting


def _copy(value: Any) -> Any:
    """The value as plain data; of what is none, its type's name."""
    try:
        return wire.decode(wire.encode(value))
    except Exception:
        return wire.Opaque(type(value).__name__)
