"""Times as tipstream has them: whole Unix milliseconds, of events and as-of."""

import json
import operator
from datetime import UTC, datetime, timedelta
from typing import SupportsIndex, TypeAlias

Time: TypeAlias = datetime | SupportsIndex | str
"""A datetime with a time zone, Unix milliseconds, or ISO 8601 with a time zone."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LATEST_MS = 253_402_300_799_999
"""The end of the year 9999."""
EARLIEST_NUMBER = 100_000_000_000
"""A smaller number is rather a time in seconds: as milliseconds it is before March 1973."""


def to_ms(time: object) -> int:
    """Unix milliseconds. What is finer than a millisecond is cut off, so that nothing later than the time is taken in.

    Raises ValueError for a time without a time zone, one that is missing (NaT, NaN, None) or out of range, and a number that looks
    like seconds; TypeError for anything that is no time.
    """
    if time is None or time != time:
        raise ValueError("a time is missing")
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    if isinstance(time, datetime):
        if time.utcoffset() is None:
            raise ValueError(f"{time} has no time zone: say which, as in datetime(..., tzinfo=timezone.utc)")
        return _checked((time - EPOCH) // MILLISECOND)
    if isinstance(time, bool) or not hasattr(time, "__index__"):
        raise TypeError(f"a time is a datetime with a time zone or whole Unix milliseconds, not {time!r}")
    at_ms = _checked(operator.index(time))
    if 0 < at_ms < EARLIEST_NUMBER:
        raise ValueError(
            f"{at_ms} ms is {EPOCH + at_ms * MILLISECOND}; did you mean seconds? Give a datetime for a time before 1973"
        )
    return at_ms


def encoded(document: object) -> bytes:
    """As JSON, in which datetimes are Unix milliseconds. Raises ValueError for NaN and TypeError for what JSON does not have."""
    return json.dumps(document, allow_nan=False, default=_time).encode()


def _time(value: object) -> int:
    if isinstance(value, datetime):
        return to_ms(value)
    raise TypeError(f"{value!r} is no JSON value")


def _checked(at_ms: int) -> int:
    if not 0 <= at_ms <= LATEST_MS:
        raise ValueError(f"{at_ms} is no time in Unix milliseconds from 1970 to 9999")
    return at_ms
