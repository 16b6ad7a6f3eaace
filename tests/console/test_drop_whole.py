"""A drop through the real parts: broker, worker, feed, warehouse and console."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from local.ports import HOST, free_port
from streams.events import (
    CAMPAIGN_TOPIC,
    Consent,
    ConsentData,
    Open,
    OpenData,
    decode_campaign,
    partition_of,
)
from streams.kafka.log import messages
from streams.kafka.publish import publish
from tests.stack import Stack, ask, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

PEOPLE = [f"cj:{number}" for number in range(1, 201)]
AMOUNT, BUDGET = 50, 8_000
TERMS = (
    *("--program", "liuliangbao", "--budget", str(BUDGET), "--amount", str(AMOUNT)),
    *("--audience", "all", "--holdout", "0.1"),
)


class Dropped(NamedTuple):
    """What was planned, what came of it, and what came of doing it again."""

    stack: Stack
    preview: Any
    early: str  # treated, and opted out just before the first launch
    late: str  # treated, and opted out after that launch was killed
    shown: Any
    again: Any
    accounts: dict[str, list[int]]
    reconciled: Any
    console: str


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dropped]:
    stack = Stack(tmp_path_factory.mktemp("drop"))
    stack.start()
    try:
        yield _drop(stack)
    finally:
        stack.stop()


def _drop(stack: Stack) -> Dropped:
    stack.worker()
    stack.feed()
    opened = datetime(2017, 1, 1, tzinfo=UTC)
    data = OpenData(program="liuliangbao")
    wallets = [Open(id=f"o/{p}", source="t", time=opened, subject=p, data=data) for p in PEOPLE]
    publish(wallets, stack.kafka.bootstrap, 8)
    stack.facts("reconcile")
    stack.freeze("all", PEOPLE)
    stack.flowdrop("drop", "create", "spring", *TERMS)
    preview = stack.facts("drop", "preview", "spring")
    early, *_, late = [p["person"] for p in preview["everyone"] if p["arm"] == "drop"]
    _opt_out(stack, early)
    _kill_in_the_middle(stack)
    _opt_out(stack, late)
    stack.flowdrop("drop", "launch", "spring", "--yes")
    shown = wait_for(lambda: _settled(stack), "the grants")
    stack.flowdrop("drop", "launch", "spring", "--yes")
    reconciled = stack.facts("reconcile")
    port = free_port()
    stack.feeds.append(stack.background("console", "--port", str(port)))
    console = f"http://{HOST}:{port}"
    wait_for(lambda: ask(f"{console}/healthz"), "the console")
    again = stack.facts("drop", "show", "spring")
    return Dropped(stack, preview, early, late, shown, again, stack.accounts(), reconciled, console)


def _kill_in_the_middle(stack: Stack) -> None:
    """Launch, and kill the command as soon as the log holds something of it."""
    before = _log_size(stack)
    launching = stack.background("drop", "launch", "spring", "--yes")
    wait_for(lambda: launching.poll() is not None or _log_size(stack) > before, "a first record")
    launching.send_signal(signal.SIGKILL)
    launching.wait()


def _log_size(stack: Stack) -> int:
    rows = stack.facts("topics", "show")
    return sum(row["offsets"] for row in rows if row["topic"] == "wallet.events")


def _opt_out(stack: Stack, person: str) -> None:
    """Say no, without waiting until anybody has heard it."""
    data = ConsentData(channel="*", granted=False)
    head = {"source": "t", "time": datetime.now(UTC), "subject": person}
    publish([Consent(id=f"no/{person}", **head, data=data)], stack.kafka.bootstrap, 8)


def _told(stack: Stack, person: str) -> list[str]:
    """What campaign.events holds of a person, in its order: the types of events."""
    number = partition_of(person, 8)
    found = messages(stack.kafka.bootstrap, CAMPAIGN_TOPIC, number)
    values = [message.value() or b"" for batch in found for message in batch]
    events = [decode_campaign(value) for value in values]
    return [type(event).__name__.lower() for event in events if event.subject == person]


def _settled(stack: Stack) -> Any:
    shown = stack.facts("drop", "show", "spring")
    return shown if not shown["pending"] else None


def test_the_budget_bounds_the_people(dropped: Dropped) -> None:
    assert dropped.preview["treated"] * AMOUNT <= BUDGET
    assert (dropped.preview["treated"] + 1) * AMOUNT > BUDGET


def test_who_opted_out_before_the_launch_is_left_out_and_stays_in_their_arm(
    dropped: Dropped,
) -> None:
    assert dropped.accounts[dropped.early][0] == 0
    assert _told(dropped.stack, dropped.early) == ["opened", "consent", *["assignment"] * 3]
    assert dropped.shown["left_out_since"]["no_consent"] >= 1


def test_who_opted_out_between_launches_hears_no_more_than_before(dropped: Dropped) -> None:
    told = _told(dropped.stack, dropped.late)
    before, after = told[: told.index("consent")], told[told.index("consent") :]
    assert "contact" in before or "contact" not in after


def _granted(dropped: Dropped) -> set[str]:
    """Who was to get coins and was not left out: of the late one only the ledger knows."""
    planned = {p["person"] for p in dropped.preview["everyone"] if p["arm"] == "drop"}
    late = {dropped.late} if not dropped.accounts[dropped.late][0] else set()
    return planned - {dropped.early} - late


def test_preview_and_launch_agree_to_the_person(dropped: Dropped) -> None:
    paid = {name for name in PEOPLE if dropped.accounts[name][0]}
    assert paid == _granted(dropped)
    assert dropped.shown["granted"] == len(paid)


def test_nobody_held_out_got_a_coin(dropped: Dropped) -> None:
    held_out = [p["person"] for p in dropped.preview["everyone"] if p["arm"] == "holdout"]
    assert len(held_out) == dropped.preview["holdout"] > 0
    assert all(dropped.accounts[name][0] == 0 for name in held_out)


def test_launched_three_times_everyone_got_it_once(dropped: Dropped) -> None:
    assert {dropped.accounts[name][0] for name in _granted(dropped)} == {AMOUNT}
    assert dropped.again["granted_coins"] == dropped.shown["granted_coins"] <= BUDGET


def test_every_coin_of_the_budget_is_accounted_for(dropped: Dropped) -> None:
    shards = {n: held[0] for n, held in dropped.accounts.items() if n.startswith("budget:spring@")}
    assert sum(shards.values()) == 0, "each shard was funded with what its people got"
    assert dropped.reconciled["ok"]


def test_the_console_shows_the_live_balance_of_the_worker(dropped: Dropped) -> None:
    person = min(_granted(dropped))
    told = dropped.stack.facts("balance", person)
    shown = dropped.stack.ask_console(f"{dropped.console}/api/wallets/{person}")
    assert told["posted"] == AMOUNT
    assert shown["live"]["posted"] == told["posted"]
    assert shown["live"]["as_of"] == told["as_of"]


def test_the_report_counts_those_who_were_contacted(dropped: Dropped) -> None:
    reach = dropped.stack.facts("report", "reach", "spring")
    contacted = {p for p in PEOPLE if "contact" in _told(dropped.stack, p)}
    assert reach["reach"] == len(contacted) in {len(_granted(dropped)), dropped.shown["sent"]}
    lift = dropped.stack.facts("report", "lift", "spring")
    arms = {arm["arm"]: arm["people"] for arm in lift["arms"]}
    assert arms == {"drop": dropped.preview["treated"], "holdout": dropped.preview["holdout"]}
