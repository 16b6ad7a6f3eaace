"""`flowdrop replay`: publish a data set to Kafka as events, in time order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_json_option
from scenarios import NOTES
from scenarios.options import WORLD

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.city.plan import World
    from scenarios.replay import Summary
    from scenarios.source import Source, Supply

INTERRUPTED = 130


def _share(name: str, meaning: str) -> Callable[[Any], Any]:
    return click.option(
        name, type=click.FloatRange(0, 1), default=0.0, metavar="SHARE", help=meaning
    )


OPTIONS = (
    click.option(
        "--rate",
        type=click.IntRange(min=1),
        metavar="N",
        help="Events per second (default: as fast as possible).",
    ),
    click.option(
        "--until",
        type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
        metavar="DATE",
        help="Only what happened before DATE (UTC), for example 2017-07-01.",
    ),
    click.option(
        "--limit", type=click.IntRange(min=0), metavar="N", help="Only the first N events."
    ),
    _share("--spoil", "Add broken copies of this share of the records, in twelve ways."),
    _share("--late", "Hold this share of the records back, by up to 7 days of the events' time."),
    _share("--reorder", "Hold this share of the records back, by up to a minute."),
    _share("--duplicate", "Send this share of the records once more, within the hour."),
    _share("--skew", "Set the clocks of this share of the subjects up to an hour fast or slow."),
    click.option(
        "--wait/--no-wait",
        default=True,
        show_default=True,
        help="Wait until a worker has judged the events, and report what became of them.",
    ),
    as_json_option("Print the summary as JSON."),
)
SEED = click.option(
    "--seed", default=1, show_default=True, help="Seed for what is spoiled, and how."
)
CITY = (
    click.option(
        "--people",
        type=click.IntRange(min=2, max=100_000_000),
        default=10_000,
        show_default=True,
        help="How many people live there.",
    ),
    click.option(
        "--days",
        type=click.IntRange(min=1, max=10_000),
        default=60,
        show_default=True,
        help="How many days pass.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        default=1,
        show_default=True,
        help="Seed for the city, its people's names and what is spoiled.",
    ),
    click.option(
        "--start",
        type=click.DateTime(["%Y-%m-%d"]),
        default="2026-01-01",
        show_default=True,
        metavar="DATE",
        help="The first day (UTC).",
    ),
    WORLD,
    click.option(
        "--truth",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="Write the truth about the city there, as Parquet files, for tests to compare with.",
    ),
)


def _given(*given: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command options, shown in this order."""

    def give(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(given):
            command = option(command)
        return command

    return give


options = _given(*OPTIONS[:-1], SEED, OPTIONS[-1])
"""Give a command the options that every data set has."""


@click.group()
def replay() -> None:
    """Publish a real data set, or a simulated city, to Kafka as events, in time order.

    Event ids are stable: replaying again changes nothing. It waits for a broker that is away, and
    resumes an interrupted replay when run again. At the end it reports what became of the events,
    and exits with status 1 if any of them is lost.

    Example: flowdrop replay complete-journey --until 2017-07-01 --rate 5000
    """


@replay.command(short_help="An e-mail experiment: 64,000 people in three arms.")
@options
def hillstrom(**values: Any) -> None:
    """Replay Hillstrom's e-mail experiment: 64,000 people in three randomised arms.

    The data have no dates inside their two weeks: what was known of each person is told on
    2008-02-29, everyone is drawn and contacted on 2008-03-01, every outcome is on 2008-03-14.

    Example: flowdrop replay hillstrom --json
    """
    from scenarios.hillstrom import source

    _replay("hillstrom", _of(source), **values)


@replay.command("complete-journey", short_help="A year of 2,469 households' shopping.")
@options
def complete_journey(**values: Any) -> None:
    """Replay The Complete Journey: 2,469 households' baskets, campaigns and coupons of 2017.

    Example: flowdrop replay complete-journey --limit 10000 --spoil 0.01 --seed 7
    """
    from scenarios.complete_journey import source

    _replay("complete-journey", _of(source), **values)


@replay.command(short_help="A simulated city whose truth is known.")
@_given(*CITY, *OPTIONS)
def city(
    *, people: int, days: int, start: datetime, world: World, truth: Path | None, **values: Any
) -> None:
    """Replay a simulated city: people, wallets, red packets, campaigns and their true effects.

    The same people, days, seed, start and world give the same events. One log has room for one city
    per seed: its people and campaigns have the seed in their names.

    Example: flowdrop replay city --people 10000 --days 60 --seed 7 --truth truth
    """
    from scenarios.city.city import supply

    if truth is not None and (values["until"] or values["limit"] is not None):
        raise click.UsageError(
            "--truth covers the whole city; leave out --until and --limit, or --truth"
        )
    start = start.replace(tzinfo=UTC)
    # what began on the last day ends within two more
    if (end := start + timedelta(days=days + 2)) > (now := datetime.now(UTC)):
        raise click.UsageError(
            f"--start {start:%Y-%m-%d} and --days {days} end on {end:%Y-%m-%d}, after now "
            f"({now:%Y-%m-%d}), and the ledger refuses events in the future; start earlier"
        )
    city = {"people": people, "days": days, "start": start.isoformat(), "world": world}
    supplied = supply(people, days, values["seed"], start, truth, world)
    _replay("city", supplied, city, **values)


@replay.command(short_help="A tea house's red packet, and what two people do.")
@options
def evening(**values: Any) -> None:
    """Replay an evening in the city: a red packet for 60, two redemptions, a purchase and rewards.

    Everything happens on 2026-01-07. Replay it up to 11:59 first, so that every wallet is open
    before the packet is.

    Example: flowdrop replay evening --until 2026-01-07T11:59:00
    """
    from scenarios.evening import supply

    _replay("evening", supply, **values)


def _of(
    source: Callable[[datetime | None], Source],
) -> Callable[[datetime | None, int], Supply]:
    """Return a data set's events as a supply."""
    from scenarios.source import supply

    return lambda until, partitions: supply(source(until), partitions)


def _replay(
    name: str,
    supply: Callable[[datetime | None, int], Supply],
    city: dict[str, object] | None = None,
    *,
    until: datetime | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Publish a supply of events and print what was published."""
    from flowdrop.output import print_json, say
    from scenarios.disorder import Shares
    from scenarios.replay import Options, ended_well, run

    shares = Shares(*(values.pop(name) for name in Shares._fields))
    if shares.late + shares.reorder > 1:
        raise click.UsageError(
            f"--late {shares.late} and --reorder {shares.reorder} add up to more than 1; lower one"
        )
    if until is not None:
        until = until.replace(tzinfo=UTC)
    options = Options(until=until, disorder=shares, **values)
    summary = run(name, supply, options, city)
    if as_json:
        told = summary.told and summary.told._asdict()
        print_json({"scenario": name, **summary._asdict(), "told": told, "note": NOTES[name]})
    else:
        _print(name, summary)
    if summary.told is not None:
        say(summary.told.words())
    if not summary.complete:
        raise SystemExit(INTERRUPTED)
    if not ended_well(summary, options):
        raise SystemExit(1)


def _print(name: str, summary: Summary) -> None:
    """Print the summary for people: counts by type, broken copies by way, and the note."""
    from flowdrop.output import print_rows, say

    rows = [{"type": kind, "events": count} for kind, count in summary.events.items()]
    print_rows(rows, title=f"Replayed {name}", empty="nothing in that time")
    if summary.spoiled is not None:
        ways = [{"way": way, "records": count} for way, count in summary.spoiled.items()]
        print_rows(ways, title="Broken copies added")
    if summary.disordered is not None:
        rows = [{"what": what, "records": count} for what, count in summary.disordered.items()]
        print_rows(rows, title="Disorder")
    if summary.told is not None:
        print_rows(summary.told.rows(), title="What became of them")
    say(NOTES[name])
    if not summary.complete:
        say(
            f"Stopped after {summary.records:,} records, all acknowledged. Run it again to resume "
            "after them."
        )
