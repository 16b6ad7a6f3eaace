"""What the rules flag in a month: accounts, coins, and the events that show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.compliance.rules import RULES, bound
from console.i18n import LocalizedText
from console.reports.basis import Query, QueryLog
from console.settlement.month import ZONE
from sql.client import places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clickhouse_connect.driver.client import Client

    from console.settlement.month import Month

BASIS = LocalizedText(
    "A flag is a reason to look at the accounts, not a verdict. Coins are whole, in the program's "
    "smallest unit; months are in UTC, by the time of each event. What was taken back is not "
    "counted."
)


@dataclass(frozen=True, kw_only=True)
class Flag:
    """What one rule found about a few accounts."""

    rule: str
    pattern: str  # the query that found it
    program: str
    accounts: tuple[str, ...]  # the first is the one it concerns
    coins: int
    events: int
    first_time: datetime
    last_time: datetime
    evidence: tuple[str, ...]  # ids of the events, by time; see `flowdrop ledger trace`
    sources: tuple[str, ...]  # their sources, in the same order


@dataclass(frozen=True, kw_only=True)
class Flags:
    """A month's flags, within a rule those with most coins first."""

    month: str
    zone: str
    rules: tuple[str, ...]  # that were run
    thresholds: dict[str, int | float]
    flags: tuple[Flag, ...]
    basis: LocalizedText
    queries: tuple[Query, ...]

    def count(self, rule: str, program: str) -> int:
        """Return how many flags of `rule` are about wallets of `program`."""
        return sum(flag.rule == rule and flag.program == program for flag in self.flags)


def flags(
    client: Client,
    month: Month,
    rules: Iterable[str] = RULES,
    thresholds: dict[str, int | float] | None = None,
) -> Flags:
    """Return what the rules flag.

    Args:
        client: of the warehouse.
        month: in which what they look for ended.
        rules: their names; all by default.
        thresholds: overriding the defaults, by name.
    """
    log = QueryLog(client)
    found: list[Flag] = []
    used: dict[str, int | float] = {}
    names = tuple(rules)
    for name in names:
        rule = RULES[name]
        values = bound(rule, thresholds or {})
        used |= {each.name: values[each.name] for each in rule.thresholds}
        for pattern in rule.queries:
            query = f"compliance/{pattern}"
            asked = {**month.bounds, **values}
            rows = log.rows(query, **{key: asked[key] for key in places(query)})
            found += [_flag(name, pattern, row) for row in rows]
    return Flags(
        month=month.name,
        zone=ZONE,
        rules=names,
        thresholds=used,
        flags=tuple(found),
        basis=BASIS,
        queries=log.asked,
    )


def _flag(rule: str, pattern: str, row: dict[str, Any]) -> Flag:
    return Flag(
        rule=rule,
        pattern=pattern,
        program=row["program"],
        accounts=tuple(row["accounts"]),
        coins=row["coins"],
        events=row["events"],
        first_time=row["first_time"].replace(tzinfo=UTC),
        last_time=row["last_time"].replace(tzinfo=UTC),
        evidence=tuple(row["evidence"]),
        sources=tuple(row["sources"]),
    )
