"""The command that finds and corrects what a key in the wrong hands has done."""

from __future__ import annotations

from collections import Counter

import click

from flowdrop.options import as_json_option
from flowdrop.output import print_json, print_rows, say


@click.command("forged")
@click.option("--key", default="", help="Only legs signed with this key (default: any).")
@click.option(
    "--rows", "limit", default=20, show_default=True, help="Maximum number of rows to show."
)
@click.option("--undo", is_flag=True, help="Send the events that correct it, after confirmation.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@as_json_option()
def forged(key: str, limit: int, *, undo: bool, yes: bool, as_json: bool) -> None:
    """List legs that the ledger accepted but did not write; with --undo take them back.

    Every partition's log is folded again: what it sent is the ledger's. A forged leg's coins are
    taken from whoever it paid, as far as they are still there; the account
    missing:PROGRAM@PARTITION owes what has been spent. A leg of the ledger's own that was refused
    because a forged one had come under its number is delivered. What a forged leg made others do
    (`by hand`) is theirs to reverse: `flowdrop ledger trace` shows it. Take another key into use
    first.

    Example: flowdrop ledger forged --key k1 --undo
    """
    from datetime import UTC, datetime

    from flowdrop.progress import progress
    from flowdrop.settings import Addresses, load
    from streams.inspect.forged import corrections, find
    from streams.kafka.keyrings import operator_key
    from streams.kafka.publish import publish
    from streams.settings import StreamSettings

    kafka, settings = load(Addresses).kafka, load(StreamSettings)
    with progress() as bar:
        task = bar.add_task("fold the logs", total=None)
        found = find(kafka, settings, key, lambda records: bar.advance(task, records))
    rows = [one.row() for one in found]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows[:limit], title="Forged and displaced legs", empty="none")
        if len(rows) > limit:
            say(f"{limit} of {len(rows):,}; see more with --rows")
    events = list(corrections(found, operator_key(kafka, settings), datetime.now(UTC)))
    if not undo or not events:
        return
    counts = Counter(event.data.step for event in events)
    told = ", ".join(f"{count:,} to {step}" for step, count in sorted(counts.items()))
    if not yes:
        click.confirm(f"send {len(events):,} corrections ({told})?", abort=True, err=True)
    publish(events, kafka, settings.partitions)
    say(f"sent {len(events):,} corrections ({told}); `flowdrop ledger trace` shows what they did")
