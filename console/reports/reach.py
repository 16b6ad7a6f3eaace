"""The report of reach: who campaigns contacted, when, what those people did, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText
from console.reporting.figures import NONE, day, money, number
from console.reporting.report import Page, Parameter, Report, Table, plain
from console.reports.basis import NoReportError, Query, QueryLog, utc
from console.reports.campaigns import require
from console.reports.consistency import IMPRESSIONS, REACH, at_most, equal, refuse
from console.reports.days import ALWAYS, require_days
from console.reports.identities import Identities, identities, identity_notes
from console.reports.notes import notes
from console.reports.reach_protected import REACH as PROTECTION
from console.reports.reached import (
    NET,
    UNION,
    Contacted,
    contacted,
    has_suspects,
    reached,
    summed,
    windowed,
)
from console.reports.uncounted import outside_words, uncounted, uncounted_words
from console.settlement.month import NO_END
from flowdrop.files import SheetChart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from clickhouse_connect.driver.client import Client

    from console.i18n import Translator
    from console.reporting.layout import Layout

NOBODY_NAMED = LocalizedText("name at least one campaign; see `flowdrop report campaigns`")


def _basis(zone: str) -> LocalizedText:
    return LocalizedText(
        "Reach counts people contacted, each once. A contact is a message or offer sent; it is not "
        "a viewable impression. For several campaigns it counts the people in any of them, never a "
        "sum. Days are in {zone}.",
        zone=zone,
    )


AMONG = LocalizedText(
    "Conversions are events of these campaigns by people whom the same campaign had contacted, "
    "from their first contact on. They happened after the contact; only a lift report can say "
    "whether they happened because of it."
)


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day on which anyone was contacted or converted."""

    day: date
    contacted: int  # people contacted that day
    new: int  # of them, for the first time
    cumulative: int  # people contacted up to the end of that day
    cumulative_known: int  # of them, of whom a wallet, a profile or a link is known
    cumulative_unlinked: int  # the rest of them: only an id is known
    conversions: int  # events that day


@dataclass(frozen=True, kw_only=True)
class Conversions:
    """What the people reached did afterwards (see `AMONG`)."""

    count: int  # events
    people: int  # who converted, each once
    value_cents: int | None  # revenue; none when no conversion gave a value
    outside: int  # events of these campaigns that `count` leaves out


@dataclass(frozen=True, kw_only=True)
class Coins:
    """Coins the campaigns gave, as in their settlement, in the smallest unit of a program."""

    program: str
    granted: int
    returned: int  # grants taken back
    in_packets: int  # into red packets, drawn or not, less what came back
    net: int  # granted - returned + in_packets
    grants: int
    people: int  # who were granted any


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What it cost, as far as the events say."""

    contacts_cents: int | None  # none when no contact gave a cost
    contacts_priced: int  # contacts that gave a cost
    contacts_unpriced: int  # contacts that gave none
    coins: tuple[Coins, ...]  # by program


@dataclass(frozen=True, kw_only=True)
class CampaignReach:
    """One campaign's own numbers, which overlap with the others'."""

    campaign: str
    reach: int
    people_known: int  # of them, of whom a wallet, a profile or a link is known
    devices_unlinked: int  # the rest of them: only an id is known
    ids_linked: int  # ids that count as the person whom they are linked to
    ids_relinked: int  # ids that have changed person since they were contacted
    relinked_since: datetime | None  # the first time that one of these changed
    contacts: int
    start: datetime | None  # first contact
    end: datetime | None  # latest end of its offers
    conversions: int
    converted: int  # people
    value_cents: int | None


@dataclass(frozen=True, kw_only=True)
class ReachReport:
    """Reach of one campaign or of the union of several."""

    campaigns: tuple[str, ...]
    reach: int  # people contacted by any of them, each once
    people_known: int  # of them, of whom a wallet, a profile or a link is known
    devices_unlinked: int  # the rest of them: only an id is known
    ids_linked: int  # ids that count as the person whom they are linked to
    ids_relinked: int  # ids that have changed person since they were contacted
    relinked_since: datetime | None  # the first time that one of these changed
    contacts: int  # messages and offers sent
    contacts_per_person: float | None
    by_day: tuple[Day, ...]
    conversions: Conversions
    cost: Cost
    by_campaign: tuple[CampaignReach, ...]  # in the order asked
    basis: LocalizedText
    among: LocalizedText  # whose conversions count
    uncounted: tuple[LocalizedText, ...]  # what is stored but in no figure, if anything
    notes: tuple[LocalizedText, ...]
    queries: tuple[Query, ...]


def reach(client: Client, campaigns: Sequence[str], zone: str = "UTC") -> ReachReport:
    """Return the reach report of `campaigns`: their union, and each one's own numbers.

    Days are those of `zone`.

    Raises:
        UnknownCampaignError: when no event names one of them.
        EmptyWarehouseError: when there are no campaign events.
        NoReportError: when none is named, or what is stored is in days of another zone.
        InconsistentError: when the figures contradict each other.
    """
    names = tuple(dict.fromkeys(campaigns))
    if not names:
        raise NoReportError(NOBODY_NAMED)
    require(client, names)
    log = QueryLog(client)
    require_days(log, zone)
    has_suspects(log, names)  # what is asked depends on it
    everybody, sums, days, done, times = log.together(
        lambda: reached(log, names, ALWAYS),
        lambda: summed(log, names, ALWAYS),
        lambda: windowed(log, "reports/frequency_days", names, ALWAYS),
        lambda: log.rows("reports/outcomes", campaigns=list(names), zone=zone),
        lambda: log.rows("reports/contacts", campaigns=list(names)),
    )
    people = contacted(everybody, sums)
    known = identities(
        log, {name: (own.people, own.people_known) for name, own in people.items()}, names
    )
    when = {row["campaign"]: row for row in times}
    thens = {row["campaign"]: row for row in done if not row["is_of_a_day"]}
    union, then = people[UNION], thens[UNION]
    found = ReachReport(
        campaigns=names,
        reach=union.people,
        **known[UNION].fields,
        contacts=union.contacts,
        contacts_per_person=union.contacts / union.people if union.people else None,
        by_day=tuple(_days(days, done)),
        conversions=Conversions(
            count=then["conversions"],
            people=then["converted"],
            value_cents=then["value_cents"],
            outside=then["outside"],
        ),
        cost=Cost(
            contacts_cents=union.cents if union.contacts_priced else None,
            contacts_priced=union.contacts_priced,
            contacts_unpriced=union.contacts - union.contacts_priced,
            coins=_coins(log, names),
        ),
        by_campaign=tuple(
            _own(
                name,
                people.get(name, Contacted()),
                known.get(name, Identities()),
                {**when.get(name, {}), **thens.get(name, {})},
            )
            for name in names
        ),
        basis=_basis(zone),
        among=AMONG,
        uncounted=uncounted_words(uncounted(log, names).values()),
        notes=(*notes(names), *identity_notes(known[UNION])),
        queries=log.asked,
    )
    refuse(_faults(found))
    return found


def _days(rows: Sequence[dict[str, Any]], done: Sequence[Mapping[str, Any]]) -> Iterator[Day]:
    """Yield each day on which any of the campaigns contacted anyone, or someone reached converted.

    Args:
        rows: those of reports/frequency_days.
        done: those of reports/outcomes.
    """
    reached_on = {
        row["day"]: row for row in rows if row["basis"] == "contacted" and not row["paid"]
    }
    converted_on = {
        row["day"]: row["conversions"] for row in done if row["is_of_a_day"] and row["conversions"]
    }
    before = {"cumulative": 0, "cumulative_known": 0}
    for on in sorted(reached_on.keys() | converted_on.keys()):
        own = reached_on.get(on, {**before, "reach": 0})
        yield Day(
            day=on,
            contacted=own["reach"],
            new=own["cumulative"] - before["cumulative"],
            cumulative=own["cumulative"],
            cumulative_known=own["cumulative_known"],
            cumulative_unlinked=own["cumulative"] - own["cumulative_known"],
            conversions=converted_on.get(on, 0),
        )
        before = own


def _faults(found: ReachReport) -> Iterator[LocalizedText]:
    """Yield what contradicts itself."""
    of = " + ".join(found.campaigns)
    yield from at_most(of, REACH, found.reach, IMPRESSIONS, found.contacts)
    converted = LocalizedText("people who converted")
    yield from at_most(of, converted, found.conversions.people, REACH, found.reach)
    days = LocalizedText("conversions by day, added,")
    together = LocalizedText("conversions")
    added = sum(on.conversions for on in found.by_day)
    yield from equal(of, days, added, together, found.conversions.count)
    last = LocalizedText("the last day's cumulative reach")
    cumulative = found.by_day[-1].cumulative if found.by_day else 0
    yield from equal(of, last, cumulative, REACH, found.reach)
    for on in found.by_day:
        day_of = f"{of}, {on.day}"
        yield from at_most(day_of, LocalizedText("new people"), on.new, REACH, on.contacted)
    each = LocalizedText("reach of each, added,")
    yield from at_most(of, REACH, found.reach, each, sum(own.reach for own in found.by_campaign))


def _coins(log: QueryLog, names: Sequence[str]) -> tuple[Coins, ...]:
    """Return what the campaigns gave, by program, over all time."""
    people = {row.pop("program"): row for row in log.rows("reports/coins", campaigns=list(names))}
    nobody = {"grants": 0, "people": 0}
    parts = ("program", "granted", "returned", "in_packets", "net")
    return tuple(
        Coins(**{part: row[part] for part in parts}, **people.get(row["program"], nobody))
        for row in log.rows("settlement/budget", campaigns=list(names), program="", end=NO_END)
        if row["granted"] or row["in_packets"]
    )


def _own(name: str, people: Contacted, known: Identities, row: Mapping[str, Any]) -> CampaignReach:
    """Return one campaign's own numbers; `row` is empty if it sent and saw nothing."""
    return CampaignReach(
        campaign=name,
        reach=people.people,
        **known.fields,
        contacts=people.contacts,
        start=utc(row.get("start")),
        end=utc(row.get("end")),
        conversions=row.get("conversions", 0),
        converted=row.get("converted", 0),
        value_cents=row.get("value_cents"),
    )


def _text(found: ReachReport, to: Layout) -> None:
    """Print a reach report."""
    _ = to.gettext
    to.heading(_("Reach of {campaigns}", campaigns=" + ".join(found.campaigns)))
    each = found.contacts_per_person
    cost = found.cost.contacts_cents
    is_free = found.cost.contacts_priced == 0  # none where it is hidden
    to.facts(
        [
            (_("people reached"), number(found.reach)),
            (_("people known"), number(found.people_known)),
            (_("devices unlinked"), number(found.devices_unlinked)),
            (_("contacts"), number(found.contacts)),
            (_("contacts per person"), NONE if each is None else f"{each:.2f}"),
            (_("people converted"), number(found.conversions.people)),
            (_("conversions"), number(found.conversions.count)),
            (_("revenue"), money(found.conversions.value_cents)),
            (_("conversions not counted"), number(found.conversions.outside)),
            (_("contact cost"), _("not given") if is_free else money(cost)),
            *(
                (_("coins given, net, {program}", program=coins.program), number(coins.net))
                for coins in found.cost.coins
            ),
        ]
    )
    to.table(
        _("Reach by day"),
        (
            *(_("day"), _("contacted that day"), _("new"), _("cumulative")),
            *(_("people known"), _("devices unlinked"), _("conversions")),
        ),
        (
            (
                on.day.isoformat(),
                *map(number, (on.contacted, on.new, on.cumulative)),
                *map(number, (on.cumulative_known, on.cumulative_unlinked, on.conversions)),
            )
            for on in found.by_day
        ),
    )
    if len(found.campaigns) > 1:
        to.table(
            _("Reach by campaign"),
            (
                *(_("campaign"), _("people reached"), _("people known"), _("devices unlinked")),
                *(_("contacts"), _("first contact"), _("offers end"), _("conversions")),
                *(_("people converted"), _("revenue")),
            ),
            (
                (
                    own.campaign,
                    *map(number, (own.reach, own.people_known, own.devices_unlinked)),
                    number(own.contacts),
                    day(own.start),
                    day(own.end),
                    number(own.conversions),
                    number(own.converted),
                    money(own.value_cents),
                )
                for own in found.by_campaign
            ),
        )
    outside = outside_words(found.conversions.outside)
    to.sentences([*found.uncounted, *outside, found.basis, found.among, *found.notes])


def _charts(found: ReachReport, say: Translator) -> dict[str, dict[str, Any]]:
    """Return days with new and total people, and conversions."""
    return {
        "days": {
            "kind": "reach",
            "labels": {
                "cumulative": say.gettext("Cumulative reach"),
                "new": say.gettext("New people"),
                "conversions": say.gettext("Conversions"),
            },
            "days": [on.day.isoformat() for on in found.by_day],
            "cumulative": [on.cumulative for on in found.by_day],
            "new": [on.new for on in found.by_day],
            "conversions": [on.conversions for on in found.by_day],
        }
    }


REPORT = Report(
    name="reach",
    help="""Show who campaigns contacted, by day; what those people did; what it cost.

    Several campaigns give their union, each person once, and each one's own numbers.
    """,
    example="flowdrop report reach cj-8 cj-13 cj-18 --json",
    parameters=(Parameter(name="campaign", many=True),),
    settings=("zone",),
    queries=(
        *("reports/campaign_names", "reports/reach_zone", "reports/frequency_people_whole"),
        *("reports/frequency_sums", "reports/frequency_days", "reports/outcomes"),
        *("reports/contacts", "reports/coins", "settlement/budget", "reports/uncounted"),
        "reports/identities",
        *NET,
    ),
    compute=reach,
    result=ReachReport,
    tables=(
        Table(
            title=N_("Reach by day"),
            row="one row per day",
            rows=lambda found: plain(found.by_day),
            chart=SheetChart(kind="line", x="day", y=("cumulative", "new", "conversions")),
        ),
        Table(
            title=N_("Reach by campaign"),
            row="one row per campaign",
            rows=lambda found: plain(found.by_campaign),
        ),
    ),
    charts=_charts,
    text=_text,
    page=Page(template="reach.html"),
    protection=PROTECTION,
)
