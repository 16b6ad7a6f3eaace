"""What every scenario is: so many events, in time order."""

from __future__ import annotations

import heapq
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.events import Event


class Source(NamedTuple):
    """Events of a data set in time order; `events` is made as it is read, once."""

    total: int
    events: Iterator[Event]


def merged(*kinds: Iterable[Event]) -> Iterator[Event]:
    """Merge kinds of events, each in time order, into one time order.

    At the same time the kind named first comes first, so that a wallet is open before it earns
    and a contact precedes what it led to.
    """
    return heapq.merge(*kinds, key=attrgetter("time"))
