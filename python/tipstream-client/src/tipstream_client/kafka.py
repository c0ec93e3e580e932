"""Events to Kafka on the partitions that tipstream expects: librdkafka's own default would put them on others."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from .errors import TipstreamError
from .extras import optional
from .ids import ID_RULE, is_id
from .times import encoded

if TYPE_CHECKING:
    from types import TracebackType


class KafkaProducer:
    """Sends events keyed by user_id, with Java's murmur2 as partitioner, idempotently.

    Leave it with `with`, or call flush(): that waits for the brokers, and raises when an event was not taken. The events are not
    checked here; what is invalid becomes a dead letter. Service.produce checks first.
    """

    def __init__(
        self, brokers: str | None = None, *, topic_prefix: str = "", config: Mapping[str, Any] | None = None
    ) -> None:
        """brokers: KAFKA_BROKERS unless given. config: further settings of librdkafka, such as security.protocol."""
        servers = brokers or os.environ.get("KAFKA_BROKERS")
        if not servers:
            raise ValueError("say which brokers: KafkaProducer('HOST:PORT') or KAFKA_BROKERS")
        settings = {"enable.idempotence": True, **(config or {}), "bootstrap.servers": servers}
        if settings.setdefault("partitioner", "murmur2_random") not in ("murmur2", "murmur2_random"):
            raise ValueError(
                f"the partitioner {settings['partitioner']} puts users on other partitions than tipstream expects"
            )
        self._producer = optional("confluent_kafka", "kafka").Producer(settings)
        self._prefix = topic_prefix
        self._failures: list[str] = []
        self._sent = 0
        self._delivered: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self.flush()

    def send(self, topic: str, value: Mapping[str, Any], *, timeout_s: float = 30) -> None:
        """Hands an event over for sending. Times in the value may be datetimes with a time zone.

        Raises ValueError for a value without a usable user_id, and TipstreamError when the brokers take nothing for timeout_s.
        """
        user_id = value.get("user_id")
        if not isinstance(user_id, str) or not is_id(user_id):
            raise ValueError(f"an event is keyed by its user_id, {ID_RULE}, and this one has {user_id!r}")
        body = encoded(value)
        for waited in (False, True):
            try:
                self._producer.produce(
                    self._prefix + topic, key=user_id.encode(), value=body, on_delivery=self._on_delivery
                )
                break
            except BufferError as error:
                if waited:
                    raise TipstreamError("log_unavailable", f"Kafka took nothing for {timeout_s} s") from error
                self._producer.poll(timeout_s)
        self._sent += 1
        self._producer.poll(0)

    def flush(self, timeout_s: float = 30) -> Mapping[str, int]:
        """Waits until every event is delivered. Answers how many went to each `TOPIC/PARTITION` since the last flush.

        Raises TipstreamError naming what was not delivered.
        """
        waiting = self._producer.flush(timeout_s)
        sent, failures, delivered = self._sent, self._failures, self._delivered
        self._sent, self._failures, self._delivered = waiting, [], {}
        if waiting > 0:
            failures = [*failures, f"{waiting} are still on their way after {timeout_s} s"]
        if failures:
            raise TipstreamError(
                "log_unavailable",
                f"{sent - sum(delivered.values())} of {sent} events were not delivered: {'; '.join(failures[:5])}",
            )
        return delivered

    def _on_delivery(self, error: Any, message: Any) -> None:
        if error is not None:
            self._failures.append(f"{message.topic()}: {error.str()}")
            return
        where = f"{message.topic()}/{message.partition()}"
        self._delivered[where] = self._delivered.get(where, 0) + 1
