"""The city: the same bytes each time, valid, in order, in bounded memory, and as people live."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from flowdrop.cli import main
from scenarios.city import city, records, truth, wallets
from scenarios.city import people as inhabitants
from scenarios.city.city import chunks
from scenarios.city.draws import uniform
from scenarios.city.marketing import BOT_EXPOSURES_PER_DAY, EXPOSURES_MAX, TOGETHER
from scenarios.city.outcomes import outcomes
from scenarios.city.people import ADULT_AGE
from scenarios.city.plan import DAY_US, FARM_IDS, MINUTE_US, Plan
from scenarios.cli import city as replay_city
from streams import people as known_people
from streams import programs
from streams.events import CAMPAIGN_TOPIC, TYPES, WALLET_TOPIC, encode, partition_of
from streams.events.decoding import Rejection, read_campaign, read_wallet
from streams.events.times import microseconds

if TYPE_CHECKING:
    from scenarios.spoil import Record
    from streams.events import Event

ROOT = Path(__file__).parents[2]
SMALL = Plan(people=300, days=24, seed=7, partitions=4)


def read(record: Record) -> Event | Rejection:
    topic, _, key, value = record
    return (read_wallet if topic == WALLET_TOPIC else read_campaign)(key, value)


@pytest.fixture(scope="module")
def made() -> list[tuple[str, int, Record]]:
    return [
        row
        for chunk in chunks(SMALL)
        for row in zip(chunk.types, chunk.times_us, chunk.records, strict=True)
    ]


@pytest.fixture(scope="module")
def events(made: list[tuple[str, int, Record]]) -> list[Any]:
    return [read(record) for _, _, record in made]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The truth of the same city, a list of rows a file."""
    folder = tmp_path_factory.mktemp("truth")
    for _ in chunks(SMALL, truth.Truth(folder, SMALL.seed)):
        pass
    return {path.stem: pq.read_table(path).to_pylist() for path in folder.glob("*.parquet")}


def digest(plan: Plan) -> str:
    found = hashlib.sha256()
    for record in city.records(plan):
        found.update(repr(record).encode())
    return found.hexdigest()


def in_a_process(code: str) -> str:
    """What a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": "5"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


# -- the bytes -------------------------------------------------------------------------------


def test_every_event_is_valid_canonical_and_on_its_place(
    made: list[tuple[str, int, Record]], events: list[Any]
) -> None:
    for (kind, time_us, record), event in zip(made, events, strict=True):
        topic, partition, _, value = record
        assert not isinstance(event, Rejection), event
        assert encode(event) == value
        assert event.__struct_config__.tag == kind
        assert TYPES[kind][0] == topic
        assert microseconds(event.time) == time_us
        assert partition == partition_of(event.subject, SMALL.partitions)


def test_every_kind_is_written_and_every_type_of_campaigns(
    made: list[tuple[str, int, Record]], events: list[Any]
) -> None:
    assert {event.id.split("/")[1] for event in events} == set(records.KINDS)
    types = {kind for kind, _, _ in made}
    assert types == {f"flowdrop.{kind.type}" for kind in records.KINDS.values()}
    ledgers = {"flowdrop.person.opened"}  # which nobody else writes
    asked = {kind for kind, (topic, _) in TYPES.items() if topic == CAMPAIGN_TOPIC} - ledgers
    assert types >= asked


def test_the_texts_are_those_of_the_program() -> None:
    program = programs.load()["liuliangbao"]
    assert set(records.TEXTS["carrier"]) <= set(program.carriers)
    assert set(records.TEXTS["rule"]) | {"friend"} == set(program.rewards)
    assert records.TEXTS["item"] == tuple(program.catalogue)
    assert [item.price for item in program.catalogue.values()] == wallets.PRICES.tolist()
    assert program.calendar.utc_offset_minutes * MINUTE_US == wallets.AHEAD_US


def test_the_amounts_are_those_of_the_program() -> None:
    program = programs.load()["liuliangbao"]
    earn = program.earn
    assert earn["check-in"].coins == earn["check-in"].day_max == wallets.CHECK_IN_COINS
    assert earn["invitation"].coins == wallets.INVITATION_COINS
    assert (earn["game"].given_max or 0) >= wallets.GAME_COINS_MAX
    assert earn["purchase"].cents_per_coin == 100
    for carrier in records.TEXTS["carrier"]:
        assert program.carriers[carrier].is_plain  # any number of coins, at any time


def test_events_come_in_order_of_time_with_ids_of_their_own(
    made: list[tuple[str, int, Record]], events: list[Any]
) -> None:
    assert all(a <= b for (_, a, _), (_, b, _) in pairwise(made))
    assert len({event.id for event in events}) == len(events)


def test_the_same_plan_gives_the_same_bytes_in_another_process() -> None:
    code = """
import hashlib
from scenarios.city import city
from scenarios.city.plan import Plan
found = hashlib.sha256()
for record in city.records(Plan(people=300, days=24, seed=7, partitions=4)):
    found.update(repr(record).encode())
print(found.hexdigest())
"""
    assert in_a_process(code).strip() == digest(SMALL)


@pytest.mark.parametrize(
    "changes",
    [{"seed": 8}, {"people": 301}, {"partitions": 5}, {"start": datetime(2025, 1, 1, tzinfo=UTC)}],
)
def test_another_plan_gives_other_bytes(changes: dict[str, Any]) -> None:
    assert digest(SMALL._replace(**changes)) != digest(SMALL)


def test_a_day_in_many_parts_is_still_in_order_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = SMALL._replace(people=200, days=18)
    monkeypatch.setattr("scenarios.city.plan.CHUNK_EVENTS", 100)
    assert plan.parts == 10
    times: list[int] = []
    events = []
    for chunk in chunks(plan):
        times += chunk.times_us
        events += [read(record) for record in chunk.records]
    assert times == sorted(times)
    assert not [event for event in events if isinstance(event, Rejection)]
    assert len({event.id for event in events}) == len(events)
    assert {event.id.split("/")[1] for event in events} >= {"assignment", "conversion", "defund"}


@pytest.mark.parametrize("people", [2, 3, 11])
def test_a_hamlet_is_a_city_too(people: int) -> None:
    for record in city.records(SMALL._replace(people=people)):
        assert not isinstance(read(record), Rejection)


def test_memory_does_not_grow_with_the_days() -> None:
    """Ten times the days are 200,000 events more, of which each would take some 600 bytes."""
    code = """
import resource
from scenarios.city.city import chunks
from scenarios.city.plan import Plan
for days in (40, 400):
    events = sum(len(chunk.records) for chunk in chunks(Plan(200, days, 7, 4)))
    print(events, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    (few, before), (many, after) = (line.split() for line in in_a_process(code).splitlines())
    assert int(many) > 10 * int(few)
    assert int(after) - int(before) < 6_000  # kilobytes


# -- as people live --------------------------------------------------------------------------


def of(events: list[Any], word: str) -> list[Any]:
    return [e for e in events if e.__struct_config__.tag.rpartition(".")[2] == word]


def test_a_wallet_is_opened_once_before_all_else(events: list[Any]) -> None:
    opened: dict[str, datetime] = {}
    for event in events:
        word = event.__struct_config__.tag
        if word == "flowdrop.wallet.open":
            assert event.subject not in opened
            opened[event.subject] = event.time
        elif event.subject.startswith("city:") and word.startswith("flowdrop.wallet."):
            assert event.subject in opened
    assert len(opened) > 0.7 * SMALL.people


def test_packets_are_claimed_by_many_and_some_in_vain(events: list[Any]) -> None:
    sent = {event.data.packet: event for event in of(events, "packet_send")}
    claims = Counter(event.subject for event in of(events, "packet_claim"))
    assert set(claims) <= set(sent)
    assert max(claims.values()) > 30
    assert sum(claims[name] > packet.data.claims for name, packet in sent.items()) > 3
    assert sum(claims[name] < packet.data.claims for name, packet in sent.items()) > 3
    expired = [event.subject for event in of(events, "packet_expire")]
    assert sorted(expired) == sorted(sent)


def test_every_held_redemption_is_answered_once_and_late_only_when_it_may(
    events: list[Any],
) -> None:
    held = {e.id: e for e in of(events, "redeem") if e.data.until is not None}
    answers = [
        event
        for word in ("redeem_settle", "redeem_fail", "redeem_expire")
        for event in of(events, word)
    ]
    assert sorted(event.data.redemption for event in answers) == sorted(held)
    for event in answers:
        redeem = held[event.data.redemption]
        assert event.subject == redeem.subject
        if event.__struct_config__.tag.endswith("expire"):
            assert event.time >= redeem.data.until
        else:
            assert redeem.time < event.time < redeem.data.until


def test_every_order_is_answered_once_and_only_what_was_delivered_is_refunded(
    events: list[Any],
) -> None:
    placed = {event.id: event for event in of(events, "order_place")}
    fulfilled = {event.data.order: event for event in of(events, "order_fulfil")}
    cancelled = {event.data.order: event for event in of(events, "order_cancel")}
    refunded = {event.data.order: event for event in of(events, "order_refund")}
    assert sorted([*fulfilled, *cancelled]) == sorted(placed)
    assert set(refunded) <= set(fulfilled)
    assert len(refunded) > 5 < len(cancelled) < len(fulfilled)
    for answers, asked in ((fulfilled, placed), (cancelled, placed), (refunded, fulfilled)):
        for order, event in answers.items():
            assert event.subject == placed[order].subject
            assert event.time > asked[order].time
    assert {event.data.quantity for event in placed.values()} == {1, 2, 3}
    assert {"comic", "song", "game-skin"} <= {event.data.item for event in placed.values()}


def test_nobody_checks_in_twice_a_day_of_the_programs(events: list[Any]) -> None:
    ahead = timedelta(microseconds=wallets.AHEAD_US)
    checked_in = [e for e in of(events, "earn") if e.data.activity == "check-in"]
    days = {(event.subject, (event.time + ahead).date()) for event in checked_in}
    assert len(days) == len(checked_in) > 500


def test_hours_have_their_habits(events: list[Any]) -> None:
    hours = Counter(event.time.hour for event in of(events, "earn"))
    assert hours[12] > 3 * hours[3] > 0


# -- what is known of them -------------------------------------------------------------------


def test_everybody_is_known_when_they_join_and_no_machine_is(
    events: list[Any], known: dict[str, list[dict[str, Any]]]
) -> None:
    everyone = by_name(known["people"], "person")
    joined = {event.subject: event.time for event in of(events, "open")}
    profiles = {event.subject: event for event in of(events, "profile")}
    assert len(profiles) == len(of(events, "profile"))
    people = {name: time for name, time in joined.items() if not everyone[name]["is_bot"]}
    assert {name: event.time for name, event in profiles.items()} == people
    assert not {name for name in profiles if everyone[name]["is_bot"]}
    for name, event in profiles.items():
        person, attributes = everyone[name], event.data.attributes
        assert set(attributes) == {"carrier", "birth_year", "device"}
        assert attributes["carrier"] == person["carrier"]
        assert attributes["birth_year"] == SMALL.start.year - person["age"]
    devices = Counter(event.data.attributes["device"] for event in profiles.values())
    assert list(dict(devices.most_common())) == ["android", "ios", "harmonyos"]


@pytest.mark.parametrize("year", [1980, 2026])
def test_the_catalogue_knows_every_attribute_and_takes_its_value(year: int) -> None:
    catalogue = known_people.load()
    born = set()
    plan = SMALL._replace(people=1_000, days=3, start=datetime(year, 1, 1, tzinfo=UTC))
    for event in of([read(record) for record in city.records(plan)], "profile"):
        assert list(catalogue.faults(event.data.attributes)) == []
        assert catalogue.unknown(event.data.attributes) == []
        born.add(event.data.attributes["birth_year"])
    assert max(born) == year - inhabitants.AGE_MIN
    assert year - inhabitants.AGE_MAX <= min(born) < year - 70


def test_nobody_is_said_to_be_born_before_what_the_catalogue_knows() -> None:
    long_ago = SMALL._replace(start=datetime(1970, 1, 1, tzinfo=UTC), people=2_000)
    everyone = inhabitants.People(long_ago)
    years = everyone.birth_year(np.arange(2_000))
    assert years.min() == inhabitants.BIRTH_YEAR_MIN
    assert known_people.load().attributes["birth_year"].min == inhabitants.BIRTH_YEAR_MIN


def test_a_fifth_have_a_second_device_from_within_a_day_on(events: list[Any]) -> None:
    joined = {event.subject: event.time for event in of(events, "open")}
    links = of(events, "link")
    assert len({event.subject for event in links}) == len(links)
    assert 0.14 * len(joined) < len(links) < 0.26 * len(joined)
    for event in links:
        assert timedelta(0) <= event.time - joined[event.subject] <= timedelta(days=1)
        assert event.data.other == f"{event.subject}/phone"
        assert (event.data.kind, event.data.linked) == ("device", True)
    assert not {event.data.other for event in links} & {event.subject for event in events}


# -- campaigns and their truth ---------------------------------------------------------------


def by_name(rows: list[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in rows}


def test_nobody_is_marketed_to_who_may_not_be(
    events: list[Any], known: dict[str, list[dict[str, Any]]]
) -> None:
    people = by_name(known["people"], "person")
    consents: dict[str, bool] = {}
    contacted = 0
    for event in events:
        word = event.__struct_config__.tag.rpartition(".")[2]
        if word == "consent":
            consents[event.subject] = event.data.granted
        elif word in {"assignment", "contact", "exposure"}:
            person = people[event.subject]
            if person["is_bot"]:
                assert word == "exposure"
                continue
            assert consents[event.subject]
            assert person["age"] >= ADULT_AGE
            contacted += word == "contact"
    assert contacted > 50
    assert sum(not granted for granted in consents.values()) > 20
    assert sum((person["age"] or 99) < ADULT_AGE for person in people.values()) > 5


def test_the_truth_of_people_and_withdrawals_is_what_events_say(
    events: list[Any], known: dict[str, list[dict[str, Any]]]
) -> None:
    opened = {event.subject for event in of(events, "open")}
    assert opened == {row["person"] for row in known["people"] if row["has_wallet"]}
    withdrawn = {
        event.subject: (microseconds(event.time) - SMALL.start_us) // DAY_US
        for event in of(events, "consent")
        if event.subject in opened and not event.data.granted
    }
    people = by_name(known["people"], "person")
    changed = {name: day for name, day in withdrawn.items() if people[name]["consents"]}
    assert changed
    for name, day in changed.items():
        assert people[name]["withdraw_day"] == day


def test_everybody_converts_as_their_arm_says_and_in_time(
    events: list[Any], known: dict[str, list[dict[str, Any]]]
) -> None:
    drawn = {(e.data.campaign, e.subject): e for e in of(events, "assignment")}
    converted = {(e.data.campaign, e.subject): e for e in of(events, "conversion")}
    visited = {(e.data.campaign, e.subject) for e in of(events, "visit")}
    assert len(converted) == len(of(events, "conversion"))
    arms = {
        campaign: [row["arm"] for row in known["arms"] if row["campaign"] == campaign]
        for campaign in {row["campaign"] for row in known["arms"]}
    }
    assert {(row["campaign"], row["person"]) for row in known["outcomes"]} == set(drawn)
    for row in known["outcomes"]:
        who = row["campaign"], row["person"]
        number = arms[row["campaign"]].index(row["arm"])
        assert drawn[who].data.arm == row["arm"]
        assert (who in converted) == row[f"converts_{number}"]
        assert (who in visited) == row[f"visits_{number}"]
        if who in converted:
            event = converted[who]
            assert event.data.value == row[f"value_cents_{number}"]
            assert timedelta(hours=1) < event.time - drawn[who].time < timedelta(days=13)
            assert who in visited


def test_who_buys_in_a_treated_arm_is_rewarded_once_and_for_some_a_friend(
    events: list[Any],
) -> None:
    arms = {(e.data.campaign, e.subject): e.data.arm for e in of(events, "assignment")}
    bought = {
        event.id: event
        for event in of(events, "conversion")
        if arms[event.data.campaign, event.subject] not in {"none", "ad"}
    }
    rewards = {event.data.conversion: event for event in of(events, "reward") if not event.data.to}
    told = {event.data.conversion: event for event in of(events, "reward") if event.data.to}
    assert set(rewards) == set(bought)
    assert len(rewards) > len(told) > 1
    assert set(told) <= set(rewards)
    assert {event.data.rule for event in rewards.values()} == {"first", "purchase"}
    for event in (*rewards.values(), *told.values()):
        conversion = bought[event.data.conversion]
        assert event.subject == conversion.subject
        assert event.data.campaign == conversion.data.campaign
        assert event.data.value == conversion.data.value
        assert event.time > conversion.time


def test_each_campaign_is_described_a_second_before_it_begins(
    events: list[Any], known: dict[str, list[dict[str, Any]]]
) -> None:
    told = {event.data.campaign: event for event in of(events, "describe")}
    assert len(told) == len(of(events, "describe"))
    assert set(told) == {row["campaign"] for row in known["campaigns"]}
    funded = {event.data.campaign: event for event in of(events, "fund")}
    for row in known["campaigns"]:
        event, name = told[row["campaign"]], row["campaign"]
        begin, end = (
            SMALL.start + timedelta(days=row[f"{what}_day"]) for what in ("begins", "ends")
        )
        assert timedelta(0) < begin - event.time <= timedelta(seconds=1)
        assert (event.data.begin, event.data.end) == (begin, end)
        assert event.data.advertiser == row["advertiser"]
        assert event.data.budget == funded[name].data.amount == row["budget"]
        assert event.data.coin_microcents
        assert event.data.goal
        assert event.data.title_en
        assert event.data.title_zh
    first = {}
    for event in events:
        if (
            event.__struct_config__.tag.startswith("flowdrop.campaign.")
            and "consent" not in event.id
        ):
            first.setdefault(event.data.campaign, event)
    assert first == told


def test_a_campaign_that_gives_no_coins_has_no_budget_in_its_description() -> None:
    plan = SMALL._replace(people=50, days=28)
    told = {e.data.advertiser: e for e in of([read(r) for r in city.records(plan)], "describe")}
    assert told["cinema"].data.budget is None
    assert told["tea-house"].data.budget > 0


def test_what_is_shown_and_clicked_is_a_creative_of_its_campaign(events: list[Any]) -> None:
    told = {
        event.data.campaign: {own.name: own.format for own in event.data.creatives}
        for event in of(events, "describe")
    }
    channels = {event.data.campaign: event.data.channels for event in of(events, "describe")}
    shown = of(events, "exposure")
    assert all(told[e.data.campaign][e.data.creative] == e.data.format for e in shown)
    assert {e.data.creative for e in shown} == {"banner", "poster", "clip"}
    seen = {(e.data.campaign, e.subject, e.data.creative) for e in shown}
    clicks = of(events, "click")
    assert clicks
    assert all((e.data.campaign, e.subject, e.data.creative) in seen for e in clicks)
    assert all((e.data.channel,) == channels[e.data.campaign] for e in (*shown, *clicks))


def test_the_true_effect_is_the_mean_uplift(known: dict[str, list[dict[str, Any]]]) -> None:
    rows = defaultdict(list)
    for row in known["outcomes"]:
        rows[row["campaign"]].append(row)
    assert len(rows) == len(known["campaigns"]) == 2
    found = by_name(known["campaigns"], "campaign")
    for campaign, people in rows.items():
        assert found[campaign]["assigned"] == len(people)
        arms = [row for row in known["arms"] if row["campaign"] == campaign]
        for number, arm in enumerate(arms):
            own = [row for row in people if row["arm"] == arm["arm"]]
            assert arm["people"] == len(own)
            assert arm["converted"] == sum(row[f"converts_{number}"] for row in own)
            assert arm["value_cents"] == sum(row[f"value_cents_{number}"] for row in own)
            if number:
                uplift = np.mean([row[f"uplift_{number}"] for row in people])
                assert arm["effect"] == pytest.approx(uplift)
                spent = [row[f"value_cents_{number}"] - row["value_cents_0"] for row in people]
                assert arm["value_effect_cents"] == pytest.approx(np.mean(spent))
                assert arm["people"] == pytest.approx(arm["probability"] * len(people), rel=0.35)


def test_arms_are_drawn_with_the_probability_they_state() -> None:
    plan = Plan(people=20_000, days=24, seed=3, partitions=8)
    arms: Counter[tuple[str, str, float]] = Counter()
    for chunk in chunks(plan):
        for kind, record in zip(chunk.types, chunk.records, strict=True):
            if kind == "flowdrop.campaign.assignment":
                data = read(record).data
                arms[data.campaign, data.arm, data.probability] += 1
    for (campaign, _, probability), count in arms.items():
        people = sum(n for (name, _, _), n in arms.items() if name == campaign)
        error = (people * probability * (1 - probability)) ** 0.5
        assert abs(count - people * probability) < 4 * error
    assert len(arms) == 5


def test_outcomes_move_with_the_effect_and_some_people_are_put_off() -> None:
    person = np.arange(100_000)
    without, with_drop = outcomes(7, 1, person, 0.0), outcomes(7, 1, person, 0.08)
    uplift = with_drop.converts.astype(int) - without.converts.astype(int)
    assert uplift.mean() == pytest.approx(0.08, abs=0.005)
    assert (uplift < 0).sum() > 100
    assert without.converts.mean() == pytest.approx(without.chance.mean(), abs=0.004)
    assert not (without.converts & ~without.visits).any()


def test_streams_of_chance_are_even_and_apart() -> None:
    index = np.arange(200_000)
    one, other = uniform(1, "a", index), uniform(1, "b", index)
    assert np.histogram(one, 50, (0, 1))[0].std() < 3 * (200_000 / 50) ** 0.5
    for a, b in ((one, other), (one, uniform(2, "a", index)), (one[:-1], one[1:])):
        assert abs(np.corrcoef(a, b)[0, 1]) < 0.01
    assert (uniform(1, "a", index[::-1]) == one[::-1]).all()


def test_machines_are_told_from_people_by_how_much_they_see(
    events: list[Any], known: dict[str, list[dict[str, Any]]]
) -> None:
    shown = Counter((e.data.campaign, e.subject, e.time.date()) for e in of(events, "exposure"))
    bots = {row["person"] for row in known["people"] if row["machine"] == "rate"}
    assert {subject for _, subject, _ in shown if subject in bots} == bots
    for (_, subject, _), count in shown.items():
        if subject in bots:
            assert count >= BOT_EXPOSURES_PER_DAY
        else:
            assert count <= EXPOSURES_MAX


def test_each_kind_of_machine_gives_itself_away_in_its_own_way(
    events: list[Any], known: dict[str, list[dict[str, Any]]]
) -> None:
    kind = {row["person"]: row["machine"] for row in known["people"]}
    seen = [e for word in ("exposure", "click") for e in of(events, word)]
    named = {e.subject for e in seen if "bot" in e.data.agent}
    housed = {e.subject for e in seen if e.data.network == "5.9.77.0/24"}
    assert {kind[person] for person in named} == {"robots"}
    assert {kind[person] for person in housed} == {"data_centre"}
    shown = Counter((e.data.campaign, e.subject, e.time) for e in of(events, "exposure"))
    assert {kind[who] for (_, who, _), n in shown.items() if n == TOGETHER} == {"faster"}
    assert max(n for (_, who, _), n in shown.items() if kind[who] is None) == 1
    farm = {e.subject for e in seen if kind[e.subject] == "packet_farm"}
    passed = Counter(e.subject for e in of(events, "transfer") if kind[e.subject])
    assert set(passed) == farm
    assert len(farm) == FARM_IDS
    assert set(passed.values()) == {SMALL.days - wallets.FARM_DAY}
    for row in known["invalid"]:
        for word in ("exposure", "click"):
            own = [e for e in of(events, word) if e.data.campaign == row["campaign"]]
            assert sum(kind[e.subject] == row["rule"] for e in own) == row[f"{word}s"]


# -- who may know ----------------------------------------------------------------------------


def test_no_room_reads_the_truth() -> None:
    rooms = ("flowdrop", "streams", "sql", "features", "dags", "console", "local", "programs")
    words = ("scenarios.city", *(f"{name}.parquet" for name in truth.FILES))
    for room in rooms:
        for path in (ROOT / room).rglob("*"):
            if path.suffix in {".py", ".sql", ".toml", ".html", ".js"}:
                text = path.read_text(encoding="utf-8")
                assert not [word for word in words if word in text], path
    reads = ("read_table", "read_parquet", "ParquetFile", "ParquetDataset", "dataset(")
    for path in (ROOT / "scenarios" / "city").rglob("*.py"):
        assert not [word for word in reads if word in path.read_text()], path


def test_only_the_city_can_write_the_truth() -> None:
    """Its module is imported by what makes a city, and by no other scenario."""
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "scenarios").rglob("*.py")
        if "city.truth" in path.read_text()
    }
    assert users == {"scenarios/city/city.py"}


def test_the_page_describes_every_column_of_the_truth() -> None:
    page = (ROOT / "docs" / "city.md").read_text(encoding="utf-8")
    for name, schema in truth.FILES.items():
        table = page.partition(f"**{name}.parquet**")[2].partition("\n\n**")[0]
        table = table.partition("\n## ")[0]
        told = {
            column
            for line in table.splitlines()
            if line.startswith("| `")
            for column in re.findall(r"`([^`]+)`", line.split("|")[1])
        }
        assert told == {re.sub(r"_\d$", "_<arm>", column) for column in schema.names}, name


def test_the_page_names_every_option() -> None:
    page = (ROOT / "docs" / "city.md").read_text(encoding="utf-8")
    options = {name for option in replay_city.params for name in option.opts}
    assert options - {"--json"} <= set(re.findall(r"--\w+", page))
    assert "--json" in page


# -- the command -----------------------------------------------------------------------------


def flowdrop(*words: str) -> Any:
    return CliRunner().invoke(main, ("replay", "city", *words))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--truth", "t", "--limit", "5"], "leave out --until and --limit"),
        (["--truth", "t", "--until", "2026-01-05"], "leave out --until and --limit"),
        (["--start", "2190-01-01"], "start earlier"),
        (["--people", "1"], "--people"),
        (["--days", "0"], "--days"),
        (["--seed", "-1"], "--seed"),
        (["--late", "0.7", "--reorder", "0.5"], "lower one"),
        (["--skew", "2"], "--skew"),
    ],
)
def test_what_can_not_be_is_said_in_words(words: list[str], named: str) -> None:
    result = flowdrop(*words)
    assert result.exit_code == 2
    assert named in result.stderr


def test_a_truth_that_can_not_be_written_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    supply = city.supply(10, 2, 1, SMALL.start, tmp_path / "file")
    with pytest.raises(Exception, match="name another folder"):
        next(supply(None, 4).events)


def test_until_ends_before_that_moment_and_what_comes_is_the_same() -> None:
    whole = city.supply(100, 6, 1, SMALL.start, None)(None, 4).events
    until = SMALL.start + timedelta(days=3)
    part = list(city.supply(100, 6, 1, SMALL.start, None)(until, 4).events)
    assert part == list(islice(whole, len(part)))
    until_us = microseconds(until)
    assert part[-1].time_us < until_us <= next(whole).time_us


def test_the_number_said_beforehand_is_about_right() -> None:
    plan = Plan(people=2_000, days=60, seed=1, partitions=8)
    count = sum(len(chunk.records) for chunk in chunks(plan))
    assert city.about(plan) == pytest.approx(count, rel=0.15)
