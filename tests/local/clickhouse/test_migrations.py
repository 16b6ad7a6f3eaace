"""The real migrations, by clickhouse-migrations, and exact replays behind their view."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from clickhouse_migrations.clickhouse_cluster import ClickhouseCluster

import sql

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from conftest import Engine

pytestmark = pytest.mark.clickhouse

FOLDER = Path(sql.__file__).parent / "migrations"


@pytest.fixture
def migrated(engine: Engine, client: Client, database: str) -> Client:
    url = f"{engine.address()}/{database}"
    cluster = ClickhouseCluster(db_url=url, driver="clickhouse-connect")
    assert len(cluster.migrate(database, FOLDER)) == len(list(FOLDER.glob("*.sql")))
    assert cluster.migrate(database, FOLDER) == []
    return client


def columns(client: Client, table: str) -> dict[str, str]:
    rows = client.query(f"DESCRIBE TABLE {table}").named_results()
    return {row["name"]: row["type"] for row in rows if row["default_type"] != "MATERIALIZED"}


def blank(kind: str) -> Any:
    """Return some value of a column type."""
    if kind.startswith("Map("):
        return {}
    if kind.startswith("Array"):
        return []
    if "DateTime64" in kind:
        return dt.datetime(2017, 1, 1, tzinfo=dt.UTC)
    return "" if "String" in kind else 0


def test_a_replayed_token_adds_no_posting(migrated: Client) -> None:
    types = columns(migrated, "ledger_results")
    rows = []
    for offset in range(24):  # two postings each, over twelve months: twelve parts an insert
        time = dt.datetime(2017, 1 + offset % 12, 1, tzinfo=dt.UTC)
        values = {
            "source_partition": 3,
            "source_offset": offset,
            "time": time,
            "posting.account": ["cj:1", "issuer:p@3"],
            "posting.kind": ["wallet", "issuer"],
            "posting.amount": [5, -5],
            "posting.balance": [5 * offset, -5 * offset],
            "posting.pending": [0, 0],
            "posting.version": [offset + 1, offset + 1],
        }
        rows.append([values.get(name, blank(kind)) for name, kind in types.items()])
    token = {"insert_deduplication_token": "ledger_results:ledger.postings:3:0:23"}
    for _ in range(3):
        summary = migrated.insert("ledger_results", rows, column_names=list(types), settings=token)
        # The engine counts what went in, the view's rows too, before it drops repeats.
        assert summary.written_rows == 24 + 48
    counted = migrated.query("SELECT count(), sum(amount), max(version) FROM postings")
    assert counted.first_row == (48, 0, 24)
    assert migrated.query("SELECT count() FROM ledger_results").first_row == (24,)


def test_the_lowest_offset_of_an_event_wins(migrated: Client) -> None:
    types = columns(migrated, "campaign_events")
    for offset in (7, 5, 9):
        values = {"id": "one", "campaign": "cj-1", "type": "contact", "offset": offset}
        row = [values.get(name, blank(kind)) for name, kind in types.items()]
        assert migrated.insert("campaign_events", [row], column_names=list(types))
    found = migrated.query("SELECT offset FROM campaign_events FINAL")
    assert found.result_rows == [(5,)]
