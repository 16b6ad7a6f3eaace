"""What is done in the program that is bound to its reserve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.operations.clients import sent

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from tests.operations.clients import Clients


@sent(weight=6)
def reserve(clients: Clients) -> WalletEvent:
    """Add to the reserve of the program that is bound to it, or take out what backs nothing."""
    random = clients.random
    program = "backed" if random.random() < 0.95 else clients.program()
    subject = f"reserve:{program}" if random.random() < 0.95 else clients.wallet()
    if random.random() < 0.6:
        amount = clients.amount() * random.choice((1, 4, 4 * clients.partitions))
        return clients.make("reserve_add", program=program, amount=amount, subject=subject)
    if random.random() < 0.5:
        subject = f"issuer:{program}@{random.randrange(clients.partitions)}"
    less = None if random.random() < 0.3 else clients.amount()
    return clients.make("reserve_remove", program=program, amount=less, subject=subject)


@sent(weight=14)
def backed(clients: Clients) -> WalletEvent:
    """Issue coins of the bound program, or burn some."""
    random = clients.random
    head = clients.head(f"b:{random.randrange(6)}")
    kind = random.choice(("open", "earn", "earn", "earn", "deposit_add", "fund", "fund", "defund"))
    what = {"head": head, "program": "backed"}
    if kind == "open":
        return clients.make(kind, **what)
    if kind == "earn":
        activity = random.choice(("game", "game", "stamp"))
        amount = random.randint(1, 11) if activity == "stamp" else clients.amount()
        return clients.make(kind, **what, activity=activity, amount=amount)
    if kind in {"fund", "defund"}:
        shard = random.choice(("", f"@{random.randrange(clients.partitions)}"))
        head["subject"] = f"budget:winter{shard}"
        what["campaign"] = "winter"
    return clients.make(kind, **what, amount=clients.amount())
