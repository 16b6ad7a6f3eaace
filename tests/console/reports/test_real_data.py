"""Reports on the real data, against numbers computed from the raw files with pandas alone."""

from __future__ import annotations

import itertools
import json
import math
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from console.reporting.report import plain
from console.reports.campaigns import campaigns
from console.reports.frequency import Asked, frequency
from console.reports.lift import lift
from console.reports.overlap import overlap
from console.reports.reach import reach
from flowdrop.output import print_json
from sql.client import places, rows

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

CAMPAIGNS = range(1, 28)


def _households(journey: Any, *numbers: int) -> set[int]:
    table = journey.memberships
    return set(table.household_id[table.campaign_id.isin(numbers)])


# -- reach ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("campaign", "people"), [("cj-8", 1076), ("cj-13", 1077), ("cj-18", 1133)])
def test_the_known_campaigns_reach(warehouse: Client, campaign: str, people: int) -> None:
    assert reach(warehouse, [campaign]).reach == people


@pytest.mark.parametrize("number", CAMPAIGNS)
def test_reach_of_every_campaign(warehouse: Client, journey: Any, number: int) -> None:
    found = reach(warehouse, [f"cj-{number}"])
    redeemed = journey.redemptions[journey.redemptions.campaign_id == number]
    about = journey.campaigns[journey.campaigns.campaign_id == number].iloc[0]

    assert found.reach == len(_households(journey, number))
    assert found.contacts == (journey.memberships.campaign_id == number).sum()
    assert found.conversions.count == len(redeemed)
    assert found.conversions.people == redeemed.household_id.nunique()
    assert found.conversions.outside == 0
    assert found.conversions.value_cents is None
    (own,) = found.by_campaign
    assert own.start == about.start_date.tz_localize("UTC")
    assert own.end == about.end_date.tz_localize("UTC")

    by_day = {day.day: day for day in found.by_day}
    first = by_day.pop(about.start_date.date(), None)
    assert first is not None
    assert (first.contacted, first.new) == (found.reach, found.reach)
    counts = redeemed.redemption_date.dt.date.value_counts().to_dict()
    assert first.conversions == counts.pop(about.start_date.date(), 0)
    assert {day: row.conversions for day, row in by_day.items()} == counts
    assert {row.cumulative for row in by_day.values()} <= {found.reach}


def test_several_campaigns_give_the_union(warehouse: Client, journey: Any) -> None:
    found = reach(warehouse, ["cj-8", "cj-18", "cj-13", "cj-8"])
    table = journey.redemptions[journey.redemptions.campaign_id.isin([8, 13, 18])]
    assert found.campaigns == ("cj-8", "cj-18", "cj-13")
    assert found.reach == len(_households(journey, 8, 13, 18))
    assert [own.reach for own in found.by_campaign] == [1076, 1133, 1077]
    assert found.reach < sum(own.reach for own in found.by_campaign)
    assert found.conversions.count == len(table)
    assert found.conversions.people == table.household_id.nunique()
    assert sum(day.new for day in found.by_day) == found.by_day[-1].cumulative == found.reach
    assert sum(day.conversions for day in found.by_day) == found.conversions.count
    days = [day.day for day in found.by_day]
    assert days == sorted(set(days))


def test_hillstroms_reach_leaves_the_control_out(warehouse: Client, hillstrom: Any) -> None:
    found = reach(warehouse, ["hillstrom"])
    sent = hillstrom[hillstrom.arm != "none"]
    assert found.reach == len(sent) == 42_694
    assert found.conversions.count == sent.conversion.sum()
    assert found.conversions.value_cents == sent.cents.sum()
    assert found.conversions.outside == hillstrom.conversion.sum() - sent.conversion.sum()
    assert found.cost.contacts_cents is None
    assert found.cost.contacts_unpriced == 42_694


def test_what_is_counted_is_said_in_both_languages(warehouse: Client) -> None:
    found = reach(warehouse, ["hillstrom", "cj-8"])
    assert "not a viewable impression" in found.basis.en
    assert "并不等于可见曝光" in found.basis.zh
    assert "no dates within its two weeks" in found.notes[0].en
    assert "两周之内没有日期" in found.notes[0].zh
    assert f"{found.reach:,} of the people are known only as ids" in found.notes[2].en
    assert len(found.notes) == 3
    (only, _money) = lift(warehouse, "hillstrom").notes[1:]
    assert "64,000 of the people are known only as ids" in only.en


# -- frequency --------------------------------------------------------------------------------


def _contacted(found: Any) -> list[Any]:
    return [own for own in found if own.basis == "contacted"]


def test_how_often_households_were_contacted(warehouse: Client, journey: Any) -> None:
    table = journey.memberships
    for numbers in ((8,), (8, 13, 18), CAMPAIGNS):
        found = frequency(warehouse, Asked([f"cj-{n}" for n in numbers]))
        times = table[table.campaign_id.isin(numbers)].household_id.value_counts()
        (own,) = _contacted(found.bases)
        assert (own.reach, own.impressions) == (len(times), times.sum())
        assert own.reach_plus == tuple(int((times >= n).sum()) for n in range(1, 11))
        assert sum(own.reached_times) == own.reach
        assert own.average_frequency == pytest.approx(times.mean())
        assert own.grp == pytest.approx(100 * times.sum() / found.population)
        assert [each.reach for each in _contacted(found.by_campaign)] == [
            len(_households(journey, n)) for n in numbers
        ]


def test_households_contacted_day_by_day_in_a_window(warehouse: Client, journey: Any) -> None:
    dated = journey.memberships.merge(journey.campaigns, on="campaign_id")
    dated["day"] = dated.start_date.dt.date
    first, last = date(2017, 4, 1), date(2017, 8, 31)
    dated = dated[(dated.day >= first) & (dated.day <= last)]
    every = [f"cj-{n}" for n in CAMPAIGNS]
    found = frequency(
        warehouse, Asked(every, begin=first.isoformat(), end=last.isoformat(), by="hour")
    )
    seen: set[int] = set()
    expected = []
    for day, part in dated.groupby("day"):
        today = set(part.household_id)
        expected.append((day, len(today), len(today - seen), len(seen | today), len(part)))
        seen |= today
    assert [
        (on.day, on.reach, on.new, on.cumulative, on.impressions) for on in _contacted(found.by_day)
    ] == expected
    (hour,) = _contacted(found.parts)
    assert (hour.part, hour.reach, hour.impressions) == ("00", len(seen), len(dated))


def test_hillstrom_cut_by_arm_and_by_an_attribute(
    fresh: Any, fill: Any, insert: Any, hillstrom: Any
) -> None:
    client = fresh()
    fill(client)
    people = "h:" + hillstrom.index.astype(str)
    said = [{"region": json.dumps(area)} for area in hillstrom.zip_code]
    insert(client, "profile", "", people, 0, attributes=said)
    sent = hillstrom[hillstrom.arm != "none"]
    for cut, column in (("arm", "arm"), ("region", "zip_code")):
        found = frequency(client, Asked(["hillstrom"], by=cut))
        every = hillstrom[column].value_counts().to_dict()
        reached = sent[column].value_counts().to_dict()
        parts = {part.part: part for part in _contacted(found.parts) if part.part}
        assert {name: part.population for name, part in parts.items()} == every
        assert {n: part.reach for n, part in parts.items() if part.reach} == reached
        assert {n: part.impressions for n, part in parts.items() if part.reach} == reached
        assert sum(part.reach for part in parts.values()) == len(sent)


# -- overlap ----------------------------------------------------------------------------------


def test_every_pairs_overlap(warehouse: Client, journey: Any) -> None:
    for a, b in itertools.combinations(CAMPAIGNS, 2):
        found = overlap(warehouse, f"cj-{a}", f"cj-{b}")
        of_a, of_b = _households(journey, a), _households(journey, b)
        assert (found.reach_a, found.reach_b) == (len(of_a), len(of_b))
        assert (found.overlap, found.union) == (len(of_a & of_b), len(of_a | of_b)), (a, b)
        assert (found.only_a, found.only_b) == (len(of_a - of_b), len(of_b - of_a))


def test_overlap_states_shares_and_both_orders(warehouse: Client) -> None:
    found = overlap(warehouse, "cj-8", "cj-13")
    assert found.share_of_a == pytest.approx(862 / 1076)
    assert found.share_of_b == pytest.approx(862 / 1077)
    assert found.share_of_union == pytest.approx(862 / 1291)
    steps = [
        [(step.campaign, step.incremental, step.cumulative) for step in order]
        for order in found.orders
    ]
    assert steps == [
        [("cj-8", 1076, 1076), ("cj-13", 215, 1291)],
        [("cj-13", 1077, 1077), ("cj-8", 214, 1291)],
    ]


# -- lift -------------------------------------------------------------------------------------


def test_hillstroms_rates(warehouse: Client, hillstrom: Any) -> None:
    found = lift(warehouse, "hillstrom")
    assert found.control == "none"
    assert [arm.arm for arm in found.arms] == ["none", "mens", "womens"]
    assert [arm.people for arm in found.arms] == [21_306, 21_307, 21_387]
    assert [round(arm.visit_rate * 100, 2) for arm in found.arms] == [10.62, 18.28, 15.14]
    assert [round(arm.conversion_rate * 100, 2) for arm in found.arms] == [0.57, 1.25, 0.88]
    for arm in found.arms:
        group = hillstrom[hillstrom.arm == arm.arm]
        assert arm.visit_rate == pytest.approx(group.visit.mean(), rel=1e-12)
        assert arm.conversion_rate == pytest.approx(group.conversion.mean(), rel=1e-12)
        assert arm.value_cents == group.cents.sum()
        assert arm.probability == pytest.approx(1 / 3)


def test_hillstroms_effects_a_second_way(warehouse: Client, hillstrom: Any) -> None:
    found = lift(warehouse, "hillstrom")
    control = hillstrom[hillstrom.arm == "none"]
    assert len(found.effects) == 6
    for effect in found.effects:
        treated = hillstrom[hillstrom.arm == effect.arm]
        column = {"visit_rate": "visit", "conversion_rate": "conversion"}.get(effect.metric)
        if column:
            counts = (treated[column].sum(), len(treated), control[column].sum(), len(control))
            # With so many people every good interval is about the same; `tests/features` has ours.
            bounds = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
            ratios = confint_proportions_2indep(*counts, method="score", compare="ratio")
            assert effect.relative_low == pytest.approx(ratios[0] - 1, rel=1e-3)
            assert effect.relative_high == pytest.approx(ratios[1] - 1, rel=1e-3)
            _, p_value = proportions_ztest(counts[::2], counts[1::2])
        else:
            column = "cents"
            both = CompareMeans(DescrStatsW(treated.cents), DescrStatsW(control.cents))
            bounds = both.tconfint_diff(usevar="unequal")
            p_value = both.ttest_ind(usevar="unequal")[1]
        difference = treated[column].mean() - control[column].mean()
        assert effect.difference == pytest.approx(difference)
        assert (effect.low, effect.high) == pytest.approx(bounds, rel=0.02)
        assert math.log(effect.p_value) == pytest.approx(math.log(p_value), rel=1e-4)
        assert effect.relative == pytest.approx(difference / control[column].mean())
        assert effect.increment == pytest.approx(difference * len(treated))
        assert effect.low < effect.difference < effect.high


def test_hillstroms_sample_ratio(warehouse: Client) -> None:
    check = lift(warehouse, "hillstrom").sample_ratio
    assert check is not None
    expected = stats.chisquare([21_306, 21_307, 21_387])
    assert (check.chi_squared, check.p_value) == pytest.approx(tuple(expected))
    assert check.ok


# -- all --------------------------------------------------------------------------------------


def test_the_list_of_campaigns(warehouse: Client, journey: Any) -> None:
    found = campaigns(warehouse)
    assert {each.name for each in found} == {f"cj-{n}" for n in CAMPAIGNS} | {"hillstrom"}
    assert [each.start for each in found] == sorted(each.start for each in found if each.start)
    by_name = {each.name: each for each in found}
    assert by_name["hillstrom"].arms == ("mens", "none", "womens")
    assert by_name["hillstrom"].assigned == 64_000
    for number in CAMPAIGNS:
        each = by_name[f"cj-{number}"]
        report = reach(warehouse, [each.name])
        assert (each.reach, each.conversions) == (report.reach, report.conversions.count)
        assert each.reach == len(_households(journey, number))
        assert each.arms == ()


def test_every_number_can_be_opened_as_its_query(warehouse: Client) -> None:
    for report in (
        reach(warehouse, ["cj-8", "cj-13"]),
        lift(warehouse, "hillstrom"),
        overlap(warehouse, "cj-8", "cj-13"),
    ):
        assert report.queries
        for query in report.queries:
            bound = query.values
            assert bound.keys() == places(query.name).keys()
            rows(warehouse, query.name, **bound)
    (asked,) = (query for query in report.queries if query.name == "reports/frequency_people_whole")
    opened = {row["campaign"]: row["reach"] for row in rows(warehouse, asked.name, **asked.values)}
    assert opened == {"": report.union, "cj-8": report.reach_a, "cj-13": report.reach_b}


def test_every_report_has_a_json_form(
    warehouse: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    for report, keys in (
        (reach(warehouse, ["cj-8"]), {"reach", "by_day", "conversions", "cost", "basis"}),
        (lift(warehouse, "hillstrom"), {"arms", "effects", "sample_ratio"}),
        (overlap(warehouse, "cj-8", "cj-13"), {"overlap", "union"}),
    ):
        print_json(plain(report))
        printed = json.loads(capsys.readouterr().out)
        assert keys | {"notes", "queries"} <= printed.keys()
        assert printed["queries"][0]["name"].startswith("reports/")
