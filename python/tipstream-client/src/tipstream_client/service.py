"""The service over HTTP: profiles as of any time, and events in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Self, overload
from urllib.parse import quote

from profile_schema import ACTIVITY_FEATURE_SET, FEATURE_SET, PROFILE_FEATURES

from .errors import ContractMismatchError, InvalidEventsError, Rejection, error_of
from .http import Transport
from .profiles import EMPTY, EMPTY_ACTIVITY, UserProfile
from .spine import ArrowTable, Framed, Spine, joined
from .times import Time, encoded, to_ms

if TYPE_CHECKING:
    from types import TracebackType

    import pandas as pd

USERS_A_REQUEST: Final = 1_000
EVENTS_A_REQUEST: Final = 1_000
REFUSED: Final = frozenset({403, 422})

Event = tuple[str, Mapping[str, Any]]
"""A topic and a value. Times in the value may be datetimes with a time zone."""


class Service:
    """A running `tipstream start`.

    Every call raises TipstreamError with the service's code and message. 429, 502, 503, 504 and lost connections are tried again,
    after the Retry-After that the service asks for.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        timeout_s: float = 10,
        retries: int = 4,
        deadline_s: float = 60,
    ) -> None:
        """url: TIPSTREAM_URL unless given, else http://127.0.0.1:8080. token: TIPSTREAM_HTTP_TOKEN unless given."""
        self._transport = Transport(
            url or os.environ.get("TIPSTREAM_URL") or "http://127.0.0.1:8080",
            token or os.environ.get("TIPSTREAM_HTTP_TOKEN") or None,
            timeout_s=timeout_s,
            retries=retries,
            deadline_s=deadline_s,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def profile(self, user_id: str, *, as_of: Time | None = None) -> UserProfile:
        """A user's profile as of a time, now unless given. Raises UserNotFoundError."""
        at = "" if as_of is None else f"?as_of_ms={to_ms(as_of)}"
        document = self._transport.request("GET", f"/v1/profiles/{quote(user_id, safe='')}{at}").document
        return UserProfile(
            user_id, document["as_of_ms"], True, document["features"], feature_set=document["feature_set"]
        )

    def profiles(self, user_ids: Iterable[str], *, as_of: Time | None = None) -> list[UserProfile]:
        """The profiles of many users as of one time, in the order of the ids, known or not."""
        as_of_ms = None if as_of is None else to_ms(as_of)
        found: list[UserProfile] = []
        for some in _batches(user_ids, USERS_A_REQUEST):
            asked = {"user_ids": some} if as_of_ms is None else {"user_ids": some, "as_of_ms": as_of_ms}
            document = self._transport.request("POST", "/v1/profiles:batch", body=encoded(asked)).document
            as_of_ms = document["as_of_ms"]  # that of the first request holds for all
            found += [
                UserProfile(
                    one["user_id"],
                    as_of_ms,
                    one["found"],
                    one["features"] or _empty(document["feature_set"]),
                    feature_set=document["feature_set"],
                )
                for one in document["profiles"]
            ]
        return found

    @overload
    def join(self, spine: Framed, *, user_column: str = ..., time_column: str = ...) -> pd.DataFrame: ...

    @overload
    def join(self, spine: ArrowTable, *, user_column: str = ..., time_column: str = ...) -> ArrowTable: ...

    def join(
        self, spine: Framed | ArrowTable, *, user_column: str = "user_id", time_column: str = "as_of_ms"
    ) -> pd.DataFrame | ArrowTable:
        """The point-in-time join: each row of the spine with its user's features as of its own time.

        spine: a DataFrame, an Arrow table, or the path of a .parquet, .csv or .ndjson file, which gives a DataFrame.
        It asks once for each distinct time and thousand users. For many times, State.join and Snapshot.join are quicker.
        """
        found: pd.DataFrame | ArrowTable = joined(spine, user_column, time_column, self._features_of)
        return found

    def _features_of(self, spine: Spine) -> list[Mapping[str, Any]]:
        rows_at: dict[int, list[int]] = {}
        for row, at_ms in enumerate(spine.times):
            rows_at.setdefault(at_ms, []).append(row)
        found: list[Mapping[str, Any]] = [{}] * len(spine.times)
        for at_ms, rows in rows_at.items():
            users = list(dict.fromkeys(spine.users[row] for row in rows))
            features = {profile.user_id: profile.features for profile in self.profiles(users, as_of=at_ms)}
            for row in rows:
                found[row] = features[spine.users[row]]
        return found

    def produce(self, events: Iterable[Event], *, atomic: bool = False) -> int:
        """Appends events and answers how many. Sending the same events again changes nothing but offsets.

        Raises InvalidEventsError at the end when any was rejected: the others are written then. With atomic, all events go in one
        request, and none is written when one is rejected.
        """
        accepted, rejected = 0, 0
        rejections: list[Rejection] = []
        refusal: Mapping[str, Any] = {}
        first = 0
        for some in filter(None, [list(events)]) if atomic else _batches(events, EVENTS_A_REQUEST):
            body = b"".join(encoded({"topic": topic, "value": value}) + b"\n" for topic, value in some)
            path = "/v1/events?atomic=true" if atomic else "/v1/events"
            answer = self._transport.request(
                "POST", path, body=body, content_type="application/x-ndjson", refusals=REFUSED
            )
            if "accepted" not in answer.document:
                raise error_of(answer.document.get("error", {}), answer.status)
            accepted += answer.document["accepted"]
            rejected += answer.document["rejected"]
            refusal = refusal or answer.document.get("error", {})
            rejections += [
                Rejection(first + one["line"] - 1, one["code"], one["message"]) for one in answer.document["errors"]
            ]
            first += len(some)
        if rejected == 0:
            return accepted
        named = "".join(f"\nevent {one.index}: {one.message} [{one.code}]" for one in rejections[:10])
        raise InvalidEventsError(
            str(refusal.get("code", "invalid_event")),
            f"{rejected} of {accepted + rejected} events were rejected{named}",
            accepted=accepted,
            rejected=rejected,
            rejections=rejections,
            hint=(refusal.get("details") or {}).get("hint"),
        )

    def check_contract(self) -> None:
        """Raises ContractMismatchError when the service has other features than the installed tipstream-contract.

        It may have those of activity or not.
        """
        document = self._transport.request("GET", "/v1/features").document
        if document["feature_set"] in (FEATURE_SET, ACTIVITY_FEATURE_SET):
            return
        theirs = {(one["name"], one["dtype"], one["unit"]) for one in document["features"]}
        ours = {(one.name, one.dtype, one.unit) for one in PROFILE_FEATURES}
        differing = ", ".join(sorted({name for name, *_ in theirs ^ ours})) or "their definitions"
        raise ContractMismatchError(
            "state_mismatch",
            f"the service has the feature set {document['feature_set']}, and tipstream-contract {FEATURE_SET}: "
            f"{differing}",
            hint="Install the tipstream-contract of the version that runs there.",
        )


def _empty(feature_set: str) -> Mapping[str, Any]:
    return dict(sorted({**EMPTY, **EMPTY_ACTIVITY}.items())) if feature_set == ACTIVITY_FEATURE_SET else EMPTY


def _batches(items: Iterable[Any], size: int) -> Iterator[Sequence[Any]]:
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
