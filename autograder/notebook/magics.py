"""What a kernel makes of a cell's magics and shell lines, without running any: IPython's own rules find them.

Each is replaced by what is left of it for the code around it: its statement (`%time x = f(1)`), its imports (`%pylab`),
an empty list (`files = !ls`) or nothing. Line numbers stay as they are in the student's cell.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import Any

# Cell magics whose cell runs as Python in the notebook. With all others it goes elsewhere: to a file, a shell, a page.
RUNS_ITS_CELL = {"time", "timeit", "capture", "prun", "debug", "memit", "mprun", "lprun", "snakeviz", "pyinstrument"}
PYLAB = "import numpy, matplotlib; from matplotlib import pylab, mlab, pyplot; np = numpy; plt = pyplot"
PYLAB_NAMES = "; from pylab import *; from numpy import *"
# A cell of one line that begins so is a magic without its % (IPython's "automagic").
AUTOMAGIC = {
    *("cat", "cd", "clear", "conda", "cp", "env", "less", "ll", "ls", "mamba", "man", "matplotlib", "mkdir", "more"),
    *("mv", "pip", "pwd", "pylab", "rm", "rmdir", "run", "time", "timeit", "uv", "who", "whos"),
}
PASSES = 10  # of reading the cell anew: a shell line may hold brackets and quotes that hide the next one
MAGICS = 500  # of a cell; what comes after them stays as it is


@lru_cache(maxsize=64)  # most cells of a class are the same
def plain_python(source: str) -> str:
    """A cell's text with IPython's own syntax replaced by plain Python. Raises SyntaxError where IPython does."""
    lines = source.splitlines(keepends=True)
    first = _first(lines)
    while first < len(lines) and lines[first].startswith("%%"):
        if _name(lines[first]) not in RUNS_ITS_CELL:
            return ""
        lines[first] = "\n"
        first = _first(lines, first)
    rest = lines[first:]
    if not rest or (len(rest) == 1 and rest[0].split()[0] in AUTOMAGIC):
        return ""
    return "\n" * first + "".join(_without_magics(rest))


def elsewhere(source: str) -> str:
    """The cell magic that makes a cell run elsewhere than in the notebook, such as `%%bash`; "" where there is none."""
    lines = source.splitlines()
    first = next((line for line in lines if line.strip() and _name(line) not in RUNS_ITS_CELL), "")
    return first.split()[0] if first.startswith("%%") else ""


def _first(lines: list[str], start: int = 0) -> int:
    """The first line from `start` on that is not blank."""
    return next((at for at in range(start, len(lines)) if lines[at].strip()), len(lines))


def _name(line: str) -> str:
    """The name of a line's cell magic; "" for another line."""
    return line[2:].split(maxsplit=1)[0] if line.startswith("%%") and line[2:].strip() else ""


def _without_magics(lines: list[str]) -> list[str]:
    from IPython.core import inputtransformer2 as ipython  # 0.2 s, for cells that Python alone cannot read

    if not lines[-1].endswith("\n"):
        lines = [*lines[:-1], lines[-1] + "\n"]
    for strip in (ipython.leading_indent, ipython.classic_prompt, ipython.ipython_prompt):
        lines = strip(lines)
    transformers = ipython.TransformerManager().token_transformers
    left = MAGICS
    for _ in range(PASSES):
        changed = False
        for tokens in ipython.make_tokens_by_line(lines):
            found = [one for one in (kind.find([tokens]) for kind in transformers) if one is not None]
            if found and left:
                lines = _replaced(lines, min(found, key=lambda one: one.sortby()))
                left, changed = left - 1, True
        if not changed:
            break
    return lines


def _replaced(lines: list[str], magic: Any) -> list[str]:
    """The lines with one magic replaced, and blank lines for those that it took up besides its first."""
    try:
        after = magic.transform(lines)
    except SyntaxError:
        return lines
    at = magic.start_line
    after[at] = _harmless(after[at])
    return [*after[: at + 1], *["\n"] * (len(lines) - len(after)), *after[at + 1 :]]


def _harmless(line: str) -> str:
    """A line with a call of IPython's as it is without IPython."""
    before, call, _ = line.partition("get_ipython()")
    if not call:
        return line  # such as `/f 1 2`, which means f(1, 2)
    try:
        (statement,) = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return before + "None\n"
    made: Any = statement.value  # type: ignore[attr-defined]
    name, arguments = made.func.attr, [ast.literal_eval(one) for one in made.args]
    if name == "getoutput":
        return before + "[]\n"
    if name == "run_line_magic" and not before.strip():
        return before + _line_magic(arguments[0], arguments[1], bool(before)) + "\n"
    return before + "None\n"


def _line_magic(name: str, rest: str, indented: bool) -> str:
    if name == "pylab" and not indented:
        return PYLAB + ("" if re.search("--no-import-all", rest) else PYLAB_NAMES)
    if name == "time":
        try:
            ast.parse(rest)
        except (SyntaxError, ValueError):
            return "None"
        return rest
    return "None"
