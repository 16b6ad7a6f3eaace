"""What an evaluation says: a model's stored results, which one decides, and in words.

The scope `later` decides where there is one: campaigns that began on or after the model's date and
are over. One that is not over at the last known event has only labels so far: a drop of this
morning has none, and would make the best people look like the worst. It is named, and left out.
`not_over` has those too, and the campaigns that were running at the date; the model learned from
redemptions after their start, so it is reported but decides nothing. On the last day of the data
nothing is later, and the validation inside training decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sql.client import rows

if TYPE_CHECKING:
    from datetime import date, datetime

    from clickhouse_connect.driver.client import Client

REDEEMERS_MIN = 20  # fewer decide nothing
PEOPLE_MIN = 20  # with fewer, all draws are alike and the interval has no width


@dataclass(frozen=True)
class Evaluation:
    """A model and the baseline on the rows of one scope; a row of the table `evaluations`."""

    program: str
    model_id: str
    as_of: date
    scope: str  # later, not_over, validation
    rows: int
    redeemers: int
    people: int
    campaigns: list[str]
    open_campaigns: list[str]  # not over at the last known event: see above
    auc: float | None  # nothing where no two people can be compared; likewise below
    baseline_auc: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    within_auc: float | None
    within_baseline_auc: float | None
    within_difference_low: float | None
    within_difference_high: float | None
    mean_score: float | None
    observed_rate: float
    evaluated_at: datetime


def evaluations(client: Client, model_id: str) -> list[Evaluation]:
    """Return what is stored of the model's evaluations, by scope."""
    return [Evaluation(**row) for row in rows(client, "features/evaluations", model_id=model_id)]


def deciding(found: list[Evaluation]) -> Evaluation | None:
    """Return the evaluation that decides: `later` if large enough, otherwise `validation`."""
    scopes = {
        one.scope: one
        for one in found
        if one.redeemers >= REDEEMERS_MIN and one.people >= PEOPLE_MIN
    }
    return scopes.get("later") or scopes.get("validation")


def verdict(one: Evaluation) -> tuple[bool, str]:
    """Return whether the model beats the baseline, and the comparison in words.

    It does when the whole 95 % interval of the difference in AUC is above zero.
    """
    beats = one.difference_low is not None and one.difference_low > 0
    words = (
        f"AUC {told(one.auc)} {'beats' if beats else 'does not beat'} the naive baseline's "
        f"{told(one.baseline_auc)} on {_counted(one)}: difference {told(one.difference, '+')}, "
        f"95 % interval {told(one.difference_low, '+')} to {told(one.difference_high, '+')}"
    )
    return beats, words


def told(value: float | None, sign: str = "") -> str:
    """Return a measure with three places, or that nobody could be compared."""
    return "unknown" if value is None else f"{value:{sign}.3f}"


def _counted(one: Evaluation) -> str:
    told = {
        "later": "campaigns that are over and began on or after",
        "not_over": "campaigns not over on",
        "validation": "campaigns held out before",
    }[one.scope]
    return f"{len(one.campaigns)} {told} {one.as_of} ({one.rows:,} rows)"
