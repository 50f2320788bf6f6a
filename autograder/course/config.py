"""What nbgrader_config.py says of grading: the limits of one submission, and what nbgrader's converters heed."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.errors import CannotGrade
from autograder.grading.cells import CALLS_A_CELL
from autograder.grading.configuration import CONFIG, course_config
from autograder.sandbox.process import Limits


def refuse_misread(root: Path) -> None:
    """Raise CannotGrade for a course that nbgrader would look for elsewhere: by a pattern, or a decoded address."""
    if misread := re.search(r"[\[*?]|%[0-9A-Fa-f]{2}", str(root)):
        raise CannotGrade(
            "nbgrader cannot work in {root}, since it reads the {part} as something else: give the directory another "
            "name.",
            root=root,
            part=misread[0],
        )


LEAST = {"diagnosis_steps": 0}  # of whole numbers; of all others 1
EXPECTED = {
    int: "a whole number above 0",
    float: "a number above 0",
    str: '"on" or "none"',
    tuple: 'a list of packages, such as ["pandas"]',
}


def course_limits(root: Path) -> Limits:
    """What one submission may use: the traits of GradeInSandbox that are set, and the defaults of the others."""
    config = course_config(root)
    configured = config.GradeInSandbox
    limits: dict[str, Any] = seconds_by_timeout(config)
    for name, default in asdict(Limits()).items():
        if name not in configured:
            continue
        value = configured[name]
        if not _fits(name, value, default):
            raise CannotGrade(
                "GradeInSandbox.{name} in {file} should be {expected}; it is {value}.",
                name=name,
                file=root / CONFIG,
                expected=EXPECTED[type(default)],
                value=repr(value)[:80],
            )
        limits[name] = type(default)(value)  # as a trait would: 10 and 10.0 name two Reports
    return Limits(**limits)


def seconds_by_timeout(config: Config) -> dict[str, float]:
    """The limits that follow from a course's own timeout of a cell, nbgrader's `ExecutePreprocessor.timeout`.

    None, or -1, stands for no timeout: an hour. What GradeInSandbox sets itself is not among them.
    """
    sections = [config.get(name, {}) for name in ("Execute", "ExecutePreprocessor")]
    timeouts = [section["timeout"] for section in sections if "timeout" in section]
    if not timeouts:
        return {}
    cell = float(timeouts[0] or -1)
    cell = cell if cell > 0 else 3600.0
    limits = {
        "seconds_per_call": cell / CALLS_A_CELL,
        "seconds_per_submission": max(Limits.seconds_per_submission, CALLS_A_CELL * cell),
    }
    return {name: value for name, value in limits.items() if name not in config.GradeInSandbox}


def _fits(name: str, value: object, default: object) -> bool:
    match default:
        case str():
            return value in ("on", "none", "sandlock")
        case tuple():
            return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
        case int():
            return type(value) is int and value >= LEAST.get(name, 1)
        case _:
            return type(value) in (int, float) and value > 0  # type: ignore[operator]


# What takes part when nbgrader's converters record a submission, and what of it is heeded without them.
STEPS = (
    "Autograde", "ClearMetadataPreprocessor", "ClearOutput", "DeduplicateIds", "FilesWriter", "GenerateFeedback",
    "GetGrades", "NotebookExporter", "OverwriteCells", "OverwriteKernelspec", "SaveAutoGrades",
)  # fmt: skip
HEEDED = {"create_student", "exclude_overwriting", "force", "permissions"}


def own_steps(config: Config) -> str:
    """A section in which a course sets what only nbgrader's converters heed, beside `plug_in`; "" for none."""
    plugged = config.PluggedIn.get("sections", {})
    for name in STEPS:
        own = {key: value for key, value in config.get(name, {}).items() if key not in HEEDED}
        if own != plugged.get(name, {}):
            return name
    return ""
