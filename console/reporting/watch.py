"""Populations that an organisation was told of, so that two of them do not tell of a few people.

Who knows two populations that differ by a few people knows those few. An organisation's last
populations are kept, and an answer about one that is too close to another is refused. The same
choice of people on another day is not another population: what changed meanwhile is not hidden.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete, func, insert, select

from console.database import alone
from console.drops.tables import SeenPopulation
from console.i18n import LocalizedText
from console.reporting.population import BOUGHT, FAMILY, Population, differences, unpacked
from console.reporting.viewer import ACTIONS_MIN, PEOPLE_MIN
from console.reports.basis import NoReportError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection, Engine

KEPT_MAX = 1000  # populations of an organisation

SEEN: Any = SeenPopulation.__table__


class TooCloseError(NoReportError):
    """The people counted are nearly those of another answer."""


def watch(engine: Engine, organisation: str, populations: Sequence[Population]) -> None:
    """Keep the populations that an organisation is told of.

    Raises:
        TooCloseError: when one differs from one that it was told of before by too few people.
    """
    own = {each.name: each for each in populations if each.steps}
    with alone(engine, _lock(organisation)) as connection:
        kept = _kept(connection, organisation)
        packed = {name: (each.sizes, each.packed) for name, each in own.items()}
        changed = [name for name in own if kept.get(name) != packed[name]]
        for name in changed:
            new = _new_totals(own[name], kept)
            for other, (sizes, people) in kept.items():
                if _is_other(other, own[name], own, kept) and _is_close(
                    own[name], new, sizes, people
                ):
                    raise TooCloseError(_words())
        _keep(connection, organisation, packed)


def _lock(organisation: str) -> int:
    """Return the lock of an organisation: two answers at once would not know of each other."""
    return int.from_bytes(hashlib.sha256(organisation.encode()).digest()[:8], signed=True)


def close_ones(
    engine: Engine, organisation: str, populations: Sequence[Population]
) -> list[Population]:
    """Keep those populations that are not too close to others, one by one; return the rest."""
    close = []
    for each in populations:
        try:
            watch(engine, organisation, [each])
        except TooCloseError:
            close.append(each)
    return close


def _words() -> LocalizedText:
    return LocalizedText(
        "the people counted here and those of another report that your organisation has seen "
        "differ by fewer than {least}, which would tell of those few; every report still answers "
        "for the campaigns and days that you have seen, or choose others that differ by {least} "
        "people or more",
        least=PEOPLE_MIN,
    )


def _kept(connection: Connection, organisation: str) -> dict[str, tuple[list[int], bytes]]:
    rows = connection.execute(
        select(SEEN.c.population, SEEN.c.steps, SEEN.c.people).where(
            SEEN.c.organisation == organisation
        )
    )
    return {name: (list(steps), bytes(people)) for name, steps, people in rows}


def _is_other(
    name: str, one: Population, own: Mapping[str, Population], kept: Collection[str]
) -> bool:
    """Return whether a population told before has to differ from `one`, of all that are told now.

    The same choice told in other steps is the same, and what is told beside it may be near it. Two
    that were told before, and are again, are an answer to the same question on another day.
    """
    again = name in own and one.name in kept
    return name[0] == one.kind and name[:FAMILY] not in one.families and not again


def _new_totals(own: Population, kept: Mapping[str, tuple[list[int], bytes]]) -> Any:
    """Return which totals of a population are of other people than every total told before.

    Who was told of the same people already learns nothing from being told of them again.
    """
    new = np.ones(len(own.steps), dtype=bool)
    totals = np.cumsum(own.sizes)
    for name, (sizes, packed) in kept.items():
        if name[0] == own.kind and new.any() and np.isin(totals[new], np.cumsum(sizes)).any():
            new &= ~(differences(own.steps, unpacked(sizes, packed)) == 0).any(axis=1)
    return new


def _is_close(own: Population, new: Any, sizes: Sequence[int], packed: bytes) -> bool:
    """Return whether a new total of one and a total of the other are nearly the same people."""
    least = ACTIONS_MIN if own.kind == BOUGHT else PEOPLE_MIN
    totals, others = np.cumsum(own.sizes)[new], np.cumsum(sizes)
    if not (np.abs(totals[:, None] - others[None, :]) < least).any():
        return False  # as few people can't make up for it
    found = differences(own.steps, unpacked(sizes, packed))[new]
    return bool(((found > 0) & (found < least)).any())


def _keep(
    connection: Connection, organisation: str, packed: dict[str, tuple[list[int], bytes]]
) -> None:
    """Keep the populations as the latest, and forget the oldest of too many."""
    now = datetime.now(UTC)
    of = SEEN.c.organisation == organisation
    connection.execute(delete(SEEN).where(of, SEEN.c.population.in_(list(packed))))
    if packed:
        connection.execute(
            insert(SEEN),
            [
                {
                    "organisation": organisation,
                    "population": name,
                    "seen_at": now,
                    "steps": sizes,
                    "people": people,
                }
                for name, (sizes, people) in packed.items()
            ],
        )
    if (connection.scalar(select(func.count()).where(of)) or 0) > KEPT_MAX:
        latest = select(SEEN.c.population, SEEN.c.people).where(of).order_by(SEEN.c.seen_at.desc())
        names = _latest([(name, bytes(people)) for name, people in connection.execute(latest)])
        connection.execute(delete(SEEN).where(of, SEEN.c.population.not_in(names)))


def _latest(kept: Sequence[tuple[str, bytes]]) -> list[str]:
    """Return the names of those to keep, the latest first in `kept`.

    The same people by another name are forgotten before any others, so that asking for them again
    and again, in ever longer windows, crowds nobody out.
    """
    first = {(name[0], people): name for name, people in reversed(kept)}
    others = [name for name, people in kept if first[name[0], people] != name]
    distinct = [name for name, people in kept if first[name[0], people] == name]
    return [*distinct, *others][:KEPT_MAX]
