"""Settlement told a second time, by sums over the fold's postings in plain Python."""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from console.reports.basis import QueryLog
from console.settlement.party import parties
from console.settlement.statement import statement
from streams.ledger.results import Postings, Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clickhouse_connect.driver.client import Client

    from console.settlement.month import Month


class Moved(NamedTuple):
    """One posting that moved coins, and what its result says."""

    time: datetime
    account: str
    kind: str
    amount: int
    version: int
    result: Result


def time_of(result: Result) -> datetime:
    """The event's time."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=result.time)


def insert(client: Client, results: Iterable[Result]) -> None:
    """Store results as the feed does; postings follow by the view."""
    names = [name for name in Result.__struct_fields__ if name != "posting"]
    lists = Postings.__struct_fields__
    client.insert(
        "ledger_results",
        [
            [getattr(result, name) for name in names]
            + [list(getattr(result.posting, name)) for name in lists]
            for result in results
        ],
        column_names=[*names, *(f"posting.{name}" for name in lists)],
    )


def movements(results: Iterable[Result]) -> list[Moved]:
    """Every posting that moved coins."""
    return [
        Moved(
            time_of(result), posting.account, posting.kind, posting.amount, posting.version, result
        )
        for result in results
        for posting in result.posting
        if posting.amount
    ]


def sums(moved: Iterable[Moved], asked: Month) -> dict[tuple[str, str], list[int]]:
    """By party and program: what it had, what moved in the month, what it has at its end."""
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in moved:
        if each.time < asked.end:
            own = found[party_of(each), each.result.program]
            own[each.time >= asked.start] += each.amount
            own[2] += each.amount
    return found


def party_of(moved: Moved) -> str:
    """Whose a posting is, told a second time."""
    prefix, _, rest = moved.account.partition(":")
    name, _, number = rest.rpartition("@")
    if moved.kind in {"wallet", "packet", "deposit"}:
        return f"{moved.kind}s"
    if moved.kind == "waiting":
        return "waiting"
    if moved.kind == "budget":
        return f"advertiser:{name if number.isdecimal() and name else rest}"
    if moved.kind == "clearing" and moved.result.campaign and moved.result.step != "unclaimed":
        return f"advertiser:{moved.result.campaign}"
    if moved.kind == "issuer" and moved.result.activity:
        return f"department:{moved.result.activity}"
    return f"{prefix}:{(name or rest).partition(':')[0]}"  # a reserve is of no partition


def deliveries(
    results: Iterable[Result], moved: Iterable[Moved], asked: Month
) -> dict[tuple[str, str, str, Fraction | None], list[int]]:
    """By carrier, program, network and price: how many, how much data, how many coins."""
    redeemed: dict[tuple[str, str, str, str], list[Result]] = defaultdict(list)
    for result in results:  # an id that was forgotten may come again
        if (result.type, result.outcome) == ("redeem", "applied"):
            key = (result.program, result.subject, result.event_source, result.event_id)
            redeemed[key].append(result)
    found: dict[tuple[str, str, str, Fraction | None], list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in moved:
        if each.kind != "carrier" or not asked.start <= each.time < asked.end:
            continue
        own, name = each.result, each.account.split(":")[1]
        names = (own.cause_source, own.cause) if own.cause else (own.event_source, own.event_id)
        before = [
            each
            for each in redeemed[own.program, own.subject, *names]
            if each.source_offset <= own.source_offset
        ]
        of = max(before, key=lambda each: each.source_offset, default=None)
        network = of.network if of is not None and of.network else name
        price = None if of is None or of.mb == 0 else Fraction(of.amount, of.mb)
        line = found[f"carrier:{name}", own.program, network, price]
        line[0] += 1
        line[1] += 0 if of is None else of.mb if each.amount > 0 else -of.mb
        line[2] += each.amount
    return found


def delivered(
    client: Client, asked: Month
) -> dict[tuple[str, str, str, Fraction | None], list[int]]:
    """The same as every carrier's statement tells it."""
    return {
        (party.name, own.program, line.network, exact(line.price)): [
            *(line.events, line.mb or 0, line.coins)
        ]
        for party in parties(QueryLog(client))
        if party.name.startswith("carrier:")
        for own in statement(client, party.name, asked).programs
        for line in own.delivered or ()
    }


def exact(price: float | None) -> Fraction | None:
    """A price as the ratio of small numbers that it is."""
    return None if price is None else Fraction(price).limit_denominator(10**6)


def queues(
    moved: Iterable[Moved],
    campaign: str,
    program: str,
    asked: Month,
    *,
    activity: str = "",
) -> tuple[int, dict[str, int]]:
    """Coins of `campaign`, or `activity`, in hand and spent, by a queue of coins in each wallet."""

    def is_its(each: Moved) -> bool:
        return _earned(each, activity) if activity else _granted(each, campaign)

    in_hand = 0
    spent: dict[str, int] = defaultdict(int)
    for history in _histories(moved, program, asked.end):
        kept = _standing(history)
        coins: deque[list[Any]] = deque([each, each.amount] for each in kept if each.amount > 0)
        for each in kept:
            left = -each.amount
            while left > 0 and coins:
                taken = min(left, coins[0][1])
                if is_its(coins[0][0]):
                    spent[_operation(each)] += taken
                left -= taken
                coins[0][1] -= taken
                if not coins[0][1]:
                    coins.popleft()
        in_hand += sum(amount for each, amount in coins if is_its(each))
    return in_hand, dict(spent)


def _histories(moved: Iterable[Moved], program: str, end: datetime) -> list[list[Moved]]:
    """What each open wallet did, after what came for its name while it was none."""
    histories: dict[str, list[Moved]] = defaultdict(list)
    opened = {}
    for each in sorted(moved, key=lambda each: (each.kind == "wallet", each.version)):
        result = each.result
        if each.time >= end or result.program != program:
            continue
        if each.kind == "wallet":
            opened[each.account] = histories[each.account]
        if result.type in {"open", "waiting_return"}:
            continue  # what waited is told by the gift, and by its way back
        if each.kind == "wallet":
            histories[each.account].append(each)
        elif each.kind == "waiting":  # waiting:PROGRAM:NAME
            histories[each.account.split(":", 2)[2]].append(each)
        elif (each.kind, result.step) == ("clearing", "unclaimed"):
            histories[result.counterparty].append(each)
    return list(opened.values())


def _standing(history: list[Moved]) -> list[Moved]:
    """Tell each event once, where it first moved coins, by what of it was not undone."""
    first: dict[tuple[str, str, str, str], Moved] = {}
    sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for each in history:
        first.setdefault(_of(each.result), each)
        sums[_of(each.result)] += each.amount
    return [each._replace(amount=sums[of]) for of, each in first.items() if sums[of]]


def _of(result: Result) -> tuple[str, str, str, str]:
    """Subject, source, id and campaign of the event that coins moved for; a packet's: its name."""
    campaign = result.campaign  # a forgotten id may come again
    own = (result.subject, result.event_source, result.event_id, campaign)
    if result.type == "packet_send":
        return (result.counterparty, "", "", campaign)
    if result.type == "packet_expire":
        return (result.subject, "", "", campaign)
    if result.type == "leg":
        # A gift's coins, and those asked back, are the giver's affair; so is what a shard rewarded.
        payer = result.counterparty
        for_payer = result.step in {"transfer", "claim", "reverse_ask"}
        for_payer |= result.step == "grant" and payer.rpartition("@")[2].isdecimal()
        of = payer if for_payer else result.subject
        return (of, result.cause_source, result.cause, campaign)
    if result.type in {"reward", "packet_claim"} or not result.cause:
        return own
    return (result.subject, result.cause_source, result.cause, campaign)


def _operation(each: Moved) -> str:
    return each.result.step if each.result.type == "leg" else each.result.type


def _earned(each: Moved, activity: str) -> bool:
    return (each.result.type, each.result.activity) == ("earn", activity)


def _granted(each: Moved, campaign: str) -> bool:
    return _operation(each) in {"grant", "reward"} and each.result.campaign == campaign
