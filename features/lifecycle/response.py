"""Models of who redeems as versions: compared on campaigns that neither of two has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import numpy as np

from features import registry
from features.learners import chances
from features.lifecycle.compared import Compared
from features.lifecycle.versions import RESPONSE_LABEL, add_promotion, add_version, promotions
from features.measures import compare as compared
from features.rows import build, campaigns, known, stored
from features.verdict import deciding, evaluations, verdict

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from features.lifecycle.shelf import Shelf
    from features.lifecycle.versions import Promotion, Version
    from features.registry import Champion


def record(client: Client, champion: Champion) -> Promotion:
    """Write a registered model of who redeems as a version of its label, and as its champion.

    Done again for the same model it changes nothing.
    """
    sha256 = registry.required(client, champion.model_id).sha256
    version, _ = add_version(
        client, champion.program, RESPONSE_LABEL, champion.model_id, "response", sha256
    )
    made = promotions(client, champion.program, RESPONSE_LABEL)
    if made and made[-1].model_id == champion.model_id:
        return made[-1]
    return add_promotion(client, version, "promote", champion.reason, forced=champion.forced)


def beats_baseline(shelf: Shelf, version: Version) -> tuple[bool, str]:
    """Return whether a model beats the naive baseline by its evaluation, and that in words."""
    judged = deciding(evaluations(shelf.client, version.model_id))
    if judged is None:
        return False, f"version {version.version} was not evaluated, or on too few redemptions"
    return verdict(judged)


def compare_response(shelf: Shelf, one: Version, other: Version) -> Compared:
    """Return a version beside another on campaigns that began after both, and are over.

    Raises:
        click.ClickException: when there are none.
    """
    client, program = shelf.client, one.program
    (model, first), (model_two, second) = (
        registry.load(client, shelf.folder, version.model_id) for version in (one, other)
    )
    as_of = max(first.as_of, second.as_of)
    build(client, as_of, "later", program)
    table = stored(client, as_of, "later", program)
    last = known(client, program)
    over = [found.campaign for found in campaigns(client, as_of, program) if found.finish < last]
    table = table if table.empty else table[table["campaign"].isin(over)]
    redeemers = int(table["label"].sum()) if len(table) else 0
    if redeemers in {0, len(table)}:
        raise click.ClickException(
            f"no campaign that began on {as_of} or later is over and was redeemed by some, so "
            f"versions {one.version} and {other.version} of {one.label!r} can't be compared; wait "
            "for one to end"
        )
    found = compared(
        table["label"].to_numpy(np.int64),
        chances(model, table),
        chances(model_two, table),
        table["campaign"].to_numpy(object),
        table["person"].to_numpy(object),
    )
    if found.auc is None or found.baseline_auc is None or found.difference_low is None:
        raise click.ClickException("no two people of later campaigns can be compared")
    names = table["campaign"].nunique()
    return Compared(
        label=one.label,
        version=one.version,
        other=other.version,
        metric="auc",
        rows=len(table),
        people=f"{len(table):,} people of {names} campaigns that began on {as_of} or later",
        value=found.auc,
        other_value=found.baseline_auc,
        difference=found.auc - found.baseline_auc,
        low=found.difference_low,
        high=found.difference_high or 0.0,
    )
