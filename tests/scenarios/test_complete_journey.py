"""The events of The Complete Journey equal what pandas reads from the files."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import click
import pandas as pd
import pyarrow as pa
import pytest

from scenarios import NOTES, complete_journey
from streams import people
from streams.events import (
    Contact,
    Conversion,
    Describe,
    Earn,
    Event,
    Open,
    Profile,
    decode_campaign,
    decode_wallet,
    encode,
    partition_of,
    topic_of,
)
from tests import oracles


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(complete_journey.source().events)


@pytest.fixture(scope="module")
def contacts(events: list[Event]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (e.data.campaign, e.subject, e.time, e.data.until, e.data.channel)
            for e in events
            if isinstance(e, Contact)
        ],
        columns=["campaign", "person", "time", "until", "channel"],
    )


def naive(time: datetime) -> pd.Timestamp:
    return pd.Timestamp(time).tz_convert("UTC").tz_localize(None)


# -- the raw files themselves ----------------------------------------------------------------


def test_the_files_hold_what_the_documentation_says() -> None:
    assert len(oracles.baskets()) == 155_848
    assert len(oracles.memberships()) == 6_589
    assert len(oracles.redemptions()) == 2_102
    assert oracles.baskets()["household"].nunique() == 2_469
    assert len(oracles.campaigns()) == 27
    assert len(oracles.profiles()) == 801


def test_known_reach() -> None:
    reach = oracles.reach()
    assert reach[["cj-8", "cj-13", "cj-18"]].tolist() == [1_076, 1_077, 1_133]


# -- the events ------------------------------------------------------------------------------


def test_counts_by_type(events: list[Event]) -> None:
    assert Counter(type(event) for event in events) == {
        Describe: 27,
        Open: 2_469,
        Profile: 801,
        Earn: 155_848,
        Contact: 6_589,
        Conversion: 2_102,
    }
    assert complete_journey.source().total == len(events)


def test_ids_are_unique_and_times_in_order(events: list[Event]) -> None:
    assert len({event.id for event in events}) == len(events)
    times = [event.time for event in events]
    assert times == sorted(times)


def test_a_wallet_opens_at_its_first_moment_and_before_anything_else(events: list[Event]) -> None:
    first: dict[str, Event] = {}
    for event in events:
        if not isinstance(event, Describe):
            first.setdefault(event.subject, event)
    assert all(isinstance(event, Open) for event in first.values())
    opened = pd.Series({account: naive(event.time) for account, event in first.items()})
    pd.testing.assert_series_equal(
        opened.sort_index(),
        oracles.first_moments().sort_index(),
        check_names=False,
        check_dtype=False,
    )


def test_profiles_are_the_answers_of_the_households_and_come_behind_their_opening(
    events: list[Event],
) -> None:
    profiles = {e.subject: e for e in events if isinstance(e, Profile)}
    expected = oracles.profiles()
    assert set(profiles) == set(expected.index)
    for account, row in expected.iterrows():
        event = profiles[str(account)]
        assert naive(event.time) == row["time"]
        assert event.data.attributes == row.drop("time").dropna().to_dict()
        assert event.id == f"cj/profile/{event.subject.removeprefix('cj:')}"
    of_each: dict[str, list[type]] = {}
    for event in events:
        if event.subject in profiles:
            of_each.setdefault(event.subject, []).append(type(event))
    assert all(kinds[:2] == [Open, Profile] for kinds in of_each.values())
    assert all(Profile not in kinds[2:] for kinds in of_each.values())


def test_the_catalogue_knows_every_attribute_and_takes_its_value(events: list[Event]) -> None:
    catalogue = people.load()
    named = set()
    for event in events:
        if isinstance(event, Profile):
            assert list(catalogue.faults(event.data.attributes)) == []
            assert catalogue.unknown(event.data.attributes) == []
            named |= set(event.data.attributes)
    assert named == set(complete_journey.ATTRIBUTES.values())


def test_every_campaign_is_described_at_its_start_before_its_contacts(events: list[Event]) -> None:
    told = [e for e in events if isinstance(e, Describe)]
    expected = oracles.campaigns()
    assert sorted(e.data.campaign for e in told) == sorted(expected.index)
    for event in told:
        row = expected.loc[event.data.campaign]
        assert event.data.begin == event.time
        assert naive(event.time) == row["start"]
        assert naive(event.data.end) == row["end"] + timedelta(days=1, seconds=-1)
        assert event.data.channels == (row["type"].lower().replace(" ", "-"),)
    begun: set[str] = set()
    for event in events:
        if isinstance(event, Describe):
            begun.add(event.data.campaign)
        elif isinstance(event, Contact | Conversion):
            assert event.data.campaign in begun


def test_baskets_are_earns_of_what_was_paid(events: list[Event]) -> None:
    earns = [e for e in events if isinstance(e, Earn)]
    found = pd.DataFrame(
        {
            "account": [e.subject for e in earns],
            "time": pd.to_datetime([naive(e.time) for e in earns]),
            "cents": [e.data.spend for e in earns],
        },
        index=[int(e.data.reference or "") for e in earns],
    )
    expected = oracles.baskets()[["account", "time", "cents"]]
    pd.testing.assert_frame_equal(
        found.sort_index(), expected.sort_index(), check_names=False, check_dtype=False
    )
    assert {(e.data.program, e.data.activity, e.data.amount) for e in earns} == {
        ("liuliangbao", "purchase", None)
    }
    assert all(e.id == f"cj/basket/{e.data.reference}" for e in earns)


def test_coins_by_the_programs_rule_equal_the_balances(events: list[Event]) -> None:
    coins: Counter[str] = Counter()
    small = 0
    for event in events:
        if isinstance(event, Earn):
            assert event.data.spend is not None
            coins[event.subject] += event.data.spend // 100
            small += event.data.spend < 100
    assert coins == oracles.balances().to_dict()
    assert small == oracles.baskets_without_coins() == 3_397


def test_reach_of_the_contacts(contacts: pd.DataFrame) -> None:
    assert contacts.groupby("campaign")["person"].nunique().to_dict() == oracles.reach().to_dict()
    days = contacts["time"].dt.tz_localize(None).rename("start")
    by_day = contacts.groupby(["campaign", days])["person"].nunique()
    assert by_day.to_dict() == oracles.reach_by_day().to_dict()


def test_overlaps_and_unions_of_the_contacts(contacts: pd.DataFrame) -> None:
    people = {name: set(group) for name, group in contacts.groupby("campaign")["person"]}
    pairs = oracles.pairs()
    assert len(pairs) == 27 * 26 // 2
    for (first, second), row in pairs.iterrows():
        assert len(people[first] & people[second]) == row["overlap"]
        assert len(people[first] | people[second]) == row["union"]
        assert oracles.reach_of([first, second]) == row["union"]


def test_contacts_carry_type_and_end(contacts: pd.DataFrame) -> None:
    found = contacts.groupby("campaign").agg(
        channels=("channel", "unique"), start=("time", "min"), end=("until", "max")
    )
    for campaign, row in oracles.campaigns().iterrows():
        assert found.loc[campaign, "channels"].tolist() == [row["type"].lower().replace(" ", "-")]
        assert naive(found.loc[campaign, "start"]) == row["start"]
        last_second = row["end"] + timedelta(days=1, seconds=-1)
        assert naive(found.loc[campaign, "end"]) == last_second


def test_redemptions_are_conversions(events: list[Event], contacts: pd.DataFrame) -> None:
    conversions = [e for e in events if isinstance(e, Conversion)]
    found = Counter((e.data.campaign, e.subject, e.data.item, naive(e.time)) for e in conversions)
    assert found == Counter(oracles.redemptions().itertuples(index=False, name=None))
    by_campaign = Counter(e.data.campaign for e in conversions)
    assert by_campaign == oracles.conversions()["conversions"].to_dict()
    until = contacts.set_index(["campaign", "person"])["until"].to_dict()
    assert all(e.time < until[e.data.campaign, e.subject] for e in conversions)


def test_a_coupon_redeemed_again_on_its_day_has_an_id_of_its_own() -> None:
    row = {"second": 0, "campaign_id": 1, "household_id": 2, "coupon_upc": 3}
    other = row | {"coupon_upc": 4}
    table = pa.Table.from_pylist([row, row, other])
    ids = [event.id for event in complete_journey._redemptions(table)]
    assert ids == [
        "cj/redemption/1/2/3/1970-01-01/1",
        "cj/redemption/1/2/3/1970-01-01/2",
        "cj/redemption/1/2/4/1970-01-01/1",
    ]


def test_every_event_is_valid(events: list[Event]) -> None:
    for event in events:
        decode = decode_wallet if topic_of(event) == "wallet.events" else decode_campaign
        assert decode(encode(event)) == event


def test_order_is_kept_within_each_partition(events: list[Event]) -> None:
    latest: dict[int, datetime] = {}
    for event in events:
        partition = partition_of(event.subject, 8)
        assert event.time >= latest.get(partition, event.time)
        latest[partition] = event.time
    assert set(latest) == set(range(8))


@pytest.mark.parametrize("day", ["2016-11-14", "2016-11-15", "2017-06-30", "2019-01-01"])
def test_until_cuts_by_time(day: str) -> None:
    source = complete_journey.source(datetime.fromisoformat(day).replace(tzinfo=UTC))
    events = list(source.events)
    end = pd.Timestamp(day)
    assert source.total == len(events)
    kinds = Counter(type(event) for event in events)
    assert kinds[Earn] == len(oracles.baskets(end))
    assert kinds[Contact] == len(oracles.memberships(end))
    assert kinds[Conversion] == len(oracles.redemptions(end))
    assert kinds[Open] == int((oracles.first_moments() < end).sum())
    assert kinds[Profile] == len(oracles.profiles(end))
    assert kinds[Describe] == oracles.described(end)


def test_a_part_of_a_cent_is_an_error() -> None:
    assert complete_journey._cents(pa.array([0.29, 840.0, 0.0])).to_pylist() == [29, 84_000, 0]
    with pytest.raises(click.ClickException, match="fractions of a cent"):
        complete_journey._cents(pa.array([1.0, 0.125]))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(complete_journey, "PACKAGE", "completejourney_of_nobody")
    with pytest.raises(click.ClickException, match="completejourney_of_nobody"):
        complete_journey.source()


def test_the_note_says_how_times_are_read_and_that_there_is_no_lift() -> None:
    assert "UTC" in NOTES["complete-journey"]
    assert "no lift" in NOTES["complete-journey"]
