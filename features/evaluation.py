"""Judging a model on campaigns that were not over when it was trained, beside the baseline.

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
from features.verdict import Evaluation

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from clickhouse_connect.driver.client import Client


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
    names = sorted(set(table["campaign"]))
    return Evaluation(
        model_id=metadata.model_id,
        as_of=metadata.as_of,
        scope=scope,
        rows=len(table),
        redeemers=redeemers,
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
