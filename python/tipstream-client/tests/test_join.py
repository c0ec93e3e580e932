"""The point-in-time join: over HTTP, through the command line, and from a snapshot with Python alone. All three agree."""

import json
import random
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from profile_schema import PROFILE_FEATURES, feature_names
from tipstream_client import Query, Service, Snapshot, State, TipstreamError
from tipstream_client.times import EPOCH

from .conftest import ENV, printed

NOON_MS = 1_796_040_000_000
DAY_MS = 86_400_000
NUMERIC = [feature.name for feature in PROFILE_FEATURES if feature.dtype == "numeric"]


@pytest.fixture(scope="module")
def spine(state: State) -> pd.DataFrame:
    """Users and strangers at a few times and at the very times of events, with columns and an index of their own."""
    tips = state.sql("SELECT user_id, served_at_ms FROM tips WHERE served_at_ms IS NOT NULL ORDER BY user_id, tip_id")
    users = sorted(set(tips["user_id"]))
    latest = int(tips["served_at_ms"].max())
    some = random.Random(7)
    times = [latest - days * DAY_MS for days in (0, 3, 20, 44, 80)]
    rows = [(some.choice([*users, "nobody"]), some.choice(times)) for _ in range(150)]
    rows += [
        (user, at + step) for user, at in tips.sample(20, random_state=7).itertuples(index=False) for step in (0, 1)
    ]
    frame = pd.DataFrame(rows, columns=["user_id", "as_of_ms"], index=[n // 2 for n in range(len(rows))])
    return frame.assign(label=[n % 3 == 0 for n in range(len(rows))], note="ü")


@pytest.fixture(scope="module")
def expected(spine: pd.DataFrame, state: State) -> pd.DataFrame:
    return state.join(spine)


def test_the_spine_stays_and_features_stand_beside_it(spine: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(expected[spine.columns], spine)
    assert list(expected.columns[len(spine.columns) :]) == list(feature_names())
    assert (expected[NUMERIC].dtypes == "float64").all()
    assert expected["tip_volume_30d"].max() > 5
    assert set(expected["preferred_category"].dropna().map(type)) == {str}


def test_a_stranger_has_nulls_and_volume_0(expected: pd.DataFrame) -> None:
    strangers = expected[expected["user_id"] == "nobody"]
    assert len(strangers) > 0
    assert (strangers["tip_volume_30d"] == 0).all()
    assert strangers[[name for name in feature_names() if name != "tip_volume_30d"]].isna().all(axis=None)


def test_an_event_at_the_time_itself_is_not_there_yet(state: State) -> None:
    tip = state.sql("SELECT user_id, min(served_at_ms) AS at FROM tips GROUP BY user_id LIMIT 1").iloc[0]
    times = [int(tip["at"]), int(tip["at"]) + 1]
    joined = state.join(pd.DataFrame({"user_id": tip["user_id"], "as_of_ms": times}))
    assert list(joined["tip_volume_30d"]) == [0, 1]


def test_a_snapshot_gives_the_same_with_python_alone(
    spine: pd.DataFrame, expected: pd.DataFrame, snapshot: Snapshot
) -> None:
    pd.testing.assert_frame_equal(snapshot.join(spine), expected)


def test_the_service_gives_the_same_over_http(spine: pd.DataFrame, expected: pd.DataFrame, service: Service) -> None:
    pd.testing.assert_frame_equal(service.join(spine), expected)


@pytest.mark.parametrize("way", ["state", "snapshot", "service"])
def test_an_arrow_table_stays_one(
    spine: pd.DataFrame, expected: pd.DataFrame, way: str, request: pytest.FixtureRequest
) -> None:
    utc = pa.timestamp("ns", "UTC")
    table = pa.table({"who": list(spine["user_id"]), "at": pa.array([at * 1_000_000 for at in spine["as_of_ms"]], utc)})
    joined = request.getfixturevalue(way).join(table, user_column="who", time_column="at")
    assert joined.column_names == ["who", "at", *feature_names()]
    assert joined.schema.field("at").type == utc
    assert {str(joined.schema.field(name).type) for name in NUMERIC} == {"double"}
    for name in feature_names():
        values = [None if value != value else value for value in expected[name]]
        assert joined[name].to_pylist() == values


@pytest.mark.parametrize("ending", ["parquet", "csv", "ndjson"])
def test_a_file_is_a_spine(
    spine: pd.DataFrame, expected: pd.DataFrame, state: State, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"spine.{ending}"
    plain = spine.reset_index(drop=True)
    if ending == "parquet":
        pq.write_table(pa.Table.from_pandas(plain, preserve_index=False), path)
    elif ending == "csv":
        plain.to_csv(path, index=False)
    else:
        plain.to_json(path, orient="records", lines=True)
    joined = state.join(path)
    pd.testing.assert_frame_equal(joined[list(feature_names())], expected[list(feature_names())].reset_index(drop=True))


@pytest.mark.parametrize("way", ["state", "snapshot"])
def test_a_query_is_a_spine(way: str, request: pytest.FixtureRequest, state: State) -> None:
    query = Query(
        "SELECT user_id, decision_id, requested_at_ms FROM decisions WHERE policy = :policy ORDER BY 3 LIMIT 5",
        {"policy": "egreedy-v1"},
    )
    joined = request.getfixturevalue(way).join(query, time_column="requested_at_ms")
    assert list(joined.columns[:3]) == ["user_id", "decision_id", "requested_at_ms"]
    assert len(joined) == 5
    by_hand = state.join(state.sql(query.sql, query.params), time_column="requested_at_ms")
    pd.testing.assert_frame_equal(joined, by_hand)


def test_times_with_a_zone_are_times(state: State, spine: pd.DataFrame, expected: pd.DataFrame) -> None:
    zoned = spine.assign(as_of_ms=pd.to_datetime(spine["as_of_ms"], unit="ms", utc=True).dt.tz_convert("Asia/Tokyo"))
    joined = state.join(zoned)
    pd.testing.assert_frame_equal(joined[list(feature_names())], expected[list(feature_names())])


@pytest.mark.parametrize("way", ["state", "snapshot", "service"])
@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"user_id": ["a"], "as_of_ms": pd.to_datetime(["2026-11-20"])}, "as_of_ms, row 0: .*no time zone"),
        ({"user_id": ["a", "b"], "as_of_ms": [NOON_MS, None]}, "as_of_ms, row 0: a time is a datetime"),
        ({"user_id": ["a", None], "as_of_ms": [NOON_MS] * 2}, "user_id, row 1: expected text"),
        ({"user_id": ["a", "b\n"], "as_of_ms": [NOON_MS] * 2}, "user_id, row 1: expected 1 to 128 characters"),
        ({"user_id": ["x" * 129], "as_of_ms": [NOON_MS]}, "user_id, row 0: expected 1 to 128 characters"),
        ({"user_id": [7], "as_of_ms": [1]}, "user_id, row 0: expected text, not 7"),
        ({"user": ["a"], "as_of_ms": [1]}, "0 columns named 'user_id'"),
        ({"user_id": ["nobody"], "as_of_ms": [NOON_MS], "tip_volume_30d": [1]}, "named like features: tip_volume_30d"),
    ],
)
def test_a_spine_that_leaves_something_open_is_refused(
    columns: dict[str, Any], says: str, way: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(ValueError, match=says):
        request.getfixturevalue(way).join(pd.DataFrame(columns))


@pytest.mark.parametrize("way", ["state", "snapshot", "service"])
def test_no_rows_give_no_rows(way: str, request: pytest.FixtureRequest) -> None:
    joined = request.getfixturevalue(way).join(pd.DataFrame({"user_id": [], "as_of_ms": []}))
    assert list(joined.columns) == ["user_id", "as_of_ms", *feature_names()]
    assert len(joined) == 0


def test_by_what_was_known_at_positions(command: Sequence[str], tmp_path: Path) -> None:
    data, positions = tmp_path / "data", tmp_path / "then.json"

    def tell(event: dict[str, Any]) -> None:
        line = json.dumps({"topic": "tip.served", "value": event}).encode()
        subprocess.run([*command, "produce", "--data", data], input=line, check=True, capture_output=True, env=ENV)
        words = ["start", "--until-caught-up", "--no-http", "--data", str(data)]
        subprocess.run([*command, *words], check=True, capture_output=True, env=ENV)

    tell({"user_id": "ana", "tip_id": "t1", "served_at_ms": NOON_MS - 2_000})
    then = printed(command, "digest", "--as-of", NOON_MS, "--data", data)
    positions.write_text(json.dumps(then))
    tell({"user_id": "ana", "tip_id": "late", "served_at_ms": NOON_MS - 1_000})
    spine, state = pd.DataFrame({"user_id": ["ana"], "as_of_ms": [NOON_MS]}), State(data, command=command)
    assert list(state.join(spine)["tip_volume_30d"]) == [2]
    assert list(state.join(spine, known_at=positions)["tip_volume_30d"]) == [1]


def test_other_endings_are_no_spine(state: State) -> None:
    with pytest.raises(ValueError, match=r"spine\.xlsx: a spine is a"):
        state.join("spine.xlsx")


def test_a_refusal_of_the_command_has_its_code(state: State, tmp_path: Path) -> None:
    positions = tmp_path / "positions.json"
    positions.write_text("[]")
    with pytest.raises(TipstreamError) as failure:
        state.join(pd.DataFrame({"user_id": ["ana"], "as_of_ms": [datetime.now(UTC)]}), known_at=positions)
    assert failure.value.code == "invalid_argument"
    assert "positions.json" in failure.value.message


def test_an_id_that_no_event_can_have_is_refused_with_its_row(state: State) -> None:
    with pytest.raises(ValueError, match="user_id, row 1: expected 1 to 128 characters"):
        state.join(pd.DataFrame({"user_id": ["ana", ""], "as_of_ms": [datetime.now(UTC)] * 2}))


def test_times_before_1973_are_dates(state: State) -> None:
    joined = state.join(pd.DataFrame({"user_id": ["a", "b"], "as_of_ms": [datetime(1971, 1, 1, tzinfo=UTC), EPOCH]}))
    assert list(joined["tip_volume_30d"]) == [0, 0]
