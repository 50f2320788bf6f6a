"""What a student's code reaches for besides a calculation: the grader runs known mistakes itself, without a sandbox."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

from autograder.grading.diagnosis.edits import local_names
from autograder.grading.diagnosis.program import FUNCTIONS

FUNCTIONS_OF_PYTHON = [
    "abs", "all", "any", "bool", "dict", "enumerate", "float", "int", "isinstance", "len", "list", "max", "min",
    "print", "range", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip", "IndexError", "KeyError",
    "NotImplementedError", "TypeError", "ValueError",
]  # fmt: skip
ATTRIBUTES = [  # of whatever: modules have others that read and write files
    "append", "argmax", "argmin", "astype", "concatenate", "copy", "cos", "dot", "dtype", "exp", "extend", "floor",
    "items", "keys", "log", "max", "maximum", "mean", "min", "minimum", "ndim", "ones", "ones_like", "pop", "ravel",
    "reshape", "shape", "sin", "size", "sort", "sqrt", "std", "sum", "T", "tanh", "transpose", "values", "var", "where",
    "zeros", "zeros_like",
]  # fmt: skip
CALCULATES = {"np", *FUNCTIONS_OF_PYTHON, *(f".{name}" for name in ATTRIBUTES)}


def reaches_for(code: str, known: Sequence[str]) -> list[str]:
    """What code uses besides its own names, what the `known` programs of ours use, and what only calculates."""
    ours = {_used(node) for text in known for node in ast.walk(ast.parse(text))}
    tree = ast.parse(code)
    own = {*local_names(tree), *(node.name for node in ast.walk(tree) if isinstance(node, FUNCTIONS))}
    own = {name for name in own if not hasattr(builtins, name) and not name.startswith("__")}
    used = dict.fromkeys(filter(None, map(_used, ast.walk(tree))))
    return [name for name in used if name not in ours | own | CALCULATES]


def _used(node: ast.AST) -> str:
    """The name that is used, or a statement that can reach further; nothing for all other pieces of a program."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return f".{name}"
        case ast.Import() | ast.ImportFrom() | ast.Global() | ast.Nonlocal():
            return ast.unparse(node)
        case ast.ClassDef(name=name):
            return f"class {name}"
        case ast.Match():
            return "match"
    return ""
