"""One confined process with limits: start it, call into it, kill it."""

from __future__ import annotations

import contextlib
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import sandlock

from autograder import wire

ENGINE = Path(__file__).parent
# What the BLAS kernel and NumPy's loops are chosen by: the student's side has to follow the grader's.
NUMERIC_VARIABLES = ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES")


class CannotConfine(Exception):
    """The kernel of this machine cannot confine a process; the text says what to do."""


class Died(Exception):
    """The worker ended, or talked nonsense, before it answered."""


class TimeUp(Exception):
    """The worker did not answer in time and was killed."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    seconds_per_call: float = 10.0
    seconds_per_submission: float = 90.0
    memory_mb: int = 1024
    processes: int = 1
    file_mb: int = 16
    output_kb: int = 1000
    open_files: int = 64
    sandbox: str = "sandlock"  # or "none", which confines nothing


class _Process(Protocol):
    """What sandlock.Process and subprocess.Popen have in common."""

    stdin: Any
    stdout: Any

    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> Any: ...


class Sandbox:
    """A worker in a scratch directory of its own. Use it as a context manager: leaving it kills the worker."""

    def __init__(self, files: Mapping[str, Path], limits: Limits) -> None:
        """`files` maps paths inside the scratch directory to the files copied there."""
        self.limits = limits
        self.scratch = Path(tempfile.mkdtemp(prefix="autograder-"))
        self._process: _Process | None = None
        try:
            for target, origin in [*files.items(), *((name, ENGINE / name) for name in ("worker.py", "wire.py"))]:
                destination = self.scratch / target
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(origin, destination)
            self._process = self._start()
        except BaseException:
            self.close()
            raise

    def ask(self, message: Any, seconds: float) -> Any:
        """Send a message and return the answer. Raises TimeUp or Died, and then the worker is gone."""
        assert self._process is not None
        try:
            if seconds <= 0:
                raise TimeoutError
            deadline = time.monotonic() + seconds
            wire.write_frame(self._process.stdin.fileno(), wire.pack(message))
            limit = self.limits.memory_mb << 18  # an answer is at most a quarter of the worker's memory
            return wire.unpack(wire.read_frame(self._process.stdout.fileno(), limit, deadline))
        except TimeoutError as error:
            self.close()
            raise TimeUp(f"no answer within {seconds:g} s") from error
        except (wire.WireError, BrokenPipeError) as error:
            self.close()
            raise Died(str(error)) from error

    def close(self) -> None:
        """Kill the worker, and delete its scratch directory."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()
            process.wait(timeout=5)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _start(self) -> _Process:
        limits = self.limits
        numbers = (limits.file_mb << 20, limits.open_files, limits.seconds_per_submission, limits.output_kb << 10)
        # -I -S: nothing of the environment, no site hooks; the paths are spelled out in _environment
        command = [sys.executable, "-S", "-B", "-P", str(self.scratch / "worker.py"), *(str(int(n)) for n in numbers)]
        if limits.sandbox == "none":
            return subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self.scratch, env=self._environment(),
                bufsize=0, start_new_session=True,
            )  # fmt: skip
        box = sandlock.Sandbox(
            fs_readable=readable_paths(),
            fs_writable=[str(self.scratch), os.devnull],
            max_memory=f"{limits.memory_mb}M",
            max_processes=limits.processes,
            max_open_files=limits.open_files,
            no_coredump=True,
            clean_env=True,
            env=self._environment(),
            cwd=str(self.scratch),
        )
        try:
            return box.popen(
                command,
                stdin=sandlock.StdioMode.PIPED,
                stdout=sandlock.StdioMode.PIPED,
                stderr=sandlock.StdioMode.NULL,
            )
        except (RuntimeError, sandlock.SandlockError) as error:
            raise CannotConfine(
                f"This machine cannot confine students' code ({error}): grading needs Linux 6.7 or newer with "
                "Landlock. Grade on such a machine, or trust the submissions with --sandbox none."
            ) from error

    def _environment(self) -> dict[str, str]:
        """The worker's whole environment: no secret of the grader's is in it."""
        packages = [str(self.scratch), *_package_directories()]
        return {
            "PYTHONPATH": os.pathsep.join(packages),
            "HOME": str(self.scratch),
            "TMPDIR": str(self.scratch),
            "MPLCONFIGDIR": str(self.scratch),
            "MPLBACKEND": "Agg",
            "TQDM_DISABLE": "1",
            "OPENBLAS_NUM_THREADS": "1",  # 50x50 matrices: more threads only cost
            "LANG": "C.UTF-8",
            **{name: os.environ[name] for name in NUMERIC_VARIABLES if name in os.environ},
        }


def readable_paths() -> list[str]:
    """What a worker may read: Python, its packages and the system's libraries. No checks, no course."""
    places = [sys.base_prefix, *_package_directories(), "/lib", "/lib64", "/usr/lib", "/usr/lib64",
              "/etc/ld.so.cache", "/dev/urandom", "/proc/self", "/proc/cpuinfo", "/proc/meminfo"]  # fmt: skip
    places += [str(Path(sys.executable).parent), str(Path(sys.prefix) / "pyvenv.cfg")]
    return [place for place in places if os.path.exists(place)]


def _package_directories() -> list[str]:
    """The site-packages in use. The repository itself (an editable install) is none of them."""
    return list(dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()]))
