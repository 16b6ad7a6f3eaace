"""The console's way to the warehouse: one client, opened when needed, and errors in words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from console.i18n import EnglishOnly, LocalizedText
from console.reports.basis import LocalizedError
from sql.client import connect, reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client
    from clickhouse_connect.driver.exceptions import ClickHouseError

UNKNOWN_TABLE = 60  # ClickHouse's error code


class WarehouseDownError(LocalizedError):
    """The warehouse does not answer, or has no tables yet."""


class Warehouse:
    """A client created when first needed, and again after it failed."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._client: Client | None = None

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Lend the client.

        Raises:
            WarehouseDownError: when the warehouse does not answer or lacks a table.
        """
        from clickhouse_connect.driver.exceptions import ClickHouseError

        try:
            if self._client is None:
                self._client = connect(self._url)
        except click.ClickException as error:
            raise WarehouseDownError(
                LocalizedText.untranslated(error.message, instead=_no_answer(""))
            ) from error
        try:
            yield self._client
        except ClickHouseError as error:
            self._client = None
            raise in_words(error) from error


def in_words(error: ClickHouseError) -> WarehouseDownError:
    """Return `error` as a sentence with a remedy."""
    from clickhouse_connect.driver.exceptions import DatabaseError

    if isinstance(error, DatabaseError) and error.code == UNKNOWN_TABLE:
        return WarehouseDownError(
            LocalizedText(
                "the warehouse has no tables yet; run `flowdrop sql migrate`, then fill it with "
                "`flowdrop demo`"
            )
        )
    if isinstance(error, DatabaseError) and error.code:
        return WarehouseDownError(
            LocalizedText(
                "ClickHouse refused a query (error {code}){detail}; make sure that `flowdrop sql "
                "migrate` has run",
                code=error.code,
                detail=EnglishOnly(f": {str(error).splitlines()[0]}"),
            )
        )
    return WarehouseDownError(_no_answer(f": {_without_object(reason(error))}"))


def _without_object(words: str) -> str:
    """Return what an HTTP library says, without the object that it names before."""
    return words.rpartition(">: ")[2].partition("\n")[0]


def _no_answer(detail: str) -> LocalizedText:
    return LocalizedText(
        "ClickHouse does not answer{detail}; see `flowdrop status`, start it with `flowdrop up` or "
        "set FLOWDROP_CLICKHOUSE",
        detail=EnglishOnly(detail),
    )
