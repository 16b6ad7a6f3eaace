"""A set as a data frame that says what it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.sets.beside import facts_of

if TYPE_CHECKING:
    import pandas as pd


def load_training_set(path: str | Path) -> pd.DataFrame:
    """Return a set that `flowdrop features export` wrote.

    Columns: `person` (text), `as_of` (date), the features in the order of their names, and with a
    label `label`. A number that is not known is NaN; what is read as a category is pandas'
    `category`, empty text where nothing is known.

    `frame.attrs` has `label` (its name, or none), `features` (their names), `kinds` and `meanings`
    by feature, `as_of` (the dates), `known_at`, `program`, `sha256` and `path`:

        frame = load_training_set("sets/x.parquet")
        X, y = frame[frame.attrs["features"]], frame["label"]

    Raises:
        click.ClickException: when there is no such set, or it is not what was written.
    """
    import pandas as pd

    path = Path(path)
    facts = facts_of(path)
    frame = pd.read_parquet(path)
    features: list[dict[str, Any]] = facts["features"]
    categories = [one["name"] for one in features if one["kind"] == "category"]
    frame = frame.astype(dict.fromkeys(categories, "category"))
    frame.attrs |= {
        "label": facts["label"]["name"] if facts["label"] else None,
        "features": [one["name"] for one in features],
        "kinds": {one["name"]: one["kind"] for one in features},
        "meanings": {one["name"]: one["meaning"] for one in features},
        "as_of": list(facts["rows_by_date"]),
        "known_at": facts["known_at"],
        "program": facts["program"],
        "sha256": facts["sha256"],
        "path": str(path),
    }
    return frame
