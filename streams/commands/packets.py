"""Commands about red packets: the luckiest draws, and who brought the people who drew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_json_option
from flowdrop.output import print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST, LAST = "1970-01-01", "2200-01-01"


@click.group(epilog="Example: flowdrop packets luckiest --campaign spring")
def packets() -> None:
    """Show the luckiest draws from red packets, and whose shares brought people to them."""


def _which(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that select draws."""
    for option in (
        as_json_option(),
        click.option("--limit", default=10, show_default=True, help="Maximum number of rows."),
        click.option("--until", default=LAST, help="Before this time (ISO 8601, UTC)."),
        click.option("--since", default=FIRST, help="From this time on (ISO 8601, UTC)."),
        click.option("--campaign", default="", help="Only this campaign's packets."),
        click.option("--packet", default="", help="Only this packet."),
        click.option("--program", default="", help="Only packets of this program."),
    ):
        command = option(command)
    return command


@packets.command("luckiest")
@_which
def luckiest(*, as_json: bool, **which: Any) -> None:
    """List the largest draws, the earliest first among equals.

    Example: flowdrop packets luckiest --packet packet:new-year@3 --limit 1
    """
    _show("luckiest", "Luckiest draws", which, as_json=as_json)


@packets.command("sharers")
@_which
def sharers(*, as_json: bool, **which: Any) -> None:
    """List who passed packets on by how many people drew through their shares.

    First level only: those who share in turn are counted separately.

    Example: flowdrop packets sharers --campaign spring
    """
    _show("sharers", "Sharers", which, as_json=as_json)


def _show(query: str, title: str, which: dict[str, Any], *, as_json: bool) -> None:
    from flowdrop.settings import Addresses, load
    from sql.client import connect, rows
    from streams.inspect.history import parse_time

    for option in ("since", "until"):
        which[option] = parse_time(which[option], option).replace(tzinfo=None)
    found = rows(connect(load(Addresses).clickhouse), f"packets/{query}", **which)
    for row in found:
        if "time" in row:
            row["time"] = f"{row['time'].isoformat()}+00:00"
    if as_json:
        print_json(found)
    else:
        print_rows(found, title=title, empty="nobody drew from one")
