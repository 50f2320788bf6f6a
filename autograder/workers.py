"""Who grades: processes of this machine, or something else that takes submissions and gives Reports."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import multiprocessing.forkserver
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from autograder.assignment import Assignment
from autograder.runner import report_of
from autograder.sandbox import Limits

PR_SET_PDEATHSIG = 1  # linux/prctl.h
FORK_SERVER = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Workers:
    """`pool()` starts them, `submit(pool, content)` hands out a submission, `count()` is how many work."""

    pool: Callable[[], AbstractContextManager[Executor]]
    submit: Callable[[Executor, bytes], Future[str]]
    count: Callable[[], int]


def get_ready() -> None:
    """Begin to import what the processes of a pool need, in the one that they will be forked from, and do not wait."""
    FORK_SERVER.set_forkserver_preload(["autograder.runner"])
    multiprocessing.forkserver.ensure_running()


def local_workers(assignment: Assignment, seed: int, limits: Limits, jobs: int) -> Workers:
    """Processes on this machine."""
    grade_one = partial(report_of, assignment=assignment, seed=seed, limits=limits)
    return Workers(partial(local_pool, jobs), lambda pool, content: pool.submit(grade_one, content), lambda: jobs)


@contextlib.contextmanager
def local_pool(jobs: int) -> Iterator[Executor]:
    """Processes that end with this one. They are not forked from it: nothing of our state is in them."""
    get_ready()
    pool = ProcessPoolExecutor(jobs, mp_context=FORK_SERVER, initializer=_end_with_us)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _end_with_us() -> None:
    """In a process of the pool: end without a word at Ctrl-C, and when the grader is killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None or not parent.is_alive():  # it was killed before we could ask to be told
        os._exit(1)
