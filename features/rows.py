"""Feature rows in ClickHouse: built for a date, one purpose at a time, replaced atomically."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Literal

import click
import numpy as np
from clickhouse_connect.driver.exceptions import DatabaseError

from features.definitions import BASELINE, NAMES, defined
from features.sets.catalogue import load as load_catalogue
from features.sets.compose import composed_rows, parameters_at, slices, slices_for, written
from features.settings import OFFER_DAYS, FeatureSettings
from flowdrop.settings import load
from sql.client import frame, rows, text

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    from clickhouse_connect.driver.client import Client
    from numpy.typing import NDArray

Purpose = Literal["training", "running", "later", "scoring"]

REPLAY = "replay first: flowdrop replay complete-journey"
NO_TABLE = "UNKNOWN_TABLE"
EVER = datetime(2200, 1, 1, tzinfo=UTC)  # by then all that is stored has happened and arrived


@dataclass(frozen=True)
class Campaign:
    """A campaign that has feature rows for a date."""

    campaign: str
    purpose: Purpose  # training: ended by the date; running: begun; later: begins on or after it
    channel: str
    start: datetime
    finish: datetime
    people: int  # rows: contacted people of the program
    redeemers: int  # of them, labelled 1


def build(
    client: Client, as_of: date, purpose: Purpose, program: str, offer_days: int = OFFER_DAYS
) -> int:
    """Compute the rows of `purpose` for `as_of` and replace the old ones with them.

    A reader sees the old rows or the new, never a mixture.

    Args:
        client: A client of ClickHouse.
        as_of: The date partition.
        purpose: Which rows.
        program: Whose people.
        offer_days: After a contact, until an offer without an end is over.

    Returns:
        How many rows there are.
    """
    known(client, program)
    place = {"program": program, "as_of": as_of, "purpose": purpose}
    client.command(text("features/rows_clear"), parameters=place)
    _stage(client, place, offer_days)
    count = int(rows(client, "features/rows_staged", **place)[0]["staged"])
    # ClickHouse refuses to replace a partition with an empty one.
    change = "features/rows_replace" if count else "features/rows_drop"
    client.command(text(change), parameters=place)
    return count


def _stage(client: Client, place: dict[str, Any], offer_days: int) -> None:
    """Compute the rows of each campaign as of its start, or of everyone as of the date."""
    program, cutoff = place["program"], datetime.combine(place["as_of"], time(), UTC)
    about = rows(client, "features/people_about", program=program, at=written(cutoff))
    count = slices_for(about[0]["people"])
    if place["purpose"] == "scoring":
        found: list[dict[str, Any]] = [{"campaign": "", "start": cutoff}]
        points = text("features/points_of_everyone")
        place = place | {"channel": next_channel(client, place["as_of"], program)}
    else:
        found = rows(client, "features/moments", offer_days=offer_days, **place)
        points = text("features/points_of_campaign")
    query = composed_rows(load_catalogue(), defined(), points)
    told = cutoff if place["purpose"] in {"training", "scoring"} else EVER
    for one in found:
        values = place | {"campaign": one["campaign"], "told": written(told)}
        values |= parameters_at(
            one["start"],
            EVER,
            program=program,
            zone=load(FeatureSettings).zone,
            offer_days=offer_days,
        )
        for part in slices(count):
            client.command(query, parameters=values | part)


def known(client: Client, program: str) -> datetime:
    """Return the time of the last event in the warehouse, after checking that there is data.

    Raises:
        click.ClickException: when there is no table, no purchase or no contact.
    """
    try:
        facts = rows(client, "features/known", program=program)[0]
    except DatabaseError as error:
        if NO_TABLE not in str(error):
            raise
        raise click.ClickException(
            "the warehouse has no tables; apply them with `flowdrop sql migrate`, then " + REPLAY
        ) from error
    for kind in ("purchases", "contacts"):
        if not facts[kind]:
            raise click.ClickException(
                f"there are no {kind} for program {program!r} in the warehouse; {REPLAY}"
            )
    last: datetime = max(facts["last_result"], facts["last_campaign_event"])
    return last


def next_channel(client: Client, as_of: date, program: str) -> str:
    """Return the channel the next campaign is assumed to use: the most used before `as_of`."""
    found = rows(client, "features/next_channel", as_of=as_of, program=program)
    return str(found[0]["channel"]) if found else ""


def campaigns(
    client: Client, as_of: date, program: str, offer_days: int = OFFER_DAYS
) -> list[Campaign]:
    """Return the campaigns with rows of `program` for `as_of`, by start."""
    values = {"as_of": as_of, "program": program, "offer_days": offer_days}
    return [Campaign(**row) for row in rows(client, "features/campaigns", **values)]


def stored(client: Client, as_of: date, purpose: Purpose, program: str) -> pd.DataFrame:
    """Return the stored rows of `program` by campaign and person.

    Columns: program, as_of, purpose, campaign, person, at, label, then the features as floats (NaN
    where nothing is known) and `channel` as text.
    """
    table = frame(client, "features/rows_stored", as_of=as_of, purpose=purpose, program=program)
    if table.empty:
        return table
    numbers = [name for name in NAMES if name != "channel"]
    return table.astype(dict.fromkeys(numbers, "float64")).astype({"channel": object})


def required(client: Client, as_of: date, purpose: Purpose, program: str) -> pd.DataFrame:
    """Return the stored rows, or fail with a message that says how to build them."""
    table = stored(client, as_of, purpose, program)
    if table.empty:
        raise click.ClickException(
            f"there are no {purpose} rows of program {program!r} for {as_of}; "
            f"build them with `flowdrop features build --as-of {as_of}`"
        )
    return table


def fingerprint(table: pd.DataFrame) -> str:
    """Return the SHA-256 of the rows: of who, when, features and labels, in order."""
    columns = ["campaign", "person", "at", "label", *NAMES]
    content = table[columns].to_csv(index=False, float_format="%.17g")
    return hashlib.sha256(content.encode()).hexdigest()


def baseline(table: pd.DataFrame, unknown: float) -> NDArray[np.float64]:
    """Return the naive chance of each row: the rate of past redemptions.

    Args:
        table: Rows as `stored` returns them.
        unknown: The rate for those never contacted before.
    """
    return np.asarray(table[BASELINE].fillna(unknown), dtype=np.float64)
