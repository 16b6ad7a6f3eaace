"""Where an engine reads and writes: what its process is told on the command line."""

from __future__ import annotations

import sys
from typing import NamedTuple


class Place(NamedTuple):
    """Addresses and names for one run of one engine.

    Attributes:
        bootstrap: Kafka's address.
        source: the topic of events.
        results: the topic of results, one for each event.
        group: application id, consumer group and prefix of the changelog's name.
        folder: an empty folder of the run's own.
        partitions: of every topic.
    """

    bootstrap: str
    source: str
    results: str
    group: str
    folder: str
    partitions: int

    @property
    def changelog(self) -> str:
        """The changelog's name, as Faust and Kafka Streams build it."""
        return f"{self.group}-balances-changelog"

    def argv(self, module: str, python: str = sys.executable) -> list[str]:
        """Return the command that runs an engine's module here."""
        return [python, "-m", module, *map(str, self)]

    @classmethod
    def from_argv(cls) -> Place:
        """Return what this process was told."""
        bootstrap, source, results, group, folder, partitions = sys.argv[1:]
        return cls(bootstrap, source, results, group, folder, int(partitions))
