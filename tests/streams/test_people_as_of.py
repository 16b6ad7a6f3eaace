"""What was known of people as of a time: the real engine against a plain reading of events."""

from __future__ import annotations

import itertools
import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import clickhouse_connect
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sql.client import rows
from streams.inspect.people import EVER, Moment, show
from streams.people import load
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from streams.inspect.people import Person

pytestmark = pytest.mark.clickhouse

START = datetime(2026, 3, 1, tzinfo=UTC)
HOURS = 4
PARTITIONS = 3
IDS = ("ming", "hua", "phone", "tablet")
SOURCES = ("crm", "shop")
VALUES: dict[str, Sequence[Any]] = {
    "carrier": ("telecom", "unicom", None),
    "birth_year": (1988, 1990, None),
    "shoe_size": (43, None),
}
LATEST = Moment(EVER, EVER)
CATALOGUE = load()


class Said(NamedTuple):
    """An event as it stands in campaign.accepted; the order of a history is that of arrival."""

    subject: str
    source: str
    hour: int  # its own time
    arrived: int  # hour
    attributes: dict[str, Any] | None = None  # of a profile
    other: str = ""  # of a link
    linked: bool = True
    again: bool = False  # recorded a second time, an hour after

    @property
    def partition(self) -> int:
        return zlib.crc32(self.subject.encode()) % PARTITIONS


def number_of(name: str) -> int:
    return IDS.index(name) + 1 if name in IDS else len(IDS) + 1


def when(hour: int) -> datetime:
    return START + timedelta(hours=hour)


class Row(NamedTuple):
    """What a history comes to for a person, attribute and source."""

    person: str
    number: int
    name: str
    source: str
    value: Any
    hour: int
    id: str
    latest: bool


def in_order(history: Sequence[Said], at: int, known: int) -> list[tuple[Any, Said]]:
    """The events of the times and arrivals asked for, each with what decides which is later."""
    chosen = [
        ((said.hour, said.partition, offset), said)
        for offset, said in enumerate(history)
        if said.hour <= at and said.arrived <= known
    ]
    return sorted(chosen, key=lambda each: each[0])


def owners(history: Sequence[Said], at: int, known: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for _, said in in_order(history, at, known):
        if said.other:
            found[said.other] = said.subject if said.linked else said.other
    return found


def standing(history: Sequence[Said], at: int, known: int) -> set[Row]:
    """Event by event: the last word of a source on an attribute of a person is what stands."""
    owner = owners(history, at, known)
    last: dict[tuple[str, str, str], tuple[Any, Any, str]] = {}
    for key, said in in_order(history, at, known):
        for name, value in (said.attributes or {}).items():
            person = owner.get(said.subject, said.subject)
            last[person, name, said.source] = (key, value, said.subject)
    stands = {cell: word for cell, word in last.items() if word[1] is not None}
    newest: dict[tuple[str, str], Any] = {}
    for (person, name, _), (key, _, _) in stands.items():
        newest[person, name] = max(newest.get((person, name), key), key)
    return {
        Row(
            *(person, number_of(person), name, source, value, key[0], own),
            latest=newest[person, name] == key,
        )
        for (person, name, source), (key, value, own) in stands.items()
    }


COLUMNS = (
    *("id", "type", "time", "person", "source", "number", "attributes", "other", "kind"),
    *("linked", "topic", "partition", "offset", "arrived"),
)


def insert(client: Client, history: Sequence[Said]) -> None:
    records = list(enumerate(history))
    for again in (False, True):  # apart, since one insert would keep the first of them alone
        stored = [
            _row(said, offset, again * len(history))
            for offset, said in records
            if said.again or not again
        ]
        if stored:
            client.insert("campaign_events", stored, column_names=COLUMNS)


def _row(said: Said, offset: int, after: int) -> tuple[Any, ...]:
    attributes = {name: json.dumps(own) for name, own in (said.attributes or {}).items()}
    return (
        *(f"e{offset}", "link" if said.other else "profile", when(said.hour), said.subject),
        *(said.source, number_of(said.subject), attributes, said.other),
        *("device" if said.other else "", said.linked if said.other else None),
        *("campaign.accepted", said.partition, offset + after, when(said.arrived + bool(after))),
    )


@pytest.fixture(scope="module")
def database(engine: Path) -> Iterator[Client]:
    client = clickhouse_connect.get_client(interface="chdb", path=str(engine))
    add_tables(client)
    yield client
    client.close()


def filled(client: Client, history: Sequence[Said]) -> Client:
    client.command("TRUNCATE TABLE campaign_events")
    insert(client, history)
    return client


def moment(at: int, known: int) -> Moment:
    return Moment(when(at), when(known))


@st.composite
def histories(draw: st.DrawFn) -> list[Said]:
    """Histories with values taken back, ids that change person, late arrivals, ties and repeats."""
    hours = st.integers(0, HOURS)
    profile = st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(own) for name, own in VALUES.items()}
    )
    count = draw(st.integers(0, 14))
    arrivals = sorted(draw(st.lists(hours, min_size=count, max_size=count)))
    history = []
    for arrived in arrivals:
        subject = draw(st.sampled_from(IDS))
        place = (subject, draw(st.sampled_from(SOURCES)), draw(hours), arrived)
        again = draw(st.booleans())
        if draw(st.booleans()):
            history.append(Said(*place, attributes=draw(profile), again=again))
        else:
            other = draw(st.sampled_from([each for each in IDS if each != subject]))
            linked = draw(st.booleans())
            history.append(Said(*place, other=other, linked=linked, again=again))
    return history


MANY, SOME = (settings(max_examples=count) for count in (60, 25))


@MANY
@given(history=histories(), at=st.integers(0, HOURS), known=st.integers(0, HOURS))
def test_attributes_are_as_a_plain_reading_has_them(
    database: Client, history: list[Said], at: int, known: int
) -> None:
    client = filled(database, history)
    for asked in ((at, known), (HOURS, HOURS)):
        found = rows(client, "people/attributes", people=[], **moment(*asked).bound)
        assert {
            Row(
                *(row["person"], row["number"], row["name"], row["source"]),
                *(
                    json.loads(row["value"]),
                    (row["time"] - START.replace(tzinfo=None)).seconds // 3600,
                ),
                *(row["id"], bool(row["latest"])),
            )
            for row in found
        } == standing(history, *asked)
        assert len(found) == len(standing(history, *asked))
        some = rows(client, "people/attributes", people=["ming", "phone"], **moment(*asked).bound)
        assert some == [row for row in found if row["person"] in {"ming", "phone"}]


@SOME
@given(history=histories(), at=st.integers(0, HOURS), known=st.integers(0, HOURS))
def test_ids_are_the_person_s_at_the_hours_a_plain_reading_says(
    database: Client, history: list[Said], at: int, known: int
) -> None:
    """Hour by hour: an id that was linked then is shown, also when it was withdrawn since."""
    client = filled(database, history)
    owner = owners(history, at, known)
    for name in {
        each for _, said in in_order(history, at, known) for each in (said.subject, said.other)
    }:
        if not name:
            continue
        found = show(client, name, moment(at, known), CATALOGUE, with_history=True)
        person = owner.get(name, name)
        assert found.person == person
        shown = {
            (own.id, hour)
            for own in found.ids
            for hour in range(HOURS + 1)
            if own.since <= when(hour) and (own.until is None or when(hour) < own.until)
        }
        assert {each for each in shown if each[1] <= at} == {
            (other, hour)
            for hour in range(at + 1)
            for other, whose in owners(history, hour, known).items()
            if whose == person and other != person
        }
        ids = {person, *(other for other, whose in owner.items() if whose == person)}
        assert [(own.id, own.attribute, own.value) for own in found.history or ()] == [
            (said.subject, attribute, value)
            for _, said in in_order(history, at, known)
            if said.subject in ids
            for attribute, value in sorted((said.attributes or {}).items())
        ]


def placed(name: str, partition: int) -> str:
    """Return an id like `name` on a partition."""
    names = (f"{name}{n}" for n in itertools.count())
    return next(each for each in names if zlib.crc32(each.encode()) % PARTITIONS == partition)


def test_of_two_at_one_time_the_partition_decides_then_the_offset(database: Client) -> None:
    low, high = placed("a", 0), placed("b", 2)
    carrier, other = {"carrier": "unicom"}, {"carrier": "telecom"}

    def found(*history: Said) -> list[tuple[str, str, bool]]:
        client = filled(database, history)
        stands = rows(client, "people/attributes", people=[], **LATEST.bound)
        return [(row["person"], json.loads(row["value"]), bool(row["latest"])) for row in stands]

    # Two people claim an id at one time: whichever comes first, it is the higher partition's.
    claims = Said(low, "s", 1, 1, other="phone"), Said(high, "s", 1, 1, other="phone")
    for order in (claims, claims[::-1]):
        assert found(*order, Said("phone", "s", 0, 1, carrier)) == [(high, "unicom", True)]
    # Two ids of one person at one time, of one source and of two.
    link = Said(low, "s", 0, 0, other=high)
    for order in ((carrier, other), (other, carrier)):
        told = Said(low, "s", 1, 1, order[0]), Said(high, "s", 1, 1, order[1])
        for said in (told, told[::-1]):
            assert found(link, *said) == [(low, order[1]["carrier"], True)]
        apart = Said(low, "a", 1, 1, order[0]), Said(high, "b", 1, 1, order[1])
        for said in (apart, apart[::-1]):
            assert found(link, *said) == [
                (low, order[0]["carrier"], False),
                (low, order[1]["carrier"], True),
            ]
    # One id: the later record applies, and one that comes again is where it was first.
    assert found(Said(low, "s", 1, 1, carrier, again=True), Said(low, "s", 1, 1, other)) == [
        (low, "telecom", True)
    ]
    assert found(Said(low, "b", 1, 1, carrier, again=True), Said(low, "a", 1, 1, other)) == [
        (low, "telecom", True),
        (low, "unicom", False),
    ]


def test_what_was_open_and_closed_later_is_there_as_of_then(database: Client) -> None:
    history = [
        Said("phone", "crm", 0, 0, {"carrier": "unicom"}),
        Said("ming", "crm", 1, 1, other="phone"),
        Said("ming", "crm", 3, 3, other="phone", linked=False),
        Said("phone", "crm", 4, 4, {"carrier": None}),
    ]
    client = filled(database, history)

    def seen(at: int, known: int = HOURS) -> tuple[list[Any], list[Any]]:
        found = show(client, "ming", moment(at, known), CATALOGUE, with_history=False)
        return [(own.since, own.until) for own in found.ids], [
            own.value for own in found.attributes
        ]

    assert seen(2) == ([(when(1), None)], ["unicom"])
    assert seen(3) == ([(when(1), when(3))], [])
    assert seen(HOURS, known=2) == ([(when(1), None)], ["unicom"])
    back = show(client, "phone", moment(3, HOURS), CATALOGUE, with_history=False)
    assert (back.person, [own.value for own in back.attributes]) == ("phone", ["unicom"])
    assert show(client, "phone", LATEST, CATALOGUE, with_history=False).attributes == ()


def test_a_late_profile_is_invisible_to_what_was_made_before(database: Client) -> None:
    client = filled(
        database,
        [
            Said("ming", "crm", 2, 2, {"carrier": "telecom"}),
            Said("ming", "crm", 1, 4, {"birth_year": 1988}),
        ],
    )

    def names(known: int) -> list[str]:
        found = show(client, "ming", moment(HOURS, known), CATALOGUE, with_history=False)
        return [own.attribute for own in found.attributes]

    assert names(3) == ["carrier"]
    assert names(4) == ["birth_year", "carrier"]


def test_what_the_catalogue_says_stands_beside_an_attribute(database: Client) -> None:
    profile = {"birth_year": 1988, "carrier": "unicom", "shoe_size": 43}
    client = filled(database, [Said("ming", "crm", 1, 1, profile)])
    found = show(client, "ming", LATEST, CATALOGUE, with_history=False)
    assert [
        (own.attribute, own.title, own.personal, own.targeting) for own in found.attributes
    ] == [
        ("birth_year", "Year of birth", True, True),
        ("carrier", "Carrier", False, True),
        ("shoe_size", "", None, None),
    ]


def _shown(found: Person) -> tuple[Any, ...]:
    return (found.person, found.number, found.since, [(own.id, own.number) for own in found.ids])


def test_an_id_is_shown_as_its_person_whatever_is_known_of_itself(database: Client) -> None:
    client = filled(
        database,
        [
            Said("ming", "crm", 2, 2, other="tablet"),
            Said("tablet", "crm", 1, 3, {"carrier": "unicom"}),
            Said("ming", "crm", 2, 2, other="phone"),
        ],
    )
    whole = ("ming", number_of("ming"), when(1), [("phone", None), ("tablet", number_of("tablet"))])
    for name in ("ming", "tablet", "phone"):
        assert _shown(show(client, name, LATEST, CATALOGUE, with_history=False)) == whole


def test_an_unknown_id_is_refused_with_those_that_are_near(database: Client) -> None:
    client = filled(database, [Said("ming", "crm", 3, 4, {"carrier": "unicom"})])
    first = "no event that counts tells of 'ming'; the time of its first is 2026-03-01T03:00:00"
    for name, at, known, said in (
        ("minh", HOURS, HOURS, r"no event tells of 'minh'; did you mean 'ming'\?"),
        ("nobody:17", HOURS, HOURS, "no event tells of 'nobody:17'; an id is written as"),
        ("ming", 2, HOURS, first),
        ("ming", 3, 3, first),
    ):
        with pytest.raises(click.ClickException, match=said):
            show(client, name, moment(at, known), CATALOGUE, with_history=False)


@pytest.mark.parametrize(("option", "place"), [("as-of", 0), ("known-at", 1)])
def test_a_time_that_cannot_be_asked_for_is_refused_by_name(option: str, place: int) -> None:
    for hours, said in ((1, "is in the future"), (-24 * 365 * 60, "is before any event may be")):
        asked: list[datetime | None] = [None, None]
        asked[place] = START + timedelta(hours=hours)
        with pytest.raises(click.ClickException, match=f"--{option} .* {said}"):
            Moment.of(asked[0], asked[1], now=START)
    assert Moment.of(None, None, now=START) == LATEST
