"""Hidden checks of `model`: short runs on invented names, and two long ones on the course's names in another order.

The first long run has a stand-in for `optimize`: it takes little time, whatever is wrong with `optimize` does not
matter, and losses rise and fall as no network's do. Only where it is right in everything, a run of
500 iterations with the real network has to be right too. A `model` that does without `optimize` shows nothing in the
first; it is judged by 4,000 iterations of the real network. Up to there the losses and parameters of the reference
differ between processors by less than 1e-11, and the names not at all (see "Numerics" in docs/architecture.md).
"""

import re
from functools import cached_property, lru_cache, partial
from pathlib import Path

import numpy as np
import pytest
from dinosaur_inputs import LETTERS, PARAMETERS, saying, shapes, vocabulary
from model_output import DECIMALS, assert_names, losses_like

from autograder import CheckFailed, Picture, assert_same
from autograder.grading.compare import short
from autograder.grading.student import StudentGiven

RTOL, ATOL = 1e-7, 1e-9
EVERY = 2000  # iterations between two prints
DATASET = "datasets/dinos.txt"
STAND_IN = (Path(__file__).parent / "stand_ins.py").read_text("utf-8")


def inverse(char_to_ix):
    """`ix_to_char` of a vocabulary."""
    return {i: char for char, i in char_to_ix.items()}


@lru_cache(maxsize=4)  # the same for all students
def many_names(seed):
    """Most of the course's names in random order, some twice, and among them names of one letter and of eighty."""
    rng = np.random.default_rng([seed, 7])
    course = (Path(__file__).parents[3] / DATASET).read_text(encoding="utf-8").splitlines()
    whole = list(rng.choice(course, rng.integers(1400, 1450), replace=False))
    twice = list(rng.choice(whole, 120))
    short = [name[: 1 + number % 2] for number, name in enumerate(rng.choice(course, 60))]
    long = ["".join(rng.choice(course, 1 + number % 4)) for number in range(60)]
    return "\n".join(rng.permutation([*whole, *twice, *short, *(name.capitalize() for name in long)]))


def few_names(rng, count, letters):
    """Text of `count` invented names, one a line, none empty; the last has all letters."""
    words = ["".join(rng.choice(list(letters), rng.integers(2, 9))).capitalize() for _ in range(count - 1)]
    return "\n".join([*words, "".join(rng.permutation(list(letters))).capitalize()])


class Run:
    """The student's and our outcome of one call; `where` adds to what is said which call that was."""

    def __init__(self, seen, expected, iterations, dino_names, where):
        self.seen = seen
        self.expected = expected
        self.iterations = iterations
        self.dino_names = dino_names
        self.where = where

    def assert_parameters(self):
        """The returned parameters are the reference's."""
        with self.where():
            seen, expected = self.seen.returned, self.expected.returned
            assert_same(seen, expected, "parameters", rtol=RTOL, atol=ATOL, extra_keys=True)

    @cached_property
    def expected_losses(self):
        """The losses that the reference printed."""
        return [float(number) for number in re.findall(r"Loss: (\S+)", self.expected.printed)]

    @cached_property
    def losses(self):
        """The student's printed losses."""
        with self.where():
            return losses_like(self.seen.printed, self.expected_losses)

    def assert_loss(self, number, seen):
        """One of the printed losses is the expected one."""
        few = max(loss.decimals for loss in self.losses) < DECIMALS
        if few and seen.value != round(self.expected_losses[number], DECIMALS):  # 23.10 may be printed as 23.1
            raise CheckFailed("Please print the loss with two decimals or more: yours reads {seen}.", seen=seen.text)
        expected = self.expected_losses[number]
        if not seen.agrees(expected):
            digits = min(max(seen.decimals, 6), 10)  # as many as it takes to see the difference
            with self.where():
                raise CheckFailed(
                    "The loss printed at iteration {iteration:,} should be {expected}; yours is {seen}.",
                    self.curves(),
                    iteration=1 + EVERY * number,
                    expected=f"{expected:.{digits}f}",
                    seen=seen.text,
                )

    def curves(self):
        """The losses asked for and the student's, where there are several, and as many."""
        expected, seen = self.expected_losses, [loss.value for loss in self.losses]
        if not len(seen) == len(expected) > 1:
            return None
        iterations = [1 + EVERY * number for number in range(len(expected))]
        series = {"asked for": expected, "yours": seen}
        return Picture("lines", "The loss that is printed", "iteration", "smoothed loss", iterations, series)

    def assert_first_loss(self):
        """The first printed loss is the expected one."""
        self.assert_loss(0, self.losses[0])

    def assert_later_losses(self):
        """All others are, and there are as many."""
        if len(self.losses) != len(self.expected_losses):
            with self.where():
                raise CheckFailed(
                    "A loss should be printed at iteration 1 and every 2,000 iterations after it: {expected} in all; "
                    "yours printed {seen}.",
                    expected=len(self.expected_losses),
                    seen=len(self.losses),
                )
        for number, seen in enumerate(self.losses[1:], 1):
            self.assert_loss(number, seen)

    @cached_property
    def names(self):
        """What the reference printed: iterations, and the names of each."""
        lines = [line.strip().lower() for line in self.expected.printed.splitlines()]
        starts = [at + 1 for at, line in enumerate(lines) if line.startswith("iteration")]
        return [(1 + EVERY * number, lines[at : at + self.dino_names]) for number, at in enumerate(starts)]

    def assert_first_names(self):
        """The names after the first loss are printed."""
        with self.where():
            assert_names(self.seen.printed, self.names[:1])

    def assert_later_names(self):
        """The names after the others are."""
        with self.where():
            assert_names(self.seen.printed, self.names[1:])

    def right_in_everything(self):
        """Whether no check of a long run fails here."""
        try:
            for holds in (Run.assert_first_loss, Run.assert_later_losses, Run.assert_first_names,
                          Run.assert_later_names, Run.assert_parameters):  # fmt: skip
                holds(self)
        except CheckFailed:
            return False
        return True


def run_on(student, reference, text, *calls):
    """Runs one after the other: (char_to_ix, iterations, n_a, dino_names) for each."""
    calls = [
        (text.lower(), inverse(char_to_ix), char_to_ix, iterations, n_a, dino_names, len(char_to_ix))
        for char_to_ix, iterations, n_a, dino_names in calls
    ]
    wheres = [partial(which_run, student, text, call) for call in calls]
    with wheres[0]():
        seen = student.with_file(DATASET, text).model.many(calls)
    return [
        Run(one, reference.model(*call), call[3], call[5], where)
        for one, call, where in zip(seen, calls, wheres, strict=True)
    ]


def which_run(student, text, call):
    """Adds to what a check says which run it looked at: the notebook's own has other names, and other numbers."""
    values = {"iterations": call[3], "names": text.count("\n") + 1, "n_a": call[4]}
    if isinstance(student, StudentGiven) and student._setting.cell:
        return saying(
            "This was a run of {iterations:,} {iterations:iteration|iterations} on another file, with {names:,} names, "
            "n_a={n_a} and a simple stand-in for `optimize`.",
            **values,
        )
    return saying(
        "This was a run of {iterations:,} {iterations:iteration|iterations} on another file, with {names:,} names and "
        "n_a={n_a}.",
        **values,
    )


def small_run(student, reference, seed, iterations=1, *, n_a=12, dino_names=7):
    """A short run on five invented names of eight letters."""
    text = few_names(np.random.default_rng([seed, 8]), 5, LETTERS[:8])
    return run_on(student, reference, text, (vocabulary(9), iterations, n_a, dino_names))[0]


def calls_optimize(student, reference, seed):
    """Whether a stand-in for `optimize` makes a difference."""
    run = small_run(student.with_cell(STAND_IN), reference, seed, 3)
    try:
        run.assert_parameters()
    except CheckFailed:
        return True
    return False


def where_it_shows(student, reference, seed):
    """Both with the stand-in, where it makes a difference: more iterations for the same time."""
    if calls_optimize(student, reference, seed):
        return student.with_cell(STAND_IN), reference.with_cell(STAND_IN)
    return student, reference


def in_long_runs(holds, student, reference, seed):
    """Ask `holds` of a run with a stand-in and, where that is right in everything, of one with the real network.

    Arrays of 38 by 27 and larger NumPy prints in short: a student's forgotten print costs little.
    """
    rng = np.random.default_rng([seed, 9])
    n_a, beyond = int(rng.integers(38, 48)), int(rng.integers(20, 90))
    text, char_to_ix = many_names(seed), vocabulary(27)
    if not calls_optimize(student, reference, seed):
        holds(run_on(student, reference, text, (char_to_ix, 4001 + beyond, n_a, 7))[0])
        return
    alone = student.with_cell(STAND_IN), reference.with_cell(STAND_IN)
    run = run_on(*alone, text, (char_to_ix, 34_001 + 7 * beyond, 8, 7))[0]
    holds(run)
    if run.right_in_everything():
        holds(run_on(student, reference, text, (char_to_ix, 501 + beyond, n_a, 7))[0])


@pytest.mark.points(4)
def test_returns_parameters(student, reference, seed):
    """`model` runs, and returns the dictionary of the five parameters, of the shapes that its arguments say."""
    seen = small_run(student, reference, seed).seen.returned
    if not isinstance(seen, dict) or any(name not in seen for name in PARAMETERS):
        raise CheckFailed(
            "`model` should return the dictionary of parameters ({names}); yours: {seen}.",
            names=", ".join(PARAMETERS),
            seen=short(seen),
        )
    for name, shape in shapes(12, 9, 9).items():
        if not isinstance(seen[name], np.ndarray) or seen[name].shape != shape:
            raise CheckFailed(
                "With n_a=12 and vocab_size=9, `{name}` should have shape {shape}; yours is {seen}.",
                name=name,
                shape=str(shape),
                seen=short(seen[name]),
            )


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_parameters")
def test_first_loss(student, reference, seed):
    """At iteration 1 the smoothed loss is printed, with two decimals or more."""
    in_long_runs(Run.assert_first_loss, student, reference, seed)


@pytest.mark.points(5)
@pytest.mark.needs("test_returns_parameters")
def test_loss_after_training(student, reference, seed):
    """Every 2,000 iterations the smoothed loss is printed again, as the network should have learned."""
    in_long_runs(Run.assert_later_losses, student, reference, seed)


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_parameters")
def test_first_names(student, reference, seed):
    """After the first loss seven names follow, made with the seeds 0 to 6, one a line."""
    in_long_runs(Run.assert_first_names, student, reference, seed)


@pytest.mark.points(4)
@pytest.mark.needs("test_returns_parameters")
def test_names_after_training(student, reference, seed):
    """The names at iteration 2001, 4001, and so on are those that the trained network makes."""
    in_long_runs(Run.assert_later_names, student, reference, seed)


@pytest.mark.points(5)
@pytest.mark.needs("test_returns_parameters")
def test_parameters_after_training(student, reference, seed):
    """In the end the parameters are those of all names, taken in their shuffled order, memory carried on."""
    in_long_runs(Run.assert_parameters, student, reference, seed)


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_parameters")
def test_more_iterations_than_names(student, reference, seed):
    """When all names have been used, training goes on with the first one again, as often as it takes."""
    small_run(student, reference, seed, 13).assert_parameters()
    small_run(*where_it_shows(student, reference, seed), seed, 500).assert_parameters()


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_parameters")
def test_other_vocabulary(student, reference, seed):
    """Characters are numbered by `char_to_ix`, of which the size is `vocab_size`; the newline may have any number."""
    rng = np.random.default_rng([seed, 10])
    text = few_names(rng, 5, LETTERS[:8])
    one, other = other_vocabulary(rng, 5), other_vocabulary(rng, 2)
    for run in run_on(student, reference, text, (one, 4, 12, 7), (other, 3, 12, 7), (one, 4, 12, 7)):
        run.assert_parameters()
        run.assert_first_loss()
        run.assert_first_names()


def other_vocabulary(rng, newline):
    """`char_to_ix` of eight letters in any order, in which the newline has the number `newline`."""
    characters = [str(letter) for letter in rng.permutation(list(LETTERS[:8]))]
    return {char: i for i, char in enumerate([*characters[:newline], "\n", *characters[newline:]])}


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_parameters")
def test_other_size(student, reference, seed):
    """The hidden state has `n_a` entries, whatever that is, and training takes `num_iterations` steps."""
    small_run(student, reference, seed, 3, n_a=17).assert_parameters()


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_parameters")
def test_number_of_names(student, reference, seed):
    """Each time `dino_names` names are printed, no more and no fewer."""
    student, reference = where_it_shows(student, reference, seed)
    many = small_run(reference, reference, seed, 4100, dino_names=20).names
    count = max(range(4, 20), key=lambda n: sum(bool(names[n - 1] and names[n]) for _, names in many))
    run = small_run(student, reference, seed, 4100, dino_names=count)
    with run.where():
        assert_names(run.seen.printed, run.names)
    for place, (iteration, names) in enumerate(many):
        if not names[count]:  # a name without letters does not show
            continue
        one_more = [*run.names[:place], (iteration, names[: count + 1]), *run.names[place + 1 :]]
        try:
            assert_names(run.seen.printed, one_more)
        except CheckFailed:
            continue
        with run.where():
            raise CheckFailed(
                "With dino_names={count}, {count} {count:name|names} should be printed at iteration {iteration:,}; "
                "yours prints more.",
                count=count,
                iteration=iteration,
            )
