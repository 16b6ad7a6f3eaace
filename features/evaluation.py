"""Judging a model on campaigns that were not over when it was trained, beside the baseline.

The scope `later` decides where there is one: campaigns that began on or after the model's date,
with features as of their own start. `not_over` adds those that were running at the date; its
people's features may be older than what the model learned from, so it is told but decides nothing.
On the last day of the data nothing is later, and the validation inside training decides.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click
import numpy as np
import pandas as pd

from features import registry
from features.learners import chances
from features.measures import Comparison, compare
from features.rows import baseline, build, campaigns, known, stored
from sql.client import rows

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

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


def evaluate(client: Client, as_of: date, program: str, folder: Path) -> list[Evaluation]:
    """Judge the model of `as_of` on every scope there is, and store the results.

    Raises:
        click.ClickException: when no model was trained, or there is nothing to judge by.
    """
    model, metadata = registry.load(folder, registry.model_of(client, as_of))
    for purpose in ("running", "later"):
        build(client, as_of, purpose, program)
    running, later = stored(client, as_of, "running"), stored(client, as_of, "later")
    last = known(client, program)
    unfinished = {one.campaign for one in campaigns(client, as_of) if one.finish >= last}
    found = [_of_validation(metadata)]
    for scope, parts in (("later", [later]), ("not_over", [running, later])):
        table = pd.concat([part for part in parts if not part.empty] or [later])
        found.append(_of_rows(model, metadata, scope, table, unfinished))
    results = [one for one in found if one is not None]
    if not results:
        raise click.ClickException(
            f"there is nothing to judge the model of {as_of} by: no campaign after it, and too few "
            "before it to hold any out; choose a later date"
        )
    client.insert(
        "evaluations",
        [list(asdict(one).values()) for one in results],
        column_names=list(Evaluation.__dataclass_fields__),
    )
    return results


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


def _of_rows(
    model: Any,
    metadata: registry.Metadata,
    scope: str,
    table: pd.DataFrame,
    unfinished: set[str],
) -> Evaluation | None:
    if table.empty or table["label"].nunique() == 1:
        return None
    scores = chances(model, table)
    comparison = compare(
        table["label"].to_numpy(np.int64),
        scores,
        baseline(table, metadata.base_rate).to_numpy(np.float64),
        table["campaign"].to_numpy(object),
        table["person"].to_numpy(object),
    )
    names = sorted(set(table["campaign"]))
    return Evaluation(
        model_id=metadata.model_id,
        as_of=metadata.as_of,
        scope=scope,
        rows=len(table),
        redeemers=int(table["label"].sum()),
        people=int(table["person"].nunique()),
        campaigns=names,
        open_campaigns=[name for name in names if name in unfinished],
        **asdict(comparison),
        mean_score=float(scores.mean()),
        observed_rate=float(table["label"].mean()),
        evaluated_at=datetime.now(UTC),
    )


def _of_validation(metadata: registry.Metadata) -> Evaluation | None:
    """Return the chosen learner's validation inside training, as it was stored with the model."""
    told = metadata.validation
    if not told["learners"]:
        return None
    comparison = Comparison(**told["learners"][metadata.learner])
    return Evaluation(
        model_id=metadata.model_id,
        as_of=metadata.as_of,
        scope="validation",
        rows=told["rows"],
        redeemers=told["redeemers"],
        people=told["people"],
        campaigns=told["campaigns"],
        open_campaigns=[],
        **asdict(comparison),
        mean_score=None,
        observed_rate=told["redeemers"] / told["rows"],
        evaluated_at=datetime.now(UTC),
    )
