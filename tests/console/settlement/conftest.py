"""A real engine in the process, with databases that hold only what a test writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.console.settlement.ledger_rows import LedgerRows
from tests.console.settlement.october import october

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client


@pytest.fixture(scope="module")
def ledger(fresh: Callable[[], Client]) -> LedgerRows:
    """The story of `october`, stored; tests only read it."""
    rows = LedgerRows(fresh())
    october(rows)
    rows.store()
    return rows
