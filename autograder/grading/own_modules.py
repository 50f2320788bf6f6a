"""Imports of what lies in a course, kept apart from the modules of that name in another one.

Their asserts hold whatever Python was told to optimise.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

_known: dict[tuple[Path, ...], dict[str, ModuleType]] = {}  # by the folders that they were found in
_active: list[tuple[Path, ...]] = []


@contextlib.contextmanager
def importing_from(folders: tuple[Path, ...]) -> Iterator[None]:
    """Let imports find the modules in these folders before all others."""
    if folders in _active:
        yield
        return
    mine = _known.setdefault(folders, {})
    before = set(sys.modules)
    sys.modules.update(mine)
    sys.path[:0] = map(str, folders)
    finder = _WithAsserts(folders)
    sys.meta_path.insert(0, finder)
    _active.append(folders)
    try:
        yield
    finally:
        _active.remove(folders)
        sys.meta_path.remove(finder)
        for folder in folders:
            sys.path.remove(str(folder))
        new = sys.modules.keys() - before
        own = {name for name in new if "." not in name and _lies_in(sys.modules[name], folders)}
        mine.update({name: sys.modules.pop(name) for name in new if name.partition(".")[0] in own})


def _lies_in(module: ModuleType, folders: tuple[Path, ...]) -> bool:
    file = Path(getattr(module, "__file__", None) or "/")
    return file.parent in folders or (file.name == "__init__.py" and file.parents[1] in folders)


class _WithAsserts(MetaPathFinder):
    """Finds the modules in these folders as Python does, and has their asserts compiled."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = folders

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """The module's spec; None for one that lies elsewhere."""
        spec = PathFinder.find_spec(name, path)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        if not any(Path(spec.loader.path).is_relative_to(folder) for folder in self._folders):
            return None
        spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        """The module's code; nothing is kept beside it, where Python would look for code without asserts."""
        return self.source_to_code(self.get_data(self.path), self.path, _optimize=0)
