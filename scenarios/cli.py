"""`flowdrop replay`: publish a data set to Kafka as events, in time order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from scenarios import NOTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.replay import Summary
    from scenarios.source import Source

INTERRUPTED = 130

OPTIONS = (
    click.option(
        "--rate",
        type=click.IntRange(min=1),
        metavar="N",
        help="Events a second; as fast as it goes if not given.",
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
    click.option(
        "--spoil",
        type=click.FloatRange(0, 1),
        default=0.0,
        metavar="SHARE",
        help="Put broken copies beside this share of the records, in twelve ways.",
    ),
    click.option("--seed", default=1, show_default=True, help="Chooses what is spoiled, and how."),
    click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON."),
)


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that every data set has."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.group()
def replay() -> None:
    """Publish a real data set to Kafka as events, in time order.

    Event ids are stable: replaying again changes nothing.

    Example: flowdrop replay complete-journey --until 2017-07-01 --rate 5000
    """


@replay.command(short_help="An e-mail experiment: 64,000 people in three arms.")
@options
def hillstrom(**values: Any) -> None:
    """Replay Hillstrom's e-mail experiment: 64,000 people in three randomised arms.

    The data have no dates inside their two weeks: everyone is drawn and contacted on 2008-03-01,
    every outcome is on 2008-03-14.

    Example: flowdrop replay hillstrom --json
    """
    from scenarios.hillstrom import source

    _replay("hillstrom", source, **values)


@replay.command("complete-journey", short_help="A year of 2,469 households' shopping.")
@options
def complete_journey(**values: Any) -> None:
    """Replay The Complete Journey: 2,469 households' baskets, campaigns and coupons of 2017.

    Example: flowdrop replay complete-journey --limit 10000 --spoil 0.01 --seed 7
    """
    from scenarios.complete_journey import source

    _replay("complete-journey", source, **values)


def _replay(
    name: str,
    source: Callable[[datetime | None], Source],
    *,
    until: datetime | None,
    as_json: bool,
    **values: Any,
) -> None:
    """Publish the events of `source` and print what was published."""
    from flowdrop.output import print_json
    from scenarios.replay import Options, run

    summary = run(name, source, Options(until=until and until.replace(tzinfo=UTC), **values))
    if as_json:
        print_json({"scenario": name, **summary._asdict(), "note": NOTES[name]})
    else:
        _print(name, summary)
    if not summary.complete:
        raise SystemExit(INTERRUPTED)


def _print(name: str, summary: Summary) -> None:
    """Print the summary for people: counts by type, broken copies by way, and the note."""
    from flowdrop.output import print_rows, say

    rows = [{"type": kind, "events": count} for kind, count in summary.events.items()]
    print_rows(rows, title=f"Replayed {name}", empty="nothing in that time")
    if summary.spoiled is not None:
        ways = [{"way": way, "records": count} for way, count in summary.spoiled.items()]
        print_rows(ways, title="Broken copies added")
    say(NOTES[name])
    if not summary.complete:
        say(
            f"Stopped after {summary.records:,} records, all acknowledged. Run it again to "
            "publish the rest: what is there already changes nothing."
        )
