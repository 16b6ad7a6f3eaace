"""What campaigns report of people: arms, contacts, exposures, visits, conversions, consent."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from streams.events.envelope import Cents, Data, Envelope, Name, Probability, Time, check_year


class CampaignEvent(Envelope, frozen=True):
    """Base of what campaigns report."""


class AssignmentData(Data, frozen=True):
    """The arm a person was drawn into, and with which probability."""

    campaign: Name
    arm: Name
    probability: Probability


class Assignment(CampaignEvent, frozen=True, tag="flowdrop.campaign.assignment"):
    """A person was assigned to an arm of a randomised campaign; `subject` is the person."""

    data: AssignmentData


class ContactData(Data, frozen=True):
    """A message or offer sent; not an impression. `until` is when the offer ends."""

    campaign: Name
    channel: Name
    cost: Cents | None = None
    until: Time | None = None

    def __post_init__(self) -> None:
        """Check that `until` lies in the allowed years, as every event's `time` must."""
        if self.until is not None:
            check_year("until", self.until)


class Contact(CampaignEvent, frozen=True, tag="flowdrop.campaign.contact"):
    """A campaign contacted a person."""

    data: ContactData


class ExposureData(Data, frozen=True):
    """An impression: share of pixels in view, for how long, in which format."""

    campaign: Name
    channel: Name
    format: Literal["display", "large_display", "video"]
    pixels: Annotated[float, Meta(ge=0, le=1)] | None = None
    seconds: Annotated[float, Meta(ge=0)] | None = None
    cost: Cents | None = None
    paid: bool = False


class Exposure(CampaignEvent, frozen=True, tag="flowdrop.campaign.exposure"):
    """An advertisement was served to a person."""

    data: ExposureData


class ClickData(Data, frozen=True):
    """A click on a campaign's message or advertisement."""

    campaign: Name
    channel: Name


class Click(CampaignEvent, frozen=True, tag="flowdrop.campaign.click"):
    """A person clicked."""

    data: ClickData


class VisitData(Data, frozen=True):
    """A visit to the advertiser's site or shop."""

    campaign: Name


class Visit(CampaignEvent, frozen=True, tag="flowdrop.campaign.visit"):
    """A person visited the advertiser."""

    data: VisitData


class ConversionData(Data, frozen=True):
    """What the campaign is for: a purchase, a redemption; `value` is its revenue in cents."""

    campaign: Name
    value: Cents | None = None
    item: Name | None = None


class Conversion(CampaignEvent, frozen=True, tag="flowdrop.campaign.conversion"):
    """A person converted."""

    data: ConversionData


class ConsentData(Data, frozen=True):
    """Whether a person may be contacted, over which channel (`*` for all).

    The channel `adult` says whether they are of age: a minor may not be contacted over any.
    """

    channel: Name
    granted: bool


class Consent(CampaignEvent, frozen=True, tag="flowdrop.campaign.consent"):
    """A person gave or withdrew consent."""

    data: ConsentData
