"""A real engine in the process, with databases that hold only what a test writes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import clickhouse_connect
import pytest

from sql.migrate import migrate
from tests.console.settlement.ledger_rows import LedgerRows
from tests.console.settlement.october import october

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of the engine; a process opens one at a time, so a module holds it open."""
    path = tmp_path_factory.mktemp("clickhouse")
    client = clickhouse_connect.get_client(interface="chdb", path=str(path))
    yield path
    client.close()


@pytest.fixture(scope="module")
def fresh(engine: Path) -> Iterator[Callable[[], Client]]:
    """Makes clients of databases of their own, with tables and without rows."""
    owner = clickhouse_connect.get_client(interface="chdb", path=str(engine))
    clients = []

    def make() -> Client:
        name = f"settled_{next(NUMBERS)}"
        owner.command(f"CREATE DATABASE {name}")
        client = clickhouse_connect.get_client(interface="chdb", path=str(engine), database=name)
        clients.append(client)
        migrate(client)
        return client

    yield make
    for client in clients:
        client.close()
    owner.close()


@pytest.fixture(scope="module")
def ledger(fresh: Callable[[], Client]) -> LedgerRows:
    """The story of `october`, stored; tests only read it."""
    rows = LedgerRows(fresh())
    october(rows)
    rows.store()
    return rows
