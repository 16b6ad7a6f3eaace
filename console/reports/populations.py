"""Whom answers about campaigns count: people by number, from the bitmaps of days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.reporting.population import BOUGHT, Population
from sql.client import arrow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from datetime import date

    from clickhouse_connect.driver.client import Client

    from console.reports.days import Window

Of = tuple[str, bool]  # a basis: its name, and whether exposures were incentivised
CONTACTED: Of = ("contacted", False)
EXPOSED: tuple[Of, ...] = tuple(
    (basis, paid) for basis in ("served", "viewable") for paid in (False, True)
)


def populations(
    client: Client,
    campaigns: Sequence[str],
    window: Window,
    told: Callable[[Of], Collection[date] | None],
) -> Iterator[Population]:
    """Yield the people whom campaigns together reached, on each basis.

    Args:
        client: of the warehouse.
        campaigns: their names.
        window: the days counted.
        told: the days up to which the answer tells the people of a basis; none if it tells none.
    """
    first, last = window.bounds
    found = arrow(
        client, "reports/first_days", campaigns=list(campaigns), begin=first, end=last
    ).to_pylist()
    for of in dict.fromkeys((row["basis"], bool(row["paid"])) for row in found):
        days = told(_named(of))
        if days is None:
            continue
        own = [row for row in found if (row["basis"], bool(row["paid"])) == of]
        selection = (sorted(campaigns), window.begin, window.end)
        yield Population(
            (*selection, *_named(of)),
            tuple(_steps(own, days)),
            "by day" if days else "",
            beside=tuple((*selection, *other) for other in _beside(_named(of))),
        )


def _beside(of: Of) -> tuple[Of, ...]:
    """Return the bases that the report of frequency tells beside one, whatever is on them.

    Whoever was served need not have been contacted. Who saw was served: those two are not beside
    each other, since what one has more than the other is of people.
    """
    return EXPOSED if of == CONTACTED else (CONTACTED,)


def _named(of: tuple[Any, bool]) -> Of:
    basis, paid = of
    return _text(basis), paid


def _steps(rows: Sequence[dict[str, Any]], days: Collection[date]) -> Iterator[Any]:
    """Yield the people whom each told total adds to the one before."""
    import numpy as np

    step: list[Any] = []
    for n, row in enumerate(rows):
        step.append(np.asarray(row["people"], dtype=np.int64))
        if row["day"] in days or n == len(rows) - 1:
            yield np.concatenate(step)
            step = []


def buyers(
    client: Client, campaigns: Sequence[str], window: Window, zone: str, told: Collection[str]
) -> Iterator[Population]:
    """Yield the people who bought, of all campaigns together and of each.

    Args:
        client: of the warehouse.
        campaigns: their names.
        window: the days counted.
        zone: whose days these are.
        told: the campaigns of which an answer tells how many bought; '' for all together.
    """
    import numpy as np

    first, last = window.bounds
    found = arrow(
        client, "reports/buyers", campaigns=list(campaigns), begin=first, end=last, zone=zone
    ).to_pylist()
    for row in found:
        name = _text(row["campaign"])
        if name in told or (len(campaigns) == 1 and told):
            own = [name] if name else sorted(campaigns)
            chosen_by = (own, window.begin, window.end, BOUGHT)
            people = np.asarray(row["people"], dtype=np.int64)
            yield Population(chosen_by, (people,), kind=BOUGHT)


def _text(of: Any) -> str:
    return of.decode() if isinstance(of, bytes) else str(of)
