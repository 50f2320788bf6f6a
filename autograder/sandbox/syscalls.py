"""The system calls that a confined worker may make: a table, and the seccomp filter made from it."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

# name: its number on x86_64 and on aarch64 (None where it does not exist); from the kernel's syscall tables.
# All others fail with EPERM; docs/security.md says what the harmless-looking ones among them could do.
ALLOWED: dict[str, tuple[int | None, int | None]] = {
    # files: which ones, Landlock decides
    "read": (0, 63), "write": (1, 64), "pread64": (17, 67), "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66),
    "preadv": (295, 69), "pwritev": (296, 70), "close": (3, 57), "close_range": (436, 436), "lseek": (8, 62),
    "ftruncate": (77, 46), "fsync": (74, 82), "fdatasync": (75, 83), "sendfile": (40, 71),
    "copy_file_range": (326, 285), "stat": (4, None), "fstat": (5, 80), "lstat": (6, None), "newfstatat": (262, 79),
    "statx": (332, 291), "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "statfs": (137, 43),
    "fstatfs": (138, 44), "getdents64": (217, 61), "getcwd": (79, 17), "mkdir": (83, None), "mkdirat": (258, 34),
    "umask": (95, 166), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    # waiting
    "pipe": (22, None), "pipe2": (293, 59), "poll": (7, None), "ppoll": (271, 73), "select": (23, None),
    "pselect6": (270, 72), "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_wait": (232, None), "epoll_pwait": (281, 22), "epoll_pwait2": (441, 441), "eventfd": (284, None),
    "eventfd2": (290, 19), "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "pause": (34, None),
    "restart_syscall": (219, 128),
    # its own memory
    "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216), "msync": (26, 227),
    "madvise": (28, 233), "brk": (12, 214), "mseal": (462, 462), "map_shadow_stack": (453, 453),
    # its own threads and signals
    "futex": (202, 98), "futex_waitv": (449, 449), "futex_wake": (454, 454), "futex_wait": (455, 455),
    "futex_requeue": (456, 456), "set_robust_list": (273, 99), "set_tid_address": (218, 96), "rseq": (334, 293),
    "arch_prctl": (158, None), "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "getcpu": (309, 168),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132), "getitimer": (36, 102),
    "setitimer": (38, 103), "alarm": (37, None), "exit": (60, 93), "exit_group": (231, 94),
    # what it is, and what time it is
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getpgrp": (111, None), "getuid": (102, 174),
    "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177), "getgroups": (115, 158),
    "getresuid": (118, 148), "getresgid": (120, 150), "uname": (63, 160), "sysinfo": (99, 179), "getrusage": (98, 165),
    "getrlimit": (97, 163), "getrandom": (318, 278), "time": (201, None), "times": (100, 153),
    "gettimeofday": (96, 169), "clock_gettime": (228, 113), "clock_getres": (229, 114),
}  # fmt: skip
# What the kernel does not know (ENOSYS), libraries do without. So it is with calls that came after Linux 6.17, and with
# these: libc uses clone then, and HDF5 locks no file.
FIRST_UNKNOWN = 470
UNKNOWN = {"clone3": (435, 435), "flock": (73, 32)}
# Allowed with some arguments only.
CLONE, TGKILL, FCNTL, OPEN, OPENAT = (56, 220), (234, 131), (72, 25), (2, None), (257, 56)
F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC = 0, 1, 2, 3, 4, 1030  # the others lock, or order signals
CLONE_THREAD = 0x10000
O_TMPFILE = 0x400000  # its own bit of it: a file without a name
# No file is opened neither for reading nor writing (3), nor emptied while it is not opened for writing: Landlock guards
# against that from version 3 of its ABI on only.
O_ACCMODE, O_TRUNC = 3, 0o1000
ODD_OPENINGS = (3, O_TRUNC, O_TRUNC | 3)
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH_*

LOAD, AND, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06  # classic BPF
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
# offsets in struct seccomp_data
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT, THIRD_ARGUMENT = 0, 4, 16, 24, 32
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
Step = tuple[int, int, int, int]  # operation, steps to skip if so, if not, value


def forbid(libc: ctypes.CDLL) -> None:
    """Make all other calls of this process fail, for good. Raises OSError where that cannot be done."""
    program = _program(os.uname().machine, os.getpid())
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel takes no seccomp filter")


def _program(machine: str, pid: int) -> bytes:
    if machine not in ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"no table of system calls for {machine}")
    column, audit = ARCHITECTURES[machine]
    steps: list[Step] = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    if machine == "x86_64":
        steps += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, KILL)]  # the x32 numbers of the same calls
    refused, allowed = (RETURN, 0, 0, FAIL | errno.EPERM), (RETURN, 0, 0, ALLOW)

    def when(numbers: tuple[int | None, int | None], *do: Step) -> None:
        if (number := numbers[column]) is not None:
            steps.extend([(EQUAL, 0, len(do), number), *do])

    for numbers in ALLOWED.values():
        when(numbers, allowed)
    for numbers in UNKNOWN.values():
        when(numbers, (RETURN, 0, 0, FAIL | errno.ENOSYS))
    when(CLONE, (LOAD, 0, 0, FIRST_ARGUMENT), (ANY_BIT, 0, 1, CLONE_THREAD), allowed, refused)
    when(TGKILL, (LOAD, 0, 0, FIRST_ARGUMENT), (EQUAL, 0, 1, pid), allowed, refused)  # abort() needs it
    harmless = (F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC)
    commands = [step for command in harmless for step in ((EQUAL, 0, 1, command), allowed)]
    when(FCNTL, (LOAD, 0, 0, SECOND_ARGUMENT), *commands, refused)
    odd = [(AND, 0, 0, O_TRUNC | O_ACCMODE), *(step for way in ODD_OPENINGS for step in ((EQUAL, 0, 1, way), refused))]
    for numbers, flags in ((OPEN, SECOND_ARGUMENT), (OPENAT, THIRD_ARGUMENT)):
        when(numbers, (LOAD, 0, 0, flags), (ANY_BIT, 0, 1, O_TMPFILE), refused, *odd, allowed)
    steps += [(AT_LEAST, 0, 1, FIRST_UNKNOWN), (RETURN, 0, 0, FAIL | errno.ENOSYS), refused]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
