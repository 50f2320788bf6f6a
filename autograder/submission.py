"""Notebook bytes, hostile or broken, to a Submission: its cells, what was repaired, and which statements to run."""

from __future__ import annotations

import ast
import builtins
import errno
import json
import os
import re
import stat
import symtable
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.errors import CannotGrade

MAX_BYTES = 10_000_000
MAX_CELLS = 2_000
MAX_CODE = 50_000  # characters in a cell: the lesson's longest has 3,000
MAX_CODE_IN_ALL = 300_000  # reading them takes seconds, and 200 times as much memory
MAX_STATEMENTS = 5_000  # at the top level of a notebook
CAN_HELP = "Open it in JupyterLab, check that it runs, save it, and submit that file."
HARMLESS_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")


class Unreadable(CannotGrade):
    """The file cannot be graded; the text is one sentence that says why, and one that says what to do."""


@dataclass(frozen=True)
class Cell:
    """A code cell. `number` counts all cells of the student's notebook from 1; 0 is a locked cell put back."""

    source: str
    number: int
    grade_id: str | None


@dataclass(frozen=True)
class Snippet:
    """What to run of a cell: the top-level statements with these indices."""

    source: str
    cell_number: int
    statements: tuple[int, ...]


@dataclass(frozen=True)
class Submission:
    """A readable notebook. `notebook` is the repaired one that nbgrader can record."""

    cells: tuple[Cell, ...]
    problems: tuple[str, ...]
    notebook: NotebookNode
    syntax_errors: dict[str, str]  # function -> why Python cannot read the cell that should define it


def restore_name(folder: Path, assignment: str) -> Path | None:
    """Give the only notebook of a submission the assignment's name, if the student changed it. Returns its new path."""
    expected = folder / f"{assignment}.ipynb"
    found = [path for path in _notebooks(folder) if path.is_file() and not path.is_symlink()]
    if len(found) != 1 or os.path.lexists(expected):
        return None
    try:
        return found[0].rename(expected)
    except OSError:  # a directory that cannot be written: `why_no_notebook` says what to do
        return None


def why_no_notebook(folder: Path, assignment: str) -> str:
    """What to say where a submission lacks the file with the assignment's name; nothing where it is there."""
    name = f"{assignment}.ipynb"
    if os.path.lexists(folder / name):
        return ""
    files = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    notebooks = [path.name for path in _notebooks(folder)]
    if len(notebooks) == 1:
        return f"The notebook is named {notebooks[0]} and cannot be renamed here: give it the name {name}."
    if notebooks:
        return _several(notebooks, name)
    return f"There is no notebook among what was handed in ({', '.join(files)[:200] or 'nothing'}): ask for {name}."


def handed_in(folder: Path, assignment: str) -> Path:
    """The notebook in a directory, or in one within it, as in an unpacked archive.

    That is the one with the assignment's name, or the only one; raises Unreadable where there is neither.
    """
    found = _notebooks(folder) or [path for inside in _visible(folder, "*/") for path in _notebooks(inside)]
    named = [path for path in found if path.name == f"{assignment}.ipynb"]
    if not found:
        raise Unreadable(why_no_notebook(folder, assignment))
    if len(named or found) > 1:
        raise Unreadable(_several([str(path.relative_to(folder)) for path in found], f"{assignment}.ipynb"))
    return (named or found)[0]


def _several(notebooks: list[str], name: str) -> str:
    return f"There are {len(notebooks)} notebooks ({', '.join(notebooks)[:200]}): keep one, and name it {name}."


def _notebooks(folder: Path) -> list[Path]:
    return _visible(folder, "*.ipynb")


def _visible(folder: Path, pattern: str) -> list[Path]:
    """What matches in a directory, but for what editors (checkpoints) and archives of macOS put there."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith((".", "__MACOSX")))


def read_file(path: Path) -> bytes:
    """The bytes of a submitted file. Raises Unreadable for what is no regular file, or too large."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Unreadable(f"There is no file {path}.") from None
    except OSError as error:
        why = "it is a link" if error.errno == errno.ELOOP else error.strerror
        raise Unreadable(f"{path.name} cannot be opened ({why}): submit the notebook file itself.") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Unreadable(f"{path.name} is no regular file: submit the notebook file itself.")
    with os.fdopen(handle, "rb") as file:
        return file.read(MAX_BYTES + 1)  # one more than is read from: too large is said in one place


def read_submission(data: bytes, template: NotebookNode, functions: Sequence[str]) -> Submission:
    """The submission in `data`, with the nbgrader cells of `template` (the source notebook) restored where lost.

    Raises Unreadable when the bytes are no notebook.
    """
    raw_cells = list(_raw_cells(data))
    sizes = [len(cell["source"]) for _, cell in raw_cells if cell and cell["cell_type"] == "code"]
    if sum(size for size in sizes if size <= MAX_CODE) > MAX_CODE_IN_ALL:
        raise Unreadable(
            f"This notebook has more than {MAX_CODE_IN_ALL:,} characters of code: delete what is not part of it, and "
            "submit again."
        )
    problems = [f"Cell {number} is damaged and was skipped." for number, cell in raw_cells if cell is None]
    cells = [(number, cell) for number, cell in raw_cells if cell is not None]
    marks = {c.metadata["nbgrader"]["grade_id"]: c for c in template.cells if "nbgrader" in c.metadata}
    placed, repairs = _recognise(cells, marks, functions)
    problems += repairs

    notebook_cells: list[dict[str, Any]] = []
    code = []
    for number, cell in _with_missing(cells, placed, marks):
        grade_id = placed.get(number) if number else cell["grade_id"]
        node = _node(cell, marks.get(grade_id) if grade_id else None, f"cell-{len(notebook_cells)}")
        notebook_cells.append(node)
        if cell["cell_type"] == "code":
            code.append(Cell(cell["source"], number, grade_id))
    notebook = nbformat.from_dict(
        {"cells": notebook_cells, "metadata": template.metadata, "nbformat": 4, "nbformat_minor": 5}
    )
    syntax_errors = {}
    for one in code:
        tree = _parse(one.source)
        if isinstance(tree, str):
            problems.append(f"Python cannot read cell {one.number}: {tree}.")
            for name in functions:
                if re.search(rf"^[ \t]*def[ \t]+{name}\b", one.source, re.MULTILINE):
                    syntax_errors[name] = f"Python cannot read cell {one.number}, which should define `{name}`: {tree}."
    return Submission(tuple(code), tuple(problems), notebook, syntax_errors)


def _raw_cells(data: bytes) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """(number, {cell_type, source, grade_id, attachments}) of each cell, None for a damaged one."""
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"This file is larger than {MAX_BYTES // 1_000_000} MB: clear the outputs, save, submit again."
        )
    if not data.strip():
        raise Unreadable(f"This file is empty. {CAN_HELP}")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise Unreadable(f"This file is not a Jupyter notebook: it does not hold JSON text. {CAN_HELP}") from None
    if not isinstance(content, dict) or content.get("nbformat") not in (3, 4):
        raise Unreadable(f"This file is not a Jupyter notebook of format 4 (or 3). {CAN_HELP}")
    cells = content.get("cells")
    if content["nbformat"] == 3 and isinstance(sheets := content.get("worksheets"), list):
        cells = [cell for sheet in sheets if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
                 for cell in sheet["cells"]]  # fmt: skip
    if not isinstance(cells, list):
        raise Unreadable(f"This notebook has no list of cells. {CAN_HELP}")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"This notebook has more than {MAX_CELLS} cells: delete what is not part of it, submit again.")
    for number, cell in enumerate(cells, 1):
        yield number, _raw_cell(cell)


def _raw_cell(cell: Any) -> dict[str, Any] | None:
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw", "heading"):
        return None
    source = cell.get("source", cell.get("input", ""))  # format 3 has a code cell's text under "input"
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = mark.get("grade_id") if isinstance(mark, dict) else None
    return {
        "cell_type": "markdown" if cell["cell_type"] == "heading" else cell["cell_type"],
        "source": _plain(source),
        "grade_id": grade_id if isinstance(grade_id, str) else None,
        "attachments": _attachments(cell.get("attachments")),
    }


def _attachments(value: Any) -> dict[str, dict[str, str]] | None:
    """A markdown cell's attachments where they are well formed."""
    if isinstance(value, dict) and all(
        isinstance(bundle, dict) and all(isinstance(text, str) for text in bundle.values()) for bundle in value.values()
    ):
        return {
            _plain(name): {_plain(kind): _plain(text) for kind, text in bundle.items()}
            for name, bundle in value.items()
        }
    return None


def _plain(text: str) -> str:
    """Text without lone surrogates, which cannot be written to a file."""
    return text.encode("utf-8", "replace").decode()


def _recognise(
    cells: Sequence[tuple[int, dict[str, Any]]], marks: dict[str, NotebookNode], functions: Sequence[str]
) -> tuple[dict[int, str], list[str]]:
    """Which cell is which of the template's: cell number -> grade_id, and what had to be repaired."""
    placed: dict[int, str] = {}
    problems = []
    sources = {n: cell["source"] for n, cell in cells}
    for grade_id, original in marks.items():
        free = [(n, cell) for n, cell in cells if n not in placed and cell["cell_type"] == original.cell_type]
        claiming = [(n, cell) for n, cell in free if cell["grade_id"] == grade_id]
        defining = [n for n, cell in free if grade_id in functions and grade_id in function_names(cell["source"])]
        unclaimed = [n for n, cell in free if cell["grade_id"] not in marks]
        alike = [n for n in unclaimed if _squeezed(sources[n]) == _squeezed(original.source)]
        if len(claiming) > 1:
            problems.append(f"Several cells carried the mark `{grade_id}`; one of them counts.")
        if claiming:
            numbers = [n for n, _ in claiming]
            placed[next((n for n in reversed(numbers) if n in defining), numbers[0])] = grade_id
        elif own := [n for n in defining if n in unclaimed]:
            placed[own[-1]] = grade_id
            problems.append(f"The mark of cell `{grade_id}` was lost; it was recognised by the function it defines.")
        elif alike:
            placed[alike[0]] = grade_id
            problems.append(f"The mark of cell `{grade_id}` was lost; it was recognised by its text.")
        else:
            problems.append(f"The cell `{grade_id}` was missing and was put back.")
    return placed, problems


def _with_missing(
    cells: Sequence[tuple[int, dict[str, Any]]], placed: dict[int, str], marks: dict[str, NotebookNode]
) -> list[tuple[int, dict[str, Any]]]:
    """The student's cells and, after their predecessors, the template's that are missing, with number 0."""
    result = list(cells)
    after = 0
    for grade_id, original in marks.items():
        at = next((i for i, (n, _) in enumerate(result) if n and placed.get(n) == grade_id), None)
        if at is None:
            solution = original.metadata["nbgrader"].get("solution")
            source = "# This cell was missing from the submission." if solution else original.source
            missing = {"cell_type": original.cell_type, "source": source, "grade_id": grade_id, "attachments": None}
            result.insert(after, (0, missing))
            at = after
        after = at + 1
    return result


def _node(cell: dict[str, Any], original: NotebookNode | None, cell_id: str) -> dict[str, Any]:
    """A valid cell of format 4.5, with the template's metadata if it is one of the template's."""
    metadata = {"nbgrader": dict(original.metadata["nbgrader"])} if original is not None else {}
    node = {"cell_type": cell["cell_type"], "id": cell_id, "metadata": metadata, "source": cell["source"]}
    if cell["cell_type"] == "code":
        return {**node, "outputs": [], "execution_count": None}
    return {**node, "attachments": cell["attachments"]} if cell["attachments"] else node


def _squeezed(source: str) -> str:
    return "".join(source.split())


def function_names(source: str) -> set[str]:
    """The functions that a cell defines at its top level; also by assignment, as in `clip = partial(...)`."""
    tree = _parse(source)
    if isinstance(tree, str):
        return set(re.findall(r"^def\s+(\w+)", source, re.MULTILINE))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return names | {t.id for node in tree.body if isinstance(node, ast.Assign) for t in node.targets
                    if isinstance(t, ast.Name)}  # fmt: skip


def plain_python(source: str) -> str:
    """A cell's text with IPython's magics and shell lines blanked out; line numbers stay."""
    first, newline, rest = source.partition("\n")
    if first.startswith("%%"):
        return newline + rest if first.split()[0] in HARMLESS_CELL_MAGICS else ""
    return re.sub(r"^([ \t]*)(?:[%!?].*|[\w.]+\?{1,2}\s*|\w+\s*=\s*[!%].*)$", r"\1pass", source, flags=re.MULTILINE)


@lru_cache(maxsize=64)  # most cells of a class are the same
def _parse(source: str) -> ast.Module | str:
    """The cell's syntax tree, or in a few words why there is none."""
    if len(source) > MAX_CODE:
        return f"it holds more than {MAX_CODE:,} characters"
    last = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in (source, plain_python(source)):  # magics look like nothing in Python: try without, then blank them
            try:
                tree = ast.parse(text)
                for statement in tree.body:  # what they refuse, `needed_code` could not look into
                    symtable.symtable(ast.unparse(statement), "cell", "exec")
                compile(tree, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                return tree
            except SyntaxError as error:
                last = f"line {error.lineno}: {error.msg}"
            except (ValueError, RecursionError, MemoryError):
                return "it holds characters, or a nesting, that Python does not read"
    return last


@dataclass(frozen=True)
class _Statement:
    """A top-level statement: the global names that it binds or changes, and those that it uses."""

    node: ast.stmt

    @cached_property
    def names(self) -> tuple[set[str], set[str]]:
        binds, uses = set(), set()
        tables = [symtable.symtable(ast.unparse(self.node), "cell", "exec")]
        module = tables[0]
        while tables:
            table = tables.pop()
            tables += table.get_children()
            for symbol in table.get_symbols():
                if table is module or symbol.is_global():
                    if symbol.is_referenced():
                        uses.add(symbol.get_name())
                    if symbol.is_assigned() or symbol.is_imported():
                        binds.add(symbol.get_name())
        for node in ast.walk(self.node):
            if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
                binds |= _root(node)
        for call in self.calls:
            binds |= _root(call.func) if isinstance(call.func, ast.Attribute) else set()
        return binds, uses

    @cached_property
    def calls(self) -> list[ast.Call]:
        """Calls whose value nobody takes, also within a loop or a condition: they are made for what they change."""
        found: list[ast.Call] = []
        waiting: list[ast.AST] = [self.node]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                found.append(node.value)
            elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                waiting += ast.iter_child_nodes(node)
        return found

    @property
    def defines(self) -> bool:
        """Whether it is a definition or an import, which a notebook may repeat."""
        return isinstance(self.node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)

    @property
    def always(self) -> bool:
        """Whether it binds names that cannot be known (a star import), or changes how the cell is read."""
        return isinstance(self.node, ast.ImportFrom) and (
            self.node.module == "__future__" or any(alias.name == "*" for alias in self.node.names)
        )


@lru_cache(maxsize=64)
def _statements(source: str) -> tuple[_Statement, ...]:
    """The top-level statements of a cell; none of one that Python cannot read."""
    tree = _parse(source)
    return tuple(_Statement(node) for node in tree.body) if isinstance(tree, ast.Module) else ()


def _root(node: ast.expr) -> set[str]:
    """The variable at the left end of `a.b[c].d`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def needed_code(cells: Sequence[Cell], functions: Sequence[str]) -> list[Snippet]:
    """The statements that define `functions` and whatever global names these use, in the notebook's order.

    Training runs, plots and prints are not among them: grading neither waits for them nor fails with them.
    """
    statements = _before_experiments(cells)
    imports = [one for one in statements.values() if isinstance(one.node, ast.Import | ast.ImportFrom)]
    modules = {name for one in imports for name in one.names[0]}
    helpers = {one.node.name: one.names[0] for one in statements.values() if isinstance(one.node, ast.FunctionDef)}
    helpers = {name: changed - {name} for name, changed in helpers.items() if name not in functions}
    changers: dict[str, list[str]] = {}  # global name -> the helpers that change it
    for helper, changed in helpers.items():
        for name in changed:
            changers.setdefault(name, []).append(helper)
    binders: dict[str, list[tuple[int, int]]] = {}
    callers: dict[str, list[tuple[int, int]]] = {}  # helper -> the statements that call it for what it changes
    always = []
    for place, one in statements.items():
        binds, uses = set(one.names[0]), one.names[1]
        if isinstance(one.node, ast.Expr) and binds & modules and not uses <= modules:
            continue  # `np.testing.assert_allclose(clip(...), ...)`: a trial, no setting such as `np.seterr(...)`
        if one.always:
            always.append(place)
        for call in one.calls:
            if isinstance(call.func, ast.Name) and call.func.id in helpers:  # such as `setup(TABLE)`
                callers.setdefault(call.func.id, []).append(place)
                binds.update(argument.id for argument in call.args if isinstance(argument, ast.Name))
        for name in binds:
            binders.setdefault(name, []).append(place)

    def changing(names: Iterable[str]) -> Iterator[tuple[int, int]]:
        for name in names:
            yield from binders.get(name, [])
            for helper in changers.get(name, []):
                yield from callers.pop(helper, [])  # once is enough

    kept: set[tuple[int, int]] = set()
    asked = set(functions)
    places = [*always, *changing(functions)]
    while places:  # what is kept may use names that other statements bind
        place = places.pop()
        if place in kept:
            continue
        kept.add(place)
        new = statements[place].names[1] - asked
        asked |= new
        places += changing(new)
    indices: dict[int, list[int]] = {}
    for position, index in sorted(kept):
        indices.setdefault(position, []).append(index)
    return [Snippet(_runnable(cells[p].source), cells[p].number, tuple(kept)) for p, kept in indices.items()]


def _before_experiments(cells: Sequence[Cell]) -> dict[tuple[int, int], _Statement]:
    """The notebook's top-level statements by (position of the cell, index), as many as are looked at.

    Without those after the last test cell that give another value to a name that has one, as in `sample = sample(...)`:
    the tests held without them.
    """
    tests = [position for position, cell in enumerate(cells) if (cell.grade_id or "").startswith("test-")]
    statements: dict[tuple[int, int], _Statement] = {}
    known = set(dir(builtins))
    for position, cell in enumerate(cells):
        for index, statement in enumerate(_statements(cell.source)):
            if len(statements) >= MAX_STATEMENTS:
                return statements
            if not tests or position < tests[-1]:
                known |= statement.names[0]
            elif not statement.defines and statement.names[0] & known:
                continue
            statements[position, index] = statement
    return statements


def _runnable(source: str) -> str:
    """The text that parses: as it is, or without magics."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError:
        return plain_python(source)
    return source


def blank_submission(template: NotebookNode, reason: str) -> NotebookNode:
    """The template's nbgrader cells without any solution, for a file that could not be read."""
    cells: list[dict[str, Any]] = []
    for original in (c for c in template.cells if "nbgrader" in c.metadata):
        solution = original.metadata["nbgrader"].get("solution")
        source = f"# {reason}" if solution else original.source
        cell = {"cell_type": original.cell_type, "source": source, "attachments": None}
        cells.append(_node(cell, original, f"cell-{len(cells)}"))
    note = {"cell_type": "markdown", "source": f"**{reason}**", "attachments": None}
    cells.insert(0, _node(note, None, "note"))
    content = {"cells": cells, "metadata": template.metadata, "nbformat": 4, "nbformat_minor": 5}
    blank: NotebookNode = nbformat.from_dict(content)
    return blank
