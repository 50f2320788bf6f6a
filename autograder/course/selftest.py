"""Grade the solution, every known wrong answer and every correct variant of an assignment; count wrong verdicts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from rich.progress import track
from rich.table import Table

from autograder.course.pool import local_pool, usable_cores
from autograder.grading.assignment import Assignment, read_toml
from autograder.grading.checks import grade, verify
from autograder.grading.diagnosis.misconceptions import edited, load_misconceptions
from autograder.grading.reference import Reference
from autograder.grading.report import Report
from autograder.messages import Message, render
from autograder.notebook.needed_code import bound_by
from autograder.pages.terminal import Terminal, table_of_functions
from autograder.sandbox.process import Limits

# No known submission needs more time, and some never end. Known mistakes are to be named; none is looked for.
LIMITS = Limits(seconds_per_call=6, diagnosis_steps=0)


@dataclass(frozen=True)
class Case:
    """One submission of the self-test, and what has to come of it. `function` is empty for a correct variant."""

    id: str
    function: str
    notebook: bytes


def selftest(
    assignment: Assignment, seeds: Sequence[int], jobs: int | None = None, verdicts: Path | None = None
) -> int:
    """Print the table of verdicts and what is wrong with them. Returns 0 when nothing is.

    `verdicts`, where it is given, is a file to write every check's state to: {case: {check: state}} as JSON. Of several
    seeds, those of the last are written.
    """
    console = Terminal()
    verify(assignment)
    solution = Case("the source notebook itself", "", assignment.source.read_bytes())
    cases = [solution, *misconception_cases(assignment), *wrong_cases(assignment), *variant_cases(assignment)]
    todo = [(case, seed) for seed in seeds for case in cases]
    with local_pool(jobs or usable_cores()) as pool:
        graded = pool.map(partial(_grade, assignment=assignment), todo)
        reports = list(track(graded, "Grading", total=len(todo), console=console))
    results = [(case, report) for (case, _), report in zip(todo, reports, strict=True)]
    if verdicts is not None:
        states = {case.id: {check.id: check.state for check in report.checks} for case, report in results}
        verdicts.write_text(json.dumps(states), "utf-8")
    console.print(_table(assignment, results), "")
    errors = [
        f"{error} (seed {seed})"
        for (case, seed), report in zip(todo, reports, strict=True)
        for error in verdict_errors(assignment, case, report)
    ]
    for error in errors:
        console.print(f"[red]{error}[/red]", highlight=False)
    wrong = sum(bool(case.function) for case in cases)
    variants = len(cases) - wrong - 1
    said = Message(
        "The solution, {wrong} wrong {wrong:answer|answers}, {variants} correct {variants:variant|variants}{times}: "
        "{errors} {errors:error|errors}.",
        wrong=wrong,
        variants=variants,
        times=Message(", each on {seeds} seeds", seeds=len(seeds)) if len(seeds) > 1 else "",
        errors=len(errors),
    )
    console.print(render(said))
    if not wrong:
        console.print("What the checks reject was not seen: write typical mistakes into misconceptions.toml.")
    return 1 if errors or len(cases) == 1 else 0


def _grade(todo: tuple[Case, int], assignment: Assignment) -> Report:
    case, seed = todo
    return grade(case.notebook, assignment, seed, LIMITS)


def misconception_cases(assignment: Assignment) -> list[Case]:
    """The source notebook with one mistake in it, for each row of misconceptions.toml."""
    return [
        Case(known.id, known.function, with_cells(assignment, [known.source]))
        for known in load_misconceptions(assignment)
    ]


def wrong_cases(assignment: Assignment) -> list[Case]:
    """The same for each row of wrong.toml: answers that lose points, and that no diagnosis is for."""
    path = assignment.folder / "wrong.toml"
    reference = Reference(assignment)
    rows = read_toml(path).get("wrong", []) if path.exists() else []
    solutions = {row["id"]: reference.cells[reference.defining(row["function"])] for row in rows}
    return [Case(row["id"], row["function"], with_cells(assignment, [edited(solutions[row["id"]], row, path)]))
            for row in rows]  # fmt: skip


def variant_cases(assignment: Assignment) -> list[Case]:
    """The source notebook with some functions written in another correct way, for each file in solutions/."""
    files = sorted((assignment.folder / "solutions").glob("*.py"))
    return [Case(file.stem, "", with_cells(assignment, file.read_text("utf-8").split("# %%\n"))) for file in files]


def with_cells(assignment: Assignment, sources: list[str]) -> bytes:
    """The source notebook in which these cells stand in the place of those that define the same functions.

    A cell that defines others as well stays above them.
    """
    known = {*Reference(assignment).reached.names}
    notebook: NotebookNode = nbformat.from_dict(assignment.template)
    sources = [source for source in sources if source.strip()]
    new_names = {name for source in sources for name in bound_by(source)} & known
    cells, written = [], False
    for cell in notebook.cells:
        defined = bound_by(cell.source) & known if _is_solution(cell) else set()
        if not defined & new_names or defined - new_names:
            cells.append(cell)
        if defined & new_names and not written:
            cells += [nbformat.v4.new_code_cell(source) for source in sources]
            written = True
    text: str = nbformat.writes(nbformat.from_dict({**notebook, "cells": cells}))
    return text.encode()


def _is_solution(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool(cell.metadata.get("nbgrader", {}).get("solution"))


def verdict_errors(assignment: Assignment, case: Case, report: Report) -> list[str]:
    """What is wrong with a verdict, one sentence each."""
    scores = {name: sum(check.points for check in checks) for name, checks in report.functions().items()}
    errors = [
        f"{case.id}: {check.id} failed without a message"
        for check in report.checks
        if check.state != "passed" and not check.message
    ]
    for name, points in assignment.points.items():
        lost = [f"{c.id} ({render(c.message)})" for c in report.functions()[name] if c.state != "passed"]
        if name != case.function and lost:
            errors.append(f"{case.id}: correct `{name}` got {scores[name]:g} of {points:g}: {'; '.join(lost)}")
    if case.function:
        if scores[case.function] >= assignment.points[case.function]:
            errors.append(f"{case.id}: wrong `{case.function}` got full marks")
        named = {check.misconception for check in report.functions()[case.function] if check.misconception}
        if named - {case.id}:
            errors.append(f"{case.id}: diagnosed as {', '.join(sorted(named))}")
        known = {one.id: one for one in load_misconceptions(assignment)}.get(case.id)
        states = {f"test_{check.id.split('.')[1]}": check.state for check in report.functions()[case.function]}
        if known and states.get(known.shows_on) != "failed":
            errors.append(f"{case.id}: {known.shows_on} should fail; it is {states.get(known.shows_on, 'missing')}")
        elif known and not named:
            errors.append(f"{case.id}: nobody would read what it tells, since no failed check is explained by it")
    return errors


def _table(assignment: Assignment, results: list[tuple[Case, Report]]) -> Table:
    columns = ("wrong answers", "rejected", "accepted", "named", "named wrongly", "correct variants", "rejected")
    table = table_of_functions(f"{assignment.name}: verdicts on known submissions", columns)
    correct = [report for case, report in results if not case.function]
    for name, points in assignment.points.items():
        wrong = [(case, report) for case, report in results if case.function == name]
        rejected = [report for _, report in wrong if _score(report, name) < points]
        named = [(case, {c.misconception for c in report.functions()[name]} - {None}) for case, report in wrong]
        row = [
            len(wrong),
            len(rejected),
            len(wrong) - len(rejected),
            sum(found == {case.id} for case, found in named),
            sum(bool(found - {case.id}) for case, found in named),
            len(correct),
            sum(_score(report, name) < points for report in correct),
        ]
        table.add_row(name, *(str(number) for number in row))
    return table


def _score(report: Report, function: str) -> float:
    return sum(check.points for check in report.functions()[function])
