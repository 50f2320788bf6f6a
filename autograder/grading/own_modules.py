"""Imports of what lies in a course, kept apart from the modules of that name in another one."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

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
    _active.append(folders)
    try:
        yield
    finally:
        _active.remove(folders)
        for folder in folders:
            sys.path.remove(str(folder))
        new = sys.modules.keys() - before
        own = {name for name in new if "." not in name and _lies_in(sys.modules[name], folders)}
        mine.update({name: sys.modules.pop(name) for name in new if name.partition(".")[0] in own})


def _lies_in(module: ModuleType, folders: tuple[Path, ...]) -> bool:
    file = Path(getattr(module, "__file__", None) or "/")
    return file.parent in folders or (file.name == "__init__.py" and file.parents[1] in folders)
