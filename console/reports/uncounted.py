"""What is stored of a campaign and in no figure: until a report counts it, every report says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.reports.basis import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from console.reports.basis import Asker

    Row = dict[str, Any]  # of reports/uncounted


def uncounted(asker: Asker, campaigns: Sequence[str] = ()) -> dict[str, Row]:
    """Return the exposures and clicks stored of each of `campaigns` that has any; of all if none.

    Raises:
        EmptyWarehouseError: when the warehouse has no tables yet.
    """
    found = asker.rows("reports/uncounted", campaigns=list(campaigns))
    return {row["campaign"]: row for row in found}


def uncounted_words(found: Iterable[Row]) -> tuple[Words, ...]:
    """Return the sentence on what `found` holds, if anything."""
    rows = list(found)
    exposures = sum(row["exposures"] for row in rows)
    clicks = sum(row["clicks"] for row in rows)
    if not exposures and not clicks:
        return ()
    told = [(exposures, "exposure", "次曝光"), (clicks, "click", "次点击")]
    kept = [(n, one, zh) for n, one, zh in told if n]
    en = " and ".join(f"{n:,} {one}{'' if n == 1 else 's'}" for n, one, _ in kept)
    are = "is" if exposures + clicks == 1 else "are"
    return (
        Words(
            en=f"Not counted: {en} {are} stored, and in no figure here: reach, contacts, "
            "conversions and cost are those of contacts sent.",
            zh=f"未计入：已存储 {'、'.join(f'{n:,} {zh}' for n, _, zh in kept)}，"
            "但此处没有任何数字包含它们：触达、联系次数、转化与成本只按已发出的联系统计。",
        ),
    )
