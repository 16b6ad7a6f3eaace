"""The small world in a database of the module's own, behind the engine's real server."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from sql.client import connect
from tests.sql.features.world import World, fill
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def address(clickhouse: str) -> Iterator[str]:
    """Where an empty database with every table is."""
    name = f"sets{next(NUMBERS)}"
    owner = connect(clickhouse)
    owner.command(f"CREATE DATABASE {name}")
    own = clickhouse.replace("/default", f"/{name}")
    add_tables(connect(own))
    yield own
    owner.command(f"DROP DATABASE {name}")


@pytest.fixture(scope="module")
def world(address: str) -> World:
    """The small world; tests only read it, or add what arrives later than they ask."""
    found = World(connect(address))
    fill(found)
    return found
