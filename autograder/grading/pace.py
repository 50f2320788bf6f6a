"""How long the solution takes for what students are asked: found out when one of them takes long."""

from __future__ import annotations

from functools import lru_cache

from autograder.grading.assignment import Assignment
from autograder.grading.outcome import CallFailed
from autograder.grading.patience import Spare
from autograder.grading.reference import reference_of
from autograder.grading.student_process import Pace, Setting, StudentProcess
from autograder.notebook.submission import read_submission
from autograder.sandbox.process import Limits


@lru_cache(maxsize=4)
def pace_of(assignment: Assignment, limits: Limits) -> Pace:
    """How long the solution takes in a process like a student's."""
    reached = reference_of(assignment).reached
    solution = read_submission(assignment.source.read_bytes(), assignment.template, list(reached.names))

    @lru_cache(maxsize=100)
    def pace(setting: Setting, frame: bytes) -> float:
        process = StudentProcess(
            solution, assignment, reached, limits, limits.allowance(), Spare(limits), lambda *_: float("inf"), {}
        )
        try:
            return process.seconds(setting, frame)
        except CallFailed:
            return 0.0
        finally:
            process.close()

    return pace
