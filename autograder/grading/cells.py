"""A notebook's own test cells, run in the judge, at their place among the student's cells, which run in a worker."""

from __future__ import annotations

import builtins
import json
import math
import time
from collections.abc import Mapping, Sequence, Set
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.grading.assignment import Assignment, AssignmentError
from autograder.grading.report import Check, Report, State
from autograder.grading.root_cause import Explanations, Raised
from autograder.messages import Message
from autograder.notebook.cells import Cell, runnable
from autograder.notebook.judged import Judged, TestCell
from autograder.notebook.submission import Submission, read_submission
from autograder.sandbox import wire
from autograder.sandbox.process import Allowance, Died, Limits, Sandbox, TimeUp, converse

CALLS_A_CELL = 3  # a cell may take as many times as long as a call
SAID = 300  # characters of an exception's text that are shown


@dataclass(frozen=True)
class Outcome:
    """What came of a test cell: whether it ran to its end, its value where that is a number, and what stopped it."""

    passed: bool
    value: float | None = None
    error: str = ""  # the exception's type
    text: str = ""
    line: int = 0
    why_not: str = ""  # why it could not be judged
    places: tuple[str, ...] = ()  # where in it something was done with an object that is no plain data


ENDED = Outcome(False, why_not="it ended its process")
NOT_RUN = Outcome(False, why_not="the notebook's time was used up before")


@dataclass(frozen=True)
class Calibration:
    """What the solution showed of the test cells."""

    trusted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # grade_id -> where the solution has objects
    inside: Mapping[str, str] = field(default_factory=dict)  # grade_id -> why it can be judged in the worker only
    broken: Mapping[str, str] = field(default_factory=dict)  # grade_id -> how the solution fails it everywhere

    @staticmethod
    def from_plain(data: Mapping[str, Any]) -> Calibration:
        """The Calibration that `dataclasses.asdict` made this of."""
        trusted = {grade_id: tuple(places) for grade_id, places in data["trusted"].items()}
        return Calibration(trusted, dict(data["inside"]), dict(data["broken"]))


class NotebookRun:
    """One submission on its way through worker and judge."""

    def __init__(self, submission: Submission, judged: Judged, files: Mapping[str, Path], limits: Limits,
                 left: Allowance) -> None:  # fmt: skip
        self._submission = submission
        self._judged = judged
        self._files = files
        self._limits = limits
        self._left = left
        self._cell_seconds = CALLS_A_CELL * limits.seconds_per_call
        self._names: list[str] = []
        self._bound: set[str] = set()
        self.stopped: dict[str, Raised] = {}  # by which of the student's cells stopped
        self._sources: list[str] = []  # of the cells that have run

    def outside(self, trusted: Mapping[str, tuple[str, ...]] | None, skip: frozenset[str]) -> dict[str, Outcome]:
        """The outcomes of the test cells but `skip`, each run in the judge at its place.

        `trusted` is None to find out where the solution has objects.
        """
        outcomes: dict[str, Outcome] = {}
        todo = {grade_id: list(found) for grade_id, found in self._judged.definitions.items()}
        cells = self._up_to_the_last({*self._judged.tests} - skip)
        with ExitStack() as stack:
            judge = self._start(stack, "judge")
            worker = self._start(stack, "notebook")
            ran: list[Cell] = []
            for cell in cells:
                test = self._judged.tests.get(cell.grade_id or "")
                if self._left.seconds <= 0:
                    break
                if test is None:
                    worker = self._run(stack, worker, ran, cell)
                    continue
                for earlier in self._judged.tests:  # the student may have moved them
                    for name, source in todo.pop(earlier, []):
                        judge, _ = self._ask_judge(
                            stack, judge, worker, {"do": "define", "name": name, "source": source}
                        )
                    if earlier == test.grade_id:
                        break
                if test.grade_id not in skip:
                    if not worker.alive:
                        worker = self._again(stack, ran)
                    judge, outcomes[test.grade_id] = self._test(stack, judge, worker, test, trusted)
                if text := self._judged.shared.get(test.grade_id):
                    worker = self._run(stack, worker, ran, Cell(text, cell.number, None))
        return outcomes

    def inside(self) -> dict[str, Outcome]:
        """The outcomes of all test cells where the notebook runs whole in one worker, which can cheat them."""
        outcomes: dict[str, Outcome] = {}
        with ExitStack() as stack:
            worker = self._start(stack, "notebook")
            ran: list[Cell] = []
            for cell in self._up_to_the_last({*self._judged.tests}):
                test = self._judged.tests.get(cell.grade_id or "")
                if self._left.seconds <= 0:
                    break
                if test is None:
                    worker = self._run(stack, worker, ran, cell)
                elif worker.alive:
                    answer = self._ask(worker, f"test cell {test.grade_id}", test.source)
                    outcomes[test.grade_id] = (
                        _outcome(answer) if answer else Outcome(False, why_not="it ended its process")
                    )
        return outcomes

    def _up_to_the_last(self, tests: Set[str]) -> Sequence[Cell]:
        """The student's cells without those after the last of these test cells: no points depend on them."""
        places = [place for place, cell in enumerate(self._submission.cells, 1) if cell.grade_id in tests]
        return self._submission.cells[: max(places, default=0)]

    def _start(self, stack: ExitStack, role: Any) -> Sandbox:
        return stack.enter_context(Sandbox(self._files, self._limits, self._left, role))

    def _run(self, stack: ExitStack, worker: Sandbox, ran: list[Cell], cell: Cell) -> Sandbox:
        """Run a cell of the student's; what ends its process is left out of the one that follows it."""
        self._sources.append(cell.source)
        if not worker.alive:
            worker = self._again(stack, ran)
        if self._ask(worker, f"cell {cell.number}", runnable(cell.source)):
            ran.append(cell)
        return worker

    def _again(self, stack: ExitStack, ran: list[Cell]) -> Sandbox:
        """A worker in which the cells have run that did not end the last."""
        worker = self._start(stack, "notebook")
        for cell in ran:
            if worker.alive and self._left.seconds > 0:
                self._ask(worker, f"cell {cell.number}", runnable(cell.source))
        return worker

    def _ask(self, worker: Sandbox, name: str, source: str) -> dict[str, Any]:
        """What a worker says of a cell; nothing when it is gone."""
        start = time.monotonic()
        try:
            answer = worker.ask(
                wire.pack({"name": name, "source": source, "seconds": self._cell_seconds}),
                min(1.5 * self._cell_seconds, self._left.seconds),
            )
            self._names = [str(one) for one in answer["names"]]
            self._bound |= {str(one) for one in answer["bound"]}
            if answer["error"] is not None:
                self.stopped[name] = Raised.from_plain(answer["error"])
            return dict(answer)
        except (Died, TimeUp):
            return {}
        except (KeyError, TypeError, ValueError):
            worker.close()
            return {}
        finally:
            self._left.seconds -= time.monotonic() - start

    def _test(self, stack: ExitStack, judge: Sandbox, worker: Sandbox, test: TestCell,
              trusted: Mapping[str, tuple[str, ...]] | None) -> tuple[Sandbox, Outcome]:  # fmt: skip
        message = {
            "do": "test",
            "name": test.grade_id,
            "source": test.source,
            "names": [one for one in self._names if self._is_students(one)],
            "bound": [one for one in self._bound if self._is_students(one)],
            "kept": [*self._judged.kept],
            "passed_on": [*self._judged.passed_on],
            "asked_for": dict(self._judged.asked_for),
            "sources": [*self._sources],
            "calibrating": trusted is None,
            "trusted": [*(trusted or {}).get(test.grade_id, ())],
            "seconds": self._limits.seconds_per_call,
            "seconds_in_all": self._cell_seconds,
        }
        self._bound = set()
        judge, answer = self._ask_judge(stack, judge, worker, message)
        return judge, answer

    def _is_students(self, name: str) -> bool:
        """Whether a test cell means what the student gave a name, and not Python's function or its own."""
        known = self._judged.students
        return name in known if known is not None else not hasattr(builtins, name)

    def _ask_judge(
        self, stack: ExitStack, judge: Sandbox, worker: Sandbox, message: dict[str, Any]
    ) -> tuple[Sandbox, Outcome]:
        """What the judge says, and the judge for what follows: another one where it ended."""
        start = time.monotonic()
        try:
            answer, gone = converse(judge, worker, message, min(1.5 * self._cell_seconds, self._left.seconds))
            outcome = _outcome(answer)
            return judge, Outcome(False, why_not=f"your code ended its process ({gone})") if gone else outcome
        except (Died, TimeUp) as error:
            why = "it ran out of time" if isinstance(error, TimeUp) else "it used up its memory"
            return self._start(stack, "judge"), Outcome(False, why_not=why)
        finally:
            self._left.seconds -= time.monotonic() - start


def _outcome(answer: Mapping[str, Any]) -> Outcome:
    """What a process of ours, or one that a student's code has taken over, said."""
    try:
        error, value = answer["error"], answer.get("value")
        passed = error is None and not answer.get("why_not")
        said = error or {"type": "", "text": "", "line": 0}
        return Outcome(
            passed,
            value if type(value) is float else None,
            str(said["type"])[:80],
            str(said["text"])[:SAID],
            said["line"] if type(said["line"]) is int else 0,
            str(answer.get("why_not", ""))[:SAID],
            tuple(str(one) for one in answer.get("places", ())),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return Outcome(False, why_not="its process gave no usable answer")


def calibrated(solution: Submission, judged: Judged, files: Mapping[str, Path], limits: Limits) -> Calibration:
    """What the solution shows: where it has objects, which cells work inside only, and which it fails everywhere."""

    def run() -> NotebookRun:
        return NotebookRun(solution, judged, files, limits, limits.allowance())

    outside = run().outside(None, frozenset())
    every = {one: outside.get(one, NOT_RUN) for one in judged.tests}
    short = {one: outcome for one, outcome in every.items()
             if not outcome.passed or _points(outcome, judged.tests[one]) < judged.tests[one].points}  # fmt: skip
    within = run().inside() if short else {}
    inside, broken = {}, {}
    for one, outcome in short.items():
        other = within.get(one, NOT_RUN)
        if other.passed and not (outcome.passed and outcome.value == other.value):
            inside[one] = why_failed(outcome)
        elif not outcome.passed:
            broken[one] = why_failed(other)
    trusted = {one: outcome.places for one, outcome in outside.items() if one not in {*inside, *broken}}
    return Calibration(trusted, inside, broken)


def about_cells(assignment: Assignment) -> list[str]:
    """For the instructor: how each test cell is judged, one line each."""
    found = Calibration.from_plain(json.loads(assignment.calibration))
    lines = []
    for grade_id in assignment.judged.tests:
        if grade_id in found.inside:
            lines.append(f"{grade_id}: judged inside, where a student could cheat it ({found.inside[grade_id]})")
        elif found.trusted.get(grade_id):
            lines.append(f"{grade_id}: judged outside, and rests on methods of the student's objects")
        else:
            lines.append(f"{grade_id}: judged outside")
    return lines


def why_failed(outcome: Outcome) -> str:
    """For the instructor, in a few words."""
    return outcome.why_not or (f"{outcome.error}: {outcome.text}" if outcome.error else "it gave no full points")


def calibrate(assignment: Assignment, limits: Limits) -> Assignment:
    """The assignment with what its solution showed. Raises AssignmentError where that fails a test cell everywhere."""
    if assignment.calibration or not assignment.by_cells:
        return assignment
    solution = read_submission(assignment.source.read_bytes(), assignment.template, [])
    found = calibrated(solution, assignment.judged, assignment.sandbox_files, limits)
    if found.broken:
        failed = "; ".join(f"{grade_id} ({why})" for grade_id, why in found.broken.items())
        raise AssignmentError(
            "The solution in {source} fails its own test cells, wherever they are run: {cells}. Put that right, or "
            "install what they need.",
            source=assignment.source,
            cells=failed,
        )
    return replace(assignment, calibration=json.dumps(asdict(found)))


def checks_by_cells(submission: Submission, assignment: Assignment, limits: Limits) -> tuple[Check, ...]:
    """A Check for each of the notebook's test cells."""
    if not assignment.judged.tests:
        return ()
    known = _calibrated_once(assignment, limits)
    calibration = Calibration.from_plain(json.loads(known.calibration))
    run = NotebookRun(submission, known.judged, known.sandbox_files, limits, limits.allowance())
    outcomes = run.outside(calibration.trusted, frozenset(calibration.inside))
    if calibration.inside:
        within = run.inside()
        for grade_id in calibration.inside:
            said = within.get(grade_id, NOT_RUN)
            outcomes[grade_id] = Outcome(said.passed, said.value, why_not="" if said.passed else INSIDE)
    names = {grade_id: name for name, grade_id in known.grade_ids.items()}
    explanations = Explanations(submission, (), run.stopped)
    return tuple(_check(test, names[grade_id], outcomes.get(grade_id, NOT_RUN), explanations)
                 for grade_id, test in known.judged.tests.items())  # fmt: skip


def not_assessed(assignment: Assignment, why: Message) -> Report:
    """The Report on a notebook that was not handed in, or cannot be read, beside others of its submission."""
    names = {grade_id: name for name, grade_id in assignment.grade_ids.items()}
    checks = tuple(
        Check(grade_id, names[grade_id], sentence(test), "not assessed", 0.0, test.points)
        for grade_id, test in assignment.judged.tests.items()
    )
    return Report(assignment.name, checks, (why,), notebook=assignment.notebook, manual=assignment.manual)


@lru_cache(maxsize=8)
def _calibrated_once(assignment: Assignment, limits: Limits) -> Assignment:
    return calibrate(assignment, limits)


INSIDE = "inside"


def _points(outcome: Outcome, test: TestCell) -> float:
    """What nbgrader gives: the number that is the cell's last value, or else all."""
    if not outcome.passed:
        return 0.0
    if outcome.value is None:
        return test.points
    return outcome.value if math.isfinite(outcome.value) and 0 <= outcome.value <= test.points else 0.0


def _check(test: TestCell, name: str, outcome: Outcome, explanations: Explanations) -> Check:
    points = _points(outcome, test)
    state: State = "passed" if outcome.passed and points == test.points else "failed"
    message = None if state == "passed" else _message(test, outcome, points)
    if message and (why := explanations.reason(Raised(outcome.error, outcome.text, ()).missing)):
        message = Message("{what} The reason: {why}", what=message, why=why)
    return Check(test.grade_id, name, sentence(test), state, points, test.points, message)


def sentence(test: TestCell) -> str:
    """What a test cell is about: its first comment, or its name."""
    visible = [line for number, line in enumerate(test.source.splitlines(), 1) if number not in test.hidden]
    first = next((line.strip() for line in visible if line.strip()), "")
    about = first.strip("#\"' ") if first.startswith(("#", '"""', "'''")) else ""
    return " ".join(about.split())[:200] or f"The test cell `{test.grade_id}` passes."


def _message(test: TestCell, outcome: Outcome, points: float) -> Message:
    lines = test.source.splitlines()
    said = Raised(outcome.error, outcome.text.rstrip(" ."), ())
    if outcome.passed:
        text = "The test cell gave {points} of {most} {most:point|points}."
        return Message(text, points=points, most=test.points)
    if outcome.line in test.hidden:
        return Message("A hidden test failed.")
    if outcome.why_not == INSIDE:
        return Message("The test cell did not pass. What it said is not shown: it ran beside your code.")
    if outcome.why_not:
        return Message("The test cell could not go on: {why}.", why=outcome.why_not)
    if 0 < outcome.line <= len(lines):
        line = lines[outcome.line - 1].strip()[:200]
        if outcome.error == "AssertionError" and said.text:
            return Message("`{line}` does not hold: {said}.", line=line, said=said.text)
        if outcome.error == "AssertionError":
            return Message("`{line}` does not hold.", line=line)
        return Message("`{line}` stopped with {error}.", line=line, error=said.words)
    return Message("The test cell stopped with {error}.", error=said.words)
