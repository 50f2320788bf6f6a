"""What a confined process does: runs a student's cells and answers calls to the functions that they define.

Untrusted from the first cell on: whatever it answers is only data to the other side. Standard library, NumPy, wire.py
and steps.py only. Requests come on file descriptor 0, answers go out on 1; students' prints are collected per call.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import linecache
import sys
from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any

import wire
from steps import makes_objects, replayed, step, untagged

Namespace = dict[str, Any]
MAX_LINES = 20  # of those that an exception came through


class BoundedText(io.TextIOBase):
    """A text stream that keeps the first and the last `limit` / 2 characters, and forgets what is between."""

    def __init__(self, limit: int) -> None:
        self.half = limit // 2
        self.first: list[str] = []
        self.left = self.half
        self.last: list[str] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        head, tail = text[: self.left], text[self.left :]
        if head:
            self.first.append(head)
            self.left -= len(head)
        if tail and self.half:
            self.last.append(tail[-self.half :])
            self.size += len(self.last[-1])
        if self.size > 2 * self.half:
            self.last = ["".join(self.last)[-self.half :]]
            self.size = self.half
        return len(text)

    def text(self) -> str:
        """What was kept."""
        return "".join(self.first) + "".join(self.last)[-self.half :]


def load(
    snippets: list[tuple[str, str, tuple[int, ...]]], files: dict[str, str]
) -> tuple[Namespace, list[dict[str, Any]]]:
    """Run top-level statements of cells, (cell name, source, statements' indices), in a fresh namespace.

    Returns it, and what went wrong in which cell.
    """
    for path, text in files.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    namespace: Namespace = {"__name__": "__main__", "display": nothing, "get_ipython": NoKernel}
    errors = []
    for name, source, statements in snippets:
        # linecache lets inspect.getsource and tracebacks find the cell's text
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        try:
            _run(_compiled(name, source, tuple(statements)), namespace)
        except BaseException as error:
            errors.append({"cell": name, **describe(error)})
    return namespace, errors


@lru_cache(maxsize=256)  # the cells run again in each setting
def _compiled(name: str, source: str, statements: tuple[int, ...]) -> CodeType:
    tree = ast.parse(source)
    tree.body = [tree.body[index] for index in statements]
    return compile(tree, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, optimize=0)


def _run(code: CodeType, namespace: Namespace) -> None:
    """Run a cell; one that awaits, as far as it goes without an event loop."""
    waiting = eval(code, namespace)
    while waiting is not None:
        try:
            waiting.send(None)
        except StopIteration:
            return


def nothing(*_: Any, **__: Any) -> None:
    """Takes the place of what only a kernel does."""


class NoKernel:
    """What `get_ipython()` returns: whatever is asked of it, it does nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return nothing


def call(namespace: Namespace, message: dict[str, Any], arguments: list[Any], output_limit: int, alone: bool) -> Any:
    """Take a step, after those before it; its value, prints, arguments afterwards (if it is taken alone), or how it
    failed. Encoded.
    """
    printed = BoundedText(output_limit)
    returned = failure = None
    changed: Any = []
    with contextlib.redirect_stdout(BoundedText(0)), contextlib.redirect_stderr(BoundedText(0)):
        made = replayed(namespace, message["before"])
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(BoundedText(0)):
        try:
            value = step(namespace, made, message["how"], message["function"], arguments, message["names"])
            returned = wire.encode(value)
            changed = wire.encode(arguments) if alone else []
        except BaseException as error:
            failure = wire.encode(describe(error))
    answer = {"error": failure, "returned": returned, "arguments": changed, "printed": printed.text()}
    return {"t": "dict", "v": [list(pair) for pair in answer.items()]}


def borrowed(function: str, ask: Callable[[Any], Any]) -> Callable[..., Any]:
    """A function that the grader answers for: it takes the place of one that does not work."""

    def call_back(*arguments: Any, **named: Any) -> Any:
        answer = ask({"lend": function, "arguments": list(arguments), "named": named})
        if answer["error"] is not None:
            raise RuntimeError(answer["error"])
        for given, changed in zip(arguments, answer["arguments"], strict=True):
            wire.copy_into(given, changed)
        for name, given in named.items():
            wire.copy_into(given, answer["named"][name])
        return answer["returned"]

    return call_back


def describe(error: BaseException) -> dict[str, Any]:
    """The exception's type, text and the student's lines that it came through: (cell, line, function) of each.

    The last is where it was raised; of very many, the first ones and the last are told.
    """
    through: list[tuple[str, int, str]] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith("cell "):
            through[MAX_LINES:] = [(code.co_filename, trace.tb_lineno, code.co_name)]
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and (error.filename or "").startswith("cell "):
        through[MAX_LINES:] = [(str(error.filename), error.lineno or 0, "")]
    try:
        text = str(error)[:500]
    except Exception:
        text = ""
    kinds = [[str(one.__module__)[:80], str(one.__qualname__)[:80]] for one in type(error).__mro__[:MAX_LINES]]
    line = through[-1][1] if through else 0
    return {"type": type(error).__name__, "text": text, "through": through, "line": line, "kinds": kinds}


def close_figures() -> None:
    """Let the next thing that is drawn be in a new figure."""
    with contextlib.suppress(Exception):
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close("all")


def serve(requests: int, answers: int, output_limit: int) -> None:
    """Answer requests until the other side closes the pipe."""
    sys.stdout = sys.stderr = BoundedText(0)
    namespace: Namespace = {}
    setting: dict[str, Any] = {}

    def ask(message: Any) -> Any:
        wire.write_frame(answers, wire.pack(message))
        return wire.unpack(wire.read_frame(requests, 1 << 30))

    def loaded(message: dict[str, Any]) -> tuple[Namespace, list[dict[str, Any]]]:
        close_figures()
        namespace, errors = load(message["snippets"], message["files"])
        namespace |= {name: borrowed(name, ask) for name in message["lent"]}
        try:
            exec(message["probes"], namespace)
        except BaseException as error:
            errors.append({"cell": "probes", **describe(error)})
        exec(message["cell"], namespace)
        return namespace, errors

    while True:
        try:
            message = wire.unpack(wire.read_frame(requests, 1 << 30), untagged)
        except wire.EndOfStream:
            return
        if message["do"] == "load":
            setting = message
            namespace, errors = loaded(setting)
            defined = [name for name in message["functions"] if callable(namespace.get(name))]
            known = [name for name in message["names"] if name in namespace]
            reply: Any = wire.encode({"errors": errors, "defined": defined, "known": known})
        else:
            there = loaded(setting)[0] if makes_objects(namespace, message) else namespace
            alone = len(message["calls"]) == 1
            given = message["arguments"]
            calls = [[copy.deepcopy(given[place]) for place in places] for places in message["calls"]]
            reply = [call(there, message, args, output_limit, alone) for args in calls]
        wire.write_frame(answers, wire.frame(reply))
