"""grade(submission bytes, assignment, seed, limits) -> Report: hidden pytest checks outside the student's process."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import platform
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pytest
import threadpoolctl
from _pytest.config import _prepareconfig
from _pytest.outcomes import Failed, Skipped

from autograder.errors import CannotGrade
from autograder.grading.assignment import Assignment, AssignmentError
from autograder.grading.cells import checks_by_cells
from autograder.grading.compare import CheckFailed
from autograder.grading.diagnosis.explain import NotTried, explain
from autograder.grading.diagnosis.judged import Asked, Solution, asked_of
from autograder.grading.diagnosis.misconceptions import diagnose, load_misconceptions
from autograder.grading.outcome import CallFailed
from autograder.grading.own_modules import importing_from
from autograder.grading.reference import Reference, ReferenceGiven, reference_of
from autograder.grading.report import Check, Diagnosis, Picture, Report, State
from autograder.grading.root_cause import Raised
from autograder.grading.student import Calls, Student
from autograder.messages import Message, template
from autograder.notebook.submission import Submission, read_submission
from autograder.sandbox.process import Limits, refuse_readable

# What is installed beside pytest, or set for it, must not change a verdict.
PYTEST_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
UNUSED_PLUGINS = ("terminal", "cacheprovider", "junitxml", "faulthandler", "unraisableexception", "threadexception",
                  "logging", "warnings", "doctest", "debugging")  # fmt: skip
PYTEST_OPTIONS = [
    "--disable-plugin-autoload", "--assert=plain", "--capture=no", "--import-mode=importlib", "--strict-markers",
    "-c", os.devnull,
    *(word for name in UNUSED_PLUGINS for word in ("-p", f"no:{name}")),
]  # fmt: skip


def grade(data: bytes, assignment: Assignment, seed: int, limits: Limits | None = None) -> Report:
    """Grade the bytes of a submitted notebook.

    Raises `submission.Unreadable` when they are no notebook, `sandbox.CannotConfine` when this machine cannot run
    students' code safely, and AssignmentError when the checks themselves are wrong.
    """
    limits = limits or Limits()
    by = assignment.original
    if limits.sandbox != "none":
        refuse_readable(assignment.root, by.folder)
    about = (assignment.notebook, assignment.manual)
    if assignment.by_cells:
        submission = read_submission(data, assignment.template, list(assignment.points))
        cell_checks = checks_by_cells(submission, assignment, limits)
        return Report(assignment.name, cell_checks, submission.problems, {}, fingerprint(assignment, seed), *about)
    reference = reference_of(by)
    submission = read_submission(data, assignment.template, list(reference.reached.names))
    with Student(submission, reference, limits) as student:
        checks = run_checks(by, student, reference, seed)
    diagnoses, unknown = _diagnoses(submission, by, student.calls, checks, seed, limits)
    known = {name: one.misconception for name, one in diagnoses.items()}
    checks = [replace(check, misconception=known.get(check.function)) if check.state == "failed" else check
              for check in checks]  # fmt: skip
    broken = (Message(BROKEN, check=c.id, error=c.message.values["error"])
              for c in checks if c.message and ours(c.message))  # fmt: skip
    problems = (*submission.problems, *broken, *unknown)
    return Report(assignment.name, tuple(checks), problems, diagnoses, fingerprint(assignment, seed), *about)


def accepts(
    submission: Submission, assignment: Assignment, seed: int, limits: Limits, first: Sequence[str] = ()
) -> bool:
    """Whether all checks pass: looked at as far as the first that does not, those of the functions in `first` first."""
    if assignment.by_cells:
        return all(check.state == "passed" for check in checks_by_cells(submission, assignment, limits))
    reference = reference_of(assignment)
    groups = ([name for name in assignment.points if (name in first) is mine] for mine in (True, False))
    with Student(submission, reference, limits) as student:
        return all(check.state == "passed" for names in groups if names
                   for check in run_checks(assignment, student, reference, seed, names))  # fmt: skip


def _diagnoses(
    submission: Submission, assignment: Assignment, calls: Sequence[Calls], checks: Sequence[Check], seed: int,
    limits: Limits,
) -> tuple[dict[str, Diagnosis], list[Message]]:  # fmt: skip
    """What was misunderstood by function, and what could not be found out in time."""
    reference = reference_of(assignment)
    wrong = list(dict.fromkeys(check.function for check in checks if check.state != "passed"))
    impatient = replace(limits, seconds_per_call=limits.seconds_per_call / 4)  # for what has ended on the bench
    found: dict[str, Diagnosis] = {}
    unknown = []
    for name in dict.fromkeys(check.function for check in checks if check.state == "failed"):
        known = diagnose(name, calls, assignment, reference, asked(assignment, name, seed)[1])
        if known is not None:
            found[name] = Diagnosis("misconception", Message(known.tells), known.id)
        if known is not None or not limits.diagnosis_steps:
            continue

        def passes(changed: Submission, name: str = name) -> bool:
            with Student(changed, reference, impatient) as student:
                return all(check.state == "passed" for check in run_checks(assignment, student, reference, seed,
                                                                           [name], checks))  # fmt: skip

        try:
            one = explain(name, assignment, reference, submission, wrong, calls, seed, limits,
                          _asked_of(assignment, seed), passes)  # fmt: skip
        except NotTried:
            unknown.append(Message(NOT_IN_TIME, name=name))
            continue
        if one is not None:
            found[name] = one
    return found, unknown


NOT_IN_TIME = "Where `{name}` is wrong could not be found out in time. This costs no points."


def verify(assignment: Assignment) -> None:
    """Raise AssignmentError where the assignment's own files are wrong, before any submission is graded with them."""
    if assignment.by_cells:
        return
    if assignment.translates:
        if assignment.points != assignment.translates.points:
            raise AssignmentError(
                "{assignment} is no longer what it translates: run `autograder translate {assignment}`.",
                assignment=assignment.name,
            )
        verify(assignment.translates)
        return
    load_misconceptions(assignment)
    _ = assignment.hints
    for name in assignment.points:
        if not (path := assignment.folder / f"test_{name}.py").is_file():
            raise AssignmentError(
                "The source notebook has a cell test-{name}, and there is no {path}.", name=name, path=path
            )
    for path in sorted(assignment.folder.glob("test_*.py")):
        if (name := path.stem.removeprefix("test_")) not in assignment.points:
            raise AssignmentError(
                "{path} is there, and the source notebook has no cell test-{name}, marked as autograder tests.",
                path=path,
                name=name,
            )


def ours(message: Message) -> bool:
    """Whether it says that something of ours broke down."""
    return message.template in (BROKEN, OUR_FAULT)


# What a check may end with: `pytest.raises` fails with an exception that is none of Python's usual ones.
RAISED = (Exception, Failed, Skipped)
BROKEN = "{check} could not be assessed, since it broke down ({error})."
OUR_FAULT = "This check broke down ({error}). That is no fault of yours, and the check will be made again."
UNWRITTEN = ("NotDefined", "NotImplementedError")


def run_checks(
    assignment: Assignment, student: Student, reference: Reference, seed: int, only: Sequence[str] = (),
    known: Sequence[Check] = (),
) -> list[Check]:  # fmt: skip
    """Run the assignment's checks on a student's functions.

    With `only`, the checks of these functions run, as far as the first that does not pass; `known` has the others'.
    """
    with _alone(), importing_from(assignment.import_folders):
        plugin, items = _collected(assignment, assignment.checks_hash)
        plugin.run = Run(student, reference, seed, [check for check in known if check.function not in only])
        items = [item for item in items if not only or _function(item) in only]
        # inner functions first: whether they are right decides how the others are looked at
        items = sorted(items, key=lambda item: len(reference.inner_functions(_function(item))))
        try:
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if only and plugin.run.checks[-1].state != "passed":
                    return plugin.run.checks
        except BaseException:
            _collected.cache_clear()  # a check that was cut off was not torn down
            raise
    if only:
        return [check for check in plugin.run.checks if check.function in only]
    places = list(assignment.points)
    checks = sorted(plugin.run.checks, key=lambda check: places.index(check.function))
    for name, points in assignment.points.items():
        total = sum(check.max_points for check in checks if check.function == name)
        if abs(total - points) > 1e-9:
            raise AssignmentError(
                "The checks in test_{name}.py give {checks:g} {checks:point|points}, the cell test-{name} of the "
                "source notebook {points:g}: make them agree.",
                name=name,
                checks=total,
                points=points,
            )
    return checks


@lru_cache(maxsize=4)  # one object, for what is known by it
def _asked_of(assignment: Assignment, seed: int) -> Callable[[str], tuple[list[Asked], frozenset[str]]]:
    return lambda function: asked(assignment, function, seed)


@lru_cache(maxsize=16)  # the same for all students
def asked(assignment: Assignment, function: str, seed: int) -> tuple[list[Asked], frozenset[str]]:
    """The calls that the checks of a function make to it, and the places in its answers that none of them judges."""
    reference = reference_of(assignment)
    with _alone(), importing_from(assignment.import_folders):
        plugin, items = _collected(assignment, assignment.checks_hash)
        plugin.run = Run(reference, reference, seed)
        mine = [item for item in items if _function(item) == function]
        return asked_of(function, lambda solution: all(plugin.passes(item, solution) for item in mine), reference)


@lru_cache(maxsize=4)
def _collected(assignment: Assignment, checks_hash: str) -> tuple[ChecksPlugin, list[pytest.Item]]:
    """The checks, ready to be run again and again: to begin and to collect takes pytest twice as long as to run them.

    These are the steps of `pytest.main` up to there; it has no way to stop and to be gone on with.
    """
    files = [str(assignment.folder / f"test_{name}.py") for name in assignment.points]
    # without confcutdir pytest lists every directory above, too
    here = [f"--rootdir={assignment.folder}", f"--confcutdir={assignment.folder}"]
    plugin = ChecksPlugin()
    try:
        config = _prepareconfig([*PYTEST_OPTIONS, *here, *files], [plugin])
        config._do_configure()
        session = pytest.Session.from_config(config)
        config.hook.pytest_sessionstart(session=session)
        config.hook.pytest_collection(session=session)
    except pytest.UsageError as error:
        raise AssignmentError("pytest could not read the checks: {error}", error=error) from None
    if plugin.errors:
        raise AssignmentError("\n".join(plugin.errors))
    return plugin, session.items


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let nothing that is set for pytest reach the checks."""
    kept = {name: os.environ.pop(name) for name in PYTEST_VARIABLES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


@dataclass
class Run:
    """A student's functions on their way through the checks, and what came of those so far."""

    student: Any  # a Student, or the Reference in its place
    reference: Reference
    seed: int
    checks: list[Check] = field(default_factory=list)


class ChecksPlugin:
    """The pytest plug-in: the fixtures `student`, `reference`, `rng`, `seed`, and the markers `points`, `needs`."""

    run: Run

    def __init__(self) -> None:
        self.errors: list[str] = []

    @pytest.fixture
    def student(self) -> Any:
        """What the student defined, as attributes: functions, classes and values.

        A function is called in the sandbox and returns an `Outcome`. Arguments have to be plain data, functions of
        `probes.py` or of a library, or objects that came of such calls. They are passed by position, so students may
        rename the parameters. If the call fails, so does the check, and the student reads why: the function is missing,
        raised an exception, ran out of time, or took its process down. An exception that is asked for is expected with
        `pytest.raises`.

        A class is called like a function; `returned` is then an object that stays in the sandbox. A value is given as
        plain data.

        Example::

            @pytest.mark.points(1)
            def test_window_of_one(student):
                '''A window of 1 leaves the values as they are.'''
                values = np.array([3.0, 1.0, 2.0])
                outcome = student.moving_average(values, 1)
                assert_same(outcome.returned, values, "moving_average(values, 1)")
        """
        return _given(self.run.student)

    @pytest.fixture
    def reference(self) -> ReferenceGiven:
        """What the solution in the source notebook defines. It is used just as `student`.

        Example::

            @pytest.mark.points(1)
            def test_large_values(student, reference):
                '''Large values are averaged, too.'''
                values = [1e9, 2e9, 6e9]
                seen = student.moving_average(values, 2).returned
                expected = reference.moving_average(values, 2).returned
                assert_same(seen, expected, "moving_average(values, 2)")
        """
        return ReferenceGiven(self.run.reference)

    @pytest.fixture
    def seed(self) -> int:
        """The number that all random inputs of this assignment come from, below 2**63. Use it where `rng` does not fit.

        Example::

            @pytest.mark.points(1)
            def test_any_length(student, seed):
                '''Series of any length can be averaged.'''
                size = 5 + seed % 10
                seen = student.moving_average(np.zeros(size), 5).returned
                assert_same(len(seen), size - 4, f"the length for {size} values and window 5")
        """
        return self.run.seed

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """NumPy's random generator. All students get the same draws, each check and each seed has others.

        Example::

            @pytest.mark.points(1)
            def test_linear(student, rng):
                '''Twice the values have twice the mean.'''
                values = rng.normal(size=8)
                once = student.moving_average(values, 3).returned
                twice = student.moving_average(2 * values, 3).returned
                assert_same(twice, 2 * once, "moving_average(2 * values, 3)")
        """
        return self._rng(request.node)

    def _rng(self, item: pytest.Item) -> np.random.Generator:
        return np.random.default_rng([self.run.seed, zlib.crc32(item.name.encode())])

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "points(number): what the check is worth")
        config.addinivalue_line("markers", "needs(*names): checks of the same file that have to pass before")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            why = " ".join(line[1:].strip() for line in report.longreprtext.splitlines() if line.startswith("E "))
            self.errors.append(f"{report.nodeid} cannot be read: {why or report.longreprtext}")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        known = {(item.path, item.name.partition("[")[0]) for item in items}
        for item in items:
            if inspect.iscoroutinefunction(getattr(item, "obj", None)):
                self.errors.append(f"{item.nodeid} is `async`, and a check is an ordinary function.")
            for name in (name for mark in item.iter_markers("needs") for name in mark.args):
                if (item.path, name) not in known:
                    self.errors.append(f"{item.nodeid} needs {name!r}, and there is no such check in its file.")

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """A mistake is paid for once: where inner functions are wrong, the student's is first given the solution's.

        What does not pass so may pass as it was handed in. What is expected is the same: a value that a student's code
        had a hand in would be whatever that code likes.
        """
        inner = self.run.reference.inner_functions(_function(pyfuncitem))
        wrong = [name for name in inner if any(c.state != "passed" for c in self.run.checks if c.function == name)]
        lent: BaseException | None = None
        if wrong:
            parts = {name: self.run.reference.part(name) for name in wrong}
            try:
                self._called(pyfuncitem, student=self.run.student.lent(parts))
                return True
            except RAISED as error:
                lent = error
        try:
            self._called(pyfuncitem)
        except RAISED as error:
            raise (lent or error) from None
        return True

    def _called(self, item: pytest.Function, **other: object) -> None:
        """Call a check, and fail what passes although nothing came of a call of the student's, not even an exception.

        No check can have expected that.
        """
        missed = self.run.student.unanswered if isinstance(self.run.student, Student) else []
        before = len(missed)
        self._again(item, **other)
        if len(missed) > before:
            raise missed[before].again()

    def _solution_passes(self, item: pytest.Item) -> bool:
        """Whether a check that broke down works for the solution: if so, it is no fault of ours."""
        assert isinstance(item, pytest.Function)
        try:
            self._again(item, student=ReferenceGiven(self.run.reference))
        except RAISED:  # whatever is wrong with the check
            return False
        return True

    def passes(self, item: pytest.Item, solution: Solution) -> bool:
        """Whether a check passes with a changed solution; not where it needs fixtures of its own."""
        assert isinstance(item, pytest.Function)
        reference = ReferenceGiven(self.run.reference)
        ours = {"student": solution, "reference": reference, "rng": self._rng(item), "seed": self.run.seed}
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        try:
            item.obj(**{name: {**ours, **parameters}[name] for name in item._fixtureinfo.argnames})
        except RAISED:  # whatever the check says to such an answer
            return False
        return True

    def _again(self, item: pytest.Function, **other: object) -> None:
        """Call a check once more, with some fixtures exchanged."""
        fresh = {"rng": self._rng(item), **other}
        item.obj(**{name: fresh.get(name, item.funcargs[name]) for name in item._fixtureinfo.argnames})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Note what came of a check. pytest's own report would hold a formatted traceback, which nobody reads."""
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, CannotGrade):
            raise error  # nothing that a student did
        if call.when == "call" or (call.when == "setup" and error is not None):
            if (
                isinstance(error, CallFailed)
                and error.kind in UNWRITTEN
                and any(check.message == error.message for check in self.run.checks)
            ):
                error = NotAssessed(error.message)  # said once is enough
            picture = error.picture if isinstance(error, CheckFailed) else None
            said = _verdict(error)[1]
            if isinstance(error, Exception) and said and ours(said) and self._solution_passes(item):
                error = CheckFailed("The result is of another kind than what the exercise asks for.")
            elif isinstance(error, CallFailed) and error.probed and not self._solution_passes(item):
                error = RuntimeError("a function of probes.py fails for the solution, too")
            self._add(item, *_verdict(error), picture)
        assert call.when != "collect"
        outcome: Literal["passed", "failed"] = "failed" if call.excinfo else "passed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        needed = {name.removeprefix("test_") for mark in item.iter_markers("needs") for name in mark.args}
        function = _function(item)
        for check in self.run.checks:
            if check.function == function and check.id.split(".", 1)[1] in needed and check.state != "passed":
                text = "This could not be assessed, since another check failed: {check}"
                raise NotAssessed(Message(text, check=Message(check.sentence)))

    def _add(self, item: pytest.Item, state: State, message: Message | None, picture: Picture | None) -> None:
        (points,) = next(iter(item.iter_markers("points"))).args
        sentence = " ".join((getattr(item, "obj", None).__doc__ or item.name).split())
        self.run.checks.append(
            Check(
                id=f"{_function(item)}.{item.name.removeprefix('test_')}",
                function=_function(item),
                sentence=sentence,
                state=state,
                points=float(points) if state == "passed" else 0.0,
                max_points=float(points),
                message=message,
                picture=picture,
            )
        )


def _given(student: Any) -> Any:
    """What a check gets of who is graded."""
    return student.given if isinstance(student, Student) else student


class NotAssessed(Exception):
    """A check that this one builds on did not pass."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        self.message = message


def _function(item: pytest.Item) -> str:
    """The function that a check is about: test_clip.py is about `clip`."""
    return item.path.stem.removeprefix("test_")


def _verdict(error: BaseException | None) -> tuple[State, Message | None]:
    match error:
        case None:
            return "passed", None
        case NotAssessed():
            return "not assessed", error.message
        case CallFailed() | CheckFailed():
            return "failed", error.message
        case Failed():
            return "failed", _asked_for(error)
        case AssertionError():
            return "failed", Message(str(error) or template("The result is not what the exercise asks for."))
        case _:
            return "not assessed", Message(OUR_FAULT, error=Raised(type(error).__name__, str(error), ()).words)


def _asked_for(error: Failed) -> Message:
    """What `pytest.fail` says, or `pytest.raises` where nothing was raised."""
    expected = re.search(r"DID NOT RAISE .*?(\w+)\W*$", str(error))
    if expected is None:
        return Message(str(error))
    return Message("An exception of type {kind} should be raised here, and none is.", kind=expected[1])


@lru_cache(maxsize=4)
def fingerprint(assignment: Assignment, seed: int) -> dict[str, str]:
    """What the verdict could depend on besides the submission."""
    blas = [lib for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"]
    core: Any = getattr(np, "_core", None) or np.core  # NumPy 2 renamed it
    features = sorted(name for name, on in core._multiarray_umath.__cpu_features__.items() if on)
    return {
        "numpy": np.__version__,
        "blas": ", ".join(f"{lib['internal_api']} {lib.get('architecture', '')}" for lib in blas) or "unknown",
        "cpu_features": hashlib.sha256(" ".join(features).encode()).hexdigest()[:12],
        "python": platform.python_version(),
        "checks": assignment.checks_hash,
        "seed": str(seed),
    }
