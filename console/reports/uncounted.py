"""What is stored of a campaign but in no figure: until a report counts it, every report says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.i18n import LocalizedText, Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from console.reports.basis import QueryLog

    Row = dict[str, Any]  # of reports/uncounted


def uncounted(log: QueryLog, campaigns: Sequence[str] = ()) -> dict[str, Row]:
    """Return the stored exposures and clicks of each of `campaigns` with any; of all if none.

    Raises:
        EmptyWarehouseError: when the warehouse has no tables yet.
    """
    found = log.rows("reports/uncounted", campaigns=list(campaigns))
    return {row["campaign"]: row for row in found}


def outside_words(count: int) -> tuple[LocalizedText, ...]:
    """Return the sentence on `count` conversions of people not contacted before, if any."""
    if not count:
        return ()
    return (
        LocalizedText.plural(
            "{n} conversion of these campaigns is not counted here: that person had not been "
            "contacted before.",
            "{n} conversions of these campaigns are not counted here: those people had not been "
            "contacted before.",
            count,
        ),
    )


def uncounted_words(found: Iterable[Row]) -> tuple[LocalizedText, ...]:
    """Return the sentence on what `found` holds, if anything."""
    rows = list(found)
    exposures = sum(row["exposures"] for row in rows)
    clicks = sum(row["clicks"] for row in rows)
    if not exposures and not clicks:
        return ()
    stored = [
        *([LocalizedText.plural("{n} exposure", "{n} exposures", exposures)] if exposures else ()),
        *([LocalizedText.plural("{n} click", "{n} clicks", clicks)] if clicks else ()),
    ]
    return (
        LocalizedText.plural(
            "Not counted: {stored} is stored but is in no figure here; reach, contacts, "
            "conversions and cost cover contacts sent only. The report of frequency counts "
            "exposures.",
            "Not counted: {stored} are stored but are in no figure here; reach, contacts, "
            "conversions and cost cover contacts sent only. The report of frequency counts "
            "exposures.",
            exposures + clicks,
            stored=Names(tuple(stored), last="and"),
        ),
    )
