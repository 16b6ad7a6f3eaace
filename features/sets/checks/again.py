"""A set made again from what is told beside it, and where it differs if it does."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click
import pyarrow.parquet as pq

from features.sets.beside import definition, facts_of
from features.sets.compose import Moment
from features.sets.export import Asked
from features.sets.files import Feature, Label

if TYPE_CHECKING:
    from pathlib import Path

    from features.sets.catalogue import Catalogue

One = TypeVar("One", Feature, Label)


def again(path: Path, catalogue: Catalogue) -> tuple[Asked, str]:
    """Return what a set was asked to hold, and its SHA-256.

    Raises:
        click.ClickException: when there is no such set, or a definition is not what it was.
    """
    facts = facts_of(path)
    features = tuple(
        _same(path, catalogue.feature(told["name"]), told) for told in facts["features"]
    )
    told = facts["label"]
    asked = Asked(
        moments=tuple(
            Moment(
                as_of=date.fromisoformat(day),
                known_at=datetime.fromisoformat(facts["known_at"]),
                as_arrived=facts["as_arrived"],
            )
            for day in sorted(facts["rows_by_date"])
        ),
        features=features,
        label=_same(path, catalogue.label(told["name"]), told) if told else None,
        program=facts["program"],
        zone=facts["zone"],
        offer_days=facts["offer_days"],
    )
    return asked, facts["sha256"]


def _same(path: Path, one: One, told: dict[str, Any]) -> One:
    now = definition(one)
    changed = sorted(key for key in now.keys() | told.keys() if now.get(key) != told.get(key))
    if changed:
        raise click.ClickException(
            f"{path}: {one.name} is defined otherwise now, in {', '.join(changed)} ({one.file}); "
            "make a new set, or the old one from the version of the code that made it"
        )
    return one


def difference(path: Path, made: Path) -> str:
    """Return in words how a set differs from what is made of it now."""
    then, now = pq.ParquetFile(path), pq.ParquetFile(made)
    late = (
        "something that had arrived by its known_at was stored after it was made; `stored_until` "
        "beside it says up to when everything was"
    )
    if then.metadata.num_rows != now.metadata.num_rows:
        rows = f"{then.metadata.num_rows:,} rows then, {now.metadata.num_rows:,} now"
        return f"{rows}; {late}"
    names = then.schema_arrow.names
    changed = [
        name
        for name in names
        if not pq.read_table(path, columns=[name]).equals(pq.read_table(made, columns=[name]))
    ]
    if not changed:
        return "the values are the same, but the library that writes Parquet is another"
    return f"{', '.join(changed)} differ; {late}"
