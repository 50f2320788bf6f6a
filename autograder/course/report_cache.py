"""Reports for many submissions: each graded once, then found by its content."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from autograder.errors import NOT_WRITTEN, CannotGrade
from autograder.grading.assignment import Assignment
from autograder.grading.checks import grade, ours
from autograder.grading.report import Report
from autograder.messages import render
from autograder.sandbox.process import Limits


def new_seed() -> int:
    """A seed that cannot be searched for by who knows some of the inputs that come from it."""
    return secrets.randbelow(2**63)


def run_seed(root: Path, assignment: str) -> int:
    """The seed of this course's run of an assignment: drawn once, then kept in `.autograder/`."""
    path = root / ".autograder" / assignment / "seed"
    if not path.exists():
        write_whole(path, f"{new_seed()}\n")
    text = path.read_text("utf-8", "replace").strip()
    if not text.isdecimal():
        raise CannotGrade(
            "{path} should hold the run's seed, a whole number, and holds {seen}: restore it, or delete it to grade "
            "with a new one.",
            path=path,
            seen=repr(text[:40]),
        )
    return int(text)


def report_path(data: bytes, assignment: Assignment, seed: int, limits: Limits, cache: Path) -> Path:
    """Where the Report of a submission is kept: by all that it depends on."""
    rest = repr((assignment.checks_hash, seed, astuple(limits), np.__version__)).encode()
    return cache / f"{hashlib.sha256(rest + data).hexdigest()}.json"


def reports_folder(root: Path, assignment: str) -> Path:
    """The cache of a course's Reports."""
    return root / ".autograder" / assignment / "reports"


def recorded_path(root: Path, assignment: str, student: str) -> Path:
    """Where it is noted what was recorded last. The student's name may be too long for a file's, or look strange."""
    return root / ".autograder" / assignment / "recorded" / hashlib.sha256(os.fsencode(student)).hexdigest()


@dataclass(frozen=True)
class Attempt:
    """One version of a student's work: a hash of it, when it was first recorded, and the points from the checks."""

    content: str
    recorded: str  # in UTC, as 2026-11-02T11:00:00+00:00
    points: float


@dataclass(frozen=True)
class Noted:
    """What was recorded of a student: what it depends on (`Course.key`), and the Reports' file names by notebook.

    What has no key is graded and recorded again by the next run. `attempts` are all versions, the last one included.
    """

    key: str = ""
    reports: Mapping[str, str] = field(default_factory=dict)
    attempts: Sequence[Attempt] = ()

    def with_attempt(self, content: str, points: float) -> Noted:
        """The same with one more attempt, or with the last one's points where it is of the same content."""
        if self.attempts and self.attempts[-1].content == content:
            return replace(self, attempts=[*self.attempts[:-1], replace(self.attempts[-1], points=points)])
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return replace(self, attempts=[*self.attempts, Attempt(content, now, points)])


def note_recorded(root: Path, assignment: str, student: str, noted: Noted) -> None:
    """Keep what was recorded of a student."""
    attempts = [*map(astuple, noted.attempts)]
    write_whole(recorded_path(root, assignment, student), json.dumps([noted.key, dict(noted.reports), attempts]))


def last_recorded(root: Path, assignment: str, student: str) -> Noted:
    """What was noted last, or nothing."""
    marker = recorded_path(root, assignment, student)
    try:
        key, reports, attempts = json.loads(marker.read_text("utf-8"))
    except (FileNotFoundError, ValueError):  # or noted by an older version
        return Noted()
    return Noted(key, reports, [Attempt(*one) for one in attempts])


def last_report(root: Path, assignment: str, student: str, notebook: str) -> Report | None:
    """The Report of what was recorded last; None where there is none, or it is kept no longer."""
    path = reports_folder(root, assignment) / last_recorded(root, assignment, student).reports.get(notebook, "")
    return Report.from_json(path.read_text("utf-8")) if path.is_file() else None


def graded(data: bytes, assignment: Assignment, seed: int, limits: Limits, path: Path) -> Report:
    """The Report of a submission, from its place in the cache or graded now."""
    if path.exists():
        return Report.from_json(path.read_text("utf-8"))
    report = timed(data, assignment, seed, limits)
    keep(report, path)
    return report


def timed(data: bytes, assignment: Assignment, seed: int, limits: Limits) -> Report:
    """The Report of a submission, graded now, with the time that it took."""
    start = time.monotonic()
    report = grade(data, assignment, seed, limits)
    return replace(report, seconds=time.monotonic() - start)


def keep(report: Report, path: Path) -> str:
    """Put a Report into the cache. One that failed on our side is not kept; returns in what it did."""
    broken = " ".join(render(problem) for problem in report.problems if ours(problem))
    if not broken:
        write_whole(path, report.to_json())
    return broken


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees all of it or none, whatever happens meanwhile.

    Raises CannotGrade when there is no room, or no permission.
    """
    part = path.with_name(part_name())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise CannotGrade(NOT_WRITTEN, path=path, why=error.strerror) from None


def part_name() -> str:
    """The name of what this process is about to finish; what else lies there is named by hashes, and never so."""
    return f".{os.getpid()}.part"


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-done in a folder of ours."""
    for part in folder.rglob(".*.part"):
        process = part.name.split(".")[1]
        if process.isdecimal() and not Path(f"/proc/{process}").exists():
            shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
