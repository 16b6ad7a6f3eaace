"""Commands of the streams: worker, feed, topics, balances, dead letters, events, reconcile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowdrop.output import counted, echo, print_json, print_rows, say

if TYPE_CHECKING:
    from streams.reconcile.report import Check

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.option("--port", type=int, help="Port of the web views (default: the setting worker_port).")
def worker(port: int | None) -> None:
    """Run a worker: it folds wallet events into balances and checks campaign events.

    Several workers share the partitions; start as many as there are cores, each on a port of its
    own. It makes missing topics first. SIGTERM drains, commits and leaves the group.

    Example: flowdrop worker --port 6067
    """
    from flowdrop.settings import Addresses, load
    from streams.app import create_worker, run
    from streams.settings import StreamSettings
    from streams.topics import create_topics

    addresses, settings = load(Addresses), load(StreamSettings)
    if port is not None:
        settings = settings.model_copy(update={"worker_port": port})
    settings = settings.model_copy(
        update={"datadir": settings.datadir / f"worker-{settings.worker_port}"}
    )
    create_topics(addresses.kafka, settings)
    run(create_worker(addresses.kafka, settings))


@click.command()
def feed() -> None:
    """Run the feed, which brings postings, campaign events and dead letters into ClickHouse.

    It waits for ClickHouse if that is down, and goes on after the last row stored.

    Example: flowdrop feed
    """
    from flowdrop.settings import Addresses, load
    from sql.client import connect
    from streams.app import create_feed, run
    from streams.feed import check_migrated, inspect
    from streams.settings import StreamSettings
    from streams.topics import create_topics

    addresses, settings = load(Addresses), load(StreamSettings)
    settings = settings.model_copy(update={"datadir": settings.datadir / "feed"})
    client = connect(addresses.feeding)
    check_migrated(client)
    trouble = inspect(client)
    create_topics(addresses.kafka, settings)
    run(create_feed(addresses.kafka, addresses.feeding, settings, trouble))


@click.group()
def topics() -> None:
    """Create, show or mend the Kafka topics."""


@topics.command("create")
def topics_create() -> None:
    """Make the topics that are missing.

    Example: flowdrop topics create
    """
    from flowdrop.settings import Addresses, load
    from streams.settings import StreamSettings
    from streams.topics import create_topics

    made = create_topics(load(Addresses).kafka, load(StreamSettings))
    say(f"made {name}" for name in made)
    say(f"{counted(len(made), 'topic')} made, the others were there")


@topics.command("mend")
@click.option("--yes", is_flag=True, help="Do not ask.")
def topics_mend(*, yes: bool) -> None:
    """Have Kafka itself say when a record of the logs arrived, not who wrote it.

    It sets message.timestamp.type of wallet.events and campaign.events to LogAppendTime, which a
    worker needs. Records that are there keep their time stamps. If no worker has read them, nothing
    is lost by deleting and creating the topics; if one has, look at `flowdrop deadletters list` and
    the refusals `too_old` for what a wrong stamp did.

    Example: flowdrop topics mend
    """
    from flowdrop.settings import Addresses, load
    from streams.topics import BY_BROKER, STAMPS, mend_stamps

    if not yes:
        click.confirm(f"set {STAMPS}={BY_BROKER} where it is not?", abort=True, err=True)
    mended = mend_stamps(load(Addresses).kafka)
    say(f"mended {name}" for name in mended)
    say(f"{counted(len(mended), 'topic')} mended")


@topics.command("show")
@as_json_option
def topics_show(*, as_json: bool) -> None:
    """Show each topic's partitions, where they end (markers included), who stamps its records.

    Exits with status 1 if a log takes the time stamps of whoever writes to it.

    Example: flowdrop topics show --json
    """
    from confluent_kafka.admin import AdminClient

    from flowdrop.settings import Addresses, load
    from streams.settings import StreamSettings
    from streams.topics import TOPICS, ends, reader, require_stamps, stamps

    settings, kafka = load(StreamSettings), load(Addresses).kafka
    consumer = reader(kafka)
    stamped = stamps(AdminClient({"bootstrap.servers": kafka}))
    rows = []
    for name in TOPICS:
        places = ends(consumer, name, settings.partitions)
        rows.append(
            {
                "topic": name,
                "partitions": len(places),
                "offsets": sum(place.end - place.first for place in places),
                "largest": max(place.end for place in places),
                "stamps": stamped.get(name),
            }
        )
    consumer.close()
    print_json(rows) if as_json else print_rows(rows, title="Topics")
    require_stamps(stamped)


@click.command()
@click.argument("account")
@as_json_option
def balance(account: str, *, as_json: bool) -> None:
    """Show the live balance of ACCOUNT, as committed by the worker that owns it.

    Example: flowdrop balance cj:17
    """
    from flowdrop.settings import Addresses, load
    from streams.balances import live_balance
    from streams.settings import StreamSettings

    token = load(StreamSettings).worker_token.get_secret_value()
    body = live_balance(load(Addresses).worker, account, token)
    if as_json:
        print_json(body)
        return
    as_of = body.pop("as_of")
    print_rows([body], title=account)
    say(f"as of {as_of['time']}, partition {as_of['partition']}, offset {as_of['offset']:,}")


@click.group()
def deadletters() -> None:
    """List, show or retry records that were set aside."""


@deadletters.command("list")
@click.option("--reason", help="Only those with this reason.")
@click.option("--limit", default=50, show_default=True, help="Rows at most; 0 for all.")
@as_json_option
def deadletters_list(reason: str | None, limit: int, *, as_json: bool) -> None:
    """List dead letters, oldest first in each partition, with how many there are of each reason.

    Example: flowdrop deadletters list --reason not_json
    """
    from collections import Counter

    from flowdrop.settings import Addresses, load
    from streams.morgue import dead_letters
    from streams.settings import StreamSettings

    letters = list(dead_letters(load(Addresses).kafka, load(StreamSettings).partitions))
    counts = Counter(letter.reason for letter in letters)
    chosen = [letter for letter in letters if reason in {None, letter.reason}]
    shown = [letter.row() for letter in (chosen[:limit] if limit else chosen)]
    if as_json:
        print_json({"count": len(letters), "reasons": dict(sorted(counts.items())), "rows": shown})
        return
    print_rows(shown, title="Dead letters", empty="none, every record was readable")
    print_rows([{"reason": r, "records": n} for r, n in sorted(counts.items())], title="By reason")
    if len(shown) < len(chosen):
        say(f"{len(shown)} of {len(chosen)} shown; --limit 0 shows all")


@deadletters.command("show")
@click.argument("place")
@as_json_option
def deadletters_show(place: str, *, as_json: bool) -> None:
    """Show the dead letter of PLACE (topic:partition:offset) with its bytes.

    Example: flowdrop deadletters show wallet.events:3:1742
    """
    from flowdrop.settings import Addresses, load
    from streams.morgue import dead_letter, parse_place

    letter = dead_letter(load(Addresses).kafka, parse_place(place))
    if as_json:
        print_json({**letter.row(), "value": letter.text()})
        return
    print_rows([letter.row()], title=place)
    echo(letter.text())


@deadletters.command("retry")
@click.argument("place")
@click.option(
    "--value",
    "value_file",
    type=click.Path(exists=True, dir_okay=False),
    help="File with the mended record; without it the same bytes are sent again.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    help="Wait until a worker has judged it, and tell what became of it.",
)
def deadletters_retry(place: str, value_file: str | None, *, yes: bool, wait: bool) -> None:
    """Send the record of PLACE to its topic again, mended or as it was.

    Example: flowdrop deadletters retry wallet.events:3:1742 --value mended.json
    """
    from pathlib import Path

    from flowdrop.settings import Addresses, load
    from streams.morgue import dead_letter, parse_place, retry
    from streams.publish.outbox import Outbox, end
    from streams.settings import StreamSettings

    kafka, settings = load(Addresses).kafka, load(StreamSettings)
    letter = dead_letter(kafka, parse_place(place))
    value = Path(value_file).read_bytes() if value_file else letter.value
    if not yes:
        click.confirm(
            f"send {len(value or b''):,} bytes to {letter.place.topic}, once set aside as "
            f"{letter.reason}?",
            abort=True,
            err=True,
        )
    outbox = Outbox(kafka, settings.partitions, wait=wait)
    partition = retry(outbox, letter, value, settings.partitions)
    say(f"sent to {letter.place.topic} partition {partition}")
    told = outbox.told()
    if told is not None:
        say(told.outcomes)
    end(told)


@click.group()
def events() -> None:
    """List event types, print their JSON Schemas, check a file."""


@events.command("list")
@as_json_option
def events_list(*, as_json: bool) -> None:
    """List every event type with what it says.

    Example: flowdrop events list
    """
    from streams.schemas import schemas

    rows = [
        {"type": name, "description": schema["description"]} for name, schema in schemas().items()
    ]
    print_json(rows) if as_json else print_rows(rows, title="Events")


@events.command("schema")
@click.argument("name", required=False)
@click.option("--write", type=click.Path(file_okay=False), help="Write one file a type there.")
def events_schema(name: str | None, write: str | None) -> None:
    """Print the JSON Schema of the event type NAME, or of all.

    Example: flowdrop events schema flowdrop.wallet.grant
    """
    from pathlib import Path

    from streams.schemas import schemas
    from streams.schemas import write as write_schemas

    known = schemas()
    if write:
        say(f"{len(write_schemas(Path(write)))} schemas written to {write}")
    elif name is None:
        print_json(known)
    elif name in known:
        print_json(known[name])
    else:
        raise click.ClickException(f"no event type {name}; see `flowdrop events list`")


@events.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@as_json_option
def events_check(file: str, *, as_json: bool) -> None:
    """Check a FILE of events, one JSON object a line, as a worker would.

    Exits with status 1 if any line would go to the dead letters.

    Example: flowdrop events check my-events.jsonl
    """
    from streams.reading import check

    faults = []
    with click.open_file(file, "rb") as lines:
        count = 0
        for count, line in enumerate(lines, start=1):
            rejection = check(line.rstrip(b"\r\n"))
            if rejection is not None:
                faults.append(
                    {"line": count, "reason": rejection.reason, "detail": rejection.detail}
                )
    if as_json:
        print_json({"lines": count, "faults": faults})
    else:
        print_rows(faults, title=f"{count:,} lines", empty="every one is a valid event")
    if faults:
        raise SystemExit(1)


@click.command()
@click.option("--wait", default=60.0, show_default=True, help="Seconds to let things settle.")
@as_json_option
def reconcile(wait: float, *, as_json: bool) -> None:
    """Prove the ledger's invariants on the log, the table, the changelog and ClickHouse.

    It folds the logs again in two processes. Exits with status 1, naming the first difference of
    each check, if anything does not hold.

    Example: flowdrop reconcile --json
    """
    import msgspec

    from flowdrop.progress import progress
    from flowdrop.settings import Addresses, load
    from streams.reconcile.proof import reconcile as prove
    from streams.settings import StreamSettings

    addresses, settings = load(Addresses), load(StreamSettings)
    with progress() as bar:
        task = bar.add_task("fold the logs", total=None)
        report = prove(
            addresses.kafka,
            addresses.feeding,  # without the limits of a user that only reads
            addresses.worker,
            settings,
            wait_seconds=wait,
            on_progress=lambda records: bar.update(task, completed=records),
        )
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        print_rows([_check_row(check) for check in report.checks], title="Reconciliation")
        ended = report.outcomes | {
            f"dead letter of {topic}": n for topic, n in report.deadletters.items()
        }
        print_rows([{"ended": name, "records": n} for name, n in ended.items()], title="Inputs")
    if not report.ok:
        say(f"does not hold: {c.name}: {c.detail}" for c in report.checks if not c.held)
        raise SystemExit(1)


def _check_row(check: Check) -> dict[str, object]:
    return {
        "check": check.name,
        "invariants": ", ".join(map(str, check.invariants)),
        "held": check.held,
        "detail": check.detail,
    }
