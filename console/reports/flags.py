"""The report of flags: what the rules of compliance flag in a month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.compliance.flags import Flag, Flags, flags
from console.compliance.rules import RULES
from console.i18n import N_
from console.reporting.report import Parameter, Report, Table, plain
from console.settlement.month import month as month_of

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout

SHOWN_MAX = 8


def _found(client: Client, month: str) -> Flags:
    return flags(client, month_of(month))


def _text(found: Flags, _to: Layout) -> None:
    """Print what each flag is about, and the events that show it."""
    from flowdrop.output import echo, say

    for flag in found.flags:
        echo(_lines(flag))
    say([] if found.flags else f"nothing is flagged in {found.month}")
    say(found.basis.en)


def _lines(flag: Flag) -> str:
    from flowdrop.output import counted

    return (
        f"{flag.rule}  {flag.program}  {_few(flag.accounts)}: {counted(flag.coins, 'coin')} in "
        f"{counted(flag.events, 'event')}, {flag.first_time:%Y-%m-%d %H:%M} to "
        f"{flag.last_time:%Y-%m-%d %H:%M}\n    {_few(_events(flag))}"
    )


def _events(flag: Flag) -> tuple[str, ...]:
    named = zip(flag.evidence, flag.sources, strict=True)
    return tuple(f"{name} ({source})" if source else name for name, source in named)


def _few(names: tuple[str, ...]) -> str:
    more = len(names) - SHOWN_MAX
    return " ".join(names[:SHOWN_MAX]) + (f" and {more:,} more" if more > 0 else "")


REPORT = Report(
    name="flags",
    help="List what the rules flag in a month: accounts, coins and the events that show it.",
    example="flowdrop compliance flags --month 2026-10 --json",
    parameters=(Parameter(name="month", option=True, asked_for=True),),
    queries=tuple(f"compliance/{query}" for rule in RULES.values() for query in rule.queries),
    compute=_found,
    result=Flags,
    tables=(
        Table(title=N_("Flags"), row="one row per flag", rows=lambda found: plain(found.flags)),
    ),
    text=_text,
    command="flowdrop compliance flags --month YYYY-MM",
    served=False,
)
