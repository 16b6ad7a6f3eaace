"""How a worker ends when it must not go on: at once, with its reason, so that nothing is acked."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

EXIT_FATAL = 70  # EX_SOFTWARE of sysexits.h; supervision starts the process again

log = logging.getLogger(__name__)


def end_process(reason: str, error: BaseException | None = None) -> NoReturn:
    """Log `reason` and leave without cleaning up.

    A crash is the one path that is always tried, so it is the only path: open transactions are
    aborted by the successor's `init_transactions`, and what was not acknowledged is read again.
    """
    log.critical("worker ends: %s", reason, exc_info=error)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(EXIT_FATAL)
