"""What every report carries: its queries, its refusals."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.i18n import LocalizedText
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from clickhouse_connect.driver.client import Client

UNKNOWN_TABLE = 60  # ClickHouse's error code
AT_ONCE_MAX = 4  # queries of a report: more would only wait for the engine's cores

Found = TypeVar("Found")


FILL = LocalizedText(
    "fill it with `flowdrop demo`, or with `flowdrop replay hillstrom` while `flowdrop worker` "
    "and `flowdrop feed` are running"
)


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query that made a report: its name below `sql/` and what was bound to it."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)


class LocalizedError(click.ClickException):
    """A refusal in both languages: a command prints that of its `--lang`, a page the reader's.

    Args:
        words: the refusal.
        command: what a command prints in English instead, where the remedy is another command.
    """

    def __init__(self, words: LocalizedText, command: str = "") -> None:
        context = click.get_current_context(silent=True)
        lang = context.params.get("lang", "en") if context else "en"
        super().__init__(command if command and lang == "en" else words.of(lang))
        self.words = words


def words_of(error: click.ClickException) -> LocalizedText:
    """Return a refusal as a page says it; one that only its author can translate as it is."""
    if isinstance(error, LocalizedError):
        return error.words
    return LocalizedText.untranslated(error.message)


class NoReportError(LocalizedError):
    """The requested report can't be given; the message says why and what to do."""


class UnknownCampaignError(NoReportError):
    """No event names the campaign."""


class EmptyWarehouseError(NoReportError):
    """The warehouse holds no campaign events at all."""


class NotRandomisedError(NoReportError):
    """Nobody was assigned to an arm of the campaign, or it has no control arm."""


class QueryLog:
    """Runs query files and records them, for the report's list of queries."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked: list[Query] = []
        self._apart = threading.local()  # what a call of `together` has asked
        self._known: dict[str, list[dict[str, Any]]] = {}

    @property
    def asked(self) -> tuple[Query, ...]:
        """The queries so far, in order."""
        return tuple(self._asked)

    def together(self, *calls: Callable[[], Found]) -> list[Found]:
        """Make calls that ask something at once, and return what each gives.

        What they ask is recorded in the order of the calls, whichever is answered first.
        """

        def apart(call: Callable[[], Found]) -> tuple[Found, list[Query]]:
            self._apart.asked = []
            return call(), self._apart.asked

        with ThreadPoolExecutor(AT_ONCE_MAX, "report") as pool:
            done = list(pool.map(apart, calls))
        for _, asked in done:
            self._asked += asked
        return [found for found, _ in done]

    def once(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """Run a query file as `rows` does, or return what the same has said before."""
        key = f"{name} {values}"
        if key not in self._known:
            self._known[key] = self.rows(name, **values)
        return self._known[key]

    def rows(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """Run the query file `name`; see `sql.client.rows`.

        Raises:
            EmptyWarehouseError: when its tables don't exist yet.
        """
        from clickhouse_connect.driver.exceptions import DatabaseError

        try:
            found = rows(self._client, name, **values)
        except DatabaseError as error:
            if error.code != UNKNOWN_TABLE:
                raise
            raise EmptyWarehouseError(
                LocalizedText(
                    "the warehouse has no tables yet; run `flowdrop sql migrate`, then {fill}",
                    fill=FILL,
                )
            ) from error
        getattr(self._apart, "asked", self._asked).append(Query(name=name, values=values))
        return found


def utc(moment: datetime | None) -> datetime | None:
    """Return a time from the warehouse, which is naive UTC, with its zone."""
    return moment.replace(tzinfo=UTC) if moment else None
