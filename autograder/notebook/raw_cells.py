"""A notebook file of any size, read to what is kept of it: its cells without outputs, within bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

from autograder.errors import CannotGrade
from autograder.messages import Message
from autograder.notebook.cells import MAX_CODE
from autograder.notebook.json_text import JsonText, TooMuch

MAX_CELLS = 2_000
MAX_LINES = 100_000  # of a cell
MAX_CELL = 10_000_000  # characters of a cell: Colab puts pictures into Markdown
MAX_TEXT = 20_000_000  # characters of all Markdown and attachments
MAX_CODE_READ = 2_000_000  # characters of all code
CAN_HELP = Message("Open it in JupyterLab, check that it runs, save it, and submit that file.")
OTHER_FORMAT = "This file is not a Jupyter notebook of format 4 (or 3). {help}"
RawCell = dict[str, Any]  # cell_type, source, grade_id or None, attachments or None, left_out (whether something is)
Item = TypeVar("Item")


class Unreadable(CannotGrade):
    """The file cannot be graded; the text is one sentence that says why, and one that says what to do."""


@dataclass(frozen=True)
class RawNotebook:
    """What is kept of a file: its cells, None for each that is damaged, and the Python that saved it, as in "3.12"."""

    cells: list[RawCell | None]
    python: str


def raw_notebook(file: BinaryIO) -> RawNotebook:
    """What is kept of a notebook file. Raises Unreadable for what is no notebook."""
    reader = _Reader(file)
    try:
        if not reader.json.peek():
            raise Unreadable("This file is empty. {help}", help=CAN_HELP)
        version, cells = reader.notebook()
        reader.json.end()
    except TooMuch:
        raise Unreadable("This file holds too much to be read: clear the outputs, save, and submit again.") from None
    except (ValueError, RecursionError):
        said = "This file is not a Jupyter notebook: it does not hold JSON text. {help}"
        raise Unreadable(said, help=CAN_HELP) from None
    if version not in (3, 4):
        raise Unreadable(OTHER_FORMAT, help=CAN_HELP)
    if cells is None:
        raise Unreadable("This notebook has no list of cells. {help}", help=CAN_HELP)
    return RawNotebook(cells, reader.python)


def as_notebook(raw: RawNotebook) -> bytes:
    """A notebook file with these cells: `raw_notebook` reads the same from it."""
    plain = [cell and {**cell, "metadata": {"nbgrader": {"grade_id": cell["grade_id"]}}} for cell in raw.cells]
    metadata = {"language_info": {"version": raw.python}} if raw.python else {}
    return json.dumps({"nbformat": 4, "metadata": metadata, "cells": plain}).encode()


class _Reader:
    """Reads what is kept. Of two members with the same name the last counts, as everywhere in JSON."""

    def __init__(self, file: BinaryIO) -> None:
        self.json = JsonText(file)
        self._room, self._code_room = MAX_TEXT, MAX_CODE_READ
        self.python = ""

    def notebook(self) -> tuple[object, list[RawCell | None] | None]:
        """The format, and the cells where there is a list of them."""
        version: object = None
        cells = sheets = None
        if self.json.peek() == "[":  # one of brackets only would take long
            raise Unreadable(OTHER_FORMAT, help=CAN_HELP)
        for key in self._members():
            if key == "nbformat":
                version = self.json.scalar()
            elif key == "cells":
                cells = self._cells()
            elif key == "metadata":
                self.python = self._python()
            elif key == "worksheets":  # of format 3
                sheets = self._items(self._sheet, MAX_CELLS)
            else:
                self.json.passed_over()
        if version == 3 and sheets is not None:
            cells = [cell for sheet in sheets for cell in sheet]
        if cells and len(cells) > MAX_CELLS:
            said = "This notebook has more than {most:,} cells: delete what is not part of it, submit again."
            raise Unreadable(said, most=MAX_CELLS)
        return version, cells

    def _sheet(self) -> list[RawCell | None]:
        cells = None
        for key in self._members():
            if key == "cells":
                cells = self._cells()
            else:
                self.json.passed_over()
        return cells or []

    def _cells(self) -> list[RawCell | None] | None:
        self._room, self._code_room = MAX_TEXT, MAX_CODE_READ
        return self._items(self._cell, MAX_CELLS)

    def _cell(self) -> RawCell | None:
        kind = grade_id = attachments = None
        sources: dict[str, str | None] = {}
        left_out = False
        for key in self._members():
            if key == "cell_type":
                kind = self.json.scalar()
            elif key in ("source", "input"):  # format 3 has a code cell's text under "input"
                sources[key], whole = self._source()
                left_out |= not whole
            elif key == "metadata":
                grade_id = self._grade_id()
            elif key == "attachments":
                attachments, whole = self._attachments()
                left_out |= not whole
            elif key == "left_out":  # of `as_notebook`
                left_out |= self.json.scalar() is True
            else:
                self.json.passed_over()
        source = sources.get("source", sources.get("input", ""))
        if kind not in ("code", "markdown", "raw", "heading") or source is None:
            return None
        source = _plain(source)
        if kind == "code":  # of which nothing that is longer runs
            left_out = self._code_room < min(len(source), MAX_CODE)
            source = source[: min(self._code_room, MAX_CODE + 1)]
            self._code_room -= len(source)
        else:
            left_out |= len(source) > self._room
            source = source[: self._room]
            self._room -= len(source)
        return {
            "cell_type": "markdown" if kind == "heading" else kind,
            "source": source,
            "grade_id": grade_id,
            "attachments": attachments or None,
            "left_out": left_out,
        }

    def _source(self) -> tuple[str | None, bool]:
        """A cell's text, from a text or a list of lines, and whether that is all; None for anything else."""
        room = max(min(MAX_CELL, self._room), MAX_CODE + 1)
        if self.json.peek() != "[":
            return self._text(room)
        lines: list[str | None] = []
        whole = True
        for _ in self.json.items():
            line, all_of_it = self._text(room if len(lines) < MAX_LINES else 0)
            whole &= all_of_it
            room -= len(line or "")
            if len(lines) < MAX_LINES or line is None:
                lines.append(line)
        return (None if None in lines else "".join(map(str, lines))), whole

    def _text(self, room: int) -> tuple[str | None, bool]:
        if self.json.peek() == '"':
            return self.json.string(max(0, room))
        self.json.passed_over()
        return None, True

    def _attachments(self) -> tuple[dict[str, dict[str, str]], bool]:
        """The attachments that there is room for, and whether these are all. What is malformed is none."""
        found: dict[str, dict[str, str]] = {}
        all_of_them = True
        for name in self._members():
            for kind in self._members():
                text, whole = self._text(min(MAX_CELL, self._room))
                if text is not None and whole and self._room > 0:
                    found.setdefault(_plain(name), {})[_plain(kind)] = _plain(text)
                    self._room -= len(name) + len(kind) + len(text)
                else:
                    all_of_them &= text is None
        return found, all_of_them

    def _grade_id(self) -> str | None:
        """In a cell's metadata."""
        grade_id: object = None
        for key in self._members():
            if key != "nbgrader":
                self.json.passed_over()
                continue
            grade_id = None
            for name in self._members():
                if name == "grade_id":
                    grade_id = self.json.scalar()
                else:
                    self.json.passed_over()
        return grade_id if isinstance(grade_id, str) else None

    def _python(self) -> str:
        """In the notebook's metadata: "3.12" of the version 3.12.4."""
        version: object = None
        for key in self._members():
            if key != "language_info":
                self.json.passed_over()
                continue
            for name in self._members():
                if name == "version":
                    version = self.json.scalar()
                else:
                    self.json.passed_over()
        found = re.match(r"[23]\.[0-9]{1,2}", version) if isinstance(version, str) else None
        return found[0] if found else ""

    def _members(self) -> Iterator[str]:
        """The keys of an object; of anything else none, and it is passed over."""
        if self.json.peek() == "{":
            yield from self.json.members()
        else:
            self.json.passed_over()

    def _items(self, read: Callable[[], Item], most: int) -> list[Item] | None:
        """The items of an array, and one more than `most` of a longer one; None for anything else."""
        if self.json.peek() != "[":
            self.json.passed_over()
            return None
        found: list[Item] = []
        for _ in self.json.items():
            if len(found) <= most:
                found.append(read())
            else:
                self.json.passed_over()
        return found


def _plain(text: str) -> str:
    """Text without lone surrogates, which cannot be written to a file."""
    return text.encode("utf-8", "replace").decode()
