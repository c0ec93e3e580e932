import json

import pytest
from tipstream_client import murmur2, partition_of

from .conftest import ROOT

ROWS = [line.split("\t") for line in (ROOT / "test/fixtures/murmur2.tsv").read_text(encoding="utf-8").splitlines()[1:]]


def test_there_are_keys_of_every_length() -> None:
    assert {len(json.loads(key).encode()) % 4 for key, *_ in ROWS} == {0, 1, 2, 3}


@pytest.mark.parametrize(("key", "hashed", "of_4", "of_12"), ROWS)
def test_hash_and_partitions_are_those_of_kafkas_java_client(key: str, hashed: str, of_4: str, of_12: str) -> None:
    user_id = json.loads(key)
    assert murmur2(user_id.encode()) == int(hashed)
    assert [partition_of(user_id, 4), partition_of(user_id, 12)] == [int(of_4), int(of_12)]
