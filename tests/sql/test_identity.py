"""What names an event has one hash, in Python and on the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.events.identity import event_key

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

NAMES = [
    ("game", "1"),
    ("check-in", "1"),
    ("g", "ame1"),
    ("/flowdrop/due", "due-custody-2026-03-1"),
    ("流量宝", "签到\u200b1"),
    ("\N{PARTY POPPER}" * 128, "e" * 200),
    ("it's", "back\\slash"),
]


def test_python_and_sql_agree_on_an_event_s_key(database: Client) -> None:
    for source, event_id in NAMES:
        query = r"SELECT xxh3(concat({source:String}, '\n', {id:String}))"
        names = {"source": source, "id": event_id}
        found = database.query(query, parameters=names).result_rows[0][0]
        assert found.to_bytes(8) == event_key(source, event_id)
