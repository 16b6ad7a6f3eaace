"""Where a page or app was looked at from: a network, never an address, so that nobody is followed.

Of an IPv4 address the first 24 bits are kept, of an IPv6 address the first 48: enough to see a data
centre or a robot, and shared by many.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from streams.events.envelope import Envelope

    E = TypeVar("E", bound=Envelope)

IPV4_BITS, IPV6_BITS = 24, 48
AGENT_LENGTH_MAX = 400
_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_WORD = "(0|[1-9a-f][0-9a-f]{0,3})"

_PATTERN = f"^((({_BYTE}[.]){{3}}0/24)|(({_WORD}:){{1,3}}:/48)|(::/48))$"
_NETWORK = re.compile(_PATTERN)
_DESCRIPTION = "of the address: IPv4 cut to /24 (203.0.113.0/24), IPv6 to /48 (2001:db8:1::/48)"

Network = Annotated[
    str, Meta(max_length=20, description=_DESCRIPTION, extra_json_schema={"pattern": _PATTERN})
]
Agent = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=AGENT_LENGTH_MAX,
        description="the user agent, or a class of them",
    ),
]


def network_of(address: str) -> str:
    """Return the network that an address, or a network of more bits, is cut to.

    Raises:
        ValueError: when it is neither.
    """
    found = ip_address(address.partition("/")[0].partition("%")[0].strip())
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(ip_network((found, IPV6_BITS), strict=False))
        found = found.ipv4_mapped
    return str(ip_network((found, IPV4_BITS), strict=False))


def check_network(network: str | None) -> None:
    """Check that a network is cut as far as it must be.

    Raises:
        ValueError: which names the field and what to write.
    """
    if network is not None and not _NETWORK.match(network):
        raise ValueError(
            "`network` must be an IPv4 network of /24 such as 203.0.113.0/24, or an IPv6 network "
            "of /48 such as 2001:db8:1::/48; cut the address"
        )


def without_sender(event: E) -> E:
    """Return an event without network and agent; the event itself when it has neither.

    A page sends its event again when an answer was lost, perhaps from another network by then: it
    is the same event.
    """
    data: Any = event.data
    if getattr(data, "network", None) is None and getattr(data, "agent", None) is None:
        return event
    return msgspec.structs.replace(
        event, data=msgspec.structs.replace(data, network=None, agent=None)
    )
