"""Broken copies: twelve ways, counted, seeded, and nothing good is changed."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice

import msgspec
import pytest

from scenarios import complete_journey, hillstrom
from scenarios.spoil import FUTURE, WAYS, Record, Spoiler
from streams.events import (
    CAMPAIGN_TOPIC,
    RECORD_BYTES_MAX,
    Earn,
    EarnData,
    Link,
    LinkData,
    decode_campaign,
    decode_wallet,
)
from streams.kafka.publish import records_of

ACCEPTABLE = {"future_date", "duplicate_id"}
"""Ways whose copies are valid in form: only the ledger and the checks behind it can tell."""

LINK = Link(
    id="a-link",
    source="test",
    time=hillstrom.KNOWN,
    subject="hillstrom:1",
    data=LinkData(other="hillstrom:1/phone"),
)


@pytest.fixture(scope="module")
def good() -> list[Record]:
    """Records of every kind of both data sets: earns, opens, contacts, conversions, visits, ..."""
    journey = list(islice(complete_journey.source().events, 6_000))
    experiment = list(hillstrom.source().events)
    known, drawn = experiment[:500], experiment[64_001:66_001]
    return list(records_of([LINK, *journey, *known, *drawn, *experiment[-2_000:]], 8))


def spoiled(good: list[Record], share: float, seed: int) -> tuple[list[Record], Spoiler]:
    spoiler = Spoiler(share, seed)
    return list(spoiler.spoil(good)), spoiler


def copies(good: list[Record], share: float, seed: int) -> list[tuple[Record, Record]]:
    """Pairs of a good record and the broken copy after it."""
    records, _ = spoiled(good, share, seed)
    left = iter(good)
    pairs: list[tuple[Record, Record]] = []
    expected = next(left)
    last = expected
    for record in records:
        if record == expected:
            last, expected = record, next(left, ("", 0, None, None))
        else:
            pairs.append((last, record))
    return pairs


def way_of(good: bytes, broken: bytes | None) -> str:
    """Tell by looking how a copy was broken."""
    if not broken:
        return "null_value" if broken is None else "empty_record"
    try:
        found, event = json.loads(broken.decode()), json.loads(good)
    except UnicodeDecodeError:
        return "invalid_utf8"
    except json.JSONDecodeError:
        return "not_json"
    signs = {
        "megabyte_of_text": len(broken) > 1_000_000,
        "missing_subject": "subject" not in found,
        "unknown_type": found["type"] != event["type"],
        "wrong_version": found["specversion"] != "1.0",
        "future_date": found["time"] == FUTURE,
        "duplicate_id": found["id"] == event["id"],
        "wrong_type": [17] in found["data"].values(),
        "negative_amount": any(str(value).startswith("-") for value in found["data"].values()),
    }
    [way] = [name for name, shown in signs.items() if shown]
    return way


def test_there_are_twelve_ways() -> None:
    assert len(WAYS) == 12


def test_good_records_stay_as_they_are_and_copies_are_counted(good: list[Record]) -> None:
    records, spoiler = spoiled(good, 0.1, 7)
    added = Counter(records) - Counter(good)
    assert not Counter(good) - Counter(records)
    assert added.total() == spoiler.counts.total() == len(records) - len(good)
    assert 0.08 * len(good) < added.total() < 0.12 * len(good)


def test_each_copy_is_broken_as_it_was_counted(good: list[Record]) -> None:
    _, spoiler = spoiled(good, 0.1, 7)
    found = Counter(way_of(one[3] or b"", other[3]) for one, other in copies(good, 0.1, 7))
    assert found == spoiler.counts
    assert set(found) == set(WAYS)
    assert min(found.values()) > 0.8 * max(found.values())


def test_a_copy_lies_behind_its_record_in_the_same_place(good: list[Record]) -> None:
    for one, other in copies(good, 0.1, 7):
        assert other[:3] == one[:3]


def test_ids_are_the_copies_own_but_for_duplicates(good: list[Record]) -> None:
    ids = {json.loads(value or b"")["id"] for _, _, _, value in good}
    pairs = copies(good, 0.1, 7)
    own = 0
    for one, other in pairs:
        way = way_of(one[3] or b"", other[3])
        if way in {"not_json", "invalid_utf8", "null_value", "empty_record"}:
            continue
        found = json.loads(other[3] or b"")
        assert (found["id"] in ids) == (way == "duplicate_id")
        own += way != "duplicate_id"
    assert own > 100


@pytest.mark.parametrize("way", sorted(WAYS))
def test_every_way_breaks_every_type_it_applies_to(way: str, good: list[Record]) -> None:
    seen = set()
    for topic, _, _, value in good:
        event = json.loads(value or b"")
        if event["type"] in seen or not WAYS[way].applies(event):
            continue
        seen.add(event["type"])
        broken = WAYS[way].broken(json.loads(value or b""))
        assert broken != value
        decode = decode_campaign if topic == CAMPAIGN_TOPIC else decode_wallet
        if way in ACCEPTABLE:
            assert decode(broken or b"") != decode(value or b"")
        elif way == "megabyte_of_text":
            assert len(broken or b"") > 1_000_000 > RECORD_BYTES_MAX
        else:
            with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
                decode(broken if broken is not None else b"null")
    rooms = {kind.split(".")[1] for kind in seen}
    assert rooms == {"wallet", "campaign"} | ({"person"} if way != "negative_amount" else set())


def test_negative_amounts_are_of_money_where_there_is_some(good: list[Record]) -> None:
    negative = Counter()
    for _, _, _, value in good:
        event = json.loads(value or b"")
        if WAYS["negative_amount"].applies(event):
            data = json.loads(WAYS["negative_amount"].broken(event) or b"")["data"]
            negative.update(
                (event["type"].rpartition(".")[2], field)
                for field, found in data.items()
                if isinstance(found, int | float) and found < 0
            )
    assert set(negative) == {
        ("earn", "spend"),
        ("contact", "cost"),
        ("conversion", "value"),
        ("assignment", "probability"),
    }


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(good: list[Record]) -> None:
    assert spoiled(good, 0.05, 3)[0] == spoiled(good, 0.05, 3)[0]
    assert spoiled(good, 0.05, 3)[0] != spoiled(good, 0.05, 4)[0]


def test_twelve_copies_show_all_twelve_ways() -> None:
    earn = Earn(
        id="a",
        source="test",
        time=hillstrom.SENT,
        subject="cj:1",
        data=EarnData(program="liuliangbao", activity="purchase", spend=100),
    )
    _, spoiler = spoiled(list(records_of([earn] * 12, 8)), 1.0, 1)
    assert set(spoiler.counts.values()) == {1}


def test_no_share_adds_nothing(good: list[Record]) -> None:
    assert spoiled(good, 0.0, 1)[0] == good


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_outside_0_to_1_is_an_error(share: float) -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        Spoiler(share, 1)
