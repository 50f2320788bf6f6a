"""A notebook's code cells, and what Python makes of their text."""

from __future__ import annotations

import ast
import re
import symtable
import sys
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from autograder.messages import Message
from autograder.notebook.magics import plain_python

MAX_CODE = 50_000  # characters in a cell: the lesson's longest has 3,000
# What Python reads from a version on: that, and what an older one complains of, or what the line looks like.
NEWER = (
    ((3, 12), r"^f-string: ", ""),
    ((3, 12), "", r"^\s*type\s+\w+\s*[=\[]|^\s*(async\s+)?(def|class)\s+\w+\s*\["),
    ((3, 14), r"^multiple exception types must be parenthesized", ""),
    ((3, 14), "", r"\b[tT][rR]?[\"']"),
)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Cell:
    """A code cell. `number` counts all cells of the student's notebook from 1; 0 is a locked cell put back."""

    source: str
    number: int
    grade_id: str | None


def function_names(source: str) -> set[str]:
    """The functions and classes that a cell defines at its top level; also by assignment, as in `f = partial(...)`."""
    tree = parse(source)
    if isinstance(tree, Message):
        return set(re.findall(r"^(?:async\s+)?(?:def|class)\s+(\w+)", source, re.MULTILINE))
    names = {node.name for node in tree.body if isinstance(node, DEFINITIONS)}
    return names | {t.id for node in tree.body if isinstance(node, ast.Assign) for t in node.targets
                    if isinstance(t, ast.Name)}  # fmt: skip


def runnable(source: str) -> str:
    """The text that parses: as it is, or without magics. What cannot be read stays as it is: running it says why."""
    with warnings.catch_warnings(), suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except SyntaxError:
            return plain_python(source)
    return source


@lru_cache(maxsize=64)  # most cells of a class are the same
def parse(source: str) -> ast.Module | Message:
    """The cell's syntax tree, or why there is none: the Message lacks the number of the `cell`."""
    if len(source) > MAX_CODE:
        return Message("Python cannot read cell {cell}: it holds more than {most:,} characters.", most=MAX_CODE)
    last = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for read in (str, plain_python):  # what is Python alone means the same to a kernel
            try:
                tree = ast.parse(read(source))
                for statement in tree.body:  # what they refuse, `needed_code` could not look into
                    symtable.symtable(ast.unparse(statement), "cell", "exec")
                compile(tree, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                return tree
            except SyntaxError as error:
                last = error
            except (ValueError, RecursionError, MemoryError):
                return Message(
                    "Python cannot read cell {cell}: it holds a character that no code can hold, or is nested too deep."
                )
    assert last is not None
    return Message("Python cannot read cell {cell}, line {line}: {error}.", line=last.lineno, error=last.msg)


def newer_python(source: str, why: Message, saved_by: str) -> Message | None:
    """That a newer Python than ours may read a cell, of which `parse` said `why` ours does not.

    `saved_by` is the version that saved the notebook, or "": what only later ones read was no code there either.
    """
    complaint, number = str(why.values.get("error", "")), why.values.get("line")
    if not isinstance(number, int):
        return None
    ours, latest = sys.version_info[:2], NEWER[-1][0]
    saved = tuple(map(int, saved_by.split("."))) if saved_by else latest
    line = "".join(source.splitlines()[number - 1 : number])
    needed = [version for version, said, looks in NEWER
              if ours < version <= saved and re.search(said, complaint) and re.search(looks, line)]  # fmt: skip
    values = {"newer": saved_by or _version(max(needed, default=latest)), "ours": _version(ours)}
    if saved_by and (needed or saved > max(latest, ours)):
        text = (
            "The notebook was saved with Python {newer}, which may read it, and is graded with Python {ours}: write "
            "what both read."
        )
        return Message(text, **values)
    if needed:
        text = "Python {newer} may read it; notebooks are graded with Python {ours}: write what both read."
        return Message(text, **values)
    return None


def _version(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
