"""Which of a notebook's global names an assignment's checks and probes use: found in their text."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.grading.asking import PROBES
from autograder.grading.assignment import Assignment, AssignmentError
from autograder.notebook.needed_code import top_level


@dataclass(frozen=True)
class Mentions:
    """What the checks of an assignment use of the names that are `bound` by its solution."""

    assignment: Assignment
    bound: Set[str]

    @cached_property
    def probes(self) -> str:
        """The text of probes.py. Raises AssignmentError where it holds more than imports and functions."""
        path = self.assignment.folder / f"{PROBES}.py"
        text = path.read_text("utf-8") if path.is_file() else ""
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            raise AssignmentError("{path}, line {line}: {error}.", path=path, line=error.lineno,
                                  error=error.msg) from None  # fmt: skip
        for statement in tree.body:
            says = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if not (says or isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef)):
                text = "{path}, line {line}: here stand imports and functions only. They run beside students' code."
                raise AssignmentError(text, path=path, line=statement.lineno)
        return text

    @cached_property
    def probed(self) -> frozenset[str]:
        """The functions of probes.py."""
        return frozenset(self._of_probes)

    @cached_property
    def _of_probes(self) -> Mapping[str, Set[str]]:
        """Function of probes.py -> the global names that it uses."""
        return {name: one.names[1] for one in top_level(self.probes) if isinstance(one.node, ast.FunctionDef)
                for name in [one.node.name]}  # fmt: skip

    @cached_property
    def by_question(self) -> Mapping[str, Sequence[str]]:
        """Question -> the name that it is called after, or else those that its checks use."""
        return {name: [name] if name in self.bound else sorted(self._used(self.assignment.folder / f"test_{name}.py"))
                for name in self.assignment.points}  # fmt: skip

    @cached_property
    def names(self) -> Sequence[str]:
        """The names that a student's notebook is searched for: of the questions, and then the others."""
        used = {name for path in sorted(self.assignment.folder.glob("*.py")) for name in self._used(path)}
        named = (name for found in self.by_question.values() for name in found)
        return list(dict.fromkeys([*named, *sorted(used)]))

    def probes_of(self, question: str) -> Set[str]:
        """The functions of probes.py that a question's checks use."""
        return _said_in(self.assignment.folder / f"test_{question}.py") & self.probed

    def _used(self, path: Path) -> Set[str]:
        """What a file of checks uses of the solution, by itself and by the probes that it uses."""
        said = _said_in(path)
        for probe in said & self._of_probes.keys():
            said |= self._of_probes[probe]
        return said & self.bound


def _said_in(path: Path) -> Set[str]:
    try:
        return {*_said(ast.parse(path.read_text("utf-8")))}
    except (FileNotFoundError, SyntaxError):  # pytest says so
        return set()


def _said(tree: ast.Module) -> Iterator[str]:
    """All names of attributes, and texts that could be one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value
        elif isinstance(node, ast.alias):
            yield node.name
