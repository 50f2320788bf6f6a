"""Reports in the formats of other tools: Gradescope's results.json, JUnit XML, a GitHub step summary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from autograder.grading.report import Check, Report
from autograder.messages import printable, render, said, translated
from autograder.pages.feedback import number, waiting

SUMMARY_BYTES = 1_000_000  # GitHub shows a step summary of at most 1 MiB
HANDED_IN = "{count} {count:submission|submissions}"


def gradescope(report: Report) -> dict[str, Any]:
    """The object that Gradescope reads from results.json (https://gradescope-autograders.readthedocs.io/en/latest/specs/)."""
    return {
        "score": report.score,
        "output": "\n".join(map(render, (*(one.text for one in report.diagnoses.values()), *report.problems))),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(report.seconds),
        "tests": [
            {
                "name": f"{check.function}: {translated(check.sentence)}",
                "score": check.points,
                "max_score": check.max_points,
                "status": "passed" if check.state == "passed" else "failed",
                "output": render(check.message),
                "output_format": "text",
                "visibility": "visible",
            }
            for check in report.checks
        ],
    }


def ungraded_gradescope(why: str, points: Mapping[str, float]) -> dict[str, Any]:
    """The same where no grade was reached: the file is no notebook, or something else stopped grading."""
    tests = [{"name": name, "score": 0.0, "max_score": most, "status": "failed"} for name, most in points.items()]
    return {"score": 0.0, "output": why, "output_format": "text", "visibility": "visible", "tests": tests}


def junit(reports: Mapping[str, Report], unread: Mapping[str, str]) -> str:
    """A test suite per student, a test case per check; what was not assessed is skipped, a broken notebook an error."""
    root = ElementTree.Element("testsuites")
    for student, report in reports.items():
        suite = _suite(root, student, report.seconds, report.checks)
        for check in report.checks:
            case = ElementTree.SubElement(suite, "testcase", classname=check.function, name=check.id, time="0")
            if check.state != "passed":
                kind = "failure" if check.state == "failed" else "skipped"
                ElementTree.SubElement(case, kind, message=_xml_text(render(check.message)))
    for student, why in unread.items():
        suite = _suite(root, student, 0.0, ())
        suite.set("tests", "1")
        suite.set("errors", "1")
        case = ElementTree.SubElement(suite, "testcase", classname="notebook", name="is readable", time="0")
        ElementTree.SubElement(case, "error", message=_xml_text(why))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ElementTree.Element, student: str, seconds: float, checks: tuple[Check, ...]) -> ElementTree.Element:
    states = [check.state for check in checks]
    return ElementTree.SubElement(
        root,
        "testsuite",
        name=_xml_text(student),
        tests=str(len(checks)),
        failures=str(states.count("failed")),
        skipped=str(states.count("not assessed")),
        errors="0",
        time=f"{seconds:.3f}",
    )


def _xml_text(text: str) -> str:
    """Without what XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets), and much else that nobody sees."""
    return printable(text)


def step_summary(assignment: str, reports: Mapping[str, Report], unread: Mapping[str, str]) -> str:
    """A Markdown table for GITHUB_STEP_SUMMARY: a row per student, a column per function."""
    functions = list(next(iter(reports.values())).functions()) if reports else []
    lines = [
        f"## {_markdown(assignment)}: {said(HANDED_IN, count=len(reports) + len(unread))}",
        "",
        f"| {' | '.join([said('student'), *(f'`{name}`' for name in functions), said('score'), said('notes')])} |",
        "|---|" + "---:|" * (len(functions) + 1) + "---|",
    ]
    size = sum(len(line.encode()) for line in lines)
    rows = [
        *(_row(student, report) for student, report in reports.items()),
        *(
            f"| {_markdown(student)} |" + " |" * len(functions) + f" 0 | {_markdown(why)} |"
            for student, why in unread.items()
        ),
    ]
    for count, row in enumerate(rows):
        size += len(row.encode()) + 1
        if size > SUMMARY_BYTES:
            text = "{count} more {count:is|are} not shown: this page holds no more."
            lines += ["", said(text, count=len(rows) - count)]
            break
        lines.append(row)
    return "\n".join(lines) + "\n"


def _row(student: str, report: Report) -> str:
    grouped = report.functions()
    points = [number(sum(check.points for check in checks)) for checks in grouped.values()]
    notes = [
        *(render(one.text) for one in report.diagnoses.values()),
        *filter(None, (waiting(checks) for checks in grouped.values())),
    ]
    return (
        f"| {_markdown(student)} | {' | '.join(points)} | **{number(report.score)}** | {_markdown(' '.join(notes))} |"
    )


def _markdown(text: str) -> str:
    """Text that no Markdown or HTML in it can change the look of."""
    plain = re.sub(" +", " ", printable(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~@:-])", lambda match: f"&#{ord(match[1])};", plain)
