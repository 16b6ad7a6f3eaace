"""What a command publishes through: it sends, and reports afterwards what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowdrop.output import say
from streams.kafka.publish import publish_records, records_of
from streams.kafka.publish.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.events import Event
    from streams.kafka.publish.records import Record
    from streams.kafka.publish.told import Told


class Outbox:
    """Sends events, and reports what became of them.

    Args:
        bootstrap: Kafka's address.
        partitions: of every topic.
        wait: whether anybody is going to ask.
    """

    def __init__(self, bootstrap: str, partitions: int, *, wait: bool = True) -> None:
        self._bootstrap = bootstrap
        self._partitions = partitions
        self._telling = Telling(bootstrap, partitions) if wait else None

    def __call__(
        self, published: Iterable[Event], *, on_sent: Callable[[int], object] | None = None
    ) -> int:
        """Send events; return how many Kafka acknowledged, which is all of them."""
        return self.send(records_of(published, self._partitions), on_sent=on_sent)

    def send(
        self, records: Iterable[Record], *, on_sent: Callable[[int], object] | None = None
    ) -> int:
        """Send records; return how many Kafka acknowledged, which is all of them."""
        on_ack = self._telling.on_ack if self._telling is not None else None
        return publish_records(records, self._bootstrap, on_sent=on_sent, on_ack=on_ack)

    def told(self) -> Told | None:
        """Wait until a worker has judged it, and return what became of it; None if nobody asks."""
        return self._telling.told() if self._telling is not None else None


def end(told: Told | None) -> None:
    """Report the outcome, and end the command with status 1 unless all is well."""
    if told is not None:
        say(told.words())
        if not told.is_well:
            raise SystemExit(1)
