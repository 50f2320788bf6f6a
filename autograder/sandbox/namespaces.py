"""Where Landlock is missing: a root directory of the process's own, in which there is nothing but what it may use.

It takes a user and a mount namespace, without privileges where the kernel allows that. What is bound into the new root
is read-only, but for what may be written; the old root is let go. In a user namespace of its own a process has no right
to look into any process outside, as in Landlock.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Collection
from typing import Any

NEW_MOUNTS, NEW_USER = 0x00020000, 0x10000000  # linux/sched.h
READ_ONLY, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 32, 4096, 16384, 1 << 18  # linux/mount.h
KEPT = 0b1110  # nosuid, nodev, noexec: a mount cannot lose these in a user namespace
DETACH = 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}


def confine(libc: ctypes.CDLL, readable: Collection[str], writable: Collection[str]) -> None:
    """Leave this process these files and folders, for good; the current directory is one of them.

    Raises OSError where it cannot be done.
    """
    user, group = os.getuid(), os.getgid()
    _do(libc.unshare, NEW_USER | NEW_MOUNTS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    _mount(libc, None, "/", RECURSIVE | PRIVATE)
    here = os.getcwd()
    root = os.path.join(here, "root")
    os.mkdir(root)
    _do(libc.mount, b"none", os.fsencode(root), b"tmpfs", 0, None)
    for place in sorted({*readable, *writable}):
        if not os.path.lexists(root + place):  # else it lies in a folder that is there already
            _make(root + place, os.path.isdir(place))
            _mount(libc, place, root + place, BIND if place == here else BIND | RECURSIVE)
    for point in _mounts_below(root):
        if point.removeprefix(root) not in writable:
            _mount(libc, None, point, REMOUNT | BIND | READ_ONLY | os.statvfs(point).f_flag & KEPT)
    os.chdir(root)
    _do(libc.syscall, PIVOT_ROOT[os.uname().machine], b".", b".")
    _do(libc.umount2, b".", DETACH)
    os.chdir(here)
    os.rmdir("root")


def _make(path: str, folder: bool) -> None:
    os.makedirs(path if folder else os.path.dirname(path), exist_ok=True)
    if not folder:
        open(path, "x").close()


def _mounts_below(root: str) -> list[str]:
    with open("/proc/self/mountinfo", "rb") as file:
        points = [line.split()[4] for line in file]
    names = [os.fsdecode(re.sub(rb"\\(\d{3})", lambda octal: bytes([int(octal[1], 8)]), point)) for point in points]
    return [name for name in names if name == root or name.startswith(root + "/")]


def _mount(libc: ctypes.CDLL, source: str | None, target: str, flags: int) -> None:
    _do(libc.mount, None if source is None else os.fsencode(source), os.fsencode(target), None, flags, None)


def _do(call: Any, *arguments: object) -> None:
    if call(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, f"{call.__name__}: {os.strerror(code)}")
