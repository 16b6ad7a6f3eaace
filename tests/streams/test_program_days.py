"""One documented day of each program: in the pure fold, and through a real broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from confluent_kafka import Producer

from streams.events import POSTINGS_TOPIC, WALLET_TOPIC, encode
from streams.kafka.log import messages
from streams.ledger.results import decode_result
from streams.programs import load
from tests.stack import Stack, wait_for
from tests.streams.ledger_world import DAY_US, RULES, World
from tests.streams.program_days import DAYS, ENDS, events_of, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.ledger.results import Result

SHIPPED = msgspec.structs.replace(RULES, programs=load(), window_us=10 * DAY_US)
LEDGERS = (
    "carrier:",
    "issuer:",
    "fees:",
    "merchant:",
    "partner:",
)  # whose names have no person's in them
# One partition has all accounts, and remembers the year that a day of them takes.
ONE_LOG = {"FLOWDROP_PARTITIONS": "1", "FLOWDROP_DEDUP_WINDOW_DAYS": "400"}


def test_every_program_has_a_day() -> None:
    assert list(DAYS) == sorted(load())


@pytest.mark.parametrize("program", DAYS)
def test_a_day_walks_every_operation_that_the_program_offers(program: str) -> None:
    """And so does the test through the broker, which sends the same steps.

    But for one, which needs a leg to have arrived: see test_due.py.
    """
    applied = {step.kind for step in DAYS[program] if not step.reason}
    assert applied == set(load()[program].operations.open) - {"waiting_return"}


@pytest.mark.parametrize("program", DAYS)
def test_a_day_meets_every_limit_by_verification(program: str) -> None:
    reasons = {step.reason for step in DAYS[program]}
    assert {"over_tier_transaction", "over_tier_day", "over_tier_balance"} <= reasons


@pytest.mark.parametrize("program", DAYS)
def test_a_day_in_the_fold(program: str) -> None:
    world = World(rules=SHIPPED)
    for step, event in zip(DAYS[program], events_of(program), strict=True):
        outcome = world.send(event)
        assert (outcome.reason, world.balance(event.subject)) == (step.reason, step.balance), step
        expected = "refused" if step.reason else "applied"
        assert outcome.outcome == expected
        assert sum(world.balance(name) for name in world.accounts[0]) == 0
    assert {name: world.balance(name) for name in world.accounts[0]} == ENDS[program]


# -- through a real broker ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, dict[str, Result]]]:
    """What a worker made of all five days, one after the other on one partition."""
    stack = Stack(tmp_path_factory.mktemp("days"), ONE_LOG)
    stack.start_kafka()
    try:
        stack.worker()
        producer = Producer({"bootstrap.servers": stack.kafka.bootstrap, "acks": "all"})
        sent = [event for program in DAYS for event in events_of(program, f"{program}-")]
        for event in sent:
            producer.produce(WALLET_TOPIC, encode(event), event.subject.encode(), 0)
        assert producer.flush(60) == 0
        wait_for(lambda: len(_results(stack)) == len(sent), "every result")
        yield stack, _results(stack)
    finally:
        stack.stop()


def _results(stack: Stack) -> dict[str, Result]:
    found = messages(stack.kafka.bootstrap, POSTINGS_TOPIC, 0)
    results = [decode_result(record.value() or b"") for got in found for record in got]
    return {result.event_id: result for result in results}


@pytest.mark.kafka
@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", DAYS)
def test_a_day_through_the_broker(told: tuple[Stack, dict[str, Result]], program: str) -> None:
    stack, results = told
    steps, events = DAYS[program], events_of(program, f"{program}-")
    assert [results[event.id].reason for event in events] == [step.reason for step in steps]
    posted = {name: position[0] for name, position in stack.accounts().items()}
    ends = {
        name if name.startswith(LEDGERS) else named(name, f"{program}-"): coins
        for name, coins in ENDS[program].items()
        if not name.startswith(("claim:", "order:", "reward:", "share:", "waiting:"))
    }
    assert {name: posted.get(name) for name in ends} == ends
