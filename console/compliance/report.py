"""A month of each program for a regulator: coins, cover, frozen wallets, refusals, flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.compliance.flags import flags
from console.i18n import EnglishText, LocalizedText
from console.reports.basis import Query, QueryLog
from console.settlement.month import ZONE
from console.settlement.party import parties

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.settlement.month import Month

# What these hold was spent, or minted, or may yet be. All else is outstanding, including kinds
# added later: a reserve that covers too much is the lesser error.
NOT_OUTSTANDING = {
    "issuer",
    "carrier",
    "merchant",
    "partner",
    "fees",
    "reserve",
    "backing",
    "missing",
}

BASIS = LocalizedText(
    "Coins are whole, in the program's smallest unit; coins of two programs are never added. "
    "Months are in UTC, by the time of each event. Outstanding coins are all but those at "
    "carriers, merchants and partners: in wallets, red packets, campaign budgets, in transit, "
    "waiting for a wallet, or in suspense. Held coins are part of those in wallets."
)


@dataclass(frozen=True, kw_only=True)
class ProgramMonth:
    """One program's month; coins by the month's end unless said otherwise."""

    program: str
    issued: int  # in the month
    burnt: int  # in the month
    redeemed: int  # at carriers, in the month, less what they gave back
    outstanding: int
    by_kind: dict[str, int]  # every kind of account that holds any
    in_packets: int
    waiting: int  # for a wallet that is not open yet, or no longer
    held: int  # for redemptions and orders not yet settled
    reserve: int | None  # what backs its coins, by the ledger; none when it holds no reserve
    cover: float | None  # reserve / outstanding; none without a reserve or coins
    wallets: int  # opened so far
    frozen: int
    closed: int
    frozen_in_month: int
    closed_in_month: int
    refusals: dict[str, int]  # events of the month by reason, most first
    flags: dict[str, int]  # of the month by rule


@dataclass(frozen=True, kw_only=True)
class ComplianceReport:
    """Every program's month."""

    month: str
    zone: str
    programs: tuple[ProgramMonth, ...]
    refusals_elsewhere: dict[str, int]  # of events that named no program that has coins here
    empty: str  # why there is none, otherwise ''
    thresholds: dict[str, int | float]  # of the flags
    basis: LocalizedText
    queries: tuple[Query, ...]


def report(client: Client, month: Month, program: str = "") -> ComplianceReport:
    """Return the report of a month.

    Args:
        client: of the warehouse.
        month: which.
        program: only this one; '' for all.

    Raises:
        EmptyWarehouseError: when no coin has moved yet.
    """
    log = QueryLog(client)
    parties(log)
    asked: dict[str, Any] = {"program": program, **month.bounds}
    until = {"program": program, "end": asked["end"]}
    kinds: dict[str, dict[str, int]] = {}
    for row in log.rows("settlement/kinds", **asked):
        kinds.setdefault(row["program"], {})[row["kind"]] = row["closing"]
    issued = _by_program(log.rows("compliance/issued", **asked))
    held = _by_program(log.rows("compliance/held", **until))
    states = _by_program(log.rows("compliance/states", **asked))
    refusals: dict[str, dict[str, int]] = {}
    for row in log.rows("compliance/refusals", **asked):
        refusals.setdefault(row["program"], {})[row["reason"]] = row["events"]
    flagged = flags(client, month)
    found = []
    for name in sorted({*kinds, *states}):
        by_kind = kinds.get(name, {})
        outstanding = sum(coins for kind, coins in by_kind.items() if kind not in NOT_OUTSTANDING)
        backing = _backing(by_kind) if by_kind.get("backing") else None
        found.append(
            ProgramMonth(
                program=name,
                **(issued.get(name) or {"issued": 0, "burnt": 0, "redeemed": 0}),
                outstanding=outstanding,
                by_kind=by_kind,
                in_packets=by_kind.get("packet", 0),
                waiting=by_kind.get("waiting", 0),
                held=held.get(name, {}).get("held", 0),
                reserve=backing,
                cover=None if backing is None or not outstanding else backing / outstanding,
                **(states.get(name) or dict.fromkeys(_STATES, 0)),
                refusals=refusals.pop(name, {}),
                flags={rule: flagged.count(rule, name) for rule in flagged.rules},
            )
        )
    return ComplianceReport(
        month=month.name,
        zone=ZONE,
        programs=tuple(found),
        refusals_elsewhere=_added(refusals),
        empty=""
        if found
        else EnglishText(
            LocalizedText("nothing had happened by the end of {month}", month=month.name)
        ),
        thresholds=flagged.thresholds,
        basis=BASIS,
        queries=(*log.asked, *flagged.queries),
    )


_STATES = ("wallets", "frozen", "closed", "frozen_in_month", "closed_in_month")


def _backing(by_kind: dict[str, int]) -> int:
    """Return what backs coins: what was put up, less what was spent with its backing."""
    return -sum(by_kind.get(kind, 0) for kind in ("backing", "carrier", "merchant", "fees"))


def _by_program(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row.pop("program"): row for row in rows}


def _added(refusals: dict[str, dict[str, int]]) -> dict[str, int]:
    added: dict[str, int] = {}
    for reasons in refusals.values():
        for reason, events in reasons.items():
            added[reason] = added.get(reason, 0) + events
    return added
