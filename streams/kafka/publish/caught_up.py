"""For decisions based on the warehouse: wait until it knows everything said so far."""

from __future__ import annotations

from streams.kafka.settled import caught_up

__all__ = ["caught_up"]
