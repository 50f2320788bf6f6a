"""Hidden checks of `build_data`."""

import numpy as np
import pytest

from autograder import CheckFailed, assert_same
from autograder.grading.compare import short

LETTERS = "abcdefghijklmnopqrstuvwxyz ,.'\n"


def a_text(rng, length):
    """Random characters: each window is another one, and some begin or end with a blank or a newline."""
    return "\n" + "".join(rng.choice(list(LETTERS), length - 2)) + " "


def lists_of(student, *arguments):
    """The two lists of strings that the student's `build_data` returned."""
    seen = student.build_data(*arguments).returned
    if not isinstance(seen, tuple | list) or len(seen) != 2 or any(isinstance(one, str) for one in seen):
        raise CheckFailed("`build_data` should return two lists, X and Y; yours returned {seen}.", seen=short(seen))
    lists = [one.tolist() if isinstance(one, np.ndarray) else one for one in seen]
    for name, one in zip("XY", lists, strict=True):
        if not isinstance(one, list | tuple):
            raise CheckFailed("`{name}` should be a list; yours is {seen}.", name=name, seen=short(one))
        for other in one:
            if not isinstance(other, str):
                raise CheckFailed("`{name}` should hold strings; yours holds {seen}.", name=name, seen=short(other))
    return [[str(other) for other in one] for one in lists]


def compare(student, reference, text, *sizes):
    """The student's windows, and what follows them, are the reference's."""
    seen = lists_of(student, text, *sizes)
    expected = reference.build_data(text, *sizes).returned
    call = f"build_data({', '.join(['text', *map(str, sizes)])})"
    for place, (one, other) in enumerate(zip(seen, expected, strict=True)):
        if one[: len(other)] == other[: len(one)] and len(one) != len(other):
            raise CheckFailed(
                "`{call}[{place}]` of a text of {length} {length:character|characters} should have {expected} "
                "{expected:entry|entries}; yours has {seen}.",
                call=call,
                place=place,
                length=len(text),
                expected=len(other),
                seen=len(one),
            )
        assert_same(one, other, f"{call}[{place}]")


@pytest.mark.points(1)
def test_windows_and_what_follows(student, reference, rng):
    """The text is cut into windows, and for each of them there is the character that follows it."""
    compare(student, reference, a_text(rng, 400), 40, 3)


@pytest.mark.points(1)
def test_other_sizes(student, reference, rng):
    """Windows of any length, any number of characters apart; 40 and 3 unless something else is said."""
    for Tx, stride in ((5, 2), (12, 1), (int(rng.integers(20, 30)), int(rng.integers(4, 9))), (3, 7), (1, 1)):
        compare(student, reference, a_text(rng, int(rng.integers(90, 120))), Tx, stride)
    compare(student, reference, a_text(rng, 200), int(rng.integers(50, 60)))
    compare(student, reference, a_text(rng, 150))


@pytest.mark.points(1)
def test_end_of_the_text(student, reference, rng):
    """The last window is the last one that a character follows; a text that is too short has none."""
    text = a_text(rng, 30)
    for length in range(8, 20):
        compare(student, reference, text[:length], 10, 4)
    compare(student, reference, "", 5, 2)
