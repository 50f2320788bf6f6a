"""What comes of grading a submission, ready to be recorded: made where it was graded, without the gradebook."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.course.report_cache import timed
from autograder.grading.assignment import Assignment
from autograder.grading.configuration import with_usual_words
from autograder.grading.report import Picture, Report
from autograder.messages import Message, speaking, template
from autograder.notebook.handed_in import Unreadable
from autograder.notebook.submission import blank_submission, read_submission
from autograder.pages.feedback import function_html, function_text, prose
from autograder.pages.feedback_page import lay_out
from autograder.pages.pictures import png, title
from autograder.sandbox.process import Limits

PICTURES = 1  # for each function: more of them say the same again
NO_RESPONSE = template("No response.")  # nbgrader's comment on an answer that is still the release's


@dataclass(frozen=True)
class ReleasedCell:
    """What the gradebook keeps of a cell of the release. `points` are those of an autograded or written one."""

    cell_type: str
    locked: bool
    source: str
    checksum: str
    points: float | None


@dataclass(frozen=True)
class Released:
    """What the gradebook keeps of a notebook of the release: its cells by grade_id."""

    kernelspec: str | None  # as JSON
    cells: Mapping[str, ReleasedCell]


@dataclass(frozen=True)
class HandedIn:
    """A student's file: its bytes, or why it cannot be read; and its Report as JSON where one is known.

    `note` says what lies beside it: that is to be shown with the Report, and no part of it.
    """

    content: bytes
    why: str = ""
    report: str = ""
    note: Message | None = None


@dataclass(frozen=True)
class Marked:
    """A graded submission as text and numbers."""

    report: str  # as JSON; none for what is no notebook
    why: str  # it is none
    note: Message | None  # to be shown with the Report
    notebook: str  # the autograded one, as JSON
    scores: Mapping[str, float | None]  # by the checks, of each graded cell; None where somebody has to read it
    comments: Mapping[str, str | None]  # on each cell that is to be answered
    laid_out: Sequence[str] | None  # its cells as HTML (`pages.feedback_page.lay_out`)


def marked(handed_in: HandedIn, assignment: Assignment, seed: int, limits: Limits, released: Released) -> Marked:
    """Grade a submission, unless its Report is known, and write the notebook that nbgrader would write of it."""
    text = why = ""
    try:
        if handed_in.why:
            raise Unreadable(handed_in.why)
        notebook = read_submission(handed_in.content, assignment.template, list(assignment.points)).notebook
        text = handed_in.report or timed(handed_in.content, assignment, seed, limits).to_json()
        with speaking(assignment.language):
            outputs = test_outputs(with_note(Report.from_json(text), handed_in.note))
    except Unreadable as error:
        with speaking(assignment.language):
            why = str(error)
            notebook, outputs = blank_submission(assignment.template, why), unread_outputs(assignment, why)
    restore(notebook, released)
    functions = {grade_id: name for name, grade_id in assignment.grade_ids.items()}
    scores, comments = {}, {}
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        grade_id = mark.get("grade_id", "")
        if functions.get(grade_id) in outputs:
            cell.outputs = outputs[functions[grade_id]]
        if mark.get("grade"):
            scores[grade_id] = _score(cell, released.cells[grade_id])
        if mark.get("solution") or mark.get("task"):
            unanswered = cell.source == released.cells[grade_id].source and not mark.get("task")
            comments[grade_id] = NO_RESPONSE if unanswered else None
    with speaking(assignment.language):
        laid_out = lay_out(with_usual_words(notebook, assignment.words), assignment.template)
    return Marked(text, why, handed_in.note, nbformat.writes(notebook) + "\n", scores, comments, laid_out)


def all_marked(
    handed_in: Mapping[str, HandedIn],
    released: Mapping[str, Released],
    notebooks: Sequence[Assignment],
    seed: int,
    limits: Limits,
) -> dict[str, Marked]:
    """The same for those of an assignment's notebooks that were handed in, by their names."""
    known = {one.notebook: one for one in notebooks}
    return {name: marked(one, known[name], seed, limits, released[name]) for name, one in handed_in.items()}


def with_note(report: Report, note: Message | None) -> Report:
    """The Report as it is shown."""
    return replace(report, problems=(note, *report.problems)) if note else report


def restore(notebook: NotebookNode, released: Released) -> None:
    """Give the notebook the release's kernel, points and checksums, and locked cells their text."""
    if released.kernelspec and (kernelspec := json.loads(released.kernelspec)):
        notebook.metadata["kernelspec"] = nbformat.from_dict(kernelspec)
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if original := released.cells.get(mark.get("grade_id", "")):
            mark["checksum"] = original.checksum
            if mark.get("grade") and float(mark["points"]) != original.points:
                mark["points"] = original.points
            if original.locked:
                cell.source = original.source
        else:
            mark.pop("grade_id", None)  # a cell that is neither graded, locked nor to be answered


def _score(cell: NotebookNode, original: ReleasedCell) -> float | None:
    """The score that nbgrader reads from a graded cell: for an answer, none but the 0 of one that is not there."""
    if cell.metadata.nbgrader.get("solution"):
        return 0.0 if cell.source == original.source else None
    if cell.cell_type != "code":
        return None
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    return float(results[0].data["text/plain"]) if results else original.points


def test_outputs(report: Report) -> dict[str, list[NotebookNode]]:
    """Function -> outputs of its test cell."""
    return {
        name: _outputs(
            sum(check.points for check in checks),
            function_html(report, name),
            function_text(report, name),
            [check.picture for check in checks if check.picture][:PICTURES],
        )
        for name, checks in report.functions().items()
    }


def unread_outputs(assignment: Assignment, why: str) -> dict[str, list[NotebookNode]]:
    """Function -> outputs of its test cell, for what is no notebook."""
    return {name: _outputs(0.0, f"<div>{prose(why)}</div>", why) for name in assignment.points}


def _outputs(points: float, html: str, text: str, pictures: Sequence[Picture] = ()) -> list[NotebookNode]:
    """Nbgrader reads the score from the one execute_result; the feedback stands beside it."""
    new: Any = nbformat.v4.new_output
    return [
        new("display_data", {"text/html": html, "text/plain": text}),
        *(
            new("display_data", {"image/png": png(one), "text/plain": title(one)}, metadata={"alt": title(one)})
            for one in pictures
        ),
        new("execute_result", {"text/plain": f"{points:g}"}, execution_count=1),
    ]
