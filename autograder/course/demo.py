"""Show the whole cycle on the example class: a scratch course, real nbgrader, a table of scores at the end."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from rich.markup import escape

from autograder.course.course import Course
from autograder.course.grade_class import grade_class
from autograder.course.pool import local_workers, usable_cores
from autograder.course.report_cache import run_seed
from autograder.errors import CannotGrade
from autograder.grading.assignment import ENGINE, load_assignment
from autograder.messages import speaking
from autograder.pages.terminal import Terminal

EXAMPLES = ENGINE.parent / "examples" / "submissions"
NAME = "dinosaur-island"  # what they were handed in for


def demo(directory: Path | None) -> int:
    """Grade `examples/submissions` in a scratch course. Returns 0 when every example was recorded."""
    console = Terminal()
    root = (directory or Path(tempfile.mkdtemp(prefix="autograder-demo-"))).resolve()
    if root.exists() and any(root.iterdir()):
        raise CannotGrade("{root} is not empty: name a new directory.", root=root)
    if not EXAMPLES.is_dir():
        raise CannotGrade(
            "The demo's class is in a clone of the repository, not in the installed package: run `make demo` there, or "
            "begin an assignment of your own with `autograder new NAME`."
        )
    students = make_course(root, sorted(EXAMPLES.glob("*.ipynb")))
    course = Course(root)
    console.print(f"A scratch course in [bold]{root}[/bold]: releasing the assignment ...")
    released = course.api.generate_assignment(NAME, force=True)
    if not released["success"]:
        console.print(f"[red]{escape(str(released))}[/red]")
        return 1
    assignment = load_assignment(NAME, root)
    workers = local_workers([assignment], run_seed(root, NAME), course.limits, usable_cores())
    with speaking(assignment.language):
        status = grade_class(course, [assignment], workers, console)
        console.print(course.scores(assignment, students))
    pages = sorted((root / "feedback").glob("*/*/*.html"))
    names = (str(page.relative_to(root / "feedback")) for page in pages)
    lines = [f"Feedback pages, in {root / 'feedback'}:", *(f"  {name}" for name in names)]
    lines.append(f"Gradebook: {root / 'gradebook.db'}")
    console.print(*map(escape, lines), sep="\n", soft_wrap=True)
    return status


def make_course(root: Path, examples: list[Path]) -> list[str]:
    """Lay out a course directory with these notebooks as submissions; returns the students' names."""
    ours = ENGINE.parent
    for name in ("source", "utils", "datasets"):
        shutil.copytree(ours / name, root / name, symlinks=name == "source", dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    shutil.copyfile(ours / "nbgrader_config.py", root / "nbgrader_config.py")
    for example in examples:
        folder = root / "submitted" / example.stem / NAME
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(example, folder / f"{NAME}.ipynb")
    return [example.stem for example in examples]
