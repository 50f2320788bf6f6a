"""Landlock: the kernel guards all files against a process, but those that it names before. Three system calls do it.

Each version of its ABI is used for all it has (Documentation/userspace-api/landlock.rst in the kernel's sources); what
older ones do not guard, syscalls.py forbids.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import stat
import struct
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # their numbers on every architecture
ASK_VERSION, PATH_BENEATH = 1, 1

# Bits of linux/landlock.h: rights to files; what each version of the ABI brought: words, and for files, ports, scopes.
WRITE_FILE, READ_FILE, READ_DIR, MAKE_DIR, MAKE_REGULAR, TRUNCATE = (1 << bit for bit in (1, 2, 3, 7, 8, 14))
BROUGHT: dict[int, tuple[str, int, int, int]] = {
    1: ("files", 0x1FFF, 0, 0),  # from execute to make_sym
    2: ("moving files", 1 << 13, 0, 0),
    3: ("emptying files", TRUNCATE, 0, 0),
    4: ("TCP", 0, 0b11, 0),  # bind, connect
    5: ("devices", 1 << 15, 0, 0),  # ioctl
    6: ("abstract sockets and signals", 0, 0, 0b11),
    9: ("sockets in the file system", 1 << 16, 0, 0),
    10: ("UDP", 0, 0b1100, 0),  # bind; connect and send
}
OF_A_FILE = 1 | WRITE_FILE | READ_FILE | TRUNCATE  # what a rule for a file that is no directory may name
READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | MAKE_DIR | MAKE_REGULAR | TRUNCATE


def abi(libc: ctypes.CDLL) -> int:
    """The version of this kernel's Landlock. Raises OSError, with a text that says why there is none."""
    try:
        return _call(libc, CREATE_RULESET, None, ctypes.c_size_t(0), ASK_VERSION)
    except OSError as error:
        raise OSError(error.errno, _why_missing(error, os.uname().release)) from None


def _why_missing(error: OSError, release: str) -> str:
    if error.errno == errno.EOPNOTSUPP:
        return "Landlock is switched off: add `landlock` to `lsm=` in the kernel's command line and start anew"
    if error.errno != errno.ENOSYS:
        return f"Landlock is forbidden here, as by a container's seccomp profile: {error.strerror}"
    version = tuple(map(int, re.findall(r"\d+", release)[:2]))
    if version < (5, 13):
        return f"Linux {release} is too old for Landlock, which came with 5.13"
    return f"Linux {release} was built without Landlock, or a container hides it, as gVisor does"


def confine(libc: ctypes.CDLL, version: int, readable: Iterable[str], writable: Iterable[str]) -> None:
    """Leave this process these files and folders, for good. Raises OSError where it cannot be done."""
    brought = [rights for number, (_, *rights) in BROUGHT.items() if number <= version]
    handled = [sum(rights) for rights in zip(*brought, strict=True)]
    ruleset = _call(libc, CREATE_RULESET, struct.pack("3Q", *handled), ctypes.c_size_t(24), 0)
    for paths, allowed in ((readable, READ), (writable, WRITE)):
        for path in paths:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rights = handled[0] & allowed & (-1 if stat.S_ISDIR(os.fstat(place).st_mode) else OF_A_FILE)
            _call(libc, ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
            os.close(place)
    _call(libc, RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _call(libc: ctypes.CDLL, number: int, *arguments: object) -> int:
    value = int(libc.syscall(number, *arguments))
    if value < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return value
