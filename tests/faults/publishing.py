"""Faults of what publishes: the broker goes away in the middle of a replay, and of a launch.

What must come of it is read from the raw files by pandas, and from the drop's own preview.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from scenarios.complete_journey import source
from streams.events import (
    ACCEPTED_TOPIC,
    CAMPAIGN_TOPIC,
    WALLET_TOPIC,
    Open,
    OpenData,
    PersonEvent,
    decode_campaign,
)
from streams.kafka.log import messages
from streams.kafka.publish import records_of
from tests import oracles
from tests.faults.ground import PARTITIONS, READY_SECONDS_MAX, WORKERS
from tests.faults.traffic import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.kafka.publish import Record
    from tests.faults.ground import Ground

LONG_TIMES = 4
LONG_SECONDS, SHORT_SECONDS = 90.0, 10.0
RATE = 4_000
MONTHS = pd.date_range("2017-02-01", "2018-01-01", freq="MS", tz="UTC")
MIDDLE_RECORDS = 2_000
PEOPLE = 10_000
COINS = 5
SENT_MAX = 100  # how often a record may stand in the log: it is sent again after each outage
DROP = ("--program", "liuliangbao", "--budget", str(PEOPLE * COINS), "--amount", str(COINS))


class Command:
    """A command of flowdrop in a process of its own."""

    def __init__(self, ground: Ground, *words: str) -> None:
        self.ground = ground
        self.words = words
        self._begun = ground.appended()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flowdrop", *words, "--json"],
            env=ground.stack.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def in_the_middle(self, records: int) -> None:
        """Wait until the log has so many records more, and the command still sends."""

        def is_there() -> bool:
            assert self.process.poll() is None, f"{self.words} has ended: {self.process.stderr}"
            return self.ground.appended() - self._begun > records

        self.ground.until(is_there, f"the middle of {self.words}")

    def well(self) -> Any:
        """Wait for its end, which must be a good one; return what it told."""
        out, words = self.process.communicate(timeout=600)
        assert self.process.returncode == 0, f"{self.words}: {self.process.returncode}: {words}"
        return json.loads(out)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def outage(ground: Ground, number: int, times: int, dying: Command | None) -> None:
    """Stop or kill the broker for a while, and kill a command that waits for it meanwhile."""
    seconds = LONG_SECONDS if times >= LONG_TIMES else SHORT_SECONDS
    kafka = ground.stack.kafka
    pid = int(json.loads(kafka.part.record.read_text())["pid"])
    if number % 2:
        os.kill(pid, signal.SIGSTOP)
    else:
        kafka.kill()
    time.sleep(seconds)
    if dying is not None:
        dying.kill()
    if number % 2:
        os.kill(pid, signal.SIGCONT)
    else:
        kafka.start()
    ground.say(f"{number} of {times}: the broker was away for {seconds:.0f} s")


def known(ground: Ground, records: Iterable[Record]) -> None:
    """Have the judge know records that are sent by no sender of the ground's."""
    mine = ground.sender()
    for record in records:
        mine.sent[fingerprint(*record)] += SENT_MAX
        mine.acked[fingerprint(*record)] += 1


def replay(ground: Ground, times: int) -> int:
    """Take the broker away in the middle of replays; each second one dies of it, and goes on."""
    ground.wait_ready(WORKERS)
    end = MONTHS[min(times, len(MONTHS)) - 1]
    known(ground, records_of(source(end.to_pydatetime()).events, PARTITIONS))
    for number in range(1, times + 1):
        until = ("replay", "complete-journey", "--until", f"{MONTHS[number - 1]:%Y-%m-%d}")
        running = Command(ground, *until, "--rate", str(RATE))
        running.in_the_middle(MIDDLE_RECORDS)
        dies = number % 2 == 0
        outage(ground, number, times, running if dies else None)
        ground.wait_ready(WORKERS)
        summary = (Command(ground, *until) if dies else running).well()
        if dies and not summary["resumed"]:
            ground.verdict.broken.append(f"{until} began anew where it should have gone on")
    ground.settle()
    _hold(ground, end.tz_localize(None))
    return times


def _hold(ground: Ground, end: pd.Timestamp) -> None:
    """Hold balances and counts against a pandas reading of the raw files."""
    heard = oracles.first_moments()
    wanted = dict.fromkeys(heard[heard < end].index, 0) | oracles.balances(end).to_dict()
    found = {name: held[0] for name, held in ground.accounts().items() if name.startswith("cj:")}
    if found != wanted:
        apart = [name for name in found | wanted if found.get(name) != wanted.get(name)]
        ground.verdict.broken.append(f"{len(apart)} balances are not the files', as {apart[0]}")
    events = len(oracles.memberships(end)) + len(oracles.redemptions(end))
    if (accepted := _accepted(ground)) != events:
        ground.verdict.broken.append(f"{accepted} campaign events, {events} in the files")


def _accepted(ground: Ground) -> int:
    """Return how many contacts and conversions of households were passed on."""
    return sum(
        (message.key() or b"").startswith(b"cj:")
        and not isinstance(decode_campaign(message.value() or b""), PersonEvent)
        for number in range(PARTITIONS)
        for some in messages(ground.stack.kafka.bootstrap, ACCEPTED_TOPIC, number)
        for message in some
    )


def launch(ground: Ground, times: int) -> int:
    """Take the broker away in the middle of launches; each second one dies of it, and goes on."""
    stack = ground.stack
    stack.start_engine()
    feed = stack.feed()
    ground.wait_ready(WORKERS)
    people = [f"drop-w:{number}" for number in range(PEOPLE)]
    data = OpenData(program="liuliangbao")
    time_ = ground.traffic.time = datetime.now(UTC).replace(microsecond=0)
    ground.sender().send(
        records_of(
            (Open(id="o", source="faults", time=time_, subject=p, data=data) for p in people),
            PARTITIONS,
        )
    )
    ground.settle()
    first, *_ = ground.until(ground.crew.ready, "a worker that serves")
    stack.env["FLOWDROP_WORKER"] = first.url
    stack.facts("reconcile", "--wait", "200")
    stack.freeze("everybody", people)
    stack.env["FLOWDROP_APPROVE_OVER_PEOPLE"] = str(PEOPLE)  # no approver has to agree
    treated: dict[str, int] = {}
    for number in range(1, times + 1):
        name = f"fault-{number}"
        stack.flowdrop("drop", "create", name, *DROP, "--audience", "everybody")
        for person in stack.facts("drop", "preview", name)["everyone"]:
            if person["arm"] == "drop":
                treated[person["person"]] = treated.get(person["person"], 0) + COINS
        running = Command(ground, "drop", "launch", name, "--yes")
        running.in_the_middle(1)
        dies = number % 2 == 0
        outage(ground, number, times, running if dies else None)
        ground.wait_ready(WORKERS)
        if not dies:
            running.well()
        Command(ground, "drop", "launch", name, "--yes").well()
    known(ground, _launched(ground))
    ground.settle()
    found = {name: held[0] for name, held in ground.accounts().items() if name in treated}
    if found != treated:
        apart = [name for name in treated if found.get(name) != treated[name]]
        ground.verdict.broken.append(f"{len(apart)} people hold other coins, as {apart[0]}")
    feed.terminate()
    feed.wait(READY_SECONDS_MAX)
    return times


def _launched(ground: Ground) -> Iterable[Record]:
    """Return what launches have put into the log."""
    for topic in (WALLET_TOPIC, CAMPAIGN_TOPIC):
        for number in range(PARTITIONS):
            for some in messages(ground.stack.kafka.bootstrap, topic, number):
                for message in some:
                    if b'"flowdrop/console"' in (message.value() or b""):
                        yield topic, number, message.key(), message.value()
