"""One measurement: start an engine on a prepared broker, watch it, end it, check its output."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from benchmarks import check
from benchmarks.job import Job, expected
from benchmarks.machine import ENGINE_CORE, Watch, on_core, say
from benchmarks.place import Place
from flowdrop.settings import load
from streams.events import POSTINGS_TOPIC, WALLET_TOPIC
from streams.kafka.topics import TOPICS, WORKER_ID, create_topics
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.broker import Broker
    from benchmarks.engines import Engine

POLL_SECONDS = 0.25
QUIET_SECONDS = 2.0  # no result for this long after the last one due: it is finished
STALLED_SECONDS = 90.0
END_SECONDS = 30.0
LOG_LINES = 30
KEEP_LOGS = "FLOWDROP_BENCH_LOGS"  # a folder to which the engines' logs are copied

reference = lru_cache(maxsize=4)(expected)


class Measurement(NamedTuple):
    """What one run took.

    Attributes:
        events: events of the job whose results were counted for the rate.
        seconds: from the first of them to the last, by the broker's clock.
        events_per_s: the rate between these; 0 when all came at once, too few to tell.
        warm_events_per_s: the rate of the second half alone.
        cpu_s_per_million: processor seconds of the engine's processes for a million events.
        warm_cpu_s_per_million: the same over the second half.
        rss_mb: most memory resident at once, in 10^6 bytes.
        engine_cpu: cores the engine kept busy; near 1 it is what limits.
        broker_cpu: likewise the broker's.
    """

    events: int
    seconds: float
    events_per_s: float
    warm_events_per_s: float
    cpu_s_per_million: float
    warm_cpu_s_per_million: float
    rss_mb: float
    engine_cpu: float
    broker_cpu: float


@dataclass(frozen=True)
class Running:
    """An engine's process (or processes) and what they write to."""

    engine: Engine
    place: Place
    processes: Sequence[subprocess.Popen[bytes]]
    logs: Sequence[Path]

    def expect_alive(self) -> None:
        """Raise with the last lines of its log if a process has ended."""
        for process, log in zip(self.processes, self.logs, strict=True):
            if process.poll() is not None:
                lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
                raise click.ClickException(
                    f"{self.engine.name} ended with status {process.returncode}:\n"
                    + "\n".join(lines)
                )


def measure(broker: Broker, engine: Engine, job: Job, *, workers: int = 1) -> Measurement:
    """Run `engine` over `job` once and check every result and balance.

    Args:
        broker: where it reads and writes; nothing is left on it.
        engine: what is measured.
        job: the events.
        workers: how many processes share them; more than one may use every core.

    Raises:
        click.ClickException: when the engine dies, stalls, or what it wrote is wrong.
    """
    with prepared(broker, engine, job, is_live=engine.is_ledger) as place:
        opened = _open_wallets(broker, engine, place, job) if engine.is_ledger else 0
        due = job.events + opened
        core = ENGINE_CORE if workers == 1 else None
        with running(engine, place, workers, core) as alive:
            engine_watch = Watch(*(process.pid for process in alive.processes))
            broker_watch = Watch(broker.pid)
            try:
                await_results(broker, alive, due)
            finally:
                engine_watch.stop()
                broker_watch.stop()
        tally = _checked(broker, engine, place, job)
        return _rates(tally, engine_watch, broker_watch)


def _open_wallets(broker: Broker, engine: Engine, place: Place, job: Job) -> int:
    """Have a worker open the job's wallets, then publish its events; return how many are open.

    Partitions don't progress evenly: if both came at once, some would open wallets while others
    were nearly done.
    """
    opened = sum(1 for _ in job.opening())
    with running(engine, place, 1, ENGINE_CORE) as alive:
        await_results(broker, alive, opened)
    say(f"  publishing {job.events:,} events")
    broker.publish(place.source, job.records())
    return opened


@contextmanager
def prepared(broker: Broker, engine: Engine, job: Job, *, is_live: bool = False) -> Iterator[Place]:
    """Give the engine topics, with the job's events in its source; wipe them afterwards.

    With `is_live` the events are still to come: the full ledger's source holds what opens its
    wallets, any other's nothing.
    """
    with tempfile.TemporaryDirectory(prefix="flowdrop-bench-") as folder:
        if engine.is_ledger:
            place = _ledger_place(broker, job, folder, is_live=is_live)
        else:
            place = _bare_place(broker, engine, job, folder, is_live=is_live)
        try:
            yield place
        finally:
            broker.delete(*(broker.topics() - {source_of(job)}))
            if engine.is_ledger:  # its group has the same name next time
                broker.forget_group(place.group)


def source_of(job: Job) -> str:
    """Return the topic that holds a job's events for every engine but the full ledger."""
    return f"events-{job.shape}-{job.events}-{job.accounts}-{job.partitions}"


def _bare_place(broker: Broker, engine: Engine, job: Job, folder: str, *, is_live: bool) -> Place:
    group = f"{engine.name}-{time.monotonic_ns()}"
    source = f"{group}-events" if is_live else source_of(job)
    is_new = source not in broker.topics()
    if is_new:
        broker.create(job.partitions, source)
    if is_new and not is_live:
        say(f"  publishing {job.events:,} events")
        broker.publish(source, job.records())
    place = Place(broker.bootstrap, source, f"{group}-results", group, folder, job.partitions)
    broker.create(job.partitions, place.results)
    if engine.makes_changelog:
        broker.create(job.partitions, place.changelog)
    return place


def _ledger_place(broker: Broker, job: Job, folder: str, *, is_live: bool) -> Place:
    settings = load(StreamSettings).model_copy(update={"partitions": job.partitions})
    broker.delete(*(broker.topics() & TOPICS.keys()))
    create_topics(broker.bootstrap, settings)
    broker.stamp(POSTINGS_TOPIC)
    say(f"  opening {job.accounts:,} wallets")
    broker.publish(WALLET_TOPIC, job.opening())
    if not is_live:
        say(f"  publishing {job.events:,} events")
        broker.publish(WALLET_TOPIC, job.records())
    return Place(broker.bootstrap, WALLET_TOPIC, POSTINGS_TOPIC, WORKER_ID, folder, job.partitions)


@contextmanager
def running(engine: Engine, place: Place, workers: int, core: int | None) -> Iterator[Running]:
    """Start the engine's processes on `core`, each with a log of its own; end them by SIGTERM."""
    env = {name: v for name, v in os.environ.items() if not name.startswith("FLOWDROP_")}
    env |= engine.env(place)
    logs = [Path(place.folder) / f"{engine.name}-{number}.log" for number in range(workers)]
    with on_core(core):
        processes = [_spawn(engine.command(place), env, log) for log in logs]
    try:
        yield Running(engine, place, processes, logs)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if kept := os.environ.get(KEEP_LOGS):
            for log in logs:
                shutil.copy(log, kept)


def _spawn(command: Sequence[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=env, start_new_session=True
        )


def await_results(
    broker: Broker, alive: Running, due: int, *, quiet_s: float = QUIET_SECONDS
) -> None:
    """Wait until as many results as are due are there, and for `quiet_s` nothing more came.

    Transaction markers are counted as results, so only the quiet marks the end.

    Raises:
        click.ClickException: when the engine ends, or none comes for a long while.
    """
    place = alive.place
    found, changed = 0, time.monotonic()
    while True:
        time.sleep(POLL_SECONDS)
        now = broker.ends(place.results, place.partitions)
        if now != found:
            found, changed = now, time.monotonic()
        quiet = time.monotonic() - changed
        if found >= due and quiet >= quiet_s:
            return
        if quiet > STALLED_SECONDS:
            raise click.ClickException(
                f"{alive.engine.name} stalled: about {found:,} of {due:,} results, and none in "
                f"{STALLED_SECONDS:.0f} s"
            )
        alive.expect_alive()


def _checked(broker: Broker, engine: Engine, place: Place, job: Job) -> check.Tally:
    tally_of = check.tally_ledger if engine.is_ledger else check.tally_bare
    want = reference(job)
    wanted = check.wanted_balances(want, is_ledger=engine.is_ledger)
    try:
        tally = tally_of(job, broker.read(place.results))
        check.verify(tally, want, wanted)
        if engine.changelog is not None:
            stored = check.stored_balances(engine, broker.read(engine.changelog(place)))
            check.verify_balances("changelog", stored, wanted)
    except check.WrongError as error:
        raise click.ClickException(f"{engine.name}: {error}") from error
    return tally


def _rates(tally: check.Tally, engine: Watch, broker: Watch) -> Measurement:
    """Turn the times of the results into rates; what the first batch brought began before it."""
    times = sorted(tally.times_ms)
    first = max(times[0], tally.opened_ms)
    last = tally.last_ms
    counted = sum(1 for time_ms in times if time_ms > first)
    half = times[len(times) // 2]
    warm = sum(1 for time_ms in times if time_ms > half)
    seconds = max(last - first, 1) / 1000
    cpu_s = engine.cpu_s(first / 1000, last / 1000)
    warm_cpu_s = engine.cpu_s(half / 1000, last / 1000)
    return Measurement(
        events=counted,
        seconds=round(seconds, 3),
        events_per_s=round(counted / seconds),
        warm_events_per_s=round(warm * 1000 / max(last - half, 1)),
        cpu_s_per_million=round(cpu_s / counted * 1e6 if counted else 0.0, 2),
        warm_cpu_s_per_million=round(warm_cpu_s / warm * 1e6 if warm else 0.0, 2),
        rss_mb=round(engine.peak_mb),
        engine_cpu=round(cpu_s / seconds, 2),
        broker_cpu=round(broker.cpu_s(first / 1000, last / 1000) / seconds, 2),
    )


def median(runs: Sequence[Measurement]) -> Measurement:
    """Return the median of each figure."""
    return Measurement(*(statistics.median(column) for column in zip(*runs, strict=True)))
