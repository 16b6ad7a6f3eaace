"""Features of random histories are what pandas counts: every kind of aggregate, borders too."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.sets.catalogue import load
from features.sets.compose import Moment, composed, parameters, slices

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sql.features.world import World

pytestmark = pytest.mark.clickhouse

CATALOGUE = load()
AT = pd.Timestamp("2026-03-01", tz="UTC")
KNOWN = datetime(2026, 3, 2, tzinfo=UTC)
PROGRAMS = itertools.count()
MICROSECOND = timedelta(microseconds=1)
NEVER = pd.Timestamp("2200-01-01", tz="UTC")

# How long before the moment something happened; the borders of windows, and beside them.
BORDERS = [
    timedelta(days=days) + beside
    for days in (0, 7, 28, 84)
    for beside in (-MICROSECOND, timedelta(), MICROSECOND)
]
BEFORE = st.sampled_from(BORDERS) | st.timedeltas(timedelta(days=-3), timedelta(days=120))
CHANGE = st.fixed_dictionaries(
    {
        "account": st.sampled_from(["ann", "bob", "cat"]),
        "type": st.sampled_from(["earn", "grant", "redeem", "transfer", "packet_claim"]),
        "activity": st.sampled_from(["check-in", "game"]),
        "counterparty": st.sampled_from(["x", "y", "z"]),
        "amount": st.integers(-50, 50),
        "before": BEFORE,
        "is_late": st.booleans(),
    }
)


def days(times: pd.Series) -> float | None:
    return None if times.empty else (AT - times.max().floor("s")).total_seconds() / 86_400


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def within(own: pd.DataFrame, window: int) -> pd.DataFrame:
    return own[own["time"] >= AT - pd.Timedelta(days=window)]


def of(own: pd.DataFrame, *types: str) -> pd.DataFrame:
    return own[own["type"].isin(types)]


def redeemed(own: pd.DataFrame) -> pd.DataFrame:
    found = of(own, "redeem")
    return found[found["amount"] < 0]


def given_by_others(own: pd.DataFrame) -> pd.DataFrame:
    found = of(within(own, 84), "transfer")
    return found[found["amount"] > 0]


READ: dict[str, Callable[[pd.DataFrame], Any]] = {
    "balance": lambda own: own["amount"].sum(),
    "earns_7d": lambda own: len(of(within(own, 7), "earn")),
    "earns_28d": lambda own: len(of(within(own, 28), "earn")),
    "earned_coins_84d": lambda own: of(within(own, 84), "earn")["amount"].sum(),
    "earn_recency_days": lambda own: days(of(own, "earn")["time"]),
    "earn_activities_84d": lambda own: of(within(own, 84), "earn")["activity"].nunique(),
    "active_days_28d": lambda own: within(own, 28).query("amount != 0")["time"].dt.date.nunique(),
    "redeemed_share": lambda own: share(
        -redeemed(own)["amount"].sum(), own[own["amount"] > 0]["amount"].sum()
    ),
    "packet_draw_coins": lambda own: (
        None
        if (found := of(own, "packet_claim").query("amount > 0")).empty
        else found["amount"].mean()
    ),
    "gift_givers_84d": lambda own: given_by_others(own)["counterparty"].nunique(),
    "evening_share": lambda own: share(
        (within(own, 84).query("amount != 0")["time"].dt.hour >= 18).sum(),
        len(within(own, 84).query("amount != 0")),
    ),
}


@settings(max_examples=25)
@given(st.lists(CHANGE, min_size=1, max_size=40))
def test_a_feature_is_what_pandas_counts(world: World, changes: list[dict[str, Any]]) -> None:
    program = f"program-{next(PROGRAMS)}"
    found = pd.DataFrame(changes)
    found["time"] = AT - pd.to_timedelta(found.pop("before"))
    late = found.pop("is_late")
    stored = found.assign(
        kind="wallet",
        program=program,
        version=range(len(found)),
        subject=found["account"],
        arrived=[KNOWN + timedelta(days=1) if each else KNOWN for each in late],
    )
    world.client.insert_df("postings", stored)

    known = found[(found["time"] < AT) & ~late]
    expected = {
        person: {name: read(own) for name, read in READ.items()}
        for person, own in known.groupby("account")
    }
    moment = Moment(as_of=date(2026, 3, 1), known_at=KNOWN)
    values = parameters(moment, None, program=program, zone="UTC", offer_days=28)
    [everyone] = slices(1)
    query = composed(CATALOGUE, [CATALOGUE.feature(name) for name in READ], None)
    rows = world.client.query(query, parameters=values | everyone).named_results()
    assert {row.pop("person"): row for row in rows} == {
        person: {"as_of": date(2026, 3, 1)} | row for person, row in expected.items()
    }


EVENT = st.fixed_dictionaries(
    {
        "person": st.sampled_from(["ann", "bob"]),
        "type": st.sampled_from(["contact", "contact", "exposure", "click", "visit", "conversion"]),
        "campaign": st.sampled_from(["one", "two", "three"]),
        "channel": st.sampled_from(["app", "sms"]),
        "offer_days": st.none() | st.integers(-2, 60),
        "value": st.integers(0, 900),
        "before": BEFORE,
        "is_late": st.booleans(),
    }
)
ANSWERS = ("click", "visit", "conversion")


def most(values: pd.Series) -> Any:
    """The most frequent value, of equals the first."""
    return None if values.empty else values.value_counts().sort_index().idxmax()


READ_EVENTS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "campaigns_contacted": lambda own: of(own, "contact")["campaign"].nunique(),
    "campaigns_running": lambda own: of(own, "contact").query("ends >= @AT")["campaign"].nunique(),
    "contact_recency_days": lambda own: days(of(own, "contact")["time"]),
    "contacts_7d": lambda own: len(of(within(own, 7), "contact")),
    "clicks_28d": lambda own: len(of(within(own, 28), "click")),
    "conversion_value_84d_cents": lambda own: of(within(own, 84), "conversion")["value"].sum(),
    "fatigue": lambda own: (
        len(of(within(own, 28), "contact")) / (1 + len(of(within(own, 28), *ANSWERS)))
    ),
    "redemptions": lambda own: len(of(own, "conversion")),
    "redemption_rate": lambda own: (
        None
        if of(own, "contact").empty
        else min(
            1,
            of(own, "conversion")["campaign"].nunique() / of(own, "contact")["campaign"].nunique(),
        )
    ),
    "response_channel": lambda own: most(of(own, "click", "conversion")["channel"]) or "",
    "response_hour": lambda own: most(of(own, *ANSWERS)["time"].dt.hour),
}


@settings(max_examples=10)
@given(st.lists(EVENT, min_size=1, max_size=30))
def test_what_campaigns_did_is_what_pandas_counts(
    world: World, events: list[dict[str, Any]]
) -> None:
    program = f"campaigns-{next(PROGRAMS)}"
    found = pd.DataFrame(events)
    found["person"] = program + "-" + found["person"]
    found["campaign"] = program + "-" + found["campaign"]
    found["time"] = AT - pd.to_timedelta(found.pop("before"))
    late = found.pop("is_late")
    offer = pd.to_timedelta(found.pop("offer_days"), unit="D")
    until = (found["time"] + offer).where(found["type"] == "contact")
    stored = found.assign(
        id=[f"{program}-{number}" for number in range(len(found))],
        until=[None if pd.isna(each) else each for each in until],
        arrived=[KNOWN + timedelta(days=1) if each else KNOWN for each in late],
    )
    world.client.insert_df("campaign_events", stored)
    people = sorted(found["person"].unique())
    wallets = {"kind": "wallet", "program": program, "version": 1, "time": AT - MICROSECOND}
    world.client.insert_df("postings", pd.DataFrame({"account": people} | wallets))

    known = found.assign(ends=until.fillna(found["time"] + pd.Timedelta(days=28)))[~late]
    known["ends"] = known[["time", "ends"]].max(axis=1)
    starts = of(known, "contact").groupby("campaign")["time"].min()
    since = [starts.get(name, NEVER) for name in known["campaign"]]
    early = (known["type"] == "conversion") & (known["time"] < pd.Series(since, known.index))
    known = known[(known["time"] < AT) & ~early]
    expected = {
        person: {name: read(known[known["person"] == person]) for name, read in READ_EVENTS.items()}
        for person in people
    }
    moment = Moment(as_of=date(2026, 3, 1), known_at=KNOWN)
    values = parameters(moment, None, program=program, zone="UTC", offer_days=28)
    [everyone] = slices(1)
    query = composed(CATALOGUE, [CATALOGUE.feature(name) for name in READ_EVENTS], None)
    rows = world.client.query(query, parameters=values | everyone).named_results()
    assert {row.pop("person"): row for row in rows} == {
        person: {"as_of": date(2026, 3, 1)} | row for person, row in expected.items()
    }
