"""Grading on a Dask cluster: the assignment's files travel once to each worker, submissions with their tasks.

Workers need this package and no shared file system. This module is imported only where a scheduler is named.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from distributed import Client, get_worker

from autograder.course.marked import HandedIn, Marked, Released, all_marked
from autograder.course.pool import Workers
from autograder.errors import CannotGrade
from autograder.grading.assignment import Assignment, AssignmentError, load_notebooks
from autograder.grading.configuration import CONFIG, config_text
from autograder.sandbox.process import Limits

SECONDS_TO_ANSWER, SECONDS_TO_COME = 10, 30  # of the scheduler, and of the first worker
_ONE_AT_A_TIME = threading.Lock()  # in a worker with several threads: pytest is not made for that


class ClusterError(CannotGrade):
    """The cluster cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Parcel:
    """All that a worker has to be told of an assignment: the files by their path in its own course."""

    name: str
    files: Mapping[str, bytes]
    calibrations: Mapping[str, str]  # by notebook
    identity: tuple[str, ...]  # NumPy's version; and by notebook that of the checks, the solution and the engine
    seed: int
    limits: Limits


def pack(notebooks: Sequence[Assignment], seed: int, limits: Limits) -> Parcel:
    """The parcel of an assignment's run."""
    name = notebooks[0].name
    places: dict[str, Path] = {}
    for one in dict.fromkeys(each for notebook in notebooks for each in (notebook, notebook.original)):
        folder, source = Path("autograder", "assignments", one.name), Path("source", one.name)
        places |= {str(folder / path.relative_to(one.folder)): path for path in one.check_files}
        places |= {str((source if one.by_cells else "") / Path(name)): path for name, path in one.sandbox_files.items()}
        places[str(source / one.source.name)] = one.source
    files = {place: path.read_bytes() for place, path in places.items()}
    files[CONFIG] = config_text(notebooks[0].words).encode()
    calibrations = {one.notebook: one.calibration for one in notebooks}
    return Parcel(name, files, calibrations, _identity(notebooks), seed, limits)


def _identity(notebooks: Sequence[Assignment]) -> tuple[str, ...]:
    return np.__version__, *(one.checks_hash for one in notebooks)


def received(parcel: Parcel) -> Parcel:
    """On a worker: the parcel itself, for the others to fetch."""
    return parcel


def grade_parcel(
    parcel: Parcel, handed_in: Mapping[str, HandedIn], released: Mapping[str, Released]
) -> dict[str, Marked]:
    """On a worker: grade a submission."""
    key = hashlib.sha256(repr(parcel.identity).encode()).hexdigest()
    root = Path(get_worker().local_directory) / "courses" / key
    with _ONE_AT_A_TIME:
        for place, data in parcel.files.items():
            if not (path := root / place).exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        found = load_notebooks(parcel.name, root)
        notebooks = [replace(one, calibration=parcel.calibrations[one.notebook]) for one in found]
        if _identity(notebooks) != parcel.identity:
            raise AssignmentError(
                "A worker of the cluster has another version of this package or of NumPy: install the same on all."
            )
        return all_marked(handed_in, released, notebooks, parcel.seed, parcel.limits)


@contextlib.contextmanager
def cluster_workers(notebooks: Sequence[Assignment], seed: int, limits: Limits, scheduler: str) -> Iterator[Workers]:
    """The workers of the cluster with this scheduler."""
    with cluster(scheduler) as client:
        # A task, and no data: it is made anew when the worker that has it dies
        shared: Any = client.submit(received, pack(notebooks, seed, limits), pure=False)
        yield Workers(
            partial(executor, client),
            lambda pool, handed_in, released: pool.submit(grade_parcel, shared, handed_in, released),
            lambda: sum(client.nthreads().values()),
        )


@contextlib.contextmanager
def cluster(scheduler: str) -> Iterator[Client]:
    """A client of the scheduler. Raises ClusterError where none answers, or it has no workers."""
    if ":" not in scheduler:
        raise ClusterError(
            "{scheduler} is no scheduler's address: write it like tcp://host:8786.", scheduler=repr(scheduler)
        )
    try:
        client = Client(scheduler, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            "No Dask scheduler answers at {scheduler} ({error}): is its address right?",
            scheduler=scheduler,
            error=error,
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS_TO_COME)
        except TimeoutError as error:
            raise ClusterError(
                "The scheduler at {scheduler} has no workers: start some with `dask worker`.", scheduler=scheduler
            ) from error
        yield client


@contextlib.contextmanager
def executor(client: Client) -> Iterator[Executor]:
    """The cluster as an executor; what is not done is cancelled when it is left with an error."""
    pool: Executor = client.get_executor(pure=False)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False)
        raise
    pool.shutdown()
