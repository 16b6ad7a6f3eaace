"""A party's statement of a month: opening, movements by operation, closing, what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import EnglishText, LocalizedText
from console.reports.basis import Query, QueryLog
from console.settlement import delivered as deliveries
from console.settlement.delivered import Delivered
from console.settlement.departments import Caused, caused, departments
from console.settlement.month import ZONE
from console.settlement.party import parties, party

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from console.settlement.departments import Department
    from console.settlement.month import Month
    from console.settlement.party import Party

BASIS = LocalizedText(
    "Coins are whole, in the program's smallest unit; coins of two programs are never added. A "
    "month is a calendar month in UTC. An event counts in the month of its own time, so one that "
    "arrives late changes the month it belongs to. The amount owed is the closing balance: "
    "payments in money are not in the ledger and have to be subtracted from it."
)
ATTRIBUTION = LocalizedText(
    "Funded, withdrawn, granted, returned, put into red packets, given in total (net) and unspent "
    "are exact. Coins within a wallet are alike, so what became of granted coins (still in "
    "wallets, spent, waiting for a wallet) is counted first in, first out: a convention by which "
    "every coin is counted exactly once. An event that was undone counts as if it had never "
    "happened."
)
DEPARTMENT = LocalizedText(
    "A department answers for activities: its balance is negative by the coins that were minted "
    "for them and not taken back, which is what it paid. What it gained for them is counted at the "
    "month's end, first in, first out within each wallet: a convention. The coins of its campaigns "
    "are paid from their budgets, the parties advertiser:NAME, and are only listed here again."
)

OWN = {
    "issuer",
    "clearing",
    "suspense",
    "fees",
    "unknown",
    "reserve",
    "backing",
    "missing",
}

# The sums of a budget in order; the last is the total of the others.
SUMS = ("funded", "defunded", "granted", "returned", "in_packets", "other", "unspent")
# What was given, and where granted coins are now; spent ones also by operation.
FATES = ("net", "in_hand", "unplaced")
# Where the unspent are.
PLACES = ("reserve", "shards", "in_flight")


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one operation moved in the month."""

    operation: str
    events: int
    coins_in: int
    coins_out: int
    coins: int  # in less out


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What is owed at the month's end, as far as the ledger knows."""

    coins: int
    by: str  # a program or the party; '' when nothing is owed
    to: str


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Each coin of a campaign's budget by the month's end; see `BASIS` and `ATTRIBUTION`."""

    funded: int
    defunded: int
    granted: int
    returned: int  # grants taken back
    in_packets: int  # into red packets, drawn or not, less what came back
    net: int  # granted - returned + in_packets: what was given and did not come back
    other: int  # for a shard that could not take them, in suspense; draws that were sent back
    unspent: int  # funded - defunded - granted + returned - in_packets + other
    reserve: int  # of the unspent
    shards: int
    in_flight: int
    in_hand: int  # granted, not returned, and still in a wallet, by first in, first out
    spent: dict[str, int]  # by operation, likewise
    unplaced: int  # granted and not returned, and in no wallet: they wait for one


@dataclass(frozen=True, kw_only=True)
class Account:
    """A party's coins of one program in the month."""

    program: str
    opening: int
    lines: tuple[Line, ...]
    closing: int
    owed: Owed
    budget: Budget | None  # of an advertiser
    before: dict[str, int] | None  # of an advertiser: the sums of `budget` before the month
    delivered: tuple[Delivered, ...] | None  # of a carrier; the month's coins, split differently
    caused: tuple[Caused, ...] | None  # of a department; what it got for its coins


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A party's month; without `programs` it had no coins by the month's end."""

    party: str
    month: str
    zone: str
    keys: tuple[str, ...]  # program and name of the parties that it is made of
    programs: tuple[Account, ...]
    empty: str  # why nothing moved, otherwise ''
    basis: LocalizedText
    notes: tuple[LocalizedText, ...]
    queries: tuple[Query, ...]


def statement(
    client: Client, name: str, month: Month, program: str = "", programs: Path | None = None
) -> Statement:
    """Return the statement of the party `name`.

    Args:
        client: of the warehouse.
        name: of the party, such as `carrier:unicom`.
        month: which.
        program: whose coins; '' for all.
        programs: folder of the programs' files, for their departments.

    Raises:
        UnknownPartyError: when coins never moved to or from it.
        EmptyWarehouseError: when no coin has moved yet.
    """
    log = QueryLog(client)
    known = departments(programs)
    everybody = parties(log, known)
    who = party(everybody, name)
    asked = {"parties": list(who.keys), "program": program, **month.bounds}
    balances = _balances(log.rows("settlement/parties", **asked))
    moved: dict[str, list[Line]] = {}
    for row in log.rows("settlement/movements", **asked):
        moved.setdefault(row.pop("program"), []).append(Line(**row))
    budgets = _budgets(log, who, month, program)
    before = _sums_before(log, who, month, program)
    is_carrier = name.startswith("carrier:")
    given = deliveries.delivered(log, name, month, program) if is_carrier else {}
    got = _got(log, who, known, everybody, asked)
    accounts = tuple(
        Account(
            program=of,
            opening=opening,
            lines=tuple(moved.get(of, ())),
            closing=closing,
            owed=owed(name, of, closing),
            budget=budgets.get(of),
            before=before.get(of, dict.fromkeys(SUMS, 0)) if of in budgets else None,
            delivered=tuple(given.get(of, ())) if is_carrier else None,
            caused=got.get(of),
        )
        for of, (opening, closing) in balances.items()
    )
    return Statement(
        party=name,
        month=month.name,
        zone=ZONE,
        keys=who.keys,
        programs=accounts,
        empty="" if moved else EnglishText(_nothing(who, month, program)),
        basis=BASIS,
        notes=_notes(who),
        queries=log.asked,
    )


def _balances(rows: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Return opening and closing by program; a department has one row per activity."""
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        opening, closing = found.get(row["program"], (0, 0))
        found[row["program"]] = (opening + row["opening"], closing + row["closing"])
    return found


def _got(
    log: QueryLog,
    who: Party,
    known: Sequence[Department],
    everybody: Sequence[Party],
    asked: dict[str, Any],
) -> dict[str, tuple[Caused, ...]]:
    """Return what a department got, by program; nothing of any other party."""
    if not who.name.startswith("department:"):
        return {}
    activities: dict[str, list[str]] = {}
    for key in who.keys:
        program, _, activity = key.partition(" department:")
        activities.setdefault(program, []).append(activity)
    campaigns = {one.program: one for one in known if one.party == who.name}
    names = [each.campaign for each in everybody if each.campaign]
    return {
        program: tuple(
            caused(
                log,
                activities=own,
                campaigns=campaigns[program].of(names) if program in campaigns else (),
                program=program,
                end=asked["end"],
            ).get(program, ())
        )
        for program, own in activities.items()
        if asked["program"] in {"", program}
    }


def is_own(name: str) -> bool:
    """Return whether a party is one of the program's own accounts."""
    return name.partition(":")[0] in OWN


def owed(name: str, program: str, closing: int) -> Owed:
    """Return who owes whom: coins that a party holds are the program's debt to it."""
    if is_own(name):
        closing = 0
    if closing > 0:
        return Owed(coins=closing, by=program, to=name)
    return Owed(coins=-closing, by=name if closing else "", to=program if closing else "")


def _nothing(who: Party, month: Month, program: str) -> LocalizedText:
    """Return the sentence on a month in which none of a party's coins moved."""
    first, last = (f"{time:%Y-%m-%d}" if time else "" for time in (who.first_time, who.last_time))
    values = {"month": month.name, "party": who.name, "first": first, "last": last}
    if program:
        return LocalizedText(
            "no coins of {program} moved in {month}; {party} has postings from {first} to {last}",
            program=program,
            **values,
        )
    return LocalizedText(
        "no coins moved in {month}; {party} has postings from {first} to {last}", **values
    )


def _notes(who: Party) -> tuple[LocalizedText, ...]:
    kind = who.name.partition(":")[0]
    notes = {"carrier": deliveries.BASIS, "advertiser": ATTRIBUTION, "department": DEPARTMENT}
    return (notes[kind],) if kind in notes else ()


def _budgets(log: QueryLog, who: Party, month: Month, program: str) -> dict[str, Budget]:
    if not who.campaign:
        return {}
    asked = {"program": program, "end": month.bounds["end"]}
    fates = caused(log, activities=(), campaigns=[who.campaign], **asked)
    return {
        row["program"]: _budget(row, fates.get(row["program"], []))
        for row in log.rows("settlement/budget", campaigns=[who.campaign], **asked)
    }


def _sums_before(
    log: QueryLog, who: Party, month: Month, program: str
) -> dict[str, dict[str, int]]:
    """Return by program the sums of the campaign's budget before the month, if it is one's."""
    if not who.campaign:
        return {}
    asked = {"campaigns": [who.campaign], "program": program, "end": month.bounds["start"]}
    rows = log.rows("settlement/budget", **asked)
    return {row["program"]: {key: row[key] for key in SUMS} for row in rows}


def _budget(row: dict[str, Any], fate: list[Caused]) -> Budget:
    placed = sum(own.coins for own in fate)  # of the one campaign, or nothing
    return Budget(
        **{key: value for key, value in row.items() if key != "program"},
        in_hand=sum(own.in_hand for own in fate),
        spent=fate[0].spent if fate else {},
        unplaced=row["granted"] - row["returned"] - placed,
    )
