"""pandas' objects as columns of plain data, with exact dtypes, and back. pandas is imported where one is met."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

MAX_NAME = 200  # characters of a dtype's name


def encode(value: Any) -> tuple[str, Any] | None:
    """Tag and content, made of plain data and of pandas' objects again; None for what is not pandas'."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is None or type(value).__module__.partition(".")[0] != "pandas":
        return None
    if value is pandas.NaT or value is pandas.NA:
        return "missing", "NaT" if value is pandas.NaT else "NA"
    for tag, (name, take_apart, _) in TAGS.items():
        if name is not None and type(value) is _kind(pandas, name):
            content = take_apart(value)
            return None if content is None else (tag, content)
    return None


def decode(tag: str, content: Any) -> Any:
    """The value with this tag. Raises whatever pandas raises for content that is none."""
    import pandas

    return TAGS[tag][2](pandas, content)


def replace(given: Any, changed: Any) -> bool:
    """Make a DataFrame, Series or Index what a call on the other side left of it. False where it is another kind."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is None or type(given) is not type(changed) or not isinstance(given, pandas.DataFrame | pandas.Series):
        return False
    given._update_inplace(changed)
    return True


def _kind(pandas: Any, name: str) -> Any:
    found = pandas
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _column(values: Any) -> Any:
    """The values of a column or index: an array of NumPy's, or [dtype, what can be made one of it]."""
    dtype, array = values.dtype, values.array
    if isinstance(dtype, np.dtype):
        return np.asarray(array)
    name = str(dtype)
    if name == "category":
        return ["category", array.codes, array.categories, array.ordered]
    if name.startswith("datetime64"):
        return [name, np.asarray(array.astype(f"datetime64[{dtype.unit}]") if dtype.tz is None else
                                 array.tz_convert("UTC").tz_localize(None))]  # fmt: skip
    if name.startswith(("Int", "UInt", "Float", "boolean", "str")):
        storage = [dtype.storage, dtype.na_value is np.nan] if name.startswith("str") else None
        return [name, [None if one is dtype.na_value or one != one else one for one in array.tolist()], storage]
    return None


def _values(pandas: Any, column: Any) -> Any:
    if isinstance(column, np.ndarray):
        return column
    name, *rest = column
    if not isinstance(name, str) or len(name) > MAX_NAME:
        raise ValueError("no dtype")
    if name == "category":
        codes, categories, ordered = rest
        return pandas.Categorical.from_codes(codes, categories, ordered=bool(ordered))
    if name.startswith("datetime64["):
        return pandas.DatetimeIndex(rest[0]).tz_localize("UTC").tz_convert(pandas.api.types.pandas_dtype(name).tz).array
    values, storage = rest
    if storage is not None:
        known, nan = storage
        if known not in ("python", "pyarrow"):
            raise ValueError("no dtype")
        return pandas.array(values, pandas.StringDtype(known, **({"na_value": np.nan} if nan else {})))
    if not name.startswith(("Int", "UInt", "Float", "boolean")):
        raise ValueError("no dtype")
    return pandas.array(values, name)


def _index(value: Any) -> Any:
    column = _column(value)
    return None if column is None else [column, value.name, getattr(value, "freqstr", None)]


def _make_index(pandas: Any, content: Any) -> Any:
    column, name, freq = content
    if freq is not None and (not isinstance(freq, str) or len(freq) > MAX_NAME):
        raise ValueError("no frequency")
    made = pandas.Index(_values(pandas, column), name=name)
    if made.dtype.kind == "O" and isinstance(column, np.ndarray):
        made = pandas.Index(column, dtype=object, name=name)
    if freq is not None:
        made.freq = freq
    return made


def _frame(value: Any) -> Any:
    columns = [_column(value.iloc[:, place]) for place in range(value.shape[1])]
    return None if any(column is None for column in columns) else [value.index, value.columns, columns]


def _make_frame(pandas: Any, content: Any) -> Any:
    index, names, columns = content
    made = pandas.DataFrame({place: _series(pandas, column, index) for place, column in enumerate(columns)}, index)
    made.columns = names
    return made


def _series(pandas: Any, column: Any, index: Any) -> Any:
    values = _values(pandas, column)
    return pandas.Series(values, index, dtype=values.dtype)


def _one_series(value: Any) -> Any:
    column = _column(value)
    return None if column is None else [column, value.index, value.name]


def _make_one_series(pandas: Any, content: Any) -> Any:
    column, index, name = content
    made = _series(pandas, column, index)
    made.name = name
    return made


def _multi(value: Any) -> Any:
    return [list(value.levels), [np.asarray(codes) for codes in value.codes], list(value.names)]


def _make_multi(pandas: Any, content: Any) -> Any:
    levels, codes, names = content
    return pandas.MultiIndex(levels, codes, names=names)  # which checks that they agree


def _moment(value: Any) -> Any:
    zone = None if value.tz is None else str(value.tz)
    return [value.asm8, zone]


def _make_moment(pandas: Any, content: Any) -> Any:
    moment, zone = content
    made = pandas.Timestamp(moment)
    return made if zone is None else made.tz_localize("UTC").tz_convert(zone)


def _make_range(pandas: Any, content: Any) -> Any:
    start, stop, step, name = content
    return pandas.RangeIndex(start, stop, step, name=name)


def _missing(pandas: Any, content: Any) -> Any:
    return {"NaT": pandas.NaT, "NA": pandas.NA}[content]


# tag: (pandas' name of the type, object -> content or None, (pandas, content) -> object)
TAGS: dict[str, tuple[str | None, Callable[[Any], Any], Callable[[Any, Any], Any]]] = {
    "frame": ("DataFrame", _frame, _make_frame),
    "series": ("Series", _one_series, _make_one_series),
    "range index": ("RangeIndex", lambda value: [value.start, value.stop, value.step, value.name], _make_range),
    "multi index": ("MultiIndex", _multi, _make_multi),
    "index": ("Index", _index, _make_index),
    "datetime index": ("DatetimeIndex", _index, _make_index),
    "timedelta index": ("TimedeltaIndex", _index, _make_index),
    "categorical index": ("CategoricalIndex", _index, _make_index),
    "categorical": ("Categorical", lambda value: [value.codes, value.categories, value.ordered],
                    lambda pandas, content: _values(pandas, ["category", *content])),
    "timestamp": ("Timestamp", _moment, _make_moment),
    "duration": ("Timedelta", lambda value: value.asm8, lambda pandas, content: pandas.Timedelta(content)),
    "missing": (None, lambda value: None, _missing),
}  # fmt: skip
