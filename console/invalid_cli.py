"""`flowdrop invalid`: the rules of invalid traffic, and the verdicts that they give."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_csv_option, as_json_option
from flowdrop.output import counted, echo, print_csv, print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from console.invalid.rules import Rule

PEOPLE_MAX = 100


@click.group("invalid", epilog="Example: flowdrop invalid judge --since 2026-11-01")
def invalid() -> None:
    """Judge traffic: which contacts, exposures and clicks are no person's, by which rule.

    Reports are net of what is judged invalid, and show gross, net and share beside.
    """


@invalid.command("rules", epilog="Example: flowdrop invalid rules --json")
@as_json_option("Print JSON: a list of rule, version, since, parameters, listed, reason, ...")
@as_csv_option("Print CSV: one row per rule.")
def rules_command(*, as_json: bool, as_csv: bool) -> None:
    """List the rules: version, first day judged, parameters, reason, and what they hold invalid."""
    from console.invalid.judging import withdrawals
    from console.invalid.rules import rules
    from console.invalid.verdicts import By
    from sql.client import rows

    with _reading() as client:
        found = {By(row["rule"], row["version"]): row for row in rows(client, "verdicts/rules")}
        taken = withdrawals(client)
    listed = []
    for rule in rules():
        by = By(rule.name, rule.version)
        listed.append(
            {
                "rule": rule.name,
                "version": rule.version,
                "since": rule.since.isoformat(),
                "parameters": ", ".join(f"{key} {own:g}" for key, own in rule.parameters.items()),
                "listed": len(rule.entries),
                "events": found[by]["events"] if by in found else 0,
                "people": found[by]["people"] if by in found else 0,
                "withdrawn": taken.get(by, ""),
                "reason": rule.reason,
            }
        )
    _print(listed, as_json=as_json, as_csv=as_csv, title="Rules")


@invalid.command("judge", epilog="Example: flowdrop invalid judge --since 2026-11-01")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only days (UTC) from this one on; others stay as they are.",
)
@as_json_option("Print JSON: days, given, taken_back; verdicts by rule.")
def judge_command(since: datetime | None, *, as_json: bool) -> None:
    """Apply the rules to every day whose traffic, coins or rules have changed.

    Run again it adds nothing; a late event is judged the next time. It may be stopped at any time.
    """
    with _writing() as client:
        facts = _judge(client, since)
    if as_json:
        print_json(facts)
        return
    names = sorted({*facts["given"], *facts["taken_back"]})
    table = [
        {"rule": n, "given": facts["given"].get(n, 0), "taken back": facts["taken_back"].get(n, 0)}
        for n in names
    ]
    days = counted(facts["days"], "day")
    print_rows(table, title=f"Verdicts, {days} judged", empty="nothing has changed")


@invalid.command("people", epilog="Example: flowdrop invalid people rate --campaign city-7-1")
@click.argument("rule")
@click.option("--campaign", default="", help="Only events of this campaign.")
@click.option("--person", default="", help="The events of this person, one a row.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=PEOPLE_MAX,
    show_default=True,
    help="At most so many rows.",
)
@as_json_option("Print JSON: a list of people, or of events.")
@as_csv_option("Print CSV: one row per person, or per event.")
def people_command(rule: str, *, as_json: bool, as_csv: bool, **asked: Any) -> None:
    """List the people whose events break RULE, most events first; with --person, the events."""
    from sql.client import rows

    values = {"rule": _named(rule).name, "campaign": asked["campaign"], "limit": asked["limit"]}
    with _reading() as client:
        if asked["person"]:
            found = rows(client, "verdicts/events", person=asked["person"], **values)
        else:
            found = rows(client, "verdicts/people", **values)
    for row in found:
        row.update({key: f"{own.isoformat()}Z" for key, own in row.items() if _is_time(own)})
        if "campaigns" in row:
            row["campaigns"] = list(row["campaigns"]) if as_json else " ".join(row["campaigns"])
    _print(found, as_json=as_json, as_csv=as_csv, title=f"Breaking {rule}")


@invalid.command(
    "withdraw", epilog='Example: flowdrop invalid withdraw robots --reason "it named a browser"'
)
@click.argument("rule")
@click.option("--reason", required=True, help="Why, in words; kept with each verdict taken back.")
@as_json_option("Print JSON: days, given, taken_back; verdicts by rule.")
def withdraw_command(rule: str, reason: str, *, as_json: bool) -> None:
    """Take back all verdicts of RULE as it stands, until it is restored or has a new version."""
    from console.invalid.judging import withdraw

    own = _named(rule)
    if not reason.strip():
        raise click.ClickException("--reason is empty; say why in a few words")
    with _writing() as client:
        withdraw(client, own, reason.strip())
        facts = _judge(client, None)
    _told(own, facts, as_json=as_json)


@invalid.command("restore", epilog="Example: flowdrop invalid restore robots")
@click.argument("rule")
@as_json_option("Print JSON: days, given, taken_back; verdicts by rule.")
def restore_command(rule: str, *, as_json: bool) -> None:
    """Have RULE hold again after it was withdrawn."""
    from console.invalid.judging import restore

    own = _named(rule)
    with _writing() as client:
        restore(client, own)
        facts = _judge(client, None)
    _told(own, facts, as_json=as_json)


def _told(rule: Rule, facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
        return
    given, taken = (facts[key].get(rule.name, 0) for key in ("given", "taken_back"))
    words = f"{counted(taken, 'verdict')} taken back, {counted(given, 'verdict')} given"
    echo(f"{rule.name} {rule.version}: {words}")


def _named(name: str) -> Rule:
    from console.invalid.rules import rules

    found = {rule.name: rule for rule in rules()}
    if name not in found:
        raise click.ClickException(f"no rule is named {name!r}; there are {', '.join(found)}")
    return found[name]


def _judge(client: Client, since: datetime | None) -> dict[str, Any]:
    """Judge what is due, with a bar on standard error."""
    from console.invalid.judging import due, judge
    from flowdrop.progress import progress

    days = due(client, since.date() if since else None)
    given, taken = Counter[str](), Counter[str]()
    with progress() as bar:
        for done in bar.track(judge(client, days), total=len(days), description="days judged"):
            given += done.given
            taken += done.taken
    return {"days": len(days), "given": dict(given), "taken_back": dict(taken)}


@contextmanager
def _reading() -> Iterator[Client]:
    from console.warehouse import Warehouse

    with Warehouse().client() as client:
        yield client


@contextmanager
def _writing() -> Iterator[Client]:
    from console.warehouse import Warehouse
    from flowdrop.settings import Addresses, load

    with Warehouse(load(Addresses).feeding).client() as client:
        yield client


def _is_time(value: object) -> bool:
    return hasattr(value, "isoformat")


def _print(found: list[dict[str, Any]], *, as_json: bool, as_csv: bool, title: str) -> None:
    if as_json:
        print_json(found)
    elif as_csv:
        print_csv(found)
    else:
        print_rows(found, title=title)
