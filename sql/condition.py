"""The condition of the feed's tables: broken parts are found, set aside and reported.

A disk that was full, or a machine that lost its power, can leave a part whose bytes are not what
was written. Every query that reaches it fails. So it is set aside: the other rows can be read
again, and the loss is reported until the table is rebuilt from Kafka.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from clickhouse_connect.driver.exceptions import DatabaseError

from sql.chains import CHAINS, REACH, TABLES
from sql.client import rows, text

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

REASON_LENGTH_MAX = 300
CHECKED_BYTES_MAX = 4_000_000_000  # what a feed can read in full in seconds, at each start


def chain_of(table: str) -> tuple[str, ...]:
    """Return what is rebuilt when `table` is."""
    return next(chain for chain in CHAINS.values() if table in chain)


def set_aside_broken(client: Client, table: str) -> list[str]:
    """Read `table` and its dependents in full, set aside what is broken, return those parts."""
    found = []
    for name in chain_of(table):
        for row in _checked(client, name):
            if not row["is_passed"]:
                part = str(row["part_path"]).rpartition("/")[2]
                client.command(text("warehouse/set_aside"), {"table": name, "part": part})
                found.append(f"{name} {part}")
    return found


def _checked(client: Client, table: str) -> list[dict[str, Any]]:
    # the client takes CHECK for a command, and would join its rows into one text
    query, place = text("warehouse/check"), {"table": table}
    answer = client.raw_query(query, place, fmt="JSONEachRow")
    return [json.loads(line) for line in answer.splitlines()]


def look_through(client: Client) -> list[str]:
    """Set aside what is broken in every table that is small enough to be read in full."""
    sizes = {row["table"]: row["bytes"] for row in rows(client, "warehouse/sizes")}
    found = []
    for table, chain in CHAINS.items():
        if sum(sizes.get(name, 0) for name in chain) <= CHECKED_BYTES_MAX:
            found += set_aside_broken(client, table)
    return found


def missing(client: Client) -> dict[str, str]:
    """Return for each table that lacks rows a sentence that says so, and the remedy."""
    parts: dict[str, list[str]] = {}
    for row in rows(client, "warehouse/aside"):
        if row["table"] in TABLES:
            parts.setdefault(row["table"], []).append(row["part"])
    return {table: lacks(table, names) for table, names in parts.items()}


def faults(client: Client) -> dict[str, str]:
    """Return a sentence for each table that can't be read or lacks rows; each is really read."""
    found = missing(client)
    for table in TABLES:
        try:
            rows(client, f"warehouse/read_{table}")
        except DatabaseError as error:
            reason = str(error).splitlines()[0][:REASON_LENGTH_MAX]
            found[table] = f"{table} can't be read: {reason}; see `flowdrop warehouse check`"
    return found


def lacks(table: str, parts: list[str]) -> str:
    """Return the sentence about parts that were set aside."""
    more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
    return (
        f"{table} lacks rows: its unreadable parts were set aside ({parts[0]}{more}); "
        f"`flowdrop warehouse rebuild {table}` refills it from {_source(table)}"
    )


def _source(table: str) -> str:
    return "campaign_events" if table in REACH else "Kafka"


def clear(client: Client, table: str) -> None:
    """Empty `table` and its dependents, including what was set aside, to be refilled."""
    for name in reversed(chain_of(table)):
        empty_table(client, name)


def empty_table(client: Client, table: str) -> None:
    """Empty one table, including what was set aside."""
    client.command(text("warehouse/clear"), {"table": table})
    for row in rows(client, "warehouse/detached", table=table):
        place = {"table": table, "part": row["part"]}
        client.command(text("warehouse/drop_detached"), place)
