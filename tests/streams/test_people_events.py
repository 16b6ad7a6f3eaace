"""Profiles, links, descriptions and numbers through broker, worker, feed, views and drops."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sql.client import connect
from streams.events import (
    Consent,
    ConsentData,
    Creative,
    Describe,
    DescribeData,
    Exposure,
    ExposureData,
    Link,
    LinkData,
    Open,
    OpenData,
    Profile,
    ProfileData,
    partition_of,
)
from streams.kafka.publish import publish
from tests.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.events import Event

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

PARTITIONS = 8
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TERMS = (
    *("--program", "liuliangbao", "--budget", "1000", "--amount", "10"),
    *("--audience", "all", "--holdout", "0"),
)
PEOPLE = ("ming", "hua", "lan", "wei", "an")
VALUES = """
SELECT name, argMax(value, (time, offset)) FROM person_attributes
WHERE person = {person:String} AND source = {source:String} AND time <= {as_of:DateTime64(6, 'UTC')}
GROUP BY name
"""


def event(kind: type, subject: str, event_id: str, data: Any, *, source: str = "s", at: int) -> Any:
    return kind(
        id=event_id, source=source, time=NOW + timedelta(hours=at), subject=subject, data=data
    )


def profile(event_id: str, source: str, at: int, **attributes: Any) -> Profile:
    data = ProfileData(attributes=attributes)
    return event(Profile, "ming", event_id, data, source=source, at=at)  # type: ignore[no-any-return]


def link(person: str, other: str, at: int, *, linked: bool = True) -> Link:
    data = LinkData(other=other, linked=linked)
    return event(Link, person, f"{other} {at}", data, at=at)  # type: ignore[no-any-return]


def refusal(person: str, at: int, *, channel: str = "*", granted: bool = False) -> Consent:
    data = ConsentData(channel=channel, granted=granted)
    return event(Consent, person, f"consent {at}", data, at=at)  # type: ignore[no-any-return]


def told() -> Iterator[Event]:
    for person in PEOPLE:
        yield event(Open, person, "open", OpenData(program="liuliangbao"), at=0)
    yield profile("p2", "crm", 2, carrier="unicom", birth_year=1988, city="北京")
    yield profile(
        "p1", "crm", 1, carrier="telecom", tags=["gamer"]
    )  # earlier, though it came later
    yield profile("p3", "crm", 3, city=None)
    yield profile("p4", "shop", 2, carrier="mobile", shoe_size=43)
    yield profile("p5", "crm", 4, carrier="pigeon")
    yield profile("p6", "crm", 4, birth_year=True)
    # Hua's phone says no: so does Hua. Lan's no longer is hers. A chain goes one level.
    yield link("hua", "phone", 1)
    yield refusal("phone", 2)
    yield link("lan", "tablet", 1)
    yield link("lan", "tablet", 2, linked=False)
    yield refusal("tablet", 3)
    yield link("ming", "watch", 1)
    yield link("wei", "watch", 2)
    yield refusal("watch", 3, channel="adult")
    # An counts as Mid, who says no, though Mid counts as Top, who says nothing.
    yield link("mid", "an", 1)
    yield link("top", "mid", 1)
    yield refusal("mid", 2)
    # Two answers at one moment: the refusal counts.
    yield refusal("ming", 5, granted=False)
    yield event(Consent, "ming", "again", ConsentData(channel="*", granted=True), at=5)
    for at, title in ((1, "Spring"), (2, "Spring flow")):
        data = DescribeData(
            campaign="spring",
            advertiser="northwind",
            title_en=title,
            title_zh="春季流量",
            begin=NOW,
            creatives=(Creative(name="banner", format="display", cost=1200),),
            coin_microcents=300_000,
        )
        yield event(Describe, "campaign:spring", f"d{at}", data, at=at)
    shown = ExposureData(campaign="undescribed", channel="app", format="video", creative="film")
    yield event(Exposure, "device:9", "x", shown, at=1)


class Seen(NamedTuple):
    """What flowdrop says of them."""

    stack: Stack
    preview: dict[str, Any]
    reconciled: dict[str, Any]

    def rows(self, query: str, **values: Any) -> list[Any]:
        found = connect(self.stack.clickhouse).query(query, parameters=values).result_rows
        return list(found)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    stack = Stack(tmp_path_factory.mktemp("people"))
    stack.start()
    try:
        stack.worker()
        stack.feed()
        for _ in range(2):
            publish(told(), stack.kafka.bootstrap, PARTITIONS)
        reconciled = stack.facts("reconcile")
        stack.freeze("all", PEOPLE)
        stack.flowdrop("drop", "create", "next", *TERMS)
        yield Seen(stack, stack.facts("drop", "preview", "next"), reconciled)
    finally:
        stack.stop()


def values(seen: Seen, source: str, hours: int) -> dict[str, Any]:
    as_of = NOW + timedelta(hours=hours)
    found = dict(seen.rows(VALUES, person="ming", source=source, as_of=as_of))
    return {name: json.loads(value) for name, value in found.items()}


def test_the_latest_value_of_a_source_applies_and_what_was_can_be_asked_for(seen: Seen) -> None:
    assert values(seen, "crm", 1) == {"carrier": "telecom", "tags": ["gamer"]}
    now = {"carrier": "unicom", "birth_year": 1988, "city": None, "tags": ["gamer"]}
    assert values(seen, "crm", 9) == now
    assert values(seen, "shop", 9) == {"carrier": "mobile", "shoe_size": 43}


def test_what_the_catalogue_does_not_allow_is_a_dead_letter_that_names_it(seen: Seen) -> None:
    letters = seen.rows("SELECT reason, detail, count() FROM deadletters GROUP BY reason, detail")
    year = "a whole number, at least 1900 and at most 2100"
    wanted = "one of telecom, unicom, mobile, other"
    assert sorted(letters) == [
        ("bad_attribute", f"data.attributes.birth_year = True: it must be {year}", 2),
        ("bad_attribute", f"data.attributes.carrier = 'pigeon': it must be {wanted}", 2),
    ]


def test_every_id_has_one_number_and_they_are_dense(seen: Seen) -> None:
    found = dict(seen.rows("SELECT person, number FROM people"))
    assert found.keys() == {*PEOPLE, "phone", "tablet", "watch", "mid", "top", "device:9"}
    assert all(
        number % PARTITIONS == partition_of(person, PARTITIONS) for person, number in found.items()
    )
    each = Counter(number % PARTITIONS for number in found.values())
    assert set(found.values()) == {
        count * PARTITIONS + partition
        for partition, people in each.items()
        for count in range(1, people + 1)
    }
    several = seen.rows(
        "SELECT person FROM campaign_events GROUP BY person HAVING uniq(number) > 1"
    )
    assert several == []


def test_an_opened_wallet_is_known_once(seen: Seen) -> None:
    opened = seen.rows("SELECT person, program FROM campaign_events WHERE type = 'opened'")
    assert sorted(opened) == sorted((person, "liuliangbao") for person in PEOPLE)


def test_the_latest_statement_about_an_id_applies(seen: Seen) -> None:
    linked = dict(seen.rows("SELECT other, owner FROM linked_people"))
    assert linked == {"phone": "hua", "watch": "wei", "an": "mid", "mid": "top"}


def test_what_one_id_says_binds_its_person(seen: Seen) -> None:
    arms = {person["person"]: person["arm"] for person in seen.preview["everyone"]}
    assert arms == {"ming": "", "lan": "drop", "hua": "", "wei": "", "an": ""}
    assert seen.preview["left_out"] == {"minor": 1, "no_consent": 3}


def test_a_campaign_is_as_it_was_described_last(seen: Seen) -> None:
    told_of = seen.rows(
        "SELECT title_en, title_zh, advertiser, begin, creatives, coin_microcents, "
        "click_window_days, view_window_days FROM campaign_descriptions WHERE campaign = 'spring' "
        "ORDER BY time DESC LIMIT 1"
    )
    banner = {"name": "banner", "format": "display", "cost_model": "", "cost": 1200}
    ((*titles, begin, creatives, price, clicks, views),) = told_of
    assert titles == ["Spring flow", "春季流量", "northwind"]
    assert (begin.replace(tzinfo=UTC), price, clicks, views) == (NOW, 300_000, 7, 1)
    assert [dict(own) if isinstance(own, dict) else own for own in creatives] in (
        [banner],
        [tuple(banner.values())],
    )


def test_an_exposure_says_its_creative(seen: Seen) -> None:
    shown = seen.rows("SELECT campaign, creative FROM campaign_events WHERE type = 'exposure'")
    assert shown == [("undescribed", "film")]


def test_log_and_warehouse_agree_on_all_of_it(seen: Seen) -> None:
    assert seen.reconciled["ok"]


def test_a_person_is_shown_with_ids_and_attributes_as_of_any_time(seen: Seen) -> None:
    found = seen.stack.facts("people", "show", "ming", "--history")
    numbers = dict(seen.rows("SELECT person, number FROM people"))
    assert (found["person"], found["number"]) == ("ming", numbers["ming"])
    hours = [(NOW + timedelta(hours=hour)).isoformat().replace("+00:00", "Z") for hour in range(3)]
    assert [(own["id"], own["number"], own["since"], own["until"]) for own in found["ids"]] == [
        ("watch", numbers["watch"], hours[1], hours[2])
    ]
    assert [
        (own["attribute"], own["value"], own["source"], own["personal"], own["latest"])
        for own in found["attributes"]
    ] == [
        ("birth_year", 1988, "crm", True, True),
        ("carrier", "unicom", "crm", False, found["attributes"][1]["latest"]),
        ("carrier", "mobile", "shop", False, found["attributes"][2]["latest"]),
        ("shoe_size", 43, "shop", None, True),
        ("tags", ["gamer"], "crm", False, True),
    ]
    told_last = max(("p2", "p4"), key=lambda each: _offset(seen, each))
    latest = [own["source"] for own in found["attributes"][1:3] if own["latest"]]
    assert latest == [{"p2": "crm", "p4": "shop"}[told_last]]  # both of one time
    assert [own["value"] for own in found["history"] if own["attribute"] == "city"] == [
        "北京",
        None,
    ]

    then = seen.stack.facts("people", "show", "watch", "--as-of", hours[1])
    assert (then["id"], then["person"], then["as_of"]) == ("watch", "ming", hours[1])
    assert [own["value"] for own in then["attributes"]] == ["telecom", ["gamer"]]
    assert then["ids"][0]["until"] is None

    arrived = min(own["arrived"] for own in found["history"])
    shown = seen.stack.flowdrop("people", "show", "ming", "--known-at", arrived)
    assert "1988" in shown
    for wrong in (["--known-at", "1990-01-01"], ["--as-of", "2150-01-01"]):
        seen.stack.flowdrop("people", "show", "ming", *wrong, status=1)


def _offset(seen: Seen, event_id: str) -> int:
    query = "SELECT offset FROM campaign_events FINAL WHERE id = {id:String}"
    return int(seen.rows(query, id=event_id)[0][0])
