"""Each check of `flowdrop reconcile` fails when it should: a difference is planted, and named."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import pytest
from confluent_kafka import Producer
from pydantic import SecretStr

from sql.client import connect, rows
from streams.kafka.log import messages
from streams.kafka.publish import publish_records
from streams.kafka.topics import ACCOUNTS_CHANGELOG
from streams.ledger.accounts import pack, unpack
from streams.reconcile import results
from streams.reconcile.proof import reconcile
from streams.settings import StreamSettings
from tests import keys
from tests.stack import Stack, wait_for
from tests.streams.wallet_story import HERE, NEAR, PACKET, PARTITIONS, THERE, Raw, event, story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from streams.reconcile.report import Check, Report

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

SETTINGS = StreamSettings(partitions=PARTITIONS, **keys.SETTINGS)
TABLES = ("ledger_results", "postings", "deadletters", "campaign_events")
CARRIER = "carrier:unicom:liuliangbao@0"
UNCHECKED = {"insert_deduplicate": 0}  # a row deleted before is no repeat
AT_ONCE = {"mutations_sync": 2}


class Kept(NamedTuple):
    """A stack that has folded and stored the story, with a copy of its tables."""

    stack: Stack
    client: Client
    published: list[Raw]

    def reconcile(self, wait_seconds: float = 60.0, worker: str | None = None) -> Report:
        return reconcile(
            self.stack.env["FLOWDROP_KAFKA"],
            self.stack.clickhouse,
            worker or self.stack.env["FLOWDROP_WORKER"],
            SETTINGS.model_copy(update={"worker_token": SecretStr(self.stack.token)}),
            wait_seconds=wait_seconds,
            processes=1,
        )

    def failing(self) -> dict[str, Check]:
        return {check.key: check for check in self.reconcile().checks if not check.held}

    def keep(self) -> None:
        for table in TABLES:
            self.client.command(f"CREATE TABLE kept_{table} AS {table} ENGINE = Memory")
            self.client.command(f"INSERT INTO kept_{table} SELECT * FROM {table}")

    def restore(self) -> None:
        for table in TABLES:  # results before postings, whose view they fill
            self.client.command(f"TRUNCATE TABLE {table}")
            self.client.command(
                f"INSERT INTO {table} SELECT * FROM kept_{table}", settings=UNCHECKED
            )

    def change(self, table: str, what: str, where: str) -> None:
        self.client.command(f"ALTER TABLE {table} UPDATE {what} WHERE {where}", settings=AT_ONCE)

    def delete(self, table: str, where: str) -> None:
        self.client.command(f"ALTER TABLE {table} DELETE WHERE {where}", settings=AT_ONCE)

    def copy(self, table: str, replaced: str, where: str) -> None:
        """Insert a row again with some columns replaced."""
        self.client.command(
            f"INSERT INTO {table} SELECT * REPLACE ({replaced}) "
            f"FROM (SELECT * FROM kept_{table} WHERE {where})",
            settings=UNCHECKED,
        )

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Put everything back afterwards, and see that it is."""
        try:
            yield
        finally:
            self.restore()
        assert not self.failing()

    def place(self, event_id: str, outcome: str = "applied") -> tuple[int, int]:
        found = self.client.query(
            "SELECT source_partition, source_offset FROM kept_ledger_results "
            "WHERE event_id = {event:String} AND outcome = {outcome:String}",
            parameters={"event": event_id, "outcome": outcome},
        ).result_rows
        assert len(found) == 1, found
        partition, offset = found[0]
        return partition, offset


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    stack = Stack(tmp_path_factory.mktemp("reconcile"), {"FLOWDROP_PARTITIONS": str(PARTITIONS)})
    stack.start()
    try:
        stack.worker()
        stack.feed()
        kept = Kept(stack, connect(stack.clickhouse), list(story()))
        publish_records(kept.published, stack.env["FLOWDROP_KAFKA"])
        assert not kept.failing()
        kept.keep()
        yield kept
    finally:
        stack.stop()


def at(partition: int, offset: int) -> str:
    return f"source_partition = {partition} AND source_offset = {offset}"


# -- what holds --------------------------------------------------------------------------------


def test_two_processes_say_what_one_says(kept: Kept) -> None:
    said = kept.stack.facts("reconcile")
    alone = kept.reconcile()
    assert said["ok"]
    assert said["checks"] == json.loads(json.dumps([_plain(c) for c in alone.checks]))
    assert said["inputs"] == alone.inputs
    assert said["seconds"]["wall"] > 0


def _plain(check: Check) -> dict[str, Any]:
    return {name: getattr(check, name) for name in check.__struct_fields__}


def test_every_way_a_record_ends_is_counted(kept: Kept) -> None:
    report = kept.reconcile()
    assert report.outcomes["repeat"] == 4  # a transfer, a claim, two visits
    assert report.outcomes["refused conflict"] == 1
    assert report.outcomes["refused over_tier_transaction"] == 1
    assert report.outcomes["forwarded"] == 1
    assert report.deadletters == {"wallet.events": 3, "campaign.events": 1}
    sent = sum(1 for topic, *_ in kept.published if topic == "wallet.events")
    assert report.inputs["wallet.events"] == sent + 13  # six legs, as many acks, a forwarded record
    assert {check.key for check in report.checks if not check.held} == set()


def test_every_check_has_compared_something(kept: Kept) -> None:
    for check in kept.reconcile().checks:
        assert not check.detail.startswith("0 "), check


# -- results -----------------------------------------------------------------------------------


def test_an_altered_result_is_named(kept: Kept) -> None:
    partition, offset = kept.place("redeemed")
    with kept.planted():
        kept.change("ledger_results", "carrier = 'telecom'", at(partition, offset))
        failing = kept.failing()
        assert set(failing) == {"results"}
        assert f"offset {offset}, event redeemed of test, carrier" in failing["results"].detail


def test_a_result_altered_in_any_column_is_found(kept: Kept) -> None:
    partition, offset = kept.place("far")
    before = results.stored(kept.client, partition, 0, 10**9)
    # A key can't be updated; when a record was passed on is the broker's to say, not the fold's.
    keys = {"source_partition", "source_offset", "time", "arrived"}
    for name, value in _other_values(kept.client, "ledger_results", keys).items():
        kept.change("ledger_results", f"`{name}` = {value}", at(partition, offset))
        said = results.first_difference(before, results.stored(kept.client, partition, 0, 10**9))
        kept.restore()
        assert f"offset {offset}, event far of test, {name}: " in said


def _other_values(client: Client, table: str, keys: set[str]) -> dict[str, str]:
    """Another value for each column but keys and where the feed read the row."""
    columns = client.query(
        "SELECT name, type FROM system.columns "
        "WHERE database = currentDatabase() AND table = {table:String}",
        parameters={"table": table},
    ).result_rows
    left = keys | {"topic", "partition", "offset"}
    return {name: _other_value(name, kind) for name, kind in columns if name not in left}


def _other_value(name: str, kind: str) -> str:
    if kind.startswith("Array"):
        inner = _other_value("x", kind.removeprefix("Array(").removesuffix(")"))
        return f"arrayMap(x -> {inner}, `{name}`)"
    if "Nullable" in kind:
        return f"ifNull(`{name}`, 0) + 1"
    return f"concat(`{name}`, '~')" if "String" in kind else f"`{name}` + 1"


def test_a_deleted_result_leaves_a_hole(kept: Kept) -> None:
    partition, offset = kept.place("redeemed")
    with kept.planted():
        kept.delete("ledger_results", at(partition, offset))
        failing = kept.failing()
        assert failing["inputs"].detail == (
            f"wallet.events {partition}:{offset}: ClickHouse has 0 outcomes for it"
        )
        assert f"offset {offset}: the fold gives one result" in failing["results"].detail
        assert f"{HERE}: version" in failing["versions"].detail
        assert f"{partition}:{offset}: {CARRIER} version 1" in failing["postings"].detail


def test_a_result_doubled_under_another_offset_is_told(kept: Kept) -> None:
    partition, offset = kept.place("redeemed")
    with kept.planted():
        kept.copy(
            "ledger_results", "source_offset + 1000000 AS source_offset", at(partition, offset)
        )
        failing = kept.failing()
        assert f"{partition}:{offset + 1_000_000}" in failing["inputs"].detail
        assert "no such record" in failing["inputs"].detail
        assert f"{HERE}, event redeemed of test: applied 2 times" in failing["once"].detail
        assert f"{partition}:{offset + 1_000_000}, {HERE}: version" in failing["versions"].detail


def test_a_result_of_a_partition_that_is_none_is_told(kept: Kept) -> None:
    with kept.planted():
        kept.copy("ledger_results", "99 AS source_partition", at(*kept.place("redeemed")))
        assert "wallet.events 99:" in kept.failing()["inputs"].detail


def test_a_repeat_called_applied_is_told(kept: Kept) -> None:
    partition, offset = kept.place("near", "repeat")
    with kept.planted():
        kept.change("ledger_results", "outcome = 'applied'", at(partition, offset))
        failing = kept.failing()
        assert set(failing) == {"once", "results"}
        assert f"{HERE}, event near of test: applied 2 times" in failing["once"].detail


def test_a_repeat_of_nothing_is_told(kept: Kept) -> None:
    with kept.planted():
        kept.change("ledger_results", "event_id = 'of-nothing'", at(*kept.place("near", "repeat")))
        assert "event of-nothing of test: applied 0 times" in kept.failing()["once"].detail


def test_an_event_applied_behind_the_window_is_told(kept: Kept) -> None:
    partition, offset = kept.place("redeemed")
    with kept.planted():
        kept.delete("ledger_results", at(partition, offset))
        kept.copy("ledger_results", "time - INTERVAL 11 DAY AS time", at(partition, offset))
        failing = kept.failing()
        assert (
            f"wallet.events {partition}:{offset}, event redeemed of test"
            in failing["window"].detail
        )
        assert "results" in failing


# -- postings ----------------------------------------------------------------------------------


def test_a_posting_of_another_amount_breaks_its_accounts_chain(kept: Kept) -> None:
    partition, offset = kept.place("near")
    with kept.planted():
        kept.change(
            "ledger_results",
            "`posting.amount` = arrayMap(x -> x > 0 ? x + 1 : x - 1, `posting.amount`)",
            at(partition, offset),
        )
        failing = kept.failing()
        assert any(f"{name}: the account's" in failing["chains"].detail for name in (HERE, NEAR))
        assert f"{partition}:{offset}, {HERE}" in failing["balances"].detail
        assert "posting.amount" in failing["results"].detail


def test_a_posting_under_another_event_breaks_a_chain_though_all_sums_hold(kept: Kept) -> None:
    partition, offset = kept.place("redeemed")
    with kept.planted():
        kept.change("ledger_results", "event_id = 'another'", at(partition, offset))
        failing = kept.failing()
        assert any(f"{name}: the account's" in failing["chains"].detail for name in (HERE, CARRIER))
        assert not {"sums", "versions", "balances"} & set(failing)


def test_a_fork_of_an_accounts_versions_is_told(kept: Kept) -> None:
    partition, offset = kept.place("near")
    with kept.planted():
        kept.change(
            "ledger_results",
            "`posting.version` = arrayMap(x -> x - 1, `posting.version`)",
            at(partition, offset),
        )
        said = kept.failing()["versions"].detail
        assert f"{partition}:{offset}, {HERE}: version" in said


def test_a_posting_altered_in_any_column_is_found(kept: Kept) -> None:
    partition, offset = kept.place("far")
    where = f"{at(partition, offset)} AND account = '{HERE}'"
    keys = {"account", "version", "time", "source_partition"}
    for name, value in _other_values(kept.client, "postings", keys).items():
        kept.change("postings", f"`{name}` = {value}", where)
        found = rows(kept.client, "ledger/postings_unlike_results")
        kept.restore()
        assert [row["partition"] for row in found] == [partition], name


def test_a_lost_posting_is_named(kept: Kept) -> None:
    partition, offset = kept.place("far")
    with kept.planted():
        kept.delete("postings", f"{at(partition, offset)} AND account = '{HERE}'")
        failing = kept.failing()
        assert f"{partition}:{offset}: {HERE} version" in failing["postings"].detail
        assert f"partition {partition}: ClickHouse's postings" in failing["sums"].detail


def test_an_event_whose_postings_do_not_sum_to_zero_is_told(kept: Kept) -> None:
    partition, offset = kept.place("near")
    with kept.planted():
        kept.change(
            "ledger_results",
            "`posting.amount` = arrayMap(x -> x + 1, `posting.amount`)",
            at(partition, offset),
        )
        said = kept.failing()["sums"].detail
        assert said == f"wallet.events {partition}:{offset}: postings of near of test sum to 2"


def test_a_balance_below_zero_at_one_version_is_told(kept: Kept) -> None:
    partition, offset = kept.place("far")
    with kept.planted():
        kept.change("postings", "balance = -1", f"{at(partition, offset)} AND account = '{HERE}'")
        said = kept.failing()["available"].detail
        assert said.startswith(f"wallet.events {partition}:{offset}: {HERE} had -1 available at")


def test_coins_that_left_and_did_not_arrive_are_told(kept: Kept) -> None:
    with kept.planted():
        kept.delete("postings", "kind = 'clearing' AND amount = -11")
        assert "11 coins of liuliangbao" in kept.failing()["in_flight"].detail


def test_a_redemption_settled_twice_is_told(kept: Kept) -> None:
    partition, offset = kept.place("settle")
    with kept.planted():
        other = "source_offset + 1000000 AS source_offset, 'settle-2' AS event_id"
        kept.copy("ledger_results", other, at(partition, offset))
        said = kept.failing()["pending"].detail
        assert f"{HERE}, redemption settled of test: begun 1 times, ended 2" in said


@pytest.mark.parametrize(
    ("event_id", "what"), [("fulfil-delivered", "order delivered"), ("refund", "refund refunded")]
)
def test_an_order_delivered_or_refunded_twice_is_told(kept: Kept, event_id: str, what: str) -> None:
    partition, offset = kept.place(event_id)
    with kept.planted():
        other = "source_offset + 1000000 AS source_offset, 'again' AS event_id"
        kept.copy("ledger_results", other, at(partition, offset))
        assert f"{HERE}, {what} of test: begun 1 times, ended 2" in kept.failing()["pending"].detail


def test_what_a_partner_owes_is_no_balance_below_zero(kept: Kept) -> None:
    found = kept.client.query("SELECT min(balance) FROM kept_postings WHERE kind = 'partner'")
    assert found.result_rows == [(-2,)]
    with kept.planted():
        kept.change("postings", "balance = -1", "kind = 'merchant'")
        said = kept.failing()["available"].detail
        assert "merchant:comics:liuliangbao@0 had -1 available at" in said


def test_a_person_who_drew_twice_from_a_packet_is_told(kept: Kept) -> None:
    partition, offset = kept.place(f"claim-{NEAR}")
    with kept.planted():
        other = "source_offset + 1000000 AS source_offset, 'claim-2' AS event_id"
        kept.copy("ledger_results", other, at(partition, offset))
        assert (
            f"{PACKET}, packet {NEAR}: begun 0 times, ended 2" in kept.failing()["pending"].detail
        )


# -- dead letters and campaign events ----------------------------------------------------------


@pytest.mark.parametrize("change", ["detail = 'other'", "value = 'other'", "value_bytes = 1"])
def test_an_altered_dead_letter_is_told(kept: Kept, change: str) -> None:
    with kept.planted():
        kept.change("deadletters", change, "key = 'person-y'")
        failing = kept.failing()
        assert set(failing) == {"deadletters"}
        assert "wallet.events partition 1" in failing["deadletters"].detail


def test_a_lost_dead_letter_leaves_a_hole(kept: Kept) -> None:
    with kept.planted():
        kept.delete("deadletters", "key = 'person-y'")
        failing = kept.failing()
        assert set(failing) == {"deadletters", "inputs"}
        assert "ClickHouse has 0 outcomes for it" in failing["inputs"].detail


def test_a_dead_letter_of_what_the_feed_could_not_read_is_told(kept: Kept) -> None:
    with kept.planted():
        kept.copy(
            "deadletters",
            "'ledger.postings' AS source_topic, 7 AS source_offset",
            "key = 'person-y'",
        )
        assert "ledger.postings 1:7" in kept.failing()["deadletters"].detail


def test_a_lost_campaign_event_is_told(kept: Kept) -> None:
    with kept.planted():
        kept.delete("campaign_events", f"person = '{THERE}' AND type = 'visit'")
        failing = kept.failing()
        assert set(failing) == {"campaigns"}
        assert "partition 1" in failing["campaigns"].detail


# -- changelog and live table ------------------------------------------------------------------


def test_an_overwritten_changelog_record_is_told(kept: Kept) -> None:
    with _overwritten(kept):
        failing = kept.failing()
        assert set(failing) == {"changelog"}
        assert f"partition 0, {HERE}: from byte " in failing["changelog"].detail
    assert not kept.failing()


def test_an_account_changed_in_the_live_table_is_told(kept: Kept) -> None:
    """A worker that recovered from a changelog which was wrong then and is right now."""
    with _overwritten(kept):
        kept.stack.workers[-1].stop()
        kept.stack.worker()
    failing = kept.failing()
    assert set(failing) == {"table"}
    assert f"partition 0, {HERE}: the fold gives" in failing["table"].detail
    kept.stack.workers[-1].stop()
    kept.stack.worker()
    assert not kept.failing()


@contextmanager
def _overwritten(kept: Kept) -> Iterator[None]:
    """Write another balance of an account to the changelog, and in the end the right one."""
    bootstrap = kept.stack.env["FLOWDROP_KAFKA"]
    read = (m for got in messages(bootstrap, ACCOUNTS_CHANGELOG, 0) for m in got)
    right = {m.key(): m.value() for m in read}[HERE.encode()]
    assert right is not None
    account = unpack(HERE, right)
    account.posted -= 1
    _produce(bootstrap, pack(account))
    try:
        yield
    finally:
        _produce(bootstrap, right)


def _produce(bootstrap: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(ACCOUNTS_CHANGELOG, value, HERE.encode(), partition=0)
    assert producer.flush(30) == 0


# -- waiting and saying so ---------------------------------------------------------------------


def test_the_command_ends_with_status_1_and_says_what_differs(kept: Kept) -> None:
    with kept.planted():
        kept.change("ledger_results", "amount = amount + 1", at(*kept.place("redeemed")))
        said = kept.stack.flowdrop("reconcile", status=1)
        assert "does not hold: fold of the log = ClickHouse, result by result" in said
        assert "event redeemed of test, amount: the fold gives 5, ClickHouse has 6" in said


def test_no_worker_is_said_at_once(kept: Kept) -> None:
    with pytest.raises(click.ClickException, match=r"no worker answers at http://127\.0\.0\.1:1/"):
        kept.reconcile(worker="http://127.0.0.1:1")


def test_a_feed_that_is_behind_is_waited_for_and_then_named(kept: Kept) -> None:
    feed = kept.stack.feeds.pop()
    feed.terminate()
    feed.wait(60)
    late = event("earn", "late", HERE, minutes=20, activity="game", amount=1)
    publish_records([late], kept.stack.env["FLOWDROP_KAFKA"])
    with pytest.raises(click.ClickException, match="the feed is at offset"):
        kept.reconcile(wait_seconds=3)
    kept.stack.feed()
    wait_for(lambda: not kept.failing(), "the feed")
    for table in TABLES:
        kept.client.command(f"DROP TABLE kept_{table}")
    kept.published.append(late)
    kept.keep()
