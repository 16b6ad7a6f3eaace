"""Services for every room's tests: started once a session, on free ports, in temporary folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import clickhouse_connect
import pytest
from hypothesis import HealthCheck, settings

from local import processes
from local.clickhouse.node import EngineNode
from local.kafka.node import KafkaNode
from tests.simulator.seeds import DATED, FIXED, seeds_of, today

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# How long an example takes says how busy the machine is, and nothing about flowdrop.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Markers of modules that take long, the longest first; what has none takes no time.
LONG = ("kafka", "airflow", "browser", "clickhouse", "long")

# The fixtures that start a service, so that no module has to say so twice.
SERVICES = {"kafka": {"kafka"}, "clickhouse": {"clickhouse", "engine"}}


def pytest_report_header() -> str:
    """Say which of the simulator's seeds are today's, so that a failure can be run again."""
    numbers = " ".join(map(str, seeds_of(today(), DATED)))
    return f"simulator: seeds 0-{FIXED - 1}, and of {today()}: {numbers}"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what asks for a service by a fixture of it."""
    for service, fixtures in SERVICES.items():
        if fixtures & set(getattr(item, "fixturenames", ())):
            item.add_marker(service)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put modules that start services first, so that no long one is left for the end.

    Among themselves they stay in random order. Processes are handed modules in this order
    (`--no-loadscope-reorder`).
    """
    ranks: dict[Path, int] = {}
    for item in items:
        marked = (n for n, name in enumerate(LONG) if item.get_closest_marker(name))
        ranks[item.path] = min(next(marked, len(LONG)), ranks.get(item.path, len(LONG)))
    items.sort(key=lambda item: ranks[item.path])


@pytest.fixture
def flowdrop_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty FLOWDROP_HOME, in which no setting of this machine is seen."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for name in ("KAFKA", "CLICKHOUSE", "AIRFLOW", "WORKER", "CONSOLE", "INTAKE"):
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
