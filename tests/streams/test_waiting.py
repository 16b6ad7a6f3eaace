"""Coins that wait for a wallet, on a real broker, engine, worker and feed.

Each name has a twin on the other partition, to which the same is done: nobody may be able to tell
which of the two lives where the payer does.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sql.client import connect
from streams.kafka.publish import publish_records
from tests.stack import Stack
from tests.streams.wallet_story import PARTITIONS, PROGRAM, START, event, wallets

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(400)]

NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO, LATELY = NOW - timedelta(days=35), NOW - timedelta(hours=1)
PAYER = wallets(0)[0]
LATE, SOON, BACK, CLOSED = (
    [wallets(number, 6)[place] for number in range(PARTITIONS)] for place in (1, 2, 3, 4)
)
GIFT = {"late": 10, "soon": 50, "back": 30}


def at(time: datetime, kind: str, event_id: str, subject: str, **data: Any) -> Any:
    return event(kind, event_id, subject, minutes=(time - START) / timedelta(minutes=1), **data)


def gift(kind: str, name: str) -> Any:
    time = LONG_AGO if kind == "late" else LATELY
    return at(time, "transfer", f"{kind}-{name}", PAYER, to=name, amount=GIFT[kind])


def taken_back(original: Any, event_id: str, time: datetime = NOW) -> Any:
    value = json.loads(original[3])
    return at(time, "reverse", event_id, value["subject"], original=value)


def before() -> Iterator[Any]:
    yield at(LONG_AGO, "open", "open", PAYER)
    for number in range(3):
        yield at(LONG_AGO, "earn", f"earn-{number}", PAYER, activity="game", amount=100)
    yield from (gift("late", name) for name in LATE)
    for kind, names in (("soon", SOON), ("back", BACK)):
        yield from (gift(kind, name) for name in names)
    for name in CLOSED:
        yield at(LATELY, "open", f"open-{name}", name)
        yield at(LATELY, "earn", f"earn-{name}", name, activity="game", amount=40)
        redeemed = at(LATELY, "redeem", f"redeem-{name}", name, carrier="unicom", amount=15)
        yield redeemed
        yield at(LATELY, "close", f"close-{name}", name, to=PAYER)
        yield taken_back(redeemed, f"reverse-{name}", LATELY)


def after() -> Iterator[Any]:
    for name in SOON:
        yield at(NOW, "open", f"open-{name}", name)
        yield at(NOW, "earn", f"earn-{name}", name, activity="game", amount=60)
    for kind, names in (("soon", SOON), ("back", BACK)):
        yield from (taken_back(gift(kind, name), f"reverse-{name}") for name in names)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("waiting"), {"FLOWDROP_PARTITIONS": str(PARTITIONS)})
    stack.start()
    try:
        stack.worker()
        stack.feed()
        yield stack
    finally:
        stack.stop()


def done(stack: Stack, records: Iterator[Any]) -> None:
    publish_records(records, stack.env["FLOWDROP_KAFKA"])
    assert stack.facts("reconcile")["ok"]  # waits until all is folded and stored


def answers(stack: Stack) -> dict[str, tuple[str, str]]:
    """What became of each event of a client."""
    found = connect(stack.env["FLOWDROP_CLICKHOUSE"]).query(
        "SELECT event_id, outcome, reason FROM ledger_results FINAL WHERE type != 'leg'"
    )
    return {row[0]: (row[1], row[2]) for row in found.result_rows}


def test_what_waits_comes_or_goes_back_and_no_answer_tells_the_partition(stack: Stack) -> None:
    done(stack, before())
    found = stack.facts("ledger", "waiting", "--program", PROGRAM)
    assert {(one["name"], one["payer"], one["amount"]) for one in found} == {
        *((name, PAYER, GIFT["late"]) for name in LATE),
        *((name, PAYER, GIFT["soon"]) for name in SOON),
        *((name, PAYER, GIFT["back"]) for name in BACK),
        *((name, "", 15) for name in CLOSED),
    }
    assert all((one["due"] is None) == (one["payer"] == "") for one in found)
    due = stack.facts("ledger", "due")
    assert {(one["what"], one["subject"], one["coins"]) for one in due} == {
        ("waiting", name, GIFT["late"]) for name in LATE
    }
    report = stack.facts("compliance", "report", "--month", f"{LATELY:%Y-%m}")
    (month,) = (one for one in report["programs"] if one["program"] == PROGRAM)
    assert month["waiting"] == PARTITIONS * (sum(GIFT.values()) + 15)

    stack.flowdrop("ledger", "due", "--send", "--yes")
    for name, to in zip(CLOSED, SOON, strict=True):
        said = stack.flowdrop("ledger", "waiting", "release", name, "--to", to, status=1)
        assert f"give 15 coins of {PROGRAM} that wait for {name} to {to}?" in said
    done(stack, after())
    for name, to in zip(CLOSED, SOON, strict=True):
        stack.flowdrop("ledger", "waiting", "release", name, "--to", to, "--yes")
    assert stack.facts("reconcile")["ok"]
    assert stack.facts("ledger", "waiting") == []
    assert "no coins of its own wait" in stack.flowdrop(
        "ledger", "waiting", "release", CLOSED[0], "--to", SOON[0], status=1
    )

    accounts = stack.accounts()
    assert [accounts[name][0] for name in SOON] == [60 + 15] * PARTITIONS
    assert (
        accounts[PAYER][0] == 300 + 2 * 25
    )  # all gifts are back, and what two closed wallets left
    told = answers(stack)
    same, other = ([told[event_id] for event_id in ids(number)] for number in range(PARTITIONS))
    assert same == other
    assert set(same) == {("applied", ""), ("asked", "")}


def ids(number: int) -> list[str]:
    """Of the events about the names that live on a partition."""
    kinds = {"late": LATE, "soon": SOON, "back": BACK, "open": SOON, "close": CLOSED}
    reversed_ = [f"reverse-{names[number]}" for names in (SOON, BACK, CLOSED)]
    return [f"{kind}-{names[number]}" for kind, names in kinds.items()] + reversed_
