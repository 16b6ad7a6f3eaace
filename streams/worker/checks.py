"""What a campaign event is held to beside its shape: its arrival, and the attributes it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.events import Profile
from streams.events.decoding import Rejection
from streams.events.times import microseconds
from streams.people import Attributes

if TYPE_CHECKING:
    from streams.events import CampaignEvent
    from streams.settings import StreamSettings

HOUR_US = 3_600_000_000


class Checks(msgspec.Struct, frozen=True):
    """What every campaign event of a log is held to.

    Attributes:
        partitions: of the topic.
        tolerance_us: how far an event's time may be after its arrival.
        attributes: those that profiles may have.
    """

    partitions: int
    tolerance_us: int
    attributes: Attributes

    def reject(self, event: CampaignEvent, arrived_us: int) -> Rejection | None:
        """Return why an event is set aside, None when it is not."""
        if microseconds(event.time) - arrived_us > self.tolerance_us:
            return Rejection(
                "in_the_future", f"time is {event.time.isoformat()}, after the record's arrival"
            )
        if isinstance(event, Profile) and (fault := self.attributes.fault(event)):
            return fault[1]
        return None

    def kept(self, event: CampaignEvent) -> CampaignEvent:
        """Return an event as it is passed on."""
        return self.attributes.kept(event) if isinstance(event, Profile) else event


def checks_of(settings: StreamSettings) -> Checks:
    """Return what the settings hold campaign events to."""
    return Checks(
        partitions=settings.partitions,
        tolerance_us=settings.future_tolerance_hours * HOUR_US,
        attributes=Attributes.of(settings.attributes, settings.unknown_attributes),
    )
