"""A Report as students read it: HTML for the feedback page and for Formgrader, text for the terminal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape
from rich.console import Group, RenderableType
from rich.markup import escape as escape_rich
from rich.padding import Padding
from rich.text import Text

from autograder.grading.report import Check, Report
from autograder.messages import Message, render, said, spoken, translated

MARKS = {"passed": "✓", "failed": "✗", "not assessed": "–"}
STATES = {"passed": Message("passed"), "failed": Message("failed"), "not assessed": Message("not assessed")}
COLOURS = {"passed": "green", "failed": "red", "not assessed": "yellow"}
TEMPLATES = Path(__file__).parent / "templates"


def prose(sentence: Message | str | None) -> Markup:
    """A sentence as HTML: everything escaped, `code` in backticks marked as code."""
    text = sentence if isinstance(sentence, str) else render(sentence)
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before


def number(points: float) -> str:
    """Points without needless decimals."""
    return f"{points:.5g}"


templates = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=False)
templates.filters |= {"prose": prose, "render": render, "translated": translated}
templates.globals |= {"said": said, "spoken": spoken}


def waiting(checks: list[Check]) -> str:
    """How many checks were not assessed, in one sentence; empty when there are none."""
    points = sum(check.max_points for check in checks if check.state == "not assessed")
    count = sum(check.state == "not assessed" for check in checks)
    text = "{count} more, worth {points:.5g} {points:point|points}, could not be assessed yet."
    return said(text, count=count, points=points) if count else ""


HAPPENED = "What happened: {what}"
CHECKED = "{state}: {check}"


def page_css() -> str:
    """The style of the feedback blocks, for the page's head."""
    return (TEMPLATES / "feedback.css").read_text("utf-8")


def happened(report: Report, function: str) -> Message | None:
    """What the student misunderstood in a function, or where it is wrong; None where that is not known."""
    return report.diagnoses[function].text if function in report.diagnoses else None


def look_at_first(report: Report, function: str) -> Message | None:
    """What to mend first in a function; None where there is nothing."""
    failed = (check.message for check in report.functions().get(function, ()) if check.state == "failed")
    return happened(report, function) or next(failed, None)


def checks_html(report: Report, function: str) -> Markup:
    """What one function's checks found."""
    return Markup(templates.get_template("checks.html.j2").render(_shown(report, function)))  # noqa: S704 - ours


def function_html(report: Report, function: str) -> str:
    """The same as a block with a title; the notebook's problems stand with the first function."""
    checks = report.functions()[function]
    first = next(iter(report.functions()))
    return templates.get_template("function.html.j2").render(
        _shown(report, function),
        function=function,
        score=sum(check.points for check in checks),
        most=sum(check.max_points for check in checks),
        problems=report.problems if function == first else (),
    )


def _shown(report: Report, function: str) -> dict[str, Any]:
    checks = report.functions()[function]
    return {
        "checks": checks,
        "diagnosis": happened(report, function),
        "marks": MARKS,
        "states": STATES,
        "number": number,
        "waiting": waiting(checks),
    }


def function_text(report: Report, function: str) -> str:
    """One function's checks as plain text."""
    checks = report.functions()[function]
    text = "{function}: {points:.5g} / {most:.5g} {most:point|points}"
    points, most = (sum(check.points for check in checks), sum(check.max_points for check in checks))
    lines = [said(text, function=function, points=points, most=most)]
    if diagnosis := happened(report, function):
        lines.append(said(HAPPENED, what=diagnosis))
    for check in checks:
        if check.state != "not assessed":
            lines.append(
                f"{MARKS[check.state]} {said(CHECKED, state=STATES[check.state], check=Message(check.sentence))}"
            )
        if check.state == "failed":
            lines.append(f"    {render(check.message)}")
    if waiting(checks):
        lines.append(f"{MARKS['not assessed']} {waiting(checks)}")
    return "\n".join(lines)


def report_text(report: Report) -> RenderableType:
    """The whole Report for a terminal."""
    parts: list[RenderableType] = [
        Text.from_markup(
            f"[bold]{escape_rich(report.assignment)}: {number(report.score)} / {number(report.max_score)}[/bold]"
        )
    ]
    for name, checks in report.functions().items():
        points = f"{number(sum(c.points for c in checks))} / {number(sum(c.max_points for c in checks))}"
        parts.append(Text.from_markup(f"\n[bold]{escape_rich(name)}[/bold]  {points}"))
        if diagnosis := happened(report, name):
            parts.append(Padding(Text(said(HAPPENED, what=diagnosis), style="bold"), (0, 0, 0, 2)))
        parts += [_check_text(check) for check in checks if check.state != "not assessed"]
        if waiting(checks):
            parts.append(Padding(Text(f"{MARKS['not assessed']} {waiting(checks)}", style="yellow"), (0, 0, 0, 2)))
    if report.problems:
        parts.append(Text(f"\n{said('About the file')}"))
        parts += [Padding(Text(f"- {render(problem)}"), (0, 0, 0, 2)) for problem in report.problems]
    if seed := report.fingerprint.get("seed"):
        parts.append(Text(f"\n{said('Random inputs came from seed {seed}.', seed=seed)}", style="dim"))
    return Group(*parts)


def _check_text(check: Check) -> Padding:
    text = Text.assemble(
        (f"{MARKS[check.state]} ", COLOURS[check.state]),
        (f"{number(check.points)}/{number(check.max_points)} ", "dim"),
        translated(check.sentence),
    )
    if check.state == "failed":
        text.append(f"\n  {render(check.message)}", style="italic")
    return Padding(text, (0, 0, 0, 2))
