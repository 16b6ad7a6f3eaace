"""A model on people it does not know, and a version beside another one on the same people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.lifecycle.compared import Compared
from features.lifecycle.judging import judge, paired
from features.lifecycle.people import predicted, unseen
from features.lifecycle.response import compare_response
from features.uplift.errors import UnusableError

if TYPE_CHECKING:
    from pathlib import Path

    from features.lifecycle.judging import Judged
    from features.lifecycle.shelf import Shelf
    from features.lifecycle.versions import Version


def evaluate(shelf: Shelf, model_id: str, path: Path | None) -> tuple[Judged, str]:
    """Return what a model of uplift does on people it does not know, and who they are."""
    model, facts = shelf.uplift(model_id)
    data, words = unseen([facts], path)
    effects = predicted(model, facts, data)
    found = judge(data, effects, tuple(facts.arms[1:]), facts.metric, np.array(facts.costs))
    return found, words


def compare(shelf: Shelf, one: Version, other: Version, path: Path | None) -> Compared:
    """Return a version beside another on people that the first does not know.

    Whom the other one may have learned from counts for it, so that a first that wins has won.

    Raises:
        click.ClickException: when one can't be loaded, or they predict other arms.
    """
    if one.kind == "response":
        return compare_response(shelf, one, other)
    (model, facts), (model_two, facts_two) = (
        shelf.uplift(one.model_id),
        shelf.uplift(other.model_id),
    )
    if facts.arms != facts_two.arms:
        raise UnusableError(
            f"version {one.version} knows the arms {', '.join(facts.arms)} and version "
            f"{other.version} {', '.join(facts_two.arms)}; only models of the same arms compare"
        )
    data, words = unseen([facts, facts_two], path)
    found = paired(
        data,
        predicted(model, facts, data),
        predicted(model_two, facts_two, data),
        facts_two.metric,
        np.array(facts_two.costs),
    )
    return Compared(
        label=one.label,
        version=one.version,
        other=other.version,
        metric=found.metric,
        rows=found.rows,
        people=words,
        value=found.first,
        other_value=found.second,
        difference=found.difference,
        low=found.low,
        high=found.high,
    )
