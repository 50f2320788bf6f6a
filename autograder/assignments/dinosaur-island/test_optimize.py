"""Hidden checks of `optimize`."""

import numpy as np
import pytest
from dinosaur_inputs import GRADIENTS, PARAMETERS, network, saying, shapes

from autograder import CheckFailed, assert_same
from autograder.grading.compare import short
from utils import rnn_backward, rnn_forward

# One step over at most eight letters: six BLAS kernels agree to 1e-12 on values of this size.
RTOL, ATOL = 1e-8, 1e-10
# The worked example has weights of size 1 and 100 hidden units: weights that differ by 1e-12 move its gradients by up
# to 1.5e-7 (400 trials).
WORKED_ATOL = 2e-6


def example(rng, n_a, vocab_size, length, scale=1.0):
    """X, Y, a_prev and parameters of a network with `scale` times the usual weights."""
    letters = [int(i) for i in rng.integers(1, vocab_size, length)]
    parameters = {name: scale * value for name, value in network(rng, n_a, vocab_size).items()}
    return [None, *letters], [*letters, 0], rng.uniform(-0.9, 0.9, (n_a, 1)), parameters


def exploding(rng):
    """An example of which many gradients exceed 5, and many do not."""
    while True:
        X, Y, a_prev, parameters = example(rng, 9, 6, 7, scale=4.0)
        gradients, _ = rnn_backward(X, Y, parameters, rnn_forward(X, Y, a_prev, parameters)[1])
        large = np.mean(np.abs(np.concatenate([gradients[name].ravel() for name in GRADIENTS])) > 5)
        if 0.1 < large < 0.5:
            return X, Y, a_prev, parameters


def step(student, *arguments):
    """What the student's `optimize` returned, as its three parts, and the parameters after the call."""
    seen = student.optimize(*arguments)
    if not isinstance(seen.returned, tuple | list) or len(seen.returned) != 3:
        raise CheckFailed(
            "`optimize` should return three values: loss, gradients, a_last; yours returned {seen}.",
            seen=short(seen.returned),
        )
    return *seen.returned, seen.arguments["parameters"]


def on(n_a, vocab_size, length):
    """Adds to what a check says on which step it was: the notebook's own has other sizes, and other numbers."""
    return saying(
        "This was a step with random parameters, n_a={n_a}, vocab_size={vocab_size} and a name of {length} "
        "{length:letter|letters}.",
        n_a=n_a,
        vocab_size=vocab_size,
        length=length,
    )


def assert_gradients(seen, expected, atol=ATOL):
    """The five gradients are the expected ones; other keys do not matter."""
    five = {name: expected[name] for name in GRADIENTS}
    assert_same(seen, five, "gradients", rtol=RTOL, atol=atol, extra_keys=True)


@pytest.mark.points(2)
def test_returns_three_values(student, rng):
    """`optimize` runs, and returns the loss, the dictionary of gradients and the last hidden state."""
    loss, gradients, a_last, _ = step(student, *example(rng, 7, 5, 4))
    if not isinstance(loss, float | np.floating | np.ndarray) or np.size(loss) != 1:
        raise CheckFailed(
            "The first value that `optimize` returns should be the loss, a number; yours is {seen}.", seen=short(loss)
        )
    if not isinstance(gradients, dict) or any(name not in gradients for name in GRADIENTS):
        raise CheckFailed(
            "The second value should be the gradients ({names}); yours is {seen}.",
            names=", ".join(GRADIENTS),
            seen=short(gradients),
        )
    if not isinstance(a_last, np.ndarray) or a_last.shape != (7, 1):
        raise CheckFailed(
            "The third value should be the last hidden state, here of shape (7, 1); yours is {seen}.",
            seen=short(a_last),
        )


@pytest.mark.points(1)
@pytest.mark.needs("test_returns_three_values")
def test_worked_example(student, reference):
    """The worked example of the exercise comes out."""
    draw = np.random.RandomState(1).randn
    a_prev = draw(100, 1)
    parameters = {name: draw(*shape) for name, shape in shapes(100, 27, 27).items()}
    arguments = ([12, 3, 5, 11, 22, 3], [4, 14, 11, 22, 25, 26], a_prev, parameters, 0.01)
    loss, gradients, a_last, _ = step(student, *arguments)
    expected_loss, expected_gradients, expected_a_last = reference.optimize(*arguments).returned
    assert_same(loss, expected_loss, "loss", rtol=RTOL, atol=WORKED_ATOL)
    assert_gradients(gradients, expected_gradients, atol=WORKED_ATOL)
    assert_same(a_last, expected_a_last, "a_last", rtol=RTOL, atol=WORKED_ATOL)


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_three_values")
def test_loss(student, reference, rng):
    """The first value is the loss of the name before the step, for networks of any size."""
    for n_a, vocab_size, length in ((6, 9, 5), (12, 4, 8)):
        arguments = example(rng, n_a, vocab_size, length)
        with on(n_a, vocab_size, length):
            loss = reference.optimize(*arguments).returned[0]
            assert_same(step(student, *arguments)[0], loss, "loss", rtol=RTOL, atol=ATOL)


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_three_values")
def test_small_gradients(student, reference, rng):
    """Gradients that need no clipping are returned as the network's own."""
    arguments = example(rng, 8, 7, 3, scale=0.5)
    with on(8, 7, 3):
        assert_gradients(step(student, *arguments)[1], reference.optimize(*arguments).returned[1])


@pytest.mark.points(4)
@pytest.mark.needs("test_returns_three_values")
def test_gradients_are_clipped(student, reference, rng):
    """The gradients that are returned have gone through `clip` with the bound 5."""
    arguments = exploding(rng)
    with saying("This was a step with large gradients."):
        assert_gradients(step(student, *arguments)[1], reference.optimize(*arguments).returned[1])


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_three_values")
def test_last_hidden_state(student, reference, rng):
    """The third value is the hidden state after the last letter."""
    for n_a, vocab_size, length in ((6, 9, 5), (11, 5, 2)):
        arguments = example(rng, n_a, vocab_size, length)
        with on(n_a, vocab_size, length):
            a_last = reference.optimize(*arguments).returned[2]
            assert_same(step(student, *arguments)[2], a_last, "a_last", rtol=RTOL, atol=ATOL)


def assert_parameters_updated(student, reference, arguments):
    """The student's call changed `parameters` as ours does."""
    seen = step(student, *arguments)[3]
    expected = reference.optimize(*arguments).arguments["parameters"]
    before = arguments[3]
    moved = any(not np.array_equal(expected[name], before[name]) for name in PARAMETERS)
    if moved and all(np.array_equal(seen.get(name), before[name]) for name in PARAMETERS):
        raise CheckFailed("`parameters` is the same after the call as before: the step should change it in place.")
    assert_same(seen, expected, "parameters", rtol=RTOL, atol=ATOL, extra_keys=True)


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_three_values")
def test_parameters_are_updated(student, reference, rng):
    """`parameters` is changed in place by one step down the gradients, with the learning rate 0.01 if none is given."""
    with saying("This was after a step for which no learning rate was given."):
        assert_parameters_updated(student, reference, example(rng, 6, 8, 3, scale=0.5))


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_three_values")
def test_learning_rate(student, reference, rng):
    """The step is as long as the argument `learning_rate` says."""
    for rate in (0.5, 0.003):
        arguments = (*example(rng, 5, 6, 3, scale=0.5), rate)
        with saying("This was after a step with learning_rate={rate}.", rate=rate):
            assert_parameters_updated(student, reference, arguments)


@pytest.mark.points(4)
@pytest.mark.needs("test_returns_three_values")
def test_update_uses_clipped_gradients(student, reference, rng):
    """Large gradients are clipped before the step, not after it."""
    with saying("This was after a step with large gradients."):
        assert_parameters_updated(student, reference, (*exploding(rng), 0.1))


@pytest.mark.points(1)
@pytest.mark.needs("test_returns_three_values")
def test_one_letter(student, reference, rng):
    """A name of one letter, or of none, is a name too."""
    for length in (1, 0):
        arguments = example(rng, 5, 6, length)
        with on(5, 6, length):
            loss, gradients, a_last, _ = step(student, *arguments)
            expected_loss, expected_gradients, expected_a_last = reference.optimize(*arguments).returned
            assert_same(loss, expected_loss, "loss", rtol=RTOL, atol=ATOL)
            assert_same(a_last, expected_a_last, "a_last", rtol=RTOL, atol=ATOL)
            assert_gradients(gradients, expected_gradients)
