"""The three ways in which CloudEvents travel by HTTP: one event, many, or one in the headers.

Each event is handed on as the bytes that it came in, so that what reaches Kafka is what was sent;
only one in the headers is put together here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from flowdrop.wanted import broken_json
from intake.http.limits import EVENTS_MAX
from intake.http.problems import ProblemError

if TYPE_CHECKING:
    from intake.http.requests import Request

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
ATTRIBUTE = b"ce-"
_JSON = re.compile(r"(application|text)/([a-z0-9.+-]+\+)?json")
_NAME = re.compile(r"[a-z0-9]{1,20}")
_ESCAPED = re.compile(r"\\(.)")

_decode_many = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_one = msgspec.json.Decoder(msgspec.Raw).decode
_encode = msgspec.json.Encoder().encode


def events_of(request: Request, body: bytes) -> list[bytes]:
    """Return the events of a request, each as its JSON.

    Raises:
        ProblemError: 415, when it comes in none of the three ways; 400 or 413, when it is no
            list, or too long a one.
    """
    media = request.media_type()
    if media == BATCH:
        return batch_of(body)
    if media == STRUCTURED:
        return [body]
    if any(name.startswith(ATTRIBUTE) for name in request.headers):
        return [_from_headers(request, body)]
    raise ProblemError(
        415,
        "unsupported_content_type",
        f"Content-Type = {media[:80]!r}; send {STRUCTURED}, {BATCH}, or an event's data with its "
        "attributes as ce- headers",
    )


def batch_of(body: bytes) -> list[bytes]:
    """Return the elements of a JSON list as they came.

    Raises:
        ProblemError: 400, when it is none; 413, when it has more than `EVENTS_MAX`.
    """
    try:
        found = _decode_many(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(
            400, "not_a_batch", f"the body is no JSON list of events: {broken_json(error)}"
        ) from error
    if len(found) > EVENTS_MAX:
        raise ProblemError(
            413,
            "too_many",
            f"the batch has {len(found):,} events; send at most {EVENTS_MAX:,} at once",
        )
    return list(map(bytes, found))


def _from_headers(request: Request, body: bytes) -> bytes:
    event: dict[str, object] = {}
    for name, value in request.headers.items():
        if name.startswith(ATTRIBUTE):
            attribute = name.removeprefix(ATTRIBUTE).decode("latin-1")
            if not _NAME.fullmatch(attribute) or attribute in {"data", "datacontenttype"}:
                raise ProblemError(
                    400,
                    "bad_attribute",
                    f"header ce-{attribute[:40]} names no attribute; the type of the data is "
                    "Content-Type, the data are the body, and names are a to z and 0 to 9",
                )
            event[attribute] = _attribute(value)
    if content_type := request.header(b"content-type"):
        event["datacontenttype"] = content_type
    if _JSON.fullmatch(request.media_type() or "application/json"):
        try:
            event["data"] = _decode_one(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ProblemError(
                400, "not_json", f"the body is no JSON: {broken_json(error)}"
            ) from error
    return _encode(event)


def _attribute(value: bytes) -> str:
    """Return an attribute's value: UTF-8, its bytes escaped by per cent; quotes are taken off."""
    text = value.decode("utf-8", "replace")
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = _ESCAPED.sub(r"\1", text[1:-1])
    return unquote(text)
