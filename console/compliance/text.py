"""The compliance report as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.compliance.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from console.compliance.report import ComplianceReport, ProgramMonth


def markdown(found: ComplianceReport) -> str:
    """Return the report as a page of Markdown."""
    return "\n".join(_page(found)) + "\n"


def _page(found: ComplianceReport) -> Iterator[str]:
    yield f"# Compliance report, {found.month} ({found.zone})"
    yield from ("", found.basis.en, "")
    if found.empty:
        yield from (f"{found.empty[0].upper()}{found.empty[1:]}.", "")
    for program in found.programs:
        yield from _program(program)
    if found.refusals_elsewhere:
        yield from ("## Events of other programs", "")
        yield from _table(("refused as", "events"), found.refusals_elsewhere.items())
    yield from ("## What is flagged", "")
    for rule in RULES.values():
        used = ", ".join(
            f"{each.name} {_number(found.thresholds[each.name])}" for each in rule.thresholds
        )
        yield f"- `{rule.name}`: {rule.words.en} ({used})"
    yield ""
    yield f"`flowdrop compliance flags --month {found.month}` gives the accounts and the evidence."


def _program(program: ProgramMonth) -> Iterator[str]:
    yield from (f"## {program.program}", "")
    yield from _table(
        ("coins", "number"),
        [
            ("issued in the month", program.issued),
            ("burnt in the month", program.burnt),
            ("redeemed at carriers in the month", program.redeemed),
            ("outstanding at its end", program.outstanding),
            ("of which in red packets", program.in_packets),
            ("of which waiting for a wallet", program.waiting),
            ("of which held for redemptions and orders", program.held),
            *((f"in {kind} accounts", coins) for kind, coins in program.by_kind.items()),
        ],
    )
    yield from (_cover(program), "")
    yield from _table(
        ("wallets", "number"),
        [
            ("opened so far", program.wallets),
            ("frozen at the month's end", program.frozen),
            ("closed by the month's end", program.closed),
            ("frozen in the month", program.frozen_in_month),
            ("closed in the month", program.closed_in_month),
        ],
    )
    if program.refusals:
        yield from _table(("refused as", "events"), program.refusals.items())
    else:
        yield from ("No event was refused.", "")
    yield from _table(("flagged by", "flags"), program.flags.items())


def _cover(program: ProgramMonth) -> str:
    if program.reserve is None:
        return "Reserve: none is set."
    if program.cover is None:
        return f"Reserve: {program.reserve:,} coins; nothing is outstanding."
    return (
        f"Reserve: {program.reserve:,} coins for {program.outstanding:,} outstanding, "
        f"{100 * program.cover:.2f} %."
    )


def _table(head: tuple[str, str], rows: Iterable[tuple[str, int]]) -> Sequence[str]:
    return (
        f"| {head[0]} | {head[1]} |",
        "| --- | ---: |",
        *(f"| {name} | {value:,} |" for name, value in rows),
        "",
    )


def _number(value: float) -> str:
    return f"{value:,}"
