"""What was judged invalid of contacts and exposures: gross and net, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText
from console.reporting.report import Table, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.reports.frequency_rows import FrequencyRows

ANY = ""  # the queries' name for all rules together

INVALID = LocalizedText(
    "All figures are net of invalid traffic: what breaks one of the rules that `flowdrop invalid "
    "rules` lists is no person's. An event may break several rules; it counts once in all that is "
    "invalid. Gross is what came in, share is what is invalid of it."
)
RULES = (
    N_("any rule"),
    N_("rate"),
    N_("data centre"),
    N_("robots"),
    N_("faster"),
    N_("packet farm"),
)


@dataclass(frozen=True, kw_only=True)
class InvalidFigures:
    """What one basis has of invalid traffic, by one rule or by any."""

    basis: str
    incentivised: bool
    rule: str  # its name in words, or `any rule`
    gross: int  # impressions that came in
    invalid: int  # of them, those that break the rule
    net: int  # the others
    share: float | None  # invalid of gross
    people: int  # ids that the invalid ones are of
    reach_gross: int  # people reached by what came in
    reach_net: int  # by what is left of it by all rules


def invalid(rows: FrequencyRows, net: Mapping[tuple[str, bool], int]) -> tuple[InvalidFigures, ...]:
    """Return what was judged invalid on every basis that has anything, by rule; first by any.

    `net` is the reach of each basis, by its name and whether people were paid to look.
    """
    found = rows.invalid()
    gross = {_key(row): row for row in rows.gross()} if found else {}
    return tuple(
        InvalidFigures(
            basis=row["basis"],
            incentivised=row["paid"],
            rule=row["rule"].replace("_", " ") or RULES[0],
            gross=(came := gross[_key(row)]["impressions"]),
            invalid=row["events"],
            net=came - row["events"],
            share=row["events"] / came if came else None,
            people=row["people"],
            reach_gross=gross[_key(row)]["reach"],
            reach_net=net.get(_key(row), 0),
        )
        for row in found
    )


def _key(row: dict[str, Any]) -> tuple[str, bool]:
    return row["basis"], row["paid"]


TABLE: Table[Any] = Table(
    title=N_("Invalid traffic"),
    heads={
        "basis": N_("basis"),
        "incentivised": N_("incentivised"),
        "rule": N_("rule broken"),
        "gross": N_("gross"),
        "invalid": N_("invalid"),
        "net": N_("net"),
        "share": N_("invalid share"),
        "people": N_("ids with invalid traffic"),
        "reach_gross": N_("gross reach"),
        "reach_net": N_("net reach"),
    },
    words=frozenset({"basis", "rule"}),
    row="one row per basis and rule with invalid traffic",
    rows=lambda found: plain(found.invalid),
    columns=tuple(InvalidFigures.__dataclass_fields__),
)
