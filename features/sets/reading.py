"""A set as a data frame that says what it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.sets.beside import facts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def load_training_set(
    path: str | Path,
    *,
    as_of: date | Sequence[date] = (),
    known_at: datetime | None = None,
    added: Sequence[str] = (),
    **wish: Any,
) -> pd.DataFrame:
    """Return a set: one that `flowdrop features export` wrote, or, with `as_of`, a new one.

    Columns: `person` (text), `as_of` (date), the features in the order of their names, and with a
    label `label`. A number that is not known is NaN; what is read as a category is pandas'
    `category`, empty text where nothing is known.

    `frame.attrs` has `label` (its name, or none), `features` (their names), `kinds` and `meanings`
    by feature, `as_of` (the dates), `known_at`, `program`, `sha256` and `path`:

        frame = load_training_set("sets/x.parquet", as_of=date(2026, 3, 1), label="redeemed_28d")
        X, y = frame[frame.attrs["features"]], frame["label"]

    Args:
        path: the set's file; with `as_of` it is written there first.
        as_of: the date, or several, of a set to make from the settings' warehouse.
        known_at: only what had arrived by then counts in it (default: now).
        added: folders or packages of definitions of one's own.
        wish: `label`, `only`, `program`, `barred`, `as_arrived`, as `flowdrop features export`
            takes them; the program is the setting's if it is not named.

    Raises:
        click.ClickException: when there is no such set, it is not what was written, or it cannot be
            made.
    """
    import pandas as pd

    path = Path(path)
    if as_of:
        _make(path, [as_of] if isinstance(as_of, date) else sorted(as_of), known_at, added, wish)
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


def _make(
    path: Path,
    dates: Sequence[date],
    known_at: datetime | None,
    added: Sequence[str],
    wish: dict[str, Any],
) -> None:
    from features.sets.asking import Wish, asked_for
    from features.sets.catalogue import load
    from features.sets.export import export
    from features.settings import FeatureSettings
    from flowdrop.settings import load as settings_of
    from sql.client import connect

    wish.setdefault("program", settings_of(FeatureSettings).program)
    catalogue, client = load(added), connect()
    asked = asked_for(client, catalogue, dates, known_at or datetime.now(UTC), Wish(**wish))
    export(client, catalogue, asked, path)
