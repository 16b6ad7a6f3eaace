"""Effects of amounts from a file: a row per person and amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.choice.levels import ImpossibleError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEEDED = ("person", "amount", "effect")


@dataclass(frozen=True)
class Effects:
    """What each amount (column) does to each person (row), and costs; segments by name."""

    people: NDArray[np.object_]
    amounts: tuple[int, ...]
    values: Floats
    costs: Floats
    segments: NDArray[np.int64] | None
    names: tuple[str, ...]  # of the segments


def read(path: Path, segment: str | None = None) -> Effects:
    """Read a CSV or Parquet file with columns person, amount, effect and, if known, cost.

    Args:
        path: of the file; `cost` is the expected cost in coins, by default the amount.
        segment: column of each person's declared segment.

    Raises:
        ImpossibleError: naming the column or people that are wrong.
    """
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise ImpossibleError(f"{path.name} can't be read as CSV or Parquet: {error}") from error
    wanted = (*NEEDED, *((segment,) if segment else ()))
    if missing := [name for name in wanted if name not in table.columns]:
        raise ImpossibleError(
            f"{path.name} has no column {missing[0]!r}; it has {', '.join(map(str, table.columns))}"
        )
    if table.duplicated(["person", "amount"]).any():
        raise ImpossibleError(f"{path.name} has a person and amount twice; keep one row of each")
    if "cost" not in table.columns:
        table = table.assign(cost=table["amount"])
    wide = table.pivot_table(
        index="person", columns="amount", values=["effect", "cost"], dropna=False
    )
    if wide.isna().to_numpy().any():
        lacking = wide.index[wide.isna().any(axis=1)]
        raise ImpossibleError(
            f"{path.name} lacks an effect or cost of {len(lacking):,} people, first of "
            f"{lacking[0]!r}; give a row for every amount of each person"
        )
    codes: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()
    if segment:
        own = table.drop_duplicates("person").set_index("person")[segment].reindex(wide.index)
        found, texts = pd.factorize(own.astype(str), sort=True)
        codes, names = np.asarray(found, dtype=np.int64), tuple(str(one) for one in texts)
    return Effects(
        people=wide.index.to_numpy(dtype=object),
        amounts=tuple(int(one) for one in wide["effect"].columns),
        values=wide["effect"].to_numpy(np.float64),
        costs=wide["cost"].to_numpy(np.float64),
        segments=codes,
        names=names,
    )
