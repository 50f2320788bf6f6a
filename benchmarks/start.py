"""Processor time until a confined worker is ready to take a student's code: `python -m benchmarks.start`.

The fork server's, the new worker's and our own share, for workers that are started one after the other and answer one
call; beside it what starting Python with NumPy inside the same sandbox takes. Exit status 1 above 60 ms.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from autograder.grading.assignment import course_root, load_assignment
from autograder.sandbox import process, wire

WORKERS = 100
MOST_MS = 60
LIMITS = process.Limits()
LOAD = {"do": "load", "snippets": [], "files": {}, "functions": [], "names": [], "lent": [], "probes": "", "cell": ""}
CALL = wire.pack(LOAD)


def nanoseconds(pid: int) -> int:
    """Processor time of a process's first thread."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def milliseconds_for_workers(count: int) -> float:
    """Processor milliseconds for each worker."""
    files = load_assignment("dinosaur-island", course_root()).sandbox_files
    with process.Sandbox(files, LIMITS, LIMITS.allowance()) as first:  # starts the fork server
        first.ask(CALL, 10)
    server = process._fork_server(()).process.pid
    start, server_start, workers = time.process_time_ns(), nanoseconds(server), 0
    for _ in range(count):
        with process.Sandbox(files, LIMITS, LIMITS.allowance()) as one:
            one.ask(CALL, 10)
            assert one._worker is not None
            workers += nanoseconds(one._worker.pid)
    total = time.process_time_ns() - start + nanoseconds(server) - server_start + workers
    return total / count / 1e6


def milliseconds_for_python(count: int) -> float:
    """Processor milliseconds for a new Python with NumPy, inside Landlock."""
    code = (
        "import ctypes, sys; from autograder.sandbox import landlock; libc = ctypes.CDLL(None, use_errno=True); "
        "libc.prctl(38, 1, 0, 0, 0); landlock.confine(libc, landlock.abi(libc), sys.argv[1:], []); import numpy"
    )
    start = os.times()
    for _ in range(count):
        subprocess.run([sys.executable, "-c", code, *process.readable_paths()], check=True)
    end = os.times()
    return 1000 * (end.children_user + end.children_system - start.children_user - start.children_system) / count


def main() -> int:
    """Print both figures."""
    ours, plain = milliseconds_for_workers(WORKERS), milliseconds_for_python(10)
    print(f"a worker forked, confined and ready   {ours:6.1f} ms of processor time (at most {MOST_MS})")
    print(f"a new Python with NumPy, confined     {plain:6.1f} ms")
    return int(ours > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
