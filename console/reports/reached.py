"""The people whom campaigns reached, and what that took: what every report of reach reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from console.reports.basis import QueryLog
    from console.reports.days import Window

UNION = ""  # the queries' name for all campaigns together
NET = (
    "reports/suspects",
    *(
        f"reports/{query}_net"
        for query in (
            *("frequency_people", "frequency_people_whole", "frequency_days", "frequency_sums"),
            *("frequency_cut", "frequency_people_cut", "frequency_counts", "frequency_events"),
            "frequency_events_people",
            *("duplication", "duplication_steps", "duplication_shared"),
        )
    ),
)
"""What is asked where campaigns have invalid traffic: the same queries, net of it."""


def net_rows(
    log: QueryLog, query: str, names: Sequence[str], /, **values: Any
) -> list[dict[str, Any]]:
    """Run a query of campaigns, or the one that is net of invalid traffic where there is any."""
    asked = f"{query}_net" if has_suspects(log, names) else query
    return log.rows(asked, campaigns=list(names), **values)


def has_suspects(log: QueryLog, names: Sequence[str]) -> bool:
    """Return whether anything of campaigns was judged: mostly nothing, and a short look."""
    [found] = log.once("reports/suspects", campaigns=list(names))
    return bool(found["suspects"])


def reached(log: QueryLog, names: Sequence[str], window: Window) -> list[dict[str, Any]]:
    """Return the people whom campaigns reached, together and each, on every basis."""
    if window.is_whole:
        return net_rows(log, "reports/frequency_people_whole", names)
    return windowed(log, "reports/frequency_people", names, window)


def summed(log: QueryLog, names: Sequence[str], window: Window) -> list[dict[str, Any]]:
    """Return what contacts and exposures add up to, per day and per campaign."""
    return windowed(log, "reports/frequency_sums", names, window)


def windowed(
    log: QueryLog, query: str, names: Sequence[str], window: Window, /, **more: Any
) -> list[dict[str, Any]]:
    """Run a query of campaigns in a window of days."""
    first, last = window.bounds
    return net_rows(log, query, names, begin=first, end=last, **more)


class Contacted(NamedTuple):
    """Whom a campaign, or several together, contacted, and what that cost."""

    people: int = 0  # each once
    people_known: int = 0  # of them, of whom a wallet, a profile or a link is known
    contacts: int = 0
    contacts_priced: int = 0  # that gave a cost
    cents: int = 0  # of those


def contacted(
    people: Iterable[Mapping[str, Any]], sums: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Contacted]:
    """Return what rows of `reached` and `summed` say of contacts, by campaign and of `UNION`."""
    found = {
        row["campaign"]: Contacted(row["reach"], row["reach_known"])
        for row in people
        if row["basis"] == "contacted" and not row["paid"]
    }
    found.setdefault(UNION, Contacted())
    for row in sums:
        if row["kind"] == "contact" and not row["paid"]:
            of = UNION if row["is_of_a_day"] else row["campaign"]
            own = found.get(of, Contacted())
            found[of] = own._replace(
                contacts=own.contacts + row["events"],
                contacts_priced=own.contacts_priced + row["priced"],
                cents=own.cents + row["cents"],
            )
    return found
