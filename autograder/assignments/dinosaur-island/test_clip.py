"""Hidden checks of `clip`."""

import numpy as np
import pytest
from dinosaur_inputs import GRADIENTS, gradients, saying

from autograder import CheckFailed, Picture, assert_same
from autograder.grading.compare import short
from autograder.messages import Message, template

RANDOM = template("The gradients were random numbers.")


def clipped(student, values, bound):
    """What the student's `clip` returned for `values`, a dictionary."""
    seen = student.clip(values, bound).returned
    if not isinstance(seen, dict):
        raise CheckFailed("`clip` should return the dictionary of gradients; yours returned {seen}.", seen=short(seen))
    return seen


def compare(student, reference, values, bound, rtol=1e-12):
    """The student's `clip` does to the five gradients what ours does."""
    seen = clipped(student, values, bound)
    expected = reference.clip(values, bound).returned
    for name in GRADIENTS:
        if name not in seen:
            raise CheckFailed("The dictionary that `clip` returns has no key {key}.", key=repr(name))
        try:
            assert_same(seen[name], expected[name], f"clip(gradients, {bound})['{name}']", rtol=rtol, atol=0)
        except CheckFailed as error:
            error.picture = picture(name, values[name], expected[name], seen[name], bound)
            raise


def compare_random(student, reference, values, bound, rtol=1e-12):
    """The same for gradients that no cell of the notebook shows."""
    with saying(RANDOM):
        compare(student, reference, values, bound, rtol)


def some_above(rng, bound):
    """Positive gradients, of which each has an entry above the bound."""
    values = {name: np.abs(value) for name, value in gradients(rng, 3, 7, 5).items()}
    return {name: value * max(1.0, 1.5 * bound / value.max()) for name, value in values.items()}


def picture(name, given, expected, seen, bound):
    """What became of each entry of an array, over what it was."""
    if not isinstance(seen, np.ndarray) or seen.shape != given.shape:
        return None
    return Picture(
        "points",
        Message("{name}: each entry before and after clip(gradients, {bound:.4g})", name=name, bound=bound),
        "before",
        "after",
        [float(value) for value in given.ravel()],
        {"asked for": [float(value) for value in expected.ravel()], "yours": [float(value) for value in seen.ravel()]},
        [-float(bound), float(bound)],
    )


@pytest.mark.points(2)
def test_returns_the_gradients(student, rng):
    """`clip` runs, and returns a dictionary with the five gradients, each with the shape that it had."""
    values = gradients(rng, 4, 6, 3)
    seen = clipped(student, values, 10)
    for name in GRADIENTS:
        if name not in seen:
            raise CheckFailed("The dictionary that `clip` returns has no key {key}.", key=repr(name))
        if not isinstance(seen[name], np.ndarray):
            raise CheckFailed("`clip(...)[{key}]` should be an array; yours is {seen}.",
                              key=repr(name), seen=short(seen[name]))  # fmt: skip
        if seen[name].shape != values[name].shape:
            raise CheckFailed("`clip(...)[{key}]` should keep its shape {shape}; yours has {seen}.",
                              key=repr(name), shape=values[name].shape, seen=seen[name].shape)  # fmt: skip


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_the_gradients")
def test_worked_example(student, reference):
    """The worked example of the exercise comes out, in all its entries."""
    draw = np.random.RandomState(3).randn
    shapes = {"dWax": (5, 3), "dWaa": (5, 5), "dWya": (2, 5), "db": (5, 1), "dby": (2, 1)}
    compare(student, reference, {name: draw(*shape) * 10 for name, shape in shapes.items()}, 10)


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_the_gradients")
def test_upper_bound(student, reference, rng):
    """Values above `maxValue` become `maxValue`, in each of the five gradients."""
    compare_random(student, reference, some_above(rng, 8), 8)


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_the_gradients")
def test_lower_bound(student, reference, rng):
    """Values below `-maxValue` become `-maxValue`, in each of the five gradients."""
    compare_random(student, reference, {name: -value for name, value in some_above(rng, 8).items()}, 8)


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_the_gradients")
def test_other_bounds_and_shapes(student, reference, rng):
    """Any bound works, whole or with decimals, for networks of any size."""
    for bound in (1, 5, 0.25, float(rng.uniform(2, 4)), int(rng.integers(11, 30))):
        n_a, n_x, n_y = (int(n) for n in rng.integers(1, 9, 3))
        compare_random(student, reference, gradients(rng, n_a, n_x, n_y, scale=1.5 * bound), bound)


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_the_gradients")
def test_nothing_to_clip(student, rng):
    """Gradients within the bounds stay as they are, also when their norm is large."""
    values = {name: rng.uniform(-4.9, 4.9, value.shape) for name, value in gradients(rng, 9, 8, 7).items()}
    seen = clipped(student, values, 5)
    with saying(RANDOM):
        for name in GRADIENTS:
            assert_same(seen.get(name), values[name], f"clip(gradients, 5)['{name}']", rtol=1e-12, atol=0)


@pytest.mark.points(1)
@pytest.mark.needs("test_returns_the_gradients")
def test_exactly_on_the_bound(student, reference):
    """A value that is exactly `maxValue` or `-maxValue` stays what it is, and zero stays zero."""
    values = np.array([[3.0, -3.0, 0.0, 3.0000001, -3.0000001, 2.9999999]])
    compare(student, reference, {name: values.copy() for name in GRADIENTS}, 3)


@pytest.mark.points(1)
@pytest.mark.needs("test_returns_the_gradients")
def test_single_precision(student, reference, rng):
    """Gradients of type float32, and keys besides the five (as `da_next`), are no reason to stumble."""
    values = {name: value.astype(np.float32) for name, value in gradients(rng, 4, 5, 5).items()}
    compare_random(student, reference, {**values, "da_next": np.zeros((4, 1), np.float32)}, 6, rtol=1e-6)
