"""What a class teaches about an assignment: known mistakes and correct variants, made of what students wrote."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path

from autograder.course.course import Course
from autograder.errors import CannotGrade
from autograder.grading.alike import alike
from autograder.grading.assignment import Assignment
from autograder.grading.diagnosis.align import donor_of, renamed
from autograder.grading.diagnosis.calculation import reaches_for
from autograder.grading.diagnosis.edits import likeness, tokens
from autograder.grading.diagnosis.explain import variants
from autograder.grading.diagnosis.mistakes import written_anew
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
    _refuse_test_cells(assignment)
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
    body = _of_student(course, assignment, found.students[0], found.function)
    if found.function not in function_names(body):
        raise CannotGrade("Nobody of the group {group} has written `{name}`.", group=group, name=found.function)
    known = [*Reference(assignment.original).cells.values(), *variants(assignment.original)]
    if foreign := reaches_for(body, known):
        raise CannotGrade(
            "There is {names} in the code of the group {group}, and neither your solution nor the correct variants use "
            "it. A row's code runs with your rights, so none is made of that: write it by hand.",
            group=group,
            names=", ".join(f"`{name}`" for name in foreign),
        )
    check = f"test_{found.shows_on.partition('.')[2]}"
    values = {"id": found.id, "function": found.function, "shows_on": check}
    row = ROW.format(body=_text(body), **{name: json.dumps(one) for name, one in values.items()})
    path = assignment.original.folder / "misconceptions.toml"
    before = path.read_text("utf-8") if path.is_file() else ""
    path.write_text(f"{before.rstrip()}\n{row}".lstrip(), "utf-8")
    return path


def propose_variant(course: Course, assignment: Assignment, function: str) -> Path:
    """Add a file to solutions/: of the class's right functions of this name, the one that is least like those there.

    Raises CannotGrade where there is none.
    """
    _refuse_test_cells(assignment)
    if function not in assignment.points:
        names = ", ".join(assignment.points)
        raise CannotGrade("There is no function {name}: it is one of {names}.", name=function, names=names)
    by = assignment.original
    known = [donor for text in (*Reference(by).cells.values(), *variants(by))
             if (donor := donor_of(written_anew(text), function, list(assignment.points)))]  # fmt: skip
    reports, _ = course.reports([assignment])
    right = [student for student, report in sorted(reports.items())
             if all(check.state == "passed" for check in report.functions()[function])]  # fmt: skip
    found: list[tuple[float, str]] = []
    for student in right:
        text = _of_student(course, assignment, student, function)
        own = donor_of(text, function, list(assignment.points))
        if own is not None:
            found.append((max(_likeness(own.function, one.function) for one in known), text))
    least = min(found, default=(1.0, ""))
    if least[0] > 1 - 1e-9:
        raise CannotGrade(
            "No right `{name}` of the class is new: each is like one of your correct ones.", name=function
        )
    name = f"{function}_{hashlib.sha256(least[1].encode()).hexdigest()[:6]}.py"
    path = by.folder / "solutions" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(least[1], "utf-8")
    return path


def _likeness(function: ast.FunctionDef, other: ast.FunctionDef) -> float:
    """How much two functions have in common, whatever their variables are called: from 0 to 1."""
    return likeness(tokens(function), tokens(renamed(function, other)))


def _refuse_test_cells(assignment: Assignment) -> None:
    if assignment.by_cells:
        raise CannotGrade(
            "{assignment} is judged by its notebook's own test cells: only an assignment with checks has known "
            "mistakes and correct variants.",
            assignment=assignment.name,
        )


def _of_student(course: Course, assignment: Assignment, student: str, function: str) -> str:
    data = read_notebook(course.submissions(assignment.name)[student] / assignment.source.name)
    submission = read_submission(data, assignment.template, list(assignment.points))
    return _written_for(function, submission, assignment)


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
