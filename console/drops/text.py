"""What a drop is and what became of it, printed for people: one fact per line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from console.i18n import N_, Translator
from console.reports.foreseen import Foreseen
from console.reports.metric_names import NAMES
from flowdrop.output import print_rows

FACTS = {
    "name": N_("name"),
    "state": N_("state"),
    "program": N_("program"),
    "audience": N_("audience"),
    "audience_people": N_("audience people"),
    "amount": N_("amount"),
    "budget": N_("budget"),
    "people": N_("people"),
    "treated": N_("treated"),
    "left_out": N_("left out"),
    "left_out_since": N_("left out since"),
    "sent": N_("sent"),
    "holdout": N_("held out"),
    "holdout_share": N_("share held out"),
    "cost": N_("cost"),
    "budget_left": N_("budget left over"),
    "granted": N_("people granted coins"),
    "granted_coins": N_("coins granted"),
    "refused": N_("refused"),
    "pending": N_("pending"),
    "funded": N_("funded"),
    "never_funded": N_("never funded"),
    "unspent": N_("unspent"),
    "until": N_("offer ends"),
    "design": N_("design"),
    "goals": N_("goal metrics"),
    "guardrails": N_("guardrails"),
    "planned_people": N_("planned people"),
    "planned_end": N_("planned end"),
    "tuned_at": N_("people who did it at which it is tightest (N*)"),
    "smallest_lift": N_("smallest lift that matters"),
    "power": N_("what it can show"),
    "created_at": N_("created at"),
    "created_by": N_("created by"),
    "version": N_("version"),
    "submitted_at": N_("handed in at"),
    "approved_at": N_("approved at"),
    "launched_at": N_("launched at"),
    "acknowledged_at": N_("acknowledged at"),
}


def print_facts(facts: dict[str, Any], title: str, to: Translator) -> None:
    """Print one fact per line; counts by reason get a line each."""
    lines: list[tuple[str, object]] = []
    for key, value in facts.items():
        name = to.gettext(FACTS[key])
        if key == "power":
            lines += [
                (f"{name}: {to.gettext(NAMES[one['metric']])}", Foreseen(**one).words.of(to.lang))
                for one in value
            ]
        elif isinstance(value, list):
            lines.append((name, ", ".join(to.gettext(NAMES[one]) for one in value) or None))
        elif isinstance(value, dict):
            lines += [
                (to.gettext("{what}: {why}", what=name, why=reason), count)
                for reason, count in value.items()
            ]
        else:
            lines.append((name, value))
    fact, heading = to.gettext("fact"), to.gettext("value")
    print_rows([{fact: name, heading: _plain(value)} for name, value in lines], title=title)


def _plain(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
