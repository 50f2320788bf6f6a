"""What the judge and a worker say to each other: values, handles to what stays where it is, and operations on it.

Both are confined, and neither trusts the other: a worker runs what a student wrote, and a judge knows the answers.
Plain data crosses as a copy (wire.py); of anything else a number and a description. Lists, arrays and the like that
cross are remembered for the time of a test cell, so that what one side changes in them the other side sees, too. A
frame's first byte says what it is: `?` asks the other side, `!` answers it; the grader passes both on unread.
Standard library, NumPy and wire.py only.
"""

from __future__ import annotations

import collections
import hashlib
import importlib
import sys
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import frames
import numpy as np
import wire

ASK, ANSWER = b"?", b"!"
MAX_DEPTH = 40  # questions within questions
MAX_REMEMBERED = 5_000  # lists and arrays, in one test cell
SMALL = 4_096  # bytes of a list that is looked at before each question
MAX_TEXT = 500  # characters of an exception's text
CHANGEABLE = (list, dict, set, np.ndarray, collections.deque, collections.Counter, collections.OrderedDict,
              collections.defaultdict)  # fmt: skip
NAMED = (type, FunctionType, BuiltinFunctionType, np.ufunc, ModuleType)

Encoded = Any


class Ended(BaseException):
    """The other side is gone, or what it sent is no message: there is nobody left to talk to."""


class Peer:
    """One side of the conversation. Its kind says what it does when asked, and what a handle of the other's becomes."""

    def __init__(self, requests: int, answers: int, first_number: int) -> None:
        self._pipes = requests, answers
        self._next = first_number
        self._mine: dict[int, Any] = {}  # what the other side knows by number
        self._numbers: dict[int, int] = {}  # id of it -> number
        self._shared: dict[int, Any] = {}  # number -> list or array
        self._shared_numbers: dict[int, int] = {}
        self._digests: dict[int, bytes] = {}  # of what both know of it
        self._watched: set[int] = set()  # of the shared: small ones that came from the other side
        self.depth = 0

    # what a kind of peer defines

    answers_for_libraries = True  # or else the other side has to have what has a name in one

    def perform(self, operation: str, arguments: list[Any], named: dict[str, Any]) -> Any:
        """Do what the other side asks for."""
        raise NotImplementedError

    def proxy(self, number: int, about: dict[str, Any]) -> Any:
        """What stands here for an object of the other side."""
        raise NotImplementedError

    def number_of(self, value: Any) -> int | None:
        """The number of the other side's object that this stands for."""
        raise NotImplementedError

    def about(self, value: Any) -> dict[str, Any]:
        """What the other side is told of an object."""
        raise NotImplementedError

    def named(self, module: str, name: str) -> Any:
        """The object with this name in a library. Raises LookupError where it is not to be had."""
        raise NotImplementedError

    def before(self) -> Any:
        """Plain data that goes with each message."""
        return None

    def after(self, news: Any) -> None:
        """Take in what went with a message."""

    def failed(self, cls: Any, text: str, values: Any, about: dict[str, Any]) -> BaseException:
        """The exception that the other side reports, to be raised here."""
        raise NotImplementedError

    # asking and answering

    def ask(self, operation: str, *arguments: Any, **named: Any) -> Any:
        """What the other side answers; raises what its code raised."""
        if self.depth >= MAX_DEPTH:
            raise RecursionError("calls go back and forth without an end")
        touched: list[int] = []
        message = [operation, [self._root(one, touched) for one in arguments],
                   {"t": "dict", "v": [[name, self._root(one, touched)] for name, one in named.items()]},
                   self._changed(self._watched), wire.encode(self.before())]  # fmt: skip
        self._send(ASK, message)
        self.depth += 1
        try:
            while True:
                body = wire.read_frame(self._pipes[0], 1 << 30)
                if body[:1] == ANSWER:
                    break
                self._answer(body)
        except wire.WireError as error:
            raise Ended(str(error)) from None
        finally:
            self.depth -= 1
        answer = self._read(body)
        good, value, changed, news = answer
        self._take(changed)
        self.after(news)
        if good:
            return value
        cls, text, values, about = value
        raise self.failed(cls, str(text), values, about)

    def _answer(self, body: bytes) -> None:
        """Answer a question."""
        touched: list[int] = []
        self.depth += 1
        try:
            operation, arguments, named, changed, news = self._read(body, touched)
            self._take(changed)
            self.after(news)
            if self.depth > MAX_DEPTH:
                raise RecursionError("calls go back and forth without an end")
            reply = [True, self._root(self.perform(operation, arguments, named), touched)]
        except Ended:
            raise
        except BaseException as error:  # noqa: BLE001 -- the other side's code may catch it
            reply = [False, self._failure(error)]
        finally:
            self.depth -= 1
        changed = self._changed(touched)
        self._send(ANSWER, [*reply, changed, wire.encode(self.before())])

    def _failure(self, error: BaseException) -> Encoded:
        try:
            text = str(error)[:MAX_TEXT]
        except BaseException:  # noqa: BLE001 -- a student's own exception
            text = ""
        kinds = [one if type(one) in (int, float, bool, type(None)) else str(one)[:MAX_TEXT] for one in error.args[:5]
                 if isinstance(one, int | float | str | None)]  # fmt: skip
        return [
            wire.encode(type(error), self._stay),
            text,
            wire.encode(tuple(kinds)),
            wire.encode(self.describe(error)),
        ]

    def describe(self, error: BaseException) -> dict[str, Any]:
        """What more is told of an exception."""
        return {}

    def _send(self, kind: bytes, encoded: Encoded) -> None:
        frame = wire.frame(encoded)
        if len(frame) > wire.MAX_TEXT and int.from_bytes(frame[4:8], "big") > wire.MAX_TEXT:
            failure = wire.encode([MemoryError, "a value is too large to be sent", (), {}], self._stay)
            if kind == ASK:
                raise MemoryError("a value is too large to be sent")
            frame = wire.frame([False, failure, [], None])
        body = kind + frame[4:]
        try:
            wire.write_frame(self._pipes[1], len(body).to_bytes(4, "big") + body)
        except OSError as error:
            raise Ended(str(error)) from None

    def _read(self, body: bytes, touched: list[int] | None = None) -> Any:
        try:
            return wire.unpack(body[1:], lambda tag, content: self._decode(tag, content, touched))
        except (wire.WireError, KeyError, TypeError, ValueError) as error:
            if touched is None:
                raise Ended(str(error)) from None
            raise

    # values

    def _stay(self, value: Any) -> Any:
        """What is sent of a value that is no plain data."""
        if (number := self.number_of(value)) is not None:
            return wire.Tagged("yours", number)
        name = name_of(value)
        if name is not None and not self.answers_for_libraries:
            return wire.Tagged("mine", [0, name, {}])
        if id(value) not in self._numbers:
            self._next += 2
            self._mine[self._next] = value
            self._numbers[id(value)] = self._next
        return wire.Tagged("mine", [self._numbers[id(value)], name, self.about(value)])

    def _root(self, value: Any, touched: list[int]) -> Encoded:
        """A value as JSON-ready data. What can be changed is remembered, and sent again only when it did change."""
        if not (type(value) in CHANGEABLE or is_table(value)) or len(self._shared) >= MAX_REMEMBERED:
            return wire.encode(value, self._stay)
        number = self._shared_numbers.get(id(value))
        if number is None:
            self._next += 2
            number = self._remember(self._next, value)
        touched.append(number)
        encoded = wire.encode(value, self._stay)
        digest = _digest(encoded)
        if self._digests.get(number) == digest:
            return {"t": "shared", "v": [number]}
        self._digests[number] = digest
        return {"t": "shared", "v": [number, encoded]}

    def _remember(self, number: int, value: Any) -> int:
        self._shared[number] = value
        self._shared_numbers[id(value)] = number
        return number

    def _decode(self, tag: str, content: Any, touched: list[int] | None) -> Any:
        if tag == "yours":
            return self._mine[content]
        if tag == "mine":
            number, name, about = content
            if name is not None:
                try:
                    return self.named(*name)
                except LookupError:
                    pass
            return self.proxy(number, about)
        if tag == "shared":
            number, *rest = content
            if rest:
                self._update(number, *rest)
            if touched is not None:
                touched.append(number)
            return self._shared[number]
        raise wire.WireError(f"unknown tag {tag!r:.40}")

    def _update(self, number: int, value: Any) -> None:
        """Take over what the other side made of something shared."""
        if type(number) is not int or (number not in self._shared and len(self._shared) > 2 * MAX_REMEMBERED):
            raise wire.WireError("no number of a shared value")
        if number not in self._shared or not replaced(self._shared[number], value):
            self._remember(number, value)
        encoded = wire.encode(self._shared[number], self._stay)
        frame = wire.frame(encoded)
        self._digests[number] = hashlib.blake2b(frame).digest()
        if len(frame) < SMALL:
            self._watched.add(number)

    def _changed(self, numbers: Any) -> Encoded:
        """Of the shared with these numbers: those that changed since both knew them, as pairs."""
        pairs = []
        for number in {*numbers}:
            if number in self._shared:
                encoded = wire.encode(self._shared[number], self._stay)
                digest = _digest(encoded)
                if digest != self._digests.get(number):
                    self._digests[number] = digest
                    pairs.append([number, encoded])
        return pairs

    def _take(self, changed: Any) -> None:
        for number, value in changed:
            self._update(number, value)

    def forget(self) -> None:
        """Lists and arrays are not the same as the other side's any more: a test cell has ended."""
        for one in (self._shared, self._shared_numbers, self._digests, self._watched):
            one.clear()

    def holds(self, number: int) -> Any:
        """Our object with this number."""
        return self._mine[number]


def _digest(encoded: Encoded) -> bytes:
    return hashlib.blake2b(wire.frame(encoded)).digest()


def is_table(value: Any) -> bool:
    """Whether it is a DataFrame or Series of pandas'."""
    pandas: Any = sys.modules.get("pandas")
    return pandas is not None and type(value) in (pandas.DataFrame, pandas.Series)


def replaced(given: Any, changed: Any) -> bool:
    """Make something that can be changed what the other side made of it, if that can be done."""
    if type(given) is not type(changed):
        return False
    if isinstance(given, list):
        given[:] = changed
    elif isinstance(given, dict | set):
        given.clear()
        given.update(changed)
    elif isinstance(given, collections.deque):
        given.clear()
        given.extend(changed)
    elif isinstance(given, np.ndarray):
        if given.shape != changed.shape or given.dtype != changed.dtype or not given.flags.writeable:
            return False
        given[...] = changed
    else:
        return frames.replace(given, changed)
    return True


def name_of(value: Any) -> list[str] | None:
    """Module and name by which a library's class, function or module can be found on the other side."""
    try:
        if not isinstance(value, NAMED):
            return None
        if isinstance(value, ModuleType):
            return [value.__name__, ""] if sys.modules.get(value.__name__) is value else None
        name = value.__qualname__ if not isinstance(value, np.ufunc) else value.__name__
        module = "numpy" if isinstance(value, np.ufunc) else value.__module__
        if isinstance(module, str) and isinstance(name, str) and found(module, name) is value:
            return [module, name]
    except Exception:  # noqa: BLE001 -- whatever a student's class makes of its own name
        return None
    return None


def found(module: str, name: str) -> Any:
    """What a module that is loaded has under a name. Raises LookupError; runs no code of the module's."""
    if module == "__main__" or module not in sys.modules:
        raise LookupError(module)
    value: Any = sys.modules[module]
    for part in filter(None, name.split(".")):
        value = vars(value)[part]
    return value


def imported(module: str, name: str) -> Any:
    """The same, imported if need be: for names that the judge gives to a worker."""
    value: Any = importlib.import_module(module)
    for part in filter(None, name.split(".")):
        value = getattr(value, part)
    return value
