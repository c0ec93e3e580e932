"""Tokens, deadlines and repeated attempts, against a server that answers as it is told."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from tipstream_client import InvalidEventsError, Service, TipstreamError
from tipstream_client.http import retry_after_s

PROFILE = {"user_id": "ana", "as_of_ms": 1, "features": {}, "feature_set": "f", "positions": {}}


class Told(BaseHTTPRequestHandler):
    """Gives the answers of `script` in turn, the last one again and again."""

    script: ClassVar[list[tuple[int, dict[str, str], object]]] = []
    requests: ClassVar[list[tuple[str, str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.requests.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.rfile.read(int(self.headers.get("content-length", 0)))
        status, headers, document = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Told.script, Told.requests = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Told)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def failing(code: str) -> object:
    return {"error": {"code": code, "message": "not now", "details": {"hint": "Wait.", "partition": 3}}}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_tried_again_after_the_time_asked_for(url: str, waits: list[float], status: int) -> None:
    Told.script = [(status, {"retry-after": "3"}, failing("not_ready"))] * 2 + [(200, {}, PROFILE)]
    assert Service(url).profile("ana").as_of_ms == 1
    assert waits == [3.0, 3.0]
    assert len(Told.requests) == 3


def test_without_a_time_the_waits_grow(url: str, waits: list[float]) -> None:
    Told.script = [(503, {}, failing("not_ready"))]
    with pytest.raises(TipstreamError) as failure:
        Service(url, retries=3).profile("ana")
    assert (failure.value.code, failure.value.status, failure.value.hint) == ("not_ready", 503, "Wait.")
    assert failure.value.details == {"partition": 3}
    assert len(waits) == 3
    assert all(low <= wait <= 2 * low for wait, low in zip(waits, [0.1, 0.2, 0.4], strict=True))


def test_a_wait_beyond_the_deadline_is_not_begun(url: str, waits: list[float]) -> None:
    Told.script = [(429, {"retry-after": "120"}, failing("too_many_requests"))]
    with pytest.raises(TipstreamError, match="too_many_requests"):
        Service(url, deadline_s=60).profile("ana")
    assert waits == []


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_what_stays_wrong_is_not_tried_again(url: str, waits: list[float], status: int) -> None:
    Told.script = [(status, {}, failing("internal"))]
    with pytest.raises(TipstreamError):
        Service(url).profile("ana")
    assert len(Told.requests) == 1


def test_nobody_there_is_unreachable(waits: list[float]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TipstreamError) as failure:
            Service(f"http://127.0.0.1:{taken.getsockname()[1]}", retries=1).profile("ana")
    assert failure.value.code == "unreachable"
    assert "TIPSTREAM_URL" in (failure.value.hint or "")
    assert len(waits) == 1


def test_an_answer_that_does_not_come_in_time_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TipstreamError, match="unreachable"):
        Service(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.05, retries=0).profile("ana")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_a_stranger_is_not_taken_for_the_service(url: str, waits: list[float], body: bytes) -> None:
    Told.script = [(404, {}, body)]
    with pytest.raises(TipstreamError, match="not as tipstream does"):
        Service(url).profile("ana")


def test_the_token_goes_to_the_service_and_no_redirect_is_followed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPSTREAM_URL", url)
    monkeypatch.setenv("TIPSTREAM_HTTP_TOKEN", "a-token-of-the-environment")
    Told.script = [(200, {}, PROFILE), (302, {"location": f"{url}/elsewhere"}, {})]
    Service().profile("a/b ü", as_of=datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC))
    assert Told.requests[0][1] == "/v1/profiles/a%2Fb%20%C3%BC?as_of_ms=5000"
    assert Told.requests[0][2]["authorization"] == "Bearer a-token-of-the-environment"
    with pytest.raises(TipstreamError):
        Service(token="another").profile("ana")
    assert [path for _, path, _ in Told.requests][1:] == ["/v1/profiles/ana"]
    assert Told.requests[1][2]["authorization"] == "Bearer another"


def test_rejections_are_counted_from_the_first_event_of_all(url: str) -> None:
    refusal = {"accepted": 998, "rejected": 2, "errors": [{"line": 7, "code": "invalid_event", "message": "no"}]}
    accepted = {"accepted": 1000, "rejected": 0, "errors": []}
    Told.script = [(200, {}, accepted), (422, {}, refusal)]
    with pytest.raises(InvalidEventsError) as failure:
        Service(url).produce(("tip.served", {}) for _ in range(2000))
    assert (failure.value.accepted, failure.value.rejected) == (1998, 2)
    assert [rejection.index for rejection in failure.value.rejections] == [1006]


def test_an_address_is_one_of_http() -> None:
    with pytest.raises(ValueError, match="http://HOST:PORT"):
        Service("127.0.0.1:8080")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("Mon, 30 Nov 2026 12:00:09 GMT", 9.0),
        ("Mon, 30 Nov 2020 12:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, datetime(2026, 11, 30, 12, tzinfo=UTC)) == seconds
