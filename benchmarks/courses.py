"""How other courses' notebooks fare: each one's solution and blank release, in a kernel, in the judge and inside.

    python -m benchmarks.courses FOLDER [PART...]

FOLDER is searched for source notebooks: those with autograder tests and marked solutions (### BEGIN SOLUTION). With
PARTs, only paths that hold one of them. Nothing is written but to a temporary directory.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat.notebooknode import NotebookNode
from nbgrader.utils import determine_grade
from rich.console import Console
from rich.table import Table

from autograder.grading.assignment import Assignment
from autograder.grading.cells import NOT_RUN, Calibration, NotebookRun, Outcome, calibrated
from autograder.notebook.judged import is_test
from autograder.notebook.submission import read_submission
from autograder.sandbox.process import Limits

SOLUTION = re.compile(r"^([ \t]*)#+ BEGIN SOLUTION.*?#+ END SOLUTION[^\n]*", re.MULTILINE | re.DOTALL)
LIMITS = Limits(seconds_per_call=10, seconds_per_submission=120, memory_mb=2048)
SECONDS = 30  # for a cell in a kernel, as nbgrader has it
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"


@dataclass
class Result:
    """What came of one notebook: grade_ids by way, and seconds."""

    kernel: set[str]
    judge: set[str] = field(default_factory=set)
    inside: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)  # what passes in a kernel, and nowhere here
    gained: set[str] = field(default_factory=set)  # points for the blank release that a kernel does not give
    seconds: tuple[float, float] = (0.0, 0.0)


def source_notebooks(folder: Path, parts: list[str]) -> Iterator[Path]:
    """Notebooks with tests and solutions."""
    for path in sorted(folder.rglob("*.ipynb")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        if parts and not any(part in str(path) for part in parts):
            continue
        text = path.read_text("utf-8", "replace")
        if '"nbgrader"' in text and "BEGIN SOLUTION" in text and '"grade": true' in text:
            yield path


def released(notebook: NotebookNode) -> NotebookNode:
    """The notebook without its solutions."""
    blank: NotebookNode = nbformat.from_dict(notebook)
    for cell in blank.cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            source = SOLUTION.sub(lambda match: STUB.replace("\n", f"\n{match[1]}").join((match[1], "")), cell.source)
            cell.source = source if source != cell.source else STUB
    return blank


def in_kernel(notebook: NotebookNode, folder: Path) -> dict[str, float]:
    """The points of each test cell in a kernel, as nbgrader counts them, but that stderr costs nothing."""
    copy: Any = nbformat.from_dict(notebook)
    client = NotebookClient(copy, timeout=SECONDS, interrupt_on_timeout=True, allow_errors=True, kernel_name="python3",
                            error_on_timeout={"ename": "Timeout", "evalue": "", "traceback": []},
                            resources={"metadata": {"path": str(folder)}})  # fmt: skip
    try:
        client.execute()
    except Exception as error:  # noqa: BLE001 -- a kernel that dies
        print(f"  the kernel ended: {error}", file=sys.stderr)
    points = {}
    for cell in copy.cells:
        mark = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and is_test(mark):
            cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
            ran = cell.execution_count is not None
            points[mark["grade_id"]] = determine_grade(cell)[0] if ran and mark["points"] else 1.0 * ran * _good(cell)
    return points


def _good(cell: NotebookNode) -> bool:
    return not any(one.output_type == "error" for one in cell.outputs)


def tried(path: Path, scratch: Path) -> Result:
    """One notebook, all ways."""
    folder = scratch / "source" / "it"
    shutil.copytree(path.parent, folder, ignore=shutil.ignore_patterns(".*", "*.ipynb"), symlinks=False)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.setdefault("outputs", []) if cell.cell_type == "code" else None
    source = folder / "it.ipynb"
    nbformat.write(notebook, source)
    assignment = Assignment("it", folder, source, scratch)
    files = dict(assignment.sandbox_files)  # before the kernel writes others
    start = time.monotonic()
    kernel = in_kernel(notebook, folder)
    middle = time.monotonic()
    tests = assignment.judged.tests
    passed = {one for one, got in kernel.items() if got and one in tests}
    solution = read_submission(source.read_bytes(), assignment.template, [])
    found = calibrated(solution, assignment.judged, files, LIMITS)
    result = Result(passed, seconds=(middle - start, time.monotonic() - middle))
    result.judge = {*found.trusted} & passed
    result.inside = {one: why for one, why in found.inside.items() if one in passed}
    result.lost = {one: why for one, why in found.broken.items() if one in passed}
    blank = released(notebook)
    given = in_kernel(blank, folder)
    ours = outcomes_of(blank, assignment, found)
    result.gained = {one for one, outcome in ours.items() if outcome.passed and not given.get(one)}
    return result


def outcomes_of(notebook: NotebookNode, assignment: Assignment, found: Calibration) -> dict[str, Outcome]:
    """What comes of the test cells of a submission."""
    submission = read_submission(nbformat.writes(notebook).encode(), assignment.template, [])
    run = NotebookRun(submission, assignment.judged, assignment.sandbox_files, LIMITS, LIMITS.allowance())
    outcomes = run.outside(found.trusted, frozenset(found.inside))
    within = run.inside() if found.inside else {}
    return {**outcomes, **{one: within.get(one, NOT_RUN) for one in found.inside}}


def main() -> None:
    """Print a row for each notebook, and what was lost or gained."""
    folder, *parts = sys.argv[1:]
    console = Console(width=150)
    table = Table("notebook", "kernel", "judge", "inside", "lost", "gained", "kernel s", "ours s")
    total = [0, 0, 0, 0, 0]
    for path in source_notebooks(Path(folder), parts):
        name = str(path.relative_to(folder))
        with tempfile.TemporaryDirectory() as scratch:
            try:
                result = tried(path, Path(scratch))
            except Exception as error:  # noqa: BLE001 -- the other notebooks go on
                console.print(f"[red]{name}: {type(error).__name__}: {error}[/red]", markup=True)
                continue
        row = [len(result.kernel), len(result.judge), len(result.inside), len(result.lost), len(result.gained)]
        total = [a + b for a, b in zip(total, row, strict=True)]
        table.add_row(name[-60:], *map(str, row), *(f"{one:.1f}" for one in result.seconds))
        print(name, row, *(f"{one:.1f}" for one in result.seconds), flush=True)
        told = {"inside": result.inside, "lost": result.lost, "gained": dict.fromkeys(result.gained, "")}
        for kind, cells in told.items():
            for grade_id, why in cells.items():
                print(f"    {kind} {grade_id}: {why[:150]}", flush=True)
    table.add_row("all", *map(str, total), "", "", style="bold")
    console.print(table)
    console.print(f"{total[1] / max(1, total[0]):.1%} of what passes in a kernel passes in the judge.")


if __name__ == "__main__":
    main()
