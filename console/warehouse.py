"""The console's way to the warehouse: one client, made when first needed, and errors in words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from sql.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

UNKNOWN_TABLE = 60  # ClickHouse's error code


class WarehouseDownError(click.ClickException):
    """The warehouse does not answer, or has no tables yet."""


class Warehouse:
    """A client made when first needed and made again after it failed."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._client: Client | None = None

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Lend the client.

        Raises:
            WarehouseDownError: when the warehouse does not answer or lacks a table.
        """
        try:
            if self._client is None:
                self._client = connect(self._url)
        except click.ClickException as error:
            raise WarehouseDownError(error.message) from error
        try:
            yield self._client
        except ClickHouseError as error:
            self._client = None
            raise in_words(error) from error


def in_words(error: ClickHouseError) -> WarehouseDownError:
    """Return `error` as a sentence with a remedy."""
    if isinstance(error, DatabaseError) and error.code == UNKNOWN_TABLE:
        return WarehouseDownError(
            "the warehouse has no tables yet; run `flowdrop sql migrate`, then fill it with "
            "`flowdrop demo`"
        )
    return WarehouseDownError(
        f"ClickHouse does not answer: {str(error).splitlines()[0]}; see `flowdrop status`, "
        "start it with `flowdrop up` or set FLOWDROP_CLICKHOUSE"
    )
