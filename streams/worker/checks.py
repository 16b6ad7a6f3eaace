"""What a campaign event is held to beside its shape: its arrival, and the attributes it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

from streams.events import Profile, ProfileData
from streams.events.decoding import Rejection
from streams.events.times import microseconds
from streams.people import Catalogue, load

if TYPE_CHECKING:
    from streams.events import CampaignEvent
    from streams.settings import StreamSettings

HOUR_US = 3_600_000_000
_SHOWN_CHARACTERS_MAX = 80


class Checks(msgspec.Struct, frozen=True):
    """What every campaign event of a log is held to.

    Attributes:
        partitions: of the topic.
        tolerance_us: how far an event's time may be after its arrival.
        catalogue: the attributes that are known of people.
        unknown: what becomes of others.
    """

    partitions: int
    tolerance_us: int
    catalogue: Catalogue
    unknown: Literal["keep", "drop", "refuse"] = "keep"

    def reject(self, event: CampaignEvent, arrived_us: int) -> Rejection | None:
        """Return why an event is set aside, None when it is not."""
        if microseconds(event.time) - arrived_us > self.tolerance_us:
            return Rejection(
                "in_the_future", f"time is {event.time.isoformat()}, after the record's arrival"
            )
        return self._reject_profile(event.data) if isinstance(event, Profile) else None

    def _reject_profile(self, data: ProfileData) -> Rejection | None:
        for name, wanted in self.catalogue.faults(data.attributes):
            shown = repr(data.attributes[name])[:_SHOWN_CHARACTERS_MAX]
            return Rejection(
                "bad_attribute", f"data.attributes.{name} = {shown}: it must be {wanted}"
            )
        unknown = self.catalogue.unknown(data.attributes)
        if unknown and self.unknown == "refuse":
            return Rejection(
                "unknown_attribute",
                f"data.attributes.{unknown[0]}: the catalogue has no such attribute; add it there, "
                "or set FLOWDROP_UNKNOWN_ATTRIBUTES to keep or drop",
            )
        return None

    def kept(self, event: CampaignEvent) -> CampaignEvent:
        """Return an event without the attributes that the setting drops; they may be all."""
        if self.unknown != "drop" or not isinstance(event, Profile):
            return event
        known = self.catalogue.attributes
        attributes = {name: own for name, own in event.data.attributes.items() if name in known}
        return replace(event, data=ProfileData(attributes=attributes))


def checks_of(settings: StreamSettings) -> Checks:
    """Return what the settings hold campaign events to."""
    return Checks(
        partitions=settings.partitions,
        tolerance_us=settings.future_tolerance_hours * HOUR_US,
        catalogue=load(settings.attributes),
        unknown=settings.unknown_attributes,
    )
