"""The requests behind `kafka-transactions.sh` (KIP-664), which no client for Python offers.

Field names are ours; their order and types are those of the Kafka protocol.
"""

from __future__ import annotations

from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

_TEXT, _TAGS = CompactString("utf-8"), ("tags", TaggedFields)


def _topics(*partition: Any) -> tuple[str, Any]:
    partitions = CompactArray(*partition)
    return ("topics", CompactArray(("name", _TEXT), ("partitions", partitions), _TAGS))


class DescribeTransactionsResponse(Response):
    """What a coordinator says."""

    API_KEY, API_VERSION = 65, 0
    SCHEMA = Schema(
        ("throttle_ms", Int32),
        (
            "states",
            CompactArray(
                ("error", Int16),
                ("transactional_id", _TEXT),
                ("state", _TEXT),
                ("timeout_ms", Int32),
                ("start_ms", Int64),
                ("producer_id", Int64),
                ("epoch", Int16),
                _topics(Int32),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class DescribeTransactions(RequestStruct):
    """What state are these in, by their coordinator?"""

    API_KEY, API_VERSION, FLEXIBLE_VERSION = 65, 0, True
    RESPONSE_TYPE = DescribeTransactionsResponse
    SCHEMA = Schema(("transactional_ids", CompactArray(_TEXT)), _TAGS)


class DescribeProducersResponse(Response):
    """What a leader says."""

    API_KEY, API_VERSION = 61, 0
    SCHEMA = Schema(
        ("throttle_ms", Int32),
        _topics(
            ("number", Int32),
            ("error", Int16),
            ("message", _TEXT),
            (
                "producers",
                CompactArray(
                    ("producer_id", Int64),
                    ("epoch", Int32),
                    ("last_sequence", Int32),
                    ("last_ms", Int64),
                    ("coordinator_epoch", Int32),
                    ("open_from", Int64),
                    _TAGS,
                ),
            ),
            _TAGS,
        ),
        _TAGS,
    )


class DescribeProducers(RequestStruct):
    """Who writes to these partitions, by their leader?"""

    API_KEY, API_VERSION, FLEXIBLE_VERSION = 61, 0, True
    RESPONSE_TYPE = DescribeProducersResponse
    SCHEMA = Schema(_topics(Int32), _TAGS)


class WriteTxnMarkersResponse(Response):
    """An error for each partition, or 0."""

    API_KEY, API_VERSION = 27, 1
    SCHEMA = Schema(
        (
            "markers",
            CompactArray(
                ("producer_id", Int64),
                _topics(("number", Int32), ("error", Int16), _TAGS),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class WriteTxnMarkers(RequestStruct):
    """Write these markers, as a coordinator does."""

    API_KEY, API_VERSION, FLEXIBLE_VERSION = 27, 1, True
    RESPONSE_TYPE = WriteTxnMarkersResponse
    SCHEMA = Schema(
        (
            "markers",
            CompactArray(
                ("producer_id", Int64),
                ("epoch", Int16),
                ("is_commit", Boolean),
                _topics(Int32),
                ("coordinator_epoch", Int32),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class Sent(Request[Any]):
    """A request of one version, in the form that aiokafka's connections expect."""

    API_KEY = -1  # each has its struct's

    def __init__(self, struct: type[RequestStruct], *fields: Any) -> None:
        self.API_KEY = struct.API_KEY
        self._CLASSES = (struct,)
        self._fields = fields

    def build(self, request_struct_class: type[RequestStruct]) -> RequestStruct:
        """Return the request; `request_struct_class` is the only one."""
        return request_struct_class(*self._fields, {})
