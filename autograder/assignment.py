"""What the engine is told about one assignment: its source notebook, its checks, its points, its files."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.errors import CannotGrade

ENGINE = Path(__file__).parent
ASSIGNMENTS = ENGINE / "assignments"


class AssignmentError(CannotGrade):
    """The assignment's own files are wrong; the text says what and where."""


@dataclass(frozen=True)
class Assignment:
    """One assignment: `folder` holds its checks, `source` is the notebook that instructors edit."""

    name: str
    folder: Path
    source: Path
    root: Path  # the course's root, where utils/ and datasets/ lie

    @cached_property
    def template(self) -> NotebookNode:
        """The source notebook: which cells a submission has, and what they are worth."""
        return nbformat.read(self.source, as_version=4)

    @cached_property
    def points(self) -> dict[str, float]:
        """Points by function, in the notebook's order: those of the cell `test-NAME` are for the function NAME."""
        marks = [cell.metadata.get("nbgrader", {}) for cell in self.template.cells]
        graded = [mark for mark in marks if mark.get("grade") and mark["grade_id"].startswith("test-")]
        return {mark["grade_id"].removeprefix("test-"): float(mark["points"]) for mark in graded}

    @cached_property
    def _description(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "assignment.toml").read_text("utf-8"))

    @cached_property
    def sandbox_files(self) -> dict[str, Path]:
        """What lies beside the student's code in the sandbox: path there -> file here."""
        return {name: self.root / name for name in self._description["sandbox_files"]}

    @cached_property
    def arguments_that_matter(self) -> dict[str, list[str]]:
        """Which arguments of a function have to be as asked after the call: function -> parameter names."""
        return dict(self._description.get("arguments_that_matter", {}))

    @cached_property
    def check_files(self) -> list[Path]:
        """The files in `folder`, without caches and what is hidden."""
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return [path for path in found if not any(part.startswith((".", "__pycache__"))
                                                  for part in path.relative_to(self.folder).parts)]  # fmt: skip

    @cached_property
    def checks_hash(self) -> str:
        """Changes with anything that a verdict depends on: checks, solution, engine, files in the sandbox."""
        files = [*self.check_files, *ENGINE.glob("*.py"), self.source, *self.sandbox_files.values()]
        parts = sorted(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest() for path in files)
        return hashlib.sha256(b"".join(parts)).hexdigest()  # the same wherever the course lies


def assignment_folder(name: str, root: Path) -> Path | None:
    """Where the checks of an assignment lie, in the course or in this package; None where there are none."""
    folders = (root / "autograder" / "assignments" / name, ASSIGNMENTS / name)
    return next((folder for folder in folders if (folder / "assignment.toml").is_file()), None)


def load_assignment(name: str, root: Path) -> Assignment:
    """The assignment `name` of the course in `root`. Raises AssignmentError when it is not there."""
    source = root / "source" / name / f"{name}.ipynb"
    folder = assignment_folder(name, root)
    if folder is None:
        raise AssignmentError(
            f"There are no checks for {name!r}: autograder/assignments/{name}/assignment.toml is missing."
        )
    if not source.is_file():
        raise AssignmentError(f"The assignment {name!r} has no source notebook: {source} is missing.")
    return Assignment(name, folder, source, root)


def only_assignment(root: Path) -> str:
    """The assignment of the course that has checks. Raises AssignmentError where there are several, or none."""
    names = [path.name for path in sorted((root / "source").glob("*")) if assignment_folder(path.name, root)]
    if len(names) != 1:
        several = f"Which assignment? {', '.join(names)}" if names else "No assignment in source/ has checks"
        raise AssignmentError(f"{several}: name it, or write one with `autograder new NAME`.")
    return names[0]


def course_root() -> Path:
    """The course that the current directory is in, else the one that this package lies in."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "nbgrader_config.py").is_file() and (folder / "source").is_dir():
            return folder
    return ENGINE.parent
