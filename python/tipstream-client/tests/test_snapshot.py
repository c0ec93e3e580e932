"""What a snapshot refuses, so that no answer claims more than is in the file."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from profile_schema import Served, profile
from tipstream_client import ContractMismatchError, Snapshot, TipstreamError

Changed = Callable[..., Path]


@pytest.fixture
def changed(snapshot_path: Path, tmp_path: Path) -> Changed:
    """A copy on which statements have run."""

    def copy(*statements: tuple[str, tuple[object, ...]]) -> Path:
        path = Path(shutil.copy(snapshot_path, tmp_path / "changed.db"))
        with sqlite3.connect(path) as db:
            for statement, values in statements:
                db.execute(statement, values)
        db.close()
        return path

    return copy


@pytest.mark.parametrize(
    ("name", "value", "code", "says"),
    [
        ("format", "2", "state_newer", "has the format 2"),
        ("partitions_missing", "[1, 3]", "state_incomplete", r"lacks the partitions \[1, 3\]"),
        ("exact_from_ms", None, "state_incomplete", "does not say from when on"),
        ("feature_set", "0123456789abcdef", "state_mismatch", "0123456789abcdef"),
    ],
)
def test_a_file_that_would_answer_wrongly_is_refused(
    changed: Changed, name: str, value: str | None, code: str, says: str
) -> None:
    change = (
        ("DELETE FROM meta WHERE name = ?", (name,))
        if value is None
        else ("UPDATE meta SET value = ? WHERE name = ?", (value, name))
    )
    with pytest.raises(TipstreamError, match=says) as failure:
        Snapshot(changed(change))
    assert failure.value.code == code
    assert isinstance(failure.value, ContractMismatchError) == (name == "feature_set")


def test_times_before_the_earliest_exact_one_are_refused(changed: Changed) -> None:
    with Snapshot(changed(("UPDATE meta SET value = '1796040005000' WHERE name = 'exact_from_ms'", ()))) as snapshot:
        snapshot.join(pd.DataFrame({"user_id": ["a"], "as_of_ms": [1_796_040_005_000]}))
        with pytest.raises(TipstreamError, match="earliest exact time is 1796040005000") as failure:
            snapshot.join(pd.DataFrame({"user_id": ["a", "a"], "as_of_ms": [1_796_040_006_000, 1_796_040_004_999]}))
    assert failure.value.code == "as_of_pruned"


def test_no_file_and_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TipstreamError, match="no such file"):
        Snapshot(tmp_path / "nothing.db")
    other = tmp_path / "other.db"
    other.write_text("not a database " * 100)
    with pytest.raises(TipstreamError, match="is no snapshot of tipstream"):
        Snapshot(other)


def test_nothing_can_be_written(snapshot: Snapshot) -> None:
    with pytest.raises(TipstreamError, match="readonly"):
        snapshot.sql("DELETE FROM tips")


def test_a_category_that_utf_8_cannot_hold_comes_back(changed: Changed) -> None:
    columns = "user_id, tip_id, served_at_ms, served_category, done_at_ms"
    path = changed(
        (
            f"INSERT INTO tips ({columns}) VALUES ('x', 't', 1796040000010, ?, 1796040000020)",
            ("\ud83d".encode("utf-8", "surrogatepass"),),
        )
    )
    with Snapshot(path) as snapshot:
        assert snapshot.profile("x", as_of=1_796_040_000_021).features["preferred_category"] == "\ud83d"
        before = profile([Served("x", "t", 1_796_040_000_010, "\ud83d")], 1_796_040_000_020)
        assert snapshot.profile("x", as_of=1_796_040_000_020).features == before
