"""`flowdrop audit`: who did what in the console, and the proof that nothing was changed since."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.access_cli import console_session
from flowdrop.options import as_csv_option, as_json_option


@click.group("audit", epilog="Example: flowdrop audit verify")
def audit() -> None:
    """Read the console's audit log; check its chain of hashes."""


@audit.command("list", epilog="Example: flowdrop audit list --about drop:spring")
@click.option("--about", default="", help="Only of this person, thing or action.")
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many."
)
@as_json_option()
@as_csv_option()
def list_entries(about: str, limit: int, *, as_json: bool, as_csv: bool) -> None:
    """List who did what, the latest first."""
    from console.access import audit as log
    from console.access import told
    from flowdrop.output import json_text, print_csv, print_json, print_rows

    with console_session() as session:
        found = log.entries(session, limit=limit, about=about)
        rows = [asdict(told.entry(each)) for each in found]
    if as_json:
        print_json(rows)
        return
    few = ("id", "at", "who", "action", "thing")
    short = [
        {**{key: row[key] for key in few}, "detail": json_text(row["detail"]) or ""} for row in rows
    ]
    if as_csv:
        print_csv(short, (*few, "detail"))
    else:
        print_rows(short, title="Audit log", empty="nothing was done yet")


@audit.command("verify", epilog="Example: flowdrop audit verify --json")
@click.option(
    "--expect",
    default="",
    metavar="HASH",
    help="A head that an earlier check printed, which must be in the chain still.",
)
@as_json_option()
def verify(expect: str, *, as_json: bool) -> None:
    """Read the whole audit log again: is each entry what was written, and none missing?

    It exits with status 1 if not. Keep the head that it prints elsewhere: with `--expect` a later
    check shows even a log that was written anew.
    """
    from console.access import audit as log
    from flowdrop.output import print_json, say

    with console_session() as session:
        found = log.verify(session, expect)
    if as_json:
        print_json(asdict(found))
    elif found.is_whole:
        say(f"whole: {found.entries:,} entries, the head is {found.head}")
    if not found.is_whole:
        if found.broken_at is not None:
            told = f"entry {found.broken_at} is not what was written, or one before it is missing"
        elif expect and found.expected_at is None:
            told = f"no entry has the hash {expect}: the log was written anew since"
        else:
            told = "its last entries are missing"
        raise click.ClickException(f"the audit log was tampered with: {told}")
