"""The report of coins: where every coin of a budget is now, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText, Names
from console.i18n.labels import label
from console.programs import program_of
from console.reporting.figures import NONE, money, number
from console.reporting.report import Page, Report, Table, plain
from console.reports.asked import PARAMETERS, campaigns_of, file_of
from console.reports.basis import Query, QueryLog
from console.reports.coin_cost import Cost, costs
from console.reports.coin_flows import (
    OTHERWISE,
    SOURCES,
    USES,
    Flow,
    Place,
    Tally,
    faults,
    flows,
    places,
    together,
    use,
)
from console.reports.coins_protected import PROTECTION
from console.reports.consistency import InconsistentError
from console.reports.lift import REPORT as LIFT
from console.reports.reached import NET
from console.reports.refused import REFUSED, Refused, print_refused, refused
from console.settlement.month import NO_END
from flowdrop.files import SheetChart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from console.i18n import Translator
    from console.reporting.layout import Layout
    from console.reporting.report import Rows

BASIS = LocalizedText(
    "Every coin of the budget is in exactly one row of “Where every coin is”, and the rows add up "
    "to the budget: what was announced for the campaign, or what was funded where that is more or "
    "nothing was announced. Coins that came back to the budget (grants reversed, red packets "
    "refunded, gifts that nobody opened a wallet for) count as never given; the table of what "
    "moved has them. Coins of two programs are never added."
)
ATTRIBUTION = LocalizedText(
    "Up to people's wallets all of it is exact. Coins within a wallet are alike, so what became of "
    "those of a campaign is a convention, the same as in settlement: first in, first out within "
    "each wallet, and an event that was undone counts as if it had never happened. Coins that were "
    "given on or put into a person's own red packet are not followed any further. No fee is ever "
    "taken from coins in a wallet, only from deposits."
)
COSTS = LocalizedText(
    "Cost is that of the coins given that have not come back, those still in red packets included, "
    "at the price of a coin in the campaign's latest description; what contacts cost is in the "
    "reach report. People reached and conversions caused are those of the reach and lift reports."
)
# Where coins are that nobody was given.
KEPT = {"unfunded", "defunded", "reserve", "shards", "in_flight", "undrawn"}
PLACE = ("program", "place", "name", "coins", "granted", "drawn")  # columns of a file
# What is told of each campaign, in the order of the table; the first four are not places.
MOVED = (
    *("announced", "budget", "funded", "leased"),
    *("granted", "reversed", "granted_back"),
    *("packets_sent", "packets_refunded", "drawn", "drawn_back", "undrawn"),
    *("in_hand", "waiting", *USES),
    *("defunded", "reserve", "shards", "in_flight", "suspense", "left"),
)


@dataclass(frozen=True, kw_only=True)
class CampaignCoins:
    """What moved of one campaign's budget, and where it is; coins of one program."""

    campaign: str
    advertiser: str  # the campaign itself where no description names one
    program: str  # '' while no coin has moved
    announced: int | None  # none where no description says
    budget: int  # announced, or funded where that is more
    funded: int
    leased: int  # to shards, so far
    granted: int  # rewards included
    reversed: int  # grants taken back
    granted_back: int  # grants that came back since nobody opened the wallet
    packets_sent: int
    packets_refunded: int  # to the budget, undrawn
    drawn: int
    drawn_back: int  # as `granted_back`
    undrawn: int  # still in packets
    in_hand: int  # this and the next nine: granted or drawn, first in, first out
    waiting: int  # for a wallet
    redeemed: int
    bought: int
    gifted: int
    shared: int  # put into people's own red packets
    expired: int
    exchanged: int  # for a partner's points
    fees: int
    otherwise: int
    defunded: int  # returned to the advertiser
    reserve: int
    shards: int
    in_flight: int
    suspense: int
    left: int  # in reserve and shards, and in flight


@dataclass(frozen=True, kw_only=True)
class CoinReport:
    """Every coin of the budgets of one campaign, of several, or of an advertiser."""

    campaigns: tuple[str, ...]
    advertiser: str | None  # when it was asked for
    places: tuple[Place, ...]  # by program; together they are the budget
    flows: tuple[Flow, ...]  # by program, those that any coin took
    by_campaign: tuple[CampaignCoins, ...]
    refused: tuple[Refused, ...]  # asked of the budgets, and not given
    cost: tuple[Cost, ...]  # by campaign, and of several together
    basis: LocalizedText
    attribution: LocalizedText
    notes: tuple[LocalizedText, ...]
    queries: tuple[Query, ...]


def coins(client: Client, campaigns: Sequence[str], advertiser: str, programs: Path) -> CoinReport:
    """Return the coins of `campaigns`, or of all those of an advertiser.

    Args:
        client: of the warehouse.
        campaigns: their names; none when an advertiser is named.
        advertiser: its name, '' for none.
        programs: folder of the programs' files, which say of what kind an item is.

    Raises:
        NoReportError: when neither is named, or both are.
        UnknownCampaignError: when no event names a campaign, or no campaign is the advertiser's.
        InconsistentError: when the coins do not add up.
        EmptyWarehouseError: when there are no campaign events.
    """
    log = QueryLog(client)
    known = {row["campaign"]: row for row in log.rows("reports/advertisers")}
    names = campaigns_of(client, campaigns, advertiser, known)
    tallies = _tallies(log, names, known, programs)
    whole = together(tallies.values())
    _check(log, names, whole)
    given = {
        name: sum(each.given for (of, _), each in tallies.items() if of == name) for name in names
    }
    return CoinReport(
        campaigns=names,
        advertiser=advertiser or None,
        places=tuple(place for each in whole.values() for place in places(each)),
        flows=tuple(flow for each in whole.values() for flow in flows(each) if flow.coins),
        by_campaign=tuple(
            _campaign(known[name], each) for (name, _), each in sorted(tallies.items())
        ),
        refused=(vain := refused(log, names)),
        cost=costs(client, log, given, {name: known[name]["coin_microcents"] for name in names}),
        basis=BASIS,
        attribution=ATTRIBUTION,
        notes=(COSTS, *([REFUSED] * bool(vain)), *_undivided(tallies, known)),
        queries=log.asked,
    )


def _tallies(
    log: QueryLog, names: Sequence[str], known: Mapping[str, Mapping[str, Any]], programs: Path
) -> dict[tuple[str, str], Tally]:
    """Return the sums of each campaign and program of its coins."""
    found: dict[tuple[str, str], Tally] = {}
    for row in log.rows("reports/coin_sums", campaigns=list(names)):
        key = row.pop("campaign"), row.pop("program")
        found[key] = Tally(key[1])
        found[key].sums.update(row)
    for name in names:
        own = [each for (of, _), each in found.items() if of == name]
        announced = known[name]["announced"]
        if announced is not None and not own:
            own = [found.setdefault((name, ""), Tally(""))]
        for each in own:
            each.budget = each.sums["funded"]
        if announced is not None and len(own) == 1:  # else it is not known of which program
            own[0].is_announced = True
            own[0].budget = max(announced, own[0].budget)
    kinds: dict[str, dict[str, str]] = {}
    rows = log.rows(
        "settlement/caused_coins",
        activities=[],
        campaigns=list(names),
        drawn=list(names),
        takers=True,
        program="",
        end=NO_END,
    )
    for row in rows:
        program = row["program"]
        if program not in kinds:
            kinds[program] = _kinds(programs, program)
        tally = found[row["name"], program]
        source = "drawn" if row["kind"] == "packet" else "granted"
        if row["operation"]:
            tally.spent[source, *use(row, kinds[program])] += row["coins"]
        else:
            tally.placed[source] += row["coins"]
    return found


def _kinds(programs: Path, name: str) -> dict[str, str]:
    """Return of what kind the items of a program's catalogue are."""
    program = program_of(programs, name)
    return {} if program is None else {key: item.kind for key, item in program.catalogue.items()}


def _check(log: QueryLog, names: Sequence[str], whole: Mapping[str, Tally]) -> None:
    """Refuse to tell what does not add up, or not to what settlement tells."""
    settled = {
        row["program"]: row
        for row in log.rows("settlement/budget", campaigns=list(names), program="", end=NO_END)
    }
    wrong = [
        fault
        for program, tally in (dict.fromkeys(settled, Tally("")) | dict(whole)).items()
        for fault in faults(tally, settled.get(program, {}))
    ]
    if wrong:
        raise InconsistentError(
            LocalizedText(
                "the coins of {campaigns} don't add up, so they are not shown: {faults}; if the "
                "feed is behind (`flowdrop status`) ask again, otherwise `flowdrop reconcile` "
                "names the posting",
                campaigns=Names(tuple(names), last="and"),
                faults=Names(tuple(wrong)),
            )
        )


def _undivided(
    tallies: Mapping[tuple[str, str], Tally], known: Mapping[str, Mapping[str, Any]]
) -> list[LocalizedText]:
    """Return the sentences on budgets that were announced, but not for which program."""
    of = [name for name, _ in tallies]
    return [
        LocalizedText(
            "A budget of {coins:,} coins was announced for {campaign}, which has coins of several "
            "programs: its budget here is what was funded.",
            campaign=name,
            coins=known[name]["announced"],
        )
        for name in dict.fromkeys(of)
        if of.count(name) > 1 and known[name]["announced"] is not None
    ]


def _campaign(known: Mapping[str, Any], tally: Tally) -> CampaignCoins:
    sums = tally.sums
    named = (
        *("funded", "leased", "granted", "reversed", "granted_back", "packets_sent"),
        *("packets_refunded", "drawn", "drawn_back", "undrawn", "defunded"),
        *("reserve", "shards", "in_flight", "suspense"),
    )
    return CampaignCoins(
        campaign=known["campaign"],
        advertiser=known["advertiser"],
        program=tally.program,
        announced=known["announced"],
        budget=tally.budget,
        in_hand=sum(map(tally.in_hand, SOURCES)),
        waiting=sum(sums[f"{source}_waiting"] for source in SOURCES),
        left=tally.left,
        **{key: sums[key] for key in named},
        **{key: tally.used(key) for key in USES},
    )


def place_name(say: Translator, place: str, name: str) -> str:
    """Return what a place is called: “Redeemed: unicom”."""
    what = label(say, "coins", place)
    return (
        say.gettext("{what}: {name}", what=what, name=_own_name(say, place, name)) if name else what
    )


def _own_name(say: Translator, place: str, name: str) -> str:
    if place == "bought":
        return label(say, "item", name)
    return label(say, "operation", name) if place == OTHERWISE else name


def headline(found: CoinReport) -> dict[str, dict[str, int | None]]:
    """Return by program the sums that come first: budget, funded, left; none of what is hidden."""
    sums: dict[str, dict[str, int | None]] = {}
    for row in found.by_campaign:
        own = sums.setdefault(row.program, dict.fromkeys(("budget", "funded", "left"), 0))
        for key, so_far in own.items():
            more = getattr(row, key)
            own[key] = None if so_far is None or more is None else so_far + more
    return sums


def _text(found: CoinReport, to: Layout) -> None:
    """Print the report."""
    _ = to.gettext
    to.heading(_("Coins of {campaigns}", campaigns=found.advertiser or " + ".join(found.campaigns)))
    for program, sums in headline(found).items():
        to.table(
            _("Where every coin is, {program}", program=program or NONE),
            (_("place"), _("coins"), _("of them granted"), _("of them drawn")),
            (
                *(
                    (
                        place_name(to, each.place, each.name),
                        *map(number, (each.coins, each.granted, each.drawn)),
                    )
                    for each in found.places
                    if each.program == program
                ),
                (label(to, "coins", "budget"), number(sums["budget"]), "", ""),
            ),
        )
    if found.by_campaign:
        to.table(
            _("What moved, by campaign"),
            (_("coins"), *(each.campaign for each in found.by_campaign)),
            (
                (
                    label(to, "coins", key),
                    *(number(getattr(each, key)) for each in found.by_campaign),
                )
                for key in MOVED
            ),
        )
    print_refused(found.refused, to)
    to.table(
        _("What it cost"),
        (
            *(_("campaign"), _("cost"), _("people reached"), _("per person")),
            *(_("caused"), _("coin cost per conversion caused"), _("95 % interval")),
        ),
        (
            (
                each.campaign or _("together"),
                money(each.cost_cents),
                number(each.reached),
                money(each.per_reached_cents),
                NONE if each.caused is None else f"{each.caused:,.1f}",
                money(each.per_caused_cents),
                NONE
                if each.per_caused_cents is None
                else f"{money(each.per_caused_low_cents)} .. {money(each.per_caused_high_cents)}",
            )
            for each in found.cost
        ),
    )
    for each in found.cost:
        for why in each.why:
            to.line(_("{what}: {name}", what=each.campaign or _("together"), name=why))
    to.sentences([found.basis, found.attribution, *found.notes])


def _charts(found: CoinReport, say: Translator) -> dict[str, dict[str, Any]]:
    """Return for each program the flows of its coins, and what each place is called."""
    return {
        f"flows-{program}": _chart([each for each in found.flows if each.program == program], say)
        for program in dict.fromkeys(each.program for each in found.flows)
        if program  # of what was only announced there is one flow
    }


def _chart(flows: Sequence[Flow], say: Translator) -> dict[str, Any]:
    ends = dict.fromkeys(end for each in flows for end in (each.source, each.target))
    at = {end: number for number, end in enumerate(ends)}
    parted = [end.partition(":")[::2] for end in ends]
    return {
        "kind": "sankey",
        "places": at,
        "names": [place_name(say, place, name) for place, name in parted],
        "labels": [  # beside where they are from
            _own_name(say, place, name) if name else place_name(say, place, "")
            for place, name in parted
        ],
        "kept": [end in KEPT for end in ends],
        "links": [
            {"source": at[each.source], "target": at[each.target], "value": each.coins}
            for each in flows
        ],
    }


def _place_rows(found: CoinReport) -> Rows:
    """Return the places, whose coins add up to the budgets; then what moved none, refused."""
    nothing: dict[str, Any] = dict.fromkeys((*PLACE, "events", "people", "coins_refused"))
    return [
        *({**nothing, **plain(each)} for each in found.places),
        *(
            {
                **nothing,
                "program": each.program,
                "place": "refused",
                "name": f"{each.operation} of {each.campaign}: {each.reason}",
                "events": each.events,
                "people": each.people,
                "coins_refused": each.coins,
            }
            for each in found.refused
        ),
    ]


def _cost_rows(found: CoinReport) -> Rows:
    """Return what is known of the cost, one row per campaign; `why` in English."""
    return [{**plain(each), "why": "; ".join(why.en for why in each.why)} for each in found.cost]


REPORT = Report(
    name="coins",
    help="""Show where every coin of a budget is: given, spent, returned, left; and its cost.

    Several campaigns, or all those of an advertiser, give their sum and each one's own numbers.
    """,
    example="flowdrop report coins tea-house --json",
    parameters=PARAMETERS,
    settings=("programs",),
    queries=(
        *("reports/advertisers", "reports/campaign_names", "reports/coin_sums"),
        "reports/coins_refused",
        *("settlement/caused_coins", "settlement/budget", "reports/reach_zone"),
        "reports/frequency_people_whole",
        *NET,
    ),
    compute=coins,
    result=CoinReport,
    tables=(
        Table(
            title=N_("Where every coin is"),
            row="one row per place of coins, and per reason why none were given",
            rows=_place_rows,
            columns=(*PLACE, "events", "people", "coins_refused"),
            chart=SheetChart(kind="bar", x="place", y=("coins",), by="program"),
        ),
        Table(
            title=N_("What moved, by campaign"),
            row="one row per campaign and program",
            rows=lambda found: plain(found.by_campaign),
        ),
        Table(title=N_("What it cost"), row="one row per campaign", rows=_cost_rows),
    ),
    charts=_charts,
    text=_text,
    page=Page(
        template="coins.html",
        facts=lambda _client, _settings, _asked, found: {
            "moved": MOVED,
            "headline": {} if found is None else headline(found),
        },
    ),
    file=lambda asked: file_of("coins", asked),
    loads=LIFT.loads,
    definitions=(BASIS, ATTRIBUTION, COSTS, REFUSED),
    protection=PROTECTION,
)
