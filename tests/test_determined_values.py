"""What the hidden checks compare is determined: weights that differ in the twelfth digit never change a verdict."""

from functools import cached_property, lru_cache

import numpy as np
import pytest

from autograder.grading.asking import Conversation, RemoteFunction
from autograder.grading.assignment import course_root, load_assignment
from autograder.grading.checks import run_checks
from autograder.grading.outcome import Outcome
from autograder.grading.reference import Reference, call, run_cells
from autograder.messages import render

pytestmark = pytest.mark.slow

RELATIVE = 1e-12  # more than six BLAS kernels differ by; see "Numerics" in docs/architecture.md
TIMES = 24


class PerturbedSolution:
    """The solution as a student's functions, with every weight that goes into them off by up to RELATIVE."""

    def __init__(self, reference, seed, cell=""):
        self.reference, self.seed, self.cell = reference, seed, cell
        self.rng = np.random.default_rng(seed)
        self.calls = []
        self.answers = {}
        self.with_cell = lru_cache(self.with_cell)

    def with_file(self, path, text):
        return self

    def with_cell(self, source):
        return PerturbedSolution(self.reference, self.seed, source)

    def __getattr__(self, name):
        return RemoteFunction(name, Conversation(self.answer), self.reference.signatures[name])

    def answer(self, program):
        if program.frame not in self.answers:
            self.answers[program.frame] = [self.one(program, arguments) for arguments in program.calls]
        return self.answers[program.frame]

    def one(self, program, arguments):
        if program.name == "model":
            return call(self.cells, program, arguments, self.reference.signatures)
        outcome = call(self.cells, program, self.off(arguments), self.reference.signatures)
        if program.name == "sample":  # it leaves its arguments as they were given
            return Outcome(outcome.returned, dict(zip(outcome.arguments, arguments, strict=True)), outcome.printed)
        return outcome

    @cached_property
    def cells(self):
        namespace = run_cells({**self.reference.cells, "cell": self.cell}, self.reference.assignment.import_folders)
        initialize = namespace["initialize_parameters"]
        namespace["initialize_parameters"] = lambda *sizes: self.off(initialize(*sizes))
        return namespace

    def off(self, value):
        if isinstance(value, dict):
            return {key: self.off(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.off(one) for one in value)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return (value * (1 + RELATIVE * self.rng.uniform(-0.9, 0.9, value.shape))).astype(value.dtype)
        return value


@pytest.fixture(scope="module")
def assignment():
    return load_assignment("dinosaur-island", course_root())


@pytest.fixture(scope="module")
def reference(assignment):
    return Reference(assignment)


@pytest.mark.parametrize("run", [0, 1, 2, 19])
def test_no_verdict_hangs_on_the_twelfth_digit(assignment, reference, run):
    """A run's seed decides over the random inputs: four runs, a quarter of the trials each.

    Under 19 no number of names can be asked for such that the last one and the next have letters each time.
    """
    for trial in range(TIMES // 4):
        student = PerturbedSolution(reference, [run, trial])
        checks = run_checks(assignment, student, reference, seed=run)
        assert {check.id: render(check.message) for check in checks if check.state != "passed"} == {}
