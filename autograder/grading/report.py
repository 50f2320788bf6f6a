"""The Report: everything that grading says about one submission, as plain data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from autograder.messages import Message, render

State = Literal["passed", "failed", "not assessed"]


@dataclass(frozen=True)
class Picture:
    """A picture on the feedback page, for `CheckFailed`: the expected values and the student's, drawn over `x`.

    - `kind`: "points", "lines" or "bars"
    - `title`, `x_label`, `y_label`: what is written on it; a title with values in it is a Message
    - `x`: a number for each value; for bars, it may be a text
    - `series`: the values by name; first the expected ones, then the student's
    - `band`: the lowest and the highest y of a stripe to shade, or None

    Example::

        @pytest.mark.points(1)
        def test_line(student):
            '''The average of a line is a line.'''
            expected = [1.5, 2.5, 3.5]
            seen = list(student.moving_average([1, 2, 3, 4], 2).returned)
            if seen != expected:
                title = "The average of 1, 2, 3, 4"
                values = {"asked for": expected, "yours": seen}
                picture = Picture("lines", title, "place", "mean", [1, 2, 3], values)
                raise CheckFailed("The average of a line should be a line.", picture)
    """

    kind: Literal["points", "bars", "lines"]
    title: str | Message
    x_label: str
    y_label: str
    x: list[Any]
    series: dict[str, list[float]]
    band: list[float] | None = None

    @staticmethod
    def from_plain(data: dict[str, Any]) -> Picture:
        """The Picture that `dataclasses.asdict` made this of."""
        title = data["title"]
        return Picture(**{**data, "title": Message.from_plain(title) if isinstance(title, dict) else title})


@dataclass(frozen=True)
class Check:
    """The outcome of one check: its `sentence` is the check's docstring, `message` why it did not pass."""

    id: str
    function: str
    sentence: str
    state: State
    points: float
    max_points: float
    message: Message | None = None
    misconception: str | None = None
    picture: Picture | None = None


@dataclass(frozen=True)
class Diagnosis:
    """Where a function is wrong, or what was misunderstood.

    - `kind`: "misconception" (a row of `misconceptions.toml` behaves so), "repair" (the smallest change that makes all
      checks of the function pass lies in `lines`), "several" (one of several mistakes does) or "rewrite" (no line:
      another function is needed)
    - `cell` counts the notebook's cells, `lines` those of the cell, both from 1; `step` is the exercise's
    - `twin`: the line of the solution that corresponds to the first, by which mistakes of a class are compared
    """

    kind: Literal["misconception", "repair", "several", "rewrite"]
    text: Message
    misconception: str | None = None
    cell: int | None = None
    lines: tuple[int, ...] = ()
    step: int | None = None
    twin: int | None = None

    def summary(self) -> dict[str, Any]:
        """The object that `autograder check --json` prints."""
        return {
            "kind": self.kind,
            "misconception": self.misconception,
            "cell": self.cell,
            "line": self.lines[0] if self.lines else None,
            "lines": list(self.lines),
            "step": self.step,
            "text": render(self.text),
        }

    @staticmethod
    def from_plain(data: dict[str, Any]) -> Diagnosis:
        """The Diagnosis that `dataclasses.asdict` made this of."""
        return Diagnosis(**{**data, "text": Message.from_plain(data["text"]), "lines": tuple(data["lines"])})


@dataclass(frozen=True)
class Report:
    """What grading found. Written by `grading.grade`, read by everything that records or shows grades."""

    assignment: str
    checks: tuple[Check, ...]
    problems: tuple[Message, ...] = ()
    diagnoses: dict[str, Diagnosis] = field(default_factory=dict)  # by function
    fingerprint: dict[str, str] = field(default_factory=dict)
    notebook: str = ""  # none for those of several notebooks together
    manual: dict[str, float] = field(default_factory=dict)  # grade_id -> points, of what somebody has to grade
    seconds: float = 0.0  # that grading took: no part of the verdict, and 0 where nobody measured it

    @property
    def score(self) -> float:
        return sum(check.points for check in self.checks)

    @property
    def max_score(self) -> float:
        return sum(check.max_points for check in self.checks)

    def functions(self) -> dict[str, list[Check]]:
        """The checks by the function that they are about, in the assignment's order."""
        grouped: dict[str, list[Check]] = {}
        for check in self.checks:
            grouped.setdefault(check.function, []).append(check)
        return grouped

    def summary(self) -> dict[str, Any]:
        """The object that `autograder check --json` prints (the contract stands in docs/architecture.md)."""
        functions = {
            name: {
                "score": sum(check.points for check in checks),
                "max_score": sum(check.max_points for check in checks),
                "checks": [
                    {
                        "id": check.id,
                        "state": check.state,
                        "points": check.points,
                        "max_points": check.max_points,
                        "message": render(check.message),
                        "misconception": check.misconception,
                    }
                    for check in checks
                ],
                "diagnosis": self.diagnoses[name].summary() if name in self.diagnoses else None,
            }
            for name, checks in self.functions().items()
        }
        return {
            "assignment": self.assignment,
            "notebook": self.notebook,
            "score": self.score,
            "max_score": self.max_score,
            "functions": functions,
            "manual": self.manual,
            "problems": [render(problem) for problem in self.problems],
            "fingerprint": self.fingerprint,
        }

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Report:
        data = json.loads(text)
        for check in data["checks"]:
            check["picture"] = check["picture"] and Picture.from_plain(check["picture"])
            check["message"] = check["message"] and Message.from_plain(check["message"])
        data["checks"] = tuple(Check(**check) for check in data["checks"])
        data["problems"] = tuple(map(Message.from_plain, data["problems"]))
        data["diagnoses"] = {name: Diagnosis.from_plain(one) for name, one in data["diagnoses"].items()}
        return Report(**data)


def together(reports: Sequence[Report]) -> Report:
    """The Reports on a submission's notebooks as one, in which `f` of the notebook `a` is called `a/f`."""
    if len(reports) == 1:
        return reports[0]
    return Report(
        reports[0].assignment,
        tuple(
            replace(check, id=f"{one.notebook}/{check.id}", function=f"{one.notebook}/{check.function}")
            for one in reports
            for check in one.checks
        ),
        tuple(problem for one in reports for problem in one.problems),
        {f"{one.notebook}/{name}": text for one in reports for name, text in one.diagnoses.items()},
        reports[0].fingerprint,
        manual={f"{one.notebook}/{name}": points for one in reports for name, points in one.manual.items()},
        seconds=sum(one.seconds for one in reports),
    )
