"""Reports on worlds made at random, counted again by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from console.reports.lift import lift
from console.reports.reach import reach
from tests.long import sized

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse


def _world(seed: int) -> pd.DataFrame:
    """Events in no order, with ties in time, repeats by person, and outcomes before causes."""
    draw = np.random.default_rng(seed)
    n = 2_500
    frame = pd.DataFrame(
        {
            "kind": draw.choice(["assignment", "contact", "visit", "conversion"], n),
            "campaign": draw.choice(["a", "b", "c"], n),
            "person": draw.integers(0, 250, n).astype(str),
            "time": draw.integers(0, 12, n) * 43_200,  # half days
            "value": draw.integers(0, 5, n),
            "cost": draw.integers(0, 5, n),
        }
    )
    # One arm a person, but for a few who are drawn twice.
    again = np.where(draw.random(n) < 0.02, 1, 0)
    frame["arm"] = np.where((frame.person.astype(int) + again) % 2 == 0, "control", "drop")
    return frame


def _fill_world(client: Client, insert: Callable[..., None], frame: pd.DataFrame) -> None:
    for kind, part in frame.groupby("kind"):
        more: dict[str, Any] = {}
        if kind == "assignment":
            more = {"arm": part.arm, "probability": 0.5}
        if kind == "conversion":
            more = {"value": [int(v) if v else None for v in part.value]}
        if kind == "contact":
            more = {"cost": [int(v) if v else None for v in part.cost]}
        times = [int(t) * 1_000_000 for t in part.time]
        ids = [f"e-{n}" for n in part.index]
        insert(client, kind, part.campaign, part.person, times, id=ids, **more)


@pytest.mark.parametrize("seed", range(sized(2, 5)))
def test_reach_of_a_random_world(
    fresh: Callable[[], Client], insert: Callable[..., None], seed: int
) -> None:
    client, frame = fresh(), _world(seed)
    _fill_world(client, insert, frame)
    for names in (["a"], ["b", "c"], ["c", "a", "b"]):
        found = reach(client, names)
        events = [row for row in frame.itertuples() if row.campaign in names]
        contacts = [row for row in events if row.kind == "contact"]
        since: dict[tuple[str, str], int] = {}
        for row in sorted(contacts, key=lambda row: row.time):
            since.setdefault((row.campaign, row.person), row.time)
        all_conversions = [row for row in events if row.kind == "conversion"]
        counted = [
            row
            for row in all_conversions
            if row.time >= since.get((row.campaign, row.person), 10**9)
        ]
        assert found.reach == len({row.person for row in contacts})
        assert found.contacts == len(contacts)
        assert found.conversions.count == len(counted)
        assert found.conversions.people == len({row.person for row in counted})
        assert found.conversions.value_cents == sum(row.value for row in counted)
        assert found.conversions.outside == len(all_conversions) - len(counted)
        assert found.cost.contacts_cents == sum(row.cost for row in contacts)
        assert found.cost.contacts_priced == sum(row.cost > 0 for row in contacts)

        seen: set[str] = set()
        expected = []
        for day in sorted({row.time // 86_400 for row in [*contacts, *counted]}):
            today = {row.person for row in contacts if row.time // 86_400 == day}
            new = today - seen
            seen |= today
            bought = sum(row.time // 86_400 == day for row in counted)
            expected.append((day, len(today), len(new), len(seen), bought))
        epoch = datetime(1970, 1, 1, tzinfo=UTC).date()
        assert [
            ((row.day - epoch).days, row.contacted, row.new, row.cumulative, row.conversions)
            for row in found.by_day
        ] == expected


@pytest.mark.parametrize("seed", range(sized(2, 5)))
def test_lift_of_a_random_world(
    fresh: Callable[[], Client], insert: Callable[..., None], seed: int
) -> None:
    client, frame = fresh(), _world(seed)
    _fill_world(client, insert, frame)
    found = lift(client, "a")
    events = frame[frame.campaign == "a"]
    drawn = events[events.kind == "assignment"].groupby("person")
    arms, since = drawn.arm.agg(set), drawn.time.min()
    assert found.crossed == (arms.str.len() > 1).sum()
    for arm in found.arms:
        people = [person for person, of in arms.items() if of == {arm.arm}]
        after = events[events.person.isin(people)]
        after = after[after.time >= after.person.map(since)]
        bought = after[after.kind == "conversion"]
        assert arm.people == len(people)
        assert arm.visits == after[after.kind == "visit"].person.nunique()
        assert arm.conversions == bought.person.nunique()
        assert arm.value_cents == bought.value.sum()
    of = {effect.arm: effect for effect in found.effects if effect.metric == "value_per_person"}
    values = {
        arm.arm: [
            frame[
                (frame.campaign == "a")
                & (frame.kind == "conversion")
                & (frame.person == person)
                & (frame.time >= since[person])
            ].value.sum()
            for person, drawn_arms in arms.items()
            if drawn_arms == {arm.arm}
        ]
        for arm in found.arms
    }
    test = stats.ttest_ind(values["drop"], values["control"], equal_var=False)
    assert of["drop"].p_value == pytest.approx(test.pvalue)
