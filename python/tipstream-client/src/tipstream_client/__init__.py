"""tipstream for data scientists.

- Service: profiles as of any time, and events in, over HTTP.
- Snapshot: training sets from the file that `tipstream snapshot` writes, with Python alone.
- State: the same through the command line, for large spines and live state.
- KafkaProducer: events to Kafka, on the right partitions.
"""

from .errors import ContractMismatchError, InvalidEventsError, Rejection, TipstreamError, UserNotFoundError
from .kafka import KafkaProducer
from .murmur2 import murmur2, partition_of
from .profiles import UserProfile
from .queries import Query
from .service import Event, Service
from .snapshot import Snapshot
from .state import State
from .times import Time, to_ms

__all__ = [
    "ContractMismatchError",
    "Event",
    "InvalidEventsError",
    "KafkaProducer",
    "Query",
    "Rejection",
    "Service",
    "Snapshot",
    "State",
    "Time",
    "TipstreamError",
    "UserNotFoundError",
    "UserProfile",
    "murmur2",
    "partition_of",
    "to_ms",
]
