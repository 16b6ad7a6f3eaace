"""How people are verified, and what they do in the program whose tiers of verification bind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import partition_of
from tests.operations.clients import sent

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from tests.operations.clients import Clients


@sent(weight=5)
def verify(clients: Clients) -> WalletEvent:
    """Verify a person, better or less well than before; most of the program whose tiers bind."""
    random = clients.random
    program, name = "tiered", tiered_wallet(clients)
    if random.random() < 0.3:
        program, name = clients.program(), clients.wallet()
    tier = random.choice(("none", "none", "phone", "identity"))
    return clients.make("verify", program=program, tier=tier, by="telecom", subject=name)


def tiered_wallet(clients: Clients) -> str:
    return f"t:{clients.random.randrange(6)}"


@sent(weight=10)
def tiered(clients: Clients) -> WalletEvent:
    """Have coins of the program whose tiers bind come into a wallet."""
    random = clients.random
    what = {"head": clients.head(tiered_wallet(clients)), "program": "tiered"}
    kind = random.choice(("open", "earn", "earn", "points", "deposit"))
    if kind == "open":
        return clients.make("open", **what)
    if kind == "earn":
        amount = random.randint(1, 11) if random.random() < 0.3 else clients.amount()
        activity = random.choice(("stamp", "game")) if amount <= 10 else "game"
        return clients.make("earn", **what, activity=activity, amount=amount)
    if kind == "points":
        coins = clients.amount()
        return clients.make("points_in", **what, partner="air", points=coins, amount=coins)
    if random.random() < 0.5:
        return clients.make("deposit_add", **what, amount=clients.amount())
    return clients.make("deposit_withdraw", **what)


@sent(weight=6)
def tiered_given(clients: Clients) -> WalletEvent:
    """Have a campaign give coins of the program whose tiers bind."""
    random = clients.random
    head = clients.head(tiered_wallet(clients))
    what = {"head": head, "program": "tiered", "campaign": "harvest"}
    kind = random.choice(("fund", "grant", "reward"))
    if kind == "grant":
        return clients.make("grant", **what, amount=clients.amount())
    if kind == "reward":
        to = tiered_wallet(clients)
        return clients.make("reward", **what, rule="friend", conversion="c", to=to)
    shard = random.choice(("", f"@{random.randrange(clients.partitions)}"))
    head["subject"] = f"budget:harvest{shard}"
    return clients.make("fund", **what, amount=4 * clients.partitions * clients.amount())


@sent(weight=12)
def tiered_leaves(clients: Clients) -> WalletEvent:
    """Give coins of the program whose tiers bind, or redeem them."""
    random = clients.random
    what = {"head": clients.head(tiered_wallet(clients)), "program": "tiered"}
    if random.random() < 0.6:
        to = tiered_wallet(clients)
        return clients.make("transfer", **what, to=to, amount=clients.amount())
    until = clients.soon() if random.random() < 0.5 else None
    terms = {"carrier": "unicom", "amount": clients.amount(), "until": until}
    event = clients.make("redeem", **what, **terms)
    if until is not None:
        clients.holds.append(event)
    return event


@sent(weight=8)
def tiered_packet(clients: Clients) -> WalletEvent:
    """Send and draw from packets of the program whose tiers bind; now and then close a wallet."""
    random = clients.random
    head = clients.head(tiered_wallet(clients))
    what = {"head": head, "program": "tiered"}
    chance = random.random()
    if chance < 0.05:
        return clients.make("close", **what, to=tiered_wallet(clients))
    if chance < 0.5 and clients.tiered_packets:
        head["subject"] = random.choice(clients.tiered_packets[-4:])
        return clients.make("packet_claim", **what, claimer=tiered_wallet(clients))
    packet = f"packet:{clients.count}@{partition_of(head['subject'], clients.partitions)}"
    clients.tiered_packets.append(packet)
    return clients.make(
        "packet_send",
        **what,
        packet=packet,
        amount=2 + clients.amount(),
        claims=2,
        mode="equal",
        expires=head["time"] + clients.step * 300,
    )
