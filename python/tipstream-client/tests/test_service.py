"""Profiles and events of a real service."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import tipstream_client.service
from profile_schema import FEATURE_SET, PROFILE_FEATURES, feature_names
from tipstream_client import (
    ContractMismatchError,
    InvalidEventsError,
    Service,
    Snapshot,
    TipstreamError,
    UserNotFoundError,
    partition_of,
)

NOW = datetime.now(UTC)


def test_a_profile_as_of_now_and_as_of_a_time(service: Service, snapshot: Snapshot) -> None:
    user_id, as_of_ms = snapshot.sql("SELECT user_id, as_of_ms FROM profiles LIMIT 1").iloc[0]
    profile = service.profile(user_id, as_of=as_of_ms)
    assert (profile.user_id, profile.as_of_ms, profile.feature_set) == (user_id, as_of_ms, FEATURE_SET)
    assert tuple(profile.features) == feature_names()
    assert profile == snapshot.profile(user_id, as_of=as_of_ms)
    assert service.profile(user_id).as_of_ms > as_of_ms


def test_a_user_who_is_not_known(service: Service, snapshot: Snapshot) -> None:
    with pytest.raises(UserNotFoundError, match='user "nobody" is not known') as failure:
        service.profile("nobody")
    assert (failure.value.code, failure.value.status) == ("user_not_found", 404)
    with pytest.raises(UserNotFoundError):
        snapshot.profile("nobody", as_of=NOW)


def test_many_profiles_are_of_one_time(service: Service, snapshot: Snapshot) -> None:
    known = list(snapshot.sql("SELECT user_id FROM profiles")["user_id"])
    asked = [*known, *(f"nobody-{n}" for n in range(2_500)), *known]
    found = service.profiles(asked)
    assert [profile.user_id for profile in found] == asked
    assert len({profile.as_of_ms for profile in found}) == 1
    assert {profile.user_id for profile in found if profile.found} == set(known)
    nobody = found[len(known)]
    assert (nobody.found, nobody.features["tip_volume_30d"], nobody.features["preferred_hour"]) == (False, 0, None)
    assert service.profiles([]) == []


def test_events_are_produced_and_counted(service: Service) -> None:
    served_at = NOW - timedelta(hours=2)
    served = {"user_id": "pia", "tip_id": "pia-1", "served_at_ms": served_at, "category": "work"}
    done = {"user_id": "pia", "tip_id": "pia-1", "action": "done", "reacted_at_ms": served_at + timedelta(seconds=90)}
    for _ in range(2):  # again changes nothing
        assert service.produce([("tip.served", served), ("tip.feedback", done)]) == 2
    ends_at = time.monotonic() + 30
    while (profile := service.profiles(["pia"])[0]).features["mean_dwell_ms_30d"] is None:
        assert time.monotonic() < ends_at
        time.sleep(0.05)
    assert profile.features["tip_volume_30d"] == 1
    assert profile.features["mean_dwell_ms_30d"] == 90_000


def test_no_events_are_no_error(service: Service) -> None:
    assert service.produce([]) == service.produce([], atomic=True) == 0


@pytest.mark.parametrize("atomic", [False, True])
def test_rejected_events_are_named(service: Service, atomic: bool) -> None:
    user_id = f"quinn-{atomic}"
    good = {"user_id": user_id, "tip_id": "q-1", "served_at_ms": NOW - timedelta(hours=1)}
    bad = {"user_id": user_id, "tip_id": "q-1", "action": "like", "reacted_at_ms": NOW}
    with pytest.raises(InvalidEventsError, match="action: ") as failure:
        service.produce([("tip.served", good), ("tip.feedback", bad)], atomic=atomic)
    assert failure.value.code == "invalid_event"
    assert failure.value.rejected == 1
    assert [(one.index, one.code) for one in failure.value.rejections] == [(1, "invalid_event")]
    assert failure.value.accepted == (0 if atomic else 1)


def test_times_without_a_zone_and_other_values_never_leave(service: Service) -> None:
    naive = datetime(2026, 11, 30)  # noqa: DTZ001
    with pytest.raises(ValueError, match="no time zone"):
        service.profile("ana", as_of=naive)
    with pytest.raises(ValueError, match="no time zone"):
        service.produce([("tip.served", {"user_id": "a", "tip_id": "t", "served_at_ms": naive})])
    with pytest.raises(TypeError, match="no JSON value"):
        service.produce([("tip.served", {"user_id": {"a", "b"}})])
    with pytest.raises(ValueError, match="JSON"):
        service.produce([("tip.served", {"user_id": float("nan")})])


def test_a_refusal_of_the_service_has_its_code(service: Service) -> None:
    with pytest.raises(TipstreamError) as failure:
        service.profiles(["\n"])
    assert (failure.value.code, failure.value.status) == ("invalid_argument", 400)
    assert "user_ids[0]" in failure.value.message


def test_the_contract_is_the_services(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.check_contract()
    monkeypatch.setattr(tipstream_client.service, "FEATURE_SET", "0123456789abcdef")
    with pytest.raises(ContractMismatchError, match="their definitions"):
        service.check_contract()
    monkeypatch.setattr(tipstream_client.service, "PROFILE_FEATURES", PROFILE_FEATURES[1:])
    with pytest.raises(ContractMismatchError, match="completion_rate_30d"):
        service.check_contract()


def test_the_partition_is_the_one_that_tipstream_uses(snapshot: Snapshot) -> None:
    rows = snapshot.sql("SELECT DISTINCT user_id, partition FROM tips")
    assert len(rows) == 12
    assert [partition_of(user_id, 4) for user_id in rows["user_id"]] == list(rows["partition"])
