"""`flowdrop`, killed by kill -9 as soon as Kafka has so many records of what it publishes.

    python tests/intake/dying.py RECORDS import run shop.toml orders.csv

Whoever watches from outside may be too late; this one dies in the middle for certain.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from flowdrop.cli import main
from streams.kafka.publish import Progress

if TYPE_CHECKING:
    from streams.kafka.publish import Record


def die_after(records: int) -> None:
    """Have this process killed once so many records are acknowledged."""
    on_ack, acknowledged = Progress.on_ack, 0

    def counted(progress: Progress, record: Record, offset: int = -1) -> None:
        nonlocal acknowledged
        on_ack(progress, record, offset)
        acknowledged += 1
        if acknowledged == records:
            os.kill(os.getpid(), signal.SIGKILL)

    Progress.on_ack = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    die_after(int(sys.argv.pop(1)))
    main()
