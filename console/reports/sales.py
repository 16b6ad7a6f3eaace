"""The report of sales: what campaigns sold, what they rewarded for it, and who brought friends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText
from console.reporting.figures import money, number, percent
from console.reporting.report import Page, Parameter, Report, Table, plain
from console.reports.asked import PARAMETERS, campaigns_of, file_of
from console.reports.basis import Query, QueryLog
from console.reports.consistency import InconsistentError, at_most, equal
from console.reports.days import window_of
from console.reports.notes import notes
from console.reports.reached import UNION
from console.reports.refused import NOT_PAID, Refused, print_refused, refused
from console.reports.sales_protected import PROTECTION
from flowdrop.files import SheetChart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from clickhouse_connect.driver.client import Client

    from console.i18n import Translator
    from console.reporting.layout import Layout
    from console.reporting.report import Row

BINS = ("1", "2", "3-5", "6-10", "11+")  # friends that a sharer brought

BASIS = LocalizedText(
    "A purchase is a conversion that names the campaign, whoever it is by; buyers count once. "
    "Rewards are those that the ledger applied, for purchases told to it, and their coins those "
    "that the budget paid; what came back, since its sharer could not take it or opened no wallet, "
    "is told apart. Coins of two programs are never added."
)
SHARING = LocalizedText(
    "A sharer brought a friend who bought, and was rewarded for it, or who drew through the "
    "sharer's share of a campaign's red packet; the first level only. Friends who drew converted "
    "if they bought from then on. Linked ids count as one person. Sharers are shown only by how "
    "many friends they brought."
)


@dataclass(frozen=True, kw_only=True)
class CampaignSales:
    """What one campaign sold, and whom its sharers brought."""

    campaign: str  # '' for all together, where people of several count once
    purchases: int  # conversions
    value_cents: int | None  # none when no purchase gave a value
    buyers: int  # people
    buyers_known: int  # of them, of whom a wallet, a profile or a link is known
    buyers_unlinked: int  # the rest of them: only an id is known
    rewarded: int  # purchases that anybody was rewarded for
    rewards_per_purchase: float | None  # coins paid; none without purchases or of two programs
    sharers: int
    friends: int  # whom they brought
    friends_drew: int  # of them, those who drew through a share
    friends_bought: int  # of these, those who bought from then on
    friends_bought_share: float | None
    sharers_by_friends: tuple[int, ...]  # who brought as many as BINS say


@dataclass(frozen=True, kw_only=True)
class Rewards:
    """What a campaign paid by one rule."""

    campaign: str
    program: str
    rule: str  # of the program's file
    rewarded: str  # buyer, sharer
    rewards: int
    purchases: int  # for which they were
    coins: int
    returned: int  # coins that came back to the budget
    net: int  # coins - returned


@dataclass(frozen=True, kw_only=True)
class SalesReport:
    """What campaigns sold, paid for and who shared, in a window of days."""

    campaigns: tuple[str, ...]
    advertiser: str | None  # when it was asked for
    begin: date | None  # first day counted; none from the beginning
    end: date | None  # last day counted; none up to now
    zone: str  # whose days these are
    sales: tuple[CampaignSales, ...]  # by campaign, and of several together first
    rewards: tuple[Rewards, ...]
    refused: tuple[Refused, ...]  # rewards that were asked for and not paid
    basis: LocalizedText
    sharing: LocalizedText
    notes: tuple[LocalizedText, ...]
    queries: tuple[Query, ...]


def sales(
    client: Client,
    campaigns: Sequence[str],
    advertiser: str,
    begin: str | None,
    end: str | None,
    zone: str,
) -> SalesReport:
    """Return what campaigns sold and rewarded.

    Raises:
        NoReportError: when neither campaigns nor an advertiser are named, or both, or no day.
        UnknownCampaignError: when no event names a campaign, or no campaign is the advertiser's.
        EmptyWarehouseError: when there are no campaign events.
        InconsistentError: when the figures contradict each other, or the budgets' postings.
    """
    window = window_of(begin, end, None)
    log = QueryLog(client)
    known = {row["campaign"]: row for row in log.rows("reports/advertisers")}
    names = campaigns_of(client, campaigns, advertiser, known)
    first, last = window.bounds
    asked = {"campaigns": list(names), "begin": first, "end": last, "zone": zone}
    bought = {row["campaign"]: row for row in log.rows("reports/sales_purchases", **asked)}
    shared = {row["campaign"]: row for row in log.rows("reports/sales_sharers", **asked)}
    paid = log.rows("reports/sales_rewards", **asked)
    asked_for = refused(log, names, window, zone)
    vain = tuple(each for each in asked_for if each.operation == "reward")
    shown = names if len(names) == 1 else (UNION, *names)
    found = SalesReport(
        campaigns=names,
        advertiser=advertiser or None,
        begin=window.begin,
        end=window.end,
        zone=zone,
        sales=tuple(_sales(name, bought, shared, paid) for name in shown),
        rewards=tuple(_rewards(row) for row in paid),
        refused=vain,
        basis=BASIS,
        sharing=SHARING,
        notes=(*([NOT_PAID] * bool(vain)), *notes(names)),
        queries=log.asked,
    )
    _check(found, paid)
    return found


def _sales(
    name: str, bought: Mapping[str, Row], shared: Mapping[str, Row], paid: Sequence[Row]
) -> CampaignSales:
    nothing = dict.fromkeys(("purchases", "valued", "cents", "buyers", "buyers_known"), 0)
    row: Row = bought.get(name, nothing)
    people: Row = shared.get(name, {"by_friends": [0] * len(BINS)})
    own = [each for each in paid if name in {UNION, each["campaign"]}]
    programs = {each["program"] for each in own}
    coins = sum(each["coins"] - each["returned"] for each in own)
    drew, converted = people.get("friends_drew", 0), people.get("friends_bought", 0)
    return CampaignSales(
        campaign=name,
        purchases=row["purchases"],
        value_cents=row["cents"] if row["valued"] else None,
        buyers=row["buyers"],
        buyers_known=row["buyers_known"],
        buyers_unlinked=row["buyers"] - row["buyers_known"],
        rewarded=_rewarded(own),
        rewards_per_purchase=coins / row["purchases"]
        if row["purchases"] and len(programs) <= 1
        else None,
        sharers=people.get("sharers", 0),
        friends=people.get("friends", 0),
        friends_drew=drew,
        friends_bought=converted,
        friends_bought_share=converted / drew if drew else None,
        sharers_by_friends=tuple(people["by_friends"]),
    )


def _rewarded(paid: Sequence[Row]) -> int:
    """Return how many purchases a buyer was rewarded for; a sharer is for some of these."""
    return sum(row["purchases"] for row in paid if row["rewarded"] == "buyer")


def _rewards(row: Row) -> Rewards:
    net = row["coins"] - row["returned"]
    return Rewards(**{name: value for name, value in row.items() if name != "settled"}, net=net)


def _check(found: SalesReport, paid: Sequence[Row]) -> None:
    """Refuse figures that contradict each other.

    Raises:
        InconsistentError: naming the first that do.
    """
    for fault in _faults(found, paid):
        raise InconsistentError(
            LocalizedText(
                "the figures contradict each other and are withheld: {fault}; if the feed is "
                "behind (`flowdrop status`) ask again, otherwise `flowdrop reconcile` names the "
                "posting",
                fault=fault,
            )
        )


def _faults(found: SalesReport, paid: Sequence[Row]) -> Iterator[LocalizedText]:
    for row in paid:
        of = f"{row['campaign']}, {row['rule']}"
        coins, settled = LocalizedText("coins rewarded"), LocalizedText("by settlement")
        yield from equal(of, coins, row["coins"], settled, row["settled"])
        yield from at_most(
            of, LocalizedText("coins returned"), row["returned"], coins, row["coins"]
        )
    for each in found.sales:
        buyers, friends = LocalizedText("buyers"), LocalizedText("friends")
        drew = LocalizedText("friends who drew")
        purchases = LocalizedText("purchases")
        yield from at_most(each.campaign, buyers, each.buyers, purchases, each.purchases)
        yield from at_most(each.campaign, drew, each.friends_drew, friends, each.friends)
        bought = LocalizedText("friends who bought")
        yield from at_most(each.campaign, bought, each.friends_bought, drew, each.friends_drew)
        by_friends = LocalizedText("sharers by friends")
        sharers = LocalizedText("sharers")
        shown = sum(each.sharers_by_friends)
        yield from equal(each.campaign, by_friends, shown, sharers, each.sharers)
    if found.sales[0].campaign == UNION:
        whole, *parts = found.sales
        added = LocalizedText("those of the campaigns, added,")
        for name in ("purchases", "rewarded"):
            own = sum(getattr(part, name) for part in parts)
            yield from equal(name, LocalizedText("together"), getattr(whole, name), added, own)
        for name in ("buyers", "sharers", "friends"):
            own = sum(getattr(part, name) for part in parts)
            yield from at_most(name, LocalizedText("together"), getattr(whole, name), added, own)


def headline(found: SalesReport) -> LocalizedText | None:
    """Return in one sentence what the chart shows; none where that is hidden."""
    whole = found.sales[0]
    if None in {whole.sharers, whole.friends, whole.sharers_by_friends[0]}:
        return None
    if not whole.sharers:
        return LocalizedText("Nobody has brought a friend.")
    return LocalizedText(
        "{sharers:,} sharers brought {friends:,} friends; {one:,} of them brought one.",
        sharers=whole.sharers,
        friends=whole.friends,
        one=whole.sharers_by_friends[0],
    )


def _text(found: SalesReport, to: Layout) -> None:
    """Print the report."""
    _ = to.gettext
    to.heading(_("Sales of {campaigns}", campaigns=found.advertiser or " + ".join(found.campaigns)))
    to.line_of(headline(found))
    to.table(
        _("Purchases"),
        (
            *(_("campaign"), _("purchases"), _("revenue"), _("buyers"), _("people known")),
            *(_("devices unlinked"), _("rewarded"), _("coins per purchase")),
        ),
        (
            (
                each.campaign or _("together"),
                number(each.purchases),
                money(each.value_cents),
                *map(number, (each.buyers, each.buyers_known, each.buyers_unlinked)),
                number(each.rewarded),
                _coins(each.rewards_per_purchase),
            )
            for each in found.sales
        ),
    )
    to.table(
        _("Sharers and friends"),
        (
            *(_("campaign"), _("sharers"), _("friends"), _("drew"), _("then bought"), _("share")),
            *(_("brought {n}", n=name) for name in BINS),
        ),
        (
            (
                each.campaign or _("together"),
                *map(number, (each.sharers, each.friends, each.friends_drew, each.friends_bought)),
                percent(each.friends_bought_share),
                *map(number, each.sharers_by_friends),
            )
            for each in found.sales
        ),
    )
    to.table(
        _("Rewards paid"),
        (
            *(_("campaign"), _("program"), _("rule"), _("who"), _("rewards"), _("purchases")),
            *(_("coins"), _("came back"), _("net")),
        ),
        (
            (
                each.campaign,
                each.program,
                each.rule,
                _(WHO[each.rewarded]),
                *map(number, (each.rewards, each.purchases, each.coins, each.returned, each.net)),
            )
            for each in found.rewards
        ),
        listed={_("program"), _("rule"), _("who")},
    )
    print_refused(found.refused, to, REFUSED_TITLE)
    to.sentences([found.basis, found.sharing, *found.notes])


def _coins(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def _charts(found: SalesReport, say: Translator) -> dict[str, dict[str, Any]]:
    """Return how many sharers brought how many friends."""
    whole = found.sales[0]
    if not whole.sharers or None in whole.sharers_by_friends:
        return {}
    panel = {"title": say.gettext("sharers"), "values": list(whole.sharers_by_friends)}
    names = [say.gettext("brought {n}", n=name) for name in BINS]
    return {"sharers": {"kind": "panels", "names": names, "panels": [panel]}}


REFUSED_TITLE = N_("Rewards asked for, and refused")
WHO = {"buyer": N_("buyer"), "sharer": N_("sharer")}

REPORT = Report(
    name="sales",
    help="Show what campaigns sold and rewarded, and who brought friends.",
    example="flowdrop report sales --advertiser tea-house --json",
    parameters=(
        *PARAMETERS,
        Parameter(name="begin", metavar="DATE", option=True, help="The first day counted."),
        Parameter(name="end", metavar="DATE", option=True, help="The last day counted."),
    ),
    settings=("zone",),
    queries=(
        *("reports/advertisers", "reports/campaign_names", "reports/sales_purchases"),
        *("reports/sales_sharers", "reports/sales_rewards", "reports/coins_refused"),
    ),
    compute=sales,
    result=SalesReport,
    tables=(
        Table(
            title=N_("Sales"),
            row="one row per campaign, and of several together first",
            rows=lambda found: plain(found.sales),
            chart=SheetChart(kind="column", x="campaign", y=("purchases",)),
        ),
        Table(
            title=N_("Rewards"),
            row="one row per campaign, program, rule and whom it rewards",
            rows=lambda found: plain(found.rewards),
            columns=tuple(Rewards.__dataclass_fields__),
        ),
        Table(
            title=REFUSED_TITLE,
            row="one row per campaign, program and reason",
            rows=lambda found: plain(found.refused),
            columns=tuple(Refused.__dataclass_fields__),
        ),
    ),
    charts=_charts,
    text=_text,
    page=Page(
        template="sales.html",
        facts=lambda _client, _settings, _asked, found: {
            "bins": BINS,
            "who": WHO,
            "headline": None if found is None else headline(found),
        },
    ),
    file=lambda asked: file_of("sales", asked),
    definitions=(BASIS, SHARING, NOT_PAID),
    protection=PROTECTION,
)
