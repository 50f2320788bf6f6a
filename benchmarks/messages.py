"""Every message that the engine and the assignment's checks can print, with invented values: `make sentences`.

To be read whole by fresh eyes. None may contradict itself, blame the wrong place or need a second reading.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.grading.assignment import read_toml
from autograder.grading.hints import HINTS
from autograder.messages import Message, render

PACKAGE = Path(__file__).parents[1] / "autograder"
PLACEHOLDER = re.compile(r"\{([a-z_]+)(:[^{}]*)?\}")
# Classes and functions whose first argument is a template.
SAYING = re.compile(
    r"Message|CheckFailed|said|saying|template|CannotGrade|CannotConfine|Unreadable|(Assignment|Gradebook|Cluster)Error"
)

NONE = "None (is a `return` missing?)"
# By placeholder: what stands there when there is nothing, one, some, many, or something odd. The last counts on.
VALUES: dict[str, tuple[object, ...]] = {
    "advice": (Message("name it with --course."),),
    "assignment": ("averages",),
    "beginning": (0, 1, 6, 40),
    "call": ("build_data(text, 5, 2)", "generate_output('thy', 0)"),
    "case": ("clip-twice",),
    "cell": (1, 3, 12, 2000),
    "cells": ("test-f", "test-f, test-g"),
    "chance": (0.0, 1.0, 0.12345, 0.5, 0.5),
    "check": ("clip.worked_example", Message("`clip` returns a dictionary.")),
    "checks": (0, 1, 2.5, 12),
    "closing": ("]",),
    "code": ("x = y", "loss, gradients, a_prev = optimize(X, Y, a_prev, parameters)"),
    "count": (0, 1, 2, 1234, 3),
    "draws": (400, 800),
    "entry": ("[15]",),
    "error": (Message("ValueError: too long"), Message("AssertionError"), "invalid syntax", "Permission denied"),
    "errors": (0, 1, 2, 12),
    "expected": ("0", 1, "2.5", 1234, "nan", "-inf"),
    "failed": (0, 1, 2, 12),
    "file": ("averages.ipynb",),
    "files": ("notes.txt", "notes.txt, photo.png"),
    "folder": ("Averages",),
    "free": (0, 1, 20, 63),
    "function": ("clip",),
    "graded": (0, 1, 2, 1234),
    "help": (Message("Open it in JupyterLab, check that it runs, save it, and submit that file."),),
    "highest": (0, 1, 27, 1234, -1),
    "hint": (Message("Print its shape."),),
    "index": (0, 1, 27, 1234, -1),
    "inner": ("optimize",),
    "iteration": (1, 1, 2001, 34_001),
    "iterations": (0, 1, 2, 34_567),
    "jobs": (1, 2),
    "key": ("'dWax'", "0", "None"),
    "keys": ("[]", "['a']", "['a', 'b']"),
    "kind": ("ValueError",),
    "known": (0.0, 1.0, 2.5, 100.0),
    "language": ("R",),
    "last": (0, 1, 26, 1234),
    "length": (0, 1, 30, 400),
    "letters": ("[1]", 1, "[1, 3]", 50, 0),
    "line": (1, 2, 45, "assert f(1) == 2"),
    "lost": (Message("`f` should be 2; yours is 3."),),
    "lowest": (0, 1, 2, -5, -1),
    "magic": ("%%bash",),
    "mark": ("clip",),
    "memory": (2048,),
    "missing": ("datasets/names.txt",),
    "most": (15, 50_000),
    "n_a": (1, 41),
    "name": ("clip", "model", "'Tyrannosaurus'"),
    "names": (5, 250, 3500, "Wax, Waa, Wya, b, by"),
    "network": (Message("that counts its steps"),),
    "newer": ("3.13",),
    "newlines": (0, 1, 2, 51),
    "notebook": ("source/averages/averages.ipynb",),
    "number": (1, 2, 7, 50),
    "opening": ("[",),
    "old": ("'return x'",),
    "other": ("week/2",),
    "others": (0, 1, 2, 12),
    "ours": ("3.11",),
    "package": ("torch",),
    "part": ("[", "%41"),
    "path": ("/home/ann/course/names.toml",),
    "place": (0, 1, 2, 1234),
    "preds": ("[0.65, 0.2, 0.1, 0.05]",),
    "points": (0.0, 1.0, 2.5, 100.0),
    "problem": ("the grading process ended",),
    "rate": (0.5, 0.003),
    "recorded": (0, 1, 2, 1234),
    "root": ("/home/ann/course",),
    "row": ("clip-twice",),
    "said": ("f(7) is 49", "too long"),
    "scheduler": ("tcp://host:8786",),
    "seconds": (0.5, 1.0, 2.0, 120.0),
    "secret": ("/usr/lib/course",),
    "seed": (0, 1, 1234),
    "seeds": (2, 3),
    "seen": ("[]", 1, NONE, Message("an array of shape {shape}", shape=(5, 7, 1)), "nan", "-3.5"),
    "several": ("one or two", "problem1, problem2"),
    "shape": ("(0,)", "(1, 1)", "(7, 1)", "(5, 7, 1)"),
    "share": (0.0, 1.0, 0.00049, 0.5, 0.6),
    "size": (27, 12, 2500, 3),
    "source": ("source/averages/averages.ipynb",),
    "states": ("passed", "failed", "None"),
    "student": ("ann",),
    "submitted": ("submitted",),
    "system": ("Darwin",),
    "taken": ("source/averages",),
    "temperature": (0.4, 1, 3),
    "test": ("test_clip",),
    "text": ("", "too long", "a"),
    "times": (0, 1, 2, 12),
    "type": ("Table",),
    "value": ("1",),
    "variants": (0, 1, 2, 12),
    "versions": (Message("Python 3.13 may read it; notebooks are graded with Python 3.11: write what both read."),),
    "what": ("clip(gradients, 10)['dWax'][0][1]", Message("`f` should be 2; yours is 3.")),
    "where": (Message("With learning_rate=0.5"),),
    "who": (Message("`clip`"), Message("A cell of the notebook")),
    "why": (Message("Python cannot read cell 3, line 2: invalid syntax."),),
    "within": ("/usr/lib",),
    "worth": (0.0, 1.0, 2.5, 100.0),
    "wrong": (0, 1, 2, 12),
}  # fmt: skip
# The same for templates that hold this text, where other values cannot be.
INSTEAD: dict[str, dict[str, tuple[object, ...]]] = {
    " MB": {"most": (500,)},
    "{kind}: {text}": {"text": ("too long",)},
    "cannot be opened": {"why": ("Permission denied",)},
    "cannot be written ({why})": {"why": ("No space left on device",)},
    "cannot confine": {"why": ("the kernel guards no files",)},
    "carried the mark": {"count": (2, 3)},
    "could not go on": {"why": ("it ran out of time",)},
    "decimals or more": {"seen": ("23", "23.1", "nan")},
    "does not run": {"why": ("NameError: name 'np' is not defined",)},
    "entries in all": {"letters": (0, 1, 50), "count": (0, 1, 51)},
    "certain of {letters}": {"letters": (1, 2, 48)},
    "entries; yours has": {"seen": (1, 0, 12), "expected": (0, 1, 2)},
    "in a line of its own": {"count": (7,)},
    "is named": {"seen": ("work.ipynb",), "name": ("averages.ipynb",)},
    "keep one": {"count": (2, 12), "seen": ("a.ipynb, b.ipynb",), "name": ("averages.ipynb",)},
    "of type {expected}": {"expected": ("float64", "bool"), "seen": ("str", "object")},
    "printed at iteration {iteration:,} should": {"expected": ("23.087336", "nan"), "seen": ("23.06", "-inf")},
    "shape {shape}; yours has": {"seen": ("(7,)", "()")},
    "was graded": {"graded": ("work.ipynb",)},
    "yours printed": {"expected": (1, 18), "seen": (0, 1, 36)},
}  # fmt: skip
ANY = ("something", 0, 1, 2, 1234)  # for a placeholder that is not listed
SETTINGS = 6


def templates() -> Iterator[tuple[str, str]]:
    """(where it stands, template) of all that the package can say."""
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _says(node) and isinstance(node.args[0], ast.Constant):
                yield _place(path, node), str(node.args[0].value)
            elif _is_template(node):
                yield _place(path, node), str(node.value)
    yield from ((f"hints.py, {kind}", hint) for kind, _, hint in HINTS)
    for path in sorted(PACKAGE.glob("assignments/*/assignment.toml")):
        for row in read_toml(path).get("hint", []):
            yield f"{path.parent.name}, {row['raised']}", row["tells"]
    for path in sorted(PACKAGE.glob("assignments/*/misconceptions.toml")):
        for row in read_toml(path)["misconception"]:
            yield f"{path.parent.name}, {row['id']}", row["tells"]


def glued() -> list[str]:
    """Where an f-string, or text that is put together, stands in the place of a template."""
    return [
        _place(path, node)
        for path in _modules()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and _says(node) and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    ]


def renderings(template: str) -> list[str]:
    """The template filled in with the values of each setting, each text once."""
    names = PLACEHOLDER.findall(template)
    if not names:
        return [template]
    numbers = {name for name, form in names if form}
    known = VALUES | {name: one for part, values in INSTEAD.items() if part in template for name, one in values.items()}
    settings = (
        {name: _value(known.get(name, ANY), setting, name in numbers) for name, _ in names}
        for setting in range(SETTINGS)
    )
    return list(dict.fromkeys(render(Message(template, **values)) for values in settings))


def _value(known: Sequence[object], setting: int, is_number: bool) -> object:
    values = [one for one in known if not is_number or isinstance(one, int | float)]
    return values[min(setting, len(values) - 1)]


def _modules() -> list[Path]:
    found = sorted(PACKAGE.rglob("*.py"))
    return [path for path in found if not {"solutions", "new"} & {*path.relative_to(PACKAGE).parts}]


def _says(call: ast.Call) -> bool:
    """Whether what is called takes a template."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    return bool(call.args and SAYING.fullmatch(name))


def _is_template(node: ast.AST) -> bool:
    """Whether it is a text of several words with placeholders, wherever it stands."""
    return (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
        and bool(PLACEHOLDER.search(node.value)) and "\n" not in node.value
    )  # fmt: skip


def _place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"


if __name__ == "__main__":
    seen: set[str] = set()
    for place, template in templates():
        if template in seen:
            continue
        seen.add(template)
        print(f"\n{place}")
        for said in renderings(template):
            print(f"    {said}")
    for place in glued():
        print(f"\n{place}: no template, and nobody can say it in another language")
