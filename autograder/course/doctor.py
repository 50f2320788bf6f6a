"""`autograder doctor`: what this machine has of what grading needs, and whether students' code can be confined here."""

from __future__ import annotations

import ctypes
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import threadpoolctl

from autograder.course.pool import usable_cores
from autograder.errors import CannotGrade
from autograder.sandbox import landlock
from autograder.sandbox.process import Limits, Sandbox
from autograder.sandbox.syscalls import ALLOWED

CGROUP = Path("/sys/fs/cgroup")  # of a container, as it sees itself


def diagnose_machine() -> tuple[list[tuple[str, str]], str]:
    """Facts, as names and texts, and why students' code cannot be confined here: nothing where it can."""
    limits = Limits()
    try:
        with Sandbox({}, limits, limits.allowance()) as sandbox:
            guard, why = sandbox.files_guarded_by, ""
    except CannotGrade as error:
        guard, why = "nothing", str(error)
    return [*_kernel(), *_guards(guard), *_software(), *_room()], why


def _kernel() -> Iterator[tuple[str, str]]:
    yield "kernel", f"{platform.system()} {platform.release()}, {platform.machine()}"
    if platform.system() != "Linux":
        return
    try:
        abi = landlock.abi(ctypes.CDLL(None, use_errno=True))
    except OSError as error:
        yield "Landlock", f"none: {error.strerror}"
    else:
        guarded = [what for number, (what, *_) in landlock.BROUGHT.items() if number <= abi]
        yield "Landlock", f"version {abi}: guards {', '.join(guarded)}"
    actions = _words(Path("/proc/sys/kernel/seccomp/actions_avail"))
    yield "seccomp", "filters system calls" if "errno" in actions else "not in this kernel"


def _guards(files: str) -> Iterator[tuple[str, str]]:
    yield "files", f"guarded by {files}" if files == "nothing" else f"guarded by {files}, and by seccomp"
    if files != "nothing":
        yield "all else", f"guarded by seccomp ({len(ALLOWED)} system calls are allowed), limits, and no capability"


def _software() -> Iterator[tuple[str, str]]:
    yield "Python", f"{platform.python_version()}, {sys.executable}"
    yield "NumPy", np.__version__
    for library in threadpoolctl.threadpool_info():
        if library["user_api"] == "blas":
            kernel = library.get("architecture", "unknown")
            yield "BLAS", f"{library['internal_api']} {library['version']}, kernel {kernel}"
    yield "nbgrader", version("nbgrader")


def _room() -> Iterator[tuple[str, str]]:
    yield "cores", f"{usable_cores()} may be used"
    if available := _available_memory():
        yield "memory", f"{available / 2**30:.1f} GB are free"
    folder = tempfile.gettempdir()
    yield "disk", f"{shutil.disk_usage(folder).free / 2**30:.1f} GB are free in {folder}"


def _available_memory() -> int | None:
    """Bytes, or nothing where the system does not say."""
    for line in _words(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) << 10
            most = _words(CGROUP / "memory.max")
            used = _words(CGROUP / "memory.current")
            return min(free, int(most) - int(used)) if most.isdecimal() and used.isdecimal() else free
    return None


def _words(path: Path) -> str:
    """What a file of the kernel's says; nothing where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
