"""Attribution of worlds made at random equals what plain Python reads from the same events."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from console.reports.attribution import attribution
from console.reports.attribution_caused import NOT_RANDOMISED
from console.reports.attribution_models import MODELS, WHOLE, Journeys, credits_of, faults
from console.reports.basis import NoReportError, UnknownCampaignError
from console.reports.lift import lift
from tests.exposures import BEGIN, NONE, Event, insert, is_viewable, made_at_random, owners
from tests.long import sized
from tests.naive_attribution import DAY, KINDS, Bought, Key, Told, Touch, attributed

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from console.reports.attribution_figures import AttributionReport

pytestmark = pytest.mark.clickhouse

SEEDS = range(sized(1, 3))
WINDOWS = {"a": (7, 1), "b": (3, 2), "c": (7, 1), "d": (0, 5)}  # c nobody describes
ADVERTISERS = {"a": "acme", "b": "acme", "c": "c", "d": "acme"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def world(seed: int) -> list[Event]:
    """Return events with ties in time, over several channels, of campaigns of two advertisers."""
    draw = random.Random(seed)
    events = made_at_random(seed, events=900, people=50)
    for event in events:
        if event["campaign"]:
            event["campaign"] = draw.choice([*WINDOWS])
        if event["type"] in {"contact", "exposure", "click"}:
            event["channel"] = draw.choice(["app", "sms", "web"])
            event["time"] = event["time"].replace(minute=0, second=0)
        if event["type"] in {"exposure", "click"}:
            event["creative"] = draw.choice(["", "red", "blue"])
        if event["type"] == "conversion":
            event["value"] = draw.choice([None, 0, 99, 12_345])
            event["time"] = event["time"].replace(minute=draw.choice([0, 7]), second=0)
    for n, (name, (clicks, views)) in enumerate(WINDOWS.items()):
        if name != "c":
            says = {"advertiser": "acme", "click_window_days": clicks, "view_window_days": views}
            events.append(
                NONE
                | {"id": f"d{n}", "type": "describe", "time": BEGIN, "campaign": name}
                | {"person": f"campaign:{name}", "number": 0, "partition": 0, "offset": 10**6 + n}
                | {"description": json.dumps(says)}
            )
    return [{"description": "", **event} for event in events]


def us(time: datetime) -> int:
    return (time - EPOCH) // (datetime(1970, 1, 1, microsecond=1, tzinfo=UTC) - EPOCH)


def naive(events: list[Event], campaigns: list[str], by: str, **asked: Any) -> Told:
    """Read the events one at a time."""
    links = owners(events)
    first, last = asked.get("begin", date.min), asked.get("end", date.max)
    bought: dict[Key, list[Bought]] = defaultdict(list)
    touched: dict[Key, list[Touch]] = defaultdict(list)
    for event in events:
        if event["campaign"] not in campaigns or event["type"] == "describe":
            continue
        key = links.get(event["person"], event["person"]), ADVERTISERS[event["campaign"]]
        if event["type"] == "conversion":
            counted = first <= event["time"].date() <= last
            bought[key].append(Bought(us(event["time"]), event["value"] or 0, counted))
            continue
        clicks, views = WINDOWS[event["campaign"]]
        days = (
            asked.get("click_days", clicks)
            if event["type"] == "click"
            else asked.get("view_days", views)
        )
        if not days or event["paid"]:
            continue
        if (
            event["type"] == "exposure"
            and asked.get("views") != "served"
            and not is_viewable(event)
        ):
            continue
        time = us(event["time"])
        names = event["campaign"], event["channel"], event["creative"]
        touch = Touch(time, KINDS.index(event["type"]), *names, time + days * DAY)
        touched[key].append(touch)

    def counts(touch: Touch) -> bool:
        return first <= datetime.fromtimestamp(touch.time / 1e6, UTC).date() <= last

    return attributed(bought, touched, by, asked.get("half_life", 7.0), counts=counts)


def told(client: Client, *campaigns: str, **asked: Any) -> AttributionReport:
    given = {"by": "channel", "views": "viewable", "click_days": None, "view_days": None}
    given |= {"half_life": 7.0, "begin": None, "end": None, "advertiser": "", "zone": "UTC"}
    given |= {k: v.isoformat() if isinstance(v, date) else v for k, v in asked.items()}
    return attribution(client, campaigns, **given)


@pytest.fixture(scope="module", params=SEEDS)
def filled(fresh: Callable[[], Client], request: pytest.FixtureRequest) -> tuple[Client, Any]:
    events = world(request.param)
    client = fresh()
    for start in range(0, len(events), 90):
        for _ in range(1 + start % 2):  # some of them again
            insert(client, events[start : start + 90], f"t{start}")
    return client, events


def agree(found: AttributionReport, plain: Told) -> None:
    """Hold a report to the plain reading."""
    assert (found.conversions, found.attributed) == (plain.conversions, plain.attributed)
    assert found.unattributed == plain.conversions - plain.attributed
    assert (found.value_cents or 0) == plain.cents
    assert (found.attributed_value_cents or 0) == plain.attributed_cents
    *parts, rest = found.credits
    assert not rest.attributed
    assert {each.part for each in parts} >= {part for of in plain.credit.values() for part in of}
    for model in MODELS:
        for each in parts:
            conversions, cents = plain.credit.get(model, {}).get(each.part, (0, 0))
            assert getattr(each, model) == pytest.approx(float(conversions), abs=1e-6)
            value = getattr(each, f"{model}_value_cents")
            assert value == pytest.approx(float(cents), abs=1e-2)
        assert sum(getattr(each, model) for each in parts) == pytest.approx(found.attributed)
        assert getattr(rest, model) == found.unattributed


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"by": "campaign", "views": "served", "half_life": 0.5},
        {"by": "creative", "click_days": 9, "view_days": 4},
        {"by": "touch", "click_days": 9, "view_days": 4},
        {"by": "touch", "click_days": 0, "half_life": 300.0},
        {"begin": date(2026, 3, 3), "end": date(2026, 3, 6), "view_days": 3},
    ],
)
def test_every_model_of_several_campaigns(
    filled: tuple[Client, list[Event]], asked: dict[str, Any]
) -> None:
    client, events = filled
    plain = naive(events, [*WINDOWS], **{"by": "channel", **asked})
    assert 0 < plain.attributed < plain.conversions
    agree(told(client, *WINDOWS, **asked), plain)


def test_one_campaign_and_an_advertisers(filled: tuple[Client, list[Event]]) -> None:
    client, events = filled
    for name in WINDOWS:
        agree(told(client, name), naive(events, [name], "channel"))
    found = told(client, advertiser="acme")
    assert found.campaigns == ("a", "b", "d")
    agree(found, naive(events, ["a", "b", "d"], "channel"))


def test_paths_are_long_and_mixed_enough_to_prove_anything(
    filled: tuple[Client, list[Event]],
) -> None:
    _, events = filled
    plain = naive(events, [*WINDOWS], "channel", click_days=9, view_days=4)
    assert max(len(parts) for parts in plain.converted) == 3
    assert len(plain.converted) == 7
    assert all(plain.journeys[parts] > n for parts, n in plain.converted.items() if len(parts) < 3)
    models = {
        tuple(round(float(own[0]), 3) for _, own in sorted(of.items()))
        for of in plain.credit.values()
    }
    assert len(models) == len(MODELS)


# -- one story, reckoned by hand ------------------------------------------------------------------


def _hour(n: int) -> int:
    return us(BEGIN) + n * DAY // 24


@pytest.fixture
def story(fresh: Callable[[], Client], insert: Callable[..., None]) -> Callable[..., Client]:
    """Makes a warehouse of touches (kind, hour, channel) of one person who buys at hour 100."""

    def make(*touches: tuple[str, int, str], value: int | None = 1_000) -> Client:
        client = fresh()
        for n, (kind, hour, channel) in enumerate(touches):
            insert(client, kind, "spring", ["p"], _hour(hour), id=[f"t{n}"], channel=channel)
        insert(client, "conversion", "spring", ["p"], _hour(100), value=[value])
        return client

    return make


def of(found: AttributionReport, model: str) -> dict[str, float]:
    return {
        each.part: getattr(each, model)
        for each in found.credits
        if each.attributed and getattr(each, model)
    }


def test_a_click_beats_a_later_view(story: Callable[..., Client]) -> None:
    found = told(story(("click", 10, "web"), ("contact", 99, "sms")), "spring")
    assert of(found, "last") == of(found, "first") == {"web": 1}
    assert of(found, "position") == {"web": 0.5, "sms": 0.5}


def test_position_is_two_fifths_at_the_ends(story: Callable[..., Client]) -> None:
    client = story(*(("click", n, f"c{n}") for n in (1, 2, 3, 4)))
    found = told(client, "spring", click_days=30)
    assert of(found, "position") == pytest.approx({"c1": 0.4, "c2": 0.1, "c3": 0.1, "c4": 0.4})
    assert {each.part: each.position_value_cents for each in found.credits[:-1]} == pytest.approx(
        {"c1": 400, "c2": 100, "c3": 100, "c4": 400}
    )


def test_credit_halves_with_each_half_life(story: Callable[..., Client]) -> None:
    client = story(("click", 0, "old"), ("click", 48, "new"))
    assert of(told(client, "spring", half_life=2.0), "decay") == pytest.approx(
        {"old": 1 / 3, "new": 2 / 3}
    )


def test_a_touch_qualifies_up_to_the_last_moment_of_its_window(
    story: Callable[..., Client],
) -> None:
    for hour, attributed_ in ((76, 1), (75, 0), (100, 1), (101, 0)):
        found = told(story(("contact", hour, "sms")), "spring")
        assert found.attributed == attributed_, hour


def test_invalid_traffic_is_no_touch_while_a_verdict_holds(story: Callable[..., Client]) -> None:
    client = story(("click", 98, "web"), ("click", 99, "sms"))
    verdict = """
    INSERT INTO invalid_events (campaign, kind, number, person, source, id, time, rule, sign)
    SELECT campaign, type, number, person, source, id, time, 'fast', {sign:Int8}
    FROM campaign_events WHERE id = 't1'
    """
    client.command(verdict, parameters={"sign": 1})
    assert of(told(client, "spring"), "last") == {"web": 1}
    client.command(verdict, parameters={"sign": -1})
    assert of(told(client, "spring"), "last") == {"sms": 1}


def test_without_values_there_is_no_revenue(story: Callable[..., Client]) -> None:
    found = told(story(("click", 99, "web"), value=None), "spring")
    assert (found.attributed, found.value_cents, found.unattributed_value_cents) == (1, None, None)
    assert {each.last_value_cents for each in found.credits} == {None}


def test_more_parts_than_can_be_reckoned_leave_out_one_model(
    story: Callable[..., Client],
) -> None:
    found = told(story(*(("click", 90, f"c{n}") for n in range(13))), "spring")
    assert {each.data_driven for each in found.credits} == {None}
    assert "left out" in found.method[1].en
    assert sum(each.decay for each in found.credits) == pytest.approx(1)


def test_what_was_caused_is_that_of_the_lift_report(
    fresh: Callable[[], Client], insert: Callable[..., None]
) -> None:
    client = fresh()
    people = [f"p{n}" for n in range(400)]
    for arm, own, buyers in (("drop", people[::2], 60), ("control", people[1::2], 20)):
        ids = [f"{arm}-{n}" for n in range(len(own))]
        insert(client, "assignment", "spring", own, _hour(0), id=ids, arm=arm, probability=0.5)
        insert(client, "conversion", "spring", own[:buyers], _hour(20), id=ids[:buyers], value=1)
    insert(client, "contact", "spring", people[::2], _hour(1), channel="app")
    insert(client, "contact", "summer", people[::2], _hour(1), channel="app")
    found = told(client, "spring", "summer")
    (effect,) = [
        each for each in lift(client, "spring").effects if each.metric == "conversion_rate"
    ]
    drop, other = found.caused
    assert (drop.people, drop.low, drop.high) == (
        *(effect.increment, effect.increment_low, effect.increment_high),
    )
    assert drop.people == pytest.approx(40)
    assert found.attributed == 60  # what lift says would have been 20 anyway
    assert (other.campaign, other.people, other.why) == ("summer", None, NOT_RANDOMISED)


# -- what must hold --------------------------------------------------------------------------------

JOURNEYS = [
    Journeys(parts=(), conversions=2, cents=5, without=0),
    Journeys(parts=("a",), conversions=3, cents=30, without=7),
    Journeys(parts=("a", "b"), conversions=1, cents=10, without=1),
]
ROWS = [
    {
        "part": "a",
        **dict.fromkeys(("last", "first", "position", "decay"), 4 * WHOLE),
        **dict.fromkeys(("last_cents", "first_cents", "position_cents", "decay_cents"), 40 * WHOLE),
    }
]
COUNTED = {"conversions": 6, "cents": 45}


def test_parts_that_are_credited_with_nothing_by_touches_may_be_by_what_they_add() -> None:
    a, b = credits_of(ROWS, JOURNEYS)
    assert (b.part, b.conversions["last"]) == ("b", 0)
    # a alone converts 3 in 10, both 1 in 2: of that 3/10 and half of 1/5 are a's, b's the rest.
    assert b.conversions["data_driven"] == pytest.approx(WHOLE * 0.2)
    assert a.conversions["data_driven"] == 4 * WHOLE - b.conversions["data_driven"]
    assert not list(faults((a, b), JOURNEYS, COUNTED))


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        ({"conversions": 7}, "those attributed and those not 6 is not all conversions 7"),
        ({"cents": 44}, "is not all revenue, in cents, 44"),
        ({"last": 3 * WHOLE}, "last: credit, in billionths, 3000000000 is not what there is"),
        ({"decay_cents": 0}, "decay, cents: credit, in billionths, 0 is not what there is"),
        ({"last": -WHOLE}, "last: 'a' is credited -1000000000 billionths, less than none"),
    ],
)
def test_figures_that_contradict_each_other_are_named(bend: dict[str, int], said: str) -> None:
    credit = credits_of([{**ROWS[0], **bend}], JOURNEYS)
    found = [each.en for each in faults(credit, JOURNEYS, {**COUNTED, **bend})]
    assert any(said in each for each in found), found


def test_a_set_that_is_counted_twice_is_found() -> None:
    twice = [*JOURNEYS, replace(JOURNEYS[1], parts=("b",))]
    assert len(list(faults(credits_of(ROWS, twice), twice, COUNTED))) > 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": "hour"}, "by must be channel, campaign, creative or touch, got 'hour'"),
        ({"views": "all"}, "views must be viewable or served"),
        ({"click_days": 91}, "click_days must be from 0 to 90 days, got 91"),
        ({"view_days": -1}, "view_days must be from 0 to 90"),
        ({"half_life": 0.0}, "half_life must be more than 0"),
        ({"half_life": float("nan")}, "half_life must be more than 0"),
        ({"begin": "2026-03-05", "end": "2026-03-04"}, "end 2026-03-04 is before begin"),
        ({"advertiser": "acme"}, "not both"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    filled: tuple[Client, list[Event]], asked: dict[str, Any], said: str
) -> None:
    client, _ = filled
    with pytest.raises(NoReportError, match=said):
        told(client, "a", **asked)


def test_an_unknown_campaign_is_refused(filled: tuple[Client, list[Event]]) -> None:
    client, _ = filled
    with pytest.raises(UnknownCampaignError, match="no event names a campaign 'z'"):
        told(client, "z")
