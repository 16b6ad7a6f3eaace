"""ClickHouse as the feed uses it: one attempt per call, errors sorted by the response they need."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from sql.chains import CLEARED
from sql.client import rows, text
from sql.condition import set_aside_broken

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from clickhouse_connect.driver.client import Client

    from streams.layer.batch import Batch

T = TypeVar("T")

CONNECT_SECONDS_MAX = 10
ANSWER_SECONDS_MAX = 300
INSERT_SETTINGS = {
    "async_insert": 0,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_partitions_per_insert_block": 0,  # old events in one batch are not a reason to refuse it
}
# ClickHouse's codes that concern a value, which will be refused again however often it is sent.
# Every other (memory, too many parts, read only, a lost connection, ...) concerns the server.
CONTENT = {
    6: "CANNOT_PARSE_TEXT",
    26: "CANNOT_PARSE_QUOTED_STRING",
    27: "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
    38: "CANNOT_PARSE_DATE",
    41: "CANNOT_PARSE_DATETIME",
    53: "TYPE_MISMATCH",
    69: "ARGUMENT_OUT_OF_BOUND",
    70: "CANNOT_CONVERT_TYPE",
    72: "CANNOT_PARSE_NUMBER",
    117: "INCORRECT_DATA",
    128: "TOO_LARGE_ARRAY_SIZE",
    131: "TOO_LARGE_STRING_SIZE",
    190: "SIZES_OF_ARRAYS_DONT_MATCH",
    321: "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    349: "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN",
    395: "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO",
    407: "DECIMAL_OVERFLOW",
    467: "CANNOT_PARSE_BOOL",
    469: "VIOLATED_CONSTRAINT",
    691: "UNKNOWN_ELEMENT_OF_ENUM",
}


class UnavailableError(Exception):
    """ClickHouse did not do it, or did not say so; retrying may help."""


class RefusedError(Exception):
    """ClickHouse rejects a value, however often it is sent."""


class Found(NamedTuple):
    """How many rows of a range are stored, and how many views made from them."""

    records: int
    dependents: int


class Rows(NamedTuple):
    """One insert: the rows of a fixed range of a partition.

    The same range gives the same rows and the same token, whoever inserts it and however often.
    """

    table: str
    content: pa.Table
    place: dict[str, Any]
    expected: Found

    @property
    def token(self) -> str:
        """What identifies the insert to ClickHouse."""
        topic, partition, first, end, *_ = self.place.values()
        return f"{self.table}:{topic}:{partition}:{first}:{end - 1}"


def rows_of(table: str, content: pa.Table, batch: Batch) -> Rows:
    """Return the insert of `content`, made from the range that `batch` covers."""
    place: dict[str, Any] = {
        "topic": batch.topic,
        "partition": batch.partition,
        "first": batch.start,
        "end": batch.end,
    }
    if table != "ledger_results" or not len(content):
        return Rows(table, content, place, Found(_distinct(table, content), 0))
    sources = content["source_offset"]
    place |= {"source_first": sources[0].as_py(), "source_last": sources[-1].as_py()}
    postings = len(content["posting.account"].combine_chunks().flatten())
    return Rows(table, content, place, Found(len(content), postings))


def _distinct(table: str, content: pa.Table) -> int:
    """Return how many rows there will be: if an id comes twice, the table keeps the first."""
    if table != "campaign_events":
        return len(content)
    name = ["campaign", "type", "person", "source", "id"]
    return len(content.group_by(name).aggregate([]))


class Warehouse:
    """A ClickHouse server or cluster. Every method blocks and tries once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Client | None = None
        self._lock = threading.Lock()

    def stored(self, table: str, topic: str, partition: int) -> int:
        """Return the highest stored offset of a partition, -1 when there is none."""
        row = self._row(f"feed/last_{table}", {"topic": topic, "partition": partition})
        return row["stored"] if row["records"] else -1

    def source_before(self, topic: str, partition: int, offset: int) -> int:
        """Return the source offset of the last result before `offset`, -1 when there is none."""
        place = {"topic": topic, "partition": partition, "before": offset}
        row = self._row("feed/source_before", place)
        return row["source"] if row["records"] else -1

    def found(self, wanted: Rows) -> Found:
        """Return how much of an insert is stored."""
        row = self._row(f"feed/found_{wanted.table}", wanted.place)
        return Found(row["records"], row["dependents"])

    def insert(self, wanted: Rows, token: str) -> None:
        """Insert rows, unless an insert with the same token has.

        Raises:
            RefusedError: ClickHouse rejects a value among them.
            UnavailableError: it did not answer, or refuses for reasons of its own.
        """
        settings = {**INSERT_SETTINGS, "insert_deduplication_token": token}
        self._ask(
            lambda client: client.insert_arrow(wanted.table, wanted.content, settings=settings)
        )

    def clear(self, wanted: Rows) -> None:
        """Delete the rows of a range, and those that views made from them.

        What is summed can't be told by its range: of reach the whole partition is summed again.
        """
        for table in CLEARED[wanted.table]:
            self._command(f"feed/clear_{table}", wanted.place)
        if wanted.table == "campaign_events":
            self._command("warehouse/refill_reach", {"partitions": [wanted.place["partition"]]})

    def set_aside_broken(self, table: str) -> list[str]:
        """Set aside the parts of a table, and of those behind it, that can't be read."""
        return self._ask(lambda client: set_aside_broken(client, table))

    def _command(self, name: str, place: dict[str, Any]) -> None:
        settings = {"lightweight_deletes_sync": 2}
        self._ask(lambda client: client.command(text(name), place, settings=settings))

    def _row(self, name: str, place: dict[str, Any]) -> dict[str, Any]:
        return self._ask(lambda client: rows(client, name, **place))[0]

    def _ask(self, call: Callable[[Client], T]) -> T:
        try:
            return call(self._connected())
        except ClickHouseError as error:
            if getattr(error, "code", None) in CONTENT:
                raise RefusedError(str(error)) from error
            raise UnavailableError(str(error)) from error
        except (HTTPError, OSError) as error:
            raise UnavailableError(str(error)) from error

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = clickhouse_connect.get_client(
                    dsn=self._url,
                    autogenerate_session_id=False,
                    connect_timeout=CONNECT_SECONDS_MAX,
                    send_receive_timeout=ANSWER_SECONDS_MAX,
                )
            return self._client
