"""Every definition beside the rows expected of it, in the small world, counted by hand.

What is expected of `sql/features/definitions/NAME.sql` is in `definitions/NAME.toml` here, by
person; of a label in `labels/NAME.toml`, as of 10 February. A person who is not named there has the
type's empty value: none, zero or empty text.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from features.sets.catalogue import Catalogue, load
from features.sets.compose import Moment, composed, parameters, slices
from sql.client import connect
from tests.sql.features.world import AS_OF, KNOWN, OFFER_DAYS, PROGRAM, ZONE, World, fill
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

    from features.sets.files import Feature, Label

HERE = Path(__file__).parent
CATALOGUE = load()
PEOPLE = ["ann", "bob", "cat", "dan"]
LABELLED = Moment(as_of=date(2026, 2, 10), known_at=datetime(2026, 4, 1, tzinfo=UTC))

pytestmark = pytest.mark.clickhouse


@pytest.fixture(scope="module")
def client(clickhouse: str) -> Iterator[Client]:
    owner = connect(clickhouse)
    owner.command("CREATE DATABASE definitions")
    own = connect(clickhouse.replace("/default", "/definitions"))
    add_tables(own)
    fill(World(own))
    yield own
    owner.command("DROP DATABASE definitions")


def rows(
    client: Client,
    moment: Moment,
    features: list[Feature],
    label: Label | None = None,
    catalogue: Catalogue = CATALOGUE,
) -> dict[str, dict[str, Any]]:
    """The rows of a set by person, in as many slices as there are people."""
    values = parameters(moment, label, program=PROGRAM, zone=ZONE, offer_days=OFFER_DAYS)
    found: dict[str, dict[str, Any]] = {}
    for place in slices(4):
        query = composed(catalogue, features, label)
        for row in client.query(query, parameters=values | place).named_results():
            assert row["person"] not in found
            found[row["person"]] = dict(row)
    return found


@pytest.fixture(scope="module")
def world(client: Client) -> dict[str, dict[str, Any]]:
    return rows(client, Moment(as_of=AS_OF, known_at=KNOWN), list(CATALOGUE.features.values()))


def expected(kind: str, one: Feature | Label) -> dict[str, Any]:
    told = tomllib.loads((HERE / kind / f"{one.name}.toml").read_text(encoding="utf-8"))
    empty: Any = "" if one.dtype == "String" else 0
    if one.dtype.startswith("Nullable"):
        empty = None
    return {person: told.get(person, empty) for person in PEOPLE}


def test_no_definition_lacks_its_expected_rows() -> None:
    for kind, defined in (("definitions", CATALOGUE.features), ("labels", CATALOGUE.labels)):
        assert {path.stem for path in (HERE / kind).glob("*.toml")} == set(defined)


def test_everyone_with_a_wallet_before_the_moment_has_a_row(
    world: dict[str, dict[str, Any]],
) -> None:
    assert sorted(world) == PEOPLE
    assert {row["as_of"] for row in world.values()} == {AS_OF}


@pytest.mark.parametrize("name", sorted(CATALOGUE.features))
def test_a_feature_is_what_is_expected_of_it(world: dict[str, dict[str, Any]], name: str) -> None:
    found = {person: world[person][name] for person in PEOPLE}
    assert found == expected("definitions", CATALOGUE.features[name])


@pytest.mark.parametrize("name", sorted(CATALOGUE.labels))
def test_a_label_is_what_is_expected_of_it(client: Client, name: str) -> None:
    label = CATALOGUE.labels[name]
    found = {who: row["label"] for who, row in rows(client, LABELLED, [], label).items()}
    told = expected("labels", label)
    if label.eligible == "everyone":
        del told["dan"]  # who has no wallet yet
        assert found == told
    else:
        assert found == {who: told[who] for who in found}
        assert sorted(found) == ["ann", "bob"]  # whom a campaign contacted


@pytest.mark.parametrize("source", sorted({one.source for one in CATALOGUE.features.values()}))
def test_a_sources_features_alone_are_what_they_are_among_all(
    client: Client, world: dict[str, dict[str, Any]], source: str
) -> None:
    own = [one for one in CATALOGUE.features.values() if one.source == source]
    found = rows(client, Moment(as_of=AS_OF, known_at=KNOWN), own)
    assert found == {who: {name: row[name] for name in found[who]} for who, row in world.items()}


@pytest.mark.parametrize("name", sorted(CATALOGUE.features))
def test_a_header_tells_the_windows_of_its_expression(name: str) -> None:
    one = CATALOGUE.features[name]
    days = [int(found) for found in re.findall(r"INTERVAL (\d+) DAY", one.expression)]
    assert max(days, default=None) == one.window_days
    if not one.dtype.startswith("Nullable"):
        assert one.low is None or one.low <= 0, "who is not in the source has a zero"


def test_what_comes_later_or_arrives_later_changes_nothing(
    client: Client, world: dict[str, dict[str, Any]]
) -> None:
    later = World(client)
    later._offset = 1_000
    for day in ("2026-02-27 00:00", "2026-03-02 00:00"):
        later.result("earn", "dan", day, 7, activity="game", arrived="2026-05-20 00:00")
        later.event("click", "dan", day, "c1", channel="app", arrived="2026-05-20 00:00")
        later.event("link", "cat", day, other="ann", linked=True, arrived="2026-05-20 00:00")
        later.profile("cat", day, carrier='"mobile"', arrived="2026-05-20 00:00")
    moment = Moment(as_of=AS_OF, known_at=KNOWN)
    assert rows(client, moment, list(CATALOGUE.features.values())) == world
    now = rows(client, replace(moment, known_at=datetime(2026, 6, 1, tzinfo=UTC)), [])
    assert sorted(now) == ["bob", "cat", "dan"]  # ann is cat's other id, it turned out


def test_features_as_they_arrived_do_not_know_what_was_late(client: Client) -> None:
    late = Moment(as_of=AS_OF, known_at=datetime(2026, 3, 10, tzinfo=UTC))
    name = "earns_28d"
    one = [CATALOGUE.features[name]]
    assert rows(client, late, one)["ann"][name] == 5  # with the game of the 26th
    assert rows(client, replace(late, as_arrived=True), one)["ann"][name] == 4
