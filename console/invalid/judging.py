"""Judging: day by day (UTC) the rules are applied, and what they change is inserted.

A day is judged again when anything that its verdicts depend on has changed: its events, those of
the days around it, coins that moved, the rules, their lists, what was taken back. So judging twice
adds nothing, and a late event is judged the next time.

Whoever is killed in the middle of a day leaves verdicts that are right as far as they go, and a day
that is not said to be judged; the next run adds what is missing. Two who judge the same day at once
insert with the same token, so that the warehouse takes one of them.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from console.invalid.rules import rules
from console.invalid.verdicts import COLUMNS, By, by_event, changes
from sql.client import rows, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from clickhouse_connect.driver.client import Client

    from console.invalid.rules import Rule
    from console.invalid.verdicts import Row, Verdicts

AROUND = timedelta(days=1)  # how far from a day the rules look at traffic
COINS_DAYS = 30  # how far back they look at coins
INSERT = {"async_insert": 0}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What judging a day changed: verdicts given and taken back, by rule."""

    day: date
    given: Counter[str]
    taken: Counter[str]


def due(client: Client, since: date | None, own: Sequence[Rule] | None = None) -> list[date]:
    """Return the days to be judged, in order."""
    digest = _digest(rules() if own is None else own, withdrawals(client))
    known = {
        row["day"]: (row["rules"], row["seen"]) for row in rows(client, "verdicts/judged_days")
    }
    return [
        day
        for day, seen in sorted(_seen(client, known).items())
        if (since is None or day >= since) and known.get(day) != (digest, seen)
    ]


def judge(
    client: Client, days: Iterable[date], own: Sequence[Rule] | None = None
) -> Iterator[Judged]:
    """Judge days, and yield what that changed of each.

    Args:
        client: of the warehouse, who may write.
        days: those that are `due`.
        own: the rules; all by default.
    """
    asked = rules() if own is None else own
    withdrawn = withdrawals(client)
    days = tuple(days)
    digest, seen = _digest(asked, withdrawn), _seen(client, days)
    holding = [rule for rule in asked if By(rule.name, rule.version) not in withdrawn]
    for day in days:
        found = Judged(day=day, given=Counter(), taken=Counter())
        wanted = _wanted(client, day, holding)
        while rows_new := list(changes(wanted, _held(client, day), withdrawn)):
            _insert(client, day, rows_new)
            for row in rows_new:
                (found.given if row["sign"] > 0 else found.taken)[row["rule"]] += 1
        said = {"day": day, "rules": digest, "seen": seen[day]}
        client.command(text("verdicts/day_judged"), said)
        yield found


def withdraw(client: Client, rule: Rule, reason: str) -> None:
    """Say that a rule's verdicts are taken back; judging then takes them back."""
    _say(client, rule, reason, is_withdrawn=True)


def restore(client: Client, rule: Rule) -> None:
    """Say that a rule holds again; judging then gives its verdicts again."""
    _say(client, rule, "", is_withdrawn=False)


def _say(client: Client, rule: Rule, reason: str, *, is_withdrawn: bool) -> None:
    said = {"rule": rule.name, "version": rule.version, "reason": reason}
    client.command(text("verdicts/withdraw"), {**said, "is_withdrawn": is_withdrawn})


def withdrawals(client: Client) -> dict[By, str]:
    """Return the versions of rules that are taken back, and why."""
    found = rows(client, "verdicts/withdrawals")
    return {By(row["rule"], row["version"]): row["reason"] for row in found}


def _digest(own: Iterable[Rule], withdrawn: Mapping[By, str]) -> str:
    said = [f"{rule.name} {rule.version} {rule.digest}" for rule in own]
    said += [f"withdrawn {by.rule} {by.version}" for by in sorted(withdrawn)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _seen(client: Client, more: Iterable[date]) -> dict[date, str]:
    """Return what each day depends on: how much traffic there is around it, and the latest.

    They are the days with traffic, and `more`: those that had some.
    """
    traffic = {row["day"]: (row["events"], row["latest"]) for row in rows(client, "verdicts/days")}
    coins: defaultdict[date, int] = defaultdict(int)
    for row in rows(client, "verdicts/wallet_days"):
        coins[row["day"]] = row["events"]
    return {
        day: f"{[traffic.get(day + n * AROUND) for n in (-1, 0, 1)]} "
        f"{sum(coins.get(day - timedelta(days=n), 0) for n in range(COINS_DAYS + 1))}"
        for day in traffic.keys() | set(more)
    }


def _bounds(day: date) -> dict[str, datetime]:
    begin = datetime.combine(day, time(), UTC)
    return {"begin": begin, "end": begin + timedelta(days=1)}


def _wanted(client: Client, day: date, own: Iterable[Rule]) -> Verdicts:
    return by_event(
        (By(rule.name, rule.version), row)
        for rule in own
        if rule.since <= day
        for row in _rows(client, rule.query, **_bounds(day), **rule.bound)
    )


def _held(client: Client, day: date) -> Verdicts:
    found = _rows(client, "verdicts/hold", **_bounds(day))
    return by_event((By(row["rule"], row["version"]), row) for row in found)


def _rows(client: Client, query: str, **values: Any) -> Iterator[Row]:
    for row in rows(client, query, **values):
        yield {**row, "time": row["time"].replace(tzinfo=UTC)}


def _insert(client: Client, day: date, found: Sequence[Row]) -> None:
    [given] = rows(client, "verdicts/given", **_bounds(day))
    token = f"invalid_events:{day}:{given['verdicts']}"
    client.insert(
        "invalid_events",
        [[row[name] for name in COLUMNS] for row in found],
        column_names=COLUMNS,
        settings={**INSERT, "insert_deduplication_token": token},
    )
