"""What was asked of campaigns' budgets and refused: of which kind, why, for how many people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText, Names
from console.i18n.labels import LABELS, label
from console.reporting.figures import number
from console.reports.arm_names import arm_name
from console.reports.days import ALWAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.reporting.layout import Layout
    from console.reports.basis import QueryLog
    from console.reports.days import Window

REFUSED = LocalizedText(
    "What was asked for and refused moved no coin, so it is in no other figure. A refusal counts "
    "although the same was asked again, under another id, and given."
)
NOT_PAID = LocalizedText(
    "Rewards that were asked for and refused paid no coin and are told apart, by reason; most are "
    "for purchases that do count here."
)


@dataclass(frozen=True, kw_only=True)
class Refused:
    """What was asked of a campaign's budget and refused for one reason."""

    campaign: str
    program: str
    operation: str  # grant, reward
    reason: str  # as in docs/ledger.md
    events: int
    people: int  # whom they were for
    coins: int | None  # none where the program's rule would have said how many


def refused(
    log: QueryLog, campaigns: Sequence[str], window: Window = ALWAYS, zone: str = "UTC"
) -> tuple[Refused, ...]:
    """Return what was refused, by campaign, program, operation and reason."""
    first, last = window.bounds
    asked = {"campaigns": list(campaigns), "begin": first, "end": last, "zone": zone}
    return tuple(Refused(**row) for row in log.rows("reports/coins_refused", **asked))


def print_refused(
    found: Sequence[Refused], to: Layout, title: str = N_("Asked for, and refused")
) -> None:
    """Print what was refused, if anything was."""
    _ = to.gettext
    if found:
        to.table(
            _(title),
            (
                *(_("campaign"), _("program"), _("operation"), _("reason")),
                *(_("events"), _("people"), _("coins")),
            ),
            (
                (
                    *(each.campaign, each.program),
                    label(to, "asked", each.operation),
                    label(to, "reason", each.reason),
                    *map(number, (each.events, each.people, each.coins)),
                )
                for each in found
            ),
            listed={_("program"), _("operation"), _("reason")},
        )


def cautions(log: QueryLog, campaign: str) -> tuple[LocalizedText, ...]:
    """Return for each arm how many of its people were refused the coins they were to get."""
    return tuple(_caution(row) for row in log.rows("reports/lift_refused", campaign=campaign))


def _caution(row: Mapping[str, Any]) -> LocalizedText:
    return LocalizedText(
        "The ledger refused {n:,} of {people:,} people of arm {arm} ({share:.1f} %) their coins, "
        "and they got none ({reasons}): this is the effect of the arm as it was carried out, not "
        "of its coins.",
        n=row["refused"],
        people=row["people"],
        arm=arm_name(row["arm"]),
        share=100 * row["refused"] / row["people"],
        reasons=Names(tuple(map(_reason, row["reasons"]))),
    )


def _reason(name: str) -> str | LocalizedText:
    known = LABELS["reason"].get(name)
    return name if known is None else LocalizedText(known)
