"""The price of late work, for nbgrader's AssignLatePenalties."""

from __future__ import annotations

import math

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

DAY = 24 * 60 * 60


class PercentPerDay(LateSubmissionPlugin):
    """So many percent of what was earned for each day that has begun, after some minutes of grace."""

    percent = Float(10.0, min=0, max=100, help="Of the score, for each day that has begun.").tag(config=True)
    grace_minutes = Float(15.0, min=0, help="So late costs nothing.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points to take off; None for none. nbgrader counts a student's extension as time that was granted."""
        if total_seconds_late <= 60 * self.grace_minutes:
            return None
        return score * min(100.0, self.percent * math.ceil(total_seconds_late / DAY)) / 100
