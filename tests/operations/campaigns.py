"""How campaigns are funded, and what they give: grants and rewards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.operations.clients import sent

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from tests.operations.clients import Clients


def budget_of(clients: Clients) -> tuple[str, str]:
    """A campaign, and its reserve or a shard; now and then they don't belong together."""
    random = clients.random
    campaign = random.choice(clients.campaigns)
    shard = f"@{random.randrange(clients.partitions)}" if random.random() < 0.4 else ""
    return (campaign if random.random() < 0.97 else "another"), f"budget:{campaign}{shard}"


@sent(weight=5)
def fund(clients: Clients) -> WalletEvent:
    campaign, subject = budget_of(clients)
    amount = clients.amount() * clients.random.choice((1, 4, 4 * clients.partitions))
    program = (
        clients.random.choice(clients.programs[:2]) if campaign == "mixed" else clients.program()
    )
    return clients.make("fund", program=program, campaign=campaign, amount=amount, subject=subject)


@sent(weight=1)
def defund(clients: Clients) -> WalletEvent:
    campaign, subject = budget_of(clients)
    amount = None if clients.random.random() < 0.3 else clients.amount()
    terms = {"program": clients.program(), "campaign": campaign, "amount": amount}
    return clients.make("defund", **terms, subject=subject)


@sent(weight=16)
def grant(clients: Clients) -> WalletEvent:
    campaign = clients.random.choice(clients.campaigns)
    terms = {"program": clients.program(), "campaign": campaign, "amount": clients.amount()}
    return clients.make("grant", **terms, subject=clients.wallet())


@sent(weight=10)
def reward(clients: Clients) -> WalletEvent:
    """Reward a conversion, the first one, or who brought the person; now and then the wrong way."""
    random = clients.random
    rule = random.choice(("purchase", "first", "friend", "friend", "none"))
    return clients.make(
        "reward",
        program=clients.program(),
        campaign=random.choice(clients.campaigns),
        rule=rule,
        conversion=f"conversion-{random.randrange(60)}",
        conversion_source=clients.source_of(None),
        value=random.choice((None, 50, random.randrange(3_000))) if rule == "purchase" else None,
        to=clients.wallet() if (rule == "friend") is (random.random() < 0.95) else None,
        subject=clients.wallet(),
    )
