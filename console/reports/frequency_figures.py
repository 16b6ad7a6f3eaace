"""The figures of reach and frequency: on each basis, by day, by campaign and by part of a cut."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from console.i18n import LocalizedText
from console.reports.basis import Query
from console.reports.invalid import InvalidFigures


@dataclass(frozen=True, kw_only=True)
class Frequency:
    """How many people were reached how often."""

    reach: int  # people, each once
    impressions: int  # contacts, where contacts are counted
    average_frequency: float | None  # impressions per person reached
    reached_times: tuple[int, ...]  # people reached exactly 1 to 9 times, and 10 times or more
    reach_plus: tuple[int, ...]  # people reached at least 1 to 10 times


@dataclass(frozen=True, kw_only=True)
class BasisFigures(Frequency):
    """What one basis says of the campaigns together."""

    basis: str
    incentivised: bool
    reach_known: int  # of those reached, with a wallet, a profile or a link
    reach_unlinked: int  # only an id
    reach_share: float | None  # of the population
    grp: float | None  # impressions per hundred people of the population
    measurable: int | None  # exposures whose view was measured; none for contacts
    measurable_share: float | None  # of those served
    cost_cents: int | None  # none when no event gave a cost
    priced: int  # events that gave one
    cost_per_thousand_cents: float | None
    cost_per_person_cents: float | None
    cost_per_grp_cents: float | None
    cost_per_reach_point_cents: float | None  # for each percent of the population
    weighted_impressions: float | None  # viewable ones, each by its time in view, if asked for
    weighted_grp: float | None  # of these, per hundred people of the population


@dataclass(frozen=True, kw_only=True)
class DayFigures:
    """What one basis says of a day."""

    basis: str
    incentivised: bool
    day: date
    reach: int  # people reached that day
    new: int  # of them, for the first time in the window
    cumulative: int  # people reached up to the end of that day
    cumulative_known: int  # of them, with a wallet, a profile or a link
    impressions: int
    grp: float | None
    cost_cents: int | None  # none when none of its events gave a cost


@dataclass(frozen=True, kw_only=True)
class CampaignFigures:
    """What one basis says of one campaign; the campaigns' people overlap."""

    campaign: str
    basis: str
    incentivised: bool
    reach: int
    impressions: int
    average_frequency: float | None
    cost_cents: int | None


@dataclass(frozen=True, kw_only=True)
class PartFigures(Frequency):
    """What one basis says of a part of the cut."""

    basis: str
    incentivised: bool
    part: str  # '' where the event or person says nothing
    population: int | None  # people of the part, where the cut is by an attribute of people
    reach_share: float | None  # of that population, or of everybody
    grp: float | None  # impressions per hundred people of it
    cost_cents: int | None
    cost_per_thousand_cents: float | None
    cost_per_person_cents: float | None
    cost_per_grp_cents: float | None
    weighted_impressions: float | None  # as of the whole


@dataclass(frozen=True, kw_only=True)
class FrequencyReport:
    """Reach and frequency of one campaign or of the union of several, on every basis."""

    campaigns: tuple[str, ...]
    begin: date | None  # first day counted; none from the beginning
    end: date | None  # last day counted; none up to now
    zone: str  # whose days these are
    advertiser: str | None  # when it was asked for
    by: str  # what the parts are cut by; '' for no cut
    as_of: date | None  # attributes as said before this day began; none as they are now
    known_on: datetime | None  # only what had arrived by then counts; none for everything
    seconds: float | None  # in view that count as one weighted impression; none: not weighted
    population: int
    population_known: int
    bases: tuple[BasisFigures, ...]
    by_day: tuple[DayFigures, ...]
    by_campaign: tuple[CampaignFigures, ...]
    parts: tuple[PartFigures, ...]
    invalid: tuple[InvalidFigures, ...]  # by rule; none where nothing is
    basis: LocalizedText
    people: LocalizedText
    cost: LocalizedText
    net: LocalizedText
    notes: tuple[LocalizedText, ...]
    queries: tuple[Query, ...]
