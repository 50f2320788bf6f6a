"""Cells of ours that stop after so many steps: counted in the code itself, so that no machine's speed decides."""

from __future__ import annotations

import ast
from functools import lru_cache

COUNT = "_one_step"  # the name that a bounded cell calls


class TimeUp(Exception):
    """Too many steps; named like the student's failure of that kind."""


class Steps:
    """Counts the turns of loops and the calls of functions."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def __call__(self) -> None:
        """Take one step. Raises TimeUp after the last."""
        self.taken += 1
        if self.taken > self.most:
            raise TimeUp


@lru_cache(maxsize=256)
def bounded(source: str) -> str:
    """A cell that calls COUNT in each turn of its loops and at the beginning of each of its functions."""
    return ast.unparse(ast.fix_missing_locations(_Counted().visit(ast.parse(source))))


class _Counted(ast.NodeTransformer):
    def _counted(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(ast.Call(ast.Name(COUNT, ast.Load()), [], [])))  # type: ignore[attr-defined]
        return node

    visit_For = visit_AsyncFor = visit_While = visit_FunctionDef = visit_AsyncFunctionDef = _counted
