from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tipstream_client import to_ms

NOON_MS = 1_796_040_000_000
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "time",
    [
        NOON_MS,
        np.int64(NOON_MS),
        NOON,
        NOON.astimezone(timezone(timedelta(hours=-3))),
        NOON + timedelta(microseconds=999),
        pd.Timestamp(NOON),
        pd.Timestamp(NOON) + pd.Timedelta(999_999, "ns"),
        "2026-11-30T12:00:00Z",
        "2026-11-30T13:00:00+01:00",
    ],
)
def test_a_time_is_whole_milliseconds_and_finer_is_cut_off(time: Any) -> None:
    assert to_ms(time) == NOON_MS


@pytest.mark.parametrize(
    ("time", "says"),
    [
        (datetime(2026, 11, 30, 12), "no time zone"),  # noqa: DTZ001
        (pd.Timestamp("2026-11-30"), "no time zone"),
        ("2026-11-30T12:00:00", "no time zone"),
        (pd.NaT, "missing"),
        (float("nan"), "missing"),
        (None, "missing"),
        (-1, "no time in Unix milliseconds"),
        (NOON_MS * 1_000, "no time in Unix milliseconds"),
        (NOON_MS // 1_000, "did you mean seconds"),
        ("yesterday", "Invalid isoformat"),
    ],
)
def test_what_leaves_open_which_time_it_is_is_refused(time: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        to_ms(time)


@pytest.mark.parametrize("time", [1.5, 1e12, True, b"1", []])
def test_what_is_no_time_is_refused(time: Any) -> None:
    with pytest.raises(TypeError, match="a time is"):
        to_ms(time)
