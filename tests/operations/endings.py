"""What is taken back, and how wallets are stopped and closed; what then waits for somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from msgspec.structs import replace

from streams.events.wallet import Original
from tests.operations.clients import SOURCES, STRANGERS, sent
from tests.operations.wallets import earn

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from tests.operations.clients import Clients


@sent(weight=7)
def reverse(clients: Clients) -> WalletEvent:
    """Take back something sent lately, some of it twice; now and then not as it was sent."""
    random = clients.random
    lately = [event for event in clients.events[-80:] if isinstance(event, get_args(Original))]
    original = random.choice(lately) if lately else earn(clients)
    if clients.reversed and random.random() < 0.3:
        original = random.choice(clients.reversed[-4:])
    clients.reversed.append(original)
    if random.random() < 0.05:
        original = random.choice(
            (
                replace(original, source=random.choice(SOURCES)),
                replace(original, time=original.time + timedelta(seconds=1)),
            )
        )
    subject = original.subject if random.random() < 0.97 else clients.wallet()
    program = original.data.program
    return clients.make("reverse", program=program, original=original, subject=subject)


@sent(weight=1)
def freeze(clients: Clients) -> WalletEvent:
    program, name = clients.program(), clients.wallet()
    clients.frozen.append(name)
    return clients.make("freeze", program=program, subject=name)


@sent(weight=3)
def unfreeze(clients: Clients) -> WalletEvent:
    program, frozen = clients.program(), clients.frozen
    name = frozen.pop(0) if frozen else clients.wallet()
    return clients.make("unfreeze", program=program, subject=name)


@sent(weight=3)
def close(clients: Clients) -> WalletEvent:
    """Close a wallet, and have another ready in its place.

    What is left goes to another, now and then to one closed before: then it comes back, and waits.
    """
    random, wallets = clients.random, clients.wallets
    name = random.choice(wallets[1:12])
    if random.random() < 0.5:
        new = f"w:{len(wallets) + clients.count}"
        wallets[wallets.index(name)] = new
        clients.unopened.append(new)
    to = clients.payee() if random.random() < 0.8 else None
    if clients.closed and random.random() < 0.3:
        to = random.choice(clients.closed[-8:])
    clients.closed.append(name)
    return clients.make("close", program=clients.program(), to=to, subject=name)


@sent(weight=8)
def leave(clients: Clients) -> WalletEvent:
    """One after another opens a wallet, exchanges coins and closes it; then these come back."""
    turn, step = divmod(clients.leaving, 6)
    clients.leaving += 1
    what = {"program": clients.programs[0], "head": clients.head(f"l:{turn}")}
    if step == 0:
        return clients.make("open", **what)
    if step == 1:
        return clients.make("earn", **what, activity="game", amount=20)
    if step == 2 or clients.left is None:
        clients.left = clients.make("points_out", **what, partner="tianyi", points=4, amount=2)
        return clients.left
    if step == 3:
        return clients.make("close", **what, to=clients.payee())
    if step == 4:
        return clients.make("reverse", **what, original=clients.left)
    return clients.make("waiting_release", **what, to=clients.payee())


@sent(weight=2)
def stranger_opens(clients: Clients) -> WalletEvent:
    """Somebody opens the wallet for which coins may wait; another takes the place."""
    strangers = clients.strangers
    name = clients.random.choice(strangers[1:])  # the first never does
    strangers[strangers.index(name)] = f"v:{STRANGERS + clients.count}"
    clients.wallets.append(name)
    head = clients.head(name)
    return clients.make("open", head=head, program=clients.program())


@sent(weight=5)
def waiting_return(clients: Clients) -> WalletEvent:
    """Have what waited for a stranger go back, mostly before it is due."""
    random = clients.random
    name = random.choice((clients.strangers[0], *clients.strangers))
    if random.random() < 0.05:
        name = clients.wallet()
    return clients.make("waiting_return", program=clients.program(), subject=name)


@sent(weight=4)
def waiting_release(clients: Clients) -> WalletEvent:
    """Move what waits for a closed wallet, if anything does, to another."""
    closed = clients.closed[-8:]
    name = clients.random.choice(closed) if closed else clients.wallet()
    terms = {"program": clients.program(), "to": clients.payee()}
    return clients.make("waiting_release", **terms, subject=name)
