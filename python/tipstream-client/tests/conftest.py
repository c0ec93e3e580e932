"""A data directory of simulated people, a service that runs on it, and a snapshot of it: all real, all on loopback."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tipstream_client import Service, Snapshot, State

ROOT = Path(__file__).parents[3]
MAIN = ROOT / "dist/cli/main.js"
ANSWERS_AT = re.compile(r"tipstream answers at (http://[^\s\"]+)")
READY_WITHIN_S = 60
ENV = {name: value for name, value in os.environ.items() if not name.startswith(("TIPSTREAM_", "KAFKA_"))}


@pytest.fixture(scope="session")
def command() -> Sequence[str]:
    node = shutil.which("node")
    if node is None or not MAIN.exists():
        pytest.fail("the tests run tipstream itself: npm ci && npm run build first")
    return [node, str(MAIN)]


@pytest.fixture(scope="session")
def data(command: Sequence[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """45 days of 12 people: servings, reactions, decisions and rewards."""
    at = tmp_path_factory.mktemp("tipstream") / "data"
    subprocess.run(
        [*command, "demo", "--users", "12", "--exit", "--data", at], check=True, capture_output=True, env=ENV
    )
    return at


@pytest.fixture(scope="session")
def state(command: Sequence[str], data: Path) -> State:
    return State(data, command=command)


@pytest.fixture(scope="session")
def snapshot_path(command: Sequence[str], data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("snapshot") / "all of it?.db"
    subprocess.run([*command, "snapshot", path, "--data", data], check=True, capture_output=True, env=ENV)
    return path


@pytest.fixture
def snapshot(snapshot_path: Path) -> Iterator[Snapshot]:
    with Snapshot(snapshot_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def address(
    command: Sequence[str], snapshot_path: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Of a service that has everything the snapshot has; what tests produce comes later."""
    assert snapshot_path.exists()
    log = tmp_path_factory.mktemp("service") / "log"
    with log.open("w") as output:
        service = subprocess.Popen(
            [*command, "start", "--data", data, "--http", "127.0.0.1:0"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=ENV,
        )
    try:
        yield ready_address(log, service)
    finally:
        service.terminate()
        assert service.wait(30) == 0, log.read_text()


def ready_address(log: Path, service: subprocess.Popen[Any]) -> str:
    ends_at = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < ends_at and service.poll() is None:
        found = ANSWERS_AT.search(log.read_text())
        if found is not None and is_ready(found[1]):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the service is not ready:\n{log.read_text()}")


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz") as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def service(address: str) -> Iterator[Service]:
    with Service(address) as opened:
        yield opened


def printed(command: Sequence[str], *words: object) -> Any:
    """The document that a command prints."""
    done = subprocess.run([*command, *map(str, words), "--json"], check=True, capture_output=True, env=ENV)
    return json.loads(done.stdout)
