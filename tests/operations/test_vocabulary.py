"""The vocabulary has every operation of the ledger, and whoever draws on it sends them all."""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import TYPE_CHECKING

import pytest

from streams.events import OPERATION, decode_wallet, encode
from streams.ledger.operations import OPERATIONS
from tests.faults.traffic import Traffic
from tests.operations.clients import Clients
from tests.operations.vocabulary import MAKERS
from tests.simulator import plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.events import Event, WalletEvent

EVENTS = 6_000


def made() -> Iterator[WalletEvent]:
    clients = Clients(Random(1), 3)
    for number in range(EVENTS):
        event = MAKERS[number % len(MAKERS)](clients)
        clients.recall(event)
        yield event


def simulated() -> Iterator[WalletEvent]:
    clients = plan.Clients(Random(1), 3)
    for _ in range(EVENTS):
        event = clients.event()
        clients.recall(event)
        yield event


def under_faults() -> Iterable[Event]:
    return islice(Traffic(1, 3).happenings(), EVENTS)


# The machine of the invariants is held to the same in tests/streams/test_ledger_invariants.py, the
# days of programs in tests/streams/test_program_days.py.
@pytest.mark.parametrize("events", [made, simulated, under_faults])
def test_every_operation_of_the_ledger_is_sent(events: type[Iterable[Event]]) -> None:
    lacking = {row.name for row in OPERATIONS} - {OPERATION[type(event)] for event in events()}
    assert not lacking, f"no function of tests/operations/ makes these: {lacking}"


def test_what_is_made_is_valid() -> None:
    for event in made():
        assert decode_wallet(encode(event)) == event
