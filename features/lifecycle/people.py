"""The people on which models of uplift are judged: those of a file whom they don't know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.lifecycle.training import fingerprint, split
from features.uplift.errors import UnusableError
from features.uplift.reading import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from features.lifecycle.facts import Facts
    from features.uplift.experiment import Experiment


def unseen(models: Sequence[Facts], path: Path | None = None) -> tuple[Experiment, str]:
    """Return people on whom models can be judged, with the features of all of them.

    Args:
        models: the first one says what each column is.
        path: a file; without one, that of the first model's own experiment.

    Returns:
        The people, and in words who they are.

    Raises:
        UnusableError: when the file is away or has changed, or its arms are others.
    """
    first = models[0]
    place = Path(first.path) if path is None else path
    if not place.exists():
        raise UnusableError(
            f"the experiment of model {first.model_id} is no longer at {place}; say --from FILE"
        )
    names = dict.fromkeys(name for one in models for name in one.features)
    found = read(place, first.roles.with_features(tuple(names)))
    if list(found.arms) != first.arms:
        raise UnusableError(
            f"the arms of {place.name} are {', '.join(found.arms)}, and model {first.model_id} "
            f"knows {', '.join(first.arms)}; give an experiment of the same arms"
        )
    data = found.data
    of_own = fingerprint(data.with_features(first.features)) == first.data_fingerprint
    if of_own:
        _, held = split(data.with_features(first.features))
        return data.take(held), f"{len(held):,} people held out of {place.name}"
    if path is None:
        raise UnusableError(
            f"{place} is not what model {first.model_id} was trained on any more, so whom it knows "
            "of these people can't be told; give people that it does not know by --from FILE"
        )
    return data, f"all {len(data.arm):,} people of {place.name}"


def predicted(model: object, facts: Facts, data: Experiment) -> np.ndarray:
    """Return a model's effects (column) on people (row)."""
    return np.asarray(
        model.predict_effect(data.features[facts.features]),  # type: ignore[attr-defined]
        dtype=np.float64,
    )
