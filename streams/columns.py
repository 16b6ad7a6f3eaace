"""Rows for ClickHouse, as columns, from the topics that the feed reads.

The structs here are the tables: a field a column, in the units the migration states.
tests/sql/test_schema.py holds them against `system.columns`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.deadletters import headers_of, place_of
from streams.events import CampaignEvent
from streams.ledger.fold import microseconds
from streams.ledger.results import decode_result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.layer.batch import Batch

VALUE_BYTES_MAX = 65_536

_decode_campaign = msgspec.json.Decoder(CampaignEvent).decode


class Columns(msgspec.Struct):
    """What goes into one insert.

    Attributes:
        names: column names.
        data: one list a column, all of the same length.
        unreadable: `(offset, key, value, detail)` of records that could not be turned into rows.
    """

    names: Sequence[str]
    data: list[list[Any]]
    unreadable: list[tuple[int, bytes | None, bytes | None, str]]


def _columns(
    batch: Batch, names: Sequence[str], row_of: Callable[[Batch, int], Sequence[Any]]
) -> Columns:
    data: list[list[Any]] = [[] for _ in names]
    adders = [column.append for column in data]
    unreadable = []
    for index, offset in enumerate(batch.offsets):
        try:
            row = row_of(batch, index)
        except (msgspec.MsgspecError, ValueError, KeyError, TypeError) as error:
            unreadable.append((offset, batch.keys[index], batch.values[index], str(error)))
            continue
        for add, value in zip(adders, row, strict=True):
            add(value)
    return Columns(names, data, unreadable)


_PLACE = ("topic", "partition", "offset")


def campaign_events(batch: Batch) -> Columns:
    """Return rows of the table `campaign_events` from `campaign.accepted`."""
    return _columns(batch, _CAMPAIGN_NAMES, _campaign_row)


_CAMPAIGN_DATA = (
    ("campaign", ""),
    ("arm", ""),
    ("probability", None),
    ("channel", ""),
    ("until", None),
    ("value", None),
    ("cost", None),
    ("item", ""),
    ("format", ""),
    ("pixels", None),
    ("seconds", None),
    ("paid", False),
    ("granted", None),
)
_CAMPAIGN_NAMES = (
    *("id", "type", "time", "person", "source"),
    *(name for name, _ in _CAMPAIGN_DATA),
    *_PLACE,
)


def _campaign_row(batch: Batch, index: int) -> Sequence[Any]:
    event = _decode_campaign(batch.values[index] or b"")
    data = event.data
    values: list[Any] = [getattr(data, name, default) for name, default in _CAMPAIGN_DATA]
    until = values[4]
    if until is not None:
        values[4] = microseconds(until)
    if values[7] is None:
        values[7] = ""
    return (
        event.id,
        type(event).__name__.lower(),
        microseconds(event.time),
        event.subject,
        event.source,
        *values,
        batch.topic,
        batch.partition,
        batch.offsets[index],
    )


def ledger_results(batch: Batch) -> Columns:
    """Return rows of the table `ledger_results` from `ledger.postings`."""
    return _columns(batch, _RESULT_NAMES, _result_row)


_RESULT_FIELDS = (
    *("source_partition", "source_offset", "event_id", "type", "subject", "program", "time"),
    *("outcome", "reason", "amount", "activity", "campaign", "carrier", "counterparty", "spend"),
)
_POSTING_FIELDS = ("account", "kind", "amount", "balance", "version")
_RESULT_NAMES = (*_RESULT_FIELDS, *(f"posting.{name}" for name in _POSTING_FIELDS), *_PLACE)


def _result_row(batch: Batch, index: int) -> Sequence[Any]:
    result = decode_result(batch.values[index] or b"")
    row = [getattr(result, name) for name in _RESULT_FIELDS]
    row += [getattr(result.posting, name) for name in _POSTING_FIELDS]
    row += [batch.topic, batch.partition, batch.offsets[index]]
    return row


def deadletters(batch: Batch) -> Columns:
    """Return rows of the table `deadletters` from the topic of that name."""
    return _columns(batch, _DEADLETTER_NAMES, _deadletter_row)


_DEADLETTER_NAMES = (
    *("source_topic", "source_partition", "source_offset", "reason", "detail"),
    *("key", "value", "value_bytes", "is_null", "time"),
    *_PLACE,
)


def _deadletter_row(batch: Batch, index: int) -> Sequence[Any]:
    headers = headers_of(batch.headers[index])
    value = batch.values[index]
    return (
        *place_of(headers),
        headers["reason"],
        headers["detail"],
        batch.keys[index] or b"",
        (value or b"")[:VALUE_BYTES_MAX],
        len(value or b""),
        value is None,
        batch.timestamps_ms[index],
        batch.topic,
        batch.partition,
        batch.offsets[index],
    )


def unreadable_as_deadletters(batch: Batch, columns: Columns) -> Columns:
    """Return rows of `deadletters` for the records that `columns` could not hold."""
    rows = [
        (
            *(batch.topic, batch.partition, offset, "unreadable_by_feed", detail),
            *(key or b"", (value or b"")[:VALUE_BYTES_MAX], len(value or b""), value is None),
            *(batch.timestamps_ms[batch.offsets.index(offset)],),
            *(batch.topic, batch.partition, offset),
        )
        for offset, key, value, detail in columns.unreadable
    ]
    return Columns(_DEADLETTER_NAMES, [list(column) for column in zip(*rows, strict=True)], [])
