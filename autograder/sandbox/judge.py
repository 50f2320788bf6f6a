"""What the judge does: runs an instructor's test cells, with proxies for what the student's cells defined.

A process forked afresh for each submission, confined and limited like a worker, since what it handles was chosen by a
student. Nothing of a submission is imported, unpickled, compiled or queried here, and a path that came from one is not
opened. An object of the student's stays in the worker; here it is a Handle. Where the solution has plain data, a handle
counts as the plain data that can be made of it, made once: no lie of its methods earns more than returning that data.
"""

from __future__ import annotations

import ast
import builtins
import collections
import contextlib
import inspect
import linecache
import os
import signal
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import wire
from operations import OF_ALL, OF_ONE, OPERATIONS, REFLECTED
from remote import Ended, Peer, found
from whole_notebook import as_number, execute, random_state, set_random_state
from worker import BoundedText, NoKernel, describe, nothing

OURS = "test cell "  # what the names of our code begin with
MAX_TEXTS = 2_000  # of the student's that are looked for in what is compiled or opened
MAX_PLACES = 20_000
REMOTE_MODULES = ("matplotlib",)  # what is drawn is where it was drawn
# Libraries whose classes stand for themselves here, and are not the student's to choose methods of.
PLAIN_LIBRARIES = ("builtins", "numpy", "pandas", "datetime", "decimal", "fractions", "collections")


# Their exceptions say that a test need not be passed.
TESTING = ("unittest", "pytest", "_pytest", "nose", "doctest", "judge", "remote", "wire", "whole_notebook")


class Unjudged(BaseException):
    """A test cell cannot go on: what it would do, or what it met, is not for this process. No test may catch it."""


class Handle:
    """An object of the student's. Its kinds have the special methods that the object has."""

    __slots__ = ("__weakref__", "_about", "_cached", "_number")

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return JUDGE[0].class_of(self)
        if name == "__array__" and ABOUT(self)["array"]:
            return lambda *_, **__: remote("array", self)
        if name.startswith("__array") or name in NOT_ASKED:
            raise AttributeError(name)
        return remote("getattr", self, name)

    def __instancecheck__(self, value: Any) -> bool:
        return bool(JUDGE[0].ask("isinstance", value, self))

    def __subclasscheck__(self, value: Any) -> bool:
        return bool(JUDGE[0].ask("issubclass", value, self))

    def __copy__(self) -> Any:
        return remote("copy", self)

    def __deepcopy__(self, memo: Any) -> Any:
        return remote("deepcopy", self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise Unjudged("an object of the student's cannot be pickled")


NOT_ASKED = {"__cuda_array_interface__", "__dlpack__", "__sklearn_tags__", "__jax_array__", "__torch_function__"}
NUMBER: Callable[[Any], int] = vars(Handle)["_number"].__get__
ABOUT: Callable[[Any], dict[str, Any]] = vars(Handle)["_about"].__get__
CACHED: Callable[[Any], dict[Any, Any]] = vars(Handle)["_cached"].__get__
JUDGE: list[Judge] = []  # the one of this process
KINDS: dict[frozenset[str], type] = {}


def kind_with(special: frozenset[str]) -> type:
    """The kind of handles with these special methods."""
    if special not in KINDS:
        KINDS[special] = type("Handle", (Handle,), {"__slots__": (), **{name: _method(name) for name in special}})
    return KINDS[special]


def _method(name: str) -> Callable[..., Any]:
    if name in REFLECTED:
        return lambda self, other: remote(REFLECTED[name], other, self)
    operation = OF_ONE[name][0]
    if operation == "repr":
        return lambda self: str(remote("repr", self))[:10_000]
    if name == "__exit__":
        return lambda self, *_: remote("leave", self)
    if name == "__await__":
        return lambda self: _at_once(remote("await", self))
    return lambda self, *arguments, **named: remote(operation, self, *arguments, **named)


def _at_once(value: Any) -> Iterator[Any]:
    """What can be awaited and has this value already."""
    return value
    yield


def place() -> str:
    """Where in the instructor's code we are: the innermost of its frames, and the instruction there."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(OURS):
            return f"{code.co_filename}|{code.co_firstlineno}|{code.co_name}|{frame.f_lasti}"
        if code.co_filename.startswith(HERE[0]):
            return f"{code.co_filename[len(HERE[0]) :]}|{code.co_firstlineno}|{code.co_name}|{frame.f_lasti}"
        frame = frame.f_back
    return ""


HERE = [""]
# What is the same whatever the object says, or is only said of it: asked once, and then remembered.
ASKED_ONCE = {"bool", "hash", "repr", "str", "dir"}


def remote(operation: str, *arguments: Any, **named: Any) -> Any:
    """Do an operation where the student's object is, or here with the plain data made of it."""
    judge = JUDGE[0]
    where = place()
    if judge.calibrating:
        if not judge.is_student_function(operation, arguments) and len(judge.places) < MAX_PLACES:
            judge.places.add(where)
    elif where not in judge.trusted and not judge.is_student_function(operation, arguments):
        if operation in ASKED_ONCE and is_handle(arguments[0]):
            answers = CACHED(arguments[0])
            if operation not in answers:
                answers[operation] = judge.ask(operation, arguments[0])
            return answers[operation]
        return OPERATIONS[operation](*(plain(one, operation) if is_handle(one) else one for one in arguments), **named)
    try:
        return judge.ask(operation, *arguments, **named)
    except StopIteration as error:  # from a function, it would end a loop of the test's
        if judge.is_student_function(operation, arguments):
            raise RuntimeError("a function raised StopIteration") from error
        raise


def is_handle(value: Any) -> bool:
    """Whether it is a handle, whatever it says of itself."""
    return issubclass(type(value), Handle)


# What can be done with an object that is iterated where the solution has plain data
WITH_ITEMS = {"iter": "", "next": "", "contains": "", "reversed": "", "len": "__len__", "getitem": "__getitem__"}


def plain(handle: Any, operation: str) -> Any:
    """The plain data that stands for a handle. Raises Unjudged where there is none."""
    answers, about = CACHED(handle), ABOUT(handle)
    if "plain" not in answers:
        try:
            answers["plain"] = JUDGE[0].ask("plain", handle)
        except Exception:
            answers["plain"] = ("none", None)
    kind, data = answers["plain"]
    needed = WITH_ITEMS.get(operation)
    if kind == "same" or (kind == "items" and needed is not None and (not needed or needed in about["has"])):
        return answers.setdefault("next", iter(data)) if operation == "next" else data
    raise Unjudged(f"an object of type {type_name(about)} stands where plain data is expected")


def type_name(about: dict[str, Any]) -> str:
    """The name of an object's type."""
    return str(about["mro"][0][1])[:80] if about["mro"] else "object"


class Names(dict[str, Any]):
    """The global names of all test cells: the instructor's own, and else the student's."""

    judge: Judge

    def __missing__(self, name: str) -> Any:
        if name not in self.judge.student_names:
            raise KeyError(name)
        return self.judge.student_value(name)

    def __setitem__(self, name: str, value: Any) -> None:
        dict.__setitem__(self, name, value)
        if self.judge.running and name in self.judge.passed_on:
            self.judge.ask("set", name, value)

    def __delitem__(self, name: str) -> None:
        student = name in self.judge.student_names
        if dict.__contains__(self, name) or not student:
            dict.__delitem__(self, name)
        if student:
            self.judge.student_names.discard(name)
            self.judge.ask("delete", name)

    def __contains__(self, name: Any) -> bool:
        return dict.__contains__(self, name) or name in self.judge.student_names

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(dict.keys(self)), **dict.fromkeys(self.judge.student_names)})

    def keys(self) -> Any:
        return dict.fromkeys(self).keys()

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


class Judge(Peer):
    """The judge's side of the conversation, and what is known of the submission."""

    answers_for_libraries = False

    def __init__(self, requests: int, answers: int, output_bytes: int) -> None:
        super().__init__(requests, answers, 0)
        self.output_bytes = output_bytes
        self.student_names: set[str] = set()
        self.functions: dict[str, Any] = {}  # the student's, by name, for the time of a test cell
        self.by_name: dict[int, str] = {}  # number of what was fetched by its name -> that
        self.passed_on: set[str] = set()  # names of test cells that the student's functions read
        self.sources: list[str] = []  # the student's cells
        self.places: set[str] = set()
        self.trusted: set[str] = set()
        self.calibrating = self.running = self.random = False
        self.seconds = 0.0
        self.texts: collections.OrderedDict[str, None] = collections.OrderedDict()  # the student's, seen last
        self.constants = ""  # all of the instructor's text
        self.why_not = ""  # why the cell cannot be judged
        self._not_imported: dict[str, Any] = {}  # what students have to import, and did not
        self._handles: dict[int, Any] = {}
        self._classes: dict[int, type] = {}
        self._class_numbers: dict[type, int] = {}
        self.builtins = {**vars(builtins), "type": Type, "__import__": self.imports, "display": nothing,
                         "get_ipython": NoKernel}  # fmt: skip
        self.names = Names({"__name__": "__main__", "__builtins__": self.builtins})
        self.names.judge = self

    # the student's names

    def student_value(self, name: str) -> Any:
        """What a name of the student's stands for now."""
        if name in self.functions:
            return self.functions[name]
        value = self.ask("name", name)
        if is_handle(value):
            self.by_name[NUMBER(value)] = name
            if "__call__" in ABOUT(value)["has"]:
                self.functions[name] = value
        return value

    def is_student_function(self, operation: str, arguments: tuple[Any, ...]) -> bool:
        """Whether an operation is a call of what the student gave a name: what comes of it is judged."""
        return operation == "call" and is_handle(arguments[0]) and NUMBER(arguments[0]) in self.by_name

    def imports(self, name: str, names: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> Any:
        """The `import` of test cells."""
        if name.partition(".")[0] in REMOTE_MODULES:
            root = self.ask("module", name)
            found: Any = root
            for part in name.split(".")[1:] if wanted else ():
                found = getattr(found, part)
            return found
        return builtins.__import__(name, names, local, wanted, level)

    # cells

    def define(self, name: str, source: str) -> dict[str, Any]:
        """Run what other cells of the source notebook define for judging."""
        failure = None
        linecache.cache[OURS + name] = (len(source), None, source.splitlines(True), OURS + name)
        with contextlib.redirect_stdout(BoundedText(0)), contextlib.redirect_stderr(BoundedText(0)):
            try:
                self.running = True
                execute(OURS + name, source, self.names)
            except BaseException as error:
                failure = describe(error)
            finally:
                self.running = False
        return {"error": failure}

    def test(self, message: dict[str, Any]) -> dict[str, Any]:
        """Run a test cell: what came of it."""
        name, source = OURS + message["name"], message["source"]
        self.student_names = {*message["names"]}
        self.passed_on = {*message["passed_on"]}
        for bound in message["bound"]:
            if bound not in message["kept"]:
                dict.pop(self.names, bound, None)  # a later cell of the student's gave the name another value
        self.functions, self.by_name, self.places, self.why_not = {}, {}, set(), ""
        self.trusted, self.calibrating = {*message["trusted"]}, message["calibrating"]
        self.sources, self.seconds = message["sources"], message["seconds"]
        self.random = "random" in source or "seed" in source
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        failure = value = None
        printed = BoundedText(self.output_bytes)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(BoundedText(0)):
            try:
                self.running = True
                signal.signal(signal.SIGPROF, _stop)
                signal.setitimer(signal.ITIMER_PROF, message["seconds_in_all"], 0.5)
                self.ask("nothing")
                self.look_for_imports(message["asked_for"])
                value = execute(name, source, self.names)
            except BaseException as error:
                failure = self.described(error)
                if isinstance(error, Unjudged | Ended):
                    self.why_not = self.why_not or str(error)
            finally:
                self.running = False
                signal.setitimer(signal.ITIMER_PROF, 0)
        with contextlib.suppress(BaseException):
            self.ask("forget")
        self.forget()
        return {"error": failure, "value": as_number(value), "why_not": self.why_not[:500],
                "places": sorted(self.places)}  # fmt: skip

    def look_for_imports(self, asked_for: dict[str, str]) -> None:
        """Let a test cell have what the solution imports only where the student does. It is never the student's own."""
        for name, original in asked_for.items():
            if name in self.student_names and self.ask("imports", name, original):
                if name in self._not_imported:
                    dict.__setitem__(self.names, name, self._not_imported.pop(name))
                continue
            self.student_names.discard(name)
            if dict.__contains__(self.names, name):
                self._not_imported[name] = dict.pop(self.names, name)

    def described(self, error: BaseException) -> dict[str, Any]:
        """An exception's type and text, and the line of the test cell that it came through."""
        line, trace = 0, error.__traceback__
        while trace is not None and not line:
            if trace.tb_frame.f_code.co_filename.startswith(OURS):
                line = trace.tb_lineno
            trace = trace.tb_next
        if isinstance(error, SyntaxError):
            line = error.lineno or 0
        return {**describe(error), "line": line}

    # what the student's code asks for

    def perform(self, operation: str, arguments: list[Any], named: dict[str, Any]) -> Any:
        if operation == "input":
            return builtins.input(*arguments)
        if operation not in ("call", "getattr", "setattr", "list", "len", "getitem"):
            raise TypeError("that cannot be asked for")
        thing, *rest = arguments
        if operation == "call" and not is_handle(thing):
            return thing(*rest, **named)
        if is_handle(thing) or not self.is_ours(type(thing)):
            raise TypeError("that cannot be asked of an object of a test cell")
        if operation in ("getattr", "setattr"):
            if not isinstance(rest[0], str) or rest[0].startswith("_"):
                raise AttributeError(rest[0])
            return OPERATIONS[operation](thing, *rest)
        if operation == "getitem":
            return thing[rest[0]]
        return list(thing) if operation == "list" else len(thing)

    @staticmethod
    def is_ours(kind: type) -> bool:
        """Whether a class is one of a test cell's, or of a module beside the notebook, or a text stream."""
        module = sys.modules.get(kind.__module__)
        file = getattr(module, "__file__", None) or ""
        return kind.__module__ in ("__main__", "_io") or file.startswith(HERE[0])

    # values

    def proxy(self, number: int, about: dict[str, Any]) -> Any:
        if about["exception"]:
            if number not in self._classes:
                base = next((kind for kind in self._library(about) if issubclass(kind, BaseException)), Exception)
                made = type(type_name(about), (base,), {"__module__": "__main__"})
                self._classes[number], self._class_numbers[made] = made, number
            return self._classes[number]
        if number not in self._handles:
            handle: Any = object.__new__(kind_with(frozenset(about["has"]) | OF_ALL | {"__hash__"}))
            for slot, value in (("_number", number), ("_about", about), ("_cached", {})):
                vars(Handle)[slot].__set__(handle, value)
            self._handles[number] = handle
        return self._handles[number]

    def class_of(self, handle: Any) -> Any:
        """The class of a student's object: the library's that it is, or is derived from."""
        return next(iter(self._library(ABOUT(handle))), None) or type(handle)

    def _library(self, about: dict[str, Any]) -> Iterator[type]:
        if about["class"] and not about["exception"]:
            yield type
            return
        for module, name in about["mro"]:
            with contextlib.suppress(LookupError, TypeError):
                kind = found(module, name)
                if isinstance(kind, type) and kind is not object:
                    yield kind

    def number_of(self, value: Any) -> int | None:
        if is_handle(value):
            return NUMBER(value)
        return self._class_numbers.get(value) if isinstance(value, type) else None

    def about(self, value: Any) -> dict[str, Any]:
        return {"callable": callable(value), "name": str(getattr(value, "__name__", ""))[:100]}

    def named(self, module: str, name: str) -> Any:
        value = found(module, name)
        package = module.partition(".")[0]
        if not isinstance(value, type) or package in TESTING:
            raise LookupError(name)
        if not issubclass(value, BaseException) and package not in PLAIN_LIBRARIES:
            raise LookupError(name)
        return value

    def before(self) -> Any:
        return {"seconds": self.seconds, "random": random_state() if self.random else None}

    def after(self, news: Any) -> None:
        if news["printed"]:
            sys.stdout.write(str(news["printed"]))
        if self.random and news["random"]:
            set_random_state(news["random"])

    def failed(self, cls: Any, text: str, values: Any, about: dict[str, Any]) -> BaseException:
        if about["fatal"]:
            self.why_not = "a call ran out of time"
            return Unjudged(self.why_not)
        kind = cls if isinstance(cls, type) and issubclass(cls, BaseException) else Exception
        if issubclass(kind, Unjudged | Ended):
            kind = Exception
        try:
            error = kind(*values) if kind.__module__ == "builtins" else kind.__new__(kind, *values)
        except Exception:
            error = kind.__new__(kind)
            error.args = (text,)
        if str(error) != text and kind in self._class_numbers:
            error.args = (text,)
        return error

    def _read(self, body: bytes, touched: list[int] | None = None) -> Any:
        message = super()._read(body, touched)
        remember_texts(self.texts, message)
        return message


def remember_texts(texts: collections.OrderedDict[str, None], message: Any) -> None:
    """Note the texts that came from the student, the last of them."""
    waiting, left = [message], MAX_TEXTS
    while waiting and left > 0:
        left -= 1
        one = waiting.pop()
        if isinstance(one, str):
            if one:
                texts[one] = None
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += [*one][:left]
        elif isinstance(one, dict):
            waiting += [*one.keys()][:left] + [*one.values()][:left]
        elif isinstance(one, np.ndarray) and one.dtype.kind in "UO":
            waiting += one.ravel()[:left].tolist()
    while len(texts) > MAX_TEXTS:
        texts.popitem(last=False)


class _TypeOf(type):
    """So that `type(x)` in a test cell is the class of what the student's object is, and `type` still is a class."""

    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        if len(arguments) == 1 and is_handle(arguments[0]):
            kind = JUDGE[0].class_of(arguments[0])
            return remote("getattr", arguments[0], "__class__") if issubclass(kind, Handle) else kind
        return type(*arguments, **named)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, type)

    def __subclasscheck__(cls, value: Any) -> bool:
        return issubclass(value, type)

    def __eq__(cls, other: Any) -> bool:
        return other is type or other is Type

    def __hash__(cls) -> int:
        return hash(type)


class Type(metaclass=_TypeOf):
    """`type`, for test cells."""


# `inspect`, for functions of the student's


def source_of(handle: Any) -> str:
    """The text of a function or class of the student's, from what was handed in."""
    judge = JUDGE[0]
    wanted = (judge.by_name.get(NUMBER(handle)) or ABOUT(handle)["name"]).split(".")
    for source in reversed(judge.sources):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            scope: Any = ast.parse(source).body
            node: Any = None
            for part in wanted:
                named = [one for one in ast.walk(ast.Module(scope, [])) if getattr(one, "name", None) == part]
                node = named[-1] if named else None
                scope = node.body if node is not None else []
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                lines = source.splitlines(True)[first - 1 : node.end_lineno]
                text = inspect.cleandoc("".join(lines)) if lines[0].startswith((" ", "\t")) else "".join(lines)
                judge.texts[text] = None
                return text
    raise OSError("could not get source code")


def signature_of(handle: Any) -> inspect.Signature:
    """The signature of a function of the student's."""
    described = JUDGE[0].ask("signature", handle)
    parameters = [
        inspect.Parameter(
            str(name), inspect._ParameterKind(kind), default=default if given else inspect.Parameter.empty
        )
        for name, kind, given, default in described
    ]
    return inspect.Signature(parameters)


def look_into_handles() -> None:
    """Let `inspect` answer for handles."""
    original = {name: getattr(inspect, name) for name in ("getsource", "signature", "getsourcelines", "isfunction",
                                                          "isclass", "getfullargspec", "getdoc")}  # fmt: skip

    def instead(name: str, answer: Callable[[Any], Any]) -> None:
        def look(thing: Any, *rest: Any, **named: Any) -> Any:
            return answer(thing) if is_handle(thing) else original[name](thing, *rest, **named)

        setattr(inspect, name, look)

    instead("getsource", source_of)
    instead("getsourcelines", lambda one: (source_of(one).splitlines(True), 1))
    instead("signature", signature_of)
    instead("isclass", lambda one: ABOUT(one)["class"])
    instead("isfunction", lambda one: ["builtins", "function"] in ABOUT(one)["mro"])
    instead("getdoc", lambda one: one.__doc__ and inspect.cleandoc(one.__doc__))
    instead("getfullargspec", argspec_of)


def argspec_of(handle: Any) -> inspect.FullArgSpec:
    """The older form of a signature."""
    kinds = inspect.Parameter
    of = signature_of(handle).parameters.values()
    plain_ones = [one for one in of if one.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
    only = [one for one in of if one.kind is kinds.KEYWORD_ONLY]
    defaults = tuple(one.default for one in plain_ones if one.default is not kinds.empty)
    return inspect.FullArgSpec(
        [one.name for one in plain_ones],
        next((one.name for one in of if one.kind is kinds.VAR_POSITIONAL), None),
        next((one.name for one in of if one.kind is kinds.VAR_KEYWORD), None),
        defaults or None,
        [one.name for one in only],
        {one.name: one.default for one in only if one.default is not kinds.empty} or None,
        {},
    )


# what must not happen with a student's text

# Who compiles what it made itself, and what is imported.
COMPILING = ("collections", "dataclasses", "enum", "typing", "functools", "whole_notebook", "importlib",
             "_frozen_importlib_external", "zipimport")  # fmt: skip


def watch_what_is_run(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: no text is compiled but the instructor's and the libraries', no path of a student's opened."""
    judge = JUDGE[0]
    if not judge.running:
        return
    if event == "compile":
        callers = _callers()
        if callers[0] in COMPILING or (callers[0] == "ast" and callers[1] in ("__main__", "judge", "inspect")):
            return  # a tree that nobody runs, or else it is compiled, too
        source = arguments[0]
        text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
        if not isinstance(text, str) or (text not in judge.constants and _of_student(judge, text)):
            _refuse(judge, "text that the student's code gave would be run")
    elif event == "open" and isinstance(arguments[0], str | bytes):
        path = os.fsdecode(arguments[0])
        if path in judge.texts and path not in judge.constants:
            _refuse(judge, "a file that the student's code named would be opened")
    elif event == "pickle.find_class":
        _refuse(judge, "a pickle would be read")


def _of_student(judge: Judge, source: str) -> bool:
    lines = {line.strip() for line in source.splitlines()} | {source, source.strip()}
    return any(
        text in lines or (len(text) > 2 and text in source) or any(len(line) > 3 and line in lines for line in
                                                                  map(str.strip, text.splitlines()))
        for text in judge.texts
    )  # fmt: skip


def _callers() -> list[str]:
    """The packages of the code that made an event happen, the innermost first; each once, and two of them."""
    names: list[str] = []
    frame: Any = sys._getframe(2)
    while frame is not None and len(names) < 2:
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if names[-1:] != [name]:
            names.append(name)
        frame = frame.f_back
    return [*names, "", ""]


def _stop(*_: object) -> None:
    raise Unjudged("the test cell ran out of time")


def _refuse(judge: Judge, why: str) -> None:
    judge.why_not = why
    raise Unjudged(why)


def serve(requests: int, answers: int, output_bytes: int) -> None:
    """Run what the grader sends, until it closes the pipe."""
    sys.stdout = sys.stderr = BoundedText(0)
    HERE[0] = os.getcwd() + "/"
    judge = Judge(requests, answers, output_bytes)
    JUDGE[:] = [judge]
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    look_into_handles()
    sys.addaudithook(watch_what_is_run)
    while True:
        try:
            message = wire.unpack(wire.read_frame(requests, 1 << 30))
        except wire.EndOfStream:
            return
        if message["do"] == "define":
            judge.constants += message["source"]
            reply = judge.define(message["name"], message["source"])
        else:
            judge.constants += message["source"]
            reply = judge.test(message)
        wire.write_frame(answers, wire.pack(reply))
