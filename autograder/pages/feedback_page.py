"""A student's feedback page: scores, what the checks found, and the notebook. No script, nothing loaded, no plug-in."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup
from nbformat.notebooknode import NotebookNode

from autograder.grading.report import Report
from autograder.messages import Message
from autograder.pages.feedback import function_html, number, page_css, templates
from autograder.pages.harmless import code_css, code_html, markdown_html, plain_html
from autograder.pages.limited import TookTooLong, at_most, limited
from autograder.pages.pictures import png

SECONDS, SECONDS_PER_CELL = 3.0, 1.0  # the processor's, to lay out what students wrote; the rest is shown as it stands
LAST_SECONDS = 8  # likewise; then there is no notebook on the page
MAX_SHOWN = 2_000_000  # characters of a notebook
MAX_PAGE = 20_000_000  # bytes
PICTURES = 1  # for each function: more of them say the same again
# What nbgrader puts back into locked cells, and students are not to see
HIDDEN = re.compile(r"^.*BEGIN (HIDDEN TESTS|MARK SCHEME)(?s:.*?)(?:END \1.*\n?|\Z)", re.MULTILINE)


@dataclass(frozen=True)
class Recorded:
    """What the gradebook says of a submission by grade_id, with what was changed by hand."""

    points: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # and the most that can be had
    comments: Mapping[str, str] = field(default_factory=dict)  # Markdown
    late_penalty: float = 0.0


@dataclass(frozen=True)
class Graded:
    """A graded cell: what was earned, and what the checks say."""

    grade_id: str
    title: str
    points: float
    most: float
    by_checks: float | None
    first: Message | str | None  # what to look at first
    details: Markup
    pictures: Sequence[tuple[str, str]]  # PNG as base64, title


@dataclass(frozen=True)
class Shown:
    """A cell of the notebook."""

    html: Markup
    grade_id: str = ""
    is_answer: bool = False
    comment: Markup | str = ""


def render_feedback(
    name: str,
    notebook: NotebookNode,
    report: Report | Message | str,
    recorded: Recorded,
    template: NotebookNode | None = None,
) -> str:
    """The page of an assignment's submission as HTML.

    `notebook` is the repaired one, with nbgrader's metadata; `report` the Report, or the sentence why there is none.
    The cells of `template`, the source notebook, are trusted, and kept for the next page. All else is read in a copy of
    this process, within bounds of time and memory; beyond them the page says so, and shows no notebook.
    """
    for cell in template.cells if template else ():
        _source_html(cell)
    graded = {one.grade_id: one for one in _graded(notebook, report, recorded)}

    def page(cells: Sequence[Shown] | None) -> str:
        return templates.get_template("feedback.html.j2").render(
            name=name,
            report=report,
            is_report=isinstance(report, Report),
            graded=graded,
            comments={grade_id: text for grade_id, text in recorded.comments.items() if text},
            penalty=recorded.late_penalty,
            score=sum(one.points for one in graded.values()) - recorded.late_penalty,
            most=sum(one.most for one in graded.values()),
            cells=cells,
            css=Markup(page_css() + code_css()),  # noqa: S704 - ours
            number=number,
        )

    return limited(lambda: page(list(_shown(notebook, recorded))), LAST_SECONDS, MAX_PAGE) or page(None)


def _graded(notebook: NotebookNode, report: Report | Message | str, recorded: Recorded) -> Iterator[Graded]:
    """The graded cells in the notebook's order."""
    functions, diagnoses = (report.functions(), report.diagnoses) if isinstance(report, Report) else ({}, {})
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if not (mark.get("grade") or mark.get("task")):
            continue
        function = mark["grade_id"].removeprefix("test-")
        checks = functions.get(function, [])
        by_checks = sum(check.points for check in checks) if checks else None
        points, most = recorded.points.get(mark["grade_id"], (by_checks or 0.0, mark.get("points", 0.0)))
        yield Graded(
            mark["grade_id"],
            function,
            points,
            most,
            by_checks,
            first=diagnoses.get(function) or next((check.message for check in checks if check.state == "failed"), None),
            details=_details(cell, report, function),
            pictures=[(png(check.picture), check.picture.title) for check in checks if check.picture][:PICTURES],
        )


def _details(cell: NotebookNode, report: Report | Message | str, function: str) -> Markup:
    """What the checks say: from the Report, or without one as it was recorded in the notebook."""
    if isinstance(report, Report):
        return Markup(function_html(report, function) if function in report.functions() else "")  # noqa: S704 - ours
    texts = [one.data.get("text/plain", "") for one in cell.get("outputs", []) if one.output_type == "display_data"]
    return Markup().join(plain_html(text) for text in texts)


def _shown(notebook: NotebookNode, recorded: Recorded) -> Iterator[Shown]:
    """The cells as long as there is room; plain text from where the time is up."""
    end = time.process_time() + SECONDS
    room = MAX_SHOWN
    for cell in notebook.cells:
        if (room := room - len(cell.source)) < 0:
            yield Shown(Markup("<p>The rest of this notebook is not shown: it is too long.</p>"))
            return
        try:
            with at_most(max(0.001, min(SECONDS_PER_CELL, end - time.process_time()))):
                html = _source_html(cell)
        except TookTooLong:
            html = plain_html(cell.source)
        mark = cell.metadata.get("nbgrader", {})
        grade_id = mark.get("grade_id", "")
        comment = recorded.comments.get(grade_id, "")
        yield Shown(html, grade_id, bool(mark.get("solution")), comment and markdown_html(comment))


def _source_html(cell: NotebookNode) -> Markup:
    mark = cell.metadata.get("nbgrader", {})
    source = cell.source if mark.get("solution") else HIDDEN.sub("", cell.source)
    if cell.cell_type == "code":
        return code_html(source)
    return markdown_html(source) if cell.cell_type == "markdown" else plain_html(source)
