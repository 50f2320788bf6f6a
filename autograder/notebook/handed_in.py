"""What was handed in: which file is meant, and its bytes. No link in a path is followed (`folder.reached`)."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from autograder.notebook.folder import entries, holds, open_file, opened, rename
from autograder.notebook.raw_cells import Unreadable, as_notebook, raw_notebook

MAX_BYTES, MAX_SMALL = 500_000_000, 10_000_000  # of a notebook, and of another file


def restore_name(folder: Path, assignment: str) -> Path | None:
    """Give the only notebook of a submission the assignment's name, if the student changed it. Returns its new path."""
    expected = f"{assignment}.ipynb"
    found = regular_notebooks(folder)
    if len(found) != 1 or holds(folder, expected):
        return None
    try:
        rename(folder, found[0].name, expected)
    except OSError:  # a directory that cannot be written: `why_no_notebook` says what to do
        return None
    return folder / expected


def why_no_notebook(folder: Path, assignment: str) -> Unreadable | None:
    """What to say where a submission lacks the file with the assignment's name; nothing where it is there."""
    name = f"{assignment}.ipynb"
    if holds(folder, name):
        return None
    files = sorted(entries(folder))
    notebooks = [path.name for path in _notebooks(folder)]
    if len(notebooks) == 1:
        text = "The notebook is named {seen} and cannot be renamed here: give it the name {name}."
        return Unreadable(text, seen=notebooks[0], name=name)
    if notebooks:
        return several(notebooks, name)
    if not files:
        return Unreadable("Nothing was handed in: ask for {name}.", name=name)
    text = "There is no notebook among what was handed in ({files}): ask for {name}."
    return Unreadable(text, files=", ".join(files)[:200], name=name)


def regular_notebooks(folder: Path) -> list[Path]:
    """The notebooks in a directory that are files of their own."""
    kinds = entries(folder)
    return [path for path in _notebooks(folder) if stat.S_ISREG(kinds.get(path.name, 0))]


def handed_in(folder: Path, assignment: str) -> list[Path]:
    """The notebooks in a directory, or in one within it, as in an unpacked archive. Raises Unreadable for none."""
    found = _notebooks(folder) or [path for inside in _folders(folder) for path in _notebooks(inside)]
    if not found:
        why = why_no_notebook(folder, assignment)
        assert why is not None
        raise why
    return found


def several(notebooks: list[str], name: str) -> Unreadable:
    """That nobody can tell which of these is meant."""
    text = "There are {count} notebooks ({seen}): keep one, and name it {name}."
    return Unreadable(text, count=len(notebooks), seen=", ".join(notebooks)[:200], name=name)


def _notebooks(folder: Path) -> list[Path]:
    return [path for path, _ in _visible(folder) if path.suffix == ".ipynb"]


def _folders(folder: Path) -> list[Path]:
    return [path for path, mode in _visible(folder) if stat.S_ISDIR(mode)]


def _visible(folder: Path) -> list[tuple[Path, int]]:
    """What lies in a directory, but for what editors (checkpoints) and archives of macOS put there; and its modes."""
    found = sorted(entries(folder).items())
    return [(folder / name, mode) for name, mode in found if not name.startswith((".", "__MACOSX"))]


def read_notebook(path: Path) -> bytes:
    """The submitted notebook without outputs, of any file up to some hundred megabytes, in little memory.

    Raises Unreadable for what is no regular file, too large, or no notebook.
    """
    with _opened(path) as file:
        return as_notebook(raw_notebook(file))


def read_file(path: Path) -> bytes:
    """The bytes of a submitted file. Raises Unreadable for what is no regular file, or too large."""
    with _opened(path, MAX_SMALL) as file:
        return file.read(MAX_SMALL)


def _opened(path: Path, most: int = MAX_BYTES) -> BufferedReader:
    try:
        with opened(path.parent) as at:
            handle = open_file(at, path.name)
    except FileNotFoundError:
        raise Unreadable("There is no file {path}.", path=path) from None
    except OSError as error:
        text = "{file} cannot be opened ({why}): submit the notebook file itself."
        raise Unreadable(text, file=path.name, why=error.strerror) from error
    if os.fstat(handle).st_size <= most:
        return os.fdopen(handle, "rb")
    os.close(handle)
    text = "This file is larger than {most} MB: clear the outputs, save, submit again."
    raise Unreadable(text, most=most // 1_000_000)
