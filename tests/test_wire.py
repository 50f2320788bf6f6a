"""What crosses the sandbox's pipes: plain values come back as they went, hostile bytes are refused."""

import collections
import contextlib
import datetime
import json
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.sandbox import wire

numbers = st.one_of(
    *(arrays.integer_dtypes(), arrays.floating_dtypes(sizes=(16, 32, 64)), arrays.boolean_dtypes()),
    *(arrays.complex_number_dtypes(sizes=(64, 128)), arrays.unicode_string_dtypes(), arrays.byte_string_dtypes()),
    *(arrays.datetime64_dtypes(), arrays.timedelta64_dtypes()),
)
zones = st.timedeltas(datetime.timedelta(hours=-23), datetime.timedelta(hours=23)).map(datetime.timezone)
small = st.one_of(st.none(), st.integers())
atoms = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.integers(2**5000, 2**6000), st.floats(allow_nan=False), st.text()),
    *(st.binary(), st.complex_numbers(allow_nan=False), st.fractions(), st.decimals(allow_nan=False), st.just(...)),
    *(st.dates(), st.timedeltas(), st.times(), st.datetimes(), st.datetimes(timezones=zones)),
    st.builds(range, st.integers(), st.integers(), st.integers(1)),
)
keys = st.one_of(st.text(), st.integers(), st.tuples(st.integers(), st.text()))
plain = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.sets(keys),
        st.frozensets(keys),
        st.dictionaries(keys, inner),
        st.dictionaries(keys, inner).map(collections.OrderedDict),
        st.dictionaries(keys, inner).map(lambda one: collections.defaultdict(list, one)),
        st.lists(inner).map(lambda one: collections.deque(one, 9)),
        st.lists(keys).map(collections.Counter),
        st.builds(slice, small, small, small),
    ),
    max_leaves=10,
)


def sent(value):
    """What arrives on the other side."""
    return wire.unpack(wire.pack(value)[4:])


@given(plain)
def test_plain_values_come_back_as_they_went(value):
    assert sent(value) == value
    assert type(sent(value)) is type(value)


@given(arrays.arrays(numbers, arrays.array_shapes(min_dims=0, min_side=0)))
def test_arrays_keep_values_shape_and_type(array):
    back = sent(array)
    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("<")
    equal_nan = array.dtype.kind in "fcMm"
    assert np.array_equal(back, array, equal_nan=True) if equal_nan else (back == array).all()


def test_an_array_of_objects_keeps_them():
    array = np.array([[None, "text"], [[1, 2], {3: 4}]], dtype=object)
    assert sent(array).shape == (2, 2)
    assert sent(array).tolist() == array.tolist()


FRAME = pd.DataFrame(
    {
        "whole": [1, 2, 3],
        "text": ["a", None, "c"],
        "kinds": pd.Categorical(["u", "v", "u"], ["v", "u"], ordered=True),
        "days": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
        "there": pd.date_range("2020", periods=3, tz="Europe/Berlin"),
        "gaps": pd.array([1, None, 3], dtype="Int64"),
        "numbers": [1.5, np.nan, 2.0],
        "truths": [True, False, True],
        "spans": pd.to_timedelta([1, 2, 3], unit="s"),
        "lists": [[1], [2, 3], None],
    }
)


@pytest.mark.parametrize(
    "table",
    [
        FRAME,
        FRAME.iloc[:0],
        FRAME.set_index(["text", "whole"]),
        FRAME.groupby("truths").agg({"whole": ["mean", "sum"]}),
        FRAME["kinds"],
        FRAME.groupby("kinds", observed=True)["numbers"].mean(),
        FRAME["numbers"].value_counts(),
        FRAME.set_index("there")["whole"],
        pd.DataFrame(),
        pd.Series([1, 2], pd.RangeIndex(3, 7, 2, name="steps"), name=("a", 1)),
    ],
)
def test_tables_keep_dtypes_categories_and_the_names_of_their_index(table):
    same = pd.testing.assert_frame_equal if isinstance(table, pd.DataFrame) else pd.testing.assert_series_equal
    same(sent(table), table)
    assert str(sent(table)) == str(table)


@pytest.mark.parametrize("moment", [pd.Timestamp("2020"), pd.Timestamp("2020", tz="Asia/Tokyo"), pd.Timedelta("3s")])
def test_moments_of_pandas_come_back(moment):
    assert sent(moment) == moment and type(sent(moment)) is type(moment)
    assert sent([pd.NaT, pd.NA])[0] is pd.NaT and sent([pd.NaT, pd.NA])[1] is pd.NA


def test_a_whole_number_that_nobody_could_read_does_not_cross():
    assert sent(2**13_000) == 2**13_000
    assert sent([2**14_000]) == [wire.Opaque("int")]


@pytest.mark.parametrize(
    "value", [object(), np.zeros(2, [("a", "f8")]), np.longdouble(1), pd.interval_range(0, 3), len]
)
def test_what_is_no_plain_data_arrives_as_its_type_name_only(value):
    assert sent([value]) == [wire.Opaque(type(value).__name__)]
    assert sent(np.array([value, None], dtype=object))[0] == wire.Opaque(type(value).__name__)


tags = st.sampled_from([*wire._TAGS, *wire.frames.TAGS, "array", "scalar", "opaque", "pickle"])
texts = st.one_of(st.text(), st.sampled_from(["2020-01-01", "1.5", "0x1", "<f8", "category", "Int64", "NaT", "int"]))
forged = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 2**65), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner), st.fixed_dictionaries({"t": tags, "v": inner, "shape": inner})),
    max_leaves=10,
).map(lambda value: json.dumps(value).encode())


@given(st.one_of(st.binary(), forged.map(lambda text: len(text).to_bytes(4, "big") + text)))
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
        b'{"t": "set", "v": [[1]]}',
        b'{"t": "int", "v": "0x' + b"f" * 100_000 + b'"}',
        b'{"t": "decimal", "v": "1' + b"0" * 100_000 + b'"}',
        b'{"t": "fraction", "v": [1, 0]}',
        b'{"t": "fraction", "v": ["1/3", 1]}',
        b'{"t": "range", "v": [0, 1, 0]}',
        b'{"t": "datetime", "v": ["2020-99-99", 0, null]}',
        b'{"t": "objects", "v": [[1000000000], [1]]}',
        b'{"t": "defaultdict", "v": ["eval", []]}',
        b'{"t": "frame", "v": [1, 2, 3]}',
        b'{"t": "categorical", "v": [[7], ["a"], false]}',
        b'{"t": "multi index", "v": [[[1]], [[5]], [null]]}',
        b'{"t": "timestamp", "v": ["2020-01-01", "../../etc/passwd"]}',
        b'{"t": "pickle", "v": "gASVBAAAAAAAAABLAS4="}',
        b"[" * 100_000,
        b"",
    ],
)
def test_forged_values_are_refused(body):
    with pytest.raises(wire.WireError):
        wire.unpack(len(body).to_bytes(4, "big") + body)
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
