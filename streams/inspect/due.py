"""What is due in the ledger and happens only by an event: found, and the events that do it.

The ledger has no clock, so a redemption that no carrier answered, a packet that is over, a month's
custody fee, a deposit's return and a gift for which nobody opened a wallet wait until somebody
sends their events. What is due is read from the accounts' changelog, committed records only;
whether it still is, the ledger judges again when the event arrives, so one that is sent twice, or
too late, is refused by name and moves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from sql.client import rows
from streams.events import (
    OPERATION,
    DepositCustody,
    DepositCustodyData,
    DepositEndData,
    DepositReturn,
    HeldData,
    PacketExpire,
    PacketExpireData,
    RedeemExpire,
    WaitingReturn,
    WaitingReturnData,
)
from streams.events.identity import event_key
from streams.events.times import EPOCH, MICROSECOND, microseconds
from streams.inspect.formats import require_readable
from streams.kafka.log import messages
from streams.kafka.topics import ACCOUNTS_CHANGELOG
from streams.ledger.accounts import kind_of, owner_name, unpack
from streams.ledger.deposits import month_name, month_of
from streams.ledger.terms import gifts_of, holds_of, packet_of, saved_of
from streams.ledger.waiting import WAITS_US

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from streams.ledger.accounts import Account
    from streams.ledger.terms import Hold
    from streams.programs import Program

    Place = tuple[str, bytes]  # a wallet and the `event_key` of one of its redemptions
    Held = tuple[str, Hold]  # its program, and what is held

What = Literal["redemption", "packet", "custody", "deposit", "waiting"]
WHATS: tuple[What, ...] = get_args(What)
_EVENTS: dict[What, type] = {
    "redemption": RedeemExpire,
    "packet": PacketExpire,
    "custody": DepositCustody,
    "deposit": DepositReturn,
    "waiting": WaitingReturn,
}
# What a program must have open for something to be due.
OPERATIONS: dict[What, str] = {what: OPERATION[event] for what, event in _EVENTS.items()}
KINDS = {"wallet", "packet", "deposit", "waiting"}  # of accounts that may have something due
SOURCE = "/flowdrop/due"
WALLETS_A_QUERY = 1_000


class Due(NamedTuple):
    """Something that is due, and the event that does it.

    Attributes:
        what: a held redemption, a packet, a month's custody fee, a deposit's return, or gifts that
            wait for a wallet.
        subject: the wallet, or the packet.
        program: whose coins.
        coins: those it frees or moves, in the smallest unit; for a fee, what is left of the
            deposit.
        since: when it became due.
        detail: a redemption's id, a month; otherwise ''.
        source: of the redemption; otherwise ''.
        event: to send.
    """

    what: What
    subject: str
    program: str
    coins: int
    since: datetime
    detail: str
    source: str
    event: RedeemExpire | PacketExpire | DepositCustody | DepositReturn | WaitingReturn


class Found(NamedTuple):
    """What is due, oldest first, and redemptions that ClickHouse does not know yet."""

    due: list[Due]
    unnamed: int


def find(
    kafka: str,
    client: Client,
    partitions: int,
    programs: Mapping[str, Program],
    now: datetime,
    advance: Callable[[int], object] = lambda _: None,
) -> Found:
    """Return what is due at `now`, of operations that are open in their programs.

    Args:
        kafka: Kafka's address.
        client: the warehouse, which knows the ids of redemptions.
        partitions: of the ledger.
        programs: by name.
        now: what is due by then; the events are of that time.
        advance: called now and then with how many more records of the changelog were read.

    Raises:
        click.ClickException: when Kafka falls silent, or accounts are of another version's format.
    """
    require_readable(kafka, ACCOUNTS_CHANGELOG, partitions)
    due: list[Due] = []
    held: dict[Place, Held] = {}
    for number in range(partitions):
        for account in _accounts(kafka, number, advance):
            if account.program in programs:
                rules = programs[account.program].at(microseconds(now))
                due += _of(account, rules, now)
                held.update(_overdue(account, rules, now))
    ids = _ids(client, held)
    due += (_redemption(ids[place], place[0], *held[place], now) for place in ids)
    # fees before the return
    due.sort(key=lambda one: (one.since, one.subject, one.detail, one.source))
    return Found(due, len(held) - len(ids))


def _accounts(kafka: str, number: int, advance: Callable[[int], object]) -> Iterable[Account]:
    """Return the accounts of a partition that may have something due, as they are now."""
    found: dict[bytes, Account] = {}
    for records in messages(kafka, ACCOUNTS_CHANGELOG, number):
        for record in records:
            key, value = record.key() or b"", record.value()
            found.pop(key, None)
            if value is None or key.startswith(b"\x00"):
                continue
            name = key.decode()
            if kind_of(name) in KINDS:
                account = unpack(name, value)
                if account.pending or account.kind != "wallet":
                    found[key] = account
        advance(len(records))
    return found.values()


def _of(account: Account, rules: Program, now: datetime) -> Iterator[Due]:
    """Yield what is due of a packet or deposit, or of coins waiting for a name."""
    now_us, is_open = microseconds(now), rules.operations.open
    if account.kind == "packet" and OPERATIONS["packet"] in is_open:
        expires_us = packet_of(account.terms).expires_us
        if account.state != "closed" and expires_us <= now_us:
            yield _packet(account, expires_us, now)
    elif account.kind == "deposit" and account.posted and rules.deposits is not None:
        until_us = saved_of(account.terms).until_us
        if OPERATIONS["custody"] in is_open:
            yield from _fees(account, rules, min(now, _time(until_us - 1)), now)
        if OPERATIONS["deposit"] in is_open and until_us <= now_us:
            yield _return(account, until_us, now)
    elif account.kind == "waiting" and OPERATIONS["waiting"] in is_open:
        yield from _gifts_back(account, now)


def _overdue(wallet: Account, rules: Program, now: datetime) -> Iterator[tuple[Place, Held]]:
    """Yield a wallet's redemptions that the carrier did not answer in time."""
    if wallet.kind == "wallet" and OPERATIONS["redemption"] in rules.operations.open:
        for hold in holds_of(wallet.terms):
            if kind_of(hold.payee) != "merchant" and hold.until_us <= microseconds(now):
                yield (wallet.name, hold.key), (wallet.program, hold)


def _packet(packet: Account, expires_us: int, now: datetime) -> Due:
    event = PacketExpire(
        id=f"due-{microseconds(now)}",
        source=SOURCE,
        time=now,
        subject=packet.name,
        data=PacketExpireData(program=packet.program),
    )
    coins, since = packet.posted, _time(expires_us)
    return Due("packet", packet.name, packet.program, coins, since, "", "", event)


def _fees(deposit: Account, rules: Program, until: datetime, now: datetime) -> Iterator[Due]:
    """Yield the fee of each month not yet charged that began before the term's end."""
    owner = owner_name(deposit.name)
    for month in range(saved_of(deposit.terms).charged + 1, month_of(until, rules.calendar) + 1):
        name = month_name(month)
        event = DepositCustody(
            id=f"due-custody-{name}-{microseconds(now)}",
            source=SOURCE,
            time=now,
            subject=owner,
            data=DepositCustodyData(program=deposit.program, month=name),
        )
        since = rules.calendar.midnight(f"{name}-01")
        yield Due("custody", owner, deposit.program, deposit.posted, since, name, "", event)


def _return(deposit: Account, until_us: int, now: datetime) -> Due:
    owner = owner_name(deposit.name)
    event = DepositReturn(
        id=f"due-return-{microseconds(now)}",
        source=SOURCE,
        time=now,
        subject=owner,
        data=DepositEndData(program=deposit.program),
    )
    return Due("deposit", owner, deposit.program, deposit.posted, _time(until_us), "", "", event)


def _gifts_back(waiting: Account, now: datetime) -> Iterator[Due]:
    """Yield, as one, the gifts that have waited long enough."""
    last_us = microseconds(now) - WAITS_US
    gifts = [one for one in gifts_of(waiting.terms) if one.payer and one.since_us <= last_us]
    if not gifts:
        return
    owner = owner_name(waiting.name)
    event = WaitingReturn(
        id=f"due-waiting-{microseconds(now)}",
        source=SOURCE,
        time=now,
        subject=owner,
        data=WaitingReturnData(program=waiting.program),
    )
    coins, since = sum(one.amount for one in gifts), min(one.since_us for one in gifts) + WAITS_US
    yield Due("waiting", owner, waiting.program, coins, _time(since), "", "", event)


def _redemption(redemption: str, wallet: str, program: str, hold: Hold, now: datetime) -> Due:
    event = RedeemExpire(
        id=f"due-{hold.key.hex()}-{microseconds(now)}",
        source=SOURCE,
        time=now,
        subject=wallet,
        data=HeldData(program=program, redemption=redemption, redemption_source=hold.source),
    )
    since = _time(hold.until_us)
    what, source = (program, hold.amount, since, redemption), hold.source
    return Due("redemption", wallet, *what, source, event)


def _ids(client: Client, held: Mapping[Place, Held]) -> dict[Place, str]:
    """Return the ids of held redemptions by wallet and hash, as far as ClickHouse knows them."""
    wallets = sorted({wallet for wallet, _ in held})
    ids: dict[Place, str] = {}
    for first in range(0, len(wallets), WALLETS_A_QUERY):
        some = wallets[first : first + WALLETS_A_QUERY]
        for row in rows(client, "ledger/redemptions", accounts=some):
            place = row["account"], event_key(row["source"], row["redemption"])
            if place in held:
                ids[place] = row["redemption"]
    return ids


def _time(time_us: int) -> datetime:
    return EPOCH + time_us * MICROSECOND
