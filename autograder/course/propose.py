"""A row of misconceptions.toml made of what a student of the class wrote: `autograder misconception GROUP`."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from autograder.course.course import Course
from autograder.errors import CannotGrade
from autograder.grading.alike import alike
from autograder.grading.assignment import Assignment
from autograder.grading.diagnosis.calculation import reaches_for
from autograder.grading.diagnosis.explain import variants
from autograder.grading.diagnosis.program import FUNCTIONS, nodes_of, written
from autograder.grading.reference import Reference
from autograder.notebook.cells import function_names
from autograder.notebook.handed_in import read_notebook
from autograder.notebook.needed_code import needed_code
from autograder.notebook.submission import Submission, read_submission

ROW = """
[[misconception]]
id = {id}
function = {function}
body = {body}
tells = ""
shows_on = {shows_on}
"""


def propose(course: Course, assignment: Assignment, group: str) -> Path:
    """Add a row for a group of the class report, to be worded. Returns the file.

    The code is that of one student, without comments and docstrings. Raises CannotGrade where there is no such group.
    """
    if assignment.by_cells:
        raise CannotGrade(
            "{assignment} is judged by its notebook's own test cells: only an assignment with checks has a "
            "misconceptions.toml.",
            assignment=assignment.name,
        )
    reports, _ = course.reports([assignment])
    unknown = [one for one in alike(reports) if not one.known]
    found = next((one for one in unknown if one.id == group), None)
    if found is None:
        raise CannotGrade(
            "The class report of {assignment} has no group {group}: it names {known}.",
            assignment=assignment.name,
            group=group,
            known=", ".join(one.id for one in unknown) or "none",
        )
    folder = course.submissions(assignment.name)[found.students[0]]
    data = read_notebook(folder / assignment.source.name)
    body = _written_for(found.function, read_submission(data, assignment.template, list(assignment.points)), assignment)
    if found.function not in function_names(body):
        raise CannotGrade("Nobody of the group {group} has written `{name}`.", group=group, name=found.function)
    known = [*Reference(assignment).cells.values(), *variants(assignment)]
    if foreign := reaches_for(body, known):
        raise CannotGrade(
            "The code of the group {group} uses {names}, which your solution and the correct variants do not. A row's "
            "code runs with your rights, so none is made of that: write it by hand.",
            group=group,
            names=", ".join(f"`{name}`" for name in foreign),
        )
    check = f"test_{found.shows_on.partition('.')[2]}"
    values = {"id": found.id, "function": found.function, "shows_on": check}
    row = ROW.format(body=_text(body), **{name: json.dumps(one) for name, one in values.items()})
    path = assignment.folder / "misconceptions.toml"
    before = path.read_text("utf-8") if path.is_file() else ""
    path.write_text(f"{before.rstrip()}\n{row}".lstrip(), "utf-8")
    return path


def _written_for(function: str, submission: Submission, assignment: Assignment) -> str:
    """What of a submission defines a function, without the other graded ones and what students are given."""
    solutions = {mark["grade_id"] for cell in assignment.template.cells
                 if (mark := cell.metadata.get("nbgrader", {})).get("solution")}  # fmt: skip
    given = {cell.source.strip() for cell in assignment.template.cells}
    own = {cell.number for cell in submission.cells
           if cell.grade_id in solutions or (cell.grade_id is None and cell.source.strip() not in given)}  # fmt: skip
    others = {*assignment.points} - {function}
    parts = []
    for snippet in needed_code(submission.cells, [function]):
        if snippet.cell_number in own:
            body = [ast.parse(snippet.source).body[index] for index in snippet.statements]
            kept = [one for one in body if not (isinstance(one, FUNCTIONS) and one.name in others)]
            parts.append(written(nodes_of(kept, ""), count=False))
    return "".join(parts)


def _text(code: str) -> str:
    """Code as a text of TOML."""
    return json.dumps(code, ensure_ascii=False) if "'''" in code else f"'''\n{code}'''"
