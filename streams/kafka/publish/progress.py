"""How far a publication came, kept in a small file, so that it resumes where it was.

It counts, for each partition, the records that Kafka has acknowledged, and keeps a checksum of
them. Whoever publishes the same again makes the same records and skips as many; if they were
different, the checksum would show it.
"""

from __future__ import annotations

import json
import os
import time
from hashlib import blake2b
from typing import TYPE_CHECKING, NoReturn
from zlib import crc32

import click
from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient

from flowdrop.places import home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from streams.kafka.publish.records import Record

    Place = tuple[str, int]

FOLDER = "publishing"
SAVE_SECONDS = 1.0
ANSWER_SECONDS_MAX = 10.0


class Reached:
    """How many records of a partition, and the checksum of their values."""

    __slots__ = ("checksum", "count")

    def __init__(self, count: int = 0, checksum: int = 0) -> None:
        self.count = count
        self.checksum = checksum

    def add(self, record: Record) -> None:
        """Count one more."""
        self.count += 1
        self.checksum = crc32(record[3] or b"", self.checksum)


class Progress:
    """What Kafka has of the records named by `key`.

    Args:
        key: whatever determines which records they are, and into which log they go; see `log_of`.
    """

    def __init__(self, key: Mapping[str, object]) -> None:
        self.skipped = 0
        self._key = dict(key)
        name = blake2b(json.dumps(self._key, sort_keys=True).encode(), digest_size=8).hexdigest()
        self._path = home() / FOLDER / f"{name}.json"
        self._before = _read(self._path)
        self._reached: dict[Place, Reached] = {}
        self._saved = -SAVE_SECONDS  # the first record is written down at once

    @property
    def before(self) -> int:
        """How many records Kafka had from an earlier run that did not finish."""
        return sum(reached.count for reached in self._before.values())

    def rest(
        self, records: Iterable[Record], on_skip: Callable[[], object] = lambda: None
    ) -> Iterator[Record]:
        """Yield the records that Kafka does not have; `on_skip` is called for each other.

        Raises:
            click.ClickException: if the skipped ones are not those that it has.
        """
        left = {place: reached.count for place, reached in self._before.items()}
        for record in records:
            place = record[:2]
            if left.get(place, 0):
                left[place] -= 1
                self.skipped += 1
                self._reach(record)
                if not left[place] and self._reached[place].checksum != (
                    self._before[place].checksum
                ):
                    self._begin_anew()
                on_skip()
                continue
            yield record

    def on_ack(self, record: Record, _offset: int = -1) -> None:
        """Count a record that Kafka has; the file follows with the first, then once a second."""
        self._reach(record)
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Write down what Kafka has."""
        places = {}
        for place in self._before.keys() | self._reached.keys():
            before, now = self._before.get(place, Reached()), self._reached.get(place, Reached())
            furthest = before if before.count > now.count else now
            places[f"{place[0]}:{place[1]}"] = [furthest.count, furthest.checksum]
        if places:
            _write(self._path, json.dumps({"of": self._key, "acknowledged": places}, indent=2))
        self._saved = time.monotonic()

    def done(self) -> None:
        """Forget it: the publication is complete."""
        self._path.unlink(missing_ok=True)

    def _reach(self, record: Record) -> None:
        place = record[:2]
        reached = self._reached.get(place)
        if reached is None:
            reached = self._reached[place] = Reached()
        reached.add(record)

    def _begin_anew(self) -> NoReturn:
        self.done()
        raise click.ClickException(
            "an earlier run was interrupted, and what it sent is not what this one would send, so "
            "it can't be resumed; run it once more to send everything: what is already there "
            "changes nothing"
        )


def log_of(bootstrap: str, *topics: str) -> dict[str, str]:
    """Return what distinguishes a cluster and its topics from others of the same names.

    Raises:
        confluent_kafka.KafkaException: when Kafka does not answer.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    described = admin.describe_topics(
        TopicCollection(list(topics)), request_timeout=ANSWER_SECONDS_MAX
    )
    return {name: str(future.result().topic_id) for name, future in described.items()}


def _read(path: Path) -> dict[Place, Reached]:
    try:
        found = json.loads(path.read_text())["acknowledged"]
        return {_place(name): Reached(*reached) for name, reached in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError):
        return {}  # cut short: everything is sent again, which changes nothing


def _place(name: str) -> Place:
    topic, _, partition = name.rpartition(":")
    return topic, int(partition)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    other = path.with_suffix(f".{os.getpid()}")
    other.touch(mode=0o600)
    other.write_text(text)
    other.replace(path)
