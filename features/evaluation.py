"""Evaluating a model, beside the baseline, on campaigns that were not over when it was trained.

Features are as of each campaign's own start. What the results mean is in `features/verdict.py`.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click
import numpy as np
import pandas as pd

from features import registry
from features.learners import chances
from features.measures import Comparison, compare
from features.rows import baseline, build, campaigns, known, stored
from features.settings import OFFER_DAYS
from features.verdict import Evaluation

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from clickhouse_connect.driver.client import Client

    from features.rows import Purpose

PURPOSES: tuple[Purpose, ...] = ("running", "later")


def evaluate(
    client: Client, as_of: date, program: str, folder: Path, offer_days: int = OFFER_DAYS
) -> list[Evaluation]:
    """Evaluate the model of `as_of` on every scope there is, and store the results.

    Raises:
        click.ClickException: when no model was trained, or there is nothing to evaluate it on.
    """
    model, metadata = registry.load(client, folder, registry.model_of(client, as_of, program))
    tables = {}
    for purpose in PURPOSES:
        build(client, as_of, purpose, program, offer_days)
        tables[purpose] = stored(client, as_of, purpose, program)
    last = known(client, program)
    unfinished = {
        one.campaign
        for one in campaigns(client, as_of, program, offer_days)
        if one.finish >= last and one.purpose in PURPOSES
    }
    later, every = tables["later"], _joined(list(tables.values()))
    over = later if later.empty else later[~later["campaign"].isin(unfinished)]
    found = [
        _of_validation(metadata),
        _of_rows(model, metadata, "later", over, unfinished & _names(later)),
        _of_rows(model, metadata, "not_over", every, unfinished),
    ]
    results = [one for one in found if one is not None]
    if not results:
        raise click.ClickException(
            f"there is nothing to evaluate the model of {as_of} on: no later campaign is over and "
            f"was redeemed by some but not all{_listed(unfinished)}, and too few earlier ones "
            "were to hold any out; choose a later date"
        )
    client.insert(
        "evaluations",
        [list(asdict(one).values()) for one in results],
        column_names=list(Evaluation.__dataclass_fields__),
    )
    return results


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([part for part in parts if not part.empty] or parts)


def _names(table: pd.DataFrame) -> set[str]:
    return set() if table.empty else set(table["campaign"])


def _listed(unfinished: set[str]) -> str:
    return f" (not over yet: {', '.join(sorted(unfinished))})" if unfinished else ""


def _of_rows(
    model: Any,
    metadata: registry.Metadata,
    scope: str,
    table: pd.DataFrame,
    unfinished: set[str],
) -> Evaluation | None:
    redeemers = int(table["label"].sum()) if len(table) else 0
    if redeemers in {0, len(table)}:
        return None
    scores = chances(model, table)
    comparison = compare(
        table["label"].to_numpy(np.int64),
        scores,
        baseline(table, metadata.base_rate),
        table["campaign"].to_numpy(object),
        table["person"].to_numpy(object),
    )
    return Evaluation(
        program=metadata.program,
        model_id=metadata.model_id,
        as_of=metadata.as_of,
        scope=scope,
        rows=len(table),
        redeemers=redeemers,
        people=int(table["person"].nunique()),
        campaigns=sorted(_names(table)),
        open_campaigns=sorted(unfinished),
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
        program=metadata.program,
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
