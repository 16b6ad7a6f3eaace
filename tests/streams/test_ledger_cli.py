"""`flowdrop ledger show` and `flowdrop ledger trace` on a real broker, engine, worker and feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from streams.events import partition_of
from streams.kafka.publish import publish_records
from tests.stack import Stack, free_port
from tests.streams.wallet_story import (
    FROZEN,
    HERE,
    LATER,
    NEAR,
    PACKET,
    PARTITIONS,
    SAVER,
    THERE,
    event,
    story,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.streams.wallet_story import Raw

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]


TWIN = "cj:twin"


def twins() -> Iterator[Raw]:
    """Events of one subject that several sources number from 1, and what refers to them."""
    yield event("open", "1", TWIN, source="app")
    yield event("earn", "1", TWIN, source="game", activity="game", amount=5)
    yield event("earn", "1", TWIN, source="check-in", activity="game", amount=3)
    until = {"carrier": "unicom", "until": LATER}
    yield event("redeem", "2", TWIN, minutes=1, source="app", amount=4, **until)
    yield event("redeem", "2", TWIN, minutes=1, source="shop", amount=2, **until)
    yield event("redeem_settle", "3", TWIN, minutes=2, source="app", redemption="2")
    settled = {"redemption": "2", "redemption_source": "shop"}
    yield event("redeem_settle", "4", TWIN, minutes=2, source="app", **settled)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("ledger"), {"FLOWDROP_PARTITIONS": str(PARTITIONS)})
    stack.start()
    try:
        stack.worker()
        stack.feed()
        late = event("earn", "late", NEAR, minutes=1, activity="game", amount=6)
        publish_records([*story(), late, *twins()], stack.env["FLOWDROP_KAFKA"])
        assert stack.facts("reconcile")["ok"]
        yield stack
    finally:
        stack.stop()


# -- show --------------------------------------------------------------------------------------


def test_an_account_is_shown_live_with_its_postings(stack: Stack) -> None:
    shown = stack.facts("ledger", "show", HERE, "--postings", "50")
    balance = 90 + 10 - 5 - 7 - 11 + 3 + 1 - 4 - 6 - 9 + 5
    assert (shown["posted"], shown["pending"], shown["available"]) == (balance, 8, balance - 8)
    held = {"redemption": "held", "amount": 2, "carrier": "unicom", "until": LATER}
    ordered = {"order": "ordered", "amount": 6, "merchant": "comics"}
    held["source"] = ordered["source"] = "test"
    assert shown["terms"] == {"holds": [held], "orders": [ordered]}
    assert (shown["kind"], shown["state"], shown["source"]) == ("wallet", "open", "worker")
    assert shown["version"] == shown["postings"][0]["version"] == len(shown["postings"])
    assert shown["postings"][0]["balance"] == balance
    by_event = {posting["event_id"]: posting for posting in shown["postings"]}
    assert by_event["far"]["counterparty"] == THERE
    assert by_event["far"]["amount"] == -11
    leg = next(posting for posting in shown["postings"] if posting["step"] == "transfer")
    assert (leg["amount"], leg["counterparty"]) == (3, THERE)


def test_the_other_side_of_a_transfer_names_who_paid(stack: Stack) -> None:
    shown = stack.facts("ledger", "show", NEAR)
    paid = next(posting for posting in shown["postings"] if posting["event_id"] == "near")
    assert (paid["amount"], paid["counterparty"]) == (7, HERE)


def test_only_so_many_postings_are_shown(stack: Stack) -> None:
    shown = stack.facts("ledger", "show", HERE, "--postings", "2")
    assert [posting["version"] for posting in shown["postings"]] == [
        shown["version"],
        shown["version"] - 1,
    ]


@pytest.mark.parametrize(
    ("at", "posted"),
    [
        ("2026-03-01T00:03:30", 95),
        ("2026-03-01T00:04:30Z", 88),
        ("2026-03-01T08:04:30+08:00", 88),
        ("2027-01-01", 67),
    ],
)
def test_an_account_is_shown_as_it_stood(stack: Stack, at: str, posted: int) -> None:
    shown = stack.facts("ledger", "show", HERE, "--at", at)
    assert (shown["posted"], shown["source"]) == (posted, "clickhouse")
    assert shown["postings"][0]["balance"] == posted


def test_an_event_that_came_late_counts_from_when_it_came(stack: Stack) -> None:
    before = stack.facts("ledger", "show", NEAR, "--at", "2026-03-01T00:05:00")
    after = stack.facts("ledger", "show", NEAR, "--at", "2026-03-01T00:30:00")
    assert (before["posted"], after["posted"]) == (107, 107 + 3 + 10 + 6)
    assert after["postings"][0]["event_id"] == "late"


def test_before_its_first_posting_there_is_no_account(stack: Stack) -> None:
    said = stack.flowdrop("ledger", "show", HERE, "--at", "2025-01-01", status=1)
    assert "had no posting by 2025-01-01" in said


def test_a_time_that_is_none_is_refused(stack: Stack) -> None:
    said = stack.flowdrop("ledger", "show", HERE, "--at", "yesterday", status=1)
    assert "--at 'yesterday' is not a time; write it as 2026-03-01" in said


def test_without_a_worker_it_is_shown_from_clickhouse_and_says_so(stack: Stack) -> None:
    live = stack.facts("ledger", "show", HERE)
    worker = stack.env["FLOWDROP_WORKER"]
    stack.env["FLOWDROP_WORKER"] = f"http://127.0.0.1:{free_port()}"
    try:
        shown = stack.facts("ledger", "show", HERE)
    finally:
        stack.env["FLOWDROP_WORKER"] = worker
    assert shown["source"] == "clickhouse"
    assert "no worker answers" in shown["note"]
    assert shown["terms"] == {
        "holds": [{"redemption": "held", "source": "test", "amount": 2, "carrier": "unicom"}],
        "orders": [{"order": "ordered", "source": "test", "amount": 6, "item": "comic"}],
    }
    same = ("account", "kind", "program", "state", "posted", "available", "version", "postings")
    assert [shown[name] for name in same] == [live[name] for name in same]


def test_one_of_the_ledgers_own_accounts_is_shown(stack: Stack) -> None:
    shown = stack.facts("ledger", "show", "budget:spring@1")
    assert (shown["kind"], shown["posted"]) == ("budget", 900 - 4 * 10)
    assert shown["source"] == "worker"


def test_a_packet_is_shown_with_its_terms(stack: Stack) -> None:
    shown = stack.facts("ledger", "show", PACKET)
    assert (shown["kind"], shown["posted"]) == ("packet", 3)
    assert shown["terms"] == {
        "sender": HERE,
        "mode": "equal",
        "claims_left": 1,
        "claims_made": 2,
        "expires": LATER,
        "campaign": "",
        "group": "",
        "has_code": False,
    }


def test_the_luckiest_draws_are_listed_with_who_brought_them(stack: Stack) -> None:
    draws = stack.facts("packets", "luckiest")
    found = [(row["claimer"], row["coins"], row["packet"], row["sharer"]) for row in draws]
    assert found == [(NEAR, 3, PACKET, ""), (THERE, 3, PACKET, NEAR)]
    assert draws[0]["time"] == "2026-03-01T00:13:00+00:00"
    assert stack.facts("packets", "luckiest", "--limit", "1") == draws[:1]
    for option in ("--program=none", "--packet=none", "--campaign=none", "--since=2026-03-02"):
        assert stack.facts("packets", "luckiest", option) == []
    assert stack.facts("packets", "luckiest", "--packet", PACKET, "--until=2026-03-02") == draws
    said = stack.flowdrop("packets", "luckiest", "--since", "soon", status=1)
    assert "--since 'soon' is not a time" in said


def test_sharers_are_listed_by_whom_they_brought(stack: Stack) -> None:
    (row,) = stack.facts("packets", "sharers")
    assert row == {"sharer": NEAR, "claims": 1, "people": 1, "coins": 3}


def test_what_is_put_by_is_shown_where_its_wallet_lives(stack: Stack) -> None:
    shown = stack.facts("ledger", "show", f"deposit:{SAVER}")
    assert (shown["kind"], shown["posted"], shown["source"]) == ("deposit", 29, "worker")
    assert shown["terms"] == {"until": "2026-08-28T00:14:00+00:00"}


def test_a_frozen_wallet_is_shown_so_by_worker_and_clickhouse(stack: Stack) -> None:
    shown = stack.facts("ledger", "show", FROZEN)
    assert (shown["state"], shown["tier"]) == ("frozen", "none")
    at = ("--at", "2027-01-01")
    shown = stack.facts("ledger", "show", FROZEN, *at)
    assert (shown["state"], shown["tier"]) == ("frozen", "none")
    at = ("--at", "2026-03-01T00:15:30")
    assert stack.facts("ledger", "show", FROZEN, *at)["state"] == "open"


def test_an_unknown_account_is_told_with_those_like_it(stack: Stack) -> None:
    said = stack.flowdrop("ledger", "show", HERE.replace("person", "preson"), status=1)
    assert f"did you mean '{HERE}'" in said


def test_an_account_that_was_only_refused_is_told_why(stack: Stack) -> None:
    event_id = "never-opened"
    refused = event("earn", event_id, "someone-new", minutes=9, activity="game", amount=1)
    publish_records([refused], stack.env["FLOWDROP_KAFKA"])
    assert stack.facts("reconcile")["ok"]
    said = stack.flowdrop("ledger", "show", "someone-new", status=1)
    assert "refused as unknown_account. Open the wallet first." in said


# -- trace -------------------------------------------------------------------------------------


def _records(stack: Stack, event_id: str) -> list[dict[str, Any]]:
    found = stack.facts("ledger", "trace", event_id)
    assert found["event_id"] == event_id
    assert len(found["subjects"]) == 1
    records: list[dict[str, Any]] = found["subjects"][0]["records"]
    return records


def _whats(records: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(record["what"], record["outcome"]) for record in records]


def test_a_transfer_is_traced_to_the_other_partition(stack: Stack) -> None:
    event_record, result, leg, credited, ack, noted = _records(stack, "far")
    assert _whats([event_record, result]) == [("event", ""), ("result", "applied")]
    assert _whats([leg, credited]) == [("leg", ""), ("result", "applied")]
    assert _whats([ack, noted]) == [("leg", ""), ("result", "applied")]
    assert (leg["step"], ack["step"]) == ("transfer", "ack")
    assert (event_record["partition"], leg["partition"], ack["partition"]) == (0, 1, 0)
    assert ack["caused_by"] == leg["place"]
    assert event_record["topic"] == leg["topic"] == "wallet.events"
    assert result["topic"] == credited["topic"] == "ledger.postings"
    assert result["caused_by"] == leg["caused_by"] == event_record["place"]
    assert credited["caused_by"] == leg["place"]
    assert leg["arrived"] >= event_record["arrived"]
    assert '"to": "' + THERE in event_record["value"]
    moved = {p["account"]: p["amount"] for p in result["postings"] + credited["postings"]}
    assert moved == {
        HERE: -11,
        "clearing:liuliangbao@0": 11,
        "clearing:liuliangbao@1": -11,
        THERE: 11,
    }


def test_a_repeat_and_a_conflict_are_traced_with_the_first(stack: Stack) -> None:
    records = _records(stack, "near")
    assert _whats(records) == [
        *(("event", ""), ("result", "applied")),
        *(("event", ""), ("result", "repeat")),
        *(("event", ""), ("result", "refused")),
    ]
    assert [record["reason"] for record in records][-1] == "conflict"
    assert [len(record["postings"]) for record in records] == [0, 2, 0, 0, 0, 0]
    assert records[0]["offset"] < records[2]["offset"] < records[4]["offset"]


def test_a_forwarded_record_is_traced_to_its_partition(stack: Stack) -> None:
    records = _records(stack, "stray")
    assert _whats(records) == [
        *(("event", ""), ("result", "forwarded")),
        *(("forwarded", ""), ("result", "applied")),
    ]
    stray, _, copy, _ = records
    assert (stray["partition"], copy["partition"]) == (0, 1)
    assert copy["caused_by"] == stray["place"]
    assert copy["value"] == stray["value"]


def test_an_id_that_two_subjects_used_is_traced_for_each(stack: Stack) -> None:
    found = stack.facts("ledger", "trace", "shared")
    assert {story["subject"] for story in found["subjects"]} == {HERE, THERE}
    assert {partition_of(story["subject"], PARTITIONS) for story in found["subjects"]} == {0, 1}


def test_what_the_programs_rules_refused_is_told_with_what_they_say(stack: Stack) -> None:
    again = event("redeem", "by-pigeon", HERE, minutes=30, carrier="pigeon", amount=1)
    publish_records([again], stack.env["FLOWDROP_KAFKA"])
    stack.facts("reconcile", "--wait", "60")
    (story,) = stack.facts("ledger", "trace", "by-pigeon")["subjects"]
    assert [record["reason"] for record in story["records"]] == ["", "unknown_carrier"]
    said = "liuliangbao redeems at telecom, unicom, mobile"
    assert [record["detail"] for record in story["records"]] == ["", said]
    assert said in stack.flowdrop("ledger", "trace", "by-pigeon")


@pytest.mark.parametrize(("event_id", "reason"), [("broken", "not_json"), ("odd", "unknown_type")])
def test_a_record_that_was_set_aside_is_traced(stack: Stack, event_id: str, reason: str) -> None:
    set_aside, letter = _records(stack, event_id)
    assert (set_aside["what"], letter["what"]) == ("event", "dead letter")
    assert f'"{event_id}"' in set_aside["value"]
    assert letter["topic"] == "deadletters"
    assert letter["caused_by"] == set_aside["place"]
    assert (letter["reason"], bool(letter["detail"])) == (reason, True)


def test_a_trace_reads_as_a_tree(stack: Stack) -> None:
    said = stack.flowdrop("ledger", "trace", "far", "--bytes")
    assert said.startswith(f"{HERE}  from test\n└── event transfer far  wallet.events:0:")
    assert f"{THERE} +11 = " in said
    assert '"specversion"' in said


def test_a_fund_of_a_reserve_is_traced_to_every_shard(stack: Stack) -> None:
    records = _records(stack, "fund-reserve")
    leased = [r for r in records if r["what"] == "leg" and r["step"] == "lease"]
    assert {leg["subject"] for leg in leased} == {"budget:autumn@0", "budget:autumn@1"}
    assert len([r for r in records if r["step"] == "ack" and r["what"] == "result"]) == 2
    credits_ = {p["account"]: p["amount"] for r in records for p in r["postings"]}
    assert credits_["budget:autumn@0"] == credits_["budget:autumn@1"] == 100


@pytest.mark.parametrize(
    ("event_id", "later"), [("settled", "redeem_settle"), ("redeemed", "reverse")]
)
def test_what_came_of_an_event_later_is_traced(stack: Stack, event_id: str, later: str) -> None:
    records = _records(stack, event_id)
    assert _whats(records) == [("event", ""), ("result", "applied")] * 2
    assert [record["type"] for record in records] == ["redeem", "redeem", later, later]


def test_events_of_one_id_are_traced_by_their_sources(stack: Stack) -> None:
    found = stack.facts("ledger", "trace", "1")["subjects"]
    own = {story["source"]: story["records"] for story in found if story["subject"] == TWIN}
    assert {source: len(records) for source, records in own.items()} == {
        "app": 2,
        "game": 2,
        "check-in": 2,
    }
    (story,) = stack.facts("ledger", "trace", "1", "--source", "game")["subjects"]
    assert (story["subject"], story["source"]) == (TWIN, "game")
    assert [record["event_source"] for record in story["records"]] == ["game", "game"]
    moved = [posting["amount"] for posting in story["records"][1]["postings"]]
    assert sorted(moved) == [-5, 5]
    said = stack.flowdrop("ledger", "trace", "1")
    assert all(f"{TWIN}  from {source}\n" in said for source in own)


def test_what_refers_to_an_id_alone_stands_by_itself_where_several_have_it(stack: Stack) -> None:
    found = stack.facts("ledger", "trace", "2")["subjects"]
    told = {
        story["source"]: [
            (record["event_id"], record["outcome"], record["reason"])
            for record in story["records"]
            if record["what"] == "result"
        ]
        for story in found
    }
    assert told == {
        "app": [("2", "applied", "")],
        "shop": [("2", "applied", ""), ("4", "applied", "")],
        "": [("3", "refused", "ambiguous_reference")],
    }
    said = stack.flowdrop("ledger", "trace", "2", "--source", "web", status=1)
    assert "no record of an event '2' from 'web'" in said


def test_what_is_held_tells_its_source(stack: Stack) -> None:
    for at in ((), ("--at", "2027-01-01")):
        (held,) = stack.facts("ledger", "show", TWIN, *at)["terms"]["holds"]
        assert (held["redemption"], held["source"], held["amount"]) == ("2", "app", 4)


def test_an_unknown_event_is_told(stack: Stack) -> None:
    said = stack.flowdrop("ledger", "trace", "nobody-sent-this", status=1)
    assert "ClickHouse has no record of an event 'nobody-sent-this'" in said
