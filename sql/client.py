"""The thin client: connect by address, run a query file by name with bound values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError

from flowdrop.settings import Addresses, load

if TYPE_CHECKING:
    import pandas as pd
    from clickhouse_connect.driver.client import Client

FOLDER = Path(__file__).parent


def connect(url: str | None = None) -> Client:
    """Return a client of the ClickHouse at `url` (default: the setting `clickhouse`).

    Raises:
        click.ClickException: when nothing answers there.
    """
    url = url or load(Addresses).clickhouse
    try:
        return clickhouse_connect.get_client(dsn=url, autogenerate_session_id=False)
    except ClickHouseError as error:
        raise click.ClickException(
            f"ClickHouse does not answer at {url}: {error}; start it with `flowdrop up` "
            "or set FLOWDROP_CLICKHOUSE"
        ) from error


def text(name: str) -> str:
    """Return the text of the query file `name`, for example `reports/reach`."""
    return (FOLDER / f"{name}.sql").read_text()


def rows(client: Client, name: str, /, **values: Any) -> list[dict[str, Any]]:
    """Run the query file `name` with `values` bound to its `{name:Type}` places.

    Returns:
        One dictionary a row, keyed by column.
    """
    result = client.query(text(name), parameters=values)
    return [dict(row) for row in result.named_results()]


def frame(client: Client, name: str, /, **values: Any) -> pd.DataFrame:
    """Run the query file `name` and return its rows as a data frame."""
    return client.query_df(text(name), parameters=values)
