"""JSON read as a stream: what is wanted is kept, within bounds; all else is passed over, however large it is."""

from __future__ import annotations

import codecs
import contextlib
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

PIECE = 1 << 17  # bytes that are read at a time
MAX_STEPS = 2_000_000  # in one text: they take a second or two
MAX_KEY = 1_000  # characters
BLANKS = re.compile(r"[ \t\n\r]*")
WORD = re.compile(r'[^\s"\[\]{},:]*')
CHARACTERS = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)  # within a text
# What can be passed over in one step: arrays and objects in which are no others, or only such.
# After each part only one thing can come, so that trying takes a time that grows with the length.
_TEXT, _REST = rf'"{CHARACTERS.pattern}"', r'[^"\[\]{}]*'
_FLAT = rf"{_REST}(?:{_TEXT}{_REST})*"
_IN_FLAT = rf"{_REST}(?:(?:{_TEXT}|\[{_FLAT}\]|\{{{_FLAT}\}}){_REST})*"
SHALLOW = re.compile(rf"{_REST}(?:(?:{_TEXT}|\[{_IN_FLAT}\]|\{{{_IN_FLAT}\}}){_REST})*", re.DOTALL)


class TooMuch(ValueError):
    """More steps than are made for one text."""


class JsonText:
    """The values of a JSON text, each to be read or passed over before the next.

    Raises ValueError for what is no JSON text. What is passed over is not checked but for its brackets' number.

    >>> text = JsonText(io.BytesIO(b'{"a": [1, {"b": 2}], "c": "x"}'))
    >>> [(key, text.passed_over() if key == "a" else text.string(10)) for key in text.members()]
    [('a', None), ('c', 'x')]
    """

    def __init__(self, file: BinaryIO) -> None:
        self._pieces = _decoded(file)
        self._text = ""
        self._at = 0
        self._steps = 0

    def peek(self) -> str:
        """The first character of what comes next; "" at the end."""
        self._step()
        while True:
            self._run(BLANKS)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def members(self) -> Iterator[str]:
        """The keys of the object that comes next; whoever asks reads or passes over each value."""
        self._take("{")
        if self.peek() == "}":
            self._take("}")
            return
        while True:
            key, _ = self.string(MAX_KEY)
            self._take(":")
            yield key
            if self._take(",}") == "}":
                return

    def items(self) -> Iterator[None]:
        """One turn for each item of the array that comes next; whoever asks reads or passes over each."""
        self._take("[")
        if self.peek() == "]":
            self._take("]")
            return
        while True:
            yield
            if self._take(",]") == "]":
                return

    def string(self, limit: int) -> tuple[str, bool]:
        """The text that comes next, at most what `limit` characters of the file hold, and whether that is all."""
        if self.peek() != '"':
            raise ValueError("no text")
        raw, whole = self._captured(limit + 2)
        if whole:
            return json.loads(raw), True
        for cut in range(len("\\uXXXX")):  # it may end within an escape
            with contextlib.suppress(ValueError):
                return json.loads(f'{raw[: len(raw) - 1 - cut]}"'), False
        raise ValueError("no text")

    def scalar(self) -> object:
        """The number, word or short text that comes next; None for anything else."""
        if self.peek() in ("[", "{"):
            self.passed_over()
            return None
        raw, whole = self._captured(MAX_KEY)
        return json.loads(raw) if whole else None

    def passed_over(self) -> None:
        """Go on behind the value that comes next."""
        first = self.peek()
        if not first or first not in "[{":
            self._captured(0)
            return
        self._at += 1
        depth = 1
        while depth:
            self._run(SHALLOW)
            if self._at == len(self._text):
                if not self._more():
                    raise ValueError("the end comes too early")
            elif self._text[self._at] == '"':  # not to its end in this piece
                for _ in self._characters():
                    pass
            else:
                self._step()
                depth += 1 if self._text[self._at] in "[{" else -1
                self._at += 1

    def end(self) -> None:
        """Raise ValueError where more comes."""
        if self.peek():
            raise ValueError("more than one value")

    def _captured(self, limit: int) -> tuple[str, bool]:
        """The next text, number or word as it stands in the file, or its beginning, and whether that is all of it."""
        kept, size = [], 0
        for part in self._characters() if self._text[self._at : self._at + 1] == '"' else self._word():
            if size < limit:
                kept.append(part[: limit - size])
            size += len(part)
        if not size:
            raise ValueError("no value")
        return "".join(kept), size <= limit

    def _word(self) -> Iterator[str]:
        """The parts of a number or a word."""
        yield self._run(WORD)
        while self._at == len(self._text) and self._more():
            yield self._run(WORD)

    def _characters(self) -> Iterator[str]:
        """The parts of a text, quotes included."""
        self._at += 1
        yield '"'
        while True:
            yield self._run(CHARACTERS)
            rest = self._text[self._at :]
            if rest.startswith('"'):
                self._at += 1
                yield '"'
                return
            if not self._more():
                raise ValueError("the end comes too early")
            self._text = rest + self._text  # rest: nothing, or a backslash whose character comes now

    def _run(self, of: re.Pattern[str]) -> str:
        """What matches here, in this piece."""
        found = of.match(self._text, self._at)
        assert found is not None  # nothing matches as well
        self._at = found.end()
        return found[0]

    def _take(self, one_of: str) -> str:
        first = self.peek()
        if not first or first not in one_of:
            raise ValueError(f"none of {one_of}")
        self._at += 1
        return first

    def _more(self) -> bool:
        """Take the next piece for the one that was read."""
        self._text, self._at = next(self._pieces, ""), 0
        return bool(self._text)

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooMuch


def _decoded(file: BinaryIO) -> Iterator[str]:
    """The file's text in pieces, none of them empty; as `json.loads` takes it for UTF-8, 16 or 32."""
    data = file.read(PIECE)
    decoder = codecs.getincrementaldecoder(json.detect_encoding(data))("surrogatepass")
    while data:
        if text := decoder.decode(data):
            yield text
        data = file.read(PIECE)
    if text := decoder.decode(b"", True):
        yield text
