"""What the agents report to Prometheus about events: one call per batch, never per event.

ended: Counter[Ended] = Counter()
for record in batch:
    ...
    ended["refused", "frozen"] += 1
count(batch.topic, ended)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from prometheus_client import Counter, start_http_server

if TYPE_CHECKING:
    from collections.abc import Mapping

# What became of an event (applied, refused, repeat, forwarded, deadletter, ...) and why, or "".
Ended: TypeAlias = tuple[str, str]

EVENTS = Counter("flowdrop_events", "Events by what became of them.", ["topic", "outcome"])
REFUSALS = Counter("flowdrop_refusals", "Refused events by the refusal's name.", ["reason"])
DEADLETTERS = Counter("flowdrop_deadletters", "Records set aside.", ["topic", "reason"])


def count(topic: str, ended: Mapping[Ended, int]) -> None:
    """Add a batch's events of `topic`, as often as each `(outcome, reason)` occurred.

    They are counted when folded: a batch that is folded again after a crash counts again, in a new
    process.
    """
    for (outcome, reason), events in ended.items():
        EVENTS.labels(topic, outcome).inc(events)
        if outcome == "refused":
            REFUSALS.labels(reason).inc(events)
        elif outcome == "deadletter":
            DEADLETTERS.labels(topic, reason).inc(events)


def serve(host: str, port: int) -> None:
    """Serve `/metrics` on a port of its own, for a process without web views; 0 for none."""
    if port:
        start_http_server(port, host)
