"""Show the whole cycle on the example class: a scratch course, real nbgrader, a table of scores at the end."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import time
import warnings
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.assignment import ENGINE, Assignment, load_assignment

ASSIGNMENT = "dinosaur-island"


def demo(directory: Path | None) -> int:
    """Grade `examples/submissions` in a scratch course. Returns 0 when every example was recorded."""
    console = Console()
    start = time.monotonic()
    # nbgrader starts `alembic` by its name, which lies beside Python also when the environment is not activated
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    root = (directory or Path(tempfile.mkdtemp(prefix="dinosaur-island-demo-"))).resolve()
    students = make_course(root, sorted((ENGINE.parent / "examples" / "submissions").glob("*.ipynb")))
    api = NbGraderAPI(config=course_config(root))
    for name in ("traitlets", "nbgrader"):  # its log is kept per call, in the results
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own gradebook code
    console.print(f"A scratch course in [bold]{root}[/bold]: releasing the assignment ...")
    results = {"generate_assignment": api.generate_assignment(ASSIGNMENT, force=True)}
    for student in track(students, f"Grading {len(students)} submissions", console=console):
        results[f"autograde {student}"] = api.autograde(ASSIGNMENT, student, force=True)
        results[f"generate_feedback {student}"] = api.generate_feedback(ASSIGNMENT, student, force=True)
    failed = [
        f"{step}: {result.get('log') or result.get('error')}"
        for step, result in results.items()
        if not result["success"]
    ]
    console.print(scores(root, load_assignment(ASSIGNMENT, root), students))
    pages = sorted((root / "feedback").glob("*/*/*.html"))
    console.print("Feedback pages:", *(f"  {escape(str(page))}" for page in pages), sep="\n")
    console.print(f"Gradebook: {root / 'gradebook.db'}")
    console.print(f"{len(students)} submissions in {time.monotonic() - start:.0f} s.")
    for line in failed:
        console.print(f"[red]{escape(line)}[/red]")
    return 1 if failed else 0


def make_course(root: Path, examples: list[Path]) -> list[str]:
    """Lay out a course directory with these notebooks as submissions; returns the students' names."""
    ours = ENGINE.parent
    for name in ("source", "utils", "datasets"):
        shutil.copytree(ours / name, root / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"),
                        dirs_exist_ok=True)  # fmt: skip
    shutil.copyfile(ours / "nbgrader_config.py", root / "nbgrader_config.py")
    for example in examples:
        folder = root / "submitted" / example.stem / ASSIGNMENT
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(example, folder / f"{ASSIGNMENT}.ipynb")
    return [example.stem for example in examples]


def course_config(root: Path) -> Config:
    """Nbgrader's configuration of the course in `root`."""
    config: Config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(root)
    return config


def scores(root: Path, assignment: Assignment, students: list[str]) -> Table:
    """The gradebook's scores per student and function."""
    table = Table(title=f"{ASSIGNMENT}: scores in the gradebook")
    table.add_column("submission", no_wrap=True)
    for name, points in assignment.points.items():
        table.add_column(f"{name} ({points:g})", justify="right")
    table.add_column(f"total ({sum(assignment.points.values()):g})", justify="right", style="bold")
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as gradebook:
        for student in students:
            try:
                notebook = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, student)
            except MissingEntry:
                table.add_row(student, *("-" for _ in assignment.points), "not recorded")
                continue
            earned = {grade.name: grade.score for grade in notebook.grades}
            cells = [f"{earned.get(f'test-{name}', 0):g}" for name in assignment.points]
            table.add_row(student, *cells, f"{notebook.score:g}")
    return table
