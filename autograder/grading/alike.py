"""A class's wrong functions in groups: by their diagnosis, and where there is none by what the checks say of them."""

from __future__ import annotations

import hashlib
import io
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.grading.diagnosis.wording import of_edit
from autograder.grading.report import Check, Diagnosis, Report
from autograder.messages import Message

PLACES = ("cell", "line", "code", "lines", "others")  # in messages: two students' are seldom the same


@dataclass(frozen=True)
class Alike:
    """Functions of several students, or of one, with the same mistake.

    `id` is that of a known misconception, or made of what they have in common: the checks that fail and in what way,
    and what is wrong in which line of the solution, or else all that the checks say. `example` is the line that
    decides, of one of them. `shows_on` is the check that fails first.
    """

    id: str
    function: str
    known: bool
    said: Message
    example: str
    shows_on: str
    students: tuple[str, ...]


def alike(reports: Mapping[str, Report]) -> list[Alike]:
    """The groups, the largest first. `reports` are by student."""
    found: dict[tuple[str, str], list[str]] = {}
    for student, report in sorted(reports.items()):
        for function, checks in report.functions().items():
            if any(check.state == "failed" for check in checks):
                found.setdefault((_id(function, report), function), []).append(student)
    groups = [_group(*key, students, reports[students[0]]) for key, students in found.items()]
    return sorted(groups, key=lambda one: (-len(one.students), one.id))


def _group(key: str, function: str, students: list[str], report: Report) -> Alike:
    diagnosis = report.diagnoses.get(function)
    first = _failed(report, function)[0]
    line = of_edit(diagnosis.text) if diagnosis else None
    if diagnosis and diagnosis.misconception:
        said = diagnosis.text
    elif line is not None:
        said = _message(line.values["what"])
    else:
        said = Message("{check} {why}", check=Message(first.sentence), why=first.message or Message(""))
    example = without_comment(str(line.values["code"])) if line is not None else ""
    return Alike(key, function, bool(diagnosis and diagnosis.misconception), said, example, first.id, tuple(students))


def _message(said: Any) -> Message:
    assert isinstance(said, Message)
    return said


def _failed(report: Report, function: str) -> list[Check]:
    return [check for check in report.functions()[function] if check.state == "failed"]


def _id(function: str, report: Report) -> str:
    """What the functions of a group have in common, as one word."""
    diagnosis = report.diagnoses.get(function)
    if diagnosis and diagnosis.misconception:
        return diagnosis.misconception
    failed = _failed(report, function)
    mistake = _mistake(diagnosis)
    common = mistake, [(one.id, _kind(one.message) if mistake else _shown(one.message)) for one in failed]
    return f"{function}-{hashlib.sha256(repr(common).encode()).hexdigest()[:6]}"


def _mistake(diagnosis: Diagnosis | None) -> tuple[str, int] | None:
    """The kind of thing that is wrong, and in which line of the solution; None where no line is known."""
    line = of_edit(diagnosis.text) if diagnosis else None
    what = line.values["what"] if line else None
    if diagnosis is None or diagnosis.twin is None or not isinstance(what, Message):
        return None
    return what.template, diagnosis.twin


def _kind(said: Message | None) -> str | None:
    return said.template if said else None


def _shown(said: Message | None) -> Any:
    """What a message says, but where in the notebook."""
    if said is None:
        return None
    values = {name: _shown(one) if isinstance(one, Message) else one for name, one in sorted(said.values.items())}
    return said.template, [(name, one) for name, one in values.items() if name not in PLACES]


def without_comment(line: str) -> str:
    """A line of code without its comment, which could name somebody."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(line).readline):
            if token.type == tokenize.COMMENT:
                return line[: token.start[1]].rstrip()
    except (tokenize.TokenError, SyntaxError):  # one line of several
        return line.partition("#")[0].rstrip()
    return line
