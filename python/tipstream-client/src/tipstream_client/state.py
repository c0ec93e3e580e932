"""The state in a data directory, through the command line: for whoever has tipstream installed beside the data."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from .errors import TipstreamError, error_of
from .extras import pandas
from .queries import Queries, Query
from .spine import ArrowTable, Framed, Spine, joined
from .times import EARLIEST_NUMBER, EPOCH, MILLISECOND, Time, to_ms

if TYPE_CHECKING:
    import pandas as pd


File: TypeAlias = "str | os.PathLike[str]"


class State(Queries):
    """A data directory, read by the commands `tipstream export` and `tipstream sql`. `tipstream start` may run meanwhile.

    Every call raises TipstreamError with the command's code and message.
    """

    def __init__(
        self,
        data: str | os.PathLike[str] | None = None,
        *,
        command: Sequence[str] | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> None:
        """data: TIPSTREAM_DATA unless given, else ./data. command: TIPSTREAM_COMMAND unless given, else `npx tipstream`.

        env adds variables, such as KAFKA_BROKERS. timeout_s ends a command that takes longer.
        """
        self._command = list(command or shlex.split(os.environ.get("TIPSTREAM_COMMAND", "npx tipstream")))
        self._env = {**os.environ, **(env or {}), **({} if data is None else {"TIPSTREAM_DATA": os.fspath(data)})}
        self._timeout_s = timeout_s

    def sql(
        self, statement: str, params: Mapping[str, str | int | float | None] | None = None, *, as_of: Time | None = None
    ) -> pd.DataFrame:
        """One statement that reads, over all partitions. A result without rows has no columns."""
        words = ["sql", "--json"]
        for name, value in (params or {}).items():
            words += ["--param", f"{name}={json.dumps(value) if isinstance(value, str) else _parameter(value)}"]
        if as_of is not None:
            words += ["--as-of", str(to_ms(as_of))]
        frame: pd.DataFrame = pandas().DataFrame(json.loads(self._run([*words, "--", statement])))
        return frame

    @overload
    def join(
        self, spine: Framed | Query, *, user_column: str = ..., time_column: str = ..., known_at: File | None = ...
    ) -> pd.DataFrame: ...

    @overload
    def join(
        self, spine: ArrowTable, *, user_column: str = ..., time_column: str = ..., known_at: File | None = ...
    ) -> ArrowTable: ...

    def join(
        self,
        spine: Framed | Query | ArrowTable,
        *,
        user_column: str = "user_id",
        time_column: str = "as_of_ms",
        known_at: File | None = None,
    ) -> pd.DataFrame | ArrowTable:
        """The point-in-time join: each row of the spine with its user's features as of its own time, from one snapshot.

        spine: a DataFrame, an Arrow table, a Query over the state, or the path of a .parquet, .csv or .ndjson file.
        known_at: a file that `tipstream digest --json` wrote. Only what the log held then counts, whatever came later.
        """
        words = [] if known_at is None else ["--known-at", os.fspath(known_at)]

        def features_of(rows: Spine) -> Sequence[Mapping[str, Any]]:
            keys = [
                {"user_id": user, "as_of_ms": _unmistakable(at)}
                for user, at in zip(rows.users, rows.times, strict=True)
            ]
            return self._export(words, keys, {"user_id", "as_of_ms"})

        found: pd.DataFrame | ArrowTable = joined(self._spine(spine), user_column, time_column, features_of)
        return found

    def _served(self, users: Sequence[str], decisions: Sequence[str]) -> list[Mapping[str, Any]]:
        keys = [{"user_id": user, "decision_id": one} for user, one in zip(users, decisions, strict=True)]
        return self._export(["--as-served"], keys, {"user_id", "decision_id"})

    def _export(
        self, words: Sequence[str], keys: Sequence[Mapping[str, object]], own: set[str]
    ) -> list[Mapping[str, Any]]:
        """One row for each key, in their order, without the columns that are the key's."""
        if not keys:
            return []
        lines = "".join(json.dumps(key) + "\n" for key in keys).encode()
        printed = self._run(["export", *words, "--spine", "-", "--json"], lines)
        rows = [json.loads(line) for line in printed.splitlines()]
        if len(rows) != len(keys):
            raise TipstreamError("internal", f"export answered {len(keys)} lines with {len(rows)} rows")
        return [{name: value for name, value in row.items() if name not in own} for row in rows]

    def _run(self, words: Sequence[str], given: bytes = b"") -> bytes:
        try:
            done = subprocess.run(
                [*self._command, *words], input=given, capture_output=True, env=self._env, timeout=self._timeout_s
            )
        except FileNotFoundError as error:
            raise TipstreamError(
                "not_found",
                f"there is no command {self._command[0]}",
                hint="Set TIPSTREAM_COMMAND to how tipstream is called here, such as 'npx tipstream'.",
            ) from error
        except subprocess.TimeoutExpired as error:
            raise TipstreamError("timeout", f"tipstream {words[0]} took longer than {self._timeout_s} s") from error
        if done.returncode == 0:
            return done.stdout
        raise _failure(done, words[0])


def _unmistakable(at_ms: int) -> int | str:
    """Export takes a small number for seconds."""
    return at_ms if at_ms >= EARLIEST_NUMBER else (EPOCH + at_ms * MILLISECOND).isoformat(timespec="milliseconds")


def _parameter(value: float | int | None) -> str:
    return "null" if value is None else str(value)


def _failure(done: subprocess.CompletedProcess[bytes], name: str) -> TipstreamError:
    """The command's last line is its error as JSON; where it is not, what it said on stderr is all there is."""
    try:
        document = json.loads(done.stdout.splitlines()[-1])["error"]
    except (ValueError, IndexError, KeyError, TypeError):
        said = done.stderr.decode(errors="replace").strip()[-1000:]
        return TipstreamError("internal", f"tipstream {name} ended with {done.returncode}: {said}")
    return error_of(document)
