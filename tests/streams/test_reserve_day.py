"""A day of a program that is bound to its reserve: in the pure fold, and through a real broker.

The amounts are reckoned by hand. All accounts live on one partition, and each step waits for the
leases that it caused.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
from confluent_kafka import Producer

from streams.events import POSTINGS_TOPIC, WALLET_TOPIC, WalletEvent, decode_wallet, encode
from streams.kafka.log import messages
from streams.ledger.results import Result, decode_result
from streams.programs import FOLDER, load
from tests.stack import Stack, wait_for
from tests.streams.ledger_world import RULES, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM, MING = "liuliangbao", "ming"
RESERVE, BACKING, ISSUER = f"reserve:{PROGRAM}", f"backing:{PROGRAM}@0", f"issuer:{PROGRAM}@0"
BINDS = '\n[reserve]\nfrom = 2024-01-01\nsource = "the agreement"\n'


class Step(NamedTuple):
    """An event, what must come of it, and how many legs it causes.

    `balance` is what its subject has once they have arrived.
    """

    kind: str
    subject: str
    data: dict[str, Any]
    reason: str
    legs: int
    balance: int


def earn(amount: int, reason: str, legs: int, balance: int) -> Step:
    return Step("earn", MING, {"activity": "game", "amount": amount}, reason, legs, balance)


DAY = [
    Step("reserve_add", RESERVE, {"amount": 200}, "", 2, 100),  # 100 are leased, and arrive
    Step("open", MING, {}, "", 0, 0),
    earn(60, "", 3, 60),  # leaves 40, less than half of the last lease: 50 more are asked for
    earn(95, "reserve_exhausted", 3, 60),  # 90 there; 25 more are leased, a half of what is left
    earn(95, "", 0, 155),  # leaves 20, no less than half of the last lease
    Step("reserve_remove", ISSUER, {"amount": 10}, "", 0, 10),
    Step("reserve_remove", ISSUER, {"amount": 11}, "insufficient_balance", 0, 10),
    Step("reserve_remove", RESERVE, {}, "", 0, 0),  # the 25 and the 10
    earn(50, "reserve_exhausted", 2, 155),  # the reserve has none to lease
]
ENDS = {RESERVE: 0, BACKING: -165, ISSUER: 10, MING: 155, f"clearing:{PROGRAM}@0": 0}


def events() -> list[WalletEvent]:
    made = []
    for number, step in enumerate(DAY):
        value = {
            "id": f"day-{number}",
            "source": "reserve-day",
            "type": f"flowdrop.wallet.{step.kind}",
            "time": datetime.fromisoformat(f"2024-03-10T09:{number:02d}:00+08:00"),
            "subject": step.subject,
            "data": {"program": PROGRAM, **step.data},
        }
        made.append(decode_wallet(msgspec.json.encode(value)))
    return made


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program's file, bound."""
    folder = tmp_path_factory.mktemp("programs")
    shipped = (FOLDER / f"{PROGRAM}.toml").read_text(encoding="utf-8")
    opened = shipped.replace('"fund",', '"fund", "reserve_add", "reserve_remove",', 1)
    (folder / f"{PROGRAM}.toml").write_text(opened + BINDS, encoding="utf-8")
    return folder


def test_a_day_in_the_fold(programs: Path) -> None:
    rules = msgspec.structs.replace(RULES, programs=load(programs))
    world = World(rules=rules)
    for step, event in zip(DAY, events(), strict=True):
        assert world.send(event).reason == step.reason
        legs = world.drain()
        assert (len(legs), world.balance(step.subject)) == (step.legs, step.balance), step
    assert {name: world.balance(name) for name in world.accounts[0]} == ENDS


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Iterator[Stack]:
    settings = {
        "FLOWDROP_PARTITIONS": "1",
        "FLOWDROP_DEDUP_WINDOW_DAYS": "400",
        "FLOWDROP_PROGRAMS": str(programs),
    }
    stack = Stack(tmp_path_factory.mktemp("reserve"), settings)
    stack.start_kafka()
    try:
        stack.worker()
        yield stack
    finally:
        stack.stop()


def results(stack: Stack) -> list[Result]:
    found = messages(stack.kafka.bootstrap, POSTINGS_TOPIC, 0)
    return [decode_result(record.value() or b"") for got in found for record in got]


def wait_until(stack: Stack, due: int, step: Step) -> None:
    """Wait for so many results, and for what the step's subject has then to be told."""
    wait_for(lambda: len(results(stack)) >= due, f"what comes of {step}")
    told = (step.subject, step.balance)
    wait_for(lambda: told in posted(stack).items(), f"{told} after {step}")


def posted(stack: Stack) -> dict[str, int]:
    return {name: position[0] for name, position in stack.accounts().items()}


@pytest.mark.kafka
@pytest.mark.timeout(300)
def test_a_day_through_the_broker(stack: Stack) -> None:
    producer = Producer({"bootstrap.servers": stack.kafka.bootstrap, "acks": "all"})
    due = 0
    for step, event in zip(DAY, events(), strict=True):
        producer.produce(WALLET_TOPIC, encode(event), event.subject.encode(), 0)
        assert producer.flush(60) == 0
        due += 1 + step.legs
        wait_until(stack, due, step)
    told = {result.event_id: result.reason for result in results(stack)}
    assert len(told) == due
    assert [told[event.id] for event in events()] == [step.reason for step in DAY]
    ends = posted(stack)
    assert {name: ends[name] for name in ENDS} == ENDS
