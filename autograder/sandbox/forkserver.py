"""The process that workers are forked from: it has NumPy and the course's `preload` in memory, nothing of a student's.

The grader starts it once and asks it for workers over a socket. A child confines itself before it reads its first byte
of a submission: no path but those it is given (landlock.py), no process, socket or other forbidden system call
(syscalls.py), no capability, and limits on memory, files and time. It dies with this process, which dies with the
grader. Standard library, NumPy, what is preloaded and the sandbox's own modules only.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from typing import Any

ENGINE = os.path.dirname(os.path.abspath(__file__))
MAX_REQUEST = 1 << 16
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CAPABILITIES_V3 = 0x20080522


def main() -> None:
    """Import what the course asks for, then fork a worker for each request, until the grader closes the socket.

    Arguments: the socket's file descriptor, and the names of the packages.
    """
    grader = socket.socket(fileno=int(sys.argv[1]))
    why_not = _preload(sys.argv[2:])
    grader.send(json.dumps(why_not).encode())
    if why_not:
        return
    gc.freeze()  # the workers' collections need not look at what is here already, nor copy its pages
    scratch: dict[int, str] = {}  # of each worker
    while True:
        text, fds, _, _ = socket.recv_fds(grader, MAX_REQUEST, 2)
        if not text:
            _clear(scratch)
            return
        with contextlib.suppress(ChildProcessError):  # reaped only here: until its pidfd is sent, a pid stays its own
            while ended := os.waitpid(-1, os.WNOHANG)[0]:
                del scratch[ended]
        request = json.loads(text)
        child = os.fork()
        if child == 0:
            grader.close()
            _become_worker(request, *fds)
        scratch[child] = request["scratch"]
        for fd in fds:
            os.close(fd)
        pidfd = os.pidfd_open(child)
        socket.send_fds(grader, [str(child).encode()], [pidfd])
        os.close(pidfd)


def _preload(names: list[str]) -> list[str]:
    """Import these packages. Returns the one that cannot be shared with forked processes, and why; or nothing."""
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 -- the grader says it
            return [name, f"{type(error).__name__}: {error}"[:300]]
        if len(os.listdir("/proc/self/task")) > 1:
            return [name, "it starts threads, which forked processes lack"]
    return []


def _clear(scratch: dict[int, str]) -> None:
    """End the workers that a killed grader left, and delete their directories; usually there are none."""
    for child, folder in scratch.items():
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if os.path.exists(folder):
            subprocess.run(["rm", "-rf", "--", folder], check=False)


def _become_worker(request: dict[str, Any], requests: int, answers: int) -> None:
    """Confine this process and serve; never returns."""
    try:
        os.setsid()
        os.mkdir(request["scratch"], 0o700)  # here, so that it is known to `main` whenever the grader is killed
        os.chdir(request["scratch"])
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        os.close(nowhere)
        os.environ.update(request["environment"])
        np.random.seed()  # or all workers would draw the same
        sys.path.insert(0, request["scratch"])
        _limit(request)
        try:
            files = _confine(request) if request["confined"] else None
        except Exception as error:  # noqa: BLE001 -- the grader says it
            wire.write_frame(answers, wire.pack({"ready": False, "why": _why(error)}))
        else:
            wire.write_frame(answers, wire.pack({"ready": True, "files": files}))
            ROLES[request["role"]](requests, answers, request["output_bytes"])
    finally:
        os._exit(0)


def _limit(request: dict[str, Any]) -> None:
    with open("/proc/self/statm") as file:
        own_memory = int(file.read().split()[0]) * resource.getpagesize()
    for limit, value in (
        (resource.RLIMIT_AS, own_memory + request["memory_bytes"]),
        (resource.RLIMIT_FSIZE, request["file_bytes"]),
        (resource.RLIMIT_NOFILE, request["open_files"]),
        (resource.RLIMIT_CPU, request["cpu_seconds"]),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)  # nobody can raise a hard limit
        resource.setrlimit(limit, (least, least))


def _confine(request: dict[str, Any]) -> str:
    """What guards files from this process from now on: landlock.py or namespaces.py; syscalls.py guards all else."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "new privileges cannot be ruled out")
    guard = _guard_files(libc, request["readable"], request["writable"])
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capabilities cannot be dropped")
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == 1:
        os._exit(0)
    syscalls.forbid(libc)
    return guard


def _guard_files(libc: ctypes.CDLL, readable: list[str], writable: list[str]) -> str:
    try:
        version = landlock.abi(libc)
    except OSError as missing:
        try:
            namespaces.confine(libc, readable, writable)
        except OSError as error:
            why = f"{missing.strerror}; and a mount namespace cannot take its place ({error})"
            raise OSError(missing.errno, why) from None
        return "a mount namespace"
    landlock.confine(libc, version, readable, writable)
    return f"Landlock {version}"


def _why(error: Exception) -> str:
    """What the grader is told of an error: of one that we worded, the words."""
    return str(getattr(error, "strerror", None) or f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.path.insert(0, ENGINE)
    # A worker may read no link. Before Python 3.13, realpath raises then, and half of the libraries ask for it.
    os.path.realpath = lambda path, **_: os.path.abspath(path)  # type: ignore[assignment]
    import judge
    import landlock
    import namespaces
    import numpy as np
    import numpy.random  # else each worker would load it anew
    import syscalls
    import tqdm.auto  # noqa: F401 -- what the release's notebooks import
    import trials
    import whole_notebook
    import wire
    import worker

    sys.path.remove(ENGINE)
    ROLES = {"functions": worker.serve, "notebook": whole_notebook.serve, "judge": judge.serve,
             "trials": trials.serve}  # fmt: skip
    with contextlib.suppress(ConnectionError):  # the grader was killed
        main()
