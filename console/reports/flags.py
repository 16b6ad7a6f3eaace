"""The report of flags: what the compliance rules flag in a month."""

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


def _text(found: Flags, to: Layout) -> None:
    """Print what each flag is about, and the events that show it."""
    from flowdrop.output import echo, say

    for flag in found.flags:
        echo(_lines(flag, to))
    if not found.flags:
        say(to.gettext("nothing is flagged in {month}", month=found.month))
    say(found.basis.of(to.lang))


def _lines(flag: Flag, to: Layout) -> str:
    found = to.gettext(
        "{accounts}: {coins} in {events}, {first} to {last}",
        accounts=_few(flag.accounts, to),
        coins=to.ngettext("{n} coin", "{n} coins", flag.coins),
        events=to.ngettext("{n} event", "{n} events", flag.events),
        first=f"{flag.first_time:%Y-%m-%d %H:%M}",
        last=f"{flag.last_time:%Y-%m-%d %H:%M}",
    )
    return f"{flag.rule}  {flag.program}  {found}\n    {_few(_events(flag), to)}"


def _events(flag: Flag) -> tuple[str, ...]:
    named = zip(flag.evidence, flag.sources, strict=True)
    return tuple(f"{name} ({source})" if source else name for name, source in named)


def _few(names: tuple[str, ...], to: Layout) -> str:
    more, shown = len(names) - SHOWN_MAX, " ".join(names[:SHOWN_MAX])
    if more <= 0:
        return shown
    return to.gettext("{names} and {more:,} more", names=shown, more=more)


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
