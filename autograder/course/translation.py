"""A lesson in another language: its source, made from the one that is edited and a catalogue.

Markdown is translated by paragraph, item, heading and row of a table, code by comment, string and paragraph of a
docstring. What the catalogue lacks stays as it is.
"""

from __future__ import annotations

import ast
import io
import itertools
import os
import re
import shutil
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.grading.assignment import Assignment, AssignmentError
from autograder.languages import lesson_catalogue, read, words

BEGINS = re.compile(r"(\s*(?:#{1,6}|[-*]|\d+\.|\|) +|\s*(?=<|\w[\w, ]* -- |\w+:$))")  # a line that goes on none
ALONE = re.compile(r"\s*(\|[\s|:-]*\||</?\w+>)?\s*")  # what is no part of a paragraph
FENCE = ("```", "$$")
LITERAL = re.compile(r"""([fFrRbB]*)("{3}|'{3}|"|')(.*?)(?<!\\)\2""", re.DOTALL)
NO_WORDS = ("noqa", "type:", "fmt:")  # comments for programs
CODE = re.compile(r"`[^`]*`|\$[^$]*\$")
# Words that stand alone in a picture. All other strings of one word are names.
LABELS = frozenset(["cliff", "draw", "index", "iteration", "network", "probability", "start", "valley", "zeros"])


@dataclass(frozen=True)
class Piece:
    """What stands from `start` to `end` of a source, as text in one line, and how a translation is written there."""

    start: int
    end: int
    text: str
    written: Callable[[str], str] = str


def markdown_pieces(source: str) -> Iterator[Piece]:
    """The paragraphs, items, headings and rows."""
    yield from _paragraphs(source, 0)


def code_pieces(source: str) -> Iterator[Piece]:
    """The comments, strings, and paragraphs of docstrings."""
    lines = source.splitlines(keepends=True)
    places = [0, *itertools.accumulate(map(len, lines))]

    def place(line: int, column: int) -> int:
        return places[line - 1] + len(lines[line - 1].encode()[:column].decode())

    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        text = token.string.lstrip("# ")
        if token.type == tokenize.COMMENT and not token.string.startswith("###") and not text.startswith(NO_WORDS):
            end = places[token.start[0] - 1] + token.end[1]
            yield Piece(end - len(text), end, text)
    tree = ast.parse(source)
    docstrings = {id(node.body[0].value) for node in ast.walk(tree) if _has_docstring(node)}  # type: ignore[attr-defined]
    for node in _strings(tree):
        start = place(node.lineno, node.col_offset)
        end = place(node.end_lineno or 0, node.end_col_offset or 0)
        written = source[start:end]
        if id(node) in docstrings:
            quotes = written.index('"""') + 3
            yield from _paragraphs(source[start + quotes : end - 3], start + quotes)
        else:
            yield from _string(written, start, end)


def _has_docstring(node: ast.AST) -> bool:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    return isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None


def _strings(node: ast.AST) -> Iterator[ast.expr]:
    """The strings, without those in the braces of others."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _strings(child)


def _string(written: str, start: int, end: int) -> Iterator[Piece]:
    """A string as it is written, in one piece where it is in several."""
    parts = LITERAL.findall(written)
    text = "".join(part[2] for part in parts)
    outside = re.sub(r"\{[^{}]*\}|\\.|\$[^$]*\$", " ", text)
    if text in LABELS or (" " in outside and re.search("[A-Za-z]{2,}", outside)):
        prefix = "".join(sorted({char for part in parts for char in part[0]}))
        yield Piece(start, end, text, lambda translated: f'{prefix}"{translated}"')


def _paragraphs(source: str, offset: int) -> Iterator[Piece]:
    """The paragraphs of a text, without the marks before them; what is fenced in, or stands further in, is code."""
    begun: list[Piece] = []  # a line each
    fence, at = "", offset

    def piece() -> Iterator[Piece]:
        if begun:
            yield Piece(begun[0].start, begun[-1].end, " ".join(one.text for one in begun))
            begun.clear()

    for line in source.split("\n"):
        start, at, bare = at, at + len(line) + 1, line.strip()
        opens = next((one for one in FENCE if bare.startswith(one)), "")
        if fence or opens or ALONE.fullmatch(line):
            yield from piece()
            if fence:
                fence = "" if bare.endswith(fence) else fence
                if re.search("[a-z]{3}.*: ", line):  # what a cell prints
                    yield Piece(start, start + len(line), line)
            elif opens and (bare == opens or not bare.endswith(opens)):
                fence = opens
            continue
        before = BEGINS.match(line)
        if before is not None:
            yield from piece()
        skipped = len(before[0]) if before is not None else len(line) - len(line.lstrip())
        text = line[skipped:].rstrip()
        if begun or re.search("[A-Za-z]{2}", CODE.sub("", text)):
            begun.append(Piece(start + skipped, start + skipped + len(text), text))
    yield from piece()


def notebook_texts(notebook: NotebookNode) -> Iterator[str]:
    """What of a notebook is to be translated."""
    for cell in notebook.cells:
        yield from (one.text for one in _pieces_of(cell.cell_type, cell.source))


def file_texts(path: Path) -> Iterator[str]:
    """The same of a file of Markdown or Python."""
    yield from (one.text for one in _pieces_of(KINDS.get(path.suffix, ""), path.read_text("utf-8")))


KINDS = {".md": "markdown", ".py": "code"}


def _pieces_of(kind: str, source: str) -> list[Piece]:
    found = {"markdown": markdown_pieces, "code": code_pieces}.get(kind, lambda _: iter(()))(source)
    return sorted(found, key=lambda one: one.start)


def in_words(kind: str, source: str, known: Mapping[str, str]) -> str:
    """Markdown or code with the texts that are `known` in their translations."""
    for one in reversed(_pieces_of(kind, source)):
        if known.get(one.text, one.text) != one.text:
            source = source[: one.start] + one.written(known[one.text]) + source[one.end :]
    return source


def translate(assignment: Assignment) -> list[Path]:
    """Write the source of a translation. Returns the files written.

    Raises AssignmentError where it is none, or has no catalogue.
    """
    known, original = lesson_words(assignment), assignment.original.source
    folder = assignment.source.parent
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original.parent, folder, symlinks=True, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    notebook = nbformat.read(folder / original.name, as_version=4)
    (folder / original.name).unlink()
    for cell in notebook.cells:
        cell.source = in_words(cell.cell_type, cell.source, known)
    written = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
    for path in written:
        path.write_bytes(file_in_words(path, known).replace(original.name.encode(), assignment.source.name.encode()))
    assignment.source.write_text(nbformat.writes(notebook) + "\n", "utf-8")
    return sorted([*written, assignment.source])


def lesson_words(assignment: Assignment) -> dict[str, str]:
    """What a translation's lesson says, by what the original says. Raises AssignmentError where it has no catalogue."""
    code, folder = assignment.language.code, assignment.original.folder
    catalogue = lesson_catalogue(code, folder)
    if not assignment.translates or not catalogue.is_file():
        raise AssignmentError("{assignment} is no translation: its assignment.toml names no assignment, or {path} is "
                              "missing.", assignment=assignment.name, path=catalogue)  # fmt: skip
    beside = (lesson_catalogue(code, other) for other in sorted(folder.parent.iterdir()))
    return {text: said for path in [*beside, catalogue] if path.is_file() for text, said in words(read(path)).items()}


def file_in_words(path: Path, known: Mapping[str, str]) -> bytes:
    """A file of the course: of Markdown and Python with the texts that are `known` in their translations."""
    kind = KINDS.get(path.suffix)
    return in_words(kind, path.read_text("utf-8"), known).encode() if kind and known else path.read_bytes()
