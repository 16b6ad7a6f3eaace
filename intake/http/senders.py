"""By what a page is looked at: what its browser's request itself says, not what the page claims.

Of the address only the network is kept (`streams/events/network.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

import msgspec

from streams.events import Click, Exposure
from streams.events.naming import odd_in
from streams.events.network import AGENT_LENGTH_MAX, network_of

if TYPE_CHECKING:
    from intake.http.requests import Request
    from streams.events import Event


@dataclass(frozen=True)
class Sender:
    """The network and the user agent of a request, None where they are not known."""

    network: str | None
    agent: str | None

    @classmethod
    def of(cls, request: Request, *, is_behind: bool) -> Sender:
        """Return who sent a request; behind a proxy, whom the proxy says it had it from."""
        address = request.client
        if is_behind:  # whatever stands before the last is the client's own word
            address = request.header(b"x-forwarded-for").rpartition(",")[2].strip()
        return cls(_network(address), _agent(request.header(b"user-agent")))

    def told(self, event: Event) -> Event:
        """Return an exposure or a click as seen by this sender; other events as they are."""
        if not isinstance(event, Exposure | Click):
            return event
        data = msgspec.structs.replace(event.data, network=self.network, agent=self.agent)
        return msgspec.structs.replace(event, data=data)


def _network(address: str) -> str | None:
    try:
        network = network_of(address)
    except ValueError:
        return None
    return None if ip_address(network.partition("/")[0]).is_loopback else network


def _agent(header: str) -> str | None:
    agent = header[:AGENT_LENGTH_MAX].strip()
    return agent if agent and not odd_in(agent) else None
