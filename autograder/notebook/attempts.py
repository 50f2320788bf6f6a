"""Several notebooks in one submission: the one that somebody worked on is meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat

from autograder.messages import Message
from autograder.notebook.cells import function_names
from autograder.notebook.handed_in import Unreadable, read_notebook, several
from autograder.notebook.submission import read_submission


def set_aside(notebook: Path) -> Path:
    """Where the notebook of the right name goes when another one is graded in its place."""
    return notebook.with_name(f".{notebook.name}-as-handed-out")


def about_others(notebook: Path) -> Message | None:
    """What the page says where another notebook was set aside."""
    if not set_aside(notebook).exists():
        return None
    return Message("Of the notebooks that were handed in, this one was graded: the other is as it was handed out.")


def meant(notebooks: Sequence[Path], name: str, released: Path) -> tuple[Path, Message | None]:
    """Which of a submission's notebooks is graded, and what to say where it is not the one of this `name`.

    That is the only one whose solution cells are others than in the `released` notebook. Where none are, it is the one
    of this name, or the first. Raises Unreadable where several are, or where there is no release to compare with.
    """
    named = next((path for path in notebooks if path.name == name), notebooks[0])
    if len(notebooks) == 1:
        return named, None
    worked_on = [path for path in notebooks if _worked_on(path, released)] if released.is_file() else notebooks
    if len(worked_on) > 1:
        raise several([path.name for path in worked_on], name)
    if not worked_on or worked_on[0] == named:
        return named, None
    text = "{graded} was graded: in the other notebooks the exercises are as they were handed out."
    return worked_on[0], Message(text, graded=worked_on[0].name)


def _worked_on(path: Path, released: Path) -> bool:
    """Whether a solution cell is another than it was handed out. Of a file that cannot be read, nobody knows."""
    template = nbformat.read(released, as_version=4)
    given = {
        cell.metadata["nbgrader"]["grade_id"]: cell.source
        for cell in template.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    functions = sorted({name for source in given.values() for name in function_names(source)})
    try:
        cells = read_submission(read_notebook(path), template, functions).cells
    except Unreadable:
        return True
    return any(
        cell.number and cell.grade_id in given and cell.source.split() != given[cell.grade_id].split() for cell in cells
    )
