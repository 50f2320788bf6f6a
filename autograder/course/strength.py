"""How strong an assignment's checks or test cells are: which of many small mistakes in the solution they accept."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from rich.box import SIMPLE_HEAD
from rich.progress import track
from rich.table import Table
from rich.text import Text

from autograder.course.calibration import ready
from autograder.course.pool import local_pool, usable_cores
from autograder.grading.assignment import Assignment, AssignmentError
from autograder.grading.checks import verify
from autograder.grading.diagnosis.mistakes import Mistake, mistakes, written_anew
from autograder.grading.mistaken import Outcome, cells_to_fill_in, is_accepted, outcome
from autograder.messages import Message, render
from autograder.pages.terminal import Terminal
from autograder.sandbox.process import Limits

SEED = 1  # of the choice of mistakes, and of the checks' random inputs
TITLES: dict[Outcome, str] = {
    "unseen": "Accepted",
    "unreached": "Accepted, in a statement that no known input comes to",
    "harmless": "Accepted, and changes nothing on any known input",
}
Made = tuple[str, Mistake]  # grade_id of its cell


def strength(notebooks: Sequence[Assignment], limits: Limits, jobs: int | None = None) -> int:
    """Print which small mistakes are accepted. Returns 1 where one of them is that changes something, else 0."""
    console = Terminal()
    status = 0
    with local_pool(jobs or usable_cores()) as pool:
        for assignment in (ready(one, limits) for one in notebooks):
            verify(assignment)
            made = [(cell, one) for cell, text in cells_to_fill_in(assignment).items() for one in _mistakes(cell, text)]
            if not made:
                raise AssignmentError(
                    "In the solution cells of {notebook} no small mistake can be made: there is no code in them.",
                    notebook=assignment.source,
                )
            seconds = _seconds_of_solution(assignment, list(dict.fromkeys(cell for cell, _ in made)), limits)
            patience = replace(limits, seconds_per_call=min(limits.seconds_per_call, max(2.0, 2 * seconds)))
            found = pool.map(partial(_tried, assignment=assignment, limits=patience), made)
            outcomes = list(track(found, "Trying", total=len(made), console=console))
            _say(console, assignment, made, outcomes)
            if {"unseen", "unreached"} & {*outcomes}:
                status = 1
    return status


def _mistakes(cell: str, text: str) -> list[Mistake]:
    try:
        return mistakes(text, SEED)
    except SyntaxError as error:
        raise AssignmentError("Python cannot read the cell {cell}: {error}.", cell=cell, error=error.msg) from None


def _seconds_of_solution(assignment: Assignment, cells: Sequence[str], limits: Limits) -> float:
    """How long the solution takes to be graded, all its calls together.

    Raises AssignmentError where it is not accepted, as it is or without its comments and docstrings.
    """
    longest = 0.0
    sources = cells_to_fill_in(assignment)
    for cell in cells:
        source = sources[cell]
        for text, template in ((source, NOT_ACCEPTED), (written_anew(source), NOT_ACCEPTED_BARE)):
            start = time.perf_counter()
            if not is_accepted(text, cell, assignment, SEED, limits):
                raise AssignmentError(template, cell=cell)
            longest = max(longest, time.perf_counter() - start)
    return longest


NOT_ACCEPTED, NOT_ACCEPTED_BARE = (
    "In the cell {cell}, the solution does not get all points, so nothing can be said of mistakes in it.",
    "In the cell {cell}, the solution does not get all points without its comments and docstrings, so nothing can be "
    "said of mistakes in it.",
)


def _tried(made: Made, assignment: Assignment, limits: Limits) -> Outcome:
    cell, mistake = made
    return outcome(mistake, cell, assignment, SEED, limits)


def _say(console: Terminal, assignment: Assignment, made: Sequence[Made], outcomes: Sequence[Outcome]) -> None:
    console.print(_counts(assignment, made, outcomes))
    for what in TITLES:
        if accepted := [one for one, came in zip(made, outcomes, strict=True) if came == what]:
            console.print(_table(what, accepted))
    count = Counter(outcomes)
    text = (
        "{all} small {all:mistake|mistakes}: {rejected} rejected, {accepted} accepted; {harmless} of the accepted "
        "{harmless:answers|answer} like the solution on all inputs that are known."
    )
    said = Message(
        text,
        all=len(made),
        rejected=count["rejected"],
        accepted=len(made) - count["rejected"],
        harmless=count["harmless"],
    )
    console.print(render(said), highlight=False)


def _counts(assignment: Assignment, made: Sequence[Made], outcomes: Sequence[Outcome]) -> Table:
    table = Table(title=f"{assignment.notebook}: small mistakes in the solution", box=SIMPLE_HEAD)
    table.add_column("cell", no_wrap=True)
    for column in ("mistakes", "rejected", "accepted", "not reached", "change nothing"):
        table.add_column(column, justify="right")
    for cell in cells_to_fill_in(assignment):
        count = Counter(what for (one, _), what in zip(made, outcomes, strict=True) if one == cell)
        row = [count.total(), count["rejected"], *(count[what] for what in TITLES)]
        table.add_row(Text(cell), *map(str, row))
    return table


def _table(what: Outcome, accepted: Sequence[Made]) -> Table:
    table = Table(title=TITLES[what], box=SIMPLE_HEAD, title_justify="left")
    table.add_column("cell", no_wrap=True)
    table.add_column("line", justify="right")
    for column in ("in the solution", "instead"):
        table.add_column(column, overflow="fold")
    for cell, one in accepted:
        table.add_row(Text(cell), str(one.line), Text(one.before), Text(render(one.after)))
    return table
