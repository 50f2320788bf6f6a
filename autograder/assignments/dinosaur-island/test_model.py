"""Hidden checks of `model`: short runs, and one of 2,001 iterations on the course's names, most cut short.

The long run is made with stand-ins for `optimize` and `sample` first, where it takes no time, and whatever is wrong in
those two does not matter. A `model` that does without them is judged by a run with all that it is made of. Up to 2,000
iterations the losses and parameters of the reference differ between processors by less than 1e-11, and the names not at
all (see "Numerics" in docs/architecture.md). Checks that make the same call share one run.
"""

import contextlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from dinosaur_inputs import LETTERS, PARAMETERS, lines_after, printed_losses, shapes, vocabulary

from autograder import CheckFailed, Picture, assert_same
from autograder.grading.compare import short

RTOL, ATOL = 1e-7, 1e-9
ITERATIONS = 2001
DATASET = "datasets/dinos.txt"
STAND_INS = (Path(__file__).parent / "stand_ins.py").read_text("utf-8")


def inverse(char_to_ix):
    """`ix_to_char` of a vocabulary."""
    return {i: char for char, i in char_to_ix.items()}


def in_long_run(holds, student, reference, seed):
    """Ask `holds(seen, expected)` of 2,001 iterations with stand-ins and, unless that holds, of the student's own."""
    with contextlib.suppress(AssertionError):
        holds(*long_run(student.with_cell(STAND_INS), reference.with_cell(STAND_INS), seed))
        return
    holds(*long_run(student, reference, seed))


def long_run(student, reference, seed):
    """The student's and our outcome of 2,001 iterations; the size of the hidden state differs from seed to seed.

    Arrays of 38 by 27 and larger NumPy prints in short: a student's forgotten print costs little.
    """
    text = course_names()
    char_to_ix = vocabulary(27)
    n_a = int(np.random.default_rng([seed, 7]).integers(38, 48))
    arguments = (text.lower(), inverse(char_to_ix), char_to_ix, ITERATIONS, n_a)
    return student.with_file(DATASET, text).model(*arguments), reference.model(*arguments)


@cache
def course_names():
    """The course's names, nine in ten only as far as their third letter: that shows as much in less time."""
    whole = (Path(__file__).parents[3] / DATASET).read_text(encoding="utf-8")
    return "\n".join(name[: 3 if number % 10 else None] for number, name in enumerate(whole.splitlines()))


def names(rng, count, letters):
    """Text of `count` invented names, one a line, none empty; `letters` are used all."""
    words = ["".join(rng.choice(list(letters), rng.integers(2, 9))).capitalize() for _ in range(count - 1)]
    return "\n".join([*words, "".join(rng.permutation(list(letters))).capitalize()])


def small_run(student, reference, seed, iterations=1, *, count=5, newline=0, n_a=12, dino_names=7, size=9):
    """The student's and our outcome of a short run on invented names, the file changed likewise."""
    char_to_ix = vocabulary(size, newline)
    text = names(np.random.default_rng([seed, 8]), count, LETTERS[: size - 1])
    arguments = (text.lower(), inverse(char_to_ix), char_to_ix, iterations, n_a, dino_names, size)
    return student.with_file(DATASET, text).model(*arguments), reference.model(*arguments)


def assert_parameters(seen, expected, what):
    """The returned parameters are the reference's."""
    assert_same(seen.returned, expected.returned, what, rtol=RTOL, atol=ATOL, extra_keys=True)


def reference_names(outcome, dino_names=7):
    """The names that the reference printed after each loss, without those that are a newline only."""
    return [[name for name in loss.following[:dino_names] if name] for loss in printed_losses(outcome.printed)]


def assert_loss(loss, expected, iteration):
    """A printed loss is the expected one, as far as it was printed: three decimals or more."""
    if loss.decimals < 3:
        raise CheckFailed("Please print the loss with three decimals or more: yours reads {seen}.", seen=loss.text)
    if not loss.agrees(float(expected.text)):
        raise CheckFailed(
            "The loss printed at iteration {iteration} should be {expected:.6f}; yours is {seen}.",
            iteration=iteration,
            expected=float(expected.text),
            seen=loss.text,
        )


@pytest.mark.points(4)
def test_returns_parameters(student, reference, seed):
    """`model` runs, and returns the dictionary of the five parameters, of the shapes that its arguments say."""
    seen = small_run(student, reference, seed)[0].returned
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
                shape=shape,
                seen=short(seen[name]),
            )


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_parameters")
def test_first_loss(student, reference, seed):
    """At iteration 1 the smoothed loss is printed, in a line with the word `Loss`."""

    def holds(seen, expected):
        assert_loss(printed_losses(seen.printed)[0], printed_losses(expected.printed)[0], 1)

    in_long_run(holds, student, reference, seed)


@pytest.mark.points(5)
@pytest.mark.needs("test_returns_parameters")
def test_loss_after_training(student, reference, seed):
    """At iteration 2001 the smoothed loss is printed again, and the network has learned as it should."""
    in_long_run(assert_last_loss, student, reference, seed)


def assert_last_loss(seen, expected):
    """The student's losses and ours, of a long run, end alike."""
    seen, expected = printed_losses(seen.printed), printed_losses(expected.printed)
    if len(seen) != len(expected):
        raise CheckFailed(
            "A loss should be printed at iteration 1 and every 2,000 iterations after it: {expected} in {iterations:,} "
            "iterations; yours printed {seen}.",
            expected=len(expected),
            iterations=ITERATIONS,
            seen=len(seen),
        )
    try:
        assert_loss(seen[-1], expected[-1], ITERATIONS)
    except CheckFailed as error:
        iterations = [1 + 2000 * number for number in range(len(expected))]
        curves = {"asked for": expected, "yours": seen}
        series = {name: [float(loss.text) for loss in losses] for name, losses in curves.items()}
        error.picture = Picture("lines", "The loss that is printed", "iteration", "smoothed loss", iterations, series)
        raise


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_parameters")
def test_first_names(student, reference, seed):
    """After the first loss seven names follow, made with the seeds 0 to 6, one a line."""

    def holds(seen, expected):
        lines_after(reference_names(expected)[0], printed_losses(seen.printed)[0].following)

    in_long_run(holds, student, reference, seed)


@pytest.mark.points(4)
@pytest.mark.needs("test_returns_parameters")
def test_names_after_training(student, reference, seed):
    """The names at iteration 2001 are those that the trained network makes."""

    def holds(seen, expected):
        lines_after(reference_names(expected)[-1], printed_losses(seen.printed)[0].following)

    in_long_run(holds, student, reference, seed)


@pytest.mark.points(5)
@pytest.mark.needs("test_returns_parameters")
def test_parameters_after_training(student, reference, seed):
    """After 2,001 iterations the parameters are those of names taken in their shuffled order, memory carried on."""

    def holds(seen, expected):
        assert_parameters(seen, expected, "parameters after 2,001 iterations")

    in_long_run(holds, student, reference, seed)


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_parameters")
def test_more_iterations_than_names(student, reference, seed):
    """When all names have been used, training goes on with the first one again."""
    seen, expected = small_run(student, reference, seed, iterations=13)
    assert_parameters(seen, expected, "parameters after 13 iterations on 5 names")


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_parameters")
def test_other_vocabulary(student, reference, seed):
    """Characters are numbered by `char_to_ix`, of which the size is `vocab_size`; the newline may have any number."""
    seen, expected = small_run(student, reference, seed, iterations=4, newline=5)
    assert_parameters(seen, expected, "parameters with 9 characters and newline=5")
    assert_loss(printed_losses(seen.printed)[0], printed_losses(expected.printed)[0], 1)


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_parameters")
def test_other_size(student, reference, seed):
    """The hidden state has `n_a` entries, whatever that is, and training takes `num_iterations` steps."""
    seen, expected = small_run(student, reference, seed, iterations=3, n_a=17)
    assert_parameters(seen, expected, "parameters with n_a=17 after 3 iterations")


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_parameters")
def test_number_of_names(student, reference, seed):
    """Each time `dino_names` names are printed, no more and no fewer."""
    seen, _ = small_run(student, reference, seed, dino_names=4)
    more = small_run(student, reference, seed, dino_names=5)[1]
    *wanted, extra = reference_names(more, 5)[0]
    if extra in lines_after(wanted, printed_losses(seen.printed)[0].following):
        raise CheckFailed("With dino_names=4 four names should be printed; yours prints a fifth.")
