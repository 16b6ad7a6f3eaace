"""Services for every room's tests: started once a session, on free ports, in temporary folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import clickhouse_connect
import pytest

from local import processes
from local.clickhouse.node import EngineNode
from local.kafka.node import KafkaNode
from tests.simulator.seeds import DATED, FIXED, seeds_of, today

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_report_header() -> str:
    """Say which of the simulator's seeds are today's, so that a failure can be run again."""
    numbers = " ".join(map(str, seeds_of(today(), DATED)))
    return f"simulator: seeds 0-{FIXED - 1}, and of {today()}: {numbers}"


@pytest.fixture
def flowdrop_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty FLOWDROP_HOME, in which no setting of this machine is seen."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for name in ("KAFKA", "CLICKHOUSE", "AIRFLOW", "WORKER", "CONSOLE"):
        monkeypatch.delenv(f"FLOWDROP_{name}", raising=False)
    monkeypatch.setenv("FLOWDROP_HOME", str(home))
    monkeypatch.setenv("FLOWDROP_CONFIG", str(home / "flowdrop.toml"))
    return home


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address of a real broker."""
    node = KafkaNode(tmp_path_factory.mktemp("kafka"))
    node.start()
    yield node.bootstrap
    node.stop()


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real ClickHouse engine, as the user that may change everything."""
    node = EngineNode.of_its_own(tmp_path_factory.mktemp("clickhouse"))
    processes.start(node.part)
    processes.wait_ready(node.part)
    yield node.url("admin")
    processes.stop(node.part)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of the real engine; a process opens one at a time, so a module holds it open."""
    path = tmp_path_factory.mktemp("clickhouse")
    client = clickhouse_connect.get_client(interface="chdb", path=str(path))
    yield path
    client.close()
