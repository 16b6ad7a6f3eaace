"""The report of which campaigns exist, and the refusal of an unknown name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from console.i18n import N_, LocalizedText
from console.reporting.figures import NONE, day, money, number
from console.reporting.report import Page, Report, Table, plain
from console.reports.arm_names import arm_name
from console.reports.basis import (
    FILL,
    EmptyWarehouseError,
    Query,
    QueryLog,
    utc,
)
from console.reports.days import ALWAYS, SPAN, require_counted
from console.reports.identities import Identities, identities
from console.reports.reach_protected import CAMPAIGNS
from console.reports.reached import NET, Contacted, contacted, reached, summed
from console.reports.uncounted import outside_words, uncounted, uncounted_words
from console.reports.unknown import unknown_campaign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One campaign as its events show it."""

    name: str
    is_described: bool  # whether any event says what it is
    advertiser: str  # by its latest description; '' where that does not say, as are the next two
    title_en: str
    title_zh: str
    start: datetime | None  # its first contact; none while nobody was contacted
    end: datetime | None  # the described one, or else the latest of its offers; none without
    reach: int  # people contacted, each once
    people_known: int  # of them, of whom a wallet, a profile or a link is known
    devices_unlinked: int  # the rest of them: only an id is known
    ids_linked: int  # ids that count as the person whom they are linked to
    ids_relinked: int  # ids that have changed person since they were contacted
    relinked_since: datetime | None  # the first time that one of these changed
    contacts: int
    conversions: int  # of the people contacted, from their first contact on
    conversions_outside: int  # those that name it, but are by people not contacted before
    conversions_value_cents: int | None  # none when no conversion gave a value
    arms: tuple[str, ...]  # of its randomisation, sorted; empty when not randomised
    assigned: int  # people assigned to an arm
    exposures_uncounted: int  # stored, but in no figure yet
    clicks_uncounted: int  # likewise


def campaigns(client: Client, only: Sequence[str] | None = None) -> list[Campaign]:
    """Return every campaign that an event or a grant names, or those of `only`, by start and name.

    Raises:
        EmptyWarehouseError: when there are no campaign events.
    """
    log, names = QueryLog(client), list(only or ())
    if only is not None and not names:
        return []
    rows = log.rows("reports/campaigns", campaigns=names)
    _not_empty(rows)
    require_counted(log)
    people = contacted(reached(log, names, ALWAYS), summed(log, names, ALWAYS))
    each_people = {name: (own.people, own.people_known) for name, own in people.items()}
    known = identities(log, each_people, names)
    when = {row["campaign"]: row for row in log.rows("reports/contacts", campaigns=names)}
    done = {
        row["campaign"]: row
        for row in log.rows("reports/outcomes", campaigns=names, zone="UTC")
        if not row["is_of_a_day"]
    }
    beside = uncounted(log, names)
    found = [
        Campaign(
            name=row["name"],
            is_described=bool(row["is_described"]),
            advertiser=row["advertiser"],
            title_en=row["title_en"],
            title_zh=row["title_zh"],
            start=utc(when.get(row["name"], {}).get("start")),
            end=utc(row["end"] or when.get(row["name"], {}).get("end")),
            reach=own.people,
            **known.get(row["name"], Identities()).fields,
            contacts=own.contacts,
            conversions=then.get("conversions", 0),
            conversions_outside=then.get("outside", 0),
            conversions_value_cents=then.get("value_cents"),
            arms=tuple(sorted(row["arms"])),
            assigned=row["assigned"],
            exposures_uncounted=beside.get(row["name"], {}).get("exposures", 0),
            clicks_uncounted=beside.get(row["name"], {}).get("clicks", 0),
        )
        for row in rows
        for own in (people.get(row["name"], Contacted()),)
        for then in (done.get(row["name"], {}),)
    ]
    return sorted(found, key=lambda each: (each.start is None, each.start, each.name))


def not_counted(found: Sequence[Campaign]) -> tuple[LocalizedText, ...]:
    """Return the sentence on what is stored of the campaigns but in no figure, if anything.

    Of an organisation's campaigns it counts what the organisation is told.
    """
    return (
        *uncounted_words(
            {"exposures": each.exposures_uncounted or 0, "clicks": each.clicks_uncounted or 0}
            for each in found
        ),
        *outside_words(sum(each.conversions_outside or 0 for each in found)),
    )


def require(client: Client, names: Sequence[str]) -> None:
    """Refuse names that no campaign has.

    Raises:
        UnknownCampaignError: naming the first one and similar ones.
        EmptyWarehouseError: when there are no campaign events.
    """
    log = QueryLog(client)
    counted = {row["name"] for row in log.rows("reports/campaigns_counted", campaigns=list(names))}
    if counted.issuperset(names):
        return  # without looking through every event
    known = [row["name"] for row in log.rows("reports/campaign_names")]
    _not_empty(known)
    for name in names:
        if name not in known:
            raise unknown_campaign(name, known)


def _not_empty(found: Sequence[object]) -> None:
    if not found:
        raise EmptyWarehouseError(
            LocalizedText("the warehouse holds no campaign events; {fill}", fill=FILL)
        )


def _text(found: Sequence[Campaign], to: Layout) -> None:
    """Print the list of campaigns."""
    _ = to.gettext
    to.table(
        _("Campaigns"),
        (
            *(_("campaign"), _("advertiser"), _("start"), _("end")),
            *(_("people reached"), _("people known"), _("devices unlinked")),
            *(_("contacts"), _("conversions"), _("revenue"), _("arms")),
        ),
        (
            (
                each.name,
                (each.advertiser or NONE) if each.is_described else _("undescribed"),
                day(each.start),
                day(each.end),
                *map(number, (each.reach, each.people_known, each.devices_unlinked)),
                number(each.contacts),
                number(each.conversions),
                money(each.conversions_value_cents),
                " ".join(arm_name(arm).of(to.lang) for arm in each.arms) or NONE,
            )
            for each in found
        ),
        listed={_("arms")},
    )
    if uncounted := not_counted(found):
        to.sentences(uncounted)


REPORT: Report[list[Campaign]] = Report(
    name="campaigns",
    help="List the campaigns: when they ran, who they reached, which arms they have.",
    example="flowdrop report campaigns --csv",
    queries=(
        *("reports/campaigns", "reports/reach_zone", "reports/frequency_people_whole"),
        *("reports/frequency_sums", "reports/identities", "reports/contacts"),
        *("reports/outcomes", "reports/uncounted"),
        *NET,
    ),
    compute=campaigns,
    result=list[Campaign],
    tables=(Table(title=N_("Campaigns"), row="one row per campaign", rows=plain),),
    text=_text,
    page=Page(
        template="campaigns.html",
        path="/",
        facts=lambda _client, _settings, _asked, found: {
            "campaigns": found or [],
            "uncounted": not_counted(found or []),
        },
        empty=True,
    ),
    asked=(
        Query(name="reports/campaigns", values={"campaigns": []}),
        Query(name="reports/frequency_people_whole", values={"campaigns": []}),
        Query(
            name="reports/frequency_sums",
            values={"campaigns": [], "begin": SPAN[0], "end": SPAN[1]},
        ),
        Query(name="reports/contacts", values={"campaigns": []}),
        Query(name="reports/outcomes", values={"campaigns": [], "zone": "UTC"}),
        Query(name="reports/identities", values={"campaigns": [], "type": "contact"}),
        Query(name="reports/uncounted", values={"campaigns": []}),
    ),
    protection=replace(CAMPAIGNS, own=campaigns),
)
