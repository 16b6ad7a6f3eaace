"""Publish a source of events to Kafka: at a rate, up to a limit, spoiled or not, and report it.

Ctrl-C ends a replay between two events, and what was handed over is still acknowledged. However a
replay ends early, running the same one again resumes where it was.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from contextlib import contextmanager
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from flowdrop.output import say
from flowdrop.progress import progress as progress_bar
from flowdrop.settings import Addresses, load
from scenarios.disorder import Disorder, Shares
from scenarios.source import EPOCH, MICROSECOND
from scenarios.spoil import Spoiler
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC
from streams.kafka.publish import Progress, log_of, publish_records, require_topics
from streams.kafka.publish.telling import Telling
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from scenarios.source import Ready, Supply
    from scenarios.spoil import Record
    from streams.kafka.publish.told import Told

SLEEP_SECONDS_MIN = 0.01
SLEEP_SECONDS_MAX = 0.1
ADVANCE_EVENTS = 500
GO_ON = "run it again to resume where it was"


class Options(NamedTuple):
    """How to replay.

    rate: events per second, or None for as fast as possible.
    until: only events before this moment.
    limit: only the first this many events.
    spoil: the share of records to which a broken copy is added.
    seed: chooses which, and how.
    disorder: which share arrives late, twice, in another order, or by a wrong clock.
    wait: whether to wait until a worker has judged all of it, and report what became of it.
    """

    rate: int | None = None
    until: datetime | None = None
    limit: int | None = None
    spoil: float = 0.0
    seed: int = 1
    disorder: Shares = Shares()
    wait: bool = True

    @property
    def is_orderly(self) -> bool:
        """Whether the events are sent as they are: then none should arrive wrongly."""
        return not (self.spoil or any(self.disorder))

    def key(self) -> dict[str, object]:
        """Return what determines which records are sent."""
        own = self._asdict() | {"until": self.until and self.until.isoformat()}
        return {name: own[name] for name in own if name not in {"rate", "wait"}}


class Summary(NamedTuple):
    """What was published and acknowledged.

    events: by CloudEvents type.
    records: how many this run sent, broken copies included.
    resumed: how many Kafka had from an earlier run that was interrupted.
    first, last: times of the first and last event.
    spoiled: broken copies by way; None when nothing was to be spoiled.
    disordered: records by what happened to them; None when nothing was to.
    complete: False when Ctrl-C ended it early.
    told: what became of the records this run sent; None when nobody waited for it.
    """

    events: dict[str, int]
    records: int
    resumed: int
    first: datetime | None
    last: datetime | None
    seconds: float
    spoiled: dict[str, int] | None
    disordered: dict[str, int] | None
    complete: bool
    told: Told | None


class Tally:
    """Hands events on, at a rate, counting them by type, until told to stop."""

    def __init__(self, rate: int | None) -> None:
        self.rate = rate
        self.stopped = False
        self._first_us: int | None = None
        self._last_us: int | None = None
        self._kinds: Counter[str] = Counter()
        self._free = 0
        self._begin = time.monotonic()

    def over(self, events: Iterable[Ready], advance: Callable[[int], object]) -> Iterator[Ready]:
        """Yield `events`; `advance` is called now and then with how many more were handed on."""
        self._begin = time.monotonic()
        shown = 0
        for number, event in enumerate(events):
            due = self._begin + (number - self._free) / self.rate if self.rate else self._begin
            early = due - time.monotonic() > SLEEP_SECONDS_MIN
            if early or number - shown >= ADVANCE_EVENTS:
                advance(number - shown)
                shown = number
            if early:
                self._sleep_until(due)
            if self.stopped:
                break
            self._kinds[event.type] += 1
            if self._first_us is None:
                self._first_us = event.time_us
            self._last_us = event.time_us
            yield event
        advance(self._kinds.total() - shown)

    def skip(self) -> None:
        """Let a record that was not sent take no time."""
        self._free = self._kinds.total()
        self._begin = time.monotonic()

    def by_type(self) -> dict[str, int]:
        """Return how many events of each CloudEvents type were handed on."""
        return dict(self._kinds)

    @property
    def first(self) -> datetime | None:
        """When the first event handed on happened."""
        return _moment(self._first_us)

    @property
    def last(self) -> datetime | None:
        """When the last event handed on happened."""
        return _moment(self._last_us)

    def _sleep_until(self, moment: float) -> None:
        """Sleep in short intervals, so that a stop is not kept waiting."""
        while not self.stopped and (left := moment - time.monotonic()) > 0:
            time.sleep(min(left, SLEEP_SECONDS_MAX))


def _moment(time_us: int | None) -> datetime | None:
    return None if time_us is None else EPOCH + time_us * MICROSECOND


def run(
    name: str,
    supply: Callable[[datetime | None, int], Supply],
    options: Options,
    city: Mapping[str, object] | None = None,
) -> Summary:
    """Publish a supply of events in time order; return once Kafka has them all.

    Args:
        name: of the scenario.
        supply: gives the events before a moment, if there is one, for this many partitions.
        options: how.
        city: what else determines which events they are.

    Raises:
        click.ClickException: when Kafka can't be reached, lacks the topics, or refuses a record.
    """
    bootstrap, partitions = load(Addresses).kafka, load(StreamSettings).partitions
    require_topics(bootstrap, partitions, WALLET_TOPIC, CAMPAIGN_TOPIC)
    log = log_of(bootstrap, WALLET_TOPIC, CAMPAIGN_TOPIC)
    own = {"replay": name, **options.key(), **(city or {})}
    progress = Progress({**own, "partitions": partitions, "log": log})
    telling = Telling(bootstrap, partitions) if options.wait else None
    total, events = supply(options.until, partitions)
    if options.limit is not None:
        total, events = min(total, options.limit), islice(events, options.limit)
    tally, spoiler = Tally(options.rate), Spoiler(options.spoil, options.seed)
    disorder = Disorder(options.disorder, options.seed)
    disorderly = any(options.disorder)
    begin = time.monotonic()
    with _stopping(tally), _kept(progress), _bar(name, total) as advance:
        records: Iterator[Record] = map(attrgetter("record"), tally.over(events, advance))
        if disorderly:
            records = disorder.disturb(records)
        if options.spoil:
            records = spoiler.spoil(records)
        sent = publish_records(
            progress.rest(records, tally.skip),
            bootstrap,
            on_ack=_both(progress, telling),
            go_on=GO_ON,
        )
    if not tally.stopped:
        progress.done()
    seconds = round(time.monotonic() - begin, 3)
    return Summary(
        events=tally.by_type(),
        records=sent,
        resumed=progress.skipped,
        first=tally.first,
        last=tally.last,
        seconds=seconds,
        spoiled=dict(spoiler.counts) if options.spoil else None,
        disordered=dict(disorder.counts) if disorderly else None,
        complete=not tally.stopped,
        told=telling.told() if telling is not None and not tally.stopped else None,
    )


def ended_well(summary: Summary, options: Options) -> bool:
    """Return whether everything was judged, and nothing sent as it should be was lost."""
    told = summary.told
    if told is None:
        return True
    return not told.untold and (told.is_well or not options.is_orderly)


def _both(progress: Progress, telling: Telling | None) -> Callable[[Record, int], None]:
    """Return what is called with each record that Kafka has."""

    def on_ack(record: Record, offset: int) -> None:
        progress.on_ack(record)
        if telling is not None:
            telling.on_ack(record, offset)

    return on_ack


@contextmanager
def _kept(progress: Progress) -> Iterator[None]:
    """Report where the replay resumes, and record how far it came, however it ends."""
    if progress.before:
        say(
            f"an earlier run of this replay was interrupted after {progress.before:,} records; "
            "resuming after them"
        )
    try:
        yield
    finally:
        progress.save()


@contextmanager
def _bar(name: str, total: int) -> Iterator[Callable[[int], Any]]:
    """Show a progress bar and give the function that advances it."""
    with progress_bar() as bar:
        task = bar.add_task(f"replay {name}", total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def _stopping(tally: Tally) -> Iterator[None]:
    """Let the first Ctrl-C end the replay between two events, and a second end it at once."""

    def stop(_signal: int, _frame: object) -> None:
        tally.stopped = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    except KeyboardInterrupt:
        raise click.ClickException(
            f"stopped before Kafka had acknowledged everything; {GO_ON}"
        ) from None
    finally:
        signal.signal(signal.SIGINT, before)
