"""A plan replays what its audience met, and tells how far off that was for campaigns held back."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest

from console.i18n import translator
from console.invalid.judging import due, judge
from console.invalid.rules import rules
from console.reports.basis import NoReportError
from console.reports.plan import CAPS, PEOPLE_MIN, REPORT, SHARES, TOLD, Terms, plan
from features.statistics.replay import Past, expected
from sql.days import adopt_zone
from tests.exposures import bases_of, day_of, insert, made_at_random, owners

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import httpx
    from clickhouse_connect.driver.client import Client

    from tests.exposures import Event

pytestmark = pytest.mark.clickhouse

PROGRAM = "liuliangbao"
CHOSEN = [f"p{n}" for n in range(0, 120, 2)] + ["stranger-1", "stranger-2"]
LAST = date(2026, 3, 9)


def freeze(client: Client, name: str, people: Iterable[str]) -> None:
    members = [[PROGRAM, name, "print", person, 0.0, at] for at, person in enumerate(people, 1)]
    now = datetime(2026, 3, 10, tzinfo=UTC)
    client.insert(
        "audiences",
        [[PROGRAM, name, LAST, "listed", "{}", len(members), 0, "print", now]],
        column_names=[
            *("program", "name", "as_of", "model_id", "rule"),
            *("size", "opted_out", "fingerprint", "frozen_at"),
        ],
    )
    if members:
        columns = ["program", "audience", "fingerprint", "person", "score", "rank"]
        client.insert("audience_members", members, column_names=columns)


@pytest.fixture(scope="module")
def filled(fresh: Callable[[], Client]) -> tuple[Client, list[Event]]:
    events = made_at_random(3, events=2500, people=120)
    client = fresh()
    adopt_zone(client, "UTC")
    insert(client, events)
    freeze(client, "chosen", CHOSEN)
    freeze(client, "strangers", CHOSEN[-2:])
    freeze(client, "one", ["p0"])
    freeze(client, "nobody", [])
    return client, events


def terms(**more: Any) -> Terms:
    asked = {each.name: each.default for each in REPORT.parameters[1:]} | {"zone": "UTC"}
    return Terms(**{**asked, "budget": "20000", "cost_per_thousand": "100000", **more})


def met(events: list[Event], basis: str) -> tuple[set[str], list[tuple[str, str, date]]]:
    """Return the audience, and whom of it campaigns met when."""
    own = owners(events)
    people = {own.get(person, person) for person in CHOSEN}
    found = [
        (own.get(event["person"], event["person"]), event["campaign"], day_of(event))
        for event in events
        if basis in bases_of(event) and not event["paid"]
    ]
    return people, [each for each in found if each[0] in people]


@pytest.mark.parametrize("basis", ["contacted", "served", "viewable"])
@pytest.mark.parametrize(("days", "cap", "cap_days"), [(28, None, None), (7, 2, None), (5, 1, 2)])
def test_it_replays_what_the_audience_met(
    filled: tuple[Client, list[Event]],
    basis: str,
    days: int,
    cap: int | None,
    cap_days: int | None,
) -> None:
    client, events = filled
    given = {"cap": cap, "cap_days": cap_days, "days": days}
    asked = {name: str(value) for name, value in given.items() if value}
    found = plan(client, "chosen", terms(counted=basis, **asked))
    people, events_met = met(events, basis)
    last = max(day_of(e) for e in events if basis in bases_of(e) and not e["paid"])
    first = last - timedelta(days=days - 1)
    stretch = cap_days or days
    own: dict[str, Counter[int]] = defaultdict(Counter)
    for person, _, day in events_met:
        if first <= day <= last:
            own[person][(day - first).days // stretch] += 1
    past = Past([list(each.values()) for each in own.values()], [1] * len(own))
    assert (found.begin, found.end, found.people) == (first, last, len(people))
    assert (found.people_past, found.impressions_past) == (len(own), past.impressions)
    windows = -(-days // stretch)
    budgets = {round(20_000 * share) for share in SHARES}
    if 0 < found.budget_end_cents < max(budgets):
        budgets.add(found.budget_end_cents)
    told = [row.budget_cents for row in found.by_budget]
    assert told == sorted({*told} & budgets)
    every = [expected(past, own / 100, cap, len(people), windows) for own in sorted(budgets)]
    as_before = {
        own
        for own, before, point in zip(sorted(budgets)[1:], every, every[1:], strict=False)
        if (round(before.impressions), [*map(round, before.plus)])
        == (round(point.impressions), [*map(round, point.plus)])
    }
    assert budgets - {*told} == as_before - {20_000}
    for row in found.by_budget:
        point = expected(past, row.budget_cents / 100, cap, len(people), windows)
        assert row.impressions == round(point.impressions)
        assert row.reach_plus == tuple(map(round, point.plus))
        assert (row.reach, row.is_beyond) == (row.reach_plus[0], point.is_beyond)
    assert found.budget_end_cents == int(100 * past.delivered(1.0, cap))
    for own_cap, row in zip([each.cap for each in found.by_cap], found.by_cap, strict=True):
        point = expected(past, 200, own_cap, len(people), windows)
        assert row.reach_plus == tuple(map(round, point.plus))
    caps = [each.cap for each in found.by_cap]
    assert caps == [own for own in (*CAPS, None) if own in caps]
    assert caps[-1] is None
    whole = found.by_cap[-1]
    for own in {*CAPS} - {*caps}:  # which leave out nothing, as no cap does
        point = expected(past, 200, own, len(people), windows)
        assert whole.reach_plus == tuple(map(round, point.plus))


def test_the_error_is_that_of_campaigns_it_did_not_know(
    filled: tuple[Client, list[Event]],
) -> None:
    client, events = filled
    people, events_met = met(events, "served")
    wrong: dict[float, list[float]] = {share: [] for share in TOLD}
    for campaign in {name for _, name, _ in events_met}:
        first = min(day for _, name, day in events_met if name == campaign)
        before = Counter(
            person
            for person, name, day in events_met
            if name != campaign and first - timedelta(days=28) <= day < first
        )
        own = Counter(person for person, name, _ in events_met if name == campaign)
        if not before or len(own) < PEOPLE_MIN:
            continue
        past = Past([[n] for n in before.values()], [1] * len(before))
        for share in TOLD:
            actual = sum(1 - (1 - share / 2) ** n for n in own.values())
            bought = own.total() * share / 2
            guess = expected(past, bought, None, len(people), 1).plus[0]
            wrong[share].append(abs(guess - actual) / actual)
    found = plan(client, "chosen", terms(counted="served")).errors
    assert [each.budget_share for each in found] == [*TOLD]
    for each in found:
        assert each.campaigns == len(wrong[each.budget_share])
        if wrong[each.budget_share]:
            assert each.median_error == pytest.approx(median(wrong[each.budget_share]))


def test_campaigns_one_after_the_other_are_predicted(fresh: Callable[[], Client]) -> None:
    """Both met everybody alike, so nothing is off but what chance would give."""
    client = fresh()
    adopt_zone(client, "UTC")
    (like, *_) = [event for event in made_at_random(1) if event["type"] == "contact"]
    rows = []
    for at, (name, day) in enumerate([("a", 1), ("b", 8)]):
        for n in range(200):
            time = datetime(2026, 3, day, 12, tzinfo=UTC)
            more = {"id": f"{name}{n}", "campaign": name, "person": f"p{n % 100}", "time": time}
            rows.append({**like, **more, "number": n % 100 + 4, "offset": 200 * at + n})
    insert(client, rows)
    freeze(client, "all", [f"p{n}" for n in range(100)])
    found = plan(client, "all", terms(days="7"))
    assert [each.campaigns for each in found.errors] == [1, 1, 1]
    assert [each.median_error for each in found.errors] == pytest.approx([0, 0, 0], abs=1e-9)
    assert "(1): the median error of reach at 50, 100 and 200 % of a budget was 0.0 %" in (
        found.error.en
    )


@pytest.mark.parametrize("name", ["strangers", "nobody"])
def test_an_audience_without_a_past(filled: tuple[Client, list[Event]], name: str) -> None:
    found = plan(filled[0], name, terms())
    assert found.people == {"strangers": 2, "nobody": 0}[name]
    assert (found.people_past, found.impressions_past) == (0, 0)
    assert all(row.reach == 0 and row.is_beyond for row in found.by_budget)
    assert "isn't known" in found.error.en


def test_a_budget_that_cannot_be_used_is_said(filled: tuple[Client, list[Event]]) -> None:
    client = filled[0]
    few = plan(client, "chosen", terms(cap="1", days="7", end=LAST.isoformat(), budget="5000"))
    assert few.unused is None
    assert "with at most 1 impressions a person" in few.method.en
    much = plan(client, "chosen", terms(cap="1", days="7", end=LAST.isoformat(), budget="9999900"))
    (asked,) = [row for row in much.by_budget if row.budget_cents == 9_999_900]
    assert 0 < asked.impressions < asked.planned
    assert asked.spent_cents == asked.impressions * 100
    assert asked.cost_per_person_cents == 100
    assert much.unused is not None
    left = f"{(9_999_900 - asked.spent_cents) / 100:,.2f} of the budget can't be used"
    assert left in much.unused.en
    assert f"exhausted by {asked.impressions:,} impressions" in much.unused.en
    assert REPORT.sentences(much)[0] is much.unused
    patterns = [(row.impressions, row.reach_plus) for row in much.by_budget if row != asked]
    assert len(set(patterns)) == len(patterns), "no row says what another has said"
    free = plan(client, "chosen", terms(budget="9999900"))
    assert free.unused is None, "without a cap all of it can be spent"
    assert "without a cap, since none was given" in free.method.en
    shown = [row["cap"] for row in REPORT.tables[0].shown(free)]
    assert set(shown) == {"no cap"}
    assert [row["cap"] for row in REPORT.tables[0].rows(free)] == [None] * len(shown)
    nobody = plan(client, "strangers", terms())
    assert nobody.unused is not None
    assert "nobody of the audience was contacted from" in nobody.unused.en
    assert {row.spent_cents for row in nobody.by_budget} == {0}


def test_invalid_traffic_is_no_past_to_plan_by(
    fresh: Callable[[], Client], filled: tuple[Client, list[Event]]
) -> None:
    """A plan is what it would be if the invalid events had never come."""
    client, without = fresh(), fresh()
    events = [
        {**each, "agent": "a robot" if each["type"] == "exposure" and at % 3 == 0 else "phone"}
        for at, each in enumerate(filled[1])
    ]
    late = {**next(each for each in events if each["type"] == "exposure"), "agent": "a robot",
            "id": "last", "time": datetime(2026, 3, 20, tzinfo=UTC), "offset": 10**6}  # fmt: skip
    for own, stored in ((client, [*events, late]), (without, events)):
        adopt_zone(own, "UTC")
        insert(own, [each for each in stored if own is client or each["agent"] == "phone"])
        freeze(own, "chosen", CHOSEN)
    rule = replace(next(each for each in rules() if each.name == "robots"), entries=("robot",))
    for _ in judge(client, due(client, None, (rule,)), (rule,)):
        pass
    for basis in ("served", "viewable"):
        net = plan(client, "chosen", terms(counted=basis))
        clean = plan(without, "chosen", terms(counted=basis))
        gross = plan(filled[0], "chosen", terms(counted=basis))
        assert net.end == clean.end
        assert 0 < net.impressions_past == clean.impressions_past < gross.impressions_past
        assert (net.by_budget, net.by_cap, net.errors) == (
            clean.by_budget,
            clean.by_cap,
            clean.errors,
        )
        assert "invalid traffic" in net.basis.en


def test_one_person_and_no_money(filled: tuple[Client, list[Event]]) -> None:
    found = plan(filled[0], "one", terms(cap="1", budget="0"))
    assert found.people == 1
    for row in (*found.by_budget, *found.by_cap):
        assert (row.planned, row.reach, row.average_frequency) == (0, 0, None)
    assert REPORT.charts(found, translator("en")) == {}
    rich = plan(filled[0], "one", terms(cap="1", budget="99999999"))
    assert {row.reach for row in rich.by_budget} == {1}
    assert rich.by_budget[-1].is_beyond


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"budget": "-1"}, "budget must be a whole number from 0 to"),
        ({"budget": "1.5"}, "got '1.5'"),
        ({"budget": ""}, "budget must be"),
        ({"budget": "1" * 5000}, "budget must be"),
        ({"cost_per_thousand": "0"}, "cost_per_thousand must be"),
        ({"cost_per_thousand": "nan"}, "cost_per_thousand must be"),
        ({"cost_per_thousand": "much"}, "got 'much'"),
        ({"cap": "0"}, "cap must be a whole number from 1 to"),
        ({"days": "0"}, "days must be a whole number from 1 to 366"),
        ({"cap_days": "29"}, "cap_days must be a whole number from 1 to 28"),
        ({"end": "soon"}, "end must be a day"),
        ({"end": "2016-01-01"}, "was contacted from 2015-12-05 to 2016-01-01, so there is no past"),
        ({"counted": "seen"}, "counted is contacted, served or viewable"),
        ({"program": "none"}, "no audience is called 'chosen'"),
    ],
)
def test_what_is_no_plan_is_refused_in_words(
    filled: tuple[Client, list[Event]], more: dict[str, str], said: str
) -> None:
    with pytest.raises(NoReportError) as refused:
        plan(filled[0], "chosen", terms(**more))
    assert said in refused.value.words.en
    assert refused.value.words.zh != refused.value.words.en


def test_a_warehouse_without_audiences_or_events(fresh: Callable[[], Client]) -> None:
    client = fresh()
    adopt_zone(client, "UTC")
    with pytest.raises(NoReportError, match="no audience is frozen yet"):
        plan(client, "chosen", terms())
    freeze(client, "chosen", ["p1"])
    with pytest.raises(NoReportError, match="nobody was ever contacted"):
        plan(client, "chosen", terms())
    with pytest.raises(NoReportError, match="there are: chosen"):
        plan(client, "other", terms())


def test_the_page_asks_and_draws(web: httpx.Client) -> None:
    form = web.get("/plan").text
    assert "<option>households</option>" in form
    query = {"audience": "households", "budget": "90000", "cost_per_thousand": "100000"}
    end = {"end": "2017-06-30", "days": "90"}
    page = web.get("/plan", params={**query, **end}).text
    assert '"kind": "lines"' in page
    assert "Goerg" in page
    assert "the median error of reach" in page
    assert web.get("/plan", params={**query, "cap": "", "end": ""}).status_code == 200
    refused = web.get("/plan", params={**query, "budget": "-5"})
    assert refused.status_code == 400
    assert "budget must be a whole number" in refused.text
