"""People known, devices unlinked and ids that changed person, against a plain reading of events."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from console.reports.campaigns import campaigns
from console.reports.reach import reach
from tests.long import sized

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

DAY = 86_400 * 1_000_000
IDS = [f"id:{n}" for n in range(30)]


def _world(
    seed: int,
) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, bool, int]], set[str]]:
    """Contacts (campaign, id, day), links (person, id, linked, day), and ids with a wallet."""
    dice = random.Random(seed)
    contacts = [(dice.choice("ab"), dice.choice(IDS), dice.randrange(9)) for _ in range(60)]
    links = [(*dice.sample(IDS, 2), dice.random() < 0.7, dice.randrange(9)) for _ in range(25)]
    return contacts, links, set(dice.sample(IDS, 6))  # type: ignore[return-value]


def _owner(links: Iterable[tuple[str, str, bool, int]], other: str, by: int) -> str:
    owner = other
    for person, linked_id, linked, day in sorted(links, key=lambda link: link[3]):  # stable
        if linked_id == other and day <= by:
            owner = person if linked else other
    return owner


def _expected(world: Any, names: str) -> dict[str, Any]:
    contacts, links, wallets = world
    known = wallets | {person for person, *_ in links}
    counted = [(own, day) for campaign, own, day in contacts if campaign in names]
    now = {own: _owner(links, own, 99) for own, _ in counted}
    people = set(now.values())
    moved = [(own, day) for own, day in counted if _owner(links, own, day) != now[own]]
    changes = [
        at
        for own, day in moved
        for _, other, _, at in links
        if other == own and at > day and _owner(links, own, at) != _owner(links, own, day)
    ]
    since = datetime.fromtimestamp(min(changes) * 86_400, UTC) if changes else None
    return {
        "reach": len(people),
        "people_known": len(people & known),
        "devices_unlinked": len(people - known),
        "ids_linked": sum(own != person for own, person in now.items()),
        "ids_relinked": len({own for own, _ in moved}),
        "relinked_since": since,
    }


def _figures(found: Any) -> dict[str, Any]:
    names = ("reach", "people_known", "devices_unlinked", "ids_linked", "ids_relinked")
    return {name: getattr(found, name) for name in (*names, "relinked_since")}


@pytest.mark.parametrize("seed", range(sized(2, 4)))
def test_a_random_world_is_as_a_plain_reading_has_it(
    fresh: Callable[[], Client], insert: Callable[..., None], seed: int
) -> None:
    client, world = fresh(), _world(seed)
    contacts, links, wallets = world
    names, people, days = zip(*contacts, strict=True)
    insert(client, "contact", names, people, [day * DAY for day in days])
    owners, others, linked, days = zip(*links, strict=True)
    times = [day * DAY for day in days]
    insert(client, "link", "", owners, times, other=others, linked=linked)
    insert(client, "opened", "", wallets, 0)

    found = reach(client, ["a", "b"])
    assert _figures(found) == _expected(world, "ab")
    assert found.ids_relinked > 0
    assert found.devices_unlinked > 0
    listed = {each.name: each for each in campaigns(client)}
    for own in found.by_campaign:
        assert _figures(own) == _figures(listed[own.campaign]) == _expected(world, own.campaign)
        alone = reach(client, [own.campaign])
        assert _figures(alone) == _figures(own)
        for of in (found, alone):
            for day in of.by_day:
                assert day.cumulative == day.cumulative_known + day.cumulative_unlinked
            assert of.by_day[-1].cumulative_known == of.people_known
    said = " ".join(note.en for note in found.notes)
    assert f"since {found.relinked_since:%Y-%m-%d}: the figures of the past are restated." in said


def test_relinking_restates_what_was_counted_before_it_and_says_since_when(
    fresh: Callable[[], Client], insert: Callable[..., None]
) -> None:
    client = fresh()
    insert(client, "contact", "spring", ["ming", "phone", "tablet"], DAY)
    before = reach(client, ["spring"])
    assert (before.reach, before.devices_unlinked, before.ids_relinked) == (3, 3, 0)

    insert(client, "link", "", ["ming"], 0, id=["l1"], other="tablet", linked=True)
    earlier = reach(client, ["spring"])  # linked before it was contacted: nothing moved since
    assert (earlier.reach, earlier.people_known, earlier.ids_linked) == (2, 1, 1)
    assert (earlier.ids_relinked, earlier.relinked_since) == (0, None)

    insert(client, "link", "", ["ming"], 5 * DAY, id=["l2"], other="phone", linked=True)
    restated = reach(client, ["spring"])
    assert (restated.reach, restated.people_known, restated.ids_linked) == (1, 1, 2)
    assert (restated.devices_unlinked, restated.ids_relinked) == (0, 1)
    assert restated.relinked_since == datetime(1970, 1, 6, tzinfo=UTC)

    insert(client, "link", "", ["ming"], 6 * DAY, id=["l3"], other="phone", linked=False)
    back = reach(client, ["spring"])  # it counts as it did when it was contacted
    assert (back.reach, back.devices_unlinked, back.ids_relinked) == (2, 1, 0)
