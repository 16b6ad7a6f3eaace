"""What an evaluation says: the stored results of a model, which one decides, and in words.

The scope `later` decides where there is one: campaigns that began on or after the model's date.
`not_over` adds those that were running at the date; the model learned from redemptions after their
start, so it is told but decides nothing. On the last day of the data nothing is later, and the
validation inside training decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sql.client import rows

if TYPE_CHECKING:
    from datetime import date, datetime

    from clickhouse_connect.driver.client import Client

REDEEMERS_MIN = 20  # fewer decide nothing


@dataclass(frozen=True)
class Evaluation:
    """A model and the baseline on the rows of one scope; a row of the table `evaluations`."""

    model_id: str
    as_of: date
    scope: str  # later, not_over, validation
    rows: int
    redeemers: int
    people: int
    campaigns: list[str]
    open_campaigns: list[str]  # of them, not over at the last event known: labels so far
    auc: float
    baseline_auc: float
    difference: float
    difference_low: float
    difference_high: float
    within_auc: float
    within_baseline_auc: float
    within_difference_low: float
    within_difference_high: float
    mean_score: float | None
    observed_rate: float
    evaluated_at: datetime


def evaluations(client: Client, model_id: str) -> list[Evaluation]:
    """Return what is stored of the model's evaluations, by scope."""
    return [Evaluation(**row) for row in rows(client, "features/evaluations", model_id=model_id)]


def deciding(found: list[Evaluation]) -> Evaluation | None:
    """Return the evaluation that decides: `later` with enough redemptions, else `validation`."""
    scopes = {one.scope: one for one in found if one.redeemers >= REDEEMERS_MIN}
    return scopes.get("later") or scopes.get("validation")


def verdict(one: Evaluation) -> tuple[bool, str]:
    """Return whether the model beats the baseline, and the comparison in words.

    It does when the whole 95 % interval of the difference in AUC is above zero.
    """
    beats = one.difference_low > 0
    words = (
        f"AUC {one.auc:.3f} {'beats' if beats else 'does not beat'} the naive baseline's "
        f"{one.baseline_auc:.3f} on {_counted(one)}: difference {one.difference:+.3f}, "
        f"95 % interval {one.difference_low:+.3f} to {one.difference_high:+.3f}"
    )
    return beats, words


def _counted(one: Evaluation) -> str:
    told = {
        "later": "campaigns that began on or after",
        "not_over": "campaigns not over on",
        "validation": "campaigns held out before",
    }[one.scope]
    return f"{len(one.campaigns)} {told} {one.as_of} ({one.rows:,} rows)"
