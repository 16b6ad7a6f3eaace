"""Every party's month, and whether all of them together add up to the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import N_, EnglishText, LocalizedText, Names
from console.reports.basis import NoReportError, Query, QueryLog
from console.settlement.departments import answering, departments
from console.settlement.month import ZONE
from console.settlement.party import parties
from console.settlement.statement import BASIS, Owed, is_own, owed

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from console.settlement.month import Month

SUMS = {"opening": N_("opening"), "moved": N_("moved"), "closing": N_("closing")}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A party's coins of one program in the month."""

    party: str
    program: str
    is_own: bool  # the program's own account: its coins are owed to nobody
    opening: int
    moved: int
    closing: int
    events: int
    owed: Owed


@dataclass(frozen=True, kw_only=True)
class Everyone:
    """Every party of the month; `differences` is empty if they add up to the ledger."""

    month: str
    zone: str
    parties: tuple[Row, ...]
    differences: tuple[str, ...]
    empty: str  # why there is nobody, otherwise ''
    basis: LocalizedText
    queries: tuple[Query, ...]


def everyone(
    client: Client, month: Month, program: str = "", programs: Path | None = None
) -> Everyone:
    """Return every party's month and what differs from the ledger.

    All parties of a program sum to zero, since each event's postings do and have one time. And the
    accounts of each kind hold what the ledger's results, another table, say.

    Args:
        client: of the warehouse.
        month: which.
        program: whose coins; '' for all.
        programs: folder of the programs' files, for their departments.

    Raises:
        EmptyWarehouseError: when no coin has moved yet.
        NoReportError: when the program has no coins.
    """
    log = QueryLog(client)
    given = answering(departments(programs))
    parties(log)
    asked = {"program": program, **month.bounds}
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for row in log.rows("settlement/parties", parties=[], **asked):
        name = given.get((row["program"], row["party"]), row["party"])
        sums = merged.setdefault((row["program"], name), dict.fromkeys((*SUMS, "events"), 0))
        for key in sums:
            sums[key] += row[key]
    rows = tuple(
        Row(
            party=name,
            program=of,
            is_own=is_own(name),
            **sums,
            owed=owed(name, of, sums["closing"]),
        )
        for (of, name), sums in sorted(merged.items())
    )
    differences = (*_not_zero(rows), *_unlike_ledger(log, asked))
    if program and not rows:
        known = sorted({own["program"] for own in log.rows("settlement/programs")})
        if program not in known:
            raise NoReportError(
                LocalizedText(
                    "there are no coins of {program!r}; there are coins of {known}",
                    program=program,
                    known=Names(tuple(known)),
                )
            )
    return Everyone(
        month=month.name,
        zone=ZONE,
        parties=rows,
        differences=differences,
        empty=""
        if rows
        else EnglishText(
            LocalizedText("no coins had moved by the end of {month}", month=month.name)
        ),
        basis=BASIS,
        queries=log.asked,
    )


def _not_zero(rows: tuple[Row, ...]) -> list[str]:
    """Return which sums over the parties of a program are not zero."""
    return [
        EnglishText(
            LocalizedText(
                "{program}: the {name} coins of all parties sum to {total:,}, not 0; `flowdrop "
                "reconcile` names the posting",
                program=program,
                name=LocalizedText(SUMS[name]),
                total=total,
            )
        )
        for program in dict.fromkeys(row.program for row in rows)
        for name in SUMS
        if (total := sum(getattr(row, name) for row in rows if row.program == program))
    ]


def _unlike_ledger(log: QueryLog, asked: dict[str, str]) -> list[str]:
    """Return which kinds of account have different coins in the postings and in the results."""
    ours, theirs = (
        {(row["program"], row["kind"], name): row[name] for row in found for name in SUMS}
        for found in (
            log.rows("settlement/kinds", **asked),
            log.rows("settlement/ledger", **asked),
        )
    )
    return [
        EnglishText(
            LocalizedText(
                "{program}, {kind} accounts: {name} {ours:,} by the postings, {theirs:,} by the "
                "ledger's results; `flowdrop reconcile` names the posting",
                program=program,
                kind=kind,
                name=LocalizedText(SUMS[name]),
                ours=ours.get(key, 0),
                theirs=theirs.get(key, 0),
            )
        )
        for key in sorted({*ours, *theirs})
        if ours.get(key, 0) != theirs.get(key, 0)
        for program, kind, name in [key]
    ]
