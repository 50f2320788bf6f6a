"""What a confined process does with a whole notebook: runs a student's cells in order, and does what the judge asks.

Untrusted from the first cell on. Whatever it answers is only data, or a number, to the other side.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import inspect
import linecache
import os
import random
import signal
import symtable
import sys
import types
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from typing import Any

import numpy as np
import wire
from operations import OF_SOME, OPERATIONS, awaited
from remote import Ended, Peer, imported
from worker import BoundedText, NoKernel, close_figures, describe, nothing

MAX_NAMES = 5_000
MAX_ITEMS = 100_000  # of an object that is taken for a list
COROUTINE = inspect.CO_COROUTINE


class TimeUp(BaseException):
    """A cell or a call used more processor time than it may."""


class Callback:
    """A function of the judge's in a student's hands."""

    def __init__(self, peer: Student, number: int, about: dict[str, Any]) -> None:
        self._peer, self._number = peer, number
        self.__name__ = self.__qualname__ = str(about.get("name") or "function")

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._peer.ask("call", self, *arguments, **named)


class Instance:
    """An object of the judge's in a student's hands: its public attributes can be read, and it can be iterated."""

    def __init__(self, peer: Student, number: int) -> None:
        self.__dict__.update(_peer=peer, _number=number)

    def __getattr__(self, name: str) -> Any:
        return self._peer.ask("getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._peer.ask("setattr", self, name, value)

    def __iter__(self) -> Iterator[Any]:
        yield from self._peer.ask("list", self)

    def __len__(self) -> int:
        return int(self._peer.ask("len", self))

    def __getitem__(self, key: Any) -> Any:
        return self._peer.ask("getitem", self, key)


class Student(Peer):
    """The worker's side: the student's names, and what can be done with what they stand for."""

    def __init__(self, requests: int, answers: int, output_bytes: int) -> None:
        super().__init__(requests, answers, 1)
        self.module = types.ModuleType("__main__")
        self.names = vars(self.module)
        sys.modules["__main__"] = self.module
        vars(builtins).update(display=nothing, get_ipython=NoKernel)
        self.output_bytes = output_bytes
        self.printed = BoundedText(0)
        self.random = False  # whether the two sides draw from one stream of random numbers
        self.seconds = 0.0
        self._proxies: dict[int, Any] = {}
        builtins.input = lambda prompt="": self.ask("input", str(prompt))

    # cells

    def run(self, name: str, source: str, seconds: float) -> dict[str, Any]:
        """Run a cell: what went wrong, which names there are, and which it bound."""
        before, failure, value = dict(self.names), None, None
        self.seconds = seconds
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        with self._timed(), contextlib.redirect_stdout(BoundedText(0)), contextlib.redirect_stderr(BoundedText(0)):
            try:
                value = execute(name, source, self.names)
            except Ended:
                raise
            except BaseException as error:
                failure = describe(error)
        close_figures()
        bound = {key for key, one in self.names.items() if key not in before or before[key] is not one}
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            symbols = symtable.symtable(source, name, "exec").get_symbols()
            bound |= {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()} & {*self.names}
        own = [key for key in self.names if type(key) is str and not key.startswith("__")]
        return {"error": failure, "names": own[:MAX_NAMES], "bound": [one for one in own if one in bound][:MAX_NAMES],
                "value": as_number(value)}  # fmt: skip

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        """A time limit that ends what runs without ending the process."""
        signal.signal(signal.SIGPROF, _stop)
        signal.setitimer(signal.ITIMER_PROF, self.seconds, 0.5)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def forget(self) -> None:
        super().forget()
        close_figures()

    # what the judge asks for

    def perform(self, operation: str, arguments: list[Any], named: dict[str, Any]) -> Any:
        if operation in OWN:
            return OWN[operation](self, *arguments)
        if self.depth > 1:
            return OPERATIONS[operation](*arguments, **named)
        self.printed = BoundedText(self.output_bytes)
        with self._timed(), contextlib.redirect_stdout(self.printed), contextlib.redirect_stderr(BoundedText(0)):
            return OPERATIONS[operation](*arguments, **named)

    def name(self, name: str) -> Any:
        """The value of a global name."""
        try:
            return self.names[name]
        except KeyError:
            raise NameError(f"name {name!r} is not defined") from None

    def plain(self, value: Any) -> Any:
        """Plain data made of an object: what kind of (`same` or `items`), and the data."""
        for kind, make in SAME:
            if isinstance(value, kind):
                return ["same", make(value)]
        if hasattr(type(value), "keys") and hasattr(type(value), "__getitem__"):
            return ["items", {key: value[key] for key, _ in zip(value.keys(), range(MAX_ITEMS), strict=False)}]
        items = [one for one, _ in zip(value, range(MAX_ITEMS), strict=False)]
        return ["items", items if hasattr(type(value), "__len__") else (*items,)]

    def imports(self, name: str, original: str) -> bool:
        """Whether a name stands for a module, or for something of a module's that is called `original`."""
        value = self.names.get(name)
        if not original or isinstance(value, types.ModuleType):
            return isinstance(value, types.ModuleType)
        return getattr(value, "__name__", original) == original and getattr(value, "__module__", "") != "__main__"

    def signature(self, function: Any) -> Any:
        """The parameters of a function: name, kind, whether there is a default, and that."""
        parameters = inspect.signature(function).parameters.values()
        return [
            [one.name, int(one.kind), one.default is not one.empty, None if one.default is one.empty else one.default]
            for one in parameters
        ]

    def proxy(self, number: int, about: dict[str, Any]) -> Any:
        if number not in self._proxies:
            made = Callback(self, number, about) if about["callable"] else Instance(self, number)
            self._proxies[number] = made
        return self._proxies[number]

    def number_of(self, value: Any) -> int | None:
        return value.__dict__["_number"] if type(value) in (Callback, Instance) else None

    def about(self, value: Any) -> dict[str, Any]:
        kind = type(value)
        mro = value.__mro__ if issubclass(kind, type) else kind.__mro__
        special = {name for one in kind.__mro__[:-1] for name in vars(one)}
        return {
            "mro": [[str(one.__module__)[:100], str(one.__qualname__)[:100]] for one in mro[:20]],
            "class": issubclass(kind, type),
            "exception": issubclass(kind, type) and issubclass(value, BaseException),
            "array": "__array__" in special,
            "has": sorted(special & OF_SOME),
            "name": _text(lambda: value.__qualname__),
        }

    def named(self, module: str, name: str) -> Any:
        return imported(module, name)

    def before(self) -> Any:
        printed, self.printed = self.printed.text(), BoundedText(0)
        return {"printed": printed, "random": random_state() if self.random else None}

    def after(self, news: Any) -> None:
        self.random = news["random"] is not None
        if news["random"]:
            set_random_state(news["random"])
        self.seconds = news["seconds"]

    def describe(self, error: BaseException) -> dict[str, Any]:
        return {"fatal": isinstance(error, TimeUp)}

    def failed(self, cls: Any, text: str, values: Any, about: dict[str, Any]) -> BaseException:
        kind = cls if isinstance(cls, type) and issubclass(cls, BaseException) else RuntimeError
        error: BaseException = kind.__new__(kind, text)
        error.args = (text,)
        return error


class Figures:
    """Finds matplotlib's backend: what is drawn is closed when it is shown and at a cell's end, as in a notebook."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> ModuleSpec | None:
        return ModuleSpec(name, Figures()) if name == "figures" else None  # type: ignore[arg-type]

    @staticmethod
    def create_module(_: ModuleSpec) -> None:
        return None

    @staticmethod
    def exec_module(module: types.ModuleType) -> None:
        agg = importlib.import_module("matplotlib.backends.backend_agg")
        vars(module).update(FigureCanvas=agg.FigureCanvas, show=lambda *_, **__: close_figures())


def _stop(*_: object) -> None:
    raise TimeUp


def _text(get: Callable[[], Any]) -> str:
    try:
        return str(get())[:100]
    except BaseException:
        return ""


# What is data already, under another name: the kind, and how it is made plain without a method of the student's.
SAME: list[tuple[type, Callable[[Any], Any]]] = [
    (bool, lambda value: bool(int.__int__(value))), (int, int.__int__), (float, float.__float__), (str, str.__str__),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))), (list, lambda value: [*list.__iter__(value)]),
    (tuple, lambda value: (*tuple.__iter__(value),)),
    (dict, lambda value: {key: dict.__getitem__(value, key) for key in dict.__iter__(value)}),
    (set, lambda value: {*set.__iter__(value)}), (frozenset, lambda value: frozenset({*frozenset.__iter__(value)})),
    (np.ndarray, np.asarray),
]  # fmt: skip

# What only a notebook's worker does: name -> (student, arguments)
OWN: dict[str, Callable[..., Any]] = {
    "name": Student.name,
    "set": lambda student, name, value: student.names.__setitem__(name, value),
    "delete": lambda student, name: student.names.pop(name, None),
    "plain": Student.plain,
    "signature": Student.signature,
    "imports": Student.imports,
    "forget": Student.forget,
    "nothing": lambda student: None,
    "module": lambda student, name: __import__(name),
}


def execute(name: str, source: str, names: dict[str, Any]) -> Any:
    """Run a cell; the value of its last statement where that is an expression."""
    tree = ast.parse(source, name)
    parts: list[ast.Module | ast.Expression] = [tree]
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        del tree.body[-1]
        parts.append(ast.Expression(last.value))
    value = None
    for part in parts:
        kind = "exec" if isinstance(part, ast.Module) else "eval"
        code = compile(part, name, kind, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True, optimize=0)
        value = eval(code, names)  # noqa: S307 -- that is what this process is for
        if code.co_flags & COROUTINE:
            value = awaited(value)
    return None if source.rstrip().endswith(";") else value


def as_number(value: Any) -> float | None:
    """A cell's last value where nbgrader takes it for points."""
    return float(value) if type(value) in (int, float) or isinstance(value, np.number) else None


def random_state() -> list[Any]:
    """Where the two global streams of random numbers are."""
    kind, keys, place, has_gauss, gauss = np.random.get_state()
    version, numbers, following = random.getstate()
    return [kind, np.asarray(keys), place, has_gauss, gauss, version, np.array(numbers, np.int64), following]


def set_random_state(state: list[Any]) -> None:
    """Go on from there."""
    np.random.set_state(tuple(state[:5]))
    random.setstate((state[5], tuple(state[6].tolist()), state[7]))


def serve(requests: int, answers: int, output_bytes: int) -> None:
    """Run cells, and do what the judge asks, until the other side closes the pipe."""
    sys.stdout = sys.stderr = BoundedText(0)
    student = Student(requests, answers, output_bytes)
    sys.meta_path.append(Figures)
    os.environ["MPLBACKEND"] = "module://figures"
    while True:
        try:
            body = wire.read_frame(requests, 1 << 30)
        except wire.EndOfStream:
            return
        if body[:1] == b"?":
            student._answer(body)
            continue
        message = wire.unpack(body)
        wire.write_frame(answers, wire.pack(student.run(message["name"], message["source"], message["seconds"])))
