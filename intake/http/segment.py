"""Segment's calls as rows for a mapping: their time put right, their traits as attributes.

A client's clock may be wrong. It says when it sent the call (`sentAt`), and by how much that is off
our own time, the call's `timestamp` is moved, in whole minutes: a call that is sent again some
seconds later keeps its time, so that it is a repeat and no conflict.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from intake.http.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Call = dict[str, Any]

MINUTE = timedelta(minutes=1)
DEPTH_MAX = 3
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_NAME = re.compile(r"[^a-z0-9]+")


def calls_of(kind: str, content: Call, received: datetime) -> list[Call]:
    """Return the calls of a request to `/v1/KIND` as rows.

    Raises:
        ProblemError: 400, when a batch has none.
    """
    if kind != "batch":
        return [_row({**content, "type": kind}, content.get("sentAt"), received)]
    calls = content.get("batch")
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise ProblemError(400, "not_a_batch", "`batch` must be a list of calls")
    return [_row(call, call.get("sentAt", content.get("sentAt")), received) for call in calls]


def _row(call: Call, sent: object, received: datetime) -> Call:
    row = {**call, "timestamp": _corrected(call, sent, received)}
    traits = call.get("traits")
    if isinstance(traits, dict):
        row["traits"] = dict(_attributes(traits, "", DEPTH_MAX)) or None
    return row


def _corrected(call: Call, sent: object, received: datetime) -> object:
    """Return a call's time by our clock; as it says if that can't be known."""
    told = call.get("timestamp") or call.get("originalTimestamp") or sent
    if told is None:
        return received
    if "receivedAt" in call:  # by somebody who has put it right already
        return told
    time, sent_at = _time(told), _time(sent)
    if time is None or sent_at is None:
        return told
    try:
        return time + round((received - sent_at) / MINUTE) * MINUTE
    except OverflowError:
        return told


def _time(told: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def _attributes(traits: Call, before: str, depth: int) -> Iterator[tuple[str, object]]:
    """Yield traits by the names that attributes have: `homeTown` is `home_town`, `a.b` `a_b`.

    `2fa` is `t_2fa`; a name without a Latin letter or a digit has none, and is left out.
    """
    for name, value in traits.items():
        plain = _NO_NAME.sub("_", _HUMP.sub("_", name).lower()).strip("_")
        if not plain:
            continue
        if not before and plain[0].isdigit():
            plain = f"t_{plain}"
        if isinstance(value, dict) and depth:
            yield from _attributes(value, f"{before}{plain}_", depth - 1)
        elif value != "":
            yield f"{before}{plain}", value
