"""What the engine is told about one assignment: its source notebook, its checks, its points, its files."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.errors import CannotGrade

ENGINE = Path(__file__).parents[1]
ASSIGNMENTS = ENGINE / "assignments"
SUBMITTED = "submitted"  # nbgrader's name for where students' work lies


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
        return read_source(self.source)

    @cached_property
    def points(self) -> dict[str, float]:
        """Points by function, in the notebook's order: those of the cell `test-NAME` are for the function NAME.

        Raises AssignmentError where another cell gives points that nothing of ours judges.
        """
        cells = autograded(self.template)
        points = {name.removeprefix("test-"): worth for name, worth in cells.items() if name.startswith("test-")}
        refuse_unjudged(self.name, self.template, points)
        return points

    @cached_property
    def _description(self) -> dict[str, Any]:
        return read_toml(self.folder / "assignment.toml")

    @cached_property
    def sandbox_files(self) -> dict[str, Path]:
        """What lies beside the student's code in the sandbox: path there -> file here."""
        files = {name: self.root / name for name in self._description.get("sandbox_files", [])}
        if missing := next((path for path in files.values() if not path.is_file()), None):
            raise AssignmentError(f"assignment.toml names the file {missing}, which is not there.")
        return files

    @property
    def import_folders(self) -> tuple[Path, ...]:
        """Where the checks and the solution find what they import beside packages."""
        return self.folder, self.source.parent, self.root

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
        files = {
            "source": self.source,
            **{f"checks/{path.relative_to(self.folder)}": path for path in self.check_files},
            **{f"engine/{path.relative_to(ENGINE)}": path for path in _engine_files()},
            **{f"sandbox/{name}": path for name, path in self.sandbox_files.items()},
        }
        parts = sorted(
            name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest() for name, path in files.items()
        )
        return hashlib.sha256(b"".join(parts)).hexdigest()  # the same wherever the course lies


def _engine_files() -> list[Path]:
    """The modules and templates of this package; assignments, and what a new one is made from, are none of it."""
    found = (path for pattern in ("*.py", "*/**/*.py", "*/**/*.j2", "*/**/*.css") for path in ENGINE.glob(pattern))
    return [path for path in found if path.relative_to(ENGINE).parts[0] not in ("assignments", "new")]


def autograded(notebook: NotebookNode) -> dict[str, float]:
    """Points by grade_id of the cells for which nbgrader gives all their points, unless running them fails."""
    marks = [cell.metadata["nbgrader"] for cell in notebook.cells
             if cell.cell_type == "code" and "nbgrader" in cell.metadata]  # fmt: skip
    return {mark["grade_id"]: float(mark.get("points", 0))
            for mark in marks if mark.get("grade") and not mark.get("solution")}  # fmt: skip


def refuse_unjudged(assignment: str, notebook: NotebookNode, functions: Iterable[str]) -> None:
    """Raise AssignmentError where cells give points, and no checks of these functions decide on them."""
    judged = {f"test-{name}" for name in functions}
    if unjudged := [name for name, points in autograded(notebook).items() if points and name not in judged]:
        raise AssignmentError(
            "Everybody would get the points of these cells of {assignment}, whatever they hand in: {cells}. Hidden "
            "checks judge only cells named test-FUNCTION (`autograder new` writes an example): write checks for these, "
            "mark them for manual grading, or give them no points.",
            assignment=assignment,
            cells=", ".join(unjudged),
        )


def read_source(path: Path) -> NotebookNode:
    """A source notebook. Raises AssignmentError where it cannot be read."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise AssignmentError(f"{path} is no notebook that can be read: {str(error)[:200]}") from None


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds. Raises AssignmentError where it cannot be read."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise AssignmentError(f"{path} cannot be read: {error}.") from None


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
        if several := " or ".join(names):
            raise AssignmentError(f"Which assignment, {several}? Say `grade NAME`, or `check --assignment NAME`.")
        raise AssignmentError("No assignment in source/ has checks: write one with `autograder new NAME`.")
    return names[0]


def course_root(given: Path | None = None) -> Path:
    """The course in the directory `given`, or in the current one or above it; never one that was handed in.

    Raises CannotGrade where there is none, or more than one.
    """
    here = (given or Path.cwd()).resolve()
    places = [here] if given else [here, *here.parents]
    found = [place for place in places if (place / "nbgrader_config.py").is_file() and (place / "source").is_dir()]
    courses = [place for place in found if SUBMITTED not in place.parts]
    if not courses and found:
        raise CannotGrade(f"{found[0]} lies in a directory {SUBMITTED}/: what was handed in is no course.")
    if not courses:
        where = "" if given else " or above it"
        raise CannotGrade(
            f"There is no course in {here}{where}: go to the directory with nbgrader_config.py and source/, or name it "
            "with --course."
        )
    if len(courses) > 1:
        raise CannotGrade(f"The course {courses[0]} lies in another one, {courses[1]}: name one of them with --course.")
    return courses[0]
