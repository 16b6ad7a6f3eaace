"""`flowdrop drop` and `flowdrop console`."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy.orm import Session

from console.drops import launch as launching
from console.drops import preview as previewing
from console.drops import register
from console.drops.outcome import outcome
from console.drops.tables import open_database
from console.drops.terms import Terms
from console.settings import ConsoleSettings
from console.warehouse import Warehouse
from flowdrop.output import print_csv, print_json, print_rows, progress, say
from flowdrop.settings import Addresses, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from streams.events import Event

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@contextmanager
def _session() -> Iterator[Session]:
    with Session(open_database(load(ConsoleSettings).database)) as session:
        yield session


def _now() -> datetime:
    return datetime.now(UTC)


@click.group("drop", epilog="Example: flowdrop drop preview spring --json")
def drop() -> None:
    """Create, preview, launch and follow a targeted drop.

    A drop gives an amount of coins to each person of a frozen audience, within a budget, and holds
    a random share out, so that what it caused can be measured.
    """


@drop.command(
    "create",
    epilog="Example: flowdrop drop create spring --program liuliangbao --budget 100000 "
    "--amount 500 --audience redeemers --holdout 0.1",
)
@click.argument("name")
@click.option("--program", required=True, help="Wallet program whose coins are given.")
@click.option("--budget", required=True, type=int, help="Coins in all.")
@click.option("--amount", required=True, type=int, help="Coins for each person treated.")
@click.option("--audience", required=True, help="Frozen audience; see `flowdrop audience list`.")
@click.option(
    "--holdout", default=0.1, show_default=True, help="Share of people held out at random, to 0.9."
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="When the offer ends (UTC); told with each contact.",
)
@_json
def create(*, as_json: bool, until: datetime | None, **given: Any) -> None:
    """Freeze the people of a new drop and draw who is held out; nothing is published."""
    settings = load(ConsoleSettings)
    terms = Terms(**given, until=until.replace(tzinfo=UTC) if until else None)
    with _session() as session, Warehouse().client() as client:
        made = register.create(
            session,
            client,
            terms,
            programs=settings.programs,
            partitions=settings.partitions,
            secret=settings.drop_secret.get_secret_value(),
            who=getpass.getuser(),
            now=_now(),
        )
        _print_preview(session, made.name, as_json=as_json)


@drop.command("preview", epilog="Example: flowdrop drop preview spring --csv > people.csv")
@click.argument("name")
@_json
@click.option("--csv", "as_csv", is_flag=True, help="Print the people as CSV.")
def preview(name: str, *, as_json: bool, as_csv: bool) -> None:
    """Show exactly what launching does: counts, coins, each person, and who is left out and why."""
    with _session() as session:
        if as_csv:
            found = register.find(session, name)
            print_csv([asdict(person) for person in previewing.people(session, found)])
        else:
            _print_preview(session, name, as_json=as_json)


@drop.command("launch", epilog="Example: flowdrop drop launch spring --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_json
def launch(name: str, *, yes: bool, as_json: bool) -> None:
    """Publish the drop: budget, arms, grants, contacts. Run again, it grants nobody twice."""
    with _session() as session:
        plan = previewing.preview(session, register.find(session, name))
        if not yes:
            click.confirm(_question(plan), abort=True, err=True)
        with Warehouse().client() as client, progress() as bar:
            task = bar.add_task(f"launch {name}", total=launching.size(session, name))
            sent = launching.launch(
                session,
                client,
                name,
                publisher=_publish,
                who=getpass.getuser(),
                now=_now(),
                on_sent=lambda more: bar.advance(task, more),
            )
        facts = {
            "name": name,
            "events": sent,
            "treated": plan.treated,
            "holdout": plan.holdout,
            "cost": plan.cost,
            "launched_at": register.find(session, name).launched_at,
        }
    if as_json:
        print_json(facts)
    else:
        say(
            f"launched: {sent:,} events acknowledged, {plan.treated:,} people at {plan.amount:,} "
            f"coins, {plan.holdout:,} held out; follow it with `flowdrop drop show {name}`"
        )


@drop.command("show", epilog="Example: flowdrop drop show spring --json")
@click.argument("name")
@_json
def show(name: str, *, as_json: bool) -> None:
    """Show how a drop stands: granted, refused by reason, pending, unspent."""
    with _session() as session:
        found = register.find(session, name)
        plan = previewing.preview(session, found)
        with Warehouse().client() as client:
            stands = asdict(outcome(client, plan, found.acknowledged_at))
    if as_json:
        print_json(stands)
    else:
        _print_facts(stands, f"Drop {name}")


@drop.command("list", epilog="Example: flowdrop drop list")
@_json
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
def list_drops(*, as_json: bool, as_csv: bool) -> None:
    """List all drops, the newest first."""
    with _session() as session:
        found = [previewing.preview(session, each) for each in register.every(session)]
    rows = [asdict(plan) for plan in found]
    if as_json:
        print_json(rows)
        return
    short = ("name", "state", "program", "audience", "treated", "holdout", "cost", "budget")
    few = [{key: row[key] for key in short} for row in rows]
    if as_csv:
        print_csv(few)
    else:
        print_rows(few, title="Drops", empty="none yet; make one with `flowdrop drop create`")


@drop.command("cancel", epilog="Example: flowdrop drop cancel spring")
@click.argument("name")
def cancel(name: str) -> None:
    """Cancel a drop that was not launched; its name stays used."""
    with _session() as session:
        register.cancel(session, name, who=getpass.getuser(), now=_now())
    say(f"cancelled: {name}")


@click.command("console", epilog="Example: flowdrop console --port 8000")
@click.option("--host", help="Address to bind to; setting console_host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; setting console_port.")
def console(host: str | None, port: int | None) -> None:
    """Serve the web console and REST API until Ctrl-C."""
    import uvicorn

    from console.web.app import create_app

    given = {"console_host": host, "console_port": port}
    settings = load(ConsoleSettings).model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    uvicorn.run(
        create_app(settings),
        host=settings.console_host,
        port=settings.console_port,
        log_level="info",
        access_log=False,
        server_header=False,
    )


def _publish(published: Iterable[Event], *, on_sent: Callable[[int], object] | None) -> int:
    from streams.publish import publish

    settings = load(ConsoleSettings)
    return publish(published, load(Addresses).kafka, settings.partitions, on_sent=on_sent)


def _question(plan: previewing.Preview) -> str:
    again = "again (nobody is granted twice) " if plan.launched_at else ""
    return (
        f"Launch {plan.name} {again}- {plan.treated:,} people x {plan.amount:,} coins = "
        f"{plan.cost:,} of a budget of {plan.budget:,}, {plan.holdout:,} held out?"
    )


def _print_preview(session: Session, name: str, *, as_json: bool) -> None:
    found = register.find(session, name)
    plan = asdict(previewing.preview(session, found))
    if as_json:
        people = [asdict(person) for person in previewing.people(session, found)]
        print_json({**plan, "everyone": people})
    else:
        _print_facts(plan, f"Preview of drop {name}")


def _print_facts(facts: dict[str, Any], title: str) -> None:
    """Print one fact a line; counts by reason get a line each."""
    lines: list[dict[str, Any]] = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines += [{"fact": f"{key}: {k}", "value": _plain(v)} for k, v in value.items()]
        else:
            lines.append({"fact": key.replace("_", " "), "value": _plain(value)})
    print_rows(lines, title=title)


def _plain(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
