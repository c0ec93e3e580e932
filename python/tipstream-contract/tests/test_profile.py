"""The feature maths beside tipstream's own: its worked examples, and cases in which everything collides."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from profile_schema import (
    FEATURE_SET,
    WINDOW_MS,
    Feedback,
    Served,
    Tip,
    TipEvent,
    digest,
    event_of,
    feature_names,
    is_known,
    profile,
    profile_of_tips,
    profiles,
    tips_as_of,
)
from profile_schema._digest import _number

WORKED_EXAMPLES = Path(__file__).parents[3] / "test/fixtures"
VECTORS = Path(__file__).with_name("vectors.ndjson")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def events_of(records: list[dict[str, Any]]) -> list[TipEvent]:
    return [
        event_of(record["topic"], record["value"])
        for record in records
        if record["topic"] in ("tip.served", "tip.feedback")
    ]


@cache
def worked_events() -> list[TipEvent]:
    return events_of(lines(WORKED_EXAMPLES / "profile-events.ndjson"))


@cache
def expected() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((WORKED_EXAMPLES / "profile-expected.json").read_text(encoding="utf-8"))
    return document


def test_every_digest_of_the_worked_examples() -> None:
    assert len(expected()["as_of"]) == 5
    for as_of_ms, theirs in expected()["as_of"].items():
        ours = profiles(worked_events(), int(as_of_ms))
        assert {"digest": digest(ours), "users": len(ours)} == theirs


def test_every_profile_of_the_worked_examples() -> None:
    ours = profiles(worked_events(), expected()["profiles_as_of_ms"])
    assert ours == expected()["profiles"]
    assert all(tuple(features) == feature_names() for features in ours.values())


def test_order_and_repetition_do_not_matter() -> None:
    as_of_ms = expected()["profiles_as_of_ms"]
    shuffled = [*reversed(worked_events()), *worked_events()]
    assert profiles(shuffled, as_of_ms) == profiles(worked_events(), as_of_ms)


def test_the_vectors_are_of_this_feature_set() -> None:
    assert lines(VECTORS)[0]["feature_set"] == FEATURE_SET


@pytest.mark.parametrize("case", lines(VECTORS)[1:])
def test_cases_in_which_everything_collides(case: dict[str, Any]) -> None:
    ours = profiles(events_of(case["events"]), case["as_of_ms"])
    assert ours == case["profiles"]
    assert digest(ours) == case["digest"]


def test_numbers_are_printed_as_tipstream_prints_them() -> None:
    for number, printed in lines(VECTORS)[0]["numbers"]:
        assert _number(number) == printed
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="no feature"):
            _number(number)


def test_the_window_is_half_open() -> None:
    served = [Served("ana", "t1", 5_000)]
    assert profile(served, 5_000) is None
    assert (profile(served, 5_001) or {})["tip_volume_30d"] == 1
    assert (profile(served, 5_000 + WINDOW_MS) or {})["tip_volume_30d"] == 1
    assert profile(served, 5_001 + WINDOW_MS) is None


def test_tips_as_of_a_time_hold_what_came_before_it() -> None:
    events: list[TipEvent] = [Served("ana", "t1", 5_000, "work"), Feedback("ana", "t1", "done", 6_000)]
    assert tips_as_of(events, 5_000) == {}
    assert tips_as_of(events, 6_000) == {"t1": Tip(served_at_ms=5_000, served_category="work")}
    assert tips_as_of(events, 6_001)["t1"].reacted_at_ms == 6_000


def test_the_tips_of_today_give_the_profile_of_any_time() -> None:
    events: list[TipEvent] = [Served("ana", "t1", 5_000, "work")]
    events += [
        Feedback("ana", "t1", "done", 6_000),
        Feedback("ana", "t1", "snooze", 5_500),
        Feedback("ana", "t1", "dismiss", 7_000),
    ]
    today = tips_as_of(events, 10_000).values()
    edges = [at + by for at in (5_000, 5_500, 6_000, 7_000) for by in (-1, 0, 1)]
    for as_of_ms in [at + shift for at in edges for shift in (0, WINDOW_MS)]:
        then = profile(events, as_of_ms)
        assert is_known(today, as_of_ms) == (then is not None)
        assert profile_of_tips(today, as_of_ms) == (then or profile_of_tips([], as_of_ms))


@pytest.mark.parametrize(
    ("topic", "value", "says"),
    [
        ("tip.scored", {}, "no profile is made of tip.scored"),
        ("tip.served", {"user_id": "a", "tip_id": "t"}, "served_at_ms: expected an integer, not None"),
        ("tip.served", {"user_id": "a", "tip_id": "t", "served_at_ms": True}, "served_at_ms: expected an integer"),
        ("tip.served", {"user_id": "a", "tip_id": "t", "served_at_ms": 1.5}, "served_at_ms: expected an integer"),
        ("tip.served", {"user_id": 7, "tip_id": "t", "served_at_ms": 1}, "user_id: expected text, not 7"),
        (
            "tip.feedback",
            {"user_id": "a", "tip_id": "t", "action": "like", "reacted_at_ms": 1},
            "action: expected done",
        ),
    ],
)
def test_what_is_no_event_is_refused(topic: str, value: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        event_of(topic, value)


def test_a_number_with_an_integral_value_is_an_integer() -> None:
    event = event_of("tip.served", {"user_id": "a", "tip_id": "t", "served_at_ms": 60.0, "category": None})
    assert event == Served("a", "t", 60)
    assert isinstance(event.at_ms, int)
