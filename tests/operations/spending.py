"""How coins are spent or set apart: they expire, are redeemed, pay, are exchanged or put by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.operations.clients import sent

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from tests.operations.clients import Clients

CARRIERS = (("unicom", "mobile", "telecom", "radio", "none"), (85, 6, 4, 2, 3))  # with weights


@sent(weight=4)
def expire(clients: Clients) -> WalletEvent:
    """Of the first program most; now and then of the second's few wallets."""
    program, other, *_ = clients.programs
    name = clients.wallet()
    if clients.others and clients.random.random() < 0.3:
        program, name = other, clients.random.choice(clients.others)
    head = clients.head(name)
    before = head["time"] - timedelta(days=clients.random.choice((1, 2, 3)))
    amount = clients.amount()
    return clients.make("expire", head=head, program=program, amount=amount, before=before)


@sent(weight=14)
def redeem(clients: Clients) -> WalletEvent:
    random = clients.random
    terms = {
        "program": clients.program(),
        "carrier": random.choices(*CARRIERS)[0],
        "amount": random.choice((5, 14)) if random.random() < 0.2 else clients.amount(),
        "until": clients.soon() if random.random() < 0.7 else None,
        "network": random.choice(CARRIERS[0]) if random.random() < 0.1 else None,
    }
    name, is_held = clients.wallet(), terms["until"] is not None
    if is_held and random.random() < 0.35:  # one has many held
        name, terms["amount"] = clients.wallets[0], random.randint(1, 3)
    head = clients.head(name)
    if is_held:
        head |= clients.twin(clients.holds)
    event = clients.make("redeem", head=head, **terms)
    if is_held:
        clients.holds.append(event)
    return event


@sent(weight=10)
def resolve(clients: Clients) -> WalletEvent:
    """Settle, fail or expire a redemption that is held; some of them twice, or both ways."""
    random = clients.random
    kind = random.choice(("redeem_settle", "redeem_fail", "redeem_expire"))
    held = random.choice(clients.holds[-60:]) if clients.holds else None
    return clients.make(
        kind,
        program=held.data.program if held else clients.programs[0],
        redemption=held.id if held and random.random() < 0.97 else "none",
        redemption_source=clients.source_of(held),
        subject=held.subject if held else clients.wallet(),
    )


@sent(weight=10)
def order_place(clients: Clients) -> WalletEvent:
    """Order from the catalogue; now and then at another price, or under an id of long ago."""
    random = clients.random
    item, price = random.choice((("comic", 6), ("comic", 6), ("song", 15), ("none", 1)))
    quantity = random.choice((1, 1, 1, 2, 3))
    program = clients.program()
    amount = price * quantity + (random.random() < 0.03)
    head = clients.head(clients.wallet()) | clients.twin(clients.orders)
    if clients.orders and random.random() < 0.1:
        old = clients.orders[0]
        head |= {"id": old.id, "subject": old.subject, "source": old.source}
    what = {"item": item, "quantity": quantity, "amount": amount}
    event = clients.make("order_place", head=head, program=program, **what)
    clients.orders.append(event)
    return event


@sent(weight=12)
def order_end(clients: Clients) -> WalletEvent:
    """Deliver, cancel or refund an order; some of them twice, or one after the other."""
    random = clients.random
    order = random.choice(clients.orders[-40:]) if clients.orders else None
    if clients.refunded and random.random() < 0.25:
        order = random.choice(clients.refunded[-4:])
    event = {
        "order": order.id if order and random.random() < 0.97 else "none",
        "order_source": clients.source_of(order),
        "program": order.data.program if order else clients.programs[0],
        "head": clients.head(order.subject if order else clients.wallet()),
    }
    chance = random.random()
    if chance < 0.7:
        return clients.make("order_fulfil" if chance < 0.5 else "order_cancel", **event)
    if order:
        clients.refunded.append(order)
    return clients.make("order_refund", **event)


@sent(weight=10)
def points(clients: Clients) -> WalletEvent:
    """Exchange points; now and then at a rate that is not the partner's, or with a stranger."""
    random = clients.random
    kind, partner, coins, points = random.choice(
        [
            ("points_in", "tianyi", 2, 5),
            ("points_in", "tianyi", 2, 5),
            ("points_out", "tianyi", 1, 2),
            ("points_out", "tianyi", 1, 2),
            ("points_in", "air", 1, 1),
            ("points_out", random.choice(("air", "none")), 1, 1),
            ("points_in", random.choice(("books", "none")), 9, 1),
        ]
    )
    times = clients.amount()
    return clients.make(
        kind,
        program=clients.program(),
        partner=partner,
        points=points * times + (random.random() < 0.03),
        amount=coins * times,
        subject=clients.wallet(),
    )


@sent(weight=8)
def deposit(clients: Clients) -> WalletEvent:
    """Put by, be charged for a month, take it out, or have it returned."""
    random = clients.random
    program, name = clients.program(), clients.wallet()
    what = {"program": program, "head": clients.head(name)}
    chance = random.random()
    if chance < 0.5:
        return clients.make("deposit_add", **what, amount=clients.amount())
    if chance < 0.7:
        month = random.choice(("2026-02", "2026-03", "2026-03", "2026-04"))
        return clients.make("deposit_custody", **what, month=month)
    return clients.make("deposit_withdraw" if chance < 0.85 else "deposit_return", **what)
