"""Times as the ledger counts them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_SECONDS = 86_400
DAY_US = DAY_SECONDS * 1_000_000


def microseconds(time: datetime) -> int:
    """Return `time` as microseconds since 1970, UTC."""
    return (time - EPOCH) // MICROSECOND
