"""JSON over HTTP with the service: tokens, deadlines, and what may be tried again is tried again."""

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import urllib3

from .errors import TipstreamError, error_of

PASSING: Final = frozenset({429, 502, 503, 504})
"""Statuses after which the same request may succeed. All requests of this package may be repeated without harm."""

FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with a JSON object."""

    status: int
    document: Mapping[str, Any]


class Transport:
    """Requests to one service. Safe to use from several threads."""

    def __init__(self, url: str, token: str | None, *, timeout_s: float, retries: int, deadline_s: float) -> None:
        """timeout_s: of one attempt; deadline_s: of all attempts with the waiting in between."""
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"the service's address is http://HOST:PORT or https://HOST:PORT, not {url!r}")
        self._url = url.rstrip("/")
        self._headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=timeout_s, read=timeout_s), retries=False)
        self._retries = retries
        self._deadline_s = deadline_s

    def close(self) -> None:
        self._pool.clear()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
        refusals: frozenset[int] = frozenset(),
    ) -> Answer:
        """The answer when it is 2xx or one of `refusals`. Raises TipstreamError for any other."""
        ends_at = time.monotonic() + self._deadline_s
        attempt = 0
        while True:
            wait_s: float | None = None
            try:
                response = self._pool.request(
                    method,
                    self._url + path,
                    body=body,
                    headers=self._headers if body is None else {**self._headers, "content-type": content_type},
                    redirect=False,
                )
            except urllib3.exceptions.HTTPError as error:
                failure = TipstreamError(
                    "unreachable",
                    f"{self._url} did not answer: {error}",
                    hint="Is `tipstream start` running there? Set TIPSTREAM_URL to its address.",
                )
                failure.__cause__ = error
            else:
                answer = Answer(response.status, _object_of(response.data))
                if response.status < 300 or response.status in refusals:
                    return answer
                failure = _failure_of(answer, self._url)
                if response.status not in PASSING:
                    raise failure
                wait_s = retry_after_s(response.headers.get("retry-after"), datetime.now(UTC))
            attempt += 1
            if wait_s is None:
                wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempt - 1)) * random.uniform(0.5, 1)
            if attempt > self._retries or time.monotonic() + wait_s > ends_at:
                raise failure
            time.sleep(wait_s)


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """How long to wait by a Retry-After header, which has seconds or an HTTP date; None when there is none that can be read."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (at - now).total_seconds()) if at.tzinfo else None


def _object_of(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _failure_of(answer: Answer, url: str) -> TipstreamError:
    error = answer.document.get("error")
    if isinstance(error, dict):
        return error_of(error, answer.status)
    return TipstreamError(
        "unreachable", f"{url} answered with {answer.status}, and not as tipstream does", status=answer.status
    )
