"""Directories of a submission, each written whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path


def files_beside(folder: Path, ignored: Sequence[str]) -> dict[str, Path]:
    """The files that nbgrader copies along with a notebook, by their path in the folder.

    Those are all but notebooks and what matches a pattern, as `nbgrader.utils.find_all_files` has them, in a time that
    grows with their number.
    """
    found = {}
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _matches(name, ignored)]
        for name in names:
            if not _matches(name, (*ignored, "*.ipynb")):
                path = Path(at, name)
                found[str(path.relative_to(folder))] = path
    return found


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, one) and (not name.startswith(".") or one.startswith(".")) for one in patterns)


def put(folder: Path, files: Mapping[str, Path | str]) -> None:
    """Write a directory with these files, copied or with that text, in the place of one that may be there.

    It is made beside it first, under a name that is always the same: one that was left half-made is replaced.
    """
    made, old = (folder.with_name(f".{folder.name}.{what}") for what in ("new", "old"))
    for path in (made, old):
        _remove(path)
    made.mkdir(parents=True)
    for name, content in files.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, "utf-8", newline="")
        else:
            shutil.copyfile(content, path)
    if os.path.lexists(folder):
        folder.rename(old)
    made.rename(folder)
    _remove(old)


def _remove(path: Path) -> None:
    """A directory, a link to one, or nothing."""
    try:
        kind = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    shutil.rmtree(path) if stat.S_ISDIR(kind) else path.unlink()
