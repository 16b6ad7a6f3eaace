"""Keys on real processes: rotation in traffic, forged legs, and putting right what they did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from flowdrop.secrets import read
from streams.events import (
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    Earn,
    EarnData,
    Leg,
    Open,
    OpenData,
    Transfer,
    TransferData,
    decode_wallet,
    encode,
    partition_of,
)
from streams.kafka.keyrings import rings
from streams.kafka.log import messages
from streams.kafka.publish import publish_records
from streams.ledger.legs import sign
from streams.ledger.results import decode_result
from tests import keys
from tests.stack import Stack, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.events import WalletEvent
    from streams.ledger.results import Result

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(900)]

PARTITIONS = 2
HERE, THERE, THIEF = (
    next(f"{name}:{n}" for n in range(99) if partition_of(f"{name}:{n}", PARTITIONS) == home)
    for name, home in (("here", 0), ("there", 1), ("thief", 1))
)
GIFTS = 40  # between two steps
MINTED, SPENT = 40_000, 900


class Trial:
    """A stack whose keys are those that its folder drew, and what it has been sent."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.kafka = stack.kafka.bootstrap
        self.count = 0
        self.gifts = 0

    def head(self, subject: str) -> dict[str, Any]:
        self.count += 1
        return {
            "id": f"e{self.count}",
            "source": "trial",
            "time": datetime.now(UTC),
            "subject": subject,
        }

    def send(self, *events: WalletEvent) -> None:
        records = [
            (WALLET_TOPIC, partition_of(e.subject, PARTITIONS), e.subject.encode(), encode(e))
            for e in events
        ]
        publish_records(records, self.kafka)

    def open(self, name: str, coins: int) -> None:
        self.send(
            Open(**self.head(name), data=OpenData(program="liuliangbao")),
            Earn(
                **self.head(name),
                data=EarnData(program="liuliangbao", activity="purchase", spend=100 * coins),
            ),
        )

    def give(self, count: int = GIFTS) -> None:
        """Gifts of one coin to the other partition, and as many legs."""
        data = TransferData(program="liuliangbao", to=THERE, amount=1)
        self.send(*(Transfer(**self.head(HERE), data=data) for _ in range(count)))
        self.gifts += count

    def legs(self) -> list[Leg]:
        """The legs in the log of partition 1."""
        found = (m.value() or b"" for got in messages(self.kafka, WALLET_TOPIC, 1) for m in got)
        events = (decode_wallet(value) for value in found if b"wallet.leg" in value)
        return [event for event in events if isinstance(event, Leg)]

    def results(self) -> list[Result]:
        return [
            decode_result(message.value() or b"")
            for number in range(PARTITIONS)
            for got in messages(self.kafka, POSTINGS_TOPIC, number)
            for message in got
        ]

    def ends(self) -> dict[str, int]:
        """How often each refusal was given, and how many gifts have been acknowledged."""
        ends: dict[str, int] = {}
        for result in self.results():
            name = result.reason or f"{result.type} {result.step} {result.outcome}"
            ends[name] = ends.get(name, 0) + 1
        return ends

    def settle(self, name: str, count: int) -> None:
        """Wait until so many results end so."""
        wait_for(lambda: self.ends().get(name, 0) >= count, f"{count} x {name}", 120)

    def forge(self, key: str, secret: bytes, *, ahead: int = 1, amount: int = MINTED) -> None:
        """Append a leg that nobody's transaction made, `ahead` of the last number."""
        last = max(self.legs(), key=lambda leg: leg.data.sequence)
        sequence = last.data.sequence + ahead
        data = msgspec.structs.replace(last.data, key=key, amount=amount, sequence=sequence)
        self.send(sign(msgspec.structs.replace(last, subject=THIEF, data=data), secret))

    def secret(self, key: str) -> bytes:
        """The ledger's secret of that id in the folder's file."""
        (found,) = (s for s in read(self.stack.folder / "home")["ledger"] if s.id == key)
        return bytes.fromhex(found.secret)

    def balances(self) -> list[int]:
        accounts = self.stack.accounts()
        return [accounts[name][0] for name in (HERE, THERE, THIEF)]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    stack = Stack(tmp_path_factory.mktemp("keys"), {"FLOWDROP_PARTITIONS": str(PARTITIONS)})
    for name in keys.ENV:
        del stack.env[name]
    stack.start()
    try:
        stack.worker()
        stack.feed()
        yield Trial(stack)
    finally:
        stack.stop()


def test_a_stolen_key_is_rotated_out_of_traffic_and_what_it_minted_is_taken_back(
    trial: Trial,
) -> None:
    stack, kafka = trial.stack, trial.kafka
    for name, coins in ((HERE, 1_000), (THERE, 0), (THIEF, 0)):
        trial.open(name, coins)
    trial.give()
    trial.settle("leg ack applied", trial.gifts)

    # Stolen: a forged leg under the next number is believed, and the gift of that number is not.
    trial.forge("k1", trial.secret("k1"))
    trial.settle("leg ack applied", trial.gifts + 1)
    trial.give(1)
    trial.settle("repeated_leg", 1)
    trial.forge("k1", trial.secret("k1"), ahead=1_000)
    trial.settle("leg_gap", 1)
    assert trial.balances() == [1_000 - trial.gifts, trial.gifts - 1, MINTED]

    # Rotation, with gifts on their way at every step.
    trial.give()
    stack.flowdrop("secrets", "rotate", "ledger")
    trial.give()
    refused = stack.flowdrop("ledger", "keys", "revoke", "k1", "--yes", status=1)
    assert "partition 0 still signs with k1" in refused
    stack.flowdrop("ledger", "keys", "add", "--yes")
    trial.give()
    wait_for(
        lambda: all(ring.signs == "k2" for ring in rings(kafka, PARTITIONS, "ledger")),
        "k2 on both partitions",
    )
    stack.flowdrop("ledger", "keys", "revoke", "k1", "--yes")
    trial.give()
    trial.settle("leg ack applied", trial.gifts)
    assert "revoked_key" not in trial.ends(), "what was on its way is not refused"
    assert "unknown_key" not in trial.ends()
    assert {leg.data.key for leg in trial.legs()} == {"k1", "k2"}
    assert trial.legs()[-1].data.key == "k2"
    listed = {row["key"]: row for row in stack.facts("ledger", "keys", "list")}
    assert listed["k1"]["purpose"] == "rules", "the operator's is another"

    # The thief has only the old key.
    trial.forge("k1", trial.secret("k1"))
    trial.settle("revoked_key", 1)
    trial.forge("k2", trial.secret("k1"))
    trial.settle("forged_leg", 1)
    trial.forge("k3", trial.secret("k1"))
    trial.settle("unknown_key", 1)

    # Found, and undone; what the thief has spent meanwhile is missing.
    data = TransferData(program="liuliangbao", to=HERE, amount=SPENT)
    trial.send(Transfer(**trial.head(THIEF), data=data))
    trial.settle("leg ack applied", trial.gifts + 1)
    found = stack.facts("ledger", "forged", "--key", "k1")
    assert [(row["what"], row["coins"], row["remedy"]) for row in found] == [
        ("forged", MINTED, "undo"),
        ("displaced", 1, "deliver"),
    ]
    stack.flowdrop("ledger", "forged", "--undo", "--yes")
    trial.settle("correction deliver applied", 1)
    trial.settle("leg ack applied", trial.gifts + 2)
    trial.settle("leg unack applied", 1)
    assert {row["remedy"] for row in stack.facts("ledger", "forged")} == {"done"}
    assert trial.balances() == [1_000 - trial.gifts + SPENT, trial.gifts, 0]
    assert stack.accounts()["missing:liuliangbao@1"][0] == -SPENT

    # Folded again from the first record on, by the keys that the log says: the same bytes.
    report = stack.facts("reconcile", "--wait", "120")
    assert report["ok"], [check for check in report["checks"] if not check["held"]]


def test_a_worker_without_keys_or_with_others_does_not_begin(trial: Trial) -> None:
    stack = trial.stack
    nowhere = {"FLOWDROP_HOME": str(stack.folder / "elsewhere"), "FLOWDROP_WORKER_TOKEN": "t"}
    for keys_given, words in (
        ({"FLOWDROP_LEDGER_KEYS": "development-only"}, "64 hexadecimal digits"),
        (nowhere, "setting ledger_keys: there is none"),
    ):
        worker = stack.begin_worker(**keys_given)
        assert worker.process.wait(120) == 1
        assert words in worker.log.read_text()
        stack.workers.remove(worker)
