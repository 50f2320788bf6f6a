"""An exception of a student's code in a sentence: where it was raised, or the cell before that is the reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.grading.hints import Hint, hint_for
from autograder.messages import Message
from autograder.notebook.needed_code import top_level
from autograder.notebook.submission import Submission

SAID = 150  # characters of an exception's text that are shown: it could hold a hidden input
CODE = 100  # of the line that raised it
SCRATCH = re.compile(r"\S*/autograder-\w{8}/")
MISSING = re.compile(r"name '(\w+)' is not defined")
# Where the text of a cell that Python cannot read would give a name a value
BINDS = (
    r"^[ \t]*(?:async[ \t]+)?(?:def|class|import|from)\b.*\b{name}\b|\b{name}\b[^=\n(]*=(?!=)"
    r"|\bimport[ \t]*(?:\*|\([^)]*\b{name}\b)"
)


@dataclass(frozen=True)
class Raised:
    """An exception: its type, its text, and the lines that it came through, (cell, line, function) of each."""

    kind: str
    text: str
    through: tuple[tuple[str, int, str], ...]
    kinds: tuple[tuple[str, str], ...] = ()  # (module, name) of its type, and of what that is derived from

    @staticmethod
    def from_plain(data: Mapping[str, Any]) -> Raised:
        """What a worker says of it. Raises KeyError, TypeError or ValueError for what is no such thing."""
        text = SCRATCH.sub("", str(data["text"])[:400])[:SAID].rstrip(" .")  # the directory is another one each time
        through = tuple((str(cell), int(line), str(function)) for cell, line, function in data["through"])
        kinds = tuple((str(module), str(name)) for module, name in data.get("kinds", ()))[:20]
        return Raised(str(data["type"])[:80], text, through, kinds)

    @property
    def words(self) -> Message:
        """Type and text."""
        text = "{kind}: {text}" if self.text else "{kind}"
        return Message(text, kind=self.kind, text=self.text)

    @property
    def missing(self) -> str:
        """The name that has no value, where that is what it says."""
        found = MISSING.search(self.text) if self.kind == "NameError" else None
        return found[1] if found else ""


@dataclass
class Explanations:
    """What to say where a function of this notebook gives nothing. `stopped` says with what which cells did."""

    submission: Submission
    functions: Collection[str]  # that are graded
    stopped: dict[str, Raised] = field(default_factory=dict)  # "cell 3" -> why it did not run to its end
    hints: Sequence[Hint] = ()  # the assignment's own

    def not_defined(self, name: str) -> Message:
        """Why no cell defined a function."""
        if why := self.reason(name):
            return Message("`{name}` is not defined: {why}", name=name, why=why)
        text = "`{name}` is not defined in this notebook. Keep the name as it was handed out."
        return Message(text, name=name)

    def of_probe(self, error: Raised) -> Message:
        """Why what a check looks at, by a function of ours that runs beside the student's code, was not there."""
        if error.missing:
            return self.not_defined(error.missing)
        place = self._place(error.through[-1]) if error.through else {}
        if place:
            text = "Your code stopped with {error}, in cell {cell}, line {line}: `{code}`."
            return self._with_hint(Message(text, error=error.words, **place), error)
        return Message("What is looked for in your notebook is not there. That raised {error}.", error=error.words)

    def raised(self, name: str, error: Raised) -> Message:
        """Why a call of a function gave nothing but an exception."""
        inner = {*self.functions} - {name}
        calls = next((at for at, (_, _, function) in enumerate(error.through) if function in inner), 0)
        place = self._place(error.through[calls - 1] if calls else error.through[-1]) if error.through else {}
        if error.kind == "NotImplementedError" and "NotImplementedError" in str(place.get("code", error.kind)):
            text = "`{name}` is not written yet: replace `raise NotImplementedError()` by your code."
            unwritten = error.through[-1][2] if error.through else ""
            return Message(text, name=unwritten if unwritten.isidentifier() else name)
        values = {"name": name, "error": error.words, **place}
        if not place:
            what = Message("`{name}` stopped with {error}.", **values)
        elif calls:
            text = (
                "`{name}` stopped with {error}. It happened within `{inner}`, called in cell {cell}, line {line}: "
                "`{code}`. What is `{inner}` given there?"
            )
            return Message(text, **values, inner=error.through[calls][2])
        else:
            what = Message("`{name}` stopped with {error}, in cell {cell}, line {line}: `{code}`.", **values)
        if why := self.reason(error.missing):
            return Message("{what} The reason: {why}", what=what, why=why)
        return self._with_hint(what, error)

    def reason(self, name: str, seen: frozenset[str] = frozenset()) -> Message | None:
        """Why a name has no value: the first cell that did not run to its end, and would have given it one."""
        unread = {cell.number: why for cell, why in self.submission.not_run}
        for cell in self.submission.cells:
            if not name or name in seen:
                return None
            if cell.number in unread and re.search(BINDS.format(name=name), cell.source, re.MULTILINE):
                return unread[cell.number]
            error = self.stopped.get(f"cell {cell.number}")
            if error is None or not self._left_out(cell.source, error, name):
                continue
            return self.reason(error.missing, seen | {name}) or self._of_cell(error)
        return None

    def _left_out(self, source: str, error: Raised, name: str) -> bool:
        """Whether a cell would have given a name a value in what did not run of it."""
        line = error.through[0][1] if error.through else 0
        return any(
            name in one.names[0] or one.always
            for one in top_level(source)
            if (one.node.end_lineno or one.node.lineno) >= line
        )

    def _of_cell(self, error: Raised) -> Message:
        """That a cell stopped, and where."""
        place = self._place(error.through[0]) if error.through else {}
        if not place:
            return self._with_hint(Message("a cell stopped with {error}.", error=error.words), error)
        text = "cell {cell} stopped with {error}, in line {line}: `{code}`."
        return self._with_hint(Message(text, error=error.words, **place), error)

    def _place(self, through: tuple[str, int, str]) -> dict[str, Any]:
        """The number of a cell, of its line, and that line; nothing where the student's notebook has no such cell."""
        at, line, _ = through
        for cell in self.submission.cells:
            lines = cell.source.splitlines()
            if cell.number and at == f"cell {cell.number}" and 0 < line <= len(lines):
                return {"cell": cell.number, "line": line, "code": lines[line - 1].strip()[:CODE]}
        return {}

    def _with_hint(self, what: Message, error: Raised) -> Message:
        hint = hint_for(error.kind, error.text, self.hints)
        return Message("{what} {hint}", what=what, hint=hint) if hint else what
