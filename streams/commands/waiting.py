"""Commands about what waits for a wallet: which coins, and how an owner gets them."""

from __future__ import annotations

import click

from flowdrop.options import as_json_option
from flowdrop.output import print_json, print_rows, say

SHOWN_MAX = 50


@click.group("waiting", invoke_without_command=True)
@click.option("--program", default="", help="Only coins of this program.")
@click.option(
    "--rows", "limit", default=SHOWN_MAX, show_default=True, help="Maximum number of rows to show."
)
@as_json_option()
@click.pass_context
def waiting(context: click.Context, program: str, limit: int, *, as_json: bool) -> None:
    """List what waits for a wallet: for whom, from whom, how much, since when, due when.

    A gift to a name without a wallet waits until one is opened, and may go back after 30 days
    (`flowdrop ledger due`). Coins that came back to a closed wallet (their payer is left empty)
    wait until they are released to another wallet of the same owner.

    Example: flowdrop ledger waiting --program liuliangbao
    """
    from flowdrop.settings import Addresses, load

    if context.invoked_subcommand is not None:
        return
    from streams.inspect.waiting import find
    from streams.kafka.publish import require_topics
    from streams.kafka.topics import ACCOUNTS_CHANGELOG
    from streams.settings import StreamSettings

    kafka, settings = load(Addresses).kafka, load(StreamSettings)
    require_topics(kafka, settings.partitions, ACCOUNTS_CHANGELOG)
    found = [one._asdict() for one in find(kafka, settings.partitions, program)]
    if as_json:
        print_json(found)
        return
    print_rows(found[:limit], title="Waiting for a wallet")
    if len(found) > limit:
        say(f"{limit} of {len(found):,}; see more with --rows")


@waiting.command("release")
@click.argument("name")
@click.option("--to", required=True, help="Another wallet of the same owner.")
@click.option("--program", default="", help="Whose coins; needed if there are several programs'.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def release(name: str, to: str, program: str, *, yes: bool) -> None:
    """Give what waits for the closed wallet NAME to another of its owner, after confirmation.

    The ledger judges it on arrival: `flowdrop ledger trace` says what became of it.

    Example: flowdrop ledger waiting release cj:17 --to cj:2017
    """
    from datetime import UTC, datetime

    from flowdrop.settings import Addresses, load
    from streams.inspect.waiting import find
    from streams.inspect.waiting import release as event_of
    from streams.kafka.publish import publish, require_topics
    from streams.kafka.topics import ACCOUNTS_CHANGELOG
    from streams.settings import StreamSettings

    kafka, settings = load(Addresses).kafka, load(StreamSettings)
    require_topics(kafka, settings.partitions, ACCOUNTS_CHANGELOG)
    found = [one for one in find(kafka, settings.partitions, program, name) if not one.payer]
    if not found:
        raise click.ClickException(
            f"no coins of its own wait for {name}; `flowdrop ledger waiting` lists what waits"
        )
    if len(found) > 1:
        raise click.ClickException(
            f"coins of {', '.join(one.program for one in found)} wait for {name}; "
            "say which with --program"
        )
    (own,) = found
    if not yes:
        click.confirm(
            f"give {own.amount:,} coins of {own.program} that wait for {name} to {to}?",
            abort=True,
            err=True,
        )
    event = event_of(name, own.program, to, datetime.now(UTC))
    publish([event], kafka, settings.partitions)
    say(f"sent; see what became of it with `flowdrop ledger trace {event.id}`")
