"""One confined process with limits: start it, call into it, kill it."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import platform
import secrets
import select
import shutil
import signal
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from autograder.errors import CannotGrade
from autograder.sandbox import wire

ENGINE = Path(__file__).parent
# What the BLAS kernel and NumPy's loops are chosen by: the student's side has to follow the grader's.
NUMERIC_VARIABLES = ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES")

LOOK_SECONDS = 0.2  # how often a busy worker's use of time and disk is looked at
PATIENCE = 3  # on a busy machine a second of work can take so many on the clock
CPU_CLOCK = 2  # with a process's number, the clock of its processor time: see clock_getcpuclockid(3) in glibc
MAX_REQUEST = 1 << 16
MAX_FILES = 5_000  # in a scratch directory
MAX_EXCHANGES = 300_000  # between a judge and a worker, in one test cell
MAX_THREADS = 100  # a limit of the kernel's would count those of all the user's processes
CANNOT_CONFINE = (
    "This machine cannot confine students' code: {why}. Grade where `autograder doctor` says that it can be, as on "
    "most machines with Linux 5.13 or newer, or trust the submissions with --sandbox none."
)
CANNOT_PRELOAD = (
    "The package {package} of GradeInSandbox.preload cannot be imported before workers are forked ({why}). Leave it "
    "out: then each worker that needs it imports it."
)
NO_LINUX = (
    "Students' code can be confined, and graded, on Linux only, and this is {system}: grade in WSL2, a container or on "
    "another machine (docs/instructors.md). `autograder new`, `autograder report` and `nbgrader` work here."
)


Role = Literal["functions", "notebook", "judge", "trials"]  # what a confined process does, see forkserver.py


class CannotConfine(CannotGrade):
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
    file_mb: int = 16
    disk_mb: int = 64
    output_kb: int = 1000
    open_files: int = 64
    preload: tuple[str, ...] = ()  # packages that are imported once for all workers of a grading process
    diagnosis_steps: int = 250_000  # that the search for a mistake in a function may take; 0: there is no search
    sandbox: str = "on"  # or "none", which confines nothing; "sandlock" is an older word for "on"

    def allowance(self) -> Allowance:
        """What a submission may use in all its processes together."""
        return Allowance(self.seconds_per_submission, self.memory_mb << 15)


@dataclass
class Allowance:
    """What is left of what a submission may use."""

    seconds: float  # on the clock
    answer_bytes: int  # what comes of answers stays in memory


class Sandbox:
    """A worker in a scratch directory of its own. Use it as a context manager: leaving it kills the worker."""

    def __init__(self, files: Mapping[str, Path], limits: Limits, left: Allowance, role: Role = "functions") -> None:
        """`files` maps paths inside the scratch directory to the files copied there; `role` is what the process does.

        Raises CannotConfine, or CannotGrade where this machine has no room or no process for it.
        """
        self.limits = limits
        self._role = role
        self._left = left
        self._worker: _Worker | None = None
        self._answered = (0.0, 0.0)  # the time of its last answer, on the clock and in processor time
        self.files_guarded_by = "nothing"
        try:
            self.scratch = Path(tempfile.gettempdir(), f"autograder-{secrets.token_hex(4)}")  # the worker makes it
            self._start(files)
        except (OSError, wire.WireError) as error:
            raise CannotGrade(
                "No process can be started for students' code ({error}). Put that right, then grade again.", error=error
            ) from None

    def _start(self, files: Mapping[str, Path]) -> None:
        refuse_other_systems()
        try:
            if (room := shutil.disk_usage(self.scratch.parent).free >> 20) < self.limits.disk_mb:
                raise CannotGrade(
                    "There {free:is|are} {free} MB left in {folder}, and a submission may write {most}: make room, or "
                    "name another directory in TMPDIR. What was graded is kept.",
                    free=room,
                    folder=self.scratch.parent,
                    most=self.limits.disk_mb,
                )
            self._worker = _fork_server(self.limits.preload).fork(self._request())
            answer = wire.unpack(wire.read_frame(self._worker.answers, MAX_REQUEST))
            if not answer["ready"]:
                raise CannotConfine(CANNOT_CONFINE, why=answer["why"])
            self.files_guarded_by = answer["files"] or "nothing"
            for target, origin in files.items():
                destination = self.scratch / target
                destination.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(origin, destination)
        except BaseException:
            self.close()
            raise

    def ask(self, frame: bytes, seconds: float, lend: Callable[[Any], Any] | None = None) -> Any:
        """Send a packed message and return the answer; `lend` answers what the worker asks meanwhile.

        Raises TimeUp when the worker worked or slept for so many seconds, and Died when it ended, or filled its scratch
        directory. Then it is gone.
        """
        return self.ask_watched(frame, self.watch(seconds), lend)

    def ask_watched(self, frame: bytes, watch: Watch, lend: Callable[[Any], Any] | None = None) -> Any:
        """The same under a watch, which knows afterwards what the worker used."""
        while True:
            body = self.exchange(frame, watch)
            watch.count()
            self._answered = time.monotonic(), self.cpu_seconds()
            start = time.thread_time()
            try:
                answer = wire.unpack(body)
                watch.used += time.thread_time() - start  # a large answer costs its sender
                if lend is None or not isinstance(answer, dict) or "lend" not in answer:
                    self._left.answer_bytes -= len(body)  # questions are not kept
                    return answer
                frame = wire.pack(lend(answer))
            except wire.WireError as error:
                self.close()
                raise Died(str(error)) from error

    def exchange(self, frame: bytes, watch: Watch) -> bytes:
        """Send a frame and return the body of the next that comes. Raises TimeUp and Died, and then it is gone."""
        assert self._worker is not None
        watch.resume()
        try:
            wire.write_frame(self._worker.requests, frame, watch)
            return wire.read_frame(self._worker.answers, self._left.answer_bytes, watch)
        except (TimeoutError, wire.WireError, BrokenPipeError) as error:
            watch.count()
            self.close()
            raise (TimeUp("no answer in time") if isinstance(error, TimeoutError) else Died(str(error))) from error

    @property
    def alive(self) -> bool:
        """Whether there is a process to talk to."""
        return self._worker is not None

    @property
    def works_on(self) -> bool:
        """Whether the worker left threads at work when it answered."""
        if self._worker is None:
            return False
        when, cpu = self._answered
        idle = self.cpu_seconds() - cpu < (time.monotonic() - when) / 2
        return not idle and self._worker.state()[0] > 1

    def cpu_seconds(self) -> float:
        """Processor time that the worker used so far; 0 once it has ended."""
        return self._worker.cpu_seconds() if self._worker is not None else 0.0

    def close(self) -> None:
        """Kill the worker, and delete its scratch directory."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()
        _remove(self.scratch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def watch(self, seconds: float, more: Callable[[float], float] = lambda used: 0.0) -> Watch:
        """What looks after the worker, which may use `seconds`. Once it used more, `more` says how many it may use."""
        assert self._worker is not None
        return Watch(self._worker, self.scratch, self.limits, seconds, more)

    def _request(self) -> dict[str, Any]:
        """What the fork server is told about a new worker."""
        limits = self.limits
        return {
            "scratch": str(self.scratch),
            "role": self._role,
            "environment": {name: str(self.scratch) for name in ("HOME", "TMPDIR", "MPLCONFIGDIR")},
            "confined": limits.sandbox != "none",
            "readable": readable_paths(),
            "writable": [str(self.scratch), os.devnull],
            "memory_bytes": limits.memory_mb << 20,
            "file_bytes": limits.file_mb << 20,
            "open_files": limits.open_files,
            "cpu_seconds": int(limits.seconds_per_submission),
            "output_bytes": limits.output_kb << 10,
        }


def converse(judge: Sandbox, worker: Sandbox, message: Any, seconds: float) -> tuple[Any, str]:
    """Send a message to the judge, pass on what the two ask each other, and return the judge's answer to it.

    Also returns why the worker is gone, or nothing: the judge is told that, and goes on. Raises TimeUp and Died as
    `Sandbox.ask` does, when that is so of the judge.
    """
    gone = "" if worker.alive else "the student's process had ended"
    active, frame = judge, wire.pack(message)
    watches = {one: one.watch(seconds) for one in (judge, worker) if one.alive}
    for _ in range(MAX_EXCHANGES):
        try:
            body = active.exchange(frame, watches[active])
        except (TimeUp, Died) as error:
            if active is judge:
                raise
            gone = str(error)
            active, frame = judge, WORKER_GONE
            continue
        if body[:1] not in (b"?", b"!"):
            if active is judge:
                return wire.unpack(body), gone
            worker.close()
            gone, frame = "it gave no usable answer", WORKER_GONE
        elif active is judge and not worker.alive:
            frame = WORKER_GONE
        else:
            active = worker if active is judge else judge
            frame = len(body).to_bytes(4, "big") + body
            continue
        active = judge
    judge.close()
    raise TimeUp("too many questions")


def _gone() -> bytes:
    """What the judge is answered when there is no worker any more: an exception, as remote.py describes it."""
    about: Any = {"fatal": True}
    kind = wire.Tagged("mine", [0, ["builtins", "RuntimeError"], about])
    body = (
        b"!"
        + wire.pack([False, [kind, "the student's process ended", (), about], [], {"printed": "", "random": None}])[4:]
    )
    return len(body).to_bytes(4, "big") + body


WORKER_GONE = _gone()


class Watch:
    """Looks after a worker now and then: a call raises, or returns how many seconds it can wait."""

    def __init__(self, worker: _Worker, scratch: Path, limits: Limits, seconds: float, more: Callable[[float], float]
                 ) -> None:  # fmt: skip
        self.used = 0.0  # seconds of processor time and of sleep, as far as they have been counted
        self._worker, self._scratch, self._limits = worker, scratch, limits
        self._seconds, self._more = seconds, more
        self._start = self._asked = self._resumed = time.monotonic()
        self._next_look = self._start + LOOK_SECONDS
        self._watched = 0.0  # seconds since the last look in which nobody kept it waiting
        self._cpu = worker.cpu_seconds()  # when it was last counted

    def resume(self) -> None:
        """Go on after the worker waited for us, or for the judge."""
        self._asked = self._resumed = time.monotonic()

    def __call__(self) -> float:
        now = time.monotonic()
        self._watched += now - self._asked
        self._asked = now
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            self._look(now)
        return self._next_look - now

    def count(self) -> None:
        """Add what the worker used since the last time."""
        cpu = self._worker.cpu_seconds()
        self.used += max(0.0, cpu - self._cpu)
        self._cpu = cpu

    def _look(self, now: float) -> None:
        threads, rests = self._worker.state()
        before, waited, self._watched = self.used, self._watched, 0.0
        self.count()
        if rests:  # since we went on, at most: before, it waited for us
            self.used = max(self.used, before + min(waited, now - self._resumed))
        if threads > MAX_THREADS:
            raise wire.WireError("more threads than a notebook has")
        if self.used > self._seconds:
            self._seconds = max(self._seconds, self._more(self.used))
        on_the_clock = PATIENCE * max(self._seconds, self._limits.seconds_per_call)
        if self.used > self._seconds or now - self._start > on_the_clock:
            raise TimeoutError
        if _overfull(self._scratch, self._limits.disk_mb << 20):
            raise wire.WireError("the scratch directory is full")


@dataclass(frozen=True)
class _Worker:
    """A forked worker: its process, and our ends of its two pipes."""

    pid: int
    pidfd: int
    requests: int
    answers: int

    def cpu_seconds(self) -> float:
        """Processor time that all its threads used so far; 0 once it has ended."""
        try:
            return time.clock_gettime(~self.pid << 3 | CPU_CLOCK)
        except OSError:
            return 0.0

    def state(self) -> tuple[int, bool]:
        """How many threads it has, and whether the first one rests."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended: its pipe tells
            return 0, False
        return int(fields[17]), fields[0] not in "RD"  # asleep, or stopped

    def kill(self) -> None:
        """End it, and wait until it has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        poller = select.poll()
        poller.register(self.pidfd, select.POLLIN)
        poller.poll(5000)
        for descriptor in (self.pidfd, self.requests, self.answers):
            os.close(descriptor)


class _ForkServer:
    """The process that workers are forked from (forkserver.py), and our end of the socket to it."""

    def __init__(self, preload: tuple[str, ...]) -> None:
        """Raises CannotConfine, or CannotGrade where a package of `preload` cannot be imported before the fork."""
        _try_pidfd()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # -S -P: no site hooks, no directory of ours on the path; what is needed is spelled out
        command = [sys.executable, "-S", "-B", "-P", str(ENGINE / "forkserver.py"), str(theirs.fileno()), *preload]
        self.preload = preload
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._socket = ours
        with theirs:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, cwd="/", env=_environment(), pass_fds=[theirs.fileno()],
                start_new_session=True,
            )  # fmt: skip
        if why_not := json.loads(ours.recv(MAX_REQUEST) or b"[]"):  # one that ended is found out when it has to fork
            self.close()
            raise CannotGrade(CANNOT_PRELOAD, package=why_not[0], why=why_not[1])

    def fork(self, request: dict[str, Any]) -> _Worker:
        """A new worker. Raises CannotConfine when there is none to be had."""
        requests_in, requests_out = os.pipe()
        answers_in, answers_out = os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._socket, [json.dumps(request).encode()], [requests_in, answers_out])
                text, fds, _, _ = socket.recv_fds(self._socket, 32, 1)
        except OSError:
            text = b""
        finally:
            os.close(requests_in)
            os.close(answers_out)
        if not text:
            os.close(requests_out)
            os.close(answers_in)
            raise CannotConfine(CANNOT_CONFINE, why="the process that starts workers ended")
        os.set_blocking(requests_out, False)  # a worker that does not read must not hold us up
        return _Worker(int(text), fds[0], requests_out, answers_in)

    def close(self) -> None:
        """Let the process end, once its workers are gone."""
        self._socket.close()
        if self.owner == os.getpid():
            self.process.wait()


def _try_pidfd() -> None:
    """Raise CannotConfine where a worker could not be killed: old seccomp profiles of containers forbid these calls."""
    try:
        pidfd = os.pidfd_open(os.getpid())
        try:
            signal.pidfd_send_signal(pidfd, 0)
        finally:
            os.close(pidfd)
    except OSError as error:
        why = f"the system calls pidfd_open and pidfd_send_signal are not allowed here ({error.strerror})"
        raise CannotConfine(CANNOT_CONFINE, why=why) from None


_servers: list[_ForkServer] = []  # the one of this process, once it is needed


def _fork_server(preload: tuple[str, ...]) -> _ForkServer:
    """The fork server of this process. One that was inherited by forking belongs to the parent."""
    server = next(iter(_servers), None)
    if server is None or (server.owner, server.preload) != (os.getpid(), preload) or server.process.poll() is not None:
        _servers[:] = [_ForkServer(preload)]
        atexit.register(_servers[0].close)
    return _servers[0]


def _overfull(folder: Path, limit: int) -> bool:
    """Whether a directory that is being written to holds more bytes, or more files, than it may."""
    left, count, waiting = limit, MAX_FILES, [str(folder)]
    while waiting and left >= 0 and count >= 0:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                count -= 1
                stat = entry.stat(follow_symlinks=False)
                left -= max(stat.st_size, 512 * stat.st_blocks)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
    return left < 0 or count < 0


def _remove(folder: Path) -> None:
    """Delete a directory in which hostile code has written: too deep for Python, or without permissions."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run([*command, "--", str(folder)], check=False, stderr=subprocess.DEVNULL)


def _environment() -> dict[str, str]:
    """A worker's whole environment but for its scratch directory: no secret of the grader's is in it."""
    return {
        "PYTHONPATH": os.pathsep.join(_package_directories()),
        "MPLBACKEND": "Agg",
        "TQDM_DISABLE": "1",
        "OPENBLAS_NUM_THREADS": "1",  # 50x50 matrices: more threads only cost
        "LANG": "C.UTF-8",
        **{name: os.environ[name] for name in NUMERIC_VARIABLES if name in os.environ},
    }


def readable_paths() -> list[str]:
    """What a worker may read: Python, its packages and the system's libraries."""
    places = [sys.base_prefix, *_package_directories(), "/lib", "/lib64", "/usr/lib", "/usr/lib64",
              "/etc/ld.so.cache", "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo"]  # fmt: skip
    places += [f"/proc/self/{name}" for name in ("maps", "stat", "statm", "status")]  # not net/, which is the machine's
    places += [str(Path(sys.executable).parent), str(Path(sys.prefix) / "pyvenv.cfg")]
    return [place for place in places if os.path.exists(place)]


def refuse_other_systems() -> None:
    """Raise CannotConfine where there is no Linux."""
    if platform.system() != "Linux":
        raise CannotConfine(NO_LINUX, system=platform.system())


def refuse_readable(*secrets: Path) -> None:
    """Raise CannotConfine where one of these files or folders lies in what a worker may read."""
    places = [Path(place).resolve() for place in readable_paths()]
    for secret in secrets:
        if within := next((place for place in places if secret.resolve().is_relative_to(place)), None):
            raise CannotConfine(
                "Students' code could read {secret}, which lies in {within} with the packages that it needs: move the "
                "course to another directory.",
                secret=secret,
                within=within,
            )


def _package_directories() -> list[str]:
    """The site-packages in use. The repository itself (an editable install) is none of them."""
    return list(dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()]))
