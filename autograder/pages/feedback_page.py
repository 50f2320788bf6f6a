"""A student's feedback page: scores, what the checks found, and the notebook. No script, nothing loaded, no plug-in."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup
from nbformat.notebooknode import NotebookNode

from autograder.grading.diagnosis.wording import of_edit, quoted
from autograder.grading.report import Report
from autograder.messages import Message, render, said, translated
from autograder.pages.feedback import checks_html, look_at_first, number, page_css, templates
from autograder.pages.harmless import code_css, code_html, markdown_html, plain_html
from autograder.pages.limited import TookTooLong, at_most, limited

SECONDS, SECONDS_PER_CELL = 3.0, 1.0  # the processor's, to lay out what students wrote; the rest is shown as it stands
LAST_SECONDS = 8  # likewise; then there is no notebook on the page
MAX_SHOWN = 2_000_000  # characters of a notebook
MAX_PAGE = 20_000_000  # bytes
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
    first: Message | None  # what to look at first
    details: Markup
    pictures: Sequence[tuple[str, str]]  # PNG as base64, title


def render_feedback(
    name: str,
    notebook: NotebookNode,
    report: Report | Message | str,
    recorded: Recorded,
    template: NotebookNode | None = None,
) -> str:
    """The page of an assignment's submission as HTML: its notebook laid out, and the rest around it."""
    return feedback_page(name, notebook, lay_out(notebook, template), report, recorded)


def lay_out(notebook: NotebookNode, template: NotebookNode | None = None) -> list[str] | None:
    """The HTML of each cell, in a copy of this process, within bounds of time and memory; None beyond them.

    The cells of `template`, the source notebook, are trusted, and kept for the next notebook.
    """
    for cell in template.cells if template else ():
        _source_html(cell)
    laid_out = limited(lambda: json.dumps(list(_laid_out(notebook))), LAST_SECONDS, MAX_PAGE)
    return None if laid_out is None else json.loads(laid_out)


def feedback_page(
    name: str,
    notebook: NotebookNode,
    laid_out: Sequence[str] | None,
    report: Report | Message | str,
    recorded: Recorded,
) -> str:
    """The page as HTML.

    `notebook` is the repaired one, with nbgrader's metadata and the pictures as outputs; `report` the Report, or the
    sentence why there is none.
    """
    graded = {one.grade_id: one for one in _graded(notebook, report, recorded)}
    marks = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    found = dict(_wrong_lines(notebook, report)) if laid_out is not None and isinstance(report, Report) else {}
    cells = list(laid_out or ())
    found = {name: one for name, one in found.items() if cells[one[0]].startswith("<pre")}  # not too long to be shown
    for function, (place, lines) in found.items():
        cells[place] = _with_marks(cells[place], lines, f"wrong-{function}")
    incomplete = [one for one in graded.values() if number(one.points) != number(one.most)]
    return templates.get_template("feedback.html.j2").render(
        name=name,
        report=report,
        is_report=isinstance(report, Report),
        graded=graded,
        begin=next((one for one in incomplete if one.first), None),
        comments={grade_id: markdown_html(translated(text)) for grade_id, text in recorded.comments.items() if text},
        penalty=recorded.late_penalty,
        score=max(0.0, sum(one.points for one in graded.values()) - recorded.late_penalty),
        most=sum(one.most for one in graded.values()),
        cells=None if laid_out is None else list(zip(marks, map(Markup, cells), strict=True)),
        marked={*found},
        css=Markup(page_css() + code_css()),  # noqa: S704 - ours
        number=number,
    )


def _wrong_lines(notebook: NotebookNode, report: Report) -> Iterator[tuple[str, tuple[int, tuple[int, ...]]]]:
    """Function -> (which cell, its lines) of those in which a mistake was found.

    The cells of what was handed in are counted; here some may be left out, and others put back.
    """
    for function, diagnosis in report.diagnoses.items():
        said = of_edit(diagnosis.text)
        if said is None or diagnosis.cell is None:
            continue
        cells = [(place, cell.source) for place, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        places = [place for place, source in cells if quoted(source, diagnosis.lines[0]) == said.values["code"]]
        if places:
            handed_in = diagnosis.cell - 1
            yield function, (min(places, key=lambda place: abs(place - handed_in)), diagnosis.lines)


def _with_marks(html: str, lines: Sequence[int], anchor: str) -> str:
    """A cell of code, `<pre>` with a line of HTML for each of its lines, in which some are marked."""
    head, end, inner = html.partition(">")
    body, close, rest = inner.rpartition("</pre>")
    shown = body.split("\n")
    for line in lines:
        if line <= len(shown):
            name = Markup(' id="{}"').format(anchor) if line == lines[0] else ""
            shown[line - 1] = f"<mark{name}>{shown[line - 1]}</mark>"
    return head + end + "\n".join(shown) + close + rest


def _graded(notebook: NotebookNode, report: Report | Message | str, recorded: Recorded) -> Iterator[Graded]:
    """The graded cells in the notebook's order."""
    functions = report.functions() if isinstance(report, Report) else {}
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if not (mark.get("grade") or mark.get("task")):
            continue
        function = mark["grade_id"] if mark["grade_id"] in functions else mark["grade_id"].removeprefix("test-")
        checks = functions.get(function, [])
        by_checks = sum(check.points for check in checks) if checks else None
        points, most = recorded.points.get(mark["grade_id"], (by_checks or 0.0, mark.get("points", 0.0)))
        shown = [one for one in cell.get("outputs", []) if one.output_type == "display_data"]
        if isinstance(report, Report):
            first = look_at_first(report, function)
            details = checks_html(report, function) if checks else Markup()
        else:
            first = None
            why = report if isinstance(report, str) else render(report)  # stands on top
            texts = [one.data.get("text/plain", "") for one in shown]
            details = Markup().join(plain_html(text) for text in texts if text != why)
        yield Graded(
            mark["grade_id"],
            function,
            points,
            most,
            by_checks,
            first=first,
            details=details,
            pictures=[(one.data["image/png"], one.metadata.get("alt", "")) for one in shown if "image/png" in one.data],
        )


def _laid_out(notebook: NotebookNode) -> Iterator[str]:
    """The cells as long as there is room; plain text from where the time is up."""
    end = time.process_time() + SECONDS
    room = MAX_SHOWN
    for cell in notebook.cells:
        room -= len(cell.source)
        if room < 0:
            yield f"<p>{said('This cell is not shown: the notebook is too long.')}</p>"
            continue
        try:
            with at_most(max(0.001, min(SECONDS_PER_CELL, end - time.process_time()))):
                html = _source_html(cell)
        except TookTooLong:
            html = plain_html(cell.source)
        yield str(html)


def _source_html(cell: NotebookNode) -> Markup:
    mark = cell.metadata.get("nbgrader", {})
    source = cell.source if mark.get("solution") else HIDDEN.sub("", cell.source)
    if cell.cell_type == "code":
        return code_html(source)
    return markdown_html(source) if cell.cell_type == "markdown" else plain_html(source)
