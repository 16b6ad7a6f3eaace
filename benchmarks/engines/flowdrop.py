"""flowdrop itself: `flowdrop worker` with the full ledger, on its own topics."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

from benchmarks.engines import Engine
from local.ports import free_port
from streams.kafka.topics import ACCOUNTS_CHANGELOG
from streams.ledger.accounts import unpack
from tests import keys

if TYPE_CHECKING:
    from benchmarks.place import Place


def _balance(key: bytes, value: bytes) -> tuple[str, int] | None:
    if key.startswith(b"\x00"):
        return None  # the layer's and the partition's own records
    name = key.decode()
    return name, unpack(name, value).posted


def environment(place: Place) -> dict[str, str]:
    """Return the settings that point flowdrop at the run's broker and folder."""
    return {
        "FLOWDROP_KAFKA": place.bootstrap,
        "FLOWDROP_HOME": place.folder,
        **keys.ENV,
        "FLOWDROP_CONFIG": f"{place.folder}/flowdrop.toml",
        "FLOWDROP_PARTITIONS": str(place.partitions),
        "FLOWDROP_WORKER_TOKEN": secrets.token_hex(32),  # nobody asks its web views
    }


ENGINES = (
    Engine(
        name="flowdrop",
        guarantee="exactly once",
        state="memory, changelog",
        command=lambda _: [sys.executable, "-m", "flowdrop", "worker", "--port", str(free_port())],
        env=environment,
        changelog=lambda _: ACCOUNTS_CHANGELOG,
        balance=_balance,
        is_ledger=True,
    ),
)
