"""Hidden checks of `moving_average`."""

import pytest

from autograder import assert_same


@pytest.mark.points(4)
def test_length(student, rng):
    """`moving_average` returns one mean for each place where the window fits."""
    for size, window in ((9, 3), (5, 5), (4, 1)):
        seen = student.moving_average(rng.normal(size=size), window).returned
        assert_same(len(seen) if hasattr(seen, "__len__") else seen, size - window + 1, "len(moving_average(...))")


@pytest.mark.points(6)
@pytest.mark.needs("test_length")
def test_means(student, reference, rng):
    """Each number is the mean of the values in its window, for arrays and windows of any size."""
    for size, window in ((12, 4), (7, 2), (6, 6)):
        values = rng.normal(size=size)
        seen = student.moving_average(values, window).returned
        expected = reference.moving_average(values, window).returned
        assert_same(seen, expected, f"moving_average(values, {window})", rtol=1e-9, atol=1e-12)
