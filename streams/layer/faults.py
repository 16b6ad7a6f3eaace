"""How a worker ends when it must not continue, and the points at which tests make it die."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from flowdrop.places import told

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_FATAL = 70  # EX_SOFTWARE of sysexits.h; supervision starts the process again

# In the order in which a worker passes them; docs/exactness.md argues for each.
CRASH_POINTS = {
    "assigned": "partitions are ours, their producers not yet open",
    "opened": "init_transactions has fenced the predecessor, a transaction is begun",
    "recovered": "the changelog is read to its end",
    "before_fold": "a batch is about to be folded",
    "folded": "the batch is in the open content, nothing is produced",
    "before_produce": "the open content was taken for a transaction",
    "mid_produce": "results and legs have reached the broker, changed state has not",
    "produced": "everything was handed to the producer, part of it may be on its way",
    "before_commit": "everything has reached the broker, the commit was not requested",
    "committed": "the broker has said that the transaction is committed",
    "before_ack": "the state is settled, the source not acknowledged",
    "acked": "the source is acknowledged",
    "before_close": "the partition is given up, its producer still open",
    "closed": "the producer is closed",
    # the feed
    "before_insert": "rows are ready, the insert was not sent",
    "inserted": "ClickHouse has acknowledged the insert, the source is not acknowledged",
    "feed_acked": "the source is acknowledged",
}

log = logging.getLogger(__name__)


def end_process(reason: str, error: BaseException | None = None) -> NoReturn:
    """Log `reason` and leave without cleaning up.

    A crash is the one path that is always exercised, so it is the only path: open transactions are
    aborted by the successor's `init_transactions`, and what was not acknowledged is read again.
    """
    log.critical("worker ends: %s", reason, exc_info=error)
    if path := told("FLOWDROP_LAST_WORDS"):  # where supervision looks for the reason
        Path(path).write_text(reason)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(EXIT_FATAL)


def _never(point: str, before: Callable[[], object] | None = None) -> None:
    """Do nothing."""


def _dies_at(wish: str) -> Callable[..., None]:
    """Return a function that kills the process at `<point>:<n>`, when it passes there the nth time.

    `before` runs first, to bring about what the point is named for.
    """
    chosen, _, nth = wish.partition(":")
    if chosen not in CRASH_POINTS or not nth.isdecimal() or int(nth) < 1:
        sys.exit(
            f"FLOWDROP_CRASH_AT={wish} is not <point>:<n> with one of {', '.join(CRASH_POINTS)}"
        )
    passed = itertools.count(1)

    def reached(point: str, before: Callable[[], object] | None = None) -> None:
        if point == chosen and next(passed) == int(nth):
            if before is not None:
                before()
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


# Chosen once, at import: a worker that is not to die pays one empty call per batch.
reached = _dies_at(wish) if (wish := told("FLOWDROP_CRASH_AT")) else _never
