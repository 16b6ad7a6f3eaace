"""What an advertiser's organisation is told of lift: nothing of others' campaigns, nor of a few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from console.reporting.masked import masked
from console.reporting.viewer import Viewer
from console.reports.lift import lift
from console.reports.lift_protected import PROTECTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

    from console.reports.lift_report import LiftReport

pytestmark = pytest.mark.clickhouse

DAY = 86_400_000_000  # microseconds
BEGIN = 20_000 * DAY
ARMS = {arm: [f"{arm}-{n}" for n in range(200)] for arm in ("drop", "holdout")}
Inserting = Any  # the fixture's function


def ids(kind: str, names: list[str]) -> list[str]:
    return [f"{kind}-{name}" for name in names]


def spring(client: Client, insert: Inserting) -> None:
    """Randomise 400 people, 60 and 40 of whom buy, as some did of a rival before and since."""
    for arm, names in ARMS.items():
        insert(client, "assignment", "spring", names, BEGIN, id=names, arm=arm, probability=0.5)
        some = names[: 60 if arm == "drop" else 40]
        insert(client, "conversion", "spring", some, BEGIN + DAY, id=ids("b", some), value=500)
        past = names[20:120]
        insert(client, "conversion", "rival", past, BEGIN - DAY, id=ids("p", past), value=900)
        insert(client, "conversion", "rival", past, BEGIN + DAY, id=ids("r", past), value=700)


def told(client: Client) -> LiftReport:
    found: LiftReport = masked(
        lift(client, "spring"), PROTECTION, Viewer(organisation="brand")
    ).found
    return found


def test_nothing_of_others_campaigns_is_told(
    fresh: Callable[[], Client], insert: Inserting
) -> None:
    client = fresh()
    spring(client, insert)
    staff, found = lift(client, "spring"), told(client)
    assert staff.of_whole
    assert staff.before
    assert staff.adjusted
    assert {one.metric for one in found.effects} == {"conversion_rate", "value_per_person"}
    assert (found.of_whole, found.before, found.adjusted) == ((), (), ())


def test_arms_that_differed_before_are_blocked_without_a_figure(
    fresh: Callable[[], Client], insert: Inserting
) -> None:
    client = fresh()
    spring(client, insert)
    others = ARMS["drop"][120:]
    insert(client, "visit", "rival", others, BEGIN - DAY, id=ids("v", others))
    staff, found = lift(client, "spring"), told(client)
    assert staff.blocked is not None
    assert found.blocked is not None
    assert "p = " in staff.blocked.en
    assert not any(character.isdigit() for character in found.blocked.en)
    assert found.effects == ()


@pytest.mark.parametrize(
    ("priced", "exposed", "told_costs"),
    [
        (ARMS["drop"], [], 2),
        (ARMS["drop"][:60], [], 2),
        (ARMS["drop"][:3], [], 0),
        (ARMS["drop"][3:], [], 0),  # all but three
        (ARMS["drop"], ARMS["drop"][:3], 0),  # exposures are not told
    ],
)
def test_a_cost_is_told_where_nothing_of_a_few_follows(
    fresh: Callable[[], Client],
    insert: Inserting,
    priced: list[str],
    exposed: list[str],
    told_costs: int,
) -> None:
    client = fresh()
    spring(client, insert)
    insert(client, "contact", "spring", priced, BEGIN + 1, id=ids("c", priced), cost=7)
    insert(client, "exposure", "spring", exposed, BEGIN + 2, id=ids("e", exposed))
    (staff, *_) = lift(client, "spring").costs
    assert (staff.cost_cents, staff.priced_people) == (7 * len(priced), len(priced))
    assert len(told(client).costs) == told_costs
