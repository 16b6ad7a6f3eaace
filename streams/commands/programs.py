"""Commands about programs: which exist, what is in force, whether their files are valid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowdrop.options import as_json_option
from flowdrop.output import echo, print_json, print_rows, say

if TYPE_CHECKING:
    from datetime import datetime

    from streams.programs import Program


@click.group(epilog="Example: flowdrop programs list")
def programs() -> None:
    """List the wallet programs, show what is in force, check their files."""


@programs.command("list")
@as_json_option()
def list_programs(*, as_json: bool) -> None:
    """List the programs: names, owner, unit, where coins may be redeemed, how often rules change.

    Example: flowdrop programs list
    """
    from streams.programs import load as load_programs

    rows = [
        {
            "program": name,
            "zh": program.title.zh,
            "en": program.title.en,
            "owner": program.owner.en,
            "unit": program.coin.unit,
            "carriers": list(program.carriers),
            "changes": len(program.later),
        }
        for name, program in load_programs(_folder()).items()
    ]
    if as_json:
        print_json(rows)
        return
    print_rows(
        [{**row, "carriers": ", ".join(row["carriers"])} for row in rows],  # type: ignore[arg-type]
        title="Programs",
    )


@programs.command("show")
@click.argument("program")
@click.option(
    "--at", help="As in force then (ISO 8601, UTC unless it has an offset; default: now)."
)
@as_json_option()
def show(program: str, at: str | None, *, as_json: bool) -> None:
    """Show the rules of PROGRAM in force at a time, each with its source or assumption.

    For each carrier it says what is on offer and whether its gate is closed, since when, and which
    carriers remain open.

    Example: flowdrop programs show ali-flow-wallet --at 2026-03-31
    """
    from datetime import UTC, datetime

    from streams.inspect.history import parse_time
    from streams.programs import load as load_programs
    from streams.programs.shown import body_of, lines_of

    found = load_programs(_folder())
    if program not in found:
        raise click.ClickException(f"no program {program!r}; name one of {', '.join(found)}")
    moment = datetime.now(UTC) if at is None else parse_time(at)
    body = body_of(found[program], moment)
    if as_json:
        print_json(body)
        return
    click.echo("\n".join(lines_of(body)))
    _tell_changes(found[program], moment)


@programs.command("check")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@as_json_option()
def check(folder: Path | None, *, as_json: bool) -> None:
    """Check the programs' files in FOLDER (default: those in use); report every problem.

    Each problem names file, line, key, value and remedy. Exit status 1 when there is one.

    Example: flowdrop programs check programs
    """
    from streams.programs.files import files_of, problems_of

    files = files_of(folder or _folder())
    problems = [problem for path in files for problem in problems_of(path)]
    if as_json:
        print_json([problem._asdict() for problem in problems])
    elif problems:
        echo("\n".join(map(str, problems)))
    if problems:
        raise click.exceptions.Exit(1)
    say(f"{len(files)} programs, nothing wrong")


@programs.command("publish")
@click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    help="Wait until a worker, if one runs, has read the rules, and report what became of them.",
)
@as_json_option()
def publish(*, wait: bool, as_json: bool) -> None:
    """Write the rules of every program into every partition's log: they apply from there on.

    Run it once before the first event, and after every change to a file. A replay finds the rules
    in the log, whatever the files say then. Signed with the setting rules_keys. A file that
    contradicts what was published for the time until now is refused, with its line.

    Example: flowdrop programs publish
    """
    from datetime import UTC, datetime

    from flowdrop.settings import Addresses, load
    from streams.events import WALLET_TOPIC
    from streams.inspect.published import check_the_past, published, rules_events
    from streams.kafka.keyrings import operator_key
    from streams.kafka.publish import require_topics
    from streams.kafka.publish.outbox import Outbox, end
    from streams.kafka.topics import ACCOUNTS_CHANGELOG
    from streams.settings import StreamSettings

    kafka, settings, now = load(Addresses).kafka, load(StreamSettings), datetime.now(UTC)
    require_topics(kafka, settings.partitions, WALLET_TOPIC, ACCOUNTS_CHANGELOG)
    check_the_past(_folder(), published(kafka), now)
    key, secret = operator_key(kafka, settings)
    events = list(rules_events(_folder(), settings.partitions, key=key, secret=secret, time=now))
    outbox = Outbox(kafka, settings.partitions, wait=wait)
    outbox(events)
    names = sorted({event.data.program for event in events})
    if as_json:
        print_json({"programs": names, "partitions": settings.partitions})
    else:
        say(f"published {', '.join(names)} to {settings.partitions} partitions")
    told = outbox.told()
    if told is not None and told.untold:
        say("no worker has read them yet; the first that runs will, before any event behind them")
    else:
        end(told)


def _folder() -> Path:
    from flowdrop.settings import load
    from streams.settings import StreamSettings

    return load(StreamSettings).programs


def _tell_changes(program: Program, moment: datetime) -> None:
    from streams.events.times import EPOCH, MICROSECOND, microseconds

    now = microseconds(moment)
    for later in program.later:
        when = (EPOCH + later.from_us * MICROSECOND).isoformat()
        say(f"rules {'changed' if later.from_us <= now else 'will change'} at {when}")
