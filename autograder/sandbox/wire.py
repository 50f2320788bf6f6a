"""Plain values to bytes and back, never pickle: the only language that crosses the sandbox's pipes.

A frame is four bytes of length (big-endian) and that many bytes of body: four bytes of length and so much JSON, then
the bytes of the arrays, one after the other. JSON's own types stand for themselves; anything else is an object
{"t": tag, "v": content}, where an array's content is the number of its bytes. Each kind of value has a tag of its own.
Standard library, NumPy and, where a value is one of its own, pandas only: the worker imports this inside the sandbox.
"""

from __future__ import annotations

import collections
import contextlib
import datetime
import json
import math
import os
import re
import select
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

try:
    from autograder.sandbox import frames
except ImportError:  # in the fork server, which has the modules of this folder only
    import frames  # type: ignore[no-redef]

MAX_DEPTH = 30
MAX_TEXT = 4 << 20  # bytes of JSON: as Python objects it takes up to fifty times as much
MAX_ODD_KEYS = 500  # of a dictionary or set, besides text and numbers: tuples can be made to have all the same hash
MAX_BITS = 14_000  # of a whole number: Python writes up to 4,300 digits
MAX_DIGITS = 10_000  # of a Decimal
_PLAIN, _NUMBERS = {type(None), bool, int, float, str}, {bool, int}
_ARRAYS = {"array", "scalar", "bytes"}  # tags whose content follows the JSON
_KINDS = "biufcUSMm"  # bool, signed, unsigned, float, complex, text, bytes, dates, spans of time
_DTYPE = re.compile(
    r"[|]b1|[|<][iu]1|<[iu][248]|<f[248]|<c(8|16)|<U[1-9]\d{0,5}|[|]S[1-9]\d{0,5}"
    r"|<[Mm]8(\[\d{0,6}(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?"
)
_FACTORIES: dict[str, Any] = {kind.__name__: kind for kind in (int, float, str, bool, list, set, dict)}

Inner = Callable[[Any], Any]  # encodes, or decodes, what lies within a value
Other = Callable[[Any], Any]


class WireError(Exception):
    """The bytes are no frame of ours, or the value cannot be sent."""


class EndOfStream(WireError):
    """The other side closed its end."""


@dataclass(frozen=True)
class Opaque:
    """Stands for a value that is not plain data: only the name of its type crosses."""

    type_name: str


def opaque(value: Any) -> Any:
    """What is sent of a value that is no plain data. Lists, tuples and dictionaries with another name are plain."""
    if isinstance(value, list):
        return [*list.__iter__(value)]
    if isinstance(value, tuple):
        return (*tuple.__iter__(value),)
    if isinstance(value, dict):
        return {**value}
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
        return np.asarray(value)
    return value if isinstance(value, Opaque) else Opaque(type(value).__name__)


def encode(value: Any, other: Other = opaque, depth: int = 0) -> Any:
    """A value as JSON-ready data.

    `other` gives what is to be sent instead of a value that is no plain data: a value that is, an Opaque, or a Tagged.
    """
    kind = type(value)
    if kind in _PLAIN:
        return _whole(value) if kind is int else value
    if depth > MAX_DEPTH:
        return {"t": "opaque", "v": "too deeply nested"}
    if kind is list:
        kinds = {*map(type, value)}
        if kinds <= _PLAIN and (int not in kinds or all(type(one) is not int or -_BIG < one < _BIG for one in value)):
            return list(value)  # as most are, and long ones
        return [encode(item, other, depth + 1) for item in value]
    if kind is Opaque:
        return {"t": "opaque", "v": value.type_name}
    if kind is Tagged:
        return {"t": value.tag, "v": encode(value.content, other, depth + 1)}
    if (tag := _KIND_OF.get(kind)) is not None:
        content = _TAGS[tag][1](value, lambda inner: encode(inner, other, depth + 1))
        if content is not None:
            return {"t": tag, "v": content}
    elif kind is np.ndarray or issubclass(kind, np.generic):
        array = _encode_array(value, lambda inner: encode(inner, other, depth + 1))
        if array is not None:
            return array
    if (frame := frames.encode(value)) is not None:
        return {"t": frame[0], "v": encode(frame[1], other, depth + 1)}
    return encode(other(value), other, depth + 1)


@dataclass(frozen=True)
class Tagged:
    """A value of a kind that only the two sides of a conversation know."""

    tag: str
    content: Any


def decode(data: Any, other: Callable[[str, Any], Any] | None = None, depth: int = 0) -> Any:
    """The value that `encode` made this data from. Raises WireError on anything else.

    `other` is given the tag and the content of what only the two sides of a conversation know.
    """
    if isinstance(data, str):
        return data if data.isascii() else data.encode("utf-8", "replace").decode()  # no lone surrogates
    if data is None or isinstance(data, bool | float):
        return data
    if isinstance(data, int):
        if abs(data) >= _BIG:
            raise WireError("a whole number that is too large for JSON")
        return data
    if depth > MAX_DEPTH + 2:
        raise WireError("nested too deeply")
    if isinstance(data, list):
        if _NUMBERS.issuperset(map(type, data)) and -_BIG < min(data, default=0) <= max(data, default=0) < _BIG:
            return data
        return [decode(item, other, depth + 1) for item in data]
    try:
        tag, content = data["t"], data["v"]
        if tag == "opaque":
            return Opaque(decode(_is(content, str)[:80]))
        if tag in ("array", "scalar"):
            return _decode_array(tag, data["dtype"], data["shape"], content)
        if tag in _TAGS:
            return _TAGS[tag][2](content, lambda inner: decode(inner, other, depth + 1))
        if tag in frames.TAGS:
            return frames.decode(tag, decode(content, other, depth + 1))
        if other is not None and isinstance(tag, str):
            return other(tag, decode(content, other, depth + 1))
    except WireError:
        raise
    except Exception as error:
        raise WireError(f"not a value: {str(error)[:200]}") from error
    raise WireError(f"unknown tag {tag!r:.40}")


_BIG = 1 << 64


def _whole(value: int) -> Any:
    if -_BIG < value < _BIG:
        return value
    return {"t": "int", "v": hex(value)} if value.bit_length() <= MAX_BITS else {"t": "opaque", "v": "int"}


def _decode_whole(content: Any, _: Inner) -> int:
    if len(_is(content, str)) > MAX_BITS // 4 + 8:
        raise WireError("a whole number that is too large")
    return int(content, 16)


def _items(value: Any, inner: Inner) -> list[Any]:
    return [inner(item) for item in value]


def _pairs(value: Any, inner: Inner) -> list[Any]:
    return [[inner(key), inner(item)] for key, item in value.items()]


def _decode_items(content: Any, inner: Inner) -> list[Any]:
    return [inner(item) for item in _is(content, list)]


def _keys(content: Any, inner: Inner) -> list[Any]:
    """What can be hashed: values that are made to have all the same hash would take for ever."""
    found = _decode_items(content, inner)
    if sum(not isinstance(key, str | int | float) for key in found) > MAX_ODD_KEYS:
        raise WireError("more tuples as keys than a dictionary has")
    return found


def _decode_pairs(content: Any, inner: Inner) -> dict[Any, Any]:
    pairs = [(key, value) for key, value in _is(content, list)]
    return dict(zip(_keys([key for key, _ in pairs], inner), [inner(value) for _, value in pairs], strict=True))


def _encode_default(value: Any, inner: Inner) -> Any:
    factory = next((name for name, kind in _FACTORIES.items() if value.default_factory is kind), None)
    return factory and [factory, _pairs(value, inner)]


def _default(content: Any, inner: Inner) -> Any:
    factory, pairs = _is(content, list)
    return collections.defaultdict(_FACTORIES[factory], _decode_pairs(pairs, inner))


def _decimal(content: Any, _: Inner) -> Decimal:
    if len(_is(content, str)) > MAX_DIGITS:
        raise WireError("a decimal number that is too long")
    return Decimal(content)


def _span(content: Any, inner: Inner) -> datetime.timedelta:
    days, seconds, micros = _decode_items(content, inner)
    return datetime.timedelta(days, seconds, micros)


def _encode_moment(value: Any, inner: Inner) -> Any:
    if value.tzinfo is not None and type(value.tzinfo) is not datetime.timezone:
        return None  # no offset from UTC, but a place
    offset = None if value.tzinfo is None else value.utcoffset()
    return [value.replace(tzinfo=None).isoformat(), value.fold, None if offset is None else inner(offset)]


def _moment(kind: Any) -> Callable[[Any, Inner], Any]:
    def decoded(content: Any, inner: Inner) -> Any:
        text, fold, offset = _is(content, list)
        zone = None if offset is None else datetime.timezone(_is(inner(offset), datetime.timedelta))
        return kind.fromisoformat(_is(text, str)).replace(tzinfo=zone, fold=fold)

    return decoded


def _range(content: Any, inner: Inner) -> range:
    return range(*_decode_items(content, inner))


def _fraction(content: Any, inner: Inner) -> Fraction:
    above, below = _decode_items(content, inner)
    return Fraction(_is(above, int), _is(below, int))


def _objects(content: Any, inner: Inner) -> np.ndarray:
    shape, values = _decode_items(content, inner)
    array = np.empty(len(values), object)
    for place, value in enumerate(values):
        array[place] = value  # one that is a list, too
    return array.reshape(_shape(shape, len(values)))


# tag: (type, value -> content, content -> value); both are given what encodes or decodes the values within
_TAGS: dict[str, tuple[Any, Callable[[Any, Inner], Any], Callable[[Any, Inner], Any]]] = {
    "int": (None, lambda value, _: hex(value), _decode_whole),
    "tuple": (tuple, _items, lambda content, inner: tuple(_decode_items(content, inner))),
    "dict": (dict, _pairs, _decode_pairs),
    "set": (set, _items, lambda content, inner: set(_keys(content, inner))),
    "frozenset": (frozenset, _items, lambda content, inner: frozenset(_keys(content, inner))),
    "counter": (collections.Counter, _pairs, lambda content, inner: collections.Counter(_decode_pairs(content, inner))),
    "ordered": (collections.OrderedDict, _pairs,
                lambda content, inner: collections.OrderedDict(_decode_pairs(content, inner))),
    "defaultdict": (collections.defaultdict, _encode_default, _default),
    "deque": (collections.deque, lambda value, inner: [_items(value, inner), value.maxlen],
              lambda content, inner: collections.deque(_decode_items(content[0], inner), content[1])),
    "bytes": (bytes, lambda value, _: value, lambda content, _: _is(content, bytes)),
    "complex": (complex, lambda value, _: [value.real, value.imag], lambda content, _: complex(*map(float, content))),
    "range": (range, lambda value, inner: [inner(n) for n in (value.start, value.stop, value.step)], _range),
    "slice": (slice, lambda value, inner: [inner(n) for n in (value.start, value.stop, value.step)],
              lambda content, inner: slice(*_decode_items(content, inner))),
    "ellipsis": (type(...), lambda value, _: True, lambda content, _: ...),
    "decimal": (Decimal, lambda value, _: str(value), _decimal),
    "fraction": (Fraction, lambda value, inner: [inner(value.numerator), inner(value.denominator)], _fraction),
    "date": (datetime.date, lambda value, _: value.isoformat(),
             lambda content, _: datetime.date.fromisoformat(content)),
    "time": (datetime.time, _encode_moment, _moment(datetime.time)),
    "datetime": (datetime.datetime, _encode_moment, _moment(datetime.datetime)),
    "timedelta": (datetime.timedelta, lambda value, _: [value.days, value.seconds, value.microseconds], _span),
    "objects": (None, _items, _objects),
}  # fmt: skip
_KIND_OF = {kind: tag for tag, (kind, _, _) in _TAGS.items() if kind is not None}


def _encode_array(value: Any, inner: Inner) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in _KINDS + "O":
        return None
    if array.dtype.kind == "O":
        return {"t": "objects", "v": [inner(list(array.shape)), [inner(item) for item in array.flat]]}
    dtype = array.dtype if array.dtype.itemsize else np.dtype(f"{array.dtype.kind}1")  # of an empty text
    little = np.ascontiguousarray(array, dtype=dtype.newbyteorder("<"))
    if not _DTYPE.fullmatch(little.dtype.str):
        return None
    return {
        "t": "scalar" if isinstance(value, np.generic) else "array",
        "dtype": little.dtype.str,
        "shape": list(array.shape),
        "v": little.tobytes(),
    }


def _decode_array(tag: str, dtype_name: Any, shape: Any, content: Any) -> Any:
    if not _DTYPE.fullmatch(_is(dtype_name, str)):
        raise WireError(f"not an array of plain data: {dtype_name!r:.40}")
    dtype = np.dtype(dtype_name)
    raw = _is(content, bytes)
    if dtype.kind == "U" and (np.frombuffer(raw, "<u4") > sys.maxunicode).any():
        raise WireError("text that is none")
    array = np.frombuffer(raw, dtype).reshape(_shape(shape, len(raw) / dtype.itemsize)).copy()
    return array[()] if tag == "scalar" and not shape else array


def _shape(shape: Any, size: float) -> tuple[int, ...]:
    if len(_is(shape, list)) > 32 or not all(type(n) is int and 0 <= n <= 2**31 for n in shape):
        raise WireError("not a shape")
    if math.prod(shape) != size:
        raise WireError("shape and content do not agree")
    return tuple(shape)


def _is(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise WireError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value


def copy_into(given: Any, changed: Any) -> None:
    """Make an argument's arrays, also those in a dictionary, what a call on the other side left of them."""
    if isinstance(given, dict) and isinstance(changed, dict):
        for key in given.keys() & changed.keys():
            copy_into(given[key], changed[key])
    elif isinstance(given, np.ndarray) and isinstance(changed, np.ndarray) and given.shape == changed.shape:
        given[...] = changed


def pack(message: Any, other: Other = opaque) -> bytes:
    """One frame that holds `message`; `other` is that of `encode`."""
    return frame(encode(message, other))


def frame(encoded: Any) -> bytes:
    """One frame that holds what `encode` made."""
    arrays: list[bytes] = []

    def set_aside(raw: bytes) -> int:
        arrays.append(raw)
        return len(raw)

    text = json.dumps(encoded, default=set_aside).encode("utf-8", "surrogatepass")
    parts = [struct.pack(">I", len(text)), text, *arrays]
    return struct.pack(">I", sum(map(len, parts))) + b"".join(parts)


def unpack(body: bytes, other: Callable[[str, Any], Any] | None = None) -> Any:
    """The message in a frame's body; `other` is that of `decode`. Raises WireError on bytes that are no message."""
    (length,) = struct.unpack_from(">I", body) if len(body) >= 4 else (0,)
    if length > MAX_TEXT:
        raise WireError("more text than a message has")
    position = 4 + length

    def fetch(data: dict[str, Any]) -> dict[str, Any]:
        nonlocal position
        if data.get("t") in _ARRAYS:
            size = _is(data.get("v"), int)
            if not 0 <= size <= len(body) - position:
                raise WireError("an array ends outside of its frame")
            data["v"] = body[position : position + size]
            position += size
        return data

    try:
        return decode(json.loads(body[4 : 4 + length].decode("utf-8", "surrogatepass"), object_hook=fetch), other)
    except (ValueError, TypeError, RecursionError) as error:
        raise WireError(f"not a message: {error}") from error


def read_frame(fd: int, limit: int, watch: Callable[[], float] | None = None) -> bytes:
    """The body of the next frame on `fd`, of at most `limit` bytes.

    `watch` is asked before each wait: it returns how many seconds it can wait until it is asked again, or raises.
    Raises EndOfStream when the other side is gone, and WireError when the frame claims to be longer than `limit`.
    """
    (length,) = struct.unpack(">I", _read_exactly(fd, 4, watch))
    if length > limit:
        raise WireError(f"a frame of {length} bytes is over the limit of {limit}")
    return _read_exactly(fd, length, watch)


def _read_exactly(fd: int, count: int, watch: Callable[[], float] | None) -> bytes:
    poller = select.poll()  # not select.select, which fails on descriptors above 1,023
    poller.register(fd, select.POLLIN)
    parts, missing = [], count
    while missing:
        if watch is not None:
            while not poller.poll(watch() * 1000):
                pass
        part = os.read(fd, min(missing, 1 << 20))
        if not part:
            raise EndOfStream("the other side is gone")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def write_frame(fd: int, frame: bytes, watch: Callable[[], float] | None = None) -> None:
    """Write a whole frame; raises BrokenPipeError when the reader is gone. With `watch`, `fd` must not block."""
    poller = select.poll()
    poller.register(fd, select.POLLOUT)
    view = memoryview(frame)
    while view:
        if watch is not None:
            while not poller.poll(watch() * 1000):
                pass
        with contextlib.suppress(BlockingIOError):
            view = view[os.write(fd, view) :]
