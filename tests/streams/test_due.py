"""`flowdrop ledger due` on a real broker, engine, worker and feed: due is found and done once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from sql.client import connect
from streams.inspect.due import Due, find
from streams.kafka.publish import publish, publish_records
from streams.programs import FOLDER, load
from tests.stack import Stack
from tests.streams.wallet_story import PARTITIONS, START, event, wallets

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]

NOW = datetime.now(UTC).replace(microsecond=0)
CHINA = timezone(timedelta(hours=8))
BANK = {"program": "unicom-flow-bank"}
HERE, THERE = wallets(0)[0], wallets(1)[0]
NEW, OLD = wallets(0)[1], wallets(1)[1]  # deposits whose term goes on, and is over
OVER, OPEN = "packet:over@0", "packet:open@0"
TERM_DAYS, FEE = 180, 5
PUT_BY = {NEW: (NOW - timedelta(days=70), 100), OLD: (NOW - timedelta(days=200), 90)}


def at(kind: str, event_id: str, subject: str, time: datetime, **data: Any) -> Any:
    return event(kind, event_id, subject, minutes=(time - START) / timedelta(minutes=1), **data)


def story() -> Iterator[Any]:
    """Deposits first: a partition refuses what is much older than its clock."""
    for wallet, (time, amount) in sorted(PUT_BY.items(), key=lambda put: put[1]):
        yield at("open", f"open-{wallet}", wallet, time, **BANK)
        yield at("deposit_add", f"add-{wallet}", wallet, time, amount=amount, **BANK)
    before, soon, later = (NOW + timedelta(hours=hours) for hours in (-2, -1, 30))
    for wallet in (HERE, THERE):
        yield at("open", f"open-{wallet}", wallet, before)
        yield at("earn", f"earn-{wallet}", wallet, before, activity="game", amount=100)
        for name, until, amount in (("late", soon, 7), ("patient", later, 11)):
            data = {"carrier": "unicom", "amount": amount, "until": until.isoformat()}
            yield at("redeem", name, wallet, before, **data)
    another = {"carrier": "unicom", "amount": 5, "until": soon.isoformat(), "source": "another"}
    yield at("redeem", "late", HERE, before, **another)
    yield at("order_place", "ordered", HERE, before, item="comic", amount=6)
    for packet, expires in ((OVER, soon), (OPEN, later)):
        data = {"amount": 20, "claims": 2, "mode": "equal", "expires": expires.isoformat()}
        yield at("packet_send", packet, HERE, before, packet=packet, **data)
    yield at("packet_claim", "claim", OVER, before, claimer=THERE)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("due"), {"FLOWDROP_PARTITIONS": str(PARTITIONS)})
    stack.start()
    try:
        stack.worker()
        stack.feed()
        publish_records(story(), stack.env["FLOWDROP_KAFKA"])
        assert stack.facts("reconcile")["ok"]
        yield stack
    finally:
        stack.stop()


def months(wallet: str) -> list[str]:
    """The months that a deposit was there for, day by day."""
    first, _ = PUT_BY[wallet]
    end = min(NOW, first + timedelta(days=TERM_DAYS, seconds=-1))
    hours = range(int((end - first) / timedelta(hours=1)) + 1)
    moments = [*(first + timedelta(hours=hour) for hour in hours), end]
    return sorted({f"{moment.astimezone(CHINA):%Y-%m}" for moment in moments})


def named(found: list[dict[str, Any]]) -> set[tuple[str, str, str, str]]:
    return {(one["what"], one["subject"], one["detail"], one["source"]) for one in found}


def find_due(stack: Stack) -> list[Due]:
    client, programs = connect(stack.env["FLOWDROP_CLICKHOUSE"]), load(FOLDER)
    return find(stack.env["FLOWDROP_KAFKA"], client, PARTITIONS, programs, datetime.now(UTC)).due


def refusals(stack: Stack, events: set[str]) -> set[tuple[str, str]]:
    """What those events were, and how each was refused; ('', '') for one that was not."""
    client = connect(stack.env["FLOWDROP_CLICKHOUSE"])
    found = client.query(
        "SELECT event_id, type, outcome, reason FROM ledger_results FINAL WHERE event_id IN "
        "{events:Array(String)}",
        parameters={"events": sorted(events)},
    ).result_rows
    assert {row[0] for row in found} == events
    return {(row[1], row[3]) if row[2] == "refused" else ("", "") for row in found}


FEES = {("custody", wallet, month, "") for wallet in PUT_BY for month in months(wallet)}
DUE = {
    ("redemption", HERE, "late", "test"),
    ("redemption", HERE, "late", "another"),
    ("redemption", THERE, "late", "test"),
    ("packet", OVER, "", ""),
    ("deposit", OLD, "", ""),
    *FEES,
}


def test_what_is_due_is_listed_done_once_and_then_no_more(stack: Stack) -> None:
    found = stack.facts("ledger", "due")
    assert named(found) == DUE
    assert [one["since"] for one in found] == sorted(one["since"] for one in found)
    assert {(one["what"], one["coins"]) for one in found if one["what"] != "custody"} == {
        *(("redemption", 7), ("redemption", 5), ("packet", 10), ("deposit", 89)),
    }
    said = stack.flowdrop("ledger", "due", "--send", status=1)  # nobody agrees
    assert f"send {len(DUE)} events (" in said
    assert stack.facts("reconcile")["ok"]
    assert named(stack.facts("ledger", "due")) == DUE
    again = find_due(stack)
    stack.flowdrop("ledger", "due", "--send", "--yes")
    assert stack.facts("reconcile")["ok"]  # waits until all is folded and stored
    assert stack.facts("ledger", "due") == []
    # another who looked before that sends the same: refused by name, and nothing moves
    before = stack.accounts()
    assert len(again) == len(DUE)
    publish([one.event for one in again], stack.env["FLOWDROP_KAFKA"], PARTITIONS)
    assert stack.facts("reconcile")["ok"]
    assert refusals(stack, {one.event.id for one in again}) == {
        *(("redeem_expire", "unknown_hold"), ("packet_expire", "packet_expired")),
        *(("deposit_custody", "already_charged"), ("deposit_custody", "no_deposit")),
        ("deposit_return", "no_deposit"),
    }
    moved = {name for name, account in stack.accounts().items() if account[:2] != before[name][:2]}
    assert not moved
    accounts = stack.accounts()
    assert accounts[HERE][:2] == [100 - 20 - 20 + 10, 11 + 6]
    assert accounts[THERE][:2] == [100 + 10, 11]
    assert accounts[OVER][0] == 0
    assert accounts[OPEN][0] == 20
    assert accounts[f"deposit:{NEW}"][0] == 100 - 1 - FEE * len(months(NEW))
    assert accounts[f"deposit:{OLD}"][0] == 0
    returned = 90 - 1 - FEE * len(months(OLD))
    assert sum(accounts[name][0] for name in accounts if name.startswith("carrier:")) == returned
    # what is still to come can be seen, and not be sent
    later = stack.facts("ledger", "due", "--at", f"{NOW + timedelta(hours=31):%Y-%m-%dT%H:%M}")
    assert named(later) >= {
        ("redemption", HERE, "patient", "test"),
        ("redemption", THERE, "patient", "test"),
        ("packet", OPEN, "", ""),
    }


def test_some_kinds_alone_and_no_unknown_one(stack: Stack) -> None:
    then = f"{NOW + timedelta(hours=31):%Y-%m-%dT%H:%M}"
    found = stack.facts("ledger", "due", "--what", "packet", "--at", then)
    assert {one["what"] for one in found} == {"packet"}
    said = stack.flowdrop("ledger", "due", "--what", "coins", status=1)
    assert "'coins' is not one of redemption, packet, custody, deposit, waiting" in said


def test_what_lies_ahead_is_not_sent(stack: Stack) -> None:
    said = stack.flowdrop("ledger", "due", "--at", "2199-01-01", "--send", "--yes", status=1)
    assert "is in the future; leave out --send" in said
