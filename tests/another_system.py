"""Python as on macOS or Windows, as far as we use it: `python tests/another_system.py Windows -m MODULE ARGUMENTS...`.

What only Linux has, or only Unix, is hidden from our own code: modules, functions and constants.
"""

import builtins
import multiprocessing
import os
import platform
import runpy
import select
import signal
import sys

MODULES = {"Darwin": set(), "Windows": {"fcntl", "grp", "pwd", "resource", "termios", "tty", "pty"}}
NAMES = {
    "Darwin": {os: ["pidfd_open", "sched_getaffinity", "O_TMPFILE", "O_PATH", "memfd_create"],
               signal: ["pidfd_send_signal"]},
    "Windows": {os: ["pidfd_open", "sched_getaffinity", "O_TMPFILE", "O_PATH", "memfd_create", "O_NOFOLLOW", "fork",
                     "O_NONBLOCK", "geteuid", "getuid", "getgid", "uname", "setsid", "killpg", "mkfifo", "chown"],
                signal: ["pidfd_send_signal", "SIGKILL", "SIGALRM", "pthread_sigmask"], select: ["poll"]},
}  # fmt: skip


def ours(name: str) -> bool:
    """Whether a module is of this project; the others are what they are on this system."""
    return name.partition(".")[0] in ("autograder", "utils")


class Lacking:
    """A module as our code sees it there."""

    def __init__(self, module, lacking):
        self.__dict__.update({name: value for name, value in vars(module).items() if name not in lacking})


def main(system: str) -> None:
    """Import as on that system from now on, and run what the command line says."""
    real_import, lacking = builtins.__import__, {m: Lacking(m, names) for m, names in NAMES[system].items()}

    def as_there(name, globals=None, *rest, **named):  # noqa: A002 -- its name in builtins
        module = real_import(name, globals, *rest, **named)
        if not ours((globals or {}).get("__name__", "")):
            return module
        if name in MODULES[system]:
            raise ModuleNotFoundError(f"No module named {name!r}")
        return lacking.get(module, module)

    def no_fork_server(method=None):
        if method == "forkserver" and system == "Windows":
            raise ValueError("cannot find context for 'forkserver'")
        return real_context(method)

    real_context, multiprocessing.get_context = multiprocessing.get_context, no_fork_server
    builtins.__import__ = as_there
    platform.system = lambda: system
    sys.argv[:] = sys.argv[3:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
