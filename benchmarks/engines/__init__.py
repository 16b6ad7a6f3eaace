"""The engines under test: each a module here that says how its process is started.

`python -m benchmarks.engines.<name> BOOTSTRAP SOURCE RESULTS GROUP FOLDER PARTITIONS` runs one.
A module may be run in an environment that has little but the engine, so this one imports nothing
that an engine brings.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.place import Place

Guarantee = Literal["exactly once", "at least once", "none"]

# In the order of the table.
MODULES = (
    "flowdrop",
    "layer",
    "confluent_kafka",
    "aiokafka",
    "kafka_streams",
    "faust",
    "quixstreams",
    "bytewax",
)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One line of the table.

    Attributes:
        name: as the table and `--engines` say it.
        guarantee: what its results and state guarantee when the process dies.
        state: where balances live, and what makes them durable.
        command: from where it reads and writes to its process's arguments.
        env: what its process's environment has besides ours.
        changelog: the topic of its durable state, `None` when it has none.
        makes_changelog: the harness creates that topic, since the engine would not.
        balance: an account and its balance from a changelog record's key and value.
        is_ledger: it is the full ledger, on its own topics and events' whole meaning.
        missing: why it can't run here, in a sentence; empty when it can.
        events_max: what it can finish in reasonable time.
        is_slow: left out of `--quick`.
    """

    name: str
    guarantee: Guarantee
    state: str
    command: Callable[[Place], Sequence[str]]
    env: Callable[[Place], Mapping[str, str]] = lambda _: {}
    changelog: Callable[[Place], str] | None = None
    makes_changelog: bool = False
    balance: Callable[[bytes, bytes], tuple[str, int] | None] | None = None
    is_ledger: bool = False
    missing: Callable[[], str] = lambda: ""
    events_max: int = 10**9
    is_slow: bool = False


def all_engines() -> list[Engine]:
    """Return every engine, in the order of the table."""
    found: list[Engine] = []
    for name in MODULES:
        found += importlib.import_module(f"{__name__}.{name}").ENGINES
    return found
