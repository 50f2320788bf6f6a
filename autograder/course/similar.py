"""Which submissions have code alike: pairs for a person to look at, made with copydetect (an extra).

Names, comments and blanks do not count, nor does code that was handed out.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import nbformat
import numpy as np
from copydetect import CodeFingerprint, compare_files

from autograder.course.course import Course
from autograder.errors import CannotGrade
from autograder.grading.assignment import Assignment
from autograder.notebook.handed_in import Unreadable, read_notebook
from autograder.notebook.submission import read_submission
from autograder.pages.class_report import Pair, Similar

ALIKE = 25  # characters in a row, each name counted as one: copydetect's own default
SHOWN = 20  # pairs


def similar(course: Course, notebooks: Sequence[Assignment]) -> Similar:
    """The pairs of a class with the most code alike. Raises CannotGrade where there is no release to compare with."""
    given = {line.strip() for source in _released(notebooks) for line in source.splitlines()}
    folders = course.submissions(notebooks[0].name)
    prints = {student: _print(_written(folder, notebooks), given) for student, folder in folders.items()}
    pairs = [
        Pair(one, other, float(np.mean(compare_files(prints[one], prints[other])[1])))
        for one, other in combinations(prints, 2)
    ]
    most = sorted((pair for pair in pairs if pair.share), key=lambda pair: -pair.share)[:SHOWN]
    return Similar(most, len(pairs), float(np.median([pair.share for pair in pairs])) if pairs else 0.0)


def _released(notebooks: Sequence[Assignment]) -> list[str]:
    """The code that was handed out."""
    sources = []
    for one in notebooks:
        if not one.released.is_file():
            raise CannotGrade(
                "There is no {path}: run `nbgrader generate_assignment {assignment}` first.",
                path=one.released,
                assignment=one.name,
            )
        cells = nbformat.read(one.released, as_version=4).cells
        sources += [cell.source for cell in cells if cell.cell_type == "code"]
    return sources


def _written(folder: Path, notebooks: Sequence[Assignment]) -> list[str]:
    """The code of a submission's own cells; none of a notebook that cannot be read."""
    sources = []
    for one in notebooks:
        marks = (cell.metadata.get("nbgrader", {}) for cell in one.template.cells)
        locked = {mark["grade_id"] for mark in marks if mark.get("locked")}
        with contextlib.suppress(Unreadable):
            notebook = read_notebook(folder / one.source.name)
            cells = read_submission(notebook, one.template, list(one.points)).cells
            sources += [cell.source for cell in cells if cell.grade_id not in locked]
    return sources


def _print(sources: Sequence[str], given: set[str]) -> CodeFingerprint:
    """What copydetect compares, without the lines that were given.

    With a window of 1 nothing is left to chance: Python hashes text with a random key.
    """
    lines = (line for source in sources for line in source.splitlines() if line.strip() not in given)
    return CodeFingerprint("", ALIKE, 1, language="python", fp=io.StringIO("\n".join(lines)))
