"""Who grades: processes of this machine, or something else that takes submissions and marks them."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from autograder.course.marked import HandedIn, Marked, Released, all_marked
from autograder.grading.assignment import Assignment
from autograder.sandbox.process import Limits, refuse_other_systems


@dataclass(frozen=True)
class Workers:
    """`pool()` starts them, `submit(pool, handed_in, released)` hands out a submission, `count()` is how many work.

    What was handed in, what of it was released, and what comes of it is by the notebooks' names.
    """

    pool: Callable[[], AbstractContextManager[Executor]]
    submit: Callable[[Executor, Mapping[str, HandedIn], Mapping[str, Released]], Future[dict[str, Marked]]]
    count: Callable[[], int]


PRELOADED = ["autograder.course.marked", "matplotlib.figure"]  # the latter draws the pages' pictures


def usable_cores() -> int:
    """How many processes can work at a time: what the system, and a container's quota, leave this one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a quota
        quota, period = map(int, Path("/sys/fs/cgroup/cpu.max").read_text().split())
        return min(cores, math.ceil(quota / period))
    return cores


def get_ready() -> None:
    """Begin to import what the processes of a pool need, in the one that they will be forked from, and do not wait.

    Raises CannotConfine where there is no Linux.
    """
    refuse_other_systems()
    os.environ["PYTHONSAFEPATH"] = "1"  # no module is looked for in the current directory: it may be a student's
    multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it inherits that: Ctrl-C is for us to answer
    multiprocessing.forkserver.ensure_running()
    signal.signal(signal.SIGINT, before)


def local_workers(notebooks: Sequence[Assignment], seed: int, limits: Limits, jobs: int) -> Workers:
    """Processes on this machine."""
    grade_one = partial(all_marked, notebooks=notebooks, seed=seed, limits=limits)

    def submit(
        pool: Executor, handed_in: Mapping[str, HandedIn], released: Mapping[str, Released]
    ) -> Future[dict[str, Marked]]:
        try:
            return pool.submit(grade_one, handed_in, released)
        except (BrokenProcessPool, BrokenPipeError) as error:  # a process died, maybe while it was started
            lost: Future[dict[str, Marked]] = Future()
            lost.set_exception(BrokenProcessPool(str(error)))
            return lost

    return Workers(partial(local_pool, jobs), submit, lambda: jobs)


@contextlib.contextmanager
def local_pool(jobs: int) -> Iterator[Executor]:
    """Processes that end with this one. They are not forked from it: nothing of our state is in them."""
    get_ready()
    pool: Any = ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("forkserver"), initializer=_end_with_us
    )
    pool._safe_to_dynamically_spawn_children = False  # one that is started just when another dies would be forgotten
    try:
        yield pool
    finally:
        for process in multiprocessing.active_children():  # there is nobody left to wait for what they do
            process.kill()
        # A process that is killed while it sends a result leaves half of it in the pipe. The pool's thread would wait
        # for the other half for ever, because this process could still write it.
        pool._result_queue._writer.close()
        pool.shutdown(cancel_futures=True)


def _end_with_us() -> None:
    """In a process of the pool: end without a word at Ctrl-C, and when the grader is killed."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    tqdm.set_lock(threading.RLock())  # the solution's progress bars: theirs would be a semaphore that is left behind
    threading.Thread(target=_end_after, args=(multiprocessing.parent_process(),), daemon=True).start()


def _end_after(grader: Any) -> None:
    # not by the signal at a parent's death: the process that this one was forked from waits for this one to end
    grader.join()
    os._exit(1)
