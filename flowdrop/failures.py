"""What third-party libraries raise, as one sentence with a remedy: no command ends in a traceback.

A failure is recognised by the package that raised it, so none need be imported to catch it.
"""

from __future__ import annotations

import errno

WAYS_OUT = {
    "clickhouse_connect": (
        "ClickHouse",
        "see `flowdrop status`; `flowdrop warehouse check` lists what it can't read",
    ),
    "urllib3": ("ClickHouse", "see `flowdrop status`"),
    "cimpl": ("Kafka", "see `flowdrop status`"),  # confluent-kafka's
    "aiokafka": ("Kafka", "see `flowdrop status`"),
    "sqlalchemy": ("the console's database", "see FLOWDROP_DATABASE in `flowdrop settings`"),
}
LENGTH_MAX = 400


def in_words(error: BaseException) -> str:
    """Return a sentence about `error`, "" for one that is our own bug."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"the disk is full{_at(error)}; make room, then run it again"
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return not_utf8(error.object)
    for cls in type(error).__mro__:
        found = WAYS_OUT.get(cls.__module__.partition(".")[0])
        if found is not None:
            who, way_out = found
            return f"{who}: {_first_line(error)}; {way_out}"
    return ""


def not_utf8(text: str) -> str:
    """Return the refusal of a text that has bytes that are no UTF-8."""
    return f"{text[:80]!r} is no text in UTF-8; write it in UTF-8"


def _at(error: OSError) -> str:
    return f" at {error.filename}" if error.filename else ""


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:LENGTH_MAX]
