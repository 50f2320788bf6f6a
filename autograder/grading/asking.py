"""What a check asks of a notebook's names: functions, classes, values, and the objects that came of these.

Objects stay where they were made. What stands for one here knows the steps that led to it, and every further question
takes them along: an answer depends on the question alone. Only where the solution has an object does a student's
become more than the name of its type, so that no method of it answers where plain data is expected.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType
from typing import Any

import numpy as np

from autograder.grading.outcome import CallFailed, Outcome
from autograder.sandbox import wire
from autograder.sandbox.operations import OF_ONE, REFLECTED
from autograder.sandbox.steps import Made, Named

PROBES = "probes"  # the module beside the checks whose functions run after a student's cells
FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodDescriptorType, np.ufunc, type)
# What only looks: such a step is left out of those that led to an object, unless it gave another one.
LOOKS = {"getattr", "items", "bool", "len", "hash", "int", "float", "complex", "index", "repr", "str", "format",
         "contains", "getitem", "lt", "le", "eq", "ne", "gt", "ge"}  # fmt: skip
AT_FIRST = 16  # items of an iterable that are fetched at once; then more and more


@dataclass(frozen=True)
class Program:
    """A question: one step (`sandbox/steps.py`) with several sets of arguments, after the steps `before` it."""

    how: str
    name: str
    calls: Sequence[Sequence[Any]]
    names: Sequence[str] = ()  # of the last arguments
    before: Sequence[tuple[str, str, Sequence[Any], Sequence[str]]] = ()
    label: str = ""  # what it is in a sentence

    @cached_property
    def message(self) -> dict[str, Any]:
        """What the worker is told. What many calls have in common, as the network of a thousand names, goes once."""
        shared = {id(argument): argument for arguments in self.calls for argument in arguments}
        place = {key: number for number, key in enumerate(shared)}
        return {
            "do": "call",
            "how": self.how,
            "function": self.name,
            "arguments": list(shared.values()),
            "calls": [[place[id(argument)] for argument in arguments] for arguments in self.calls],
            "names": list(self.names),
            "before": [list(step) for step in self.before],
        }

    @cached_property
    def frame(self) -> bytes:
        """The message as bytes."""
        return wire.pack(self.message, tagged)

    @property
    def root(self) -> str:
        """The global name that all began with."""
        return self.label.partition(".")[0]

    @property
    def plain(self) -> bool:
        """Whether it is a call of a global function with plain data."""
        given = (one for arguments in self.calls for one in arguments)
        return self.how == "call" and not self.before and not any(isinstance(one, Made | Named) for one in given)

    @property
    def iterates(self) -> bool:
        """Whether it asks for the items of what such a call returned, as `list` does of a generator."""
        return self.name in ("items", "len") and len(self.before) == 1 and self.before[0][0] == "call"


def tagged(value: Any) -> Any:
    """What is sent of a value that is no plain data, for `wire.encode`."""
    if isinstance(value, Made):
        return wire.Tagged("made", value.place)
    if isinstance(value, Named):
        return wire.Tagged("named", [value.module, value.name])
    return wire.opaque(value)


Ask = Callable[[Program], list[Outcome]]


@dataclass(frozen=True)
class _Taken:
    """A step that was taken, with objects among its arguments as they are here; its number is that of its object."""

    number: int
    how: str
    name: str
    arguments: tuple[Any, ...]
    names: tuple[str, ...]

    @cached_property
    def touches(self) -> set[int]:
        return {self.number, *(one._number for one in self.arguments if isinstance(one, RemoteObject))}


class Conversation:
    """The questions to one notebook; `has_object` says whether the solution answers a question with an object."""

    def __init__(self, ask: Ask, has_object: Callable[[Program], bool] = lambda _: True) -> None:
        self._ask = ask
        self._has_object = has_object
        self._taken: list[_Taken] = []

    def value(self, name: str) -> Any:
        """The value of a global name."""
        return self.step("value", name, name, ()).returned

    def step(self, how: str, name: str, label: str, arguments: tuple[Any, ...], names: tuple[str, ...] = ()) -> Outcome:
        """What comes of one step. An object of it may be asked for more."""
        given = tuple(self._given(one) for one in arguments)
        program = self._program(how, name, label, [given], names)
        meets = any(isinstance(one, RemoteObject) for one in given)
        try:
            (outcome,) = self._ask(program)
        except CallFailed:
            if meets and name not in LOOKS:
                self._take(how, name, given, names)  # it may have changed something before it failed
            raise
        found = type(outcome.returned) is wire.Opaque and self._has_object(program)
        if found or (meets and name not in LOOKS):
            number = self._take(how, name, given, names)
            if found:
                outcome = replace(outcome, returned=RemoteObject(outcome.returned.type_name, self, number, label))
        return outcome

    def many(self, name: str, calls: Sequence[Sequence[Any]], names: tuple[str, ...] = ()) -> list[Outcome]:
        """What comes of several calls of a global function, made in one go."""
        if len(calls) == 1:
            return [self.step("call", name, name, tuple(calls[0]), names)]
        return self._ask(self._program("call", name, name, [tuple(map(self._given, one)) for one in calls], names))

    def _given(self, value: Any) -> Any:
        """An argument as it is handed on."""
        if isinstance(value, RemoteFunction):
            return Named("", value._name)
        if isinstance(value, RemoteObject) and value._conversation is not self:
            raise TypeError(f"an object of type {value.type_name} stays with the notebook that it is from")
        return _by_name(value) if isinstance(value, FUNCTIONS) else value

    def _program(self, how: str, name: str, label: str, calls: Sequence[tuple[Any, ...]], names: tuple[str, ...]
                 ) -> Program:  # fmt: skip
        kept = self._leading_to({one._number for call in calls for one in call if isinstance(one, RemoteObject)})
        places = {step.number: place for place, step in enumerate(kept)}

        def placed(arguments: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(Made(places[one._number]) if isinstance(one, RemoteObject) else one for one in arguments)

        before = [(step.how, step.name, placed(step.arguments), step.names) for step in kept]
        return Program(how, name, [placed(one) for one in calls], names, before, label)

    def _leading_to(self, numbers: set[int]) -> list[_Taken]:
        """The steps that made these objects, or had to do with them, or with others that those had to do with."""
        while True:
            kept = [step for step in self._taken if step.touches & numbers]
            more = numbers.union(*(step.touches for step in kept))
            if more == numbers:
                return kept
            numbers = more

    def _take(self, how: str, name: str, arguments: tuple[Any, ...], names: tuple[str, ...]) -> int:
        kept = tuple(one if isinstance(one, RemoteObject | Named) else _copy(one) for one in arguments)
        self._taken.append(_Taken(len(self._taken), how, name, kept, names))
        return len(self._taken) - 1


def _copy(value: Any) -> Any:
    return wire.decode(wire.encode(value))


def _by_name(function: Any) -> Named:
    """A function of ours, by the name under which the student's process has it. Raises TypeError where it has none."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", function.__name__)
    if module == PROBES and "." not in name:
        return Named("", name)
    if isinstance(function, np.ufunc):
        module = "numpy"
    if isinstance(function, MethodDescriptorType):
        module = function.__objclass__.__module__
    if module is None or "<" in name or module.partition(".")[0] not in LIBRARIES:
        raise TypeError(f"`{name}` cannot be handed to a student's code: write it as a function of {PROBES}.py")
    return Named(module, name)


LIBRARIES = ("builtins", "math", "cmath", "operator", "_operator", "statistics", "numpy", "scipy")


class RemoteFunction:
    """One function, or class, of the student's. Call it like the function itself; the answer is an Outcome."""

    def __init__(self, name: str, conversation: Conversation, signature: inspect.Signature) -> None:
        self._name = name
        self._conversation = conversation
        self._signature = signature

    def __call__(self, *arguments: Any, **named: Any) -> Outcome:
        by_position, by_name = self._bound(*arguments, **named)
        return self._conversation.many(self._name, [(*by_position, *by_name.values())], tuple(by_name))[0]

    def many(self, calls: Sequence[Sequence[Any]]) -> list[Outcome]:
        """The outcomes of several calls, made in one go, which saves time. Each call is a tuple of arguments.

        The outcomes have `returned` and `printed`, but no `arguments`.

        Example::

            @pytest.mark.points(1)
            def test_many_windows(student, rng):
                '''The average is shorter than the series by the window less 1.'''
                calls = [(rng.normal(size=9), window) for window in (1, 4, 9)]
                outcomes = student.moving_average.many(calls)
                lengths = [len(outcome.returned) for outcome in outcomes]
                assert_same(lengths, [9, 6, 1], "the lengths for the windows 1, 4, 9")
        """
        return self._conversation.many(self._name, calls)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._conversation.value(self._name), name)

    def _bound(self, *arguments: Any, **named: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """By position where that can be, so that a student may name the parameters freely; the others by name."""
        bound = self._signature.bind(*arguments, **named)
        given = {*bound.arguments}
        if bound.kwargs or len(bound.arguments) > len(arguments):
            bound.apply_defaults()
        left_out = {*self._signature.parameters} - given
        return bound.args, {name: value for name, value in bound.kwargs.items() if name not in left_out}


class RemoteObject(wire.Opaque):
    """An object that stays in the student's process, where the solution has one too.

    Its attributes are values or, again, objects; methods are called like functions and answer with an Outcome.
    Operators, `len`, `str`, indexing, iterating and comparing work as they do for the object, and give plain values.

    Example::

        @pytest.mark.points(1)
        def test_account(student):
            '''An account adds up what is paid in.'''
            account = student.Account(10).returned
            account.pay_in(5)
            assert_same(account.balance, 15, "the balance after paying in 5")
    """

    _conversation: Conversation
    _number: int
    _label: str

    def __init__(self, type_name: str, conversation: Conversation, number: int, label: str) -> None:
        values = {"type_name": type_name, "_conversation": conversation, "_number": number, "_label": label}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __call__(self, *arguments: Any, **named: Any) -> Outcome:
        return self._conversation.step(
            "operator", "call", self._label, (self, *arguments, *named.values()), tuple(named)
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._operator("getattr", f"{self._label}.{name}", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._operator("setattr", f"{self._label}.{name}", self, name, value)

    def __iter__(self) -> Iterator[Any]:
        done, most = 0, AT_FIRST
        while True:
            items = self._operator("items", self._label, self, most)
            yield from items[done:]
            if len(items) < most:
                return
            done, most = most, 4 * most

    def __hash__(self) -> int:
        return id(self)

    def _operator(self, name: str, label: str, *arguments: Any) -> Any:
        return self._conversation.step("operator", name, label, arguments).returned


def _special(method: str) -> Callable[..., Any]:
    def ask(self: RemoteObject, *arguments: Any) -> Any:
        label = f"{self._label}.{method}"
        if method in REFLECTED:
            return self._operator(REFLECTED[method], label, *arguments, self)
        return self._operator(OF_ONE[method][0], label, self, *arguments)

    return ask


OWN = {"__call__", "__iter__", "__setattr__", "__delattr__", "__hash__", "__dir__", "__array__", "__await__",
       "__fspath__", "__enter__", "__exit__", "__bytes__"}  # fmt: skip
for _method in {*OF_ONE, *REFLECTED} - OWN:
    setattr(RemoteObject, _method, _special(_method))


@dataclass(frozen=True)
class Reached:
    """What checks reach of a notebook, as the solution has it."""

    signatures: Mapping[str, inspect.Signature]  # of functions and classes
    names: Sequence[str]  # that the notebook is searched for
    exceptions: Mapping[str, type[Exception]]  # stand-ins for those that the solution defines
    probes: str  # the text of probes.py
    probed: frozenset[str]  # the functions in it

    def of(self, name: str, conversation: Conversation, exceptions: Mapping[str, type[Exception]]) -> Any:
        """What a check gets for a global name. Raises AttributeError."""
        if name in exceptions:
            return exceptions[name]
        if name in self.signatures:
            return RemoteFunction(name, conversation, self.signatures[name])
        if name in self.names:
            return conversation.value(name)
        raise AttributeError(name)
