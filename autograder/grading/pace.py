"""How long the solution takes for what students are asked: found out when one of them takes long."""

from __future__ import annotations

from functools import lru_cache

from autograder.grading.assignment import Assignment
from autograder.grading.outcome import CallFailed
from autograder.grading.patience import Spare
from autograder.grading.reference import reference_of
from autograder.grading.student_process import Setting, StudentProcess
from autograder.notebook.submission import Submission, read_submission
from autograder.sandbox.process import Limits


@lru_cache(maxsize=100)
def solution_seconds(
    assignment: Assignment, limits: Limits, lent: tuple[str, ...], setting: Setting, frame: bytes
) -> float:
    """Processor time that the solution takes for a message, or its cells if that is empty; 0 where it has no answer.

    It runs in a process like a student's: where functions are `lent`, it has to ask for their answers, too.
    """
    reference = reference_of(assignment)
    parts = {name: reference.part(name) for name in lent}
    process = StudentProcess(_solution(assignment), assignment, reference.reached, limits, limits.allowance(),
                             Spare(limits), lambda *_: float("inf"), parts)  # fmt: skip
    try:
        return process.seconds(setting, frame)
    except CallFailed:
        return 0.0
    finally:
        process.close()


@lru_cache(maxsize=4)
def _solution(assignment: Assignment) -> Submission:
    names = list(reference_of(assignment).reached.names)
    return read_submission(assignment.source.read_bytes(), assignment.template, names)
