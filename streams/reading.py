"""Read a Kafka record as an event, or say by name what is wrong with it.

A good record costs one decode. Only when that fails is the record looked at again, check by check
in the order of `REASONS`, for the first that explains it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from streams.events import (
    CAMPAIGN_TOPIC,
    RECORD_BYTES_MAX,
    TYPES,
    WALLET_TOPIC,
    YEAR_MAX,
    YEAR_MIN,
    CampaignEvent,
    WalletEvent,
    decode_campaign,
    decode_wallet,
)

if TYPE_CHECKING:
    from collections.abc import Callable

E = TypeVar("E", WalletEvent, CampaignEvent)

REASONS: dict[str, str] = {
    "null_value": "The record has no value.",
    "empty": "The value has no bytes, or only white space.",
    "too_large": f"The value has more than {RECORD_BYTES_MAX:,} bytes.",
    "not_utf8": "The value is not UTF-8.",
    "not_json": "The value is not JSON.",
    "not_an_object": "The value is JSON, but no object.",
    "unsupported_version": "`specversion` is not 1.0.",
    "unknown_type": "`type` is none that flowdrop knows.",
    "wrong_topic": "The type belongs on the other topic.",
    "missing_field": "A required field is missing.",
    "invalid": "A field is not what it must be; the detail says which, and what it must be.",
    "key_mismatch": "The record's key is not the event's subject.",
}

_SHOWN_CHARACTERS_MAX = 80
_DECODE_ERRORS = (msgspec.DecodeError, ValueError, RecursionError)
_UNREADABLE = (*_DECODE_ERRORS, TypeError)  # a null key or value is of the wrong type


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """Why a record is no event: a name of `REASONS`, and a sentence that points at the place."""

    reason: str
    detail: str


def read_wallet(key: bytes | None, value: bytes | None) -> WalletEvent | Rejection:
    """Return the event of a record of wallet.events, or why it is none."""
    return _read(key, value, decode_wallet, WALLET_TOPIC)


def read_wallets(
    keys: list[bytes | None], values: list[bytes | None]
) -> list[WalletEvent | Rejection]:
    """Return the event of each record of wallet.events, or why it is none.

    Good records are checked together, at a fraction of the cost; if one may not be good, each is
    looked at by itself.
    """
    try:
        known = cast("list[bytes]", values)
        events: list[WalletEvent] = list(map(decode_wallet, known))
        if _are_good(cast("list[bytes]", keys), known, events):
            return cast("list[WalletEvent | Rejection]", events)
    except _UNREADABLE:
        pass
    return [read_wallet(key, value) for key, value in zip(keys, values, strict=True)]


def _are_good(keys: list[bytes], values: list[bytes], events: list[WalletEvent]) -> bool:
    """Return whether it is plain that `_reject` would find nothing in any of the records.

    A subject holds no line feed once there is no backslash, so joined subjects equal joined keys
    only where each is equal.
    """
    text = b"\n".join(values)
    text.decode()
    if b"\\" in text or max(map(len, values)) > RECORD_BYTES_MAX:
        return False
    if "\n".join([event.subject for event in events]).encode() != b"\n".join(keys):
        return False
    times = [event.time for event in events]
    # An offset shifts the end of a year by less than a day.
    return min(times).year > YEAR_MIN and max(times).year < YEAR_MAX


def read_campaign(key: bytes | None, value: bytes | None) -> CampaignEvent | Rejection:
    """Return the event of a record of campaign.events, or why it is none."""
    return _read(key, value, decode_campaign, CAMPAIGN_TOPIC)


def check(value: bytes) -> Rejection | None:
    """Return why a record of either topic, under its subject as the key, is no event, or `None`."""
    try:
        subject = str(msgspec.json.decode(value)["subject"]).encode()
    except (*_DECODE_ERRORS, KeyError, TypeError):
        subject = None
    wallet = read_wallet(subject, value)
    if not isinstance(wallet, Rejection):
        return None
    if wallet.reason != "wrong_topic":
        return wallet
    campaign = read_campaign(subject, value)
    return campaign if isinstance(campaign, Rejection) else None


def _read(
    key: bytes | None, value: bytes | None, decode: Callable[[bytes], E], topic: str
) -> E | Rejection:
    if value is None:
        return Rejection("null_value", "value: null; an event is a JSON object")
    if len(value) > RECORD_BYTES_MAX:
        return Rejection(
            "too_large", f"value: {len(value):,} bytes; at most {RECORD_BYTES_MAX:,} are read"
        )
    try:
        event = decode(value)
    except _DECODE_ERRORS as error:
        return _explain(value, error, topic)
    return _reject(key, value, event) or event


def _reject(
    key: bytes | None, value: bytes, event: WalletEvent | CampaignEvent
) -> Rejection | None:
    """Return what the decoder does not look at: skipped text, the range of time, the key."""
    # The decoder skips fields it doesn't know without looking into their text.
    if not value.isascii() and (rejection := _not_utf8(value)):
        return rejection
    if not YEAR_MIN <= event.time.year <= YEAR_MAX:
        return Rejection(
            "invalid",
            f"time = {_shown(str(event.time))}: it must lie in {YEAR_MIN} to {YEAR_MAX}",
        )
    # JSON writes a control character as an escape, so most records need no closer look.
    if b"\\" in value and (found := _controlled(event)):
        return Rejection("invalid", f"{found}: control characters are not allowed in names")
    if key is None or key != event.subject.encode():
        shown = "null" if key is None else _shown(key.decode(errors="replace"))
        return Rejection(
            "key_mismatch", f"key = {shown}; it must be the subject, {_shown(event.subject)}"
        )
    return None


def _controlled(event: WalletEvent | CampaignEvent) -> str:
    """Return the first name with a control character in it, as `field = value`, or ''.

    Names become keys of tables and topics, where keys that begin with NUL are the layer's own.
    """
    named: dict[str, object] = {"id": event.id, "source": event.source, "subject": event.subject}
    for field in event.data.__struct_fields__:
        if field not in {"message", "reason"}:
            named[f"data.{field}"] = getattr(event.data, field)
    for name, text in named.items():
        if isinstance(text, str) and any(character < " " for character in text):
            return f"{name} = {_shown(text)}"
    return ""


def _explain(value: bytes, error: Exception, topic: str) -> Rejection:
    if not value.strip():
        return Rejection("empty", f"value: {len(value)} bytes; an event is a JSON object")
    if rejection := _not_utf8(value):
        return rejection
    try:
        content = msgspec.json.decode(value)
    except _DECODE_ERRORS as broken:
        return Rejection(
            "not_json", f"value: {str(broken) or 'nested too deeply'}; {_start(value)}"
        )
    if not isinstance(content, dict):
        return Rejection("not_an_object", f"value: {_shown(content)}; an event is a JSON object")
    return _explain_object(content, str(error), topic)


def _explain_object(content: dict[str, Any], error: str, topic: str) -> Rejection:
    version = content.get("specversion", "1.0")
    if version != "1.0":
        return Rejection(
            "unsupported_version", f"specversion = {_shown(version)}; it must be '1.0'"
        )
    if "type" not in content:
        return Rejection("missing_field", "type: missing; one of `flowdrop events list`")
    kind = TYPES.get(content["type"]) if isinstance(content["type"], str) else None
    if kind is None:
        return Rejection(
            "unknown_type", f"type = {_shown(content['type'])}; one of `flowdrop events list`"
        )
    if kind[0] != topic:
        return Rejection("wrong_topic", f"type = {_shown(content['type'])}; send it to {kind[0]}")
    return _explain_field(content, error)


def _explain_field(content: dict[str, Any], error: str) -> Rejection:
    what, _, path = error.partition(" - at `$")
    keys = re.findall(r"[\w-]+", path)
    place = ".".join(keys)
    if missing := re.fullmatch(r"Object missing required field `([^`]+)`", what):
        return Rejection("missing_field", f"{'.'.join([*keys, missing[1]])}: missing")
    found: Any = content
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return Rejection("invalid", f"{place or 'value'} = {_shown(found)}: {what}")


def _not_utf8(value: bytes) -> Rejection | None:
    try:
        value.decode()
    except UnicodeDecodeError as error:
        return Rejection(
            "not_utf8", f"value: byte {error.start} is 0x{value[error.start]:02x}; {error.reason}"
        )
    return None


def _start(value: bytes) -> str:
    return f"it begins {_shown(value[:_SHOWN_CHARACTERS_MAX].decode(errors='replace'))}"


def _shown(value: object) -> str:
    text = repr(value)
    if len(text) <= _SHOWN_CHARACTERS_MAX:
        return text
    return f"{text[:_SHOWN_CHARACTERS_MAX]}… ({len(text):,} characters)"
