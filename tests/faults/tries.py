"""The faults, each a function that tries it and returns how often it struck.

A function gets the ground and how much to try: times, seconds or records. It begins and ends with
everything as it should be; the judgement after it is the caller's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Self

from local import processes
from streams.events import WALLET_TOPIC, Leg
from streams.events.decoding import read_wallet
from streams.kafka.log import messages
from streams.layer.faults import CRASH_POINTS
from streams.ledger.legs import is_genuine
from tests.faults import publishing
from tests.faults.fuzz import altered, copied, fuzzed
from tests.faults.ground import PARTITIONS, READY_SECONDS_MAX, WORKERS
from tests.faults.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.ground import Ground
    from tests.stack import Worker

FEED_POINTS = ("before_insert", "inserted", "feed_acked")
WORKER_POINTS = tuple(point for point in CRASH_POINTS if point not in FEED_POINTS)
# passed when partitions come or go, and so seldom; the others with each transaction
SELDOM = {"assigned", "opened", "recovered", "before_close", "closed"}
WISH_SECONDS_MAX = 20.0
KILLS_A_JUDGEMENT = 60
SHARE_REPEATED = 0.2
SHARE_GOOD = 0.5
LEGS_BEFORE = 1_000  # records of clients before legs are copied
LATE_SPAN = timedelta(days=30)
OUTAGE_SECONDS = 75  # longer than sessions and any call to Kafka
OUTAGES_FOR_A_LONG_ONE = 5
DISK_BYTES = 128 * 1024 * 1024
# ClickHouse begins no insert or merge with less than 1 MiB; what it has begun needs a little
SPARE_BYTES = 768 * 1024


class Fault(NamedTuple):
    """One row of the table.

    Attributes:
        title: what is done.
        amount: of the long and of the short form (0: not in it): times (of each point, where there
            are points), seconds or records.
        unit: of what was tried.
        run: does it.
        disk: the folder, on a ground of its own, that is a small disk.
    """

    title: str
    amount: tuple[int, int]
    unit: str
    run: Callable[[Ground, int], int]
    disk: str = ""


# -- workers -----------------------------------------------------------------------------------


def kill_at_points(ground: Ground, times: int) -> int:
    """SIGKILL workers at each named point so many times, several points at work at once."""
    wishes = [point for point in WORKER_POINTS for _ in range(times)]
    ground.random.shuffle(wishes)
    died = 0
    while wishes and not ground.is_over:
        some, wishes = wishes[:KILLS_A_JUDGEMENT], wishes[KILLS_A_JUDGEMENT:]
        died += _grant(ground, some)
        if wishes and not ground.is_over:
            ground.settle()
    return died


def _grant(ground: Ground, wishes: list[str]) -> int:
    """Have a worker die at each point of `wishes`, whose order is that in which they start."""
    ground.crew.stop()
    ground.flow()
    running: dict[Worker, tuple[str, float]] = {}
    died, wanted = 0, len(wishes)
    while died < wanted and not ground.is_over:
        while wishes and len(running) < WORKERS:
            point = wishes.pop(0)
            nth = ground.random.randint(1, 2 if point in SELDOM else 30)
            worker = ground.crew.begin(FLOWDROP_CRASH_AT=f"{point}:{nth}")
            running[worker] = point, time.monotonic()
        for dead in ground.crew.bury():
            point, _ = running.pop(dead)
            if dead.process.returncode == -signal.SIGKILL:
                died += 1
                ground.say(f"{died} of {wanted}: killed at {point}")
            else:
                wishes.append(point)
        _hurry(running)
        time.sleep(0.05)
    return died


def _hurry(running: dict[Worker, tuple[str, float]]) -> None:
    """End a worker that did not come to its point; it passes those of closing on its way out."""
    for worker, (point, since) in list(running.items()):
        waits = time.monotonic() - since
        serves = point in {"before_close", "closed"} and waits > 1 and worker.partitions()
        if serves or waits > WISH_SECONDS_MAX:
            worker.process.terminate()
            running[worker] = point, time.monotonic()


def kill_at_random(ground: Ground, times: int) -> int:
    """SIGKILL a worker at any moment, while others take over or come."""
    ground.flow()
    done = 0
    for done in ground.times(times):
        ground.until(lambda: ground.crew.tend(WORKERS) or ground.crew.ready(), "a ready worker")
        time.sleep(1.5 * ground.random.random())
        ground.crew.leave(ground.random.choice(ground.crew.workers), signal.SIGKILL)
        ground.say(f"{done} of {times}: killed")
        if done % KILLS_A_JUDGEMENT == 0:
            ground.settle()
            ground.flow()
    return done


def pause(ground: Ground, times: int) -> int:
    """SIGSTOP a worker until others have its partitions, then let it wake."""
    ground.flow()
    ended = [_pause_one(ground, f"{number} of {times}") for number in ground.times(times)]
    ground.say(f"{sum(ended)} of {len(ended)} paused workers ended, the others joined again")
    return len(ended)


def _pause_one(ground: Ground, count: str) -> bool:
    """Return whether the worker ended once it was awake, as one that was fenced must."""
    ground.wait_ready(2)
    sleeper = ground.random.choice(ground.crew.workers)
    time.sleep(ground.random.random())
    sleeper.process.send_signal(signal.SIGSTOP)
    ground.until(lambda: _serve_all(_others(ground, sleeper)), "a successor")
    time.sleep(ground.random.random())
    sleeper.process.send_signal(signal.SIGCONT)
    ground.until(lambda: _awake(ground, sleeper), "the sleeper's end")
    ground.say(f"{count}: paused and woken")
    return sleeper.process.poll() is not None


def _others(ground: Ground, sleeper: Worker) -> list[Worker]:
    ground.crew.tend(2)
    return [worker for worker in ground.crew.workers if worker is not sleeper]


def _serve_all(workers: list[Worker]) -> bool:
    return sum(len(worker.partitions() or ()) for worker in workers) == PARTITIONS


def _awake(ground: Ground, sleeper: Worker) -> bool:
    """Return whether a worker that was paused has ended, or serves what it was given anew."""
    if sleeper.process.poll() is not None:
        return True
    mine = sleeper.partitions()
    return mine is not None and _serve_all([sleeper, *_others(ground, sleeper)])


def storm(ground: Ground, seconds: int) -> int:
    """Have workers come, leave and die every other second."""
    ground.flow()
    for left in ground.every(seconds):
        ground.crew.bury()
        crew = ground.crew.workers
        choice = ground.random.random()
        if len(crew) < 2 or (choice < 0.5 and len(crew) < 4):
            ground.crew.begin()
        else:
            number = signal.SIGTERM if choice < 0.8 else signal.SIGKILL
            ground.random.choice(crew).process.send_signal(number)
        ground.say(f"{left:.0f} s left: {len(crew)} workers")
        time.sleep(1 + 3 * ground.random.random())
    return seconds


# -- broker, engine and disk -------------------------------------------------------------------


def kill_broker(ground: Ground, times: int) -> int:
    """SIGKILL the broker and start it on the same data; one of many outages is a long one."""
    sender = ground.flow()
    done = 0
    for done in ground.times(times):
        ground.wait_ready(2)
        time.sleep(2 * ground.random.random())
        ground.stack.kafka.kill()
        is_long = times >= OUTAGES_FOR_A_LONG_ONE and done == times // 2 + 1
        time.sleep(OUTAGE_SECONDS if is_long else 2 * ground.random.random())
        acked = sender.acked.total()
        ground.stack.kafka.start()
        ground.until(lambda: sender.acked.total() > acked, "traffic after the outage")  # noqa: B023
        ground.say(f"{done} of {times}: broker killed, {acked:,} acknowledged before")
    return done


def kill_engine(ground: Ground, seconds: int) -> int:
    """Kill the warehouse and leave it dead for so long; its feed is killed meanwhile, too."""
    stack = ground.stack
    stack.start_engine()
    feed = stack.feed()
    ground.flow()
    ground.wait_ready(2)
    time.sleep(2)
    processes.kill(stack.engine)
    for left in ground.every(seconds):
        if left < seconds / 2 and feed.poll() is None:
            feed.kill()
            feed.wait()
        ground.crew.tend(2)
        ground.say(f"{left:.0f} s left: the engine is down")
        time.sleep(1)
    processes.start(stack.engine)
    processes.wait_ready(stack.engine)
    _feed_all(ground)
    return seconds


def kill_feed(ground: Ground, times: int) -> int:
    """SIGKILL the feed at each of its named points so many times."""
    ground.stack.start_engine()
    ground.flow()
    ground.wait_ready(2)
    wishes = [point for point in FEED_POINTS for _ in range(times)]
    ground.random.shuffle(wishes)
    done = 0
    for done, point in zip(ground.times(len(wishes)), wishes, strict=False):
        nth = ground.random.randint(1, 20)
        feed = ground.stack.feed(FLOWDROP_CRASH_AT=f"{point}:{nth}")
        status = feed.wait(READY_SECONDS_MAX)
        assert status == -signal.SIGKILL, f"the feed ended with {status} before {point}"
        ground.say(f"{done} of {len(wishes)}: feed killed at {point}")
    _feed_all(ground)
    return done


def _feed_all(ground: Ground) -> None:
    """End the traffic, feed all there is, and hold ClickHouse against the log."""
    feed = ground.stack.feed()
    ground.settle()
    _reconcile(ground)
    feed.terminate()
    feed.wait(READY_SECONDS_MAX)
    processes.stop(ground.stack.engine)


def _reconcile(ground: Ground) -> None:
    """Have `flowdrop reconcile` hold ClickHouse against the log."""
    first, *_ = ground.until(ground.crew.ready, "a worker that serves")
    ground.stack.env["FLOWDROP_WORKER"] = first.url
    report = ground.stack.facts("reconcile", "--wait", "200")
    broken = [check for check in report["checks"] if not check["held"]]
    ground.verdict.broken += [f"reconcile: {check['name']}: {check['detail']}" for check in broken]


def fill_brokers_disk(ground: Ground, times: int) -> int:
    """Fill the disk of the broker until it ends, then make room and start it again."""
    sender = ground.flow()
    for number in range(times):
        ground.wait_ready(2)
        time.sleep(1)
        with Full(ground.stack.kafka.folder / "data"):
            ground.until(lambda: _ended(ground), "the broker's end on a full disk")
        acked = sender.acked.total()
        ground.stack.kafka.start()
        ground.until(lambda: sender.acked.total() > acked, "traffic after the outage")  # noqa: B023
        ground.say(f"{number + 1} of {times}: the broker's disk was full")
    return times


def fill_engines_disk(ground: Ground, times: int) -> int:
    """Fill the disk of the warehouse while it is fed, then make room."""
    stack = ground.stack
    stack.start_engine()
    feed = stack.feed()
    ground.flow()
    for number in range(times):
        ground.wait_ready(2)
        time.sleep(3)
        with Full(stack.folder / "clickhouse", SPARE_BYTES):
            time.sleep(5)
        ground.say(f"{number + 1} of {times}: the engine's disk was full")
    assert feed.poll() is None, "the feed ended on a full disk of the engine"
    ground.settle()
    _reconcile(ground)
    return times


def _ended(ground: Ground) -> bool:
    return processes.look(ground.stack.kafka.part).state == "died"


class Full:
    """A file that takes the room of a disk but for `spare_bytes`, as long as the context lasts."""

    def __init__(self, folder: Path, spare_bytes: int = 0) -> None:
        self._ballast = folder / "ballast"
        self._spare_bytes = spare_bytes

    def __enter__(self) -> Self:
        with self._ballast.open("wb") as ballast:
            while (free := self._free_bytes()) > 0:
                try:
                    size = os.fstat(ballast.fileno()).st_size
                    os.posix_fallocate(ballast.fileno(), size, free)
                except OSError:
                    continue  # somebody took the room first
        return self

    def __exit__(self, *_: object) -> None:
        self._ballast.unlink()

    def _free_bytes(self) -> int:
        disk = os.statvfs(self._ballast)
        return disk.f_bavail * disk.f_frsize - self._spare_bytes


class Disk:
    """A small disk in memory, mounted on a folder.

    Raises:
        PermissionError: when this user may not mount one.
    """

    def __init__(self, folder: Path, size_bytes: int = DISK_BYTES) -> None:
        self.folder = folder
        self._size_bytes = size_bytes

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [
            "mount",
            "-t",
            "tmpfs",
            "-o",
            f"size={self._size_bytes}",
            "tmpfs",
            str(self.folder),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise PermissionError("there is no mount command") from error
        if done.returncode:
            raise PermissionError(done.stderr.strip())
        return self

    def __exit__(self, *_: object) -> None:
        # a process that was killed may not have let go of it yet
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


# -- input -------------------------------------------------------------------------------------


def late(ground: Ground, count: int) -> int:
    """Send events of a month: a fifth twice, a third late by up to seven days."""
    ground.wait_ready(2)
    traffic = Traffic(
        ground.random.getrandbits(64), PARTITIONS, prefix="late-", step=2 * LATE_SPAN / count
    )
    traffic.time = ground.traffic.time
    sender = ground.sender()
    sender.send(traffic.late(count, SHARE_REPEATED))
    ground.traffic.time = traffic.time
    return count


def spoil_legs(ground: Ground, count: int) -> int:
    """Send legs of the log again, half of them altered, among good records."""
    sender = ground.flow()
    ground.wait_ready(2)
    ground.until(lambda: sender.acked.total() > LEGS_BEFORE, "traffic that makes legs")
    ground.settle()
    legs = list(_legs(ground))
    before = Counter(ground.verdict.outcomes)
    ground.flow()
    bent = ground.sender(good=False)
    for number in range(count):
        spoil = altered if number % 2 else copied
        bent.send([spoil(ground.random, ground.random.choice(legs), PARTITIONS)])
    ground.settle()
    told = ground.verdict.outcomes - before
    for reason, wanted in (("repeated_leg", count - count // 2), ("forged_leg", count // 2)):
        if told[f"refused {reason}"] != wanted:
            found = told[f"refused {reason}"]
            ground.verdict.broken.append(f"{found} legs were told as {reason}, not {wanted}")
    return count


def _legs(ground: Ground) -> Iterator[Leg]:
    """Yield the legs of the log that the ledger wrote."""
    secret = ground.judge.rules.ledger_keys["k1"]
    for number in range(PARTITIONS):
        for some in messages(ground.stack.kafka.bootstrap, WALLET_TOPIC, number):
            for message in some:
                leg = read_wallet(message.key(), message.value())
                if isinstance(leg, Leg) and is_genuine(leg, secret):
                    yield leg


def fuzz(ground: Ground, count: int) -> int:
    """Send broken records among good ones; no worker may end by it."""
    ground.wait_ready(2)
    # A bent time is accepted up to a day ahead; from here that moves no clock past the window.
    ground.traffic.time = max(ground.traffic.time, datetime.now(UTC) - timedelta(hours=1))
    crew = list(ground.crew.workers)
    bent = ground.sender(good=False)
    good = ground.sender()
    for record in islice(ground.records, count):
        if ground.random.random() < SHARE_GOOD:
            good.send([record])
        bent.send([fuzzed(ground.random, record, PARTITIONS)])
    ground.settle()
    if ground.crew.workers != crew:
        ground.verdict.broken.append("a worker ended while it was fed fuzzed records")
    return count


FAULTS: dict[str, Fault] = {
    # first, since it is of 2017, and the traffic of the others of this year
    "replay": Fault("broker away amid a replay", (4, 2), "outages", publishing.replay),
    "points": Fault("kill -9 at each named point", (20, 1), "kills", kill_at_points),
    "kill": Fault("kill -9 at random", (200, 3), "kills", kill_at_random),
    "pause": Fault("SIGSTOP past the session", (30, 1), "pauses", pause),
    "storm": Fault("rebalance storm", (600, 6), "seconds", storm),
    "broker": Fault("broker killed", (50, 1), "kills", kill_broker),
    "launch": Fault("broker away amid a launch", (4, 0), "outages", publishing.launch),
    "engine": Fault("engine down", (600, 3), "seconds", kill_engine),
    "feed": Fault("kill -9 of the feed", (20, 0), "kills", kill_feed),
    "late": Fault("20 % repeated, 7 days late", (1_000_000, 20_000), "events", late),
    "legs": Fault("legs copied and altered", (20_000, 1_000), "legs", spoil_legs),
    "fuzz": Fault("fuzzed records", (100_000, 2_000), "records", fuzz),
    "broker-disk": Fault("broker's disk full", (5, 0), "times", fill_brokers_disk, "kafka/data"),
    "engine-disk": Fault("engine's disk full", (5, 0), "times", fill_engines_disk, "clickhouse"),
}
