"""Plain values and arrays to bytes and back, never pickle: the only language that crosses the sandbox's pipes.

A frame is four bytes of length (big-endian) and that many bytes of body: four bytes of length and so much JSON, then
the numbers of the arrays, one after the other. JSON's own types stand for themselves; a tuple, dict, array, NumPy
scalar or anything else is an object {"t": tag, "v": content}, where an array's content is the number of its bytes.
Standard library and NumPy only: the worker imports this inside the sandbox.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_DEPTH = 12
MAX_TEXT = 4 << 20  # bytes of JSON: as Python objects it takes up to fifty times as much
MAX_ODD_KEYS = 500  # of a dictionary, besides text and numbers: tuples can be made to have all the same hash
_PLAIN, _NUMBERS = {type(None), bool, int, float, str}, {bool, int}
_PLAIN_KINDS = "biuf"  # bool, signed, unsigned, float: what an array of numbers can hold


class WireError(Exception):
    """The bytes are no frame of ours, or the value cannot be sent."""


class EndOfStream(WireError):
    """The other side closed its end."""


@dataclass(frozen=True)
class Opaque:
    """Stands for a value that is not plain data: only the name of its type crosses."""

    type_name: str


def encode(value: Any, depth: int = 0) -> Any:
    """A value as JSON-ready data. What is not plain data becomes Opaque."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if depth > MAX_DEPTH:
        return {"t": "opaque", "v": "too deeply nested"}
    if kind is list and _PLAIN.issuperset(map(type, value)):  # as most are, and long ones
        return list(value)
    if isinstance(value, list):
        return [encode(item, depth + 1) for item in list.__iter__(value)]
    if isinstance(value, tuple):  # a named one, too
        return {"t": "tuple", "v": [encode(item, depth + 1) for item in tuple.__iter__(value)]}
    if isinstance(value, dict):
        return {"t": "dict", "v": [[encode(k, depth + 1), encode(v, depth + 1)] for k, v in value.items()]}
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in _PLAIN_KINDS and value.dtype.itemsize <= 8:
        array = np.asarray(value)
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        return {
            "t": "scalar" if isinstance(value, np.generic) else "array",
            "dtype": little.dtype.str,
            "shape": list(array.shape),
            "v": little.tobytes(),
        }
    return {"t": "opaque", "v": value.type_name if isinstance(value, Opaque) else kind.__name__}


def decode(data: Any, depth: int = 0) -> Any:
    """The value that `encode` made this data from. Raises WireError on anything else."""
    if isinstance(data, str):
        return data if data.isascii() else data.encode("utf-8", "replace").decode()  # no lone surrogates
    if data is None or isinstance(data, bool | float):
        return data
    if isinstance(data, int):
        return data if abs(data) < 1 << 64 else Opaque("int of more than 64 bits")
    if depth > MAX_DEPTH + 1:
        raise WireError("nested too deeply")
    if isinstance(data, list):
        if _NUMBERS.issuperset(map(type, data)) and -(1 << 64) < min(data, default=0) <= max(data, default=0) < 1 << 64:
            return data
        return [decode(item, depth + 1) for item in data]
    try:
        tag, content = data["t"], data["v"]
        if tag == "tuple":
            return tuple(decode(item, depth + 1) for item in _is(content, list))
        if tag == "dict":
            items = [(decode(key, depth + 1), decode(value, depth + 1)) for key, value in _is(content, list)]
            if sum(not isinstance(key, str | int | float) for key, _ in items) > MAX_ODD_KEYS:
                raise WireError("more tuples as keys than a dictionary has")
            return dict(items)
        if tag == "opaque":
            return Opaque(decode(_is(content, str)[:80]))
        if tag in ("array", "scalar"):
            return _decode_array(tag, data["dtype"], data["shape"], content)
    except (KeyError, TypeError, ValueError) as error:
        raise WireError(f"not a value: {error}") from error
    raise WireError(f"unknown tag {tag!r:.40}")


def _decode_array(tag: str, dtype_name: Any, shape: Any, content: Any) -> Any:
    if _is(dtype_name, str) not in _DTYPES:
        raise WireError(f"not an array of numbers: {dtype_name!r:.40}")
    dtype = np.dtype(dtype_name)
    raw = _is(content, bytes)
    if len(_is(shape, list)) > 32 or not all(type(n) is int and 0 <= n <= 2**31 for n in shape):
        raise WireError("not a shape")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise WireError("shape and bytes do not agree")
    array = np.frombuffer(raw, dtype).reshape(shape).copy()
    return array[()] if tag == "scalar" and not shape else array


_DTYPES = {"|b1", *(f"{order}{kind}{size}" for kind, order, size in
           [("i", "|", 1), ("u", "|", 1), *((k, "<", s) for k in "iu" for s in (2, 4, 8)),
            *(("f", "<", s) for s in (2, 4, 8))])}  # fmt: skip


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


def pack(message: Any) -> bytes:
    """One frame that holds `message`."""
    return frame(encode(message))


def frame(encoded: Any) -> bytes:
    """One frame that holds what `encode` made."""
    arrays: list[bytes] = []

    def set_aside(raw: bytes) -> int:
        arrays.append(raw)
        return len(raw)

    text = json.dumps(encoded, default=set_aside).encode("utf-8", "surrogatepass")
    parts = [struct.pack(">I", len(text)), text, *arrays]
    return struct.pack(">I", sum(map(len, parts))) + b"".join(parts)


def unpack(body: bytes) -> Any:
    """The message in a frame's body. Raises WireError on bytes that are no message."""
    (length,) = struct.unpack_from(">I", body) if len(body) >= 4 else (0,)
    if length > MAX_TEXT:
        raise WireError("more text than a message has")
    position = 4 + length

    def fetch(data: dict[str, Any]) -> dict[str, Any]:
        nonlocal position
        if data.get("t") in ("array", "scalar"):
            size = _is(data.get("v"), int)
            if not 0 <= size <= len(body) - position:
                raise WireError("an array ends outside of its frame")
            data["v"] = body[position : position + size]
            position += size
        return data

    try:
        return decode(json.loads(body[4 : 4 + length].decode("utf-8", "surrogatepass"), object_hook=fetch))
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
