"""Rules in the log of a real broker: a file that has changed since changes nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest

from streams.events import POSTINGS_TOPIC, WALLET_TOPIC, encode
from streams.kafka_log import messages
from streams.ledger.results import Result, decode_result
from streams.programs import FOLDER
from streams.publish import publish_records
from tests.stack import Stack, wait_for
from tests.streams.program_days import ALI_FLOW_WALLET, events_of

if TYPE_CHECKING:
    from pathlib import Path

    from streams.events import WalletEvent

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]

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

        stack.facts("programs", "publish")
        later = day[-1].time
        again = [
            msgspec.structs.replace(event, id=f"again-{event.id}", time=later)
            for event in (day[3], day[MOBILE_70])
        ]
        assert [result.reason for result in send(stack, *again)] == ["", "no_such_tier"]
        stack.facts("reconcile", "--wait", "100")
    finally:
        stack.stop()
