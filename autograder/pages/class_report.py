"""A class's Reports as one page for its instructor: scores, checks, mistakes, who may need help.

The scores are the gradebook's, late penalties and changes by hand included, as on the feedback pages.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograder.grading.alike import alike
from autograder.grading.report import Report
from autograder.messages import Message, printable_lines, render, said, spoken, translated
from autograder.pages.feedback import TEMPLATES, look_at_first, number, prose
from autograder.pages.pictures import with_our_font
from autograder.pages.spreadsheet import csv_text

NEEDS_HELP = 0.6  # of all points: who has fewer is listed
# A check with a lower discrimination says little about who knows the matter: a rule of thumb from R. L. Ebel,
# "Essentials of Educational Measurement".
WEAK = 0.2
# What the tables for spreadsheet programs are called, and the columns of each.
TABLES = {
    "students": Message("students"), "checks": Message("checks"), "mistakes": Message("mistakes"),
    "attempts": Message("attempts"), "similar": Message("similar submissions"),
}  # fmt: skip
BEFORE_EXERCISES = (Message("student"), Message("name"))
AFTER_EXERCISES = (
    Message("late penalty"), Message("score"), Message("out of"), Message("may need help"), Message("look at first"),
    Message("about the file"), Message("seconds"),
)  # fmt: skip
OF_MISTAKES = (
    Message("count"), Message("function"), Message("what happened"), Message("for example"), Message("students"),
    Message("group"),
)  # fmt: skip
OF_CHECKS = (
    Message("check"), Message("what it asks"), Message("points"), Message("passed"), Message("share"),
    Message("failed"), Message("not assessed"), Message("tells apart"),
)  # fmt: skip
OF_ATTEMPTS = (Message("student"), Message("attempt"), Message("first recorded"), Message("points from the checks"))
OF_PAIRS = (Message("student"), Message("other student"), Message("alike"))
SCRIPT = (TEMPLATES / "class.js").read_text("utf-8")
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


@dataclass(frozen=True)
class Row:
    """A student of the class.

    `points` are the gradebook's by exercise, without what somebody has yet to grade; `penalty` is for late work.
    `report` is None where there is none, and then `why` says why. `pages` are the feedback pages: notebook -> address.
    `attempts` are all versions of the work, each with when it was first recorded, and its points from the checks.
    """

    student: str
    name: str = ""
    points: Mapping[str, float] = field(default_factory=dict)
    penalty: float = 0.0
    report: Report | None = None
    why: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)
    handed_in: bool = True
    attempts: Sequence[tuple[str, float]] = ()

    @property
    def score(self) -> float:
        return max(0.0, sum(self.points.values()) - self.penalty)

    def empty(self) -> list[str]:
        """The exercises with checks and without a point."""
        judged = self.report.functions() if self.report else {}
        return [name for name, points in self.points.items() if name in judged and points == 0]


@dataclass(frozen=True)
class Exercise:
    """An exercise over those who have points in it, or could have some."""

    name: str
    points: float
    mean: float
    full: int
    empty: int
    count: int


@dataclass(frozen=True)
class Pair:
    """Two students, and the share of their code that is alike, from 0 to 1: the mean over both."""

    one: str
    other: str
    share: float


@dataclass(frozen=True)
class Similar:
    """The pairs with the most code alike, of `count` pairs, and the median share of all."""

    pairs: Sequence[Pair]
    count: int
    median: float


def class_html(
    assignment: str,
    exercises: Mapping[str, float],
    rows: Sequence[Row],
    tables: Mapping[str, str],
    can_propose: bool = True,
    similar: Similar | None = None,
) -> str:
    """The page. `exercises` is name -> the most points, `tables` the addresses of the same as CSV by their names.

    `can_propose` says whether a group of mistakes can become a row of `misconceptions.toml`. `similar` is shown where
    somebody has asked for it.
    """
    reports = {row.student: row.report for row in rows if row.report}
    graded = [row for row in rows if row.report]
    scores = [row.score for row in graded]
    most = sum(exercises.values())
    mistakes = alike(reports)
    seconds = sorted(((report.seconds, student) for student, report in reports.items()), reverse=True)
    return _templates.get_template("class.html.j2").render(
        assignment=assignment,
        handed_in=[row for row in rows if row.handed_in],
        rows=rows,
        names=list(exercises),
        exercises=exercise_means(exercises, graded),
        unread={row.student: row.why for row in rows if row.handed_in and not row.report},
        most=most,
        median=float(np.median(scores)) if scores else 0.0,
        mean=float(np.mean(scores)) if scores else 0.0,
        full=sum(score >= most for score in scores),
        histogram=histogram(scores, most),
        bins=_bins(scores, most),
        items=items(list(reports.values())),
        weak=WEAK,
        several=[row for row in rows if len(row.attempts) > 1],
        medians=attempt_medians(rows),
        most_by_checks=max((report.max_score for report in reports.values()), default=most),
        line=attempts_line,
        similar=similar,
        of={row.student: row for row in rows},
        mistakes=[one for one in mistakes if one.known or len(one.students) > 1],
        single=[one for one in mistakes if not one.known and len(one.students) == 1],
        help=needs_help(exercises, rows),
        graded=len(graded),
        needs_help=NEEDS_HELP,
        can_propose=can_propose,
        problems={student: report.problems for student, report in reports.items() if report.problems},
        seconds=seconds,
        tables=tables,
        table_names=TABLES,
        look_at_first=look_at_first,
        number=number,
        css=Markup((TEMPLATES / "class.css").read_text("utf-8")),  # noqa: S704 - ours
        script=Markup(SCRIPT),  # noqa: S704 - ours
        script_hash=base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode(),
    )


def class_tables(exercises: Mapping[str, float], rows: Sequence[Row], similar: Similar | None = None) -> dict[str, str]:
    """All that the page shows, as the text of CSV files by their names in TABLES."""
    lacking = {row.student: why for row, why in needs_help(exercises, rows)}
    students = [
        [
            row.student, row.name, *(row.points.get(name) for name in exercises), row.penalty, row.score,
            sum(exercises.values()), lacking.get(row.student), " ".join(_firsts(row)),
            " ".join(map(render, row.report.problems if row.report else ())) or row.why,
            row.report.seconds if row.report else None,
        ]
        for row in rows
    ]  # fmt: skip
    columns = [*map(render, BEFORE_EXERCISES), *exercises, *map(render, AFTER_EXERCISES)]
    checks = [
        [
            one.id,
            translated(one.sentence),
            one.points,
            one.passed,
            one.difficulty,
            one.failed,
            one.not_assessed,
            one.discrimination,
        ]
        for one in items([row.report for row in rows if row.report])
    ]
    mistakes: list[list[str | float | None]] = [
        [len(one.students), one.function, capital(one.said), one.example, " ".join(one.students), one.id]
        for one in alike({row.student: row.report for row in rows if row.report})
    ]
    tables = {
        "students": csv_text(columns, students),
        "checks": csv_text([*map(render, OF_CHECKS)], checks),
        "mistakes": csv_text([*map(render, OF_MISTAKES)], mistakes),
    }
    if attempt_medians(rows):
        attempts: list[list[str | float | None]] = [
            [row.student, attempt, recorded, points]
            for row in rows
            for attempt, (recorded, points) in enumerate(row.attempts, 1)
        ]
        tables["attempts"] = csv_text([*map(render, OF_ATTEMPTS)], attempts)
    if similar:
        pairs: list[list[str | float | None]] = [[pair.one, pair.other, pair.share] for pair in similar.pairs]
        tables["similar"] = csv_text([*map(render, OF_PAIRS)], pairs)
    return tables


def _firsts(row: Row) -> list[str]:
    if not row.report:
        return []
    firsts = {name: render(look_at_first(row.report, name)) for name in row.report.functions()}
    return [f"{name}: {text}" for name, text in firsts.items() if text]


def exercise_means(exercises: Mapping[str, float], rows: Sequence[Row]) -> list[Exercise]:
    """Each exercise over those whose points in it are known."""
    found = []
    for name, most in exercises.items():
        points = [row.points[name] for row in rows if name in row.points]
        mean = float(np.mean(points)) if points else 0.0
        full, empty = sum(one >= most for one in points), sum(one == 0 for one in points)
        found.append(Exercise(name, most, mean, full, empty, len(points)))
    return found


def attempt_medians(rows: Sequence[Row]) -> list[tuple[int, float]]:
    """How many students have a first attempt, a second and so on, and their median; [] where nobody has several."""
    longest = max((len(row.attempts) for row in rows), default=0)
    points = [[row.attempts[n][1] for row in rows if len(row.attempts) > n] for n in range(longest)]
    return [(len(one), float(np.median(one))) for one in points] if longest > 1 else []


def attempts_line(points: Sequence[float], most: float) -> str:
    """The points of an SVG polyline, 100 wide and 24 high: a student's attempts from left to right."""
    top = max([most, *points]) or 1.0
    across = np.linspace(3, 97, len(points))
    return " ".join(f"{x:.1f},{21 - 18 * one / top:.1f}" for x, one in zip(across, points, strict=True))


def needs_help(exercises: Mapping[str, float], rows: Sequence[Row]) -> list[tuple[Row, str]]:
    """Who may need help and why, the lowest first, after those without a grade. Ungraded work does not count."""
    found = []
    for row in rows:
        most = sum(exercises.get(name, 0.0) for name in row.points)
        few = said("fewer than {share:.0%} of the points", share=NEEDS_HELP) if row.score < NEEDS_HELP * most else ""
        none = said("no points for {exercises}", exercises=", ".join(row.empty())) if row.empty() else ""
        if not row.report:
            found.append((row, row.why))
        elif few and none:
            found.append((row, said("{one} and {other}", one=few, other=none)))
        elif few or none:
            found.append((row, few or none))
    return sorted(
        found, key=lambda one: (one[0].report is not None, not one[0].handed_in, one[0].score, one[0].student)
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


def _bins(scores: list[float], most: float) -> list[tuple[float, float, int]]:
    """Ten equal parts of the scale: (from, to, how many). Full marks count to the last."""
    counts, edges = np.histogram(scores, bins=10, range=(0, most or 1))
    return [(float(a), float(b), int(n)) for a, b, n in zip(edges, edges[1:], counts, strict=False)]


def histogram(scores: list[float], most: float) -> Markup:
    """How many students have how many points, as SVG in the page's own colour of text."""
    bins = _bins(scores, most)
    with rc_context(STYLE | with_our_font()):
        figure = Figure(figsize=(7.5, 2.6), layout="constrained")
        axes = figure.add_subplot(xlabel=said("points"), ylabel=said("students"))
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


def capital(sentence: Message) -> str:
    """A Message in words that begin a sentence."""
    text = render(sentence)
    return text[:1].upper() + text[1:]


def breakable(name: str) -> Markup:
    """A long name, which may go on in the next line after a dot, a slash or an underscore, and nowhere else."""
    return Markup("<wbr>").join(re.findall(r"[^._/]*[._/]|[^._/]+", name))


def _shown(value: Any) -> Any:
    return printable_lines(value) if type(value) is str else value


_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, finalize=_shown
)
_templates.filters |= {
    "prose": prose,
    "breakable": breakable,
    "capital": capital,
    "render": render,
    "translated": translated,
}
_templates.globals |= {"said": said, "spoken": spoken}
