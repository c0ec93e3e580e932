"""An installation with `--features core,activity`: further columns, in the same ways."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from profile_schema import ACTIVITY_FEATURE_SET, ACTIVITY_FEATURES, feature_names
from tipstream_client import Service, Snapshot, State

from .conftest import ENV, ready_address

NOON_MS = 1_796_040_000_000
WIDER = {**ENV, "TIPSTREAM_FEATURES": "core,activity"}
ALL_NAMES = sorted([*feature_names(), *(feature.name for feature in ACTIVITY_FEATURES)])
EVENTS = [
    ("tip.served", {"user_id": "ana", "tip_id": "t1", "served_at_ms": NOON_MS - 9_000, "category": "work"}),
    (
        "app.session",
        {"user_id": "ana", "session_id": "s1", "started_at_ms": NOON_MS - 8_000, "ended_at_ms": NOON_MS - 2_000},
    ),
    ("signal.synced", {"user_id": "ana", "source": "mail", "synced_at_ms": NOON_MS - 5_000}),
    ("signal.synced", {"user_id": "ana", "source": "calendar", "synced_at_ms": NOON_MS - 3_000}),
]


@pytest.fixture(scope="module")
def data(command: Sequence[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("activity") / "data"
    lines = "".join(json.dumps({"topic": topic, "value": value}) + "\n" for topic, value in EVENTS).encode()
    for words, given in ((["produce"], lines), (["start", "--until-caught-up", "--no-http"], b"")):
        subprocess.run([*command, *words, "--data", at], input=given, check=True, capture_output=True, env=WIDER)
    return at


@pytest.fixture(scope="module")
def service(command: Sequence[str], data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    log = tmp_path_factory.mktemp("service") / "log"
    words = ["start", "--data", str(data), "--http", "127.0.0.1:0"]
    with log.open("w") as output:
        process = subprocess.Popen([*command, *words], stdout=output, stderr=subprocess.STDOUT, env=WIDER)
    try:
        yield Service(ready_address(log, process))
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def spine() -> pd.DataFrame:
    return pd.DataFrame({"user_id": ["nobody", "ana"], "as_of_ms": NOON_MS})


@pytest.fixture(scope="module")
def joined(command: Sequence[str], data: Path, spine: pd.DataFrame) -> pd.DataFrame:
    return State(data, command=command, env={"TIPSTREAM_FEATURES": "core,activity"}).join(spine)


def test_the_columns_of_activity_are_among_the_others(joined: pd.DataFrame, spine: pd.DataFrame) -> None:
    assert list(joined.columns) == [*spine.columns, *ALL_NAMES]
    assert list(joined["sessions_30d"]) == [0, 1]
    assert joined["typical_session_ms"].iloc[1] == 6_000
    assert joined["signal_age_ms"].iloc[1] == 3_000
    nothing, ages = joined["signal_age_ms_by_source"]
    assert nothing is None
    assert json.loads(ages) == {"calendar": 3_000, "mail": 5_000}


def test_the_service_gives_the_same(service: Service, spine: pd.DataFrame, joined: pd.DataFrame) -> None:
    service.check_contract()
    assert service.profile("ana", as_of=NOON_MS).feature_set == ACTIVITY_FEATURE_SET
    pd.testing.assert_frame_equal(service.join(spine), joined)
    table = service.join(pa.Table.from_pandas(spine))
    assert json.loads(table["signal_age_ms_by_source"].to_pylist()[1]) == {"calendar": 3_000, "mail": 5_000}


def test_a_snapshot_gives_the_eight(
    command: Sequence[str], data: Path, spine: pd.DataFrame, joined: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "tips.db"
    subprocess.run([*command, "snapshot", path, "--data", data], check=True, capture_output=True, env=WIDER)
    with Snapshot(path) as snapshot:
        pd.testing.assert_frame_equal(snapshot.join(spine), joined[[*spine.columns, *feature_names()]])
