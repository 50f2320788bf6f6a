"""Tables for spreadsheet programs: no cell of a student's is a formula, no number has what is left of rounding."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from autograder.messages import printable

# Where a spreadsheet program would begin to calculate (OWASP, CSV injection), also where it takes ; for a separator.
FORMULA = re.compile("(^|[;\t\r\n])(?=[=+@\t\r\n＝＋－＠-])")


def points(score: float) -> str:
    """A score as exact as anybody gives it, without what is left of rounding."""
    return f"{score:.10g}"


def harmless(text: str | None) -> str:
    """A cell that no spreadsheet program takes for a formula, and no terminal for an order."""
    return FORMULA.sub(r"\1'", printable(text or ""))


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> str:
    """A table as the text of a CSV file. Text is made harmless; None is an empty cell."""
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow([harmless(name) for name in heading])
    for row in rows:
        table.writerow([points(cell) if isinstance(cell, int | float) else harmless(cell) for cell in row])
    return file.getvalue()
