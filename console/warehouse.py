"""The console's way to the warehouse: one client, made when first needed, and errors in words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from console.reports.basis import ToldError, Words
from sql.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client
    from clickhouse_connect.driver.exceptions import ClickHouseError

UNKNOWN_TABLE = 60  # ClickHouse's error code
NO_ANSWER_ZH = (
    "ClickHouse 没有响应；请见 `flowdrop status`，用 `flowdrop up` 启动，"
    "或设置 FLOWDROP_CLICKHOUSE。"
)


class WarehouseDownError(ToldError):
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
        from clickhouse_connect.driver.exceptions import ClickHouseError

        try:
            if self._client is None:
                self._client = connect(self._url)
        except click.ClickException as error:
            raise WarehouseDownError(
                Words(
                    en=error.message,
                    zh=NO_ANSWER_ZH,
                )
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
            Words(
                en="the warehouse has no tables yet; run `flowdrop sql migrate`, then fill it with "
                "`flowdrop demo`",
                zh="数据仓库还没有表；请执行 `flowdrop sql migrate`，再用 `flowdrop demo` 填充。",
            )
        )
    first = str(error).splitlines()[0]
    if isinstance(error, DatabaseError) and error.code:
        return WarehouseDownError(
            Words(
                en=f"ClickHouse refused a query: {first}; see that `flowdrop sql migrate` has run",
                zh=f"ClickHouse 拒绝了查询（错误 {error.code}）；请确认已执行 "
                "`flowdrop sql migrate`。",
            )
        )
    return WarehouseDownError(
        Words(
            en=f"ClickHouse does not answer: {first}; see `flowdrop status`, start it with "
            "`flowdrop up` or set FLOWDROP_CLICKHOUSE",
            zh=NO_ANSWER_ZH,
        )
    )
