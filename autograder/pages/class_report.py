"""A class's Reports as one page for its instructor: scores, checks, misconceptions, who may need help."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograder.grading.report import Report
from autograder.messages import printable_lines, render
from autograder.pages.feedback import TEMPLATES, number, prose

NEEDS_HELP = 0.6  # of all points: who has fewer is listed
# A check with a lower discrimination says little about who knows the matter: a rule of thumb from R. L. Ebel,
# "Essentials of Educational Measurement".
WEAK = 0.2
INK = "#22303c"  # becomes the page's colour of text, light or dark
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "class",
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), INK),
}


@dataclass(frozen=True)
class Item:
    """One check over the class. `discrimination` is None where all passed, or none did."""

    id: str
    sentence: str
    points: float
    passed: int
    failed: int
    not_assessed: int
    difficulty: float
    discrimination: float | None


def class_html(assignment: str, reports: Mapping[str, Report], unread: Mapping[str, str]) -> str:
    """The page. `reports` is student -> Report, `unread` student -> why there is none."""
    scores = {student: report.score for student, report in reports.items()}
    most = max((report.max_score for report in reports.values()), default=0.0)
    low = {student: score for student, score in scores.items() if score < NEEDS_HELP * most}
    seconds = sorted(((report.seconds, student) for student, report in reports.items()), reverse=True)
    return _templates.get_template("class.html.j2").render(
        assignment=assignment,
        count=len(reports) + len(unread),
        reports=reports,
        unread=unread,
        most=most,
        median=float(np.median(list(scores.values()))) if scores else 0.0,
        mean=float(np.mean(list(scores.values()))) if scores else 0.0,
        full=sum(score >= most for score in scores.values()),
        histogram=histogram(list(scores.values()), most),
        bins=_bins(list(scores.values()), most),
        items=items(list(reports.values())),
        weak=WEAK,
        misconceptions=misconceptions(reports),
        low=sorted(low.items(), key=lambda pair: (pair[1], pair[0])),
        figures_of=f"of the {len(reports)} that could be graded" if unread else "",
        needs_help=NEEDS_HELP,
        problems={student: report.problems for student, report in reports.items() if report.problems},
        seconds=seconds,
        number=number,
    )


def items(reports: list[Report]) -> list[Item]:
    """The checks in the assignment's order: how many passed, and how well each tells strong from weak.

    The difficulty is the share that passed, the discrimination the correlation of passing with the points from all
    other checks (the corrected item-total correlation).
    """
    passed = np.array([[check.state == "passed" for check in report.checks] for report in reports], dtype=float)
    points = np.array([[check.points for check in report.checks] for report in reports])
    found = []
    for column, check in enumerate(reports[0].checks if reports else ()):
        states = Counter(report.checks[column].state for report in reports)
        rest = points.sum(axis=1) - points[:, column]
        tells = np.ptp(passed[:, column]) > 0 and np.ptp(rest) > 0
        found.append(
            Item(
                check.id,
                check.sentence,
                check.max_points,
                states["passed"],
                states["failed"],
                states["not assessed"],
                float(passed[:, column].mean()),
                float(np.corrcoef(passed[:, column], rest)[0, 1]) if tells else None,
            )
        )
    return found


def misconceptions(reports: Mapping[str, Report]) -> list[tuple[str, str, str, list[str]]]:
    """What students misunderstood, the commonest first: (id, function, its text, students)."""
    who: dict[str, list[str]] = {}
    texts: dict[str, tuple[str, str]] = {}
    for student, report in reports.items():
        for known, function in {c.misconception: c.function for c in report.checks if c.misconception}.items():
            who.setdefault(known, []).append(student)
            texts[known] = (function, render(report.diagnoses[function]))
    return sorted(((known, *texts[known], who[known]) for known in who), key=lambda row: (-len(row[3]), row[0]))


def _bins(scores: list[float], most: float) -> list[tuple[float, float, int]]:
    """Ten equal parts of the scale: (from, to, how many). Full marks count to the last."""
    counts, edges = np.histogram(scores, bins=10, range=(0, most or 1))
    return [(float(a), float(b), int(n)) for a, b, n in zip(edges, edges[1:], counts, strict=False)]


def histogram(scores: list[float], most: float) -> Markup:
    """How many students have how many points, as SVG in the page's own colour of text."""
    bins = _bins(scores, most)
    with rc_context(STYLE):
        figure = Figure(figsize=(7.5, 2.6), layout="constrained")
        axes = figure.add_subplot(xlabel="points", ylabel="students")
        edges, counts = [low for low, _, _ in bins], [count for _, _, count in bins]
        bars = axes.bar(edges, counts, (most or 1) / 10, align="edge", color="#0072b2", edgecolor="white")
        axes.bar_label(bars, [str(count or "") for count in counts], color=INK)
        axes.set_xticks([*edges, most or 1])
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.margins(y=0.15)
        axes.spines[["top", "right"]].set_visible(False)
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawing = file.getvalue()
    return Markup(drawing[drawing.index("<svg") :].replace(INK, "currentColor"))  # noqa: S704 - holds numbers only


def _shown(value: Any) -> Any:
    return printable_lines(value) if type(value) is str else value


_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, finalize=_shown
)
_templates.filters["prose"] = prose
