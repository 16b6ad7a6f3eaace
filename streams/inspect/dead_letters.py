"""Dead letters for people: read from their topic, shown, sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from streams.events import DEADLETTER_TOPIC, partition_of
from streams.kafka.deadletters import Place, headers_of, place_of
from streams.kafka.log import headers as batch_headers
from streams.kafka.log import messages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.kafka.publish.outbox import Outbox

PREVIEW_CHARS = 60


class DeadLetter(NamedTuple):
    """A record that was set aside; `key` and `value` are its own bytes."""

    place: Place
    reason: str
    detail: str
    key: bytes | None
    value: bytes | None

    def text(self) -> str:
        """Return the value as text; bytes that are not UTF-8 are shown as escapes."""
        return "(null)" if self.value is None else self.value.decode(errors="backslashreplace")

    def row(self) -> dict[str, Any]:
        """Return it as a row of a listing."""
        text = self.text()
        return {
            "place": ":".join(map(str, self.place)),
            "reason": self.reason,
            "detail": self.detail,
            "key": None if self.key is None else self.key.decode(errors="backslashreplace"),
            "bytes": len(self.value or b""),
            "begins": text[:PREVIEW_CHARS] + ("…" if len(text) > PREVIEW_CHARS else ""),
        }


def dead_letters(bootstrap: str, partitions: int) -> Iterator[DeadLetter]:
    """Read every dead letter, one partition after another."""
    for number in range(partitions):
        yield from _partition(bootstrap, number)


def _partition(bootstrap: str, number: int) -> Iterator[DeadLetter]:
    for got in messages(bootstrap, DEADLETTER_TOPIC, number):
        for message in got:
            headers = headers_of(batch_headers(message))
            yield DeadLetter(
                place_of(headers),
                headers["reason"],
                headers["detail"],
                message.key(),
                None if "null" in headers else message.value() or b"",
            )


def dead_letter(bootstrap: str, place: Place) -> DeadLetter:
    """Return the dead letter of the record that stood at `place`.

    Raises:
        click.ClickException: when that record was not set aside.
    """
    for letter in _partition(bootstrap, place.partition):
        if letter.place == place:
            return letter
    raise click.ClickException(
        f"no dead letter of {':'.join(map(str, place))}; see `flowdrop deadletters list`"
    )


PARTITIONS_MAX, OFFSETS_MAX = 2**31, 2**63  # what Kafka counts with


def parse_place(text: str) -> Place:
    """Return the place written as `topic:partition:offset`.

    Raises:
        click.ClickException: when it is not written so.
    """
    topic, _, rest = text.partition(":")
    partition, _, offset = rest.partition(":")
    is_place = topic and partition.isdecimal() and offset.isdecimal()
    if not is_place or int(partition) >= PARTITIONS_MAX or int(offset) >= OFFSETS_MAX:
        raise click.ClickException(
            f"place {text!r} is not topic:partition:offset, as in wallet.events:3:1742"
        )
    return Place(topic, int(partition), int(offset))


def retry(outbox: Outbox, letter: DeadLetter, value: bytes | None, partitions: int) -> int:
    """Send `value` to the topic the dead letter came from, under its own key.

    Returns:
        The partition it was sent to: the key's owner, or the old one for a record without a key.
    """
    key = letter.key
    home = letter.place.partition
    if key:
        home = partition_of(key.decode(errors="replace"), partitions)
    outbox.send([(letter.place.topic, home, key, value)])
    return home
