"""Events of one id that are not the same event, through broker, worker, feed and reports."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sql.client import connect
from streams.events import (
    Consent,
    ConsentData,
    Contact,
    ContactData,
    Conversion,
    ConversionData,
    Open,
    OpenData,
    Visit,
    VisitData,
)
from streams.kafka.publish import publish
from streams.worker.people import REMEMBERED_MAX
from tests.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.events import Event

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CAMPAIGN = "spring"
PEOPLE = ("u1", "u2", "u3", "twice", "back")
MANY = 2000
TERMS = (
    *("--program", "liuliangbao", "--budget", "1000", "--amount", "10"),
    *("--audience", "all", "--holdout", "0"),
)
STORED = """
SELECT person, count() FROM campaign_events WHERE campaign = 'many' GROUP BY person
"""
LETTERS = """
SELECT (toString(key), reason) AS what, count() FROM deadletters GROUP BY what
"""


def event(kind: type, subject: str, event_id: str, data: Any, *, source: str = "s", at: int) -> Any:
    return kind(
        id=event_id, source=source, time=NOW + timedelta(minutes=at), subject=subject, data=data
    )


def consent(subject: str, *, granted: bool, source: str = "s", at: int) -> Consent:
    data = ConsentData(channel="*", granted=granted)
    return event(Consent, subject, "consent-1", data, source=source, at=at)


def told() -> Iterator[Event]:
    """Three people with the same ids, and two people with the same ids from two sources."""
    contact = ContactData(campaign=CAMPAIGN, channel="sms", cost=10)
    bought = ConversionData(campaign=CAMPAIGN, value=500)
    for person in PEOPLE:
        yield event(Open, person, "open-1", OpenData(program="liuliangbao"), at=0)
    for person in ("u1", "u2", "u3"):
        yield event(Contact, person, "contact-1", contact, at=1)
        yield event(Conversion, person, "conv-1", bought, at=2)
        yield consent(person, granted=person == "u1", at=3)
    for source in ("app", "shop"):
        yield event(Contact, "twice", "1", contact, source=source, at=4)
        yield event(Conversion, "twice", "2", bought, source=source, at=5)
    # The later word counts, whichever source said it and in whatever order they came.
    yield consent("twice", granted=True, source="shop", at=8)
    yield consent("twice", granted=False, source="app", at=7)
    yield consent("back", granted=True, source="app", at=7)
    yield consent("back", granted=False, source="shop", at=8)


def visits(person: str, *, backwards: bool = False) -> list[Event]:
    numbers = range(MANY, 0, -1) if backwards else range(MANY)
    data = VisitData(campaign="many")
    return [event(Visit, person, f"v{n}", data, at=n) for n in numbers]


class Seen(NamedTuple):
    """What flowdrop says of them."""

    stack: Stack
    reach: dict[str, Any]
    preview: dict[str, Any]
    visits: dict[str, int]
    letters: Counter[tuple[str, str]]
    reconciled: dict[str, Any]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    stack = Stack(tmp_path_factory.mktemp("same-ids"))
    stack.start()
    try:
        stack.worker()
        stack.feed()
        yield _see(stack)
    finally:
        stack.stop()


def _see(stack: Stack) -> Seen:
    for _ in range(2):
        publish(told(), stack.kafka.bootstrap, 8)
        publish(visits("in-order"), stack.kafka.bootstrap, 8)
        publish(visits("backwards", backwards=True), stack.kafka.bootstrap, 8)
    reconciled = stack.facts("reconcile")
    stack.freeze("all", PEOPLE)
    stack.flowdrop("drop", "create", "next", *TERMS)
    client = connect(stack.clickhouse)
    return Seen(
        stack,
        reach=stack.facts("report", "reach", CAMPAIGN),
        preview=stack.facts("drop", "preview", "next"),
        visits=dict(client.query(STORED).result_rows),
        letters=Counter(dict(client.query(LETTERS).result_rows)),
        reconciled=reconciled,
    )


def test_the_same_id_of_other_people_is_another_event(seen: Seen) -> None:
    assert seen.reach["reach"] == 4
    assert seen.reach["contacts"] == 5
    assert seen.reach["conversions"]["count"] == 5


def test_who_opted_out_by_an_id_that_others_used_is_left_out(seen: Seen) -> None:
    arms = {person["person"]: person["arm"] for person in seen.preview["everyone"]}
    assert arms == {"u1": "drop", "twice": "drop", "u2": "", "u3": "", "back": ""}


def test_none_of_2000_events_of_a_person_is_passed_on_twice(seen: Seen) -> None:
    assert seen.visits["in-order"] == MANY
    assert REMEMBERED_MAX <= seen.visits["backwards"] <= MANY
    forgotten = {person: seen.letters[person, "forgotten"] for person in seen.visits}
    # Of the second time the remembered ones are repeats, the others can't be told from repeats.
    assert forgotten["in-order"] == MANY - REMEMBERED_MAX
    assert forgotten["backwards"] == 2 * MANY - seen.visits["backwards"] - REMEMBERED_MAX
    assert set(seen.letters) <= {("in-order", "forgotten"), ("backwards", "forgotten")}


def test_log_and_warehouse_agree_on_all_of_it(seen: Seen) -> None:
    assert seen.reconciled["ok"]
