"""What an assignment's solution showed of its test cells, kept by all that it depends on."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, replace
from importlib.metadata import distributions
from pathlib import Path

from autograder.course.report_cache import write_whole
from autograder.grading.assignment import Assignment
from autograder.grading.cells import calibrate
from autograder.sandbox.process import Limits


def ready(assignment: Assignment, limits: Limits) -> Assignment:
    """The assignment as it can be graded: with its calibration, where the notebook's own test cells judge."""
    if not assignment.by_cells or assignment.calibration or not assignment.judged.tests:
        return assignment
    path = calibration_path(assignment, limits)
    if path.is_file():
        return replace(assignment, calibration=path.read_text("utf-8"))
    calibrated = calibrate(assignment, limits)
    write_whole(path, calibrated.calibration)
    return calibrated


def calibration_path(assignment: Assignment, limits: Limits) -> Path:
    """Where it is kept."""
    libraries = sorted(f"{one.name} {one.version}" for one in distributions())
    key = hashlib.sha256(repr((assignment.checks_hash, astuple(limits), libraries)).encode()).hexdigest()
    return assignment.root / ".autograder" / assignment.name / "calibration" / f"{assignment.notebook}-{key}.json"
