"""The file that `tipstream snapshot` writes, read with Python alone: no tipstream, no Node, no service."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, overload

from profile_schema import ACTIVITY_FEATURE_SET, FEATURE_SET, Tip, is_known, profile_of_tips

from .errors import ContractMismatchError, TipstreamError, UserNotFoundError
from .extras import pandas
from .ids import ID_RULE, is_id
from .profiles import EMPTY, UserProfile
from .queries import Queries, Query
from .spine import ArrowTable, Framed, Spine, joined
from .times import Time, to_ms

if TYPE_CHECKING:
    from types import TracebackType

    import pandas as pd

FORMAT: Final = "1"
TIPS: Final = """SELECT served_at_ms, served_category, done_at_ms, done_utc_offset_min, dismiss_at_ms, snooze_at_ms
FROM tips WHERE user_id = ?"""


class Snapshot(Queries):
    """A snapshot file, opened for reading only.

    Profiles as of any time are computed from its tips by the definitions in tipstream-contract: the eight features, also where
    those of activity are in the file. They hold what had been applied
    when the snapshot was taken. Raises TipstreamError: no_data for what is no snapshot, state_incomplete where partitions are
    missing, ContractMismatchError for other definitions.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        if not self._path.is_file():
            raise TipstreamError("not_found", f"{self._path}: there is no such file")
        self._db = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            self.meta = dict(self._db.execute("SELECT name, value FROM meta").fetchall())
            """What the snapshot says of itself: taken_at_ms, as_of_ms, feature_set and more, as text."""
            self._check()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise TipstreamError("no_data", f"{self._path} is no snapshot of tipstream: {error}") from error
        except TipstreamError:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    def sql(
        self, statement: str, params: Mapping[str, str | int | float | None] | None = None, *, as_of: Time | None = None
    ) -> pd.DataFrame:
        """One statement that reads the snapshot's tables. Its profiles are as of the time that it was taken for: give no as_of."""
        if as_of is not None:
            raise ValueError(
                "the profiles of a snapshot are as of one time: use join or profile, or take another snapshot"
            )
        try:
            cursor = self._db.execute(statement, dict(params or {}))
        except sqlite3.Error as error:
            raise TipstreamError("invalid_argument", str(error)) from error
        columns = [name for name, *_ in cursor.description or ()]
        frame: pd.DataFrame = pandas().DataFrame(cursor.fetchall(), columns=columns)
        return frame

    def profile(self, user_id: str, *, as_of: Time) -> UserProfile:
        """A user's profile as of a time. Raises UserNotFoundError, and ValueError for an id that no event can have."""
        if not is_id(user_id):
            raise ValueError(f"a user_id is {ID_RULE}, not {user_id!r}")
        as_of_ms = to_ms(as_of)
        features = self._profiles_of(user_id, [as_of_ms])[0]
        if features is None:
            raise UserNotFoundError("user_not_found", f"user {json.dumps(user_id)} is not known as of {as_of_ms}")
        return UserProfile(user_id, as_of_ms, True, features, feature_set=FEATURE_SET)

    @overload
    def join(self, spine: Framed | Query, *, user_column: str = ..., time_column: str = ...) -> pd.DataFrame: ...

    @overload
    def join(self, spine: ArrowTable, *, user_column: str = ..., time_column: str = ...) -> ArrowTable: ...

    def join(
        self, spine: Framed | Query | ArrowTable, *, user_column: str = "user_id", time_column: str = "as_of_ms"
    ) -> pd.DataFrame | ArrowTable:
        """The point-in-time join: each row of the spine with its user's features as of its own time.

        spine: a DataFrame, an Arrow table, a Query over the snapshot, or the path of a .parquet, .csv or .ndjson file.
        It costs each row its user's number of tips: with many thousands of tips a user, State.join is quicker.
        """
        found: pd.DataFrame | ArrowTable = joined(self._spine(spine), user_column, time_column, self._features_of)
        return found

    def _check(self) -> None:
        if self.meta.get("format") != FORMAT:
            raise TipstreamError(
                "state_newer",
                f"{self._path} has the format {self.meta.get('format')}, and this package reads {FORMAT}",
                hint="Install the tipstream-client of the version that wrote it.",
            )
        if "exact_from_ms" not in self.meta:
            raise TipstreamError(
                "state_incomplete",
                f"{self._path} does not say from when on its tips are complete",
                hint="Take the snapshot again with the version of this package.",
            )
        if json.loads(self.meta["partitions_missing"]):
            raise TipstreamError(
                "state_incomplete",
                f"{self._path} lacks the partitions {self.meta['partitions_missing']}: their users would look unknown",
                hint="Take the snapshot where all partitions are.",
            )
        if self.meta["feature_set"] not in (FEATURE_SET, ACTIVITY_FEATURE_SET):
            raise ContractMismatchError(
                "state_mismatch",
                f"{self._path} has the feature set {self.meta['feature_set']}, and tipstream-contract {FEATURE_SET}",
                hint="Install the tipstream-contract of the version that wrote it.",
            )

    def _features_of(self, spine: Spine) -> list[Mapping[str, Any]]:
        rows_of: defaultdict[str, list[int]] = defaultdict(list)
        for row, user in enumerate(spine.users):
            rows_of[user].append(row)
        found: list[Mapping[str, Any]] = [EMPTY] * len(spine.users)
        for user, rows in rows_of.items():
            features = self._profiles_of(user, [spine.times[row] for row in rows])
            for row, one in zip(rows, features, strict=True):
                found[row] = one or EMPTY
        return found

    def _profiles_of(self, user_id: str, times: Sequence[int]) -> list[Mapping[str, Any] | None]:
        exact_from_ms = int(self.meta["exact_from_ms"])
        if min(times) < exact_from_ms:
            raise TipstreamError(
                "as_of_pruned",
                f"tips from before were pruned: the earliest exact time is {exact_from_ms}, and {min(times)} was asked for",
                details={"exact_from_ms": exact_from_ms},
            )
        tips = list(self._tips(user_id))
        return [profile_of_tips(tips, at) if is_known(tips, at) else None for at in times]

    def _tips(self, user_id: str) -> Iterator[Tip]:
        for served, category, done, offset, dismiss, snooze in self._db.execute(TIPS, (user_id,)):
            # A text that UTF-8 cannot hold is kept as bytes.
            text = category.decode("utf-8", "surrogatepass") if isinstance(category, bytes) else category
            yield Tip(served, text, done, offset, dismiss, snooze)

    def _served(self, users: Sequence[str], decisions: Sequence[str]) -> list[Mapping[str, Any]]:
        return [self._stored(user, one) for user, one in zip(users, decisions, strict=True)]

    def _stored(self, user_id: str, decision_id: str) -> Mapping[str, Any]:
        row = self._db.execute(
            "SELECT record ->> '$.profile' FROM decisions WHERE user_id = ? AND decision_id = ?", (user_id, decision_id)
        ).fetchone()
        if row is None:
            return {"as_of_ms": None, **dict.fromkeys(EMPTY)}
        profile = json.loads(row[0])
        return {"as_of_ms": profile["as_of_ms"], **profile["features"]}
