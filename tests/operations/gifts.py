"""How people give each other coins: directly, or in red packets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.events import partition_of
from tests.operations.campaigns import budget_of
from tests.operations.clients import sent

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from tests.operations.clients import Clients

TERMS = ({"group": "family"}, {"code": "open"}, {"group": "b", "code": "c"})


@sent(weight=28)
def transfer(clients: Clients) -> WalletEvent:
    to = clients.payee() if clients.random.random() < 0.98 else "issuer:p@0"
    terms = {"program": clients.program(), "to": to, "amount": clients.amount()}
    return clients.make("transfer", **terms, subject=clients.wallet())


@sent(weight=4)
def packet_send(clients: Clients) -> WalletEvent:
    random = clients.random
    sender = clients.wallet()
    where = partition_of(sender, clients.partitions) + (random.random() < 0.03)
    head = clients.head(sender)
    packet = f"packet:{clients.count}@{where}"
    clients.packets.append(packet)
    terms: dict[str, Any] = random.choice(TERMS) if random.random() < 0.3 else {}
    return clients.make(
        "packet_send",
        head=head,
        program=clients.program(),
        packet=packet if random.random() < 0.97 else random.choice(clients.packets),
        amount=clients.amount(),
        claims=random.randint(1, 8),
        mode=random.choice(("equal", "lucky")),
        expires=clients.soon(),
        **terms,
    )


@sent(weight=2)
def campaigns_packet_send(clients: Clients) -> WalletEvent:
    """An enterprise's packet, out of its budget: the reserve or a shard."""
    random = clients.random
    campaign, subject = budget_of(clients)
    where = partition_of(subject, clients.partitions)
    head = clients.head(subject)
    packet = f"packet:{clients.count}@{where}"
    clients.packets.append(packet)
    return clients.make(
        "packet_send",
        head=head,
        program=clients.program(),
        packet=packet,
        amount=clients.amount(),
        claims=random.randint(1, 4),
        mode=random.choice(("equal", "lucky")),
        expires=clients.soon(),
        campaign=campaign,
        code=random.choice((None, "open")),
    )


def packet_of(clients: Clients) -> str:
    packets = clients.packets[-12:]
    chance = clients.random.random()
    return clients.random.choice(packets) if packets and chance < 0.98 else "packet:none@0"


@sent(weight=6)
def packet_share(clients: Clients) -> WalletEvent:
    program, sharer = clients.program(), clients.wallet()
    head = clients.head(packet_of(clients)) | clients.twin(clients.shares)
    event = clients.make("packet_share", head=head, program=program, sharer=sharer)
    clients.shares.append(event)
    return event


@sent(weight=22)
def packet_claim(clients: Clients) -> WalletEvent:
    """Draw from a packet, perhaps with what it asks for, perhaps through a share of it."""
    random = clients.random
    packet, terms = packet_of(clients), {}
    share = random.choice(clients.shares[-12:]) if clients.shares else None
    if share is not None and random.random() < 0.3:
        packet = share.subject if random.random() < 0.9 else packet
        terms = {"share": share.id, "share_source": clients.source_of(share)}
    if random.random() < 0.4:
        terms |= random.choice(TERMS)
    terms |= {"program": clients.program(), "claimer": clients.payee()}
    return clients.make("packet_claim", **terms, subject=packet)


@sent(weight=5)
def packet_expire(clients: Clients) -> WalletEvent:
    return clients.make("packet_expire", program=clients.program(), subject=packet_of(clients))
