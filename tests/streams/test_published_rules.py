"""Rules in the log of a real broker: a file that has changed since changes nothing."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from streams.events import POSTINGS_TOPIC, WALLET_TOPIC, decode_wallet, encode
from streams.kafka.log import messages
from streams.kafka.publish import publish_records
from streams.ledger.results import Result, decode_result
from streams.programs import FOLDER
from tests.stack import Stack, wait_for
from tests.streams.program_days import ALI_FLOW_WALLET, events_of
from tests.streams.wallet_story import event

if TYPE_CHECKING:
    from pathlib import Path

    from streams.events import WalletEvent

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]

GATE = """
[[carriers.mobile.gates]]
closed = "all"
from = {}
assumption = "works on the way to it"
"""
ONE_LOG = {"FLOWDROP_PARTITIONS": "1", "FLOWDROP_DEDUP_WINDOW_DAYS": "400"}
MOBILE_70 = 4  # which step of the day redeems the tier of 70 MB


def send(stack: Stack, *events: WalletEvent) -> list[Result]:
    """Have a worker judge events; return their results in the same order."""
    records = [(WALLET_TOPIC, 0, event.subject.encode(), encode(event)) for event in events]
    publish_records(records, stack.kafka.bootstrap)
    wait_for(lambda: {event.id for event in events} <= results(stack).keys(), "every result")
    return [results(stack)[event.id] for event in events]


def results(stack: Stack) -> dict[str, Result]:
    found = messages(stack.kafka.bootstrap, POSTINGS_TOPIC, 0)
    told = [decode_result(record.value() or b"") for got in found for record in got]
    return {result.event_id: result for result in told}


def test_a_changed_file_counts_when_it_is_published_and_not_before(tmp_path: Path) -> None:
    folder, home = tmp_path / "programs", tmp_path / "stack"
    shutil.copytree(FOLDER, folder)
    home.mkdir()
    stack = Stack(home, {**ONE_LOG, "FLOWDROP_PROGRAMS": str(folder)})
    stack.start()
    try:
        told = stack.facts("programs", "publish")
        names = sorted(path.stem for path in FOLDER.glob("*.toml"))
        assert told == {"programs": names, "partitions": 1}
        changed = folder / "ali-flow-wallet.toml"
        text = changed.read_text(encoding="utf-8")
        dearer = text.replace("{ mb = 70, coins = 70 }", "{ mb = 70, coins = 71 }")
        assert dearer != text
        changed.write_text(dearer, encoding="utf-8")

        stack.worker()  # it reads the changed file
        stack.feed()
        day = events_of("ali-flow-wallet")
        reasons = [result.reason for result in send(stack, *day)]
        assert reasons == [step.reason for step in ALI_FLOW_WALLET]
        stack.facts("reconcile", "--wait", "100")  # as does this: it ends with 1 if it differs

        told = stack.flowdrop("programs", "publish", status=1)
        line = dearer[: dearer.index("mb = 70, coins = 71")].count("\n") + 1
        assert f"{changed}, line {line}: carriers.mobile.tiers differs from what was published" in (
            " ".join(told.split())
        )
        assert "a new period with a `from` after" in " ".join(told.split())

        soon = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        changed.write_text(text + GATE.format(soon.isoformat()), encoding="utf-8")
        stack.facts("programs", "publish")
        redeem = day[MOBILE_70]
        again = [
            msgspec.structs.replace(redeem, id=f"again-{n}", time=soon + n * timedelta(seconds=1))
            for n in (-1, 0)
        ]
        assert "carrier_closed" not in results(stack)[redeem.id].reason
        assert send(stack, *again)[1].reason == "carrier_closed"
        assert results(stack)["again--1"].reason != "carrier_closed"
        stack.facts("reconcile", "--wait", "100")
    finally:
        stack.stop()


def test_what_a_file_gave_before_it_was_edited_is_taken_back_and_not_more(tmp_path: Path) -> None:
    """The figure is edited in place, and published, before anything else was."""
    folder, home = tmp_path / "programs", tmp_path / "stack"
    shutil.copytree(FOLDER, folder)
    home.mkdir()
    stack = Stack(home, {**ONE_LOG, "FLOWDROP_PROGRAMS": str(folder)})
    stack.start_kafka()
    try:
        worker = stack.worker()
        facts = {"program": "ali-flow-wallet"}
        opened = decoded("open", "opened", **facts)
        came = decoded("earn", "came", activity="check-in", **facts)
        assert [result.amount for result in send(stack, opened, came)] == [0, 5]
        worker.stop()
        changed = folder / "ali-flow-wallet.toml"
        text = changed.read_text(encoding="utf-8")
        changed.write_text(text.replace("coins = 5\nday_max = 5", "coins = 8\nday_max = 8"))
        stack.facts("programs", "publish")
        stack.worker()
        more = decoded("earn", "more", activity="check-in", minutes=2_000, **facts)
        original = json.loads(encode(came))
        back = decoded("reverse", "back", minutes=2_001, original=original, **facts)
        assert [result.amount for result in send(stack, more, back)] == [8, 5]
    finally:
        stack.stop()


def decoded(kind: str, event_id: str, **data: Any) -> WalletEvent:
    return decode_wallet(event(kind, event_id, "zoe", partition=0, **data)[3] or b"")
