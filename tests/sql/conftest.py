from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import clickhouse_connect
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

NUMBERS = itertools.count()


@pytest.fixture
def database(engine: Path) -> Iterator[Client]:
    """A client of a database that holds nothing."""
    name = f"test_{next(NUMBERS)}"
    owner = clickhouse_connect.get_client(interface="chdb", path=str(engine))
    owner.command(f"CREATE DATABASE {name}")
    client = clickhouse_connect.get_client(interface="chdb", path=str(engine), database=name)
    yield client
    client.close()
    owner.command(f"DROP DATABASE {name}")
    owner.close()
