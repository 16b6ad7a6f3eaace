"""The events of Hillstrom's experiment equal what pandas reads from the file."""

from __future__ import annotations

import hashlib
import lzma
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import pandas as pd
import pytest

from scenarios import NOTES, hillstrom
from streams import people
from streams.events import (
    Assignment,
    Contact,
    Conversion,
    Describe,
    Event,
    Profile,
    Visit,
    decode_campaign,
    encode,
)
from tests import oracles

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(hillstrom.source().events)


def test_rates_are_those_that_were_published() -> None:
    arms = oracles.hillstrom_arms()
    assert (arms["visit_rate"] * 100).round(2).to_dict() == {
        "none": 10.62,
        "mens": 18.28,
        "womens": 15.14,
    }
    assert (arms["conversion_rate"] * 100).round(2).to_dict() == {
        "none": 0.57,
        "mens": 1.25,
        "womens": 0.88,
    }
    assert arms["people"].to_dict() == {"none": 21_306, "mens": 21_307, "womens": 21_387}


def test_arms_of_the_events_equal_the_oracle(events: list[Event]) -> None:
    arm_of = {e.subject: e.data.arm for e in events if isinstance(e, Assignment)}
    conversions = [e for e in events if isinstance(e, Conversion)]
    spend: Counter[str] = Counter()
    for event in conversions:
        spend[arm_of[event.subject]] += event.data.value or 0
    found = pd.DataFrame(
        {
            "people": Counter(arm_of.values()),
            "visits": Counter(arm_of[e.subject] for e in events if isinstance(e, Visit)),
            "conversions": Counter(arm_of[e.subject] for e in conversions),
            "spend_cents": spend,
        }
    )
    expected = oracles.hillstrom_arms()[list(found)]
    pd.testing.assert_frame_equal(found.sort_index(), expected, check_names=False)


def test_each_row_is_the_person_of_its_number(events: list[Event]) -> None:
    rows = oracles.hillstrom()
    rows.index = pd.Index([f"hillstrom:{n}" for n in range(1, len(rows) + 1)])
    visited = {e.subject for e in events if isinstance(e, Visit)}
    paid = {e.subject: e.data.value for e in events if isinstance(e, Conversion)}
    assert visited == set(rows.index[rows["visit"] == 1])
    assert paid == {
        person: round(spend * 100)
        for person, spend in rows.loc[rows["conversion"] == 1, "spend"].items()
    }


def test_only_the_emailed_are_contacted(events: list[Event]) -> None:
    emailed = {e.subject for e in events if isinstance(e, Assignment) and e.data.arm != "none"}
    contacts = [e for e in events if isinstance(e, Contact)]
    assert {e.subject for e in contacts} == emailed
    assert len(contacts) == len(emailed) == 42_694
    assert {e.data.channel for e in contacts} == {"email"}


def test_total_ids_and_order(events: list[Event]) -> None:
    assert hillstrom.source().total == len(events) == 180_667
    assert len({e.id for e in events}) == len(events)
    times = [e.time for e in events]
    assert times == sorted(times)
    rows = oracles.hillstrom()
    mailed_buyers = rows.index[(rows["conversion"] == 1) & (rows["segment"] != "No E-Mail")]
    of_one = [type(e) for e in events if e.subject == f"hillstrom:{mailed_buyers[0] + 1}"]
    assert of_one == [Profile, Assignment, Contact, Visit, Conversion]


def test_profiles_are_what_the_file_says_of_each_person(events: list[Event]) -> None:
    profiles = [e for e in events if isinstance(e, Profile)]
    found = pd.DataFrame([e.data.attributes for e in profiles], index=[e.subject for e in profiles])
    pd.testing.assert_frame_equal(found, oracles.hillstrom_profiles(), check_dtype=False)
    assert {(e.source, e.time) for e in profiles} == {(hillstrom.SOURCE, hillstrom.KNOWN)}


def test_the_catalogue_knows_every_attribute_and_takes_its_value(events: list[Event]) -> None:
    catalogue = people.load()
    for event in events:
        if isinstance(event, Profile):
            assert list(catalogue.faults(event.data.attributes)) == []
            assert catalogue.unknown(event.data.attributes) == []


def test_the_campaign_is_described_once_before_it_begins(events: list[Event]) -> None:
    [told] = [e for e in events if isinstance(e, Describe)]
    assert told is events[0]
    assert told.time < hillstrom.SENT == told.data.begin
    assert told.data.end == hillstrom.UNTIL
    assert (told.data.advertiser, told.data.goal) == ("hillstrom", "visits")
    assert told.data.channels == ("email",)
    assert told.data.title_en
    assert told.data.title_zh


def test_contacts_lie_before_outcomes_and_within_two_weeks(events: list[Event]) -> None:
    contact = next(e for e in events if isinstance(e, Contact))
    outcomes = {e.time for e in events if isinstance(e, Visit | Conversion)}
    assert contact.data.until is not None
    assert outcomes == {hillstrom.OUTCOME}
    assert contact.time < hillstrom.OUTCOME <= contact.data.until
    assert (contact.data.until - contact.time).days == 13


def test_reading_again_gives_the_same_bytes(events: list[Event]) -> None:
    again = hillstrom.source().events
    assert all(encode(one) == encode(other) for one, other in zip(events, again, strict=True))


def test_every_event_is_valid(events: list[Event]) -> None:
    assert all(decode_campaign(encode(event)) == event for event in events)


@pytest.mark.parametrize(
    ("until", "total"),
    [
        (datetime(2008, 2, 29, tzinfo=UTC), 0),
        (datetime(2008, 3, 1, tzinfo=UTC), 64_001),
        (datetime(2008, 3, 2, tzinfo=UTC), 64_001 + 106_694),
        (datetime(2008, 3, 15, tzinfo=UTC), 180_667),
    ],
)
def test_until_cuts_by_time(until: datetime, total: int) -> None:
    source = hillstrom.source(until)
    assert source.total == total == sum(1 for _ in source.events)


def test_covariates_hold_nothing_from_after_the_draw() -> None:
    frame = hillstrom.covariates()
    assert list(frame) == [
        "person",
        "recency",
        "history_segment",
        "history",
        "mens",
        "womens",
        "zip_code",
        "newbie",
        "channel",
    ]
    assert len(frame) == 64_000
    assert frame["person"].iloc[-1] == "hillstrom:64000"


def test_the_committed_file_is_the_original() -> None:
    raw = lzma.decompress(hillstrom.FILE.read_bytes())
    assert len(raw) == 3_964_977
    assert hashlib.sha256(raw).hexdigest() == hillstrom.SHA256
    assert hillstrom.SHA256 in (hillstrom.FILE.parent / "README.md").read_text()


def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "hillstrom.csv.xz"
    other.write_bytes(lzma.compress(b"recency,visit\n1,1\n"))
    monkeypatch.setattr(hillstrom, "FILE", other)
    with pytest.raises(click.ClickException, match="does not hold Hillstrom's original"):
        hillstrom.source()


@pytest.mark.parametrize("content", [None, b"", b"cut short", lzma.compress(b"x" * 99)[:-9]])
def test_a_missing_or_torn_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    other = tmp_path / "hillstrom.csv.xz"
    if content is not None:
        other.write_bytes(content)
    monkeypatch.setattr(hillstrom, "FILE", other)
    with pytest.raises(click.ClickException, match=r"hillstrom\.csv\.xz"):
        hillstrom.source()


def test_the_note_says_there_are_no_dates() -> None:
    assert "no dates inside" in NOTES["hillstrom"]
    for moment in (hillstrom.KNOWN, hillstrom.SENT, hillstrom.OUTCOME):
        assert f"{moment:%Y-%m-%d}" in NOTES["hillstrom"]
