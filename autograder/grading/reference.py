"""The solution cells of a source notebook, as functions of the grader's own process."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from types import CodeType
from typing import Any

from autograder.grading.asking import PROBES, Conversation, Program, Reached, tagged
from autograder.grading.assignment import Assignment, AssignmentError, read_source
from autograder.grading.mentions import Mentions
from autograder.grading.outcome import Outcome, by_name
from autograder.grading.own_modules import importing_from
from autograder.grading.student_process import AS_HANDED_IN, Setting
from autograder.notebook.cells import function_names
from autograder.notebook.needed_code import Snippet, bound_by, needed_code, used_by
from autograder.notebook.submission import read_submission
from autograder.sandbox import wire
from autograder.sandbox.steps import makes_objects, replayed, step, untagged

Namespace = dict[str, Any]
Files = Mapping[str, Path | str]  # path -> where it is, or its text


def load_reference(notebook: Path) -> Namespace:
    """The global names of a source notebook after its solution cells, and what they need, have run."""
    return run_cells(solution_cells(notebook), (notebook.resolve().parent, notebook.resolve().parents[2]))


def solution_cells(notebook: Path) -> dict[str, str]:
    """The source notebook's solution cells and what they need, in order: grade_id (or place) -> source."""
    template = read_source(notebook)
    solutions = [cell.source for cell in template.cells
                 if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")]  # fmt: skip
    functions = sorted({name for source in solutions for name in bound_by(source)})
    cells = read_submission(notebook.read_bytes(), template, functions).cells
    grade_ids = {cell.number: cell.grade_id for cell in cells}
    needed = needed_code(cells, functions)
    return {grade_ids[one.cell_number] or f"cell {one.cell_number}": _text(one) for one in needed}


def _text(snippet: Snippet) -> str:
    """The needed statements of a cell; as they are written when that is the whole cell."""
    body = ast.parse(snippet.source).body
    if len(snippet.statements) == len(body):
        return snippet.source
    return "\n".join(ast.unparse(body[index]) for index in snippet.statements)


def run_cells(cells: Mapping[str, str], folders: tuple[Path, ...], names: Mapping[str, Any] | None = None) -> Namespace:
    """The global names after cells of ours (name -> source) have run, where these `names` are known.

    They import from `folders` too.
    """
    namespace: Namespace = {"__name__": "reference", **(names or {})}
    with importing_from(folders):
        for name, source in cells.items():
            exec(_compiled(name, source), namespace)
    return namespace


@lru_cache(maxsize=64)  # a known mistake is in one cell, the others are the solution's
def _compiled(name: str, source: str) -> CodeType:
    return compile(source, name, "exec", optimize=0)


class Runner:
    """Cells of ours and what they answer, in a directory of their own with the files that they may read."""

    def __init__(self, cells: Mapping[str, str], folders: tuple[Path, ...], files: Files,
                 fresh: Collection[str] = (), names: Mapping[str, Any] | None = None) -> None:  # fmt: skip
        self._run = partial(run_cells, cells, folders, names)
        self._files = files
        self._fresh = fresh  # functions for which the cells run anew, since they look at what these drew and changed
        with _working_with(files):
            self.namespace = self._run()

    def answers(self, program: Program, signatures: Mapping[str, inspect.Signature]) -> Iterator[Outcome]:
        """What comes of each set of arguments."""
        with _working_with(self._files):
            anew = program.name in self._fresh or makes_objects(self.namespace, program.message)
            namespace = self._run() if anew else self.namespace
        for arguments in program.calls:
            with _working_with(self._files):
                outcome = call(namespace, program, arguments, signatures)
            yield outcome


def call(
    namespace: Namespace, program: Program, arguments: Sequence[Any], signatures: Mapping[str, inspect.Signature]
) -> Outcome:
    """Take a step with trusted code, on copies of the arguments."""
    copies = _copied(list(arguments))
    printed = io.StringIO()
    with contextlib.redirect_stderr(io.StringIO()):
        with contextlib.redirect_stdout(io.StringIO()):
            made = replayed(namespace, _copied([list(one) for one in program.before]))
        with contextlib.redirect_stdout(printed):
            returned = step(namespace, made, program.how, program.name, copies, program.names)
    changed = by_name(signatures[program.name], copies, program.names) if program.how == "call" else {}
    return Outcome(wire.decode(wire.encode(returned)), wire.decode(wire.encode(changed)), printed.getvalue())


def _copied(value: Any) -> Any:
    return wire.decode(wire.encode(value, tagged), untagged)


@contextlib.contextmanager
def _working_with(files: Files) -> Iterator[None]:
    """Work in a directory with these files, where there are any."""
    if not files:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content.resolve())
            else:
                path.write_text(content, "utf-8")
        with contextlib.chdir(folder):
            yield


class Reference:
    """The solution, and what it answers where a student is asked as well."""

    def __init__(
        self, assignment: Assignment, setting: Setting = AS_HANDED_IN, cells: Mapping[str, str] | None = None
    ) -> None:
        self.assignment = assignment
        self.setting = setting
        self.cells = solution_cells(assignment.source) if cells is None else cells
        self.identity = assignment.checks_hash
        self.functions = list(assignment.points)
        self._mentions = Mentions(assignment, {name for source in self.cells.values() for name in bound_by(source)})
        files: Files = {**assignment.sandbox_files, **dict(setting.files)}
        self.files = {path: content for path, content in files.items() if self._names(path)}
        try:
            self._runner = self.runner(self.cells)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            raise AssignmentError("The solution in {notebook} does not run: {why}.", notebook=assignment.source,
                                  why=why) from error  # fmt: skip
        self.reached = self._reached()
        self._conversation = Conversation(self.answer)
        self._uses = used_by(self.cells.values())
        self._answers: dict[bytes, list[Outcome]] = {}
        self._objects: dict[tuple[Setting, bytes], bool] = {}
        self._in_settings: dict[Setting, Reference] = {}

    def runner(self, cells: Mapping[str, str], names: Mapping[str, Any] | None = None) -> Runner:
        """These cells in the place of the solution's, followed by what follows them here."""
        all_cells = {**cells, PROBES: self._mentions.probes, "cell": self.setting.cell}
        return Runner(all_cells, self.assignment.import_folders, self.files, self._mentions.probed, names)

    def _reached(self) -> Reached:
        namespace, exceptions, signatures = self._runner.namespace, {}, {}
        for name in (*self._mentions.names, *self._mentions.probed):
            value = namespace.get(name)
            if isinstance(value, type) and issubclass(value, Exception):
                exceptions[name] = type(name, (Exception,), {})
            elif callable(value):
                signatures[name] = self._signature(name, value)
        for name in self.functions:
            if not self.names_of(name):
                text = "No solution cell of {notebook} defines `{name}`, which its cell test-{name} is about."
                raise AssignmentError(text, notebook=self.assignment.source, name=name)
        mentioned = self._mentions
        return Reached(signatures, mentioned.names, exceptions, mentioned.probes, mentioned.probed)

    def _signature(self, name: str, value: Callable[..., Any]) -> inspect.Signature:
        try:
            return inspect.signature(value)
        except ValueError:
            if isinstance(value, type):
                return ANY_ARGUMENTS
            raise AssignmentError("Python does not tell the parameters of `{name}`: write it as a function with `def`.",
                                  name=name) from None  # fmt: skip

    @property
    def signatures(self) -> Mapping[str, inspect.Signature]:
        """Of what can be called."""
        return self.reached.signatures

    def names_of(self, question: str) -> Sequence[str]:
        """The global names that a question is about: the one that it is called after, or those that its checks use."""
        return self._mentions.by_question[question]

    def asked_for(self, question: str) -> Collection[str]:
        """The global names by which its checks ask for what a question is about: also the functions of probes.py."""
        return {*self.names_of(question), *self._mentions.probes_of(question)}

    def defining(self, question: str) -> str:
        """The cell, by its name in `cells`, that a question is answered in. Raises KeyError."""
        found = [cell for cell, source in self.cells.items() if question in function_names(source)]
        if not found and question in self.cells:
            return question
        names = {*self._mentions.by_question.get(question, ())}
        found = found or [cell for cell, source in self.cells.items() if names & bound_by(source)]
        if not found:
            raise KeyError(question)
        return found[-1]

    def find(self, name: str, conversation: Conversation | None = None) -> Any:
        """What a check gets for a global name. Raises AttributeError."""
        exceptions = {one: self._runner.namespace[one] for one in self.reached.exceptions}
        return self.reached.of(name, conversation or self._conversation, exceptions)

    def answer(self, program: Program) -> list[Outcome]:
        """What the solution answers."""
        if program.frame not in self._answers:
            self._answers[program.frame] = [*self._runner.answers(program, self.signatures)]
        return self._answers[program.frame]

    def has_object(self, setting: Setting, program: Program) -> bool:
        """Whether the solution, in a student's setting, answers a question with an object."""
        key = (setting, program.frame)
        if key not in self._objects:
            try:
                answers = self.given(setting).answer(program)
                self._objects[key] = isinstance(answers[0].returned, wire.Opaque)
            except Exception:
                self._objects[key] = False
        return self._objects[key]

    def given(self, setting: Setting) -> Reference:
        """The same in another setting. A file that the solution does not name makes no difference to it."""
        setting = replace(setting, files=tuple(one for one in setting.files if self._names(one[0])))
        if setting == self.setting:
            return self
        if setting not in self._in_settings:
            self._in_settings[setting] = Reference(self.assignment, setting, self.cells)
        return self._in_settings[setting]

    def _names(self, path: str) -> bool:
        return any(Path(path).name in text for text in (*self.cells.values(), self._mentions.probes))

    def part(self, name: str) -> Callable[..., Outcome]:
        """A function that a student's code calls in the place of its own: nothing of it is remembered or copied."""

        def function(*arguments: Any, **named: Any) -> Outcome:
            bound = signature.bind(*arguments, **named)
            with contextlib.redirect_stdout(io.StringIO()):
                returned = self._runner.namespace[name](*bound.args, **bound.kwargs)
            return Outcome(returned, dict(bound.arguments), "")

        signature = self.signatures[name]
        return function

    def inner_functions(self, name: str) -> list[str]:
        """The assignment's other functions that the solution of a question calls, or that those call."""
        inner: set[str] = set()
        waiting = [*self.names_of(name)]
        while waiting:
            new = self._uses.get(waiting.pop(), set()) - inner
            inner |= new
            waiting += new
        return [other for other in self.functions if other in inner - {name} and other in self.signatures]


@lru_cache(maxsize=4)
def reference_of(assignment: Assignment) -> Reference:
    """The solution of an assignment, which remembers what it was asked."""
    return Reference(assignment)


@dataclass(frozen=True)
class ReferenceGiven:
    """The solution's functions, classes and values, as attributes, like those of `StudentGiven`."""

    _reference: Reference

    def with_file(self, path: str, text: str) -> ReferenceGiven:
        """The same where the file `path` holds `text`."""
        setting = self._reference.setting
        return ReferenceGiven(self._reference.given(replace(setting, files=(*setting.files, (path, text)))))

    def with_cell(self, source: str) -> ReferenceGiven:
        """The same after one more cell has run."""
        return ReferenceGiven(self._reference.given(replace(self._reference.setting, cell=source)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._reference.find(name)


ANY_ARGUMENTS = inspect.signature(lambda *arguments, **named: None)
