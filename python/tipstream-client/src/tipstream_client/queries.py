"""Decisions and rewards as DataFrames, from whatever answers SQL over tipstream's documented tables (docs/analysts.md)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from .extras import pandas
from .spine import ArrowTable, Framed, beside, column, columns_of, ids, loaded
from .times import Time, to_ms

if TYPE_CHECKING:
    import pandas as pd

DECISION_DTYPES: Mapping[str, str] = {
    "user_id": "object",
    "decision_id": "object",
    "policy": "object",
    "requested_at_ms": "int64",
    "scored_at_ms": "int64",
    "epsilon": "float64",
    "explored": "bool",
    "chosen_tip_id": "object",
    "chosen_propensity": "float64",
    "reward_tip_id": "object",
    "reward": "float64",
}
"""The columns of decisions and rewards."""


@dataclass(frozen=True, slots=True)
class Query:
    """SQL whose rows are a spine."""

    sql: str
    params: Mapping[str, str | int | float | None] | None = None


class Queries(ABC):
    """What State and Snapshot share."""

    @abstractmethod
    def sql(
        self, statement: str, params: Mapping[str, str | int | float | None] | None = None, *, as_of: Time | None = None
    ) -> pd.DataFrame:
        """One statement that reads, in SQLite's SQL; params are named, as in `:user`."""

    def decisions(self, *, record: bool = False) -> pd.DataFrame:
        """One row for each decision of the live policy, by time. reward is NaN while none has arrived.

        With record, a further column has the tip.scored event as JSON: vectors, ranking, propensities, profile.
        """
        return self._decisions("", record)

    def rewards(self, *, requested_before: Time | None = None, record: bool = False) -> pd.DataFrame:
        """The decisions whose chosen tip was served and got a reward: the rows to train on, weighted by 1 / chosen_propensity.

        A reward can come for 7 days after the serving. Give requested_before, some 8 days ago, to leave out decisions that are
        too young: among those, quick reactions would be over-represented.
        """
        mature = "" if requested_before is None else f" AND requested_at_ms < {to_ms(requested_before)}"
        return self._decisions(f"WHERE reward IS NOT NULL AND reward_tip_id = chosen_tip_id{mature}", record)

    @overload
    def as_served(
        self, spine: Framed | Query, *, user_column: str = ..., decision_column: str = ...
    ) -> pd.DataFrame: ...

    @overload
    def as_served(self, spine: ArrowTable, *, user_column: str = ..., decision_column: str = ...) -> ArrowTable: ...

    def as_served(
        self, spine: Framed | Query | ArrowTable, *, user_column: str = "user_id", decision_column: str = "decision_id"
    ) -> pd.DataFrame | ArrowTable:
        """Each row of the spine with the profile that is stored with its decision: what was known when it was made.

        as_of_ms is the time of the decision. A decision that is not known has nulls.
        """
        table = loaded(self._spine(spine))
        users = ids(column(table, user_column), user_column)
        decisions = ids(column(table, decision_column), decision_column)
        found: pd.DataFrame | ArrowTable = beside(table, columns_of(self._served(users, decisions)))
        return found

    @abstractmethod
    def _served(self, users: Sequence[str], decisions: Sequence[str]) -> list[Mapping[str, Any]]:
        """For each pair of a user and a decision as_of_ms and the features, or nulls."""

    def _decisions(self, where: str, record: bool) -> pd.DataFrame:
        dtypes = {**DECISION_DTYPES, **({"record": "object"} if record else {})}
        found = self.sql(
            f"SELECT {', '.join(dtypes)} FROM decisions {where} ORDER BY requested_at_ms, user_id, decision_id"
        )
        # Of no rows, some answers have no columns.
        found = found if len(found) > 0 else pandas().DataFrame(columns=list(dtypes))
        return found[list(dtypes)].astype(dtypes)

    def _spine(self, spine: Framed | Query | ArrowTable) -> Any:
        return self.sql(spine.sql, spine.params) if isinstance(spine, Query) else spine
