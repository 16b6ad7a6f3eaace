"""What a set is asked to hold, once it is known that it can be answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click
from clickhouse_connect.driver.exceptions import ClickHouseError

from features.sets.beside import freshness
from features.sets.compose import Moment, composed, parameters, slices, written
from features.sets.export import Asked
from features.settings import FeatureSettings
from flowdrop.settings import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from clickhouse_connect.driver.client import Client

    from features.sets.catalogue import Catalogue
    from features.sets.files import Label

NO_TABLE = "UNKNOWN_TABLE"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is chosen of a set besides its dates.

    Attributes:
        program: whose people.
        label: the name of an outcome, if any.
        only: names of features; none for all.
        barred: whether features that targeting may not use are among them.
        as_arrived: whether features count only what had arrived by their date.
    """

    program: str
    label: str | None = None
    only: tuple[str, ...] = ()
    barred: bool = False
    as_arrived: bool = False


def asked_for(
    client: Client, catalogue: Catalogue, dates: Sequence[date], known_at: datetime, wish: Wish
) -> Asked:
    """Return what a set is to hold.

    Args:
        client: a client of ClickHouse.
        catalogue: the definitions.
        dates: as of which there is a row for each person, ascending.
        known_at: only what had arrived by then counts.
        wish: what else is chosen.

    Raises:
        click.ClickException: when a name is not one, a date is not over, an outcome is not known
            yet, or ClickHouse refuses a definition.
    """
    moments = tuple(
        Moment(as_of=day, known_at=known_at, as_arrived=wish.as_arrived) for day in dates
    )
    if moments[-1].at > known_at:
        raise click.ClickException(
            f"--as-of {moments[-1].as_of} begins after {known_at:%Y-%m-%dT%H:%M:%SZ}, the time up "
            "to which arrivals are known; choose an earlier date"
        )
    outcome = catalogue.label(wish.label) if wish.label else None
    settings = load(FeatureSettings)
    asked = Asked(
        moments=moments,
        features=catalogue.chosen(wish.only, barred=wish.barred),
        label=outcome,
        program=wish.program,
        zone=settings.zone,
        offer_days=settings.offer_days,
    )
    _require_known(client, moments[-1], outcome)
    _require_understood(client, catalogue, asked)
    return asked


def _require_known(client: Client, moment: Moment, label: Label | None) -> None:
    """Refuse a warehouse that has nothing, and an outcome that is not over."""
    try:
        sources = freshness(client, written(moment.at), written(moment.known_at))
    except ClickHouseError as error:
        if NO_TABLE not in str(error):
            raise
        raise click.ClickException(
            "the warehouse has no tables; apply them with `flowdrop sql migrate`"
        ) from error
    latest = max((one["latest"] for one in sources if one["latest"]), default=None)
    if latest is None:
        raise click.ClickException(
            "the warehouse has no event that was known then; publish some (`flowdrop replay`, "
            "`flowdrop import`), or choose a later --known-at"
        )
    if label is None:
        return
    over = moment.at + timedelta(days=label.window_days)
    if datetime.fromisoformat(latest) < over - timedelta(days=1):
        raise click.ClickException(
            f"{label.name} as of {moment.as_of} is not over before {over:%Y-%m-%d}, and the latest "
            f"event that is known is of {latest[:10]}: whom nothing has happened to yet would "
            f"count as a no; choose --as-of {label.window_days} days earlier"
        )


def _require_understood(client: Client, catalogue: Catalogue, asked: Asked) -> None:
    """Have ClickHouse read the query before it scans anything, and name the file it refuses."""
    [everyone] = slices(1)
    values = everyone | parameters(
        asked.moments[0],
        asked.label,
        program=asked.program,
        zone=asked.zone,
        offer_days=asked.offer_days,
    )

    def refusal(query: str) -> str | None:
        try:
            client.query(f"EXPLAIN {query}", parameters=values)
        except ClickHouseError as error:
            return str(error).partition("\n")[0]
        return None

    whole = refusal(composed(catalogue, asked.features, asked.label))
    if whole is None:
        return
    for one in asked.features:
        if said := refusal(composed(catalogue, [one], None)):
            raise click.ClickException(
                f"{one.file}: ClickHouse does not take the expression of {one.name}: {said}; it "
                f"aggregates the rows of the source {one.source}, see `flowdrop sql show "
                f"features/sources/{one.source}`"
            )
    what = asked.label.file if asked.label else "the query of the set"
    raise click.ClickException(f"{what}: ClickHouse does not take it: {whole}")
