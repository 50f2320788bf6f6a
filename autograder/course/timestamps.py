"""When work was handed in, as its timestamp.txt says."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import nbgrader.coursedir
from dateutil import tz

WRITTEN_BY_NBGRADER = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) ([A-Z]{3,5})")


def moment(text: str) -> datetime:
    """The time in UTC, without a zone, as the gradebook keeps it: of what nbgrader writes, and of ISO 8601.

    Raises ValueError for all else: a time without a zone, or with the day first, may be another one than was meant.

    >>> moment("2026-11-01 13:30:00 +0200")
    datetime.datetime(2026, 11, 1, 11, 30)
    """
    text = text.strip().removeprefix("\ufeff")
    if match := WRITTEN_BY_NBGRADER.fullmatch(text):
        when = datetime.fromisoformat(match[1]).replace(tzinfo=tz.gettz(match[2]))
    else:
        when = datetime.fromisoformat(re.sub(r" (?=[+-]\d)", "", text))
    if when.tzinfo is None:
        raise ValueError(f"no time zone, or none that is known: {text!r}")
    try:
        return when.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(f"before or after all times: {text!r}") from None


# nbgrader reads "+0200" as two hundred seconds, 1.11. as the eleventh of January, and "1" as the first of this month.
nbgrader.coursedir.parse_utc = moment
