"""For who decides by what the warehouse knows: wait until it knows all that was said so far."""

from __future__ import annotations

from streams.kafka.settled import caught_up

__all__ = ["caught_up"]
