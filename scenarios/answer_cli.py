"""`flowdrop city`: a simulated city's people answer a drop that was launched for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_json_option
from scenarios.options import WORLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenarios.city.answers import Asked, TrueArm
    from scenarios.city.plan import World
    from scenarios.replay import Summary

CATCH_UP_SECONDS = 60.0


@click.group("city", epilog="Example: flowdrop city answer spring --json")
def city() -> None:
    """Let the people of a simulated city answer what was launched for them."""


@city.command("answer", epilog="Example: flowdrop city answer spring --world seen")
@click.argument("drop")
@WORLD
@click.option("--rate", type=click.IntRange(min=1), help="Events per second (default: no limit).")
@as_json_option()
def answer(drop: str, world: World, rate: int | None, *, as_json: bool) -> None:
    """Publish what people do about a launched DROP: they look, click, visit, buy and redeem.

    It asks the warehouse whom the drop drew into which arm, and who got how many coins; each person
    then does what the city's formula says (docs/city.md), within 16 seconds of the launch, which it
    waits for. Ids, times and contents are always the same: answering again changes nothing. It ends
    with what the drop truly does, to compare with `flowdrop report lift`.

    The world must be the one in which the city was replayed.
    """
    from flowdrop.output import print_json, say
    from scenarios import NOTES
    from scenarios.city.answers import answers, truth
    from scenarios.replay import Options, ended_well, run
    from scenarios.source import Source, supply

    asked = _asked(drop)
    _wait(asked)
    events = answers(drop, asked, world)
    options = Options(rate=rate)
    summary = run(
        "city-answer",
        lambda _, partitions: supply(Source(len(events), iter(events)), partitions),
        options,
        {"drop": drop, "world": world},
    )
    arms = truth(drop, asked, world)
    if as_json:
        told = summary.told and summary.told._asdict()
        rows = [arm._asdict() for arm in arms]
        facts: dict[str, Any] = {"drop": drop, "world": world, "people": len(asked), "arms": rows}
        print_json({**facts, **summary._asdict(), "told": told, "note": NOTES["city"]})
    else:
        _print(drop, summary, arms)
    if summary.told is not None:
        say(summary.told.words())
    if not summary.complete or not ended_well(summary, options):
        raise SystemExit(1)


def _asked(drop: str) -> list[Asked]:
    """Return the drop's people, once the warehouse knows all that was sent so far."""
    from flowdrop.settings import Addresses, load
    from scenarios.city.answers import Asked
    from sql.client import connect, rows
    from streams.kafka.publish.caught_up import caught_up
    from streams.settings import StreamSettings

    client = connect()
    caught_up(load(Addresses).kafka, client, load(StreamSettings).partitions, CATCH_UP_SECONDS)
    found = [Asked(**row) for row in rows(client, "city/asked", campaign=drop)]
    if not found:
        raise click.ClickException(
            f"drop {drop!r} has drawn no people of a city into arms; launch one for them with "
            f"`flowdrop drop launch {drop}`, or see `flowdrop drop list`"
        )
    return found


def _wait(asked: Sequence[Asked]) -> None:
    """Wait until everything that people do has happened."""
    import time

    from flowdrop.output import say
    from scenarios.city.answers import SPAN
    from scenarios.source import EPOCH, MICROSECOND

    over = EPOCH + max(one.assigned_us for one in asked) * MICROSECOND + SPAN
    left = (over - datetime.now(UTC)).total_seconds()
    if left > 0:
        say(f"waiting {left:.0f} s for the city to answer")
        time.sleep(left)


def _print(drop: str, summary: Summary, arms: Sequence[TrueArm]) -> None:
    from flowdrop.output import print_rows, say
    from scenarios import NOTES

    rows = [{"type": kind, "events": count} for kind, count in summary.events.items()]
    print_rows(rows, title=f"What the city did about {drop}", empty="nothing")
    if summary.told is not None:
        print_rows(summary.told.rows(), title="What became of them")
    for arm in arms:
        say(
            f"in truth, {arm.people:,} people of arm {arm.arm} convert at {100 * arm.rate_with:.1f}"
            f" %, and would at {100 * arm.rate_without:.1f} % if nothing was done: "
            f"{100 * arm.effect:+.1f} percentage points"
        )
    say(NOTES["city"])
