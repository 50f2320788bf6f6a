"""The program inside the sandbox: runs a student's cells and answers calls to the functions that they define.

Untrusted from the first cell on: whatever it answers is only data to the other side. Standard library, NumPy and
wire.py only. Requests come on file descriptor 0, answers go out on 1; students' prints are collected per call.
"""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

import wire

Namespace = dict[str, Any]


class BoundedText(io.TextIOBase):
    """A text stream that keeps what fits into `limit` characters and forgets the rest."""

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.parts: list[str] = []

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.parts.append(text[: self.left])
        self.left -= len(self.parts[-1])
        return len(text)


def load(
    snippets: list[tuple[str, str, tuple[int, ...]]], files: dict[str, str]
) -> tuple[Namespace, list[dict[str, Any]]]:
    """Run top-level statements of cells, (cell name, source, statements' indices), in a fresh namespace.

    Returns it, and what went wrong in which cell.
    """
    for path, text in files.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    namespace: Namespace = {"__name__": "__main__"}
    errors = []
    for name, source, statements in snippets:
        # linecache lets inspect.getsource and tracebacks find the cell's text
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        try:
            tree = ast.parse(source)
            tree.body = [tree.body[index] for index in statements]
            exec(compile(tree, name, "exec"), namespace)
        except BaseException as error:
            errors.append({"cell": name, **describe(error)})
    return namespace, errors


def call(namespace: Namespace, function: str, arguments: list[Any], output_limit: int) -> Any:
    """Call one function; its value, its arguments as they are afterwards, its prints, or how it failed. Encoded."""
    printed = BoundedText(output_limit)
    returned = changed = failure = None
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(BoundedText(0)):
        try:
            returned = wire.encode(namespace[function](*arguments))
            changed = wire.encode(arguments)
        except BaseException as error:
            failure = wire.encode(describe(error))
    answer = {"error": failure, "returned": returned, "arguments": changed, "printed": "".join(printed.parts)}
    return {"t": "dict", "v": [list(pair) for pair in answer.items()]}


def borrowed(function: str, ask: Callable[[Any], Any]) -> Callable[..., Any]:
    """A function that the grader answers for: it takes the place of one that does not work."""

    def call_back(*arguments: Any, **named: Any) -> Any:
        answer = ask({"lend": function, "arguments": list(arguments), "named": named})
        if answer["error"] is not None:
            raise RuntimeError(answer["error"])
        for given, changed in zip(arguments, answer["arguments"].values(), strict=False):
            wire.copy_into(given, changed)
        for name, given in named.items():
            wire.copy_into(given, answer["arguments"][name])
        return answer["returned"]

    return call_back


def describe(error: BaseException) -> dict[str, Any]:
    """The exception's type, text and the student's line that it came through last."""
    place, trace = ("", 0), error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename.startswith("cell "):
            place = (filename, trace.tb_lineno)
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and (error.filename or "").startswith("cell "):
        place = (str(error.filename), error.lineno or 0)
    try:
        text = str(error)[:500]
    except Exception:
        text = ""
    return {"type": type(error).__name__, "text": text, "at": place[0], "line": place[1]}


def serve(requests: int, answers: int, output_limit: int) -> None:
    """Answer requests until the other side closes the pipe."""
    namespace: Namespace = {}

    def ask(message: Any) -> Any:
        wire.write_frame(answers, wire.pack(message))
        return wire.unpack(wire.read_frame(requests, 1 << 30))

    while True:
        try:
            message = wire.unpack(wire.read_frame(requests, 1 << 30))
        except wire.EndOfStream:
            return
        if message["do"] == "load":
            namespace, errors = load(message["snippets"], message["files"])
            namespace |= {name: borrowed(name, ask) for name in message["lent"]}
            defined = [name for name in message["functions"] if callable(namespace.get(name))]
            reply: Any = wire.encode({"errors": errors, "defined": defined})
        else:
            function = message["function"]
            reply = [call(namespace, function, list(args), output_limit) for args in message["calls"]]
        wire.write_frame(answers, wire.frame(reply))


def main() -> None:
    file_bytes, open_files, cpu_seconds, output_limit = (int(word) for word in sys.argv[1:5])
    for limit, value in (
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    sys.stdout = sys.stderr = BoundedText(0)
    serve(requests, answers, output_limit)


if __name__ == "__main__":
    main()
