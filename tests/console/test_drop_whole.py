"""A drop through the real parts: broker, worker, feed, warehouse and console."""

from __future__ import annotations

import signal
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from local.ports import HOST, free_port
from sql.client import connect
from streams.events import Open, OpenData
from streams.publish import publish
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
    _freeze(stack)
    stack.flowdrop("drop", "create", "spring", *TERMS)
    preview = stack.facts("drop", "preview", "spring")
    _kill_in_the_middle(stack)
    stack.flowdrop("drop", "launch", "spring", "--yes")
    shown = wait_for(lambda: _granted(stack, preview["treated"]), "the grants")
    stack.flowdrop("drop", "launch", "spring", "--yes")
    reconciled = stack.facts("reconcile")
    port = free_port()
    stack.feeds.append(stack.background("console", "--port", str(port)))
    console = f"http://{HOST}:{port}"
    wait_for(lambda: ask(f"{console}/healthz"), "the console")
    again = stack.facts("drop", "show", "spring")
    return Dropped(stack, preview, shown, again, stack.accounts(), reconciled, console)


def _freeze(stack: Stack) -> None:
    """Freeze an audience as `flowdrop audience freeze` does, with scores of our own."""
    client = connect(stack.clickhouse)
    now = datetime.now(UTC)
    client.insert(
        "audiences",
        [["all", date(2017, 1, 2), "model", "{}", len(PEOPLE), 0, "print", now]],
        column_names=[
            *("name", "as_of", "model_id", "rule", "size"),
            *("opted_out", "fingerprint", "frozen_at"),
        ],
    )
    client.insert(
        "audience_members",
        [["all", "print", p, 1 - rank / 1000, rank] for rank, p in enumerate(PEOPLE, start=1)],
        column_names=["audience", "fingerprint", "person", "score", "rank"],
    )


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


def _granted(stack: Stack, people: int) -> Any:
    shown = stack.facts("drop", "show", "spring")
    return shown if shown["granted"] == people else None


def test_the_budget_bounds_the_people(dropped: Dropped) -> None:
    assert dropped.preview["treated"] * AMOUNT <= BUDGET
    assert (dropped.preview["treated"] + 1) * AMOUNT > BUDGET


def test_preview_and_launch_agree_to_the_person(dropped: Dropped) -> None:
    planned = {p["person"] for p in dropped.preview["everyone"] if p["arm"] == "drop"}
    paid = {name for name in PEOPLE if dropped.accounts[name][0]}
    assert paid == planned


def test_nobody_held_out_got_a_coin(dropped: Dropped) -> None:
    held_out = [p["person"] for p in dropped.preview["everyone"] if p["arm"] == "holdout"]
    assert len(held_out) == dropped.preview["holdout"] > 0
    assert all(dropped.accounts[name][0] == 0 for name in held_out)


def test_launched_three_times_everyone_got_it_once(dropped: Dropped) -> None:
    planned = {p["person"] for p in dropped.preview["everyone"] if p["arm"] == "drop"}
    assert {dropped.accounts[name][0] for name in planned} == {AMOUNT}
    assert dropped.again["granted_coins"] == dropped.shown["granted_coins"] <= BUDGET


def test_every_coin_of_the_budget_is_accounted_for(dropped: Dropped) -> None:
    shards = {n: held[0] for n, held in dropped.accounts.items() if n.startswith("budget:spring@")}
    assert sum(shards.values()) == 0, "each shard was funded with what its people got"
    assert dropped.reconciled["ok"]


def test_the_console_shows_the_live_balance_of_the_worker(dropped: Dropped) -> None:
    person = next(p["person"] for p in dropped.preview["everyone"] if p["arm"] == "drop")
    told = dropped.stack.facts("balance", person)
    shown = ask(f"{dropped.console}/api/wallets/{person}")
    assert told["posted"] == AMOUNT
    assert shown["live"]["posted"] == told["posted"]
    assert shown["live"]["as_of"] == told["as_of"]


def test_the_report_counts_those_who_were_contacted(dropped: Dropped) -> None:
    reach = dropped.stack.facts("report", "reach", "spring")
    assert reach["reach"] == dropped.preview["treated"]
    lift = dropped.stack.facts("report", "lift", "spring")
    arms = {arm["arm"]: arm["people"] for arm in lift["arms"]}
    assert arms == {"drop": dropped.preview["treated"], "holdout": dropped.preview["holdout"]}
