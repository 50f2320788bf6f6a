"""What reaches a terminal: text that it shows, nothing that it would obey, but for our own colours and bars."""

from __future__ import annotations

import argparse
import logging
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import IO, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

from autograder.messages import printable_lines


class Terminal(Console):
    """A console for text that may come from anybody."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces that are printed: what is text in them is made printable."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(printable_lines(piece.text), piece.style)


def table_of_functions(title: str, columns: Sequence[str]) -> Table:
    """An empty table with a function's name and numbers in each row: at 80 characters it shows all columns."""
    table = Table(title=title, box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    table.add_column("function", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", width=max(map(len, column.split())))
    return table


class Parser(argparse.ArgumentParser):
    """Its complaints repeat what was typed, which may be a file's name."""

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(printable_lines(message), file)


def say(text: object, file: IO[str] | None = None) -> None:
    """Print lines of text."""
    print(printable_lines(str(text)), file=file or sys.stdout)


class PrintableRecord(logging.LogRecord):
    """A line of a log, whoever writes it: `nbgrader` names files, and what went wrong with them."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.exc_info and self.exc_info[0]:
            self.exc_text = printable_lines("".join(traceback.format_exception(*self.exc_info)).rstrip())

    def getMessage(self) -> str:
        """The text of the line."""
        return printable_lines(super().getMessage())
