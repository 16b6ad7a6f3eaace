"""The compliance report as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.compliance.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from console.compliance.report import ComplianceReport, ProgramMonth
    from console.i18n import Translator


def markdown(found: ComplianceReport, to: Translator) -> str:
    """Return the report as a page of Markdown."""
    return "\n".join(_page(found, to)) + "\n"


def _page(found: ComplianceReport, to: Translator) -> Iterator[str]:
    _ = to.gettext
    title = _("Compliance report, {month} ({zone})", month=found.month, zone=found.zone)
    yield f"# {title}"
    yield from ("", found.basis.of(to.lang), "")
    if found.empty:
        why = to.said(found.empty)
        yield from (_("{sentence}.", sentence=f"{why[0].upper()}{why[1:]}"), "")
    for program in found.programs:
        yield from _program(program, to)
    if found.refusals_elsewhere:
        yield from (_heading(_("Events of other programs")), "")
        yield from _table((_("refused as"), _("events")), found.refusals_elsewhere.items())
    yield from (_heading(_("What is flagged")), "")
    for rule in RULES.values():
        used = ", ".join(
            f"{each.name} {_number(found.thresholds[each.name])}" for each in rule.thresholds
        )
        yield _(
            "- `{rule}`: {what} ({thresholds})", rule=rule.name, what=rule.words, thresholds=used
        )
    yield ""
    yield _(
        "`flowdrop compliance flags --month {month}` lists the accounts and the evidence.",
        month=found.month,
    )


def _heading(text: str) -> str:
    return f"## {text}"


def _program(program: ProgramMonth, to: Translator) -> Iterator[str]:
    _ = to.gettext
    yield from (_heading(program.program), "")
    yield from _table(
        (_("coins"), _("number")),
        [
            (_("issued in the month"), program.issued),
            (_("burnt in the month"), program.burnt),
            (_("redeemed at carriers in the month"), program.redeemed),
            (_("outstanding at its end"), program.outstanding),
            (_("of which in red packets"), program.in_packets),
            (_("of which waiting for a wallet"), program.waiting),
            (_("of which held for redemptions and orders"), program.held),
            *(
                (_("in {kind} accounts", kind=kind), coins)
                for kind, coins in program.by_kind.items()
            ),
        ],
    )
    yield from (_cover(program, to), "")
    yield from _table(
        (_("wallets"), _("number")),
        [
            (_("opened so far"), program.wallets),
            (_("frozen at the month's end"), program.frozen),
            (_("closed by the month's end"), program.closed),
            (_("frozen in the month"), program.frozen_in_month),
            (_("closed in the month"), program.closed_in_month),
        ],
    )
    if program.refusals:
        yield from _table((_("refused as"), _("events")), program.refusals.items())
    else:
        yield from (_("No event was refused."), "")
    yield from _table((_("flagged by"), _("flags")), program.flags.items())


def _cover(program: ProgramMonth, to: Translator) -> str:
    _ = to.gettext
    if program.reserve is None:
        return _("Reserve: none is set.")
    if program.cover is None:
        return _("Reserve: {reserve:,} coins; nothing is outstanding.", reserve=program.reserve)
    return _(
        "Reserve: {reserve:,} coins for {outstanding:,} outstanding, {cover:.2f} %.",
        reserve=program.reserve,
        outstanding=program.outstanding,
        cover=100 * program.cover,
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
