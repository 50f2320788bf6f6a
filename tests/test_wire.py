"""What crosses the sandbox's pipes: plain values come back as they went, hostile bytes are refused."""

import contextlib
import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.sandbox import wire

numbers = st.one_of(arrays.integer_dtypes(), arrays.floating_dtypes(sizes=(16, 32, 64)), arrays.boolean_dtypes())
plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**64) + 1, 2**64 - 1), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers(-(2**64) + 1, 2**64 - 1)), inner),
    ),
    max_leaves=10,
)


@given(plain)
def test_plain_values_come_back_as_they_went(value):
    assert wire.unpack(wire.pack(value)[4:]) == value


@given(arrays.arrays(numbers, arrays.array_shapes(min_dims=0, min_side=0)))
def test_arrays_keep_values_shape_and_type(array):
    back = wire.unpack(wire.pack(array)[4:])
    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("<")
    assert np.array_equal(back, array, equal_nan=True) if array.dtype.kind == "f" else (back == array).all()


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, np.array([object()]), np.zeros(2, [("a", "f8")]), np.array("text"), 1j]
)
def test_what_is_no_plain_data_arrives_as_its_type_name_only(value):
    assert wire.unpack(wire.pack([value])[4:]) == [wire.Opaque(type(value).__name__)]


@given(st.one_of(st.binary(), plain.map(lambda value: json.dumps(value, default=str).encode())))
def test_any_bytes_are_a_value_or_a_wire_error(body):
    with contextlib.suppress(wire.WireError):
        wire.unpack(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"t": "array", "dtype": "|O", "shape": [1], "v": "AAAAAAAAAAA="}',
        b'{"t": "array", "dtype": "<f8", "shape": [1000000000, 1000000000], "v": ""}',
        b'{"t": "array", "dtype": "<f8", "shape": [-1], "v": "AAAAAAAAAAA="}',
        b'{"t": "array", "dtype": "<f8", "shape": [2], "v": "AAAAAAAAAAA="}',
        b'{"t": "array", "dtype": "<f8,<f8", "shape": [1], "v": "AAAAAAAAAAAAAAAAAAAAAA=="}',
        b'{"t": "dict", "v": [[[1], 2]]}',
        b'{"t": "dict", "v": [1]}',
        b'{"t": "pickle", "v": "gASVBAAAAAAAAABLAS4="}',
        b"[" * 100_000,
        b"",
    ],
)
def test_forged_values_are_refused(body):
    with pytest.raises(wire.WireError):
        wire.unpack(body)


def test_a_frame_that_claims_four_gigabytes_is_refused_before_it_is_read():
    reader, writer = os.pipe()
    os.write(writer, b"\xff\xff\xff\xff")
    with pytest.raises(wire.WireError, match="over the limit"):
        wire.read_frame(reader, limit=1000)


def test_half_a_frame_runs_out_of_patience_and_a_closed_pipe_ends():
    waits = iter([0.001, 0.001, 0.001])

    def watch():
        for seconds in waits:
            return seconds
        raise TimeoutError

    reader, writer = os.pipe()
    os.write(writer, b"\0\0\0\x05ab")
    with pytest.raises(TimeoutError):
        wire.read_frame(reader, limit=1000, watch=watch)
    os.close(writer)
    with pytest.raises(wire.EndOfStream):
        wire.read_frame(reader, limit=1000)
