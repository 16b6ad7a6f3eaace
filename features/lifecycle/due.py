"""Whether a model of who redeems is due: by the week, or because people have changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from features.definitions import defined
from features.sets.asking import Wish, asked_for
from features.sets.catalogue import load
from features.sets.checks.check import check
from features.sets.checks.stability import STRONG
from features.sets.export import export
from sql.client import rows

if TYPE_CHECKING:
    from datetime import date

    from clickhouse_connect.driver.client import Client

MONDAY = 0


@dataclass(frozen=True, kw_only=True)
class Due:
    """Whether a model is due on a day.

    Attributes:
        is_due: whether it is.
        why: in a sentence.
        drifted: features by which people have changed, each with its stability index.
    """

    is_due: bool
    why: str
    drifted: dict[str, float]


def due(client: Client, as_of: date, program: str) -> Due:
    """Return whether a model of `program` is to be trained on `as_of`.

    It is on Mondays, while there is no champion, and when a feature's population stability index
    between the champion's date and `as_of` is .25 or more. Only features of a window of days count:
    one of all the past, such as days since the first purchase, changes though nothing does.

    Raises:
        click.ClickException: when the warehouse has no tables or no people.
    """
    if as_of.weekday() == MONDAY:
        return Due(is_due=True, why=f"{as_of} is a Monday", drifted={})
    found = rows(client, "features/champion", as_of=as_of, program=program)
    if not found:
        return Due(is_due=True, why=f"there is no champion on {as_of}", drifted={})
    learned: date = found[0]["as_of"]
    drifted = {} if learned == as_of else _drifted(client, learned, as_of, program)
    if not drifted:
        why = f"it is no Monday, and people are as they were on {learned}, the champion's date"
        return Due(is_due=False, why=why, drifted={})
    named = ", ".join(f"{name} ({index:.2f})" for name, index in drifted.items())
    why = (
        f"people are not as they were on {learned}, the champion's date, by population stability "
        f"index, {STRONG} or more: {named}"
    )
    return Due(is_due=True, why=why, drifted=drifted)


def _drifted(client: Client, learned: date, as_of: date, program: str) -> dict[str, float]:
    catalogue, known_at = load(), datetime.now(UTC)
    wish = Wish(program=program, only=tuple(one.name for one in defined() if one.window_days))
    with TemporaryDirectory(prefix="flowdrop-due-") as folder:
        paths = [Path(folder) / f"{day}.parquet" for day in (learned, as_of)]
        for day, path in zip((learned, as_of), paths, strict=True):
            export(client, catalogue, asked_for(client, catalogue, [day], known_at, wish), path)
        before, now = paths
        found = check(now, before)
    return {
        one.feature: one.value for one in found if one.check == "drift" and one.severity == "stops"
    }
