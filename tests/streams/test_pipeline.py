"""The whole way on real data: spoiled records, a killed worker, two workers, a second replay."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests import oracles
from tests.stack import Stack, Worker, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

REPORTED = ("cj-8", "cj-13", "cj-18")
SPOIL = ("--spoil", "0.01", "--seed", "7")


class Snapshot(NamedTuple):
    """All that a second replay must leave as it is."""

    accounts: dict[str, list[int]]
    reach: dict[str, Any]
    lift: Any
    reconciled: Any


class Story(NamedTuple):
    """What was seen on the way."""

    stack: Stack
    spoiled: dict[str, int]
    killed_in_the_middle: bool
    first: Snapshot
    shared: tuple[list[int], list[int]]
    handed_over: list[int]
    exit_status: int
    second: Snapshot


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    stack = Stack(tmp_path_factory.mktemp("pipeline"))
    stack.start()
    try:
        yield _tell(stack)
    finally:
        stack.stop()


def _tell(stack: Stack) -> Story:
    first_worker = stack.worker()
    stack.feed()
    spoiled = _add(stack.facts("replay", "hillstrom", *SPOIL)["spoiled"], {})
    # paced, so that the worker is killed before the replay has ended, however fast the machine
    paced = ("--rate", "30000", "--json")
    running = stack.background("replay", "complete-journey", *SPOIL, *paced)
    wait_for(lambda: _some_applied(stack), "the first coins")
    in_the_middle = running.poll() is None
    first_worker.kill()
    worker = stack.worker(first_worker.port)
    assert running.wait(120) == 0
    first = _look(stack)
    spoiled = _add(_spoiled_of(stack), spoiled)
    other = stack.worker()
    shared = wait_for(lambda: _shares(worker, other), "a fair share for two workers")
    status = other.stop()
    stack.env["FLOWDROP_WORKER"] = worker.url
    handed_over = wait_for(
        lambda: (owned := worker.partitions()) and len(owned) == 8 and owned, "the return"
    )
    stack.flowdrop("replay", "hillstrom")
    stack.flowdrop("replay", "complete-journey")
    second = _look(stack)
    return Story(stack, spoiled, in_the_middle, first, shared, handed_over, status, second)


def _some_applied(stack: Stack) -> bool:
    return any(posted for posted, _, _ in stack.accounts().values())


def _shares(a: Worker, b: Worker) -> tuple[list[int], list[int]] | None:
    mine, theirs = a.partitions(), b.partitions()
    return (mine, theirs) if mine and theirs and len(mine) + len(theirs) == 8 else None


def _spoiled_of(stack: Stack) -> dict[str, int]:
    import json

    text = (stack.folder / "background.log").read_text()  # what it printed, and what it said
    summary, _ = json.JSONDecoder().raw_decode(text, text.index("{\n"))
    spoiled: dict[str, int] = summary["spoiled"]
    return spoiled


def _add(some: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    return {name: some.get(name, 0) + more.get(name, 0) for name in some | more}


def _look(stack: Stack) -> Snapshot:
    reconciled = stack.facts("reconcile", "--wait", "200")
    return Snapshot(
        accounts=stack.accounts(),
        reach={name: stack.facts("report", "reach", name) for name in REPORTED},
        lift=stack.facts("report", "lift", "hillstrom"),
        reconciled=reconciled,
    )


def test_every_household_has_the_coins_that_pandas_counts(story: Story) -> None:
    expected = dict(oracles.balances())
    wallets = {
        name: posted for name, (posted, _, _) in story.first.accounts.items() if "@" not in name
    }
    assert wallets == expected


def test_the_worker_was_killed_in_the_middle(story: Story) -> None:
    assert story.killed_in_the_middle


@pytest.mark.parametrize("when", ["first", "second"])
def test_everything_stored_agrees(story: Story, when: str) -> None:
    report = getattr(story, when).reconciled
    assert report["ok"], [check for check in report["checks"] if not check["held"]]


def test_every_broken_record_is_a_dead_letter_or_a_named_refusal(story: Story) -> None:
    outcomes = story.first.reconciled["outcomes"]
    set_aside = sum(story.first.reconciled["deadletters"].values())
    refused = outcomes["refused conflict"] + outcomes["refused in_the_future"]
    assert len(story.spoiled) == 12
    assert min(story.spoiled.values()) > 100
    assert set_aside + refused == sum(story.spoiled.values())


def test_each_way_of_breaking_has_its_reason(story: Story) -> None:
    reasons = story.stack.facts("deadletters", "list", "--limit", "1")["reasons"]
    refused = story.first.reconciled["outcomes"]
    spoiled = story.spoiled
    assert reasons["not_json"] == spoiled["not_json"]
    assert reasons["too_large"] == spoiled["megabyte_of_text"]
    assert reasons["not_utf8"] == spoiled["invalid_utf8"]
    assert reasons["unsupported_version"] == spoiled["wrong_version"]
    assert reasons["null_value"] == spoiled["null_value"]
    assert reasons["empty"] == spoiled["empty_record"]
    assert reasons["unknown_type"] == spoiled["unknown_type"]
    assert reasons["missing_field"] == spoiled["missing_subject"]
    assert reasons["invalid"] == spoiled["wrong_type"] + spoiled["negative_amount"]
    future = reasons["in_the_future"] + refused["refused in_the_future"]
    assert future == spoiled["future_date"]
    assert reasons["conflict"] + refused["refused conflict"] == spoiled["duplicate_id"]


def test_nothing_else_changed(story: Story) -> None:
    outcomes = story.first.reconciled["outcomes"]
    assert outcomes["refused nothing_earned"] == oracles.baskets_without_coins(), outcomes
    applied = len(oracles.baskets()) + len(oracles.balances()) - oracles.baskets_without_coins()
    assert outcomes["applied"] == applied


@pytest.mark.parametrize("name", REPORTED)
def test_reach_is_what_pandas_counts(story: Story, name: str) -> None:
    expected = {"cj-8": 1076, "cj-13": 1077, "cj-18": 1133}
    assert story.first.reach[name]["reach"] == expected[name]
    assert oracles.reach()[name] == expected[name]


def test_lift_is_hillstroms(story: Story) -> None:
    arms = {arm["arm"]: arm for arm in story.first.lift["arms"]}
    rates = {name: round(100 * arm["visit_rate"], 2) for name, arm in arms.items()}
    conversions = {name: round(100 * arm["conversion_rate"], 2) for name, arm in arms.items()}
    assert rates == {"none": 10.62, "mens": 18.28, "womens": 15.14}
    assert conversions == {"none": 0.57, "mens": 1.25, "womens": 0.88}


def test_two_workers_share_and_one_leaving_moves_its_share(story: Story) -> None:
    mine, theirs = story.shared
    assert sorted(mine + theirs) == list(range(8))
    assert len(mine) == len(theirs) == 4
    assert story.handed_over == list(range(8))
    assert story.exit_status in {0, -signal.SIGTERM}


def test_a_second_replay_changes_no_balance(story: Story) -> None:
    assert story.second.accounts == story.first.accounts


def test_a_second_replay_changes_no_report(story: Story) -> None:
    assert story.second.reach == story.first.reach
    assert story.second.lift == story.first.lift


def test_a_second_replay_applies_nothing(story: Story) -> None:
    first, second = story.first.reconciled["outcomes"], story.second.reconciled["outcomes"]
    assert second["applied"] == first["applied"]
    assert second["accepted"] == first["accepted"]


def test_a_balance_is_answered_by_any_worker_and_says_what_it_is_of(story: Story) -> None:
    balance = story.stack.facts("balance", "cj:17")
    assert balance["posted"] == oracles.balances()["cj:17"]
    assert balance["as_of"]["offset"] > 0


@pytest.mark.parametrize("partition", ["junk", "8", "-1", "1.5"])
def test_a_partition_that_is_none_is_refused_in_words(story: Story, partition: str) -> None:
    said = story.stack.ask(f"{story.stack.env['FLOWDROP_WORKER']}/accounts/{partition}")
    assert said == {"error": f"partition {partition} is not one of 0 to 7"}


def test_an_unknown_account_is_said_to_be_unknown(story: Story) -> None:
    said = story.stack.flowdrop("balance", "nobody", status=1)
    assert "no account 'nobody'" in said


def test_a_dead_letter_is_shown_and_can_be_mended(story: Story) -> None:
    stack = story.stack
    listed = stack.facts("deadletters", "list", "--reason", "not_json", "--limit", "0")
    letter = next(row for row in listed["rows"] if row["place"].startswith("campaign.events"))
    shown = stack.facts("deadletters", "show", letter["place"])
    assert len(shown["value"]) == letter["bytes"]
    mended = stack.folder / "mended.json"
    mended.write_text(
        '{"specversion":"1.0","id":"mended","source":"test","time":"2008-03-01T00:00:00Z",'
        f'"type":"flowdrop.campaign.visit","subject":"{letter["key"]}",'
        '"data":{"campaign":"mended"}}'
    )
    stack.flowdrop("deadletters", "retry", letter["place"], "--value", str(mended), "--yes")
    accepted = wait_for(
        lambda: any(row["name"] == "mended" for row in stack.facts("report", "campaigns")),
        "the mended event",
    )
    assert accepted
