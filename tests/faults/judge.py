"""The judge: every record that Kafka holds has one result, and every account is the naive one.

It reads what is committed, and only that: the topics, and the live tables of the workers. Between
two judgements it remembers how far it has read, so that each is about the last fault alone.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec
from confluent_kafka import TopicPartition

from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    Describe,
    Leg,
    Open,
    decode_campaign,
    decode_wallet,
    encode,
    partition_of,
)
from streams.kafka.deadletters import headers_of, place_of
from streams.kafka.log import headers
from streams.kafka.topics import ACCOUNTS_CHANGELOG, reader
from streams.layer.state import PartitionState
from streams.ledger.results import decode_result
from streams.worker.agents import rules_of
from tests.faults.traffic import Sender, fingerprint
from tests.naive_ledger import as_meant
from tests.simulator.proof import (
    Evidence,
    accounts_of,
    books_differ,
    differs,
    judge_of,
    none_is_overdrawn,
    nothing_is_in_flight,
    packets_are_paid_out,
    sums_are_zero,
    told_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluent_kafka import Message

    from streams.events import CampaignEvent
    from streams.ledger.results import Result
    from streams.settings import StreamSettings

TOPICS = (
    WALLET_TOPIC,
    POSTINGS_TOPIC,
    DEADLETTER_TOPIC,
    CAMPAIGN_TOPIC,
    ACCEPTED_TOPIC,
    ACCOUNTS_CHANGELOG,
)


class Letter(NamedTuple):
    """A dead letter: the record's own bytes, and why it was set aside."""

    key: bytes | None
    value: bytes | None
    reason: str


Aside: TypeAlias = dict[tuple[str, int], list[Letter]]

EOF = -191
READS_EMPTY_MAX = 300
SHOWN_MAX = 5
NO_LEG = {"unknown_key", "revoked_key", "forged_leg", "repeated_leg", "leg_gap"}


@dataclass
class Verdict:
    """What a fault did: all but `events` and `outcomes` must be zero or empty.

    Attributes:
        events: records of wallet.events and campaign.events judged.
        lost: records without a result, acknowledged ones that the log lacks, legs that never came.
        doubled: results or accepted events too many, records and legs that nobody sent.
        wrong: what differs between the live accounts, the rebuilt ones and the naive ledger's.
        broken: other rules that did not hold, in words.
        outcomes: how the records of wallet.events ended.
    """

    events: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    broken: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def held(self) -> bool:
        return not (self.lost or self.doubled or self.wrong or self.broken)

    def add(self, other: Verdict) -> None:
        """Add what another judgement found."""
        self.events += other.events
        self.lost += other.lost
        self.doubled += other.doubled
        self.wrong += other.wrong
        self.broken += other.broken
        self.outcomes += other.outcomes


class Judge:
    """Follows one broker's topics from their beginning."""

    def __init__(self, bootstrap: str, settings: StreamSettings) -> None:
        self.bootstrap = bootstrap
        self.partitions = settings.partitions
        self.rules = rules_of(settings)
        self.naive = [
            judge_of(self.rules, number, self.partitions) for number in range(self.partitions)
        ]
        self._read_to: dict[tuple[str, int], int] = {}
        self._rebuilt = [PartitionState(number) for number in range(self.partitions)]
        self._versions: Counter[str] = Counter()
        self._last_source = [-1] * self.partitions
        self._clicked: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._numbers: list[dict[str, int]] = [{} for _ in range(self.partitions)]
        self._in_log: Counter[int] = Counter()
        self._appended: Counter[int] = Counter()
        self._legs_sent: Counter[tuple[Any, ...]] = Counter()
        self._legs_arrived: Counter[tuple[Any, ...]] = Counter()
        self._aside: set[int] = set()

    def judge(self, senders: Iterable[Sender], live: dict[str, list[int]]) -> Verdict:
        """Judge all that was committed since the last time.

        Args:
            senders: who sent since then; their traffic has stopped.
            live: `[posted, pending, version]` of every account, from the workers, after it.
        """
        verdict = Verdict()
        for number in range(self.partitions):
            self._partition(number, verdict)
        self._log(list(senders), verdict)
        self._legs(verdict)
        self._accounts(live, verdict)
        return verdict

    def _partition(self, number: int, verdict: Verdict) -> None:
        read = self._read(number)
        results = defaultdict(list)
        for message in read[POSTINGS_TOPIC]:
            result = decode_result(message.value() or b"")
            results[result.source_offset].append(result)
            self._check_result(number, result, verdict)
        aside: Aside = defaultdict(list)
        for message in read[DEADLETTER_TOPIC]:
            told = headers_of(headers(message))
            place = place_of(told)
            letter = Letter(message.key(), message.value(), told["reason"])
            aside[place.topic, place.offset].append(letter)
        self._wallet(number, read[WALLET_TOPIC], results, aside, verdict)
        self._campaign(number, read, aside, verdict)
        self._rebuilt[number].restore(
            (m.offset() or 0, m.key(), m.value()) for m in read[ACCOUNTS_CHANGELOG]
        )

    # -- a partition's records -----------------------------------------------------------------

    def _wallet(
        self,
        number: int,
        log: list[Message],
        results: dict[int, list[Result]],
        aside: Aside,
        verdict: Verdict,
    ) -> None:
        verdict.events += len(log)
        for message in log:
            offset = message.offset() or 0
            self._in_log[_told_by(message)] += 1
            mine, letters = results.pop(offset, []), aside.get((WALLET_TOPIC, offset), [])
            ends = len(mine) + len(letters)
            verdict.lost += ends == 0
            verdict.doubled += max(0, ends - 1)
            if letters:
                self._check_letters(message, letters, verdict)
            self._rule(message, mine + [None] * bool(letters), verdict)
        for offset in results:
            verdict.broken.append(
                f"a result for partition {number} offset {offset}, where no record is"
            )

    def _rule(self, message: Message, found: list[Result | None], verdict: Verdict) -> None:
        """Hold what was found of a record, None for a dead letter, against the naive ledger."""
        number, offset = message.partition() or 0, message.offset() or 0
        key, value = message.key(), message.value()
        own = self.naive[number].judge(offset, key, value, message.timestamp()[1] * 1000)
        verdict.outcomes[f"{own.outcome} {own.reason}".strip()] += 1
        for result in found:
            if wrong := differs(own, result):
                verdict.broken.append(f"partition {number} offset {offset}: {wrong}")
        self._legs_sent.update(tuple(leg.values()) for leg in own.legs)
        if own.outcome == "forwarded":
            home = partition_of((key or b"").decode(), self.partitions)
            self._appended[fingerprint(WALLET_TOPIC, home, key, value)] += 1
        elif own.outcome == "applied" and isinstance(
            event := decode_wallet(as_meant(value or b"")), Open
        ):
            told = {
                "type": "flowdrop.person.opened",
                "data": {"program": event.data.program},
                "specversion": "1.0",
                "id": f"open:{number}:{offset}",
                "source": "flowdrop.ledger",
                "time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "subject": event.subject,
                "datacontenttype": "application/json",
            }
            announced = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
            self._appended[fingerprint(CAMPAIGN_TOPIC, number, key, announced)] += 1
        elif own.step and own.reason not in NO_LEG:
            leg = decode_wallet(value or b"")
            if isinstance(leg, Leg):  # a key has steps as well, and a correction
                self._appended[_told_by(message)] += 1
                self._legs_arrived[tuple(told_of(leg).values())] += 1

    def _check_result(self, number: int, result: Result, verdict: Verdict) -> None:
        """Check what holds of results whatever the naive ledger says."""
        if result.source_partition != number or result.source_offset <= self._last_source[number]:
            verdict.broken.append(
                f"the result of partition {result.source_partition} offset {result.source_offset} "
                f"stands behind that of {self._last_source[number]} on partition {number}"
            )
        self._last_source[number] = result.source_offset
        if sum(posting.amount for posting in result.posting):
            verdict.broken.append(f"postings of {result.event_id} do not sum to zero")
        for posting in result.posting:
            self._versions[posting.account] += 1
            if posting.version != self._versions[posting.account]:
                verdict.broken.append(f"{posting.account} has a gap or a fork at {posting.version}")

    def _check_letters(self, message: Message, letters: list[Letter], verdict: Verdict) -> None:
        """Hold a dead letter against the record it stands for, to the byte."""
        # a bent record that came first may have used a good one's id
        if any(letter.reason != "conflict" for letter in letters):
            self._aside.add(_told_by(message))
        own = (message.key() or b"", message.value() or b"")
        if any((letter.key or b"", letter.value or b"") != own for letter in letters):
            verdict.broken.append(f"the dead letter of {message.topic()} is another record: {own}")

    def _campaign(
        self,
        number: int,
        read: dict[str, list[Message]],
        aside: Aside,
        verdict: Verdict,
    ) -> None:
        expected = []
        verdict.events += len(read[CAMPAIGN_TOPIC])
        for message in read[CAMPAIGN_TOPIC]:
            self._in_log[_told_by(message)] += 1
            letters = aside.get((CAMPAIGN_TOPIC, message.offset() or 0), [])
            verdict.doubled += max(0, len(letters) - 1)
            if letters:
                self._check_letters(message, letters, verdict)
                continue
            try:
                event = decode_campaign(as_meant(message.value() or b""))
            except (msgspec.DecodeError, ValueError, RecursionError):
                verdict.lost += 1
                continue
            home = partition_of(event.subject, self.partitions)
            if home != number:
                copy = fingerprint(CAMPAIGN_TOPIC, home, message.key(), message.value())
                self._appended[copy] += 1
            elif (event.source, event.id) not in self._clicked[event.subject]:
                self._clicked[event.subject].add((event.source, event.id))
                expected.append(self._numbered(number, event))
        accepted = [message.value() for message in read[ACCEPTED_TOPIC]]
        verdict.lost += (Counter(expected) - Counter(accepted)).total()
        verdict.doubled += (Counter(accepted) - Counter(expected)).total()
        if Counter(accepted) == Counter(expected) and accepted != expected:
            verdict.broken.append(f"campaign.accepted partition {number} is in another order")

    def _numbered(self, number: int, event: CampaignEvent) -> bytes:
        """Return what must have been passed on of an event: the n-th person has the n-th number."""
        if isinstance(event, Describe):
            return encode(event)
        if event.subject not in self._numbers[number]:
            count = len(self._numbers[number]) + 1
            self._numbers[number][event.subject] = count * self.partitions + number
        told = self._numbers[number][event.subject]
        return encode(event)[:-1] + f',"number":{told}}}'.encode()

    # -- all partitions ------------------------------------------------------------------------

    def _log(self, senders: list[Sender], verdict: Verdict) -> None:
        """Hold the log against what was sent: nothing acknowledged missing, nothing made up."""
        sent: Counter[int] = sum((sender.sent for sender in senders), Counter())
        acked: Counter[int] = sum((sender.acked for sender in senders), Counter())
        verdict.lost += (acked + self._appended - self._in_log).total()
        verdict.doubled += (self._in_log - sent - self._appended).total()
        good: Counter[int] = sum((sender.sent for sender in senders if sender.good), Counter())
        if self._aside & good.keys() - (sent - good).keys():
            verdict.broken.append("a good record was dead-lettered")
        self._aside.clear()
        self._in_log.clear()
        self._appended.clear()

    def _legs(self, verdict: Verdict) -> None:
        """Hold the legs that arrived against those that must have been sent."""
        verdict.lost += (self._legs_sent - self._legs_arrived).total()
        verdict.doubled += (self._legs_arrived - self._legs_sent).total()
        self._legs_sent.clear()
        self._legs_arrived.clear()

    def _accounts(self, live: dict[str, list[int]], verdict: Verdict) -> None:
        """Hold the rebuilt accounts against the naive ledger, the live ones, and the invariants."""
        tables = [state.committed for state in self._rebuilt]
        nothing: list[list[Any]] = [[] for _ in tables]
        evidence = Evidence(self.rules, nothing, nothing, nothing, tables, tables)
        found: list[str] = []
        rebuilt = {}
        for number, naive in enumerate(self.naive):
            found += books_differ(evidence, number, naive)
            for name, account in accounts_of(evidence, number):
                rebuilt[name] = [account.posted, account.pending, account.version]
        found += [
            f"{name}: live {live.get(name)}, changelog {rebuilt.get(name)}"
            for name in sorted(live.keys() | rebuilt.keys())
            if live.get(name) != rebuilt.get(name)
        ]
        verdict.wrong += len(found)
        verdict.broken += found[:SHOWN_MAX]
        for check in (sums_are_zero, none_is_overdrawn, nothing_is_in_flight, packets_are_paid_out):
            verdict.broken += check(evidence)

    # -- reading -------------------------------------------------------------------------------

    def _read(self, number: int) -> dict[str, list[Message]]:
        """Return what each topic's partition has got since the last time."""
        found: dict[str, list[Message]] = {topic: [] for topic in TOPICS}
        consumer = reader(self.bootstrap, "flowdrop-judge")
        consumer.assign(
            [
                TopicPartition(topic, number, self._read_to.get((topic, number), 0))
                for topic in TOPICS
            ]
        )
        ended: set[str] = set()
        for _ in range(READS_EMPTY_MAX):
            for message in consumer.consume(50_000, timeout=0.1):
                error: Any = message.error()
                topic = message.topic() or ""
                if error is None:
                    found[topic].append(message)
                    self._read_to[topic, number] = (message.offset() or 0) + 1
                elif error.code() == EOF:
                    ended.add(topic)
                else:
                    raise AssertionError(f"{topic} partition {number}: {error}")
            if len(ended) == len(TOPICS):
                break
        consumer.close()
        assert len(ended) == len(TOPICS), f"partition {number} was not read to its end"
        return found


def _told_by(message: Message) -> int:
    return fingerprint(
        message.topic() or "", message.partition() or 0, message.key(), message.value()
    )
