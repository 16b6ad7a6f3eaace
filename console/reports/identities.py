"""Which of the people in a report are known, which are only an id, and which ids changed person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reporting.figures import day
from console.reports.basis import utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from console.reports.basis import QueryLog


@dataclass(frozen=True, kw_only=True)
class Identities:
    """The people of a campaign, or of several together, by what is known of them."""

    people_known: int = 0  # of whom a wallet, a profile or a link is known
    devices_unlinked: int = 0  # the rest of the people: only an id is known
    ids_linked: int = 0  # their ids that count as the person whom they are linked to
    ids_relinked: int = 0  # their ids that have changed person since they were counted
    relinked_since: datetime | None = None  # the first time that one of these changed

    @property
    def fields(self) -> dict[str, Any]:
        """The figures by name, as reports have them beside reach."""
        return asdict(self)


def identities(
    log: QueryLog,
    people: Mapping[str, tuple[int, int]],
    campaigns: Sequence[str] = (),
    kind: str = "contact",
) -> dict[str, Identities]:
    """Return the figures of each of `campaigns`, of all if none, and of their union as `UNION`.

    Args:
        log: queries the warehouse, and records the queries.
        people: how many each of them has, and how many of these are known.
        campaigns: their names.
        kind: who the people are: those with a `contact`, or with an `assignment`.
    """
    rows = log.rows("reports/identities", campaigns=list(campaigns), type=kind)
    ids = {row.pop("campaign"): row for row in rows}
    return {
        name: Identities(
            people_known=known,
            devices_unlinked=every - known,
            **{**own, "relinked_since": utc(own.get("relinked_since"))},
        )
        for name, (every, known) in people.items()
        for own in (ids.get(name, {}),)
    }


def identity_notes(found: Identities) -> Iterator[LocalizedText]:
    """Yield what a reader needs to know of the ids behind the people, if anything."""
    if linked := found.ids_linked:
        yield LocalizedText.plural(
            "{n} id counts as the person it is linked to. Linking an id or withdrawing a link "
            "changes the figures of the past, too.",
            "{n} ids count as the people they are linked to. Linking an id or withdrawing a link "
            "changes the figures of the past, too.",
            linked,
        )
    if relinked := found.ids_relinked:
        yield LocalizedText.plural(
            "{n} id changed person after it was counted, since {since}: the figures of the past "
            "are restated.",
            "{n} ids changed person after they were counted, since {since}: the figures of the "
            "past are restated.",
            relinked,
            since=day(found.relinked_since),
        )
    if unlinked := found.devices_unlinked:
        yield LocalizedText.plural(
            "{n} of the people is known only as an id: without a wallet, a profile or a link. It "
            "may be another id of somebody who is counted already.",
            "{n} of the people are known only as ids: without a wallet, a profile or a link. Some "
            "may be other ids of people who are counted already.",
            unlinked,
        )
