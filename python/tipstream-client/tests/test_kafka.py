"""Events to Kafka, on librdkafka's own stand-in for a broker: each lands on the partition that Java's client would choose."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from tipstream_client import KafkaProducer, TipstreamError, partition_of

PARTITIONS = 4  # of topics that the stand-in makes by itself
USERS = ["ana", "ben", "u1", "u15351", "0", "ä", "\U0001f600", *(f"user-{n}" for n in range(40))]


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    """Of a stand-in that lives as long as the producer that has it."""
    owner = Producer({"bootstrap.servers": "ignored", "test.mock.num.brokers": 1, "log_level": 0})
    listed = owner.list_topics("any", timeout=10).brokers
    yield ",".join(f"{one.host}:{one.port}" for one in listed.values())


def test_each_user_is_on_the_partition_of_javas_client(brokers: str) -> None:
    with KafkaProducer(brokers, topic_prefix="first.") as producer:
        for user in USERS:
            producer.send(
                "tip.served", {"user_id": user, "tip_id": "t", "served_at_ms": datetime(2026, 11, 30, tzinfo=UTC)}
            )
        delivered = producer.flush()
    expected: dict[str, int] = {}
    for user in USERS:
        where = f"first.tip.served/{partition_of(user, PARTITIONS)}"
        expected[where] = expected.get(where, 0) + 1
    assert delivered == expected
    for key, partition, value in consumed(brokers, "first.tip.served", len(USERS)):
        assert partition == partition_of(key.decode(), PARTITIONS)
        assert json.loads(value) == {"user_id": key.decode(), "tip_id": "t", "served_at_ms": 1_795_996_800_000}


def consumed(brokers: str, topic: str, count: int) -> list[tuple[bytes, int, bytes]]:
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    found: list[tuple[bytes, int, bytes]] = []
    while len(found) < count:
        message: Any = consumer.poll(10)
        assert message is not None and message.error() is None
        found.append((message.key(), message.partition(), message.value()))
    consumer.close()
    return found


def test_what_is_not_delivered_is_an_error() -> None:
    producer = KafkaProducer("127.0.0.1:1", config={"log_level": 0, "message.timeout.ms": 50})
    producer.send("tip.served", {"user_id": "ana"})
    with pytest.raises(TipstreamError, match=r"1 of 1 events were not delivered: tip\.served: ") as failure:
        producer.flush()
    assert failure.value.code == "log_unavailable"


def test_an_event_without_a_user_has_no_key(brokers: str) -> None:
    producer = KafkaProducer(brokers)
    for value in ({}, {"user_id": None}, {"user_id": ""}, {"user_id": 7}, {"user_id": "a\n"}, {"user_id": "\ud800"}):
        with pytest.raises(ValueError, match="keyed by its user_id"):
            producer.send("tip.served", value)
    with pytest.raises(ValueError, match="no time zone"):
        producer.send("tip.served", {"user_id": "a", "served_at_ms": datetime(2026, 11, 30)})  # noqa: DTZ001
    assert producer.flush() == {}


def test_another_partitioner_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="consistent_random"):
        KafkaProducer("127.0.0.1:1", config={"partitioner": "consistent_random"})
    monkeypatch.delenv("KAFKA_BROKERS", raising=False)
    with pytest.raises(ValueError, match="say which brokers"):
        KafkaProducer()
