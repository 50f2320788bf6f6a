"""Work on what students chose, in a copy of this process that cannot take more time or memory than it is given."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

MEMORY = 500 << 20  # bytes, besides what this process has
PATIENCE = 5  # seconds on the clock for each of the processor: the machine may be busy


class TookTooLong(BaseException):
    """The time for one piece is over; no `except Exception` on the way takes it for something else."""


def limited(make: Callable[[], str], seconds: int, most: int) -> str | None:
    """What `make` gives in a copy of this process; None where it fails, or needs more than it may.

    `seconds` are the processor's, `most` is the largest text in bytes.
    """
    reader, writer = os.pipe()
    if not (child := os.fork()):
        _give(make, writer, seconds)
    os.close(writer)
    text, whole = bytearray(), False
    end = time.monotonic() + PATIENCE * seconds
    try:
        while len(text) <= most and select.select([reader], [], [], max(0.0, end - time.monotonic()))[0]:
            part = os.read(reader, 1 << 20)
            text += part
            if not part:
                whole = True
                break
    finally:
        os.close(reader)
        if not whole:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return text.decode("utf-8") if whole and status == 0 else None


def _give(make: Callable[[], str], writer: int, seconds: int) -> None:
    """In the copy: write what `make` gives, and end. Never returns."""
    failed = True
    try:
        gc.disable()  # it would touch, and so copy, all that this process holds
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        import resource  # not on Windows, where nothing is graded

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with open("/proc/self/statm") as file:
            here = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (here + MEMORY, here + MEMORY))
        with open(writer, "wb") as file_out:
            file_out.write(make().encode("utf-8", "replace"))
        failed = False
    finally:
        os._exit(failed)


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TookTooLong in what takes longer (the processor's seconds). For `make` above: it changes a signal."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TookTooLong

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
