"""`autograder new`: a minimal assignment that passes its self-test, to be made into another."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from autograder.course.config import refuse_misread
from autograder.grading.assignment import ENGINE, AssignmentError
from autograder.grading.configuration import CONFIG, course_settings

TEMPLATE = ENGINE / "new"


def new_assignment(name: str, root: Path) -> list[Path]:
    """Write the assignment `name` into the course in `root`, and a configuration where there is none.

    Returns what was written. Raises AssignmentError for a name that cannot be one, or that is taken.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise AssignmentError("{name} cannot name an assignment: use letters, digits, - and _.", name=repr(name))
    refuse_misread(root)
    source = course_settings(root).source / name / f"{name}.ipynb"
    checks = root / "autograder" / "assignments" / name
    if taken := next((path for path in (source.parent, checks) if path.exists()), None):
        raise AssignmentError("{taken} is there already: choose another name.", taken=taken)
    written = [source, checks]
    source.parent.mkdir(parents=True)
    source.write_text((TEMPLATE / "notebook.ipynb").read_text("utf-8").replace("ASSIGNMENT", name), "utf-8")
    shutil.copytree(TEMPLATE / "checks", checks, ignore=shutil.ignore_patterns("__pycache__"))
    if not (config := root / CONFIG).exists():
        config.write_text((TEMPLATE / CONFIG).read_text("utf-8").replace('"COURSE"', repr(root.name)), "utf-8")
        written.append(config)
    return written
