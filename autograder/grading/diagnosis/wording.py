"""What a student reads about a line: what kind of thing is wrong there, never what should stand in its place."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.grading.diagnosis.edits import Edit
from autograder.messages import Message, template

LONGEST_CODE = 100  # characters of a line, or of a part of it, that are shown

# By the kind of an edit. `code` is the student's line, which has just been quoted, `part` the piece of it that the edit
# is about.
SENTENCES = {
    "comparison": "look at the comparison `{part}`: for which values should it hold, and does it for the first, the "
    "last and equal ones?",
    "constant": "look at the number or text `{part}`: is it the one that is asked for?",
    "off by one": "`{part}` is one off: count by hand for a small example.",
    "variable": "look at the name `{part}`: is it the value that is needed here?",
    "name": "look at the name `{part}`: is everything called the same where it gets its value and where it is used?",
    "function": "look at `{part}`: does this function do what is needed here?",
    "calculation": "look at the calculation `{part}`: go through it by hand for a small example.",
    "order": "look at the order of things in `{part}`.",
    "sign": "look at the sign of `{part}`.",
    "condition": "look at the condition `{part}`: in which cases should it hold?",
    "argument": "look at what is handed over in `{part}`.",
    "call": "look at the call `{part}`: what does it give back, and is that what is needed here?",
    "index": "look at the index or slice in `{part}`: which entries should it take?",
    "assignment": "look at what becomes of the value in `{code}`: does the name before the sign hold what it should?",
    "loop": template("this line ends or repeats something at the wrong time."),
    "missing return": template("a value is calculated and not returned."),
    "superfluous": template("this line does something that is not asked for."),
    "unwrapped": template("this line decides over lines that should not depend on it."),
    "wrapped": template("when should this line run: always and once, only in some cases, or again and again?"),
    "moved": template("this line stands in the wrong place: how often should it run, and when?"),
    "missing": template("something is missing after this line."),
    "missing after a block": template("something is missing after the block that ends with this line."),
    "expression": "look at `{part}`: is it the value that is needed here?",
    "changed": template("this line does something else than what is asked for."),
}
WHERE = "Line {line} of cell {cell}, `{code}`: {what}"
SEVERAL_LINES = "Lines {lines} of cell {cell} do not fit together yet. {what}"
RIVALS = "{what} (Line {line}, or how it meets {others}: a change in either makes all checks pass.)"
PARTLY = "{what} (This is one of several mistakes.)"
STEP = "{what} It belongs to step {step} of the exercise."
REWRITE = (
    "No small change was found that makes `{name}` right: read once more what it should do. For example, {call} should "
    "give {expected}; yours gives {seen}."
)
REWRITE_CHANGED = (
    "No small change was found that makes `{name}` right: read once more what it should do. For example, after {call} "
    "`{argument}` should be {expected}; yours is {seen}."
)
REWRITE_WITHOUT = "No small change was found that makes `{name}` right: read once more what it should do."


def shown(code: str) -> str:
    """A piece of the student's own text on one line."""
    text = " ".join(code.split())
    return text if len(text) <= LONGEST_CODE else f"{text[:LONGEST_CODE]} ..."


def quoted(source: str, line: int) -> str:
    """A line of a cell, from 1, as it is shown; nothing where there is none."""
    lines = source.splitlines()
    return shown(lines[line - 1]) if 0 < line <= len(lines) else ""


def sentence(edit: Edit, line: int, cell: int, source: str) -> Message:
    """What to look at in one line."""
    code = quoted(source, line)
    what = Message(SENTENCES.get(edit.kind, SENTENCES["changed"]), code=code, part=shown(edit.before) or code)
    return Message(WHERE, line=line, cell=cell, code=code, what=what)


def about(
    edits: Sequence[Edit], rivals: Sequence[int], cell: int, source: str, step: int | None, partly: bool
) -> Message:
    """What to look at: the lines of the edits, in one message. `rivals` are other lines at which everything passes."""
    first = min(edits, key=lambda edit: edit.places)
    said = sentence(first, first.places[0][1], cell, source)
    lines = sorted({line for edit in edits for _, line in edit.places})
    if len(lines) > 1:
        said = Message(SEVERAL_LINES, lines=_listed(lines), cell=cell, what=said)
    if rivals:
        words = Message("line {lines}" if len(rivals) == 1 else "lines {lines}", lines=_listed(rivals))
        said = Message(RIVALS, what=said, line=lines[0], others=words)
    if step is not None:
        said = Message(STEP, what=said, step=step)
    return Message(PARTLY, what=said) if partly else said


def of_edit(said: Message) -> Message | None:
    """The part of what is said of a mistake that quotes a line; None where none is named."""
    if said.template == WHERE:
        return said
    inner = (of_edit(one) for one in said.values.values() if isinstance(one, Message))
    return next((one for one in inner if one is not None), None)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
