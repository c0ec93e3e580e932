"""Kafka's murmur2, as Java's client has it: every producer must put a user's events on the partition that it names."""

MASK = 0xFFFFFFFF
MULTIPLIER = 0x5BD1E995
SEED = 0x9747B28C


def murmur2(key: bytes) -> int:
    """The 32-bit hash of a key, signed as in Java."""
    hashed = SEED ^ len(key)
    whole = len(key) - len(key) % 4
    for at in range(0, whole, 4):
        word = int.from_bytes(key[at : at + 4], "little") * MULTIPLIER & MASK
        word = (word ^ word >> 24) * MULTIPLIER & MASK
        hashed = hashed * MULTIPLIER & MASK ^ word
    if whole < len(key):
        hashed = (hashed ^ int.from_bytes(key[whole:], "little")) * MULTIPLIER & MASK
    hashed = (hashed ^ hashed >> 13) * MULTIPLIER & MASK
    hashed ^= hashed >> 15
    return hashed - (1 << 32) if hashed >> 31 else hashed


def partition_of(user_id: str, partitions: int) -> int:
    """The partition of a user's events in topics of so many partitions."""
    return (murmur2(user_id.encode()) & 0x7FFFFFFF) % partitions
