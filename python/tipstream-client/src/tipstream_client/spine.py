"""The rows of a point-in-time join, from pandas, Arrow or a file, and the features set beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from profile_schema import PROFILE_FEATURES, feature_names

from .extras import optional, pandas
from .ids import ID_RULE, is_id
from .times import to_ms

if TYPE_CHECKING:
    import pandas as pd


class ArrowTable(Protocol):
    """A pyarrow Table, by what is used of it: pyarrow itself has no types."""

    @property
    def column_names(self) -> list[str]: ...

    def __getitem__(self, name: str, /) -> Any: ...

    def append_column(self, name: str, values: Any, /) -> Any: ...


Framed: TypeAlias = "pd.DataFrame | str | PathLike[str]"
"""A DataFrame, or the path of a .parquet, .csv or .ndjson file, which gives one."""

Table: TypeAlias = Any
"""A DataFrame or an Arrow table: of the kind that was given."""

CONTRACT = frozenset(feature_names())
NUMERIC = frozenset(feature.name for feature in PROFILE_FEATURES if feature.dtype == "numeric")


@dataclass(frozen=True, slots=True)
class Spine:
    """Users and times, row by row."""

    users: Sequence[str]
    times: Sequence[int]
    """Unix milliseconds."""


def joined(
    given: Framed | ArrowTable,
    user_column: str,
    time_column: str,
    features_of: Callable[[Spine], Sequence[Mapping[str, Any]]],
) -> Table:
    """Raises ValueError for rows that cannot be used, before anything is asked."""
    table = loaded(given)
    refuse_taken(table, CONTRACT)
    users = ids(column(table, user_column), user_column)
    times = _times(column(table, time_column), time_column)
    return beside(table, columns_of(features_of(Spine(users, times))))


def loaded(given: Framed | ArrowTable) -> Table:
    """The table itself, or what is in the file."""
    if not isinstance(given, str | PathLike):
        return given
    path = Path(given)
    read = {
        ".parquet": lambda: pandas().read_parquet(path),
        ".csv": lambda: pandas().read_csv(path),
        ".ndjson": lambda: pandas().read_json(path, lines=True, dtype=False),
        ".jsonl": lambda: pandas().read_json(path, lines=True, dtype=False),
    }.get(path.suffix.lower())
    if read is None:
        raise ValueError(f"{path}: a spine is a .parquet, .csv or .ndjson file")
    return read()


def column(table: Table, name: str) -> Iterable[object]:
    names = list(table.column_names if is_arrow(table) else table.columns)
    if names.count(name) != 1:
        raise ValueError(f"the spine has {names.count(name)} columns named {name!r}, and it needs one: it has {names}")
    if not is_arrow(table):
        return cast("Iterable[object]", table[name])
    pyarrow = optional("pyarrow", "arrow")
    values = table[name]
    if pyarrow.types.is_timestamp(values.type) and values.type.tz is not None:
        values = values.cast(pyarrow.timestamp("us", values.type.tz), safe=False)
    return cast("Iterable[object]", values.to_pylist())


def ids(values: Iterable[object], name: str) -> list[str]:
    found = list(values)
    for row, value in enumerate(found):
        if not isinstance(value, str):
            raise ValueError(f"{name}, row {row}: expected text, not {value!r}")
        if not is_id(value):
            raise ValueError(f"{name}, row {row}: expected {ID_RULE}, not {value!r}")
    return cast("list[str]", found)


def _times(values: Iterable[object], name: str) -> list[int]:
    found = []
    for row, value in enumerate(values):
        try:
            found.append(to_ms(value))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{name}, row {row}: {error}") from error
    return found


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The rows' values by name. A row that is not known may lack names."""
    names = max(rows, key=len) if rows else feature_names()
    return {name: [_cell(row.get(name)) for row in rows] for name in names}


def _cell(value: Any) -> Any:
    """An object is its JSON text, as in every flat export."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, dict) else value


def beside(table: Table, columns: Mapping[str, list[Any]]) -> Table:
    """The table with further columns. Numeric features are doubles with NaN for null, categorical ones text or None."""
    refuse_taken(table, columns)
    if is_arrow(table):
        pyarrow = optional("pyarrow", "arrow")
        for name, values in columns.items():
            numeric = _is_numeric(name, values)
            table = table.append_column(name, pyarrow.array(values, pyarrow.float64() if numeric else pyarrow.string()))
        return table
    pd = pandas()
    features = pd.DataFrame(
        {
            name: pd.Series(values, index=table.index, dtype="float64" if _is_numeric(name, values) else "object")
            for name, values in columns.items()
        },
        index=table.index,
    )
    return pd.concat([table, features], axis=1)


def refuse_taken(table: Table, names: Iterable[str]) -> None:
    taken = set(table.column_names if is_arrow(table) else table.columns) & set(names)
    if taken:
        raise ValueError(f"the spine has columns that are named like features: {', '.join(sorted(taken))}")


def is_arrow(table: Table) -> bool:
    return hasattr(table, "column_names")


def _is_numeric(name: str, values: Iterable[Any]) -> bool:
    """By the contract; a column that it does not know is numeric when all that is there are numbers."""
    if name in CONTRACT:
        return name in NUMERIC
    return all(value is None or isinstance(value, int | float) for value in values)
