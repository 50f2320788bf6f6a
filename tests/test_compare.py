"""`assert_same`: what equals what. Numbers by value, all else by type as well, unless a check says otherwise."""

import datetime
from decimal import Decimal

import numpy as np
import pytest

from autograder import CheckFailed, assert_same
from autograder.sandbox.wire import Opaque

SAME = [
    (None, None),
    (1.0, 1),
    (3, 3.0),
    (np.float32(0.5), 0.5),
    (np.int8(3), 3),
    (np.array(3), 3),
    (np.array([1.0, 2.0]), np.array([1, 2])),
    (1 + 1e-12, 1),
    (float("nan"), float("nan")),
    (np.bool_(True), True),
    ({1, 2}, {2, 1}),
    (b"ab", b"ab"),
    (1 + 2j, 1 + 2j),
    (range(3), range(3)),
    (datetime.date(2026, 1, 2), datetime.date(2026, 1, 2)),
    (np.array([None, "a"], object), np.array([None, "a"], object)),
    ({"a": [1, (2, None)]}, {"a": [1, (2, None)]}),
]
DIFFERENT = [
    (1, True, "should be True; yours is 1"),
    (True, 1, "should be 1; yours is True"),
    (0, None, "should be None; yours is 0"),
    (None, 0, "should be 0; yours is None (is a `return` missing?)"),
    (False, None, "should be None; yours is False"),
    ((1, 2), [1, 2], "should be a list; yours is the tuple (1, 2)"),
    ([1, 2], (1, 2), "should be a tuple; yours is the list [1, 2]"),
    (np.array([1, 2]), [1, 2], "should be a list; yours is an array of shape (2,)"),
    ({"a": 1, "b": 2}, {"a": 1}, "has a key too many: 'b'"),
    (np.array([True]), np.array([1]), "should be an array of type int64; yours is of type bool"),
    (12586269026, 12586269025, "should be 12586269025; yours is 12586269026"),  # a Fibonacci number, and one more
    (np.array([10**15 + 1]), np.array([10**15]), "should be 1000000000000000; yours is 1000000000000001"),
    (10**40, 1.5, "should be 1.5; yours is 1"),
    ({1, 2}, {1, 3}, "should be {1, 3}; yours is {1, 2}"),
    (frozenset({1}), {1}, "should be {1}; yours is frozenset({1})"),
    (Opaque("Sneaky"), {1}, "should be {1}; yours is an object of type Sneaky"),
    (Decimal("sNaN"), Decimal(1), "should be Decimal('1'); yours is Decimal('sNaN')"),
    ("1", 1, "should be 1; yours is '1'"),
    (np.array(["a"]), np.array(["b"]), "[0]` should be 'b'; yours is 'a'"),
]


@pytest.mark.parametrize(("seen", "expected"), SAME, ids=repr)
def test_what_is_the_same(seen, expected):
    assert_same(seen, expected, "f(1)")
    assert_same([seen], [expected], "f(1)")
    assert_same({"k": seen}, {"k": expected}, "f(1)")


@pytest.mark.parametrize(("seen", "expected", "said"), DIFFERENT, ids=repr)
def test_what_differs_is_said_in_a_sentence(seen, expected, said):
    for wrap in (lambda value: value, lambda value: [value], lambda value: {"k": value}):
        with pytest.raises(CheckFailed) as failure:
            assert_same(wrap(seen), wrap(expected), "f(1)")
        assert said in str(failure.value)


def test_a_check_may_allow_any_sequence_and_more_keys():
    assert_same({"a": (1, 2), "b": 3}, {"a": [1, 2]}, "f(1)", any_sequence=True, extra_keys=True)
    assert_same([np.array([1, 2])], ([1, 2],), "f(1)", any_sequence=True)
    assert_same(1001, 1000, "f(1)", rtol=0.01)
    with pytest.raises(CheckFailed):
        assert_same((1, 3), [1, 2], "f(1)", any_sequence=True)


def test_what_cannot_be_compared_is_no_mistake_of_the_students():
    with pytest.raises(TypeError, match="expected of f\\(1\\)\\[0\\] is of type Secret"):
        assert_same([Opaque("Secret")], [Opaque("Secret")], "f(1)")
