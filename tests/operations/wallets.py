"""How wallets are opened, and what people earn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.operations.clients import sent

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from tests.operations.clients import Clients


@sent(weight=1)
def open_wallet(clients: Clients) -> WalletEvent:
    unopened = clients.unopened
    name = unopened.pop() if unopened else clients.wallet()
    if clients.random.random() < 0.01:
        name = "issuer:p@0"
    program = clients.program()
    if program == clients.programs[1]:
        clients.others.append(name)
    return clients.make("open", program=program, subject=name)


@sent(weight=24)
def earn(clients: Clients) -> WalletEvent:
    random = clients.random
    activity, basis = random.choice(
        [
            ("purchase", {"spend": random.randrange(random.choice((200, 30_000)))}),
            ("game", {"amount": 4 * clients.amount()}),
            ("game", {"amount": 10**15 if random.random() < 0.05 else clients.amount()}),
            ("quiz", {"amount": random.randint(1, 12)}),
            ("stamp", {"amount": random.randint(1, 11)}),
            ("badge", {}),
            ("check-in", {"spend": 1}),
            ("purchase", {"amount": 1}),
            ("unknown", {"amount": 1}),
        ]
    )
    program = clients.program()
    return clients.make(
        "earn", program=program, activity=activity, **basis, subject=clients.wallet()
    )
