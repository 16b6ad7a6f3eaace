"""`flowdrop drop`: create, preview, launch and follow a targeted drop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.access_cli import acting_option, actor, console_session
from console.choose_cli import amounts_command
from console.drop_approve_cli import COMMANDS
from console.drop_measure_cli import measure_command, stops_command
from console.reporting.report import plain
from console.reporting.shape import Shape, lang_option, shape_options, show
from console.reporting.viewer import STAFF
from console.reports import outcome as outcome_report
from console.warehouse import Warehouse
from flowdrop.options import as_csv_option, as_json_option

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from sqlalchemy.orm import Session

    from console.drops.launch import Plan
    from console.drops.measurement import Measured
    from console.drops.preview import Preview
    from console.i18n import Translator
    from streams.kafka.publish.outbox import Outbox

NAMES_SHOWN = 3
F = TypeVar("F", bound=Callable[..., Any])


_DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
_MEASURED = ("design", "goals", "guardrails", "planned_end", "tuned_at", "smallest_lift")


def _measured_options(command: F) -> F:
    """Give a command the options that say how a drop's effect is measured."""
    for option in (
        click.option(
            "--smallest-lift",
            type=float,
            help="The least lift that matters, a share of the holdout: 0.1 is one more in ten.",
        ),
        click.option(
            "--tuned-at",
            type=int,
            help="Of always-valid: at how many people who did it, in both arms, it is tightest "
            "(N*; default 1000).",
        ),
        click.option(
            "--planned-end",
            type=click.DateTime(_DATES),
            help="When it is decided (UTC; default: when the offer ends).",
        ),
        click.option("--guardrails", help="Metrics that must not be harmed, with commas between."),
        click.option(
            "--goals",
            help="The metrics that decide, with commas between, of visit_rate, conversion_rate, "
            "value_per_person, value_per_purchase, purchase_p50 and purchase_p90 (default: "
            "conversion_rate).",
        ),
        click.option(
            "--design",
            help="How its effect is read: group-sequential, fixed or always-valid (default: "
            "group-sequential up to a planned end, always-valid without one).",
        ),
    ):
        command = option(command)
    return command


def _measured(given: dict[str, Any]) -> Measured:
    """Take those options out of what was given."""
    from console.drops.measurement import Measured

    found = {name: given.pop(name) for name in _MEASURED}
    if end := found["planned_end"]:
        found["planned_end"] = end.replace(tzinfo=UTC)
    return Measured(**found)


def _now() -> datetime:
    return datetime.now(UTC)


@click.group("drop", epilog="Example: flowdrop drop preview spring --json")
def drop() -> None:
    """Create, preview, launch and follow a targeted drop.

    A drop gives an amount of coins to each person of a frozen audience, within a budget, and holds
    a random share out, so that its effect can be measured.
    """


drop.add_command(measure_command)
drop.add_command(stops_command)
for each in COMMANDS:
    drop.add_command(each)


@drop.command(
    "create",
    epilog="Example: flowdrop drop create spring --program liuliangbao --budget 100000 "
    "--amount 500 --audience redeemers --holdout 0.1",
)
@click.argument("name")
@click.option("--program", required=True, help="Wallet program whose coins are given.")
@click.option("--budget", required=True, type=int, help="Total coins.")
@click.option("--amount", required=True, type=int, help="Coins per treated person.")
@click.option("--audience", required=True, help="Frozen audience; see `flowdrop audience list`.")
@click.option(
    "--holdout",
    default=0.1,
    show_default=True,
    help="Share of people held out at random, up to 0.9.",
)
@click.option(
    "--explore",
    default=0.02,
    show_default=True,
    help="Share of people drawn whatever their scores, from 0.02 to 0.5, to learn of them.",
)
@click.option(
    "--until",
    type=click.DateTime(_DATES),
    help="When the offer ends (UTC); a date means its 00:00, so it excludes the day itself. Sent "
    "with each contact.",
)
@_measured_options
@acting_option()
@as_json_option()
@lang_option()
def create(
    *, as_json: bool, lang: str, until: datetime | None, acting_as: str | None, **given: Any
) -> None:
    """Freeze the people of a new drop and draw who is held out; nothing is published."""
    from console.drops import service
    from console.drops.restraint import of_settings
    from console.drops.terms import Terms
    from console.settings import ConsoleSettings
    from flowdrop.settings import load, needed

    settings = load(ConsoleSettings)
    measured = _measured(given)
    ends = until.replace(tzinfo=UTC) if until else None
    terms = Terms(**given, until=ends, measured=measured)
    with console_session() as session, Warehouse().client() as client:
        made = service.create(
            session,
            client,
            terms,
            actor=actor(session, acting_as),
            programs=settings.programs,
            partitions=settings.partitions,
            secret=needed(settings.drop_secret, "drop_secret"),
            now=_now(),
            restraint=of_settings(settings),
        )
        _print_preview(session, made.name, as_json=as_json, lang=lang)


@drop.command(
    "plan",
    epilog="Example: flowdrop drop plan spring --design group-sequential --planned-end 2027-01-01 "
    "--goals conversion_rate,value_per_person --guardrails visit_rate",
)
@click.argument("name")
@_measured_options
@acting_option()
@as_json_option()
@lang_option()
def plan_command(
    name: str, *, as_json: bool, lang: str, acting_as: str | None, **given: Any
) -> None:
    """Change how a draft's effect is measured; launching records it for good."""
    from console.drops import service

    with console_session() as session, Warehouse().client() as client:
        by = actor(session, acting_as)
        service.change_plan(session, client, name, _measured(given), actor=by, now=_now())
        _print_preview(session, name, as_json=as_json, lang=lang)


@drop.command("preview", epilog="Example: flowdrop drop preview spring --csv > people.csv")
@click.argument("name")
@as_json_option()
@as_csv_option("Print the people as CSV.")
@lang_option()
def preview(name: str, *, as_json: bool, as_csv: bool, lang: str) -> None:
    """Show exactly what launching does: counts, coins, each person, and who is left out and why."""
    from console.drops import preview as previewing
    from console.drops import register
    from flowdrop.output import print_csv

    with console_session() as session:
        if as_csv:
            print_csv(plain(previewing.people(session, register.find(session, name))))
        else:
            _print_preview(session, name, as_json=as_json, lang=lang)


@drop.command("explain", epilog="Example: flowdrop drop explain spring cj:17")
@click.argument("name", metavar="DROP")
@click.argument("person")
@as_json_option()
@lang_option()
def explain(name: str, person: str, *, as_json: bool, lang: str) -> None:
    """Say why somebody is in a drop or not, and with which chances, as recorded at its creation."""
    from console.drops import explain as explaining
    from console.drops import register
    from console.i18n import translator
    from flowdrop.output import print_json, print_rows, say

    with console_session() as session:
        found = explaining.explained(session, register.find(session, name), person)
    if as_json:
        print_json(asdict(found))
        return
    to = translator(lang)
    say(explaining.sentence(found).of(to.lang))
    lines = [
        (to.gettext(explaining.FACTS[key]), ", ".join(value) if isinstance(value, list) else value)
        for key, value in asdict(found).items()
        if key in explaining.FACTS and value not in ("", None)
    ]
    fact, heading = to.gettext("fact"), to.gettext("value")
    print_rows([{fact: one, heading: value} for one, value in lines])


@drop.command("launch", epilog="Example: flowdrop drop launch spring --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    help="Wait until a worker has processed the events, and report what became of them.",
)
@acting_option()
@as_json_option()
@lang_option()
def launch(
    name: str, *, yes: bool, wait: bool, acting_as: str | None, as_json: bool, lang: str
) -> None:
    """Publish the drop: budget, arms, grants, contacts. Run again, it grants nobody twice.

    A draft larger than the settings allow needs approval first: `flowdrop drop submit`.

    It waits for a broker that is away; after an interruption, launch again. At the end it reports
    what became of the events, and exits with status 1 if any of them is lost.
    """
    from console.drops import launch as launching
    from console.drops import preview as previewing
    from console.drops import register, service
    from console.drops.approval import attribution
    from console.drops.left_out import by_reason
    from console.drops.policy import policy_of
    from console.drops.restraint import of_settings
    from console.drops.since import kept
    from console.drops.standing import AUTOMATIC
    from console.i18n import translator
    from console.settings import ConsoleSettings
    from flowdrop.output import print_json, print_rows, say
    from flowdrop.progress import progress
    from flowdrop.settings import load
    from streams.kafka.publish.outbox import end

    to, restraint = translator(lang), of_settings(load(ConsoleSettings))
    with console_session() as session:
        by = actor(session, acting_as)
        policy = policy_of(load(ConsoleSettings))
        service.require_launch(session, name, by, policy)
        found = previewing.preview(session, register.find(session, name))
        with Warehouse().client() as client:
            _catch_up(client)
            plan = launching.plan(session, client, name, _now(), restraint)
            _say_left_out(plan, to)
            if not yes:
                click.confirm(_question(found, plan, to), abort=True, err=True)
            outbox = _outbox(wait=wait)
            with progress() as bar:
                task = bar.add_task(f"launch {name}", total=plan.events)
                sent = service.launch(
                    session,
                    client,
                    name,
                    actor=by,
                    policy=policy,
                    publisher=outbox,
                    now=_now(),
                    restraint=restraint,
                    on_sent=lambda more: bar.advance(task, more),
                )
        left_out = kept(session, name)
        told = outbox.told()
        sent_to = found.treated - len(left_out)
        approved_by = attribution(session, register.find(session, name)).get("approved_by")
        facts = {
            "name": name,
            "events": sent,
            "treated": found.treated,
            "sent": sent_to,
            "left_out_since": by_reason(left_out),
            "holdout": found.holdout,
            "cost": sent_to * found.amount,
            "launched_at": register.find(session, name).launched_at,
            "approved_by": approved_by,
            "told": told and told._asdict(),
        }
    if as_json:
        print_json(facts)
    else:
        if told is not None:
            print_rows(told.rows(), title=to.gettext("What became of the events"))
        if approved_by == AUTOMATIC:
            say(to.gettext("approved automatically, by its size (see docs/access.md)"))
        elif approved_by:
            say(to.gettext("approved by {names}", names=", ".join(approved_by)))
        say(
            to.gettext(
                "launched: {events} acknowledged, {people} at {coins}, {holdout:,} held out; "
                "follow it with `flowdrop drop show {name}`",
                events=to.ngettext("{n} event", "{n} events", sent),
                people=to.ngettext("{n} person", "{n} people", sent_to),
                coins=to.ngettext("{n} coin", "{n} coins", found.amount),
                holdout=found.holdout,
                name=name,
            )
        )
    end(told)


@drop.command("show", epilog="Example: flowdrop drop show spring --json")
@click.argument("name")
@shape_options("one row, without its counts by reason")
def show_command(name: str, **shape: Any) -> None:
    """Show what became of a drop: granted, refused by reason, pending, unspent."""
    from console.drops import register
    from console.settings import ConsoleSettings
    from flowdrop.settings import load

    with console_session() as session:
        register.find(session, name)  # an unknown one is refused without the warehouse
    with Warehouse().client() as client:
        settings = load(ConsoleSettings)
        found = outcome_report.REPORT.find(client, {"name": name}, settings, viewer=STAFF)
    show(outcome_report.REPORT, found, Shape(**shape))


@drop.command("list", epilog="Example: flowdrop drop list")
@as_json_option()
@as_csv_option()
@lang_option()
def list_drops(*, as_json: bool, as_csv: bool, lang: str) -> None:
    """List all drops, newest first."""
    from console.drops import preview as previewing
    from console.drops import register
    from console.drops.text import FACTS
    from console.i18n import translator
    from flowdrop.output import print_csv, print_json, print_rows

    with console_session() as session:
        rows = [plain(previewing.preview(session, each)) for each in register.every(session)]
    if as_json:
        print_json(rows)
        return
    short = ("name", "state", "program", "audience", "treated", "holdout", "cost", "budget")
    few = [{key: row[key] for key in short} for row in rows]
    if as_csv:
        coins = {"cost": "cost_coins", "budget": "budget_coins"}
        print_csv([{coins.get(key, key): value for key, value in row.items()} for row in few])
    else:
        _ = translator(lang).gettext
        print_rows(
            [{_(FACTS[key]): value for key, value in row.items()} for row in few],
            title=_("Drops"),
            empty=_("none yet; create one with `flowdrop drop create`"),
        )


@drop.command("cancel", epilog="Example: flowdrop drop cancel spring")
@click.argument("name")
@acting_option()
@lang_option()
def cancel(name: str, acting_as: str | None, lang: str) -> None:
    """Cancel a drop that was not launched; its name can't be used again."""
    from console.drops import service
    from console.i18n import translator
    from flowdrop.output import say

    with console_session() as session:
        service.cancel(session, name, actor=actor(session, acting_as), now=_now())
    say(translator(lang).gettext("cancelled: {name}", name=name))


drop.add_command(amounts_command)


def _outbox(*, wait: bool) -> Outbox:
    from console.settings import ConsoleSettings
    from flowdrop.settings import Addresses, load
    from streams.kafka.publish.outbox import Outbox

    return Outbox(load(Addresses).kafka, load(ConsoleSettings).partitions, wait=wait)


def _catch_up(client: Client) -> None:
    """Wait until the warehouse knows every consent given or withdrawn so far."""
    from console.settings import ConsoleSettings
    from flowdrop.settings import Addresses, load
    from streams.kafka.publish.caught_up import caught_up

    settings = load(ConsoleSettings)
    caught_up(load(Addresses).kafka, client, settings.partitions, settings.catch_up_seconds)


def _say_left_out(plan: Plan, to: Translator) -> None:
    from console.drops.left_out import by_reason
    from flowdrop.output import say

    if not plan.newly:
        return
    names = ", ".join(person.person for person in plan.newly[:NAMES_SHOWN])
    more = len(plan.newly) - NAMES_SHOWN
    say(
        to.gettext(
            "left out since creation: {reasons} ({names}); they stay in their arm and get nothing",
            reasons=", ".join(f"{n:,} {reason}" for reason, n in by_reason(plan.newly).items()),
            names=to.gettext("{names} and {more:,} more", names=names, more=more)
            if more > 0
            else names,
        )
    )


def _question(found: Preview, plan: Plan, to: Translator) -> str:
    from console.drops.selection import OVER_BUDGET

    _ = to.gettext
    over = found.left_out.get(OVER_BUDGET, 0)
    facts = [
        _(
            "{n:,} held out ({share:.1f} % of the drop)",
            n=found.holdout,
            share=100 * found.holdout_share,
        )
        if found.holdout
        else _("nobody held out"),
        *([_("{n:,} left out over budget", n=over)] if over else []),
    ]
    sums = {
        "name": found.name,
        "people": to.ngettext("{n} person", "{n} people", plan.sent_to),
        "coins": to.ngettext("{n} coin", "{n} coins", found.amount),
        "cost": plan.sent_to * found.amount,
        "budget": found.budget,
        "facts": ", ".join(facts),
    }
    if found.launched_at:
        return _(
            "Launch {name} again (nobody is granted twice): {people} x {coins} = {cost:,} of a "
            "budget of {budget:,}, {facts}?",
            **sums,
        )
    return _(
        "Launch {name}: {people} x {coins} = {cost:,} of a budget of {budget:,}, {facts}?", **sums
    )


def _print_preview(session: Session, name: str, *, as_json: bool, lang: str = "en") -> None:
    from console.drops import preview as previewing
    from console.drops import register
    from console.drops.text import print_facts
    from console.i18n import translator
    from flowdrop.output import print_json

    found = register.find(session, name)
    plan = asdict(previewing.preview(session, found))
    if as_json:
        print_json({**plan, "everyone": plain(previewing.people(session, found))})
    else:
        to = translator(lang)
        print_facts(plan, to.gettext("Preview of drop {name}", name=name), to)
