"""Parties: whose settlements exist, and the refusal of an unknown name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText, Names
from console.reports.basis import EmptyWarehouseError, NoReportError, utc
from console.settlement.departments import answering

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from console.reports.basis import QueryLog
    from console.settlement.departments import Department

SHOWN_MAX = 5


class UnknownPartyError(NoReportError):
    """Coins never moved to or from such a party."""

    def __init__(self, name: str, alike: Sequence[str]) -> None:
        super().__init__(
            LocalizedText(
                "there is no party {name!r}; known parties include {alike}",
                name=name,
                alike=Names(tuple(alike)),
            )
        )
        self.alike = list(alike)


@dataclass(frozen=True, kw_only=True)
class Party:
    """One party: `carrier:unicom`, `advertiser:spring`, `department:game`, `wallets`, ..."""

    name: str
    first_time: datetime | None  # of the events that moved its coins
    last_time: datetime | None
    keys: tuple[str, ...]  # program and party of its postings, as queries bind them

    @property
    def campaign(self) -> str:
        """The campaign that an advertiser pays for; '' for any other party."""
        kind, _, name = self.name.partition(":")
        return name if kind == "advertiser" else ""


def parties(log: QueryLog, known: Sequence[Department] = ()) -> list[Party]:
    """Return every party, by name.

    Args:
        log: queries the warehouse, and records the queries.
        known: departments, which replace the activities assigned to them.

    Raises:
        EmptyWarehouseError: when no coin has moved yet.
    """
    given = answering(known)
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in log.rows("settlement/party_names"):
        name = given.get((row["program"], row["party"]), row["party"])
        rows.setdefault(name, []).append(row)
    found = [
        Party(
            name=name,
            first_time=utc(min(row["first_time"] for row in own)),
            last_time=utc(max(row["last_time"] for row in own)),
            keys=tuple(f"{row['program']} {row['party']}" for row in own),
        )
        for name, own in sorted(rows.items())
    ]
    if not found:
        raise EmptyWarehouseError(
            LocalizedText(
                "no coins have moved yet, so there is nothing to settle; make sure that `flowdrop "
                "worker` and `flowdrop feed` are running (`flowdrop status`), or fill the "
                "warehouse with `flowdrop demo`"
            )
        )
    return found


def party(found: Sequence[Party], name: str) -> Party:
    """Return the party `name` of those that were `found`.

    Raises:
        UnknownPartyError: naming similar ones, or some that exist.
    """
    known = {each.name: each for each in found}
    if name not in known:
        raise UnknownPartyError(name, _alike(name, list(known)))
    return known[name]


def _alike(name: str, known: Sequence[str]) -> Sequence[str]:
    """Return parties with the same name, else of its kind (similar ones first), or any."""
    kind, colon, own = name.partition(":")
    same = [each for each in known if each.partition(":")[2] in {name, own} - {""}]
    of_kind = [each for each in known if colon and each.startswith(f"{kind}:")]
    close = difflib.get_close_matches(name, of_kind or known, n=SHOWN_MAX, cutoff=0.8)
    return (same or close or of_kind or known)[:SHOWN_MAX]
