"""What the report of attribution tells, in figures and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from console.i18n import LocalizedText
from console.reports.attribution_caused import Caused
from console.reports.basis import Query

BASIS = LocalizedText(
    "All conversions that name these campaigns count, in the days asked for, with or without a "
    "touch before them. A touch is a click, a contact (a message or offer sent) or an exposure "
    "that nobody was paid to look at, of the same advertiser's campaigns among these; exposures "
    "are viewable ones, unless all served ones are asked for. A click qualifies for a conversion "
    "within the click window before it, a contact or an exposure within the view window: as many "
    "days of 24 hours as the campaign's description says, 7 and 1 where it does not, or as asked "
    "for; 0 days mean that none qualifies. Times are the events' own, so what arrives late counts "
    "where it belongs. Linked ids count as one person, and invalid traffic is no touch."
)
METHOD = LocalizedText(
    "Every model divides the same conversions and their revenue. Last touch credits the latest "
    "touch that qualifies, first touch the earliest; where a click qualifies, clicks alone are "
    "looked at. Position gives 40 % to the first touch, 40 % to the last and 20 % to those between "
    "them together (of two, half to each). Time decay gives a touch half as much for every "
    "half-life that it is older than the last one. Of touches at one time a contact is the "
    "earliest and a click the latest; then they follow by the names of campaign, channel and "
    "creative."
)
DRIVEN = LocalizedText(
    "Data-driven is the Shapley value: a journey is a conversion with its touches, or all touches "
    "of a person that qualify for none. The conversions of the journeys that touched one set of "
    "parts are divided within the set, each part by what it adds on average to the rate of "
    "conversion, over all orders of adding the parts; a coalition of parts has the highest rate of "
    "any journeys that touched only parts of it, so that no part is credited less than nothing."
)
CAUSE = LocalizedText(
    "Attribution divides conversions among the touches before them. It does not say that they "
    "caused them: people who would have converted anyway are in it, too. What a campaign caused is "
    "said by its experiment alone: people who converted from their assignment on, each once, over "
    "all days, against the control arm."
)


@dataclass(frozen=True, kw_only=True)
class Credited:
    """What one part of the cut is credited with; or the conversions without a touch."""

    attributed: bool  # false: of conversions without a touch, the same for every model
    part: str  # a channel, campaign, creative or kind of touch; '' where the touch names none
    last: float  # conversions, as the next four; by last touch
    first: float
    position: float
    decay: float
    data_driven: float | None  # none where too many parts share a journey
    last_value_cents: float | None  # none when no conversion gave a value, as the next four
    first_value_cents: float | None
    position_value_cents: float | None
    decay_value_cents: float | None
    data_driven_value_cents: float | None


@dataclass(frozen=True, kw_only=True)
class Windows:
    """For how long touches of a campaign qualify."""

    campaign: str
    advertiser: str  # the campaign itself where no description names one
    click_days: int
    view_days: int


@dataclass(frozen=True, kw_only=True)
class AttributionReport:
    """Conversions of one campaign, several or an advertiser's, by what touched people before."""

    campaigns: tuple[str, ...]
    advertiser: str | None  # when it was asked for
    by: str  # one of CUTS
    views: str  # which exposures are touches: viewable, served
    begin: date | None  # first day of conversions; none from the beginning
    end: date | None  # last day; none up to now
    zone: str  # whose days these are
    half_life_days: float
    windows: tuple[Windows, ...]  # by campaign
    conversions: int  # events
    value_cents: int | None  # none when no conversion gave a value, as the next two
    attributed: int  # of the conversions, those with a touch that qualifies
    attributed_value_cents: int | None
    unattributed: int
    unattributed_value_cents: int | None
    credits: tuple[Credited, ...]  # by part; last, those without a touch
    caused: tuple[Caused, ...]  # by campaign and arm
    basis: LocalizedText
    method: tuple[LocalizedText, ...]
    cause: LocalizedText
    notes: tuple[LocalizedText, ...]
    queries: tuple[Query, ...]
