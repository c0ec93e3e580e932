"""Decisions and rewards as DataFrames, and the profiles that were stored with them."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from profile_schema import Tip, digest, feature_names, is_known, profile_of_tips
from tipstream_client import Query, Snapshot, State, TipstreamError

from .conftest import printed


@pytest.fixture(scope="module")
def decisions(state: State) -> pd.DataFrame:
    return state.decisions(record=True)


def test_both_ways_give_the_same_decisions(decisions: pd.DataFrame, snapshot: Snapshot) -> None:
    pd.testing.assert_frame_equal(decisions, snapshot.decisions(record=True))
    assert len(decisions) > 100
    assert decisions["requested_at_ms"].is_monotonic_increasing
    assert decisions["reward"].isna().any()
    assert set(decisions["reward"].dropna()) == {0, 1}
    record = json.loads(decisions["record"].iloc[0])
    assert record["decision_id"] == decisions["decision_id"].iloc[0]
    pd.testing.assert_frame_equal(snapshot.decisions(), decisions.drop(columns="record"))


def test_rewards_are_those_of_chosen_tips_and_old_enough(
    decisions: pd.DataFrame, state: State, snapshot: Snapshot
) -> None:
    middle = int(decisions["requested_at_ms"].median())
    rewards = state.rewards(requested_before=middle)
    wanted = decisions[
        decisions["reward"].notna()
        & (decisions["reward_tip_id"] == decisions["chosen_tip_id"])
        & (decisions["requested_at_ms"] < middle)
    ]
    pd.testing.assert_frame_equal(rewards, wanted.drop(columns="record").reset_index(drop=True))
    pd.testing.assert_frame_equal(snapshot.rewards(requested_before=middle), rewards)
    assert 0 < len(rewards) < len(snapshot.rewards())


def test_no_rewards_have_the_same_columns(state: State, snapshot: Snapshot) -> None:
    for none in (state.rewards(requested_before=0), snapshot.rewards(requested_before=0)):
        assert len(none) == 0
        assert list(none.dtypes) == list(snapshot.rewards().dtypes)


def test_profiles_as_they_were_served(decisions: pd.DataFrame, state: State, snapshot: Snapshot) -> None:
    spine = decisions.head(40)
    unknown = spine.head(1).assign(decision_id="never-made")
    spine = pd.concat([spine, unknown], ignore_index=True)
    served = state.as_served(spine)
    pd.testing.assert_frame_equal(served, snapshot.as_served(spine), check_dtype=False)
    for _, row in served.head(40).iterrows():
        profile = json.loads(row["record"])["profile"]
        assert row["as_of_ms"] == row["requested_at_ms"] == profile["as_of_ms"]
        assert {name: None if row[name] != row[name] else row[name] for name in feature_names()} == profile["features"]
    assert served.tail(1)[["as_of_ms", *feature_names()]].isna().all(axis=None)


def test_a_snapshots_tips_give_tipstreams_own_digest(command: Sequence[str], data: Path, snapshot: Snapshot) -> None:
    latest = int(snapshot.sql("SELECT max(served_at_ms) AS at FROM tips")["at"].iloc[0])
    for as_of_ms in (latest, latest - 10 * 86_400_000):
        columns = "user_id, served_at_ms, served_category, done_at_ms, done_utc_offset_min, dismiss_at_ms, snooze_at_ms"
        tips = snapshot.sql(f"SELECT {columns} FROM tips").astype("object")
        tips = tips.where(tips.notna(), None)
        of_user = {
            user: [Tip(*row) for row in rows.drop(columns="user_id").itertuples(index=False)]
            for user, rows in tips.groupby("user_id")
        }
        profiles = {
            str(user): profile_of_tips(rows, as_of_ms) for user, rows in of_user.items() if is_known(rows, as_of_ms)
        }
        theirs = printed(command, "digest", "--as-of", as_of_ms, "--data", data)
        assert (digest(profiles), len(profiles)) == (theirs["digest"], theirs["users"])


@pytest.mark.parametrize("way", ["state", "snapshot"])
def test_sql_has_parameters_and_says_what_is_wrong(way: str, request: pytest.FixtureRequest) -> None:
    source: State | Snapshot = request.getfixturevalue(way)
    found = source.sql(
        "SELECT :text AS text, :number AS number, :none AS none", {"text": "12", "number": 7, "none": None}
    )
    assert found.to_dict("records") == [{"text": "12", "number": 7, "none": None}]
    with pytest.raises(TipstreamError, match="nothing") as failure:
        source.sql("SELECT * FROM nothing")
    assert failure.value.code == "invalid_argument"


def test_sql_as_of_a_time(state: State, snapshot: Snapshot) -> None:
    as_of_ms = snapshot.decisions()["requested_at_ms"].iloc[-1]
    assert set(state.sql("SELECT as_of_ms FROM profiles", as_of=as_of_ms)["as_of_ms"]) == {as_of_ms}
    with pytest.raises(ValueError, match="as of one time"):
        snapshot.sql("SELECT 1", as_of=as_of_ms)


def test_where_there_is_no_state_or_no_command(command: Sequence[str], tmp_path: Path) -> None:
    with pytest.raises(TipstreamError) as failure:
        State(tmp_path / "nothing", command=command).decisions()
    assert failure.value.code == "no_data"
    with pytest.raises(TipstreamError, match="TIPSTREAM_COMMAND"):
        State(tmp_path, command=["no-such-command"]).decisions()
    with pytest.raises(TipstreamError, match="ended with 3: out of order"):
        State(tmp_path, command=["sh", "-c", "echo out of order >&2; exit 3"]).decisions()
    with pytest.raises(TipstreamError, match="timeout: tipstream sql took longer"):
        State(tmp_path, command=["sh", "-c", "exec sleep 20"], timeout_s=0.1).decisions()


def test_queries_of_a_spine_are_plain_values() -> None:
    assert Query("SELECT 1") == Query("SELECT 1", None)
