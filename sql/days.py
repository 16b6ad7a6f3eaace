"""Whose days reports count in: the platform's time zone, which what is stored is held to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from sql.chains import REACH
from sql.client import rows, text
from sql.condition import empty_table

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


class Days(NamedTuple):
    """The time zone that the tables of reach are in, and whether they hold every event."""

    zone: str
    is_complete: bool
    is_empty: bool


NEVER = Days("", is_complete=False, is_empty=False)  # events were stored before these tables


def stored_days(client: Client) -> Days:
    """Return whose days are stored."""
    found = rows(client, "warehouse/zone")
    return Days(**found[0]) if found else NEVER


def adopt_zone(client: Client, zone: str) -> None:
    """Have the days be of `zone` if none is stored yet; those that are stay as they are."""
    days = stored_days(client)
    if days.is_empty and days.zone != zone:
        set_zone(client, zone, complete=True)


def set_zone(client: Client, zone: str, *, complete: bool) -> None:
    """Say whose days are stored from now on."""
    client.command(text("warehouse/set_zone"), {"zone": zone, "complete": complete})


def refill(client: Client, zone: str) -> None:
    """Count every stored campaign event again, in the days of `zone`. No feed may run meanwhile.

    Raises:
        click.ClickException: when some were stored before people had numbers.
    """
    if unnumbered := rows(client, "warehouse/unnumbered")[0]["events"]:
        raise click.ClickException(
            f"{unnumbered:,} events in campaign_events have no person's number; "
            "`flowdrop warehouse rebuild campaign_events` refills it from Kafka, with the tables "
            "of reach"
        )
    set_zone(client, zone, complete=False)
    for table in reversed(REACH):
        empty_table(client, table)
    client.command(text("warehouse/refill_reach"), {"partitions": []})
    set_zone(client, zone, complete=True)
