"""What waits for a wallet: gifts to names that have none yet, and coins of closed wallets.

Read from the accounts' changelog, committed records only, as `due.py` reads what is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.events import WaitingRelease, WaitingReleaseData
from streams.events.times import EPOCH, MICROSECOND, microseconds
from streams.kafka.log import messages
from streams.kafka.topics import ACCOUNTS_CHANGELOG
from streams.ledger.accounts import kind_of, owner_name, unpack
from streams.ledger.terms import gifts_of
from streams.ledger.waiting import WAITS_US

if TYPE_CHECKING:
    from datetime import datetime

SOURCE = "/flowdrop/waiting"


class Waiting(NamedTuple):
    """Coins that wait for a name.

    Attributes:
        name: whose wallet they wait for.
        program: whose coins.
        payer: who gave them; '' for the name's own, of a closed wallet.
        amount: coins, in the smallest unit of the program.
        since: when they were given, or first came back.
        due: when an event may send them back; None for the name's own, which an operator releases.
        source: of the event that gave them; '' for the name's own.
        event: its id.
        campaign: whose coins they are, if a campaign gave them.
    """

    name: str
    program: str
    payer: str
    amount: int
    since: datetime
    due: datetime | None
    source: str
    event: str
    campaign: str


def find(kafka: str, partitions: int, program: str = "", name: str = "") -> list[Waiting]:
    """Return what waits, longest first.

    Args:
        kafka: Kafka's address.
        partitions: of the ledger.
        program: only its coins; '' for all.
        name: only what waits for this one; '' for all.

    Raises:
        click.ClickException: when Kafka falls silent.
    """
    found: list[Waiting] = []
    for number in range(partitions):
        found += (
            one
            for one in _on(kafka, number)
            if program in {"", one.program} and name in {"", one.name}
        )
    return sorted(found, key=lambda one: (one.since, one.name, one.program))


def release(name: str, program: str, to: str, now: datetime) -> WaitingRelease:
    """Return the event that gives what waits for a closed wallet to another."""
    return WaitingRelease(
        id=f"release-{microseconds(now)}",
        source=SOURCE,
        time=now,
        subject=name,
        data=WaitingReleaseData(program=program, to=to),
    )


def _on(kafka: str, number: int) -> list[Waiting]:
    """Return what waits on a partition."""
    found: dict[str, list[Waiting]] = {}
    for records in messages(kafka, ACCOUNTS_CHANGELOG, number):
        for record in records:
            name, value = (record.key() or b"").decode(), record.value()
            if kind_of(name) == "waiting":
                found[name] = [] if value is None else _of(name, value)
    return [one for waiting in found.values() for one in waiting]


def _of(name: str, value: bytes) -> list[Waiting]:
    account = unpack(name, value)
    return [
        Waiting(
            name=owner_name(name),
            program=account.program,
            payer=gift.payer,
            amount=gift.amount,
            since=EPOCH + gift.since_us * MICROSECOND,
            due=EPOCH + (gift.since_us + WAITS_US) * MICROSECOND if gift.payer else None,
            source=gift.source,
            event=gift.id,
            campaign=gift.campaign,
        )
        for gift in gifts_of(account.terms)
    ]
