"""Training: the rows of ended campaigns, a learner chosen in chronological order, a file."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from features import registry
from features.definitions import NAMES
from features.leakage.gate import inspect, require_clean
from features.learners import definition, fit
from features.rows import campaigns, fingerprint, required
from features.settings import OFFER_DAYS
from features.validation import REDEEMERS_MIN, Validation, teaches, validate

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from clickhouse_connect.driver.client import Client

    from features.rows import Campaign

CAMPAIGNS_MIN = 2


def train(
    client: Client, as_of: date, program: str, folder: Path, offer_days: int = OFFER_DAYS
) -> tuple[registry.Metadata, bool]:
    """Train the model of `as_of` on its stored training rows, unless its file is there already.

    A file that is not the one the registry names does not count: it is rebuilt.

    Returns:
        The model's metadata, and whether it was trained now.

    Raises:
        click.ClickException: when there are no rows, or too few to learn from.
    """
    table = required(client, as_of, "training", program)
    past = [
        one for one in campaigns(client, as_of, program, offer_days) if one.purpose == "training"
    ]
    _enough(as_of, table, past)
    data, defined = fingerprint(table), registry.definition_fingerprint(definition())
    model_id = registry.model_id(program, as_of, data, defined)
    _require_known_before(table, past)
    known = registry.find(client, model_id)
    fresh = known is None or not registry.intact(folder, known)
    if known is None or fresh:
        judged = validate(table, past)
        metadata = registry.Metadata(
            model_id=model_id,
            as_of=as_of,
            program=program,
            learner=judged.chosen,
            features=list(NAMES),
            campaigns=[one.campaign for one in past],
            rows=len(table),
            redeemers=int(table["label"].sum()),
            base_rate=float(table["label"].mean()),
            data_fingerprint=data,
            definition_fingerprint=defined,
            validation=_told(judged),
            versions=registry.versions(),
            trained_at=datetime.now(UTC),
        )
        known = registry.save(folder, fit(judged.chosen, table), metadata)
    registry.record(client, known)
    return known.metadata, fresh


def _require_known_before(table: pd.DataFrame, past: list[Campaign]) -> None:
    """Refuse features of a moment after their campaign's start, or that tell too much.

    Raises:
        LeakError: naming feature, evidence and remedy.
    """
    starts = table["campaign"].map({one.campaign: one.start for one in past})
    moments = dict.fromkeys(NAMES, table["at"])
    features = table[list(NAMES)]
    require_clean(inspect(features, table["label"], times=starts, sources=moments))


def _enough(as_of: date, table: pd.DataFrame, past: list[Campaign]) -> None:
    redeemers = int(table["label"].sum())
    if len(past) < CAMPAIGNS_MIN or not teaches(table):
        raise click.ClickException(
            f"too little to learn from as of {as_of}: {len(past)} ended campaigns with "
            f"{redeemers} redemptions in {len(table)} rows; {CAMPAIGNS_MIN} campaigns, "
            f"{REDEEMERS_MIN} people who redeemed and {REDEEMERS_MIN} who did not are needed: "
            "choose a later date"
        )


def _told(judged: Validation) -> dict[str, Any]:
    """Return the validation as plain values: what was predicted, and each learner's comparison."""
    return {
        "campaigns": list(judged.campaigns),
        "rows": judged.rows,
        "people": judged.people,
        "redeemers": judged.redeemers,
        "learners": {name: asdict(one) for name, one in judged.comparisons.items()},
    }
