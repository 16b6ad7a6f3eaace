"""Hillstrom's e-mail experiment as events of the campaign `hillstrom`.

64,000 customers, drawn with probability 1/3 each into the arms `none`, `mens` and `womens`, and
what they did in the two weeks after. Row n of the file is the person `hillstrom:<n>`, from 1.

The data have no dates inside the two weeks, so the events carry stand-ins: everyone is assigned
and contacted at `SENT`, every visit and purchase is at `OUTCOME`, on the last day. The challenge
was published on 20 March 2008, which is why they lie just before it. What was known of each person
and the campaign's description are at `KNOWN`, the day before. Only the order and the two weeks are
real; `NOTES["hillstrom"]` says so to readers.
"""

from __future__ import annotations

import hashlib
import io
import lzma
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from pyarrow import csv

from scenarios.source import Source, merged
from streams.events import (
    Assignment,
    AssignmentData,
    Contact,
    ContactData,
    Conversion,
    ConversionData,
    Describe,
    DescribeData,
    Event,
    Profile,
    ProfileData,
    Visit,
    VisitData,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from streams.events import AttributeValue

FILE = Path(__file__).parent / "data" / "hillstrom.csv.xz"
SHA256 = "0e5893329d8b93cefecc571777672028290ab69865718020c78c7284f291aece"

CAMPAIGN = "hillstrom"
SOURCE = "scenarios/hillstrom"
CHANNEL = "email"
ARMS = {"No E-Mail": "none", "Mens E-Mail": "mens", "Womens E-Mail": "womens"}
AREAS = {"Surburban": "suburban", "Urban": "urban", "Rural": "rural"}  # as the file spells them

KNOWN = datetime(2008, 2, 29, tzinfo=UTC)
SENT = datetime(2008, 3, 1, tzinfo=UTC)
OUTCOME = datetime(2008, 3, 14, tzinfo=UTC)
UNTIL = datetime(2008, 3, 14, 23, 59, 59, tzinfo=UTC)

OUTCOME_COLUMNS = ("segment", "visit", "conversion", "spend")


def source(until: datetime | None = None) -> Source:
    """Return the experiment's events in time order.

    Args:
        until: only events before this moment, if given.

    Returns:
        180,667 events: 1 description, 64,000 profiles, 64,000 assignments, 42,694 contacts,
        9,394 visits, 578 conversions.

    Raises:
        click.ClickException: when the file is missing or not the original.
    """
    table = _table()
    arms = [ARMS[segment] for segment in table["segment"].to_pylist()]
    kinds: list[Iterator[Event]] = []
    total = 0
    if until is None or until > KNOWN:
        kinds += [iter([_description()]), _profiles(table)]
        total += 1 + len(arms)
    if until is None or until > SENT:
        kinds.append(_draws(arms))
        total += len(arms) + sum(arm != "none" for arm in arms)
    if until is None or until > OUTCOME:
        visits, conversions = table["visit"].to_pylist(), table["conversion"].to_pylist()
        kinds.append(_outcomes(visits, conversions, _cents(table["spend"])))
        total += sum(visits) + sum(conversions)
    return Source(total, merged(*kinds))


def covariates() -> pd.DataFrame:
    """Return what was known of each person before the experiment.

    Returns:
        One row per person: `person`, recency (months), history_segment, history (dollars), mens,
        womens, zip_code, newbie, channel (of past purchases).
    """
    frame: pd.DataFrame = _table().drop_columns(list(OUTCOME_COLUMNS)).to_pandas()
    frame.insert(0, "person", [f"{CAMPAIGN}:{row}" for row in range(1, len(frame) + 1)])
    return frame


def outcomes() -> pd.DataFrame:
    """Return what became of each person, in the order of `covariates`.

    Returns:
        One row per person: `arm` (none, mens, womens), visit and conversion (0 or 1), spend
        (dollars).
    """
    frame: pd.DataFrame = _table().select(list(OUTCOME_COLUMNS)).to_pandas()
    frame.insert(0, "arm", [ARMS[segment] for segment in frame.pop("segment")])
    return frame


def _table() -> Any:
    """Return the file as an Arrow table, checked against the original's hash."""
    try:
        raw = lzma.decompress(FILE.read_bytes())
    except (OSError, lzma.LZMAError) as error:
        raise click.ClickException(
            f"Hillstrom's data can't be read from {FILE}: {error}; restore it from the repository"
        ) from error
    found = hashlib.sha256(raw).hexdigest()
    if found != SHA256:
        raise click.ClickException(
            f"{FILE} does not hold Hillstrom's original: SHA-256 {found}, not {SHA256}; "
            "restore it from the repository"
        )
    return csv.read_csv(io.BytesIO(raw))


def _cents(dollars: Any) -> list[int]:
    """Return dollars with at most two decimals as whole cents."""
    cents: list[int] = np.rint(dollars.to_numpy() * 100).astype(np.int64).tolist()
    return cents


def _description() -> Event:
    """Return what the campaign is."""
    return Describe(
        id=f"{CAMPAIGN}/describe",
        source=SOURCE,
        time=KNOWN,
        subject=f"campaign:{CAMPAIGN}",
        data=DescribeData(
            campaign=CAMPAIGN,
            advertiser="hillstrom",
            title_en="Hillstrom's e-mail experiment",
            title_zh="Hillstrom 邮件实验",
            goal="visits",
            begin=SENT,
            end=UNTIL,
            channels=(CHANNEL,),
        ),
    )


def _profiles(table: Any) -> Iterator[Event]:
    """Yield what was known of each person."""
    for row, attributes in enumerate(_attributes(table), 1):
        yield Profile(
            id=f"{CAMPAIGN}/{row}/profile",
            source=SOURCE,
            time=KNOWN,
            subject=f"{CAMPAIGN}:{row}",
            data=ProfileData(attributes=attributes),
        )


def _attributes(table: Any) -> Iterator[dict[str, AttributeValue]]:
    """Yield each person's attributes by their names in the catalogue."""
    columns = {
        "recency_months": table["recency"].to_pylist(),
        "history_segment": table["history_segment"].to_pylist(),
        "history_cents": _cents(table["history"]),
        "mens": map(bool, table["mens"].to_pylist()),
        "womens": map(bool, table["womens"].to_pylist()),
        "area": map(AREAS.__getitem__, table["zip_code"].to_pylist()),
        "newbie": map(bool, table["newbie"].to_pylist()),
        "channel": map(str.lower, table["channel"].to_pylist()),
    }
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def _draws(arms: list[str]) -> Iterator[Event]:
    """Yield each person's assignment, and the contact of those who were sent an e-mail."""
    for row, arm in enumerate(arms, 1):
        person = f"{CAMPAIGN}:{row}"
        yield Assignment(
            id=f"{CAMPAIGN}/{row}/assignment",
            source=SOURCE,
            time=SENT,
            subject=person,
            data=AssignmentData(campaign=CAMPAIGN, arm=arm, probability=1 / 3),
        )
        if arm != "none":
            yield Contact(
                id=f"{CAMPAIGN}/{row}/contact",
                source=SOURCE,
                time=SENT,
                subject=person,
                data=ContactData(campaign=CAMPAIGN, channel=CHANNEL, until=UNTIL),
            )


def _outcomes(visits: list[int], conversions: list[int], cents: list[int]) -> Iterator[Event]:
    """Yield each person's visit and then purchase, where there was one."""
    for row, (visited, bought, spent) in enumerate(zip(visits, conversions, cents, strict=True), 1):
        person = f"{CAMPAIGN}:{row}"
        if visited:
            yield Visit(
                id=f"{CAMPAIGN}/{row}/visit",
                source=SOURCE,
                time=OUTCOME,
                subject=person,
                data=VisitData(campaign=CAMPAIGN),
            )
        if bought:
            yield Conversion(
                id=f"{CAMPAIGN}/{row}/conversion",
                source=SOURCE,
                time=OUTCOME,
                subject=person,
                data=ConversionData(campaign=CAMPAIGN, value=spent),
            )
