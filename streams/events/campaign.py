"""What campaigns are, and what they report of people: arms, contacts, exposures, consent."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from streams.events.envelope import (
    Cents,
    Coins,
    Data,
    Envelope,
    Name,
    Probability,
    Time,
    Title,
    check_year,
)
from streams.events.network import Agent, Network, check_network

Format = Literal["display", "large_display", "video"]
MetricName = Literal[
    "visit_rate",
    "conversion_rate",
    "value_per_person",
    "value_per_purchase",
    "purchase_p50",
    "purchase_p90",
]
# What `campaign:` can stand before in a subject.
DescribedName = Annotated[str, Meta(min_length=1, max_length=119)]
WindowDays = Annotated[int, Meta(ge=0, le=90, description="of attribution, in days")]


class CampaignEvent(Envelope, frozen=True):
    """Base of what campaigns report."""


class Creative(Data, frozen=True):
    """One advertisement of a campaign: its format, and what the advertiser pays for."""

    name: Name
    format: Format | None = None
    cost_model: Literal["cpm", "cpc", "cpa", "flat"] | None = None
    cost: Cents | None = None


class Measurement(Data, frozen=True):
    """How a campaign's effect will be measured; the first that is recorded of a campaign applies.

    `people` are planned, of all arms; `tuned_at` is how many people of both arms, who did it, an
    always-valid reading is tightest at; `smallest_lift` is the least that matters, a share.
    """

    design: Literal["fixed", "group-sequential", "always-valid"]
    goals: Annotated[tuple[MetricName, ...], Meta(min_length=1, max_length=6)]
    guardrails: Annotated[tuple[MetricName, ...], Meta(max_length=6)] = ()
    people: Annotated[int, Meta(ge=1, le=10**10)] | None = None
    end: Time | None = None
    tuned_at: Annotated[int, Meta(ge=1, le=10**10)] | None = None
    smallest_lift: Annotated[float, Meta(gt=0, le=100)] | None = None

    def __post_init__(self) -> None:
        """Hold a reading on the way to an end to have one, and a metric to be named once."""
        if self.end is not None:
            check_year("end", self.end)
        if self.design == "group-sequential" and self.end is None:
            raise ValueError("`design` group-sequential needs an `end`")
        names = (*self.goals, *self.guardrails)
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"`goals` and `guardrails` name {twice[0]!r} twice")


class DescribeData(Data, frozen=True):
    """What a campaign is; whatever is left out is not known.

    `coin_microcents` is the price of one coin to this advertiser, in millionths of a cent.
    """

    campaign: DescribedName
    advertiser: Name | None = None
    title_en: Title | None = None
    title_zh: Title | None = None
    goal: Literal["reach", "visits", "conversions", "value"] | None = None
    begin: Time | None = None
    end: Time | None = None
    budget: Coins | None = None
    channels: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    creatives: Annotated[tuple[Creative, ...], Meta(max_length=200)] = ()
    coin_microcents: Annotated[int, Meta(ge=0, le=10**13)] | None = None
    click_window_days: WindowDays = 7
    view_window_days: WindowDays = 1
    measurement: Measurement | None = None

    def __post_init__(self) -> None:
        """Hold its times to the years a time may lie in, and its end to come after its begin."""
        for field in ("begin", "end"):
            if (time := getattr(self, field)) is not None:
                check_year(field, time)
        if self.begin is not None and self.end is not None and self.end <= self.begin:
            raise ValueError("`end` must be later than `begin`")
        names = [creative.name for creative in self.creatives]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"`creatives` has {twice[0][:80]!r} twice; each has a name of its own")


class Describe(CampaignEvent, frozen=True, tag="flowdrop.campaign.describe"):
    """What a campaign is, from this time on; `subject` is `campaign:` and its name."""

    data: DescribeData

    def __post_init__(self) -> None:
        """Hold the subject to the campaign, whose descriptions are then in one order."""
        if self.subject != (wanted := f"campaign:{self.data.campaign}"):
            raise ValueError(f"`subject` must be {wanted!r}")


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
    """An impression: share of pixels in view, for how long, in which format.

    `network` and `agent` say by what it was looked at; invalid traffic is told by them.
    """

    campaign: Name
    channel: Name
    format: Format
    pixels: Annotated[float, Meta(ge=0, le=1)] | None = None
    seconds: Annotated[float, Meta(ge=0)] | None = None
    cost: Cents | None = None
    paid: bool = False
    creative: Name | None = None
    network: Network | None = None
    agent: Agent | None = None

    def __post_init__(self) -> None:
        """Hold the network to no more than what it may tell."""
        check_network(self.network)


class Exposure(CampaignEvent, frozen=True, tag="flowdrop.campaign.exposure"):
    """An advertisement was served to a person."""

    data: ExposureData


class ClickData(Data, frozen=True):
    """A click on a campaign's message or advertisement."""

    campaign: Name
    channel: Name
    creative: Name | None = None
    network: Network | None = None
    agent: Agent | None = None

    def __post_init__(self) -> None:
        """Hold the network to no more than what it may tell."""
        check_network(self.network)


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
