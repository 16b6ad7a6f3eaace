"""Scoring: the champion's chance to redeem in the next campaign, for everyone with a wallet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from features import registry
from features.learners import chances
from features.rows import required
from sql.client import text

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from clickhouse_connect.driver.client import Client


@dataclass(frozen=True)
class Scored:
    """What a scoring did."""

    program: str
    as_of: date
    model_id: str
    model_as_of: date  # may be older than as_of, never newer
    channel: str  # that the next campaign is assumed to use
    people: int
    mean_score: float
    highest_score: float


def score(client: Client, as_of: date, program: str, folder: Path) -> Scored:
    """Score everyone of `program` with a row for `as_of`; old scores are replaced atomically.

    Raises:
        click.ClickException: when no model is registered, or no rows were built.
    """
    champion = registry.champion_on(client, as_of, program)
    table = required(client, as_of, "scoring", program)
    model, metadata = registry.load(client, folder, champion.model_id)
    scores = chances(model, table)
    client.command(text("features/scores_clear"), parameters={"program": program, "as_of": as_of})
    client.insert_df(
        "scores_staging",
        pd.DataFrame(
            {
                "program": program,
                "as_of": as_of,
                "model_id": champion.model_id,
                "person": table["person"],
                "score": scores,
            }
        ),
    )
    client.command(text("features/scores_replace"), parameters={"program": program, "as_of": as_of})
    return Scored(
        program=program,
        as_of=as_of,
        model_id=champion.model_id,
        model_as_of=metadata.as_of,
        channel=str(table["channel"].iloc[0]),
        people=len(table),
        mean_score=float(scores.mean()),
        highest_score=float(scores.max()),
    )
