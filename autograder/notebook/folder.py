"""A directory that was handed in, reached through descriptors: no link is followed, whoever renames what meanwhile."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

MAX_LISTED = 5_000  # names in a directory
MAX_ENTRIES, MAX_DEPTH, MAX_BYTES = 500, 8, 600_000_000  # that are copied of a submission, notebooks included
# Where students' code can be confined. Elsewhere only reports are made, of paths as they are.
DESCRIPTORS = hasattr(os, "O_PATH")
READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)  # Windows would change line ends
Directory = int | Path  # a descriptor, or what takes its place


def reached(path: Path, submitted: Path) -> Path:
    """An absolute path for the functions below: of the links on the way, those that are the instructor's are followed.

    These lead to `submitted`, which holds all submissions, or else to the directory that `path` names or lies in.
    """
    absolute = Path(os.path.abspath(path))
    for place in reversed(absolute.parents):
        if _resolved(place) == _resolved(submitted):
            return _resolved(place) / absolute.relative_to(place)
    return absolute.resolve() if absolute.is_dir() else absolute.parent.resolve() / absolute.name


@lru_cache(maxsize=100)  # it is asked for each student
def _resolved(place: Path) -> Path:
    return place.resolve()


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Directory]:
    """A descriptor of a directory. Raises OSError where there is none, or a link on the way to it."""
    if not DESCRIPTORS:
        yield folder
        return
    way = os.open("/", os.O_PATH)
    try:
        for name in folder.parts[1:]:
            way, before = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=way), way
            os.close(before)
            if stat.S_ISLNK(os.fstat(way).st_mode):
                raise OSError(errno.ELOOP, "it is a link", name)
        at = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=way)
    finally:
        os.close(way)
    try:
        yield at
    finally:
        os.close(at)


def holds(folder: Path, name: str) -> bool:
    """Whether there is something of this name in a directory, be it a link that leads nowhere."""
    with contextlib.suppress(OSError), opened(folder) as at:
        if isinstance(at, int):
            os.stat(name, dir_fd=at, follow_symlinks=False)
        else:
            (at / name).lstat()
        return True
    return False


def rename(folder: Path, old: str, new: str) -> None:
    """Give something in a directory another name. Raises OSError."""
    with opened(folder) as at:
        if isinstance(at, int):
            os.rename(old, new, src_dir_fd=at, dst_dir_fd=at)
        else:
            (at / old).rename(at / new)


def entries(folder: Path) -> dict[str, int]:
    """Name -> mode of what lies in a directory, MAX_LISTED at most; nothing where there is none."""
    found: dict[str, int] = {}
    with contextlib.suppress(OSError), opened(folder) as at, os.scandir(at) as listed:
        for entry in listed:
            if len(found) == MAX_LISTED:
                break
            with contextlib.suppress(OSError):  # gone meanwhile
                found[entry.name] = entry.stat(follow_symlinks=False).st_mode
    return found


def open_file(at: Directory, name: str) -> int:
    """A descriptor to read a regular file in an open directory.

    Raises OSError for links, also hard ones to a file of somebody else, and for what is no file: that is not opened.
    """
    if isinstance(at, Path):
        _refuse((at / name).lstat(), at.lstat())
        return os.open(at / name, READ)
    found = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=at)
    try:
        _refuse(os.fstat(found), os.fstat(at))
        return os.open(f"/proc/self/fd/{found}", READ)
    finally:
        os.close(found)


def _refuse(file: os.stat_result, folder: os.stat_result) -> None:
    if stat.S_ISLNK(file.st_mode) or (file.st_nlink > 1 and file.st_uid != folder.st_uid):
        raise OSError(errno.ELOOP, "it is a link")
    if not stat.S_ISREG(file.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")


def take_in(folder: Path, target: Path) -> list[str]:
    """Copy the regular files of a directory, and of those in it, into a new one. Returns what was left out, and why."""
    left_out: list[str] = []
    room = _Room()
    target.mkdir(parents=True)
    try:
        with opened(folder) as at:
            _take_in(at, target, "", room, left_out)
    except OSError as error:
        left_out.append(f"{folder.name}: {error.strerror}")
    return left_out


class _Room:
    """What of a submission can still be taken in."""

    entries, bytes = MAX_ENTRIES, MAX_BYTES


def _take_in(at: Directory, target: Path, inside: str, room: _Room, left_out: list[str]) -> None:
    with os.scandir(at) as listed:
        for entry in listed:
            name = f"{inside}{entry.name}"
            room.entries -= 1
            if room.entries < 0:
                left_out.append(f"{name} and what follows: there are more than {MAX_ENTRIES} files")
                return
            try:
                if entry.is_dir(follow_symlinks=False) and isinstance(at, int):
                    _take_in_folder(at, target / entry.name, name, room, left_out)
                else:
                    _copy(open_file(at, entry.name), target / entry.name, room)
            except OSError as error:
                left_out.append(f"{name}: {error.strerror}")


def _take_in_folder(at: int, target: Path, name: str, room: _Room, left_out: list[str]) -> None:
    below = os.open(target.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
    try:
        if name.count("/") >= MAX_DEPTH:
            raise OSError(errno.ENAMETOOLONG, f"it lies more than {MAX_DEPTH} directories deep")
        if os.fstat(below).st_dev != os.fstat(at).st_dev:
            raise OSError(errno.EXDEV, "it is another file system")
        target.mkdir()
        _take_in(below, target, f"{name}/", room, left_out)
    finally:
        os.close(below)


def _copy(source: int, target: Path, room: _Room) -> None:
    try:
        left = os.fstat(source).st_size
        if left > room.bytes:
            raise OSError(errno.EFBIG, f"all files together have more than {MAX_BYTES // 1_000_000} MB")
        room.bytes -= left
        with target.open("xb") as copy:
            while left and (sent := os.sendfile(copy.fileno(), source, None, left)):
                left -= sent
    finally:
        os.close(source)
