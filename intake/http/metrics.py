"""What the intake tells Prometheus: one call a request, never one an event."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("flowdrop_intake_events", "Events by what they were told.", ["outcome", "reason"])
ACCEPTED = EVENTS.labels("accepted", "")
REQUESTS = Counter("flowdrop_intake_requests", "Requests by their answer.", ["status", "error"])
WAITING = Gauge("flowdrop_intake_waiting_events", "Events that Kafka has not acknowledged.")
SECONDS = Histogram(
    "flowdrop_intake_acknowledge_seconds",
    "From handing a request's events to Kafka until it has them all.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
