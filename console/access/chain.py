"""The hash that binds an entry of the audit log to all before it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

START = "0" * 64  # what the first entry follows


def link(previous: str, *, at: datetime, detail: dict[str, Any], **texts: str) -> str:
    """Return the hash of an entry, in hexadecimal digits.

    Args:
        previous: hash of the entry before it, or START.
        at: when; without an offset it is UTC, as the database keeps it.
        detail: what is JSON.
        texts: the entry's other columns.
    """
    moment = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    facts = {"previous": previous, "at": moment.isoformat(), "detail": detail, **texts}
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode()).hexdigest()
