"""`flowdrop warehouse`: see what it lacks, refill it from Kafka."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import click

from flowdrop.options import as_json_option
from flowdrop.output import print_json, print_rows, say
from sql.chains import REACH, TABLES

STANDS_SECONDS_MAX = 120.0


@click.group(epilog="Example: flowdrop warehouse check")
def warehouse() -> None:
    """See whether ClickHouse has what Kafka has, and refill it."""


@warehouse.command("check")
@as_json_option("Print JSON: a list of table, state.")
def check(*, as_json: bool) -> None:
    """Read the feed's tables in full; set aside what is broken, and say what is missing.

    Example: flowdrop warehouse check
    """
    from sql.chains import CHAINS
    from sql.client import connect_to_write
    from sql.condition import missing, set_aside_broken

    client = connect_to_write()
    for table in CHAINS:
        set_aside_broken(client, table)
    lacking = missing(client)
    rows = [{"table": table, "state": lacking.get(table, "whole")} for table in TABLES]
    print_json(rows) if as_json else print_rows(rows, title="Warehouse")
    if lacking:
        sys.exit(1)


@warehouse.command("rebuild")
@click.argument("table", required=False, type=click.Choice(TABLES))
@click.option("--yes", is_flag=True, help="Don't ask.")
def rebuild(*, table: str | None, yes: bool) -> None:
    """Empty TABLE, or all that the feed fills, and refill it from Kafka.

    The tables of reach are refilled together, from campaign_events, in the days of the setting
    `zone`. Models, scores, audiences and drops stay; reports are incomplete until it is done. On
    this machine the feed is stopped and restarted; elsewhere stop every feed first.

    Example: flowdrop warehouse rebuild ledger_results
    """
    from flowdrop.settings import Addresses, load
    from sql.client import connect
    from sql.days import refill
    from streams.feed import rebuild as again
    from streams.settings import StreamSettings

    addresses, zone = load(Addresses), load(StreamSettings).zone
    kafka, client = addresses.kafka, connect(addresses.changing)
    of_reach = table in REACH
    heads = [] if of_reach else again.heads(table)
    if not yes:
        named = ", ".join(REACH if of_reach else heads)
        click.confirm(f"Empty {named} and refill them?", abort=True, err=True)
    ours = _feed_is_ours()
    if ours:
        _flowdrop("down", "feed")
    again.require_no_feed(kafka)
    for head in heads:
        again.empty(client, head, zone)
    if of_reach:
        refill(client, zone)
    elif not ours:
        say("emptied; restart the feed (`flowdrop up` does), and it refills them")
        return
    if ours:
        _flowdrop("up", "feed")
    for head in heads:
        _follow(kafka, head)


def _follow(kafka: str, table: str) -> None:
    """Show how far a table is fed, until it has all that was there at the start.

    Raises:
        click.ClickException: when the feed makes no progress.
    """
    from flowdrop.progress import progress
    from flowdrop.settings import load
    from sql.client import connect
    from streams.feed import rebuild as again
    from streams.settings import StreamSettings

    last = again.wanted(kafka, table, load(StreamSettings).partitions)
    with progress() as bar:
        task = bar.add_task(table, total=sum(end + 1 for end in last.values()))
        before, since = -1, time.monotonic()
        for fed in again.progress(connect(), table, last):
            bar.update(task, completed=fed)
            if fed != before:
                before, since = fed, time.monotonic()
            elif time.monotonic() - since > STANDS_SECONDS_MAX:
                raise click.ClickException(
                    f"{table} has not grown for {STANDS_SECONDS_MAX:.0f} s; see `flowdrop status`"
                )


def _feed_is_ours() -> bool:
    """Return whether `flowdrop up` has started a feed on this machine."""
    shown = subprocess.run(
        [sys.executable, "-m", "flowdrop", "status", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    rows = json.loads(shown.stdout or "[]")
    return any(row["part"] == "feed" and row["state"] != "stopped" for row in rows)


def _flowdrop(*argv: str) -> None:
    done = subprocess.run([sys.executable, "-m", "flowdrop", *argv], check=False)
    if done.returncode:
        raise click.ClickException(f"`flowdrop {' '.join(argv)}` failed; run it, then this again")
