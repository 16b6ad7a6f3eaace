"""Commands about the ledger: an account, what an event caused, what is due, what waits."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from flowdrop.options import as_json_option
from flowdrop.output import counted, print_json, print_rows, say
from streams.commands.forged import forged
from streams.commands.keys import keys
from streams.commands.waiting import waiting

if TYPE_CHECKING:
    from datetime import datetime

    from rich.tree import Tree

    from streams.inspect.due import Found
    from streams.inspect.trace import Record, Story
    from streams.settings import StreamSettings


@click.group(epilog="Example: flowdrop ledger show member:17")
def ledger() -> None:
    """Look into the ledger: an account, what an event caused, what is due, what waits, its keys."""


ledger.add_command(forged)
ledger.add_command(keys)
ledger.add_command(waiting)


@ledger.command("show")
@click.argument("account")
@click.option(
    "--at",
    help="As it stood when the log passed this time (ISO 8601, UTC unless it has an offset).",
)
@click.option(
    "--postings", "limit", default=20, show_default=True, help="Maximum number of postings."
)
@as_json_option()
def show(account: str, at: str | None, limit: int, *, as_json: bool) -> None:
    """Show ACCOUNT: its balances as the worker has them, and its last postings.

    With --at it is shown as ClickHouse's postings had it when the log passed that time: before the
    first applied event of its partition whose own time is later. So it is a balance that the
    account really had, and a late event counts from its arrival. Without a worker it is shown from
    ClickHouse, and a note says so.

    Example: flowdrop ledger show cj:17 --at 2008-03-01
    """
    import msgspec

    from flowdrop.settings import Addresses, load
    from sql.client import connect
    from streams.inspect.history import parse_time, show_at, show_live
    from streams.settings import StreamSettings

    addresses = load(Addresses)
    if at is not None:
        shown = show_at(connect(addresses.clickhouse), account, parse_time(at), limit)
    else:
        try:
            client = connect(addresses.clickhouse)
        except click.ClickException:
            client = None
        token = load(StreamSettings).worker_token.get_secret_value()
        shown = show_live(addresses.worker, token, client, account, limit)
    body = msgspec.to_builtins(shown)
    if as_json:
        print_json(body)
        return
    postings, as_of = body.pop("postings"), body.pop("as_of")
    source, note, terms = body.pop("source"), body.pop("note"), body.pop("terms")
    print_rows([body], title=account)
    for name, title in (("holds", "Held for redemptions"), ("orders", "Held for orders")):
        if held := terms.pop(name, []):
            print_rows(held, title=title)
    if terms:
        print_rows([terms], title="Terms")
    print_rows(postings, title="Postings, last applied first")
    say(
        f"as of {as_of['time']}, partition {as_of['partition']}, offset {as_of['offset']:,}, "
        f"by the {source}"
    )
    if note:
        say(note)


@ledger.command("trace")
@click.argument("event_id")
@click.option("--source", default="", help="Only events of this source.")
@click.option("--bytes", "with_bytes", is_flag=True, help="Show the bytes of the log's records.")
@as_json_option()
def trace(event_id: str, source: str, *, with_bytes: bool, as_json: bool) -> None:
    """Show every record that the event EVENT_ID caused, across partitions and topics.

    That is every copy of the event that was sent, the copy forwarded to the right partition,
    results with their postings, legs in other partitions' logs and their results, and dead letters
    that contain the id. What a program's rules refused is shown with what they say: which carrier
    is closed, since when, and what is open. Source and id name an event, within its subject: events
    of several sources or subjects are shown separately.

    Example: flowdrop ledger trace cj/basket/31198459704
    """
    import msgspec
    from rich.console import Console

    from flowdrop.settings import Addresses, load
    from sql.client import connect
    from streams.inspect.trace import trace as find
    from streams.programs import load as load_programs
    from streams.settings import StreamSettings

    if not event_id.strip():
        raise click.ClickException("EVENT_ID is empty; an event's id has at least one character")
    addresses, programs = load(Addresses), load_programs(load(StreamSettings).programs)
    found = find(addresses.kafka, connect(addresses.clickhouse), event_id, source, programs)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    out = Console()
    for story in found.subjects:
        out.print(_tree(story, with_bytes=with_bytes))


@ledger.command("due")
@click.option("--at", help="By this time (ISO 8601, UTC unless it has an offset; default: now).")
@click.option(
    "--what",
    help="Only these kinds, separated by commas: redemption, packet, custody, deposit, waiting.",
)
@click.option(
    "--rows", "limit", default=20, show_default=True, help="Maximum number of rows to show."
)
@click.option("--send", is_flag=True, help="Send the events that do it, after confirmation.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    help="Wait until a worker has judged what was sent, and report what became of it.",
)
@as_json_option()
def due(
    *,
    at: str | None,
    what: str | None,
    limit: int,
    send: bool,
    yes: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """List what is due, and with --send, do it.

    That is: redemptions that no carrier answered in time, red packets that are over, custody fees
    of months that have begun, deposits whose term is over, gifts that have waited 30 days for a
    wallet. The ledger has no clock: each happens only by an event, so run this regularly (every
    hour, say) with --send --yes. What was done in the meantime is refused by name when its event
    arrives, and moves nothing.

    Example: flowdrop ledger due --what redemption,packet --send
    """
    from datetime import UTC, datetime

    from flowdrop.settings import Addresses, load
    from streams.inspect.due import WHATS
    from streams.inspect.history import parse_time
    from streams.kafka.publish.outbox import Outbox, end
    from streams.settings import StreamSettings

    now = datetime.now(UTC)
    moment = now if at is None else parse_time(at)
    if send and moment > now:
        raise click.ClickException(
            f"--at {at} is in the future; leave out --send to see what is due then"
        )
    wanted = set(what.split(",")) if what else set(WHATS)
    if unknown := sorted(wanted.difference(WHATS)):
        raise click.ClickException(f"--what {unknown[0]!r} is not one of {', '.join(WHATS)}")
    kafka, settings = load(Addresses).kafka, load(StreamSettings)
    found, unnamed = _find_due(kafka, settings, moment)
    found = [one for one in found if one.what in wanted]
    if as_json:
        print_json([one._asdict() | {"event": one.event.id} for one in found])
    else:
        shown = [dict(zip(one._fields[:-1], one[:-1], strict=True)) for one in found[:limit]]
        print_rows(shown, title=f"Due by {moment.isoformat(timespec='seconds')}")
        if len(found) > limit:
            say(f"{limit} of {len(found):,}; see more with --rows")
    if unnamed and "redemption" in wanted:
        say(
            f"due but not yet known to ClickHouse: {counted(unnamed, 'redemption')}; "
            "try again later"
        )
    if not send or not found:
        return
    counts = Counter(one.what for one in found)
    told = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    if not yes:
        click.confirm(f"send {counted(len(found), 'event')} ({told})?", abort=True, err=True)
    outbox = Outbox(kafka, settings.partitions, wait=wait)
    outbox(one.event for one in found)
    say(f"sent {counted(len(found), 'event')} ({told})")
    became = outbox.told()
    if became is not None:
        say(f"{count:,} {outcome}" for outcome, count in became.outcomes.items())
    end(became)


def _find_due(kafka: str, settings: StreamSettings, moment: datetime) -> Found:
    from flowdrop.progress import progress
    from flowdrop.settings import Addresses, load
    from sql.client import connect
    from streams.inspect.due import find
    from streams.kafka.publish import require_topics
    from streams.kafka.topics import ACCOUNTS_CHANGELOG, ends, reader
    from streams.programs import load as load_programs

    count = settings.partitions
    require_topics(kafka, count, ACCOUNTS_CHANGELOG)
    client, programs = connect(load(Addresses).clickhouse), load_programs(settings.programs)
    consumer = reader(kafka)
    try:
        total = sum(place.end - place.first for place in ends(consumer, ACCOUNTS_CHANGELOG, count))
    finally:
        consumer.close()
    with progress() as bar:
        task = bar.add_task("accounts", total=total)
        found = find(kafka, client, count, programs, moment, lambda n: bar.advance(task, n))
        bar.update(task, completed=total)  # markers and compacted records are not counted
    return found


def _tree(story: Story, *, with_bytes: bool) -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    label = Text(story.subject or "(no key)", style="bold")
    if story.source:
        label.append(f"  from {story.source}", style="dim")
    tree = Tree(label)
    branches: dict[str | None, Tree] = {None: tree}
    for record in story.records:
        parent = branches.get(record.caused_by, tree)
        branch = branches[record.place] = parent.add(Text(_line(record)))
        for posting in record.postings:
            branch.add(
                Text(
                    f"{posting['account']} {posting['amount']:+,} = {posting['balance']:,} "
                    f"(version {posting['version']:,}{_held(posting['pending'])})"
                )
            )
        if record.detail:
            branch.add(Text(record.detail))
        if with_bytes and record.value is not None:
            branch.add(Text(record.value, style="dim"))
    for place in story.on_their_way:
        branches.get(place, tree).add(Text("a leg is in transit", style="yellow"))
    return tree


def _held(pending: int) -> str:
    return f", {pending:,} pending" if pending else ""


def _line(record: Record) -> str:
    did = " ".join(filter(None, (record.outcome, record.reason)))
    when = f"arrived {record.arrived}" if record.arrived else ""
    named = " ".join(filter(None, (record.step or record.type, record.event_id)))
    what = f"{record.what} {named}" if record.what in {"event", "forwarded", "leg"} else record.what
    return "  ".join(filter(None, (what.strip(), record.place, did, when)))
