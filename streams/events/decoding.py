"""Read a Kafka record as an event, or say by name what is wrong with it.

A good record costs one decode. Only when that fails is the record looked at again, check by check
in the order of `REASONS`, for the first that explains it.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from flowdrop.wanted import broken_json, value_at, wanted
from streams.events import (
    CAMPAIGN_TOPIC,
    RECORD_BYTES_MAX,
    TYPES,
    WALLET_TOPIC,
    YEAR_MAX,
    YEAR_MIN,
    CampaignEvent,
    Event,
    WalletEvent,
    decode_campaign,
    decode_event,
    decode_wallet,
)
from streams.events.naming import are_clean, names_of, odd_name
from streams.events.spelling import MARGIN, OddError, ends_in_blank, not_plain, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

E = TypeVar("E", WalletEvent, CampaignEvent)

REASONS: dict[str, str] = {
    "null_value": "The record has no value.",
    "empty": "The value has no bytes, or only white space.",
    "too_large": f"The value has more than {RECORD_BYTES_MAX:,} bytes.",
    "not_utf8": "The value is not UTF-8.",
    "not_json": "The value is not JSON.",
    "not_an_object": "The value is JSON, but not an object.",
    "duplicate_key": "A key occurs twice in one JSON object; which of the two was meant?",
    "unsupported_version": "`specversion` is not 1.0.",
    "unsupported_content_type": "`datacontenttype` is not JSON in UTF-8.",
    "unknown_type": "`type` is not one that flowdrop knows.",
    "wrong_topic": "The type belongs on the other topic.",
    "missing_field": "A required field is missing.",
    "invalid": "A field is invalid; the detail says which, and what it must be.",
    "key_mismatch": "The record's key is not the event's subject.",
}

# How many records are looked at together, and how many bytes: more would not stay in the caches.
WINDOW_RECORDS = 1024
WINDOW_BYTES = 2**20
_SHOWN_CHARACTERS_MAX = 80
_DECODE_ERRORS = (msgspec.DecodeError, ValueError, RecursionError)
_UNREADABLE = (*_DECODE_ERRORS, TypeError)  # a null key or value is of the wrong type


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """Why a record is not an event: a name of `REASONS`, and a sentence that says where."""

    reason: str
    detail: str


def read_wallet(key: bytes | None, value: bytes | None) -> WalletEvent | Rejection:
    """Return the event of a record of wallet.events, or why it is not one."""
    return _read(key, value, decode_wallet, WALLET_TOPIC)


def read_wallets(
    keys: Sequence[bytes | None], values: Sequence[bytes | None]
) -> list[WalletEvent | Rejection]:
    """Return the event of each record of wallet.events, or why it is not one."""
    return list(chain.from_iterable(read_in_parts(keys, values, WINDOW_RECORDS)))


def read_in_parts(
    keys: Sequence[bytes | None], values: Sequence[bytes | None], size: int
) -> Iterator[list[WalletEvent | Rejection]]:
    """Yield what `read_wallets` returns, `size` records at a time.

    How records are spelled is checked for many of them together, at a fraction of the cost; any
    that may not mean what its decoder takes it for is read by itself. `size` divides
    `WINDOW_RECORDS`, or equals it.
    """
    starts = range(0, len(values), WINDOW_RECORDS)
    # All first: what checking them needs is then not fetched again between the parts.
    looks = [_look_at(values[start : start + WINDOW_RECORDS]) for start in starts]
    for start, (apart, has_odd_signs) in zip(starts, looks, strict=True):
        for first in range(start, min(start + WINDOW_RECORDS, len(values)), size):
            part = slice(first, first + size)
            here = [place + start - first for place in apart if 0 <= place + start - first < size]
            yield _read_part(keys[part], values[part], here, has_odd_signs=has_odd_signs)


def _look_at(values: Sequence[bytes | None]) -> tuple[set[int], bool]:
    """Return which records to read by themselves, and whether names in others may be odd.

    ASCII without DEL and without blanks inside quotes has no odd names.
    """
    known = cast("Sequence[bytes]", values)
    try:
        text = b"".join([MARGIN, *known, MARGIN])
    except TypeError:
        without = [place for place, value in enumerate(values) if value is None]
        apart, has_odd_signs = _look_at([value or b"" for value in values])
        return {*without, *apart}, has_odd_signs
    if len(text) > WINDOW_BYTES and len(values) > 1:
        half = len(values) // 2
        (some, some_odd), (more, more_odd) = _look_at(values[:half]), _look_at(values[half:])
        return some | {half + place for place in more}, some_odd or more_odd
    apart = not_plain(known, text)
    if len(text) > RECORD_BYTES_MAX:
        apart |= {place for place, value in enumerate(known) if len(value) > RECORD_BYTES_MAX}
    is_ascii = text.isascii()
    if not is_ascii:
        apart |= {place for place, value in enumerate(known) if _not_utf8(value)}
    return apart, not is_ascii or b"\x7f" in text or ends_in_blank(text)


def _read_part(
    keys: Sequence[bytes | None],
    values: Sequence[bytes | None],
    apart: Sequence[int],
    *,
    has_odd_signs: bool,
) -> list[WalletEvent | Rejection]:
    if not apart:
        return _read_together(keys, values, has_odd_signs=has_odd_signs)
    alone = {place: read_wallet(keys[place], values[place]) for place in apart}
    others = [place for place in range(len(values)) if place not in alone]
    together = iter(
        _read_together(
            [keys[place] for place in others],
            [values[place] for place in others],
            has_odd_signs=has_odd_signs,
        )
    )
    return [alone[n] if n in alone else next(together) for n in range(len(values))]


def _read_together(
    keys: Sequence[bytes | None], values: Sequence[bytes | None], *, has_odd_signs: bool
) -> list[WalletEvent | Rejection]:
    """Return the events of records that are plainly spelled, each by itself if one is not good."""
    try:
        events = list(map(decode_wallet, cast("Sequence[bytes]", values)))
        if _are_good(cast("Sequence[bytes]", keys), events, has_odd_signs=has_odd_signs):
            return cast("list[WalletEvent | Rejection]", events)
    except _UNREADABLE:
        pass
    return [read_wallet(key, value) for key, value in zip(keys, values, strict=True)]


def _are_good(keys: Sequence[bytes], events: list[WalletEvent], *, has_odd_signs: bool) -> bool:
    """Return whether `_reject` would clearly find nothing in any of the records.

    A subject holds no line feed once there is no backslash, so joined subjects equal joined keys
    only where each is equal.
    """
    if not events:
        return True
    if has_odd_signs and not are_clean([name for event in events for name in names_of(event)]):
        return False
    if "\n".join([event.subject for event in events]).encode() != b"\n".join(keys):
        return False
    times = [event.time for event in events]
    # An offset shifts the end of a year by less than a day.
    return min(times).year > YEAR_MIN and max(times).year < YEAR_MAX


def read_campaign(key: bytes | None, value: bytes | None) -> CampaignEvent | Rejection:
    """Return the event of a record of campaign.events, or why it is not one."""
    return _read(key, value, decode_campaign, CAMPAIGN_TOPIC)


def read_event(value: bytes) -> Event | Rejection:
    """Return the event of a value of either topic, keyed by its subject, or why it is not one."""
    try:
        subject = str(msgspec.json.decode(value)["subject"]).encode()
    except (*_DECODE_ERRORS, KeyError, TypeError):
        subject = None
    event = read_wallet(subject, value)
    if isinstance(event, Rejection) and event.reason == "wrong_topic":
        return read_campaign(subject, value)
    return event


def read_events(values: Sequence[bytes]) -> list[Event | Rejection]:
    """Return what `read_event` does of each of many values, at a fraction of the cost."""
    found: list[Event | Rejection] = []
    for start in range(0, len(values), WINDOW_RECORDS):
        some = values[start : start + WINDOW_RECORDS]
        apart, has_odd_signs = _look_at(some)
        found += [
            read_event(value)
            if place in apart or (event := _plainly(value, has_odd_signs=has_odd_signs)) is None
            else event
            for place, value in enumerate(some)
        ]
    return found


def _plainly(value: bytes, *, has_odd_signs: bool) -> Event | None:
    """Return the event of a value that is plainly spelled, None unless it is plain that it is."""
    try:
        event = decode_event(value)
    except _DECODE_ERRORS:
        return None
    if has_odd_signs and not are_clean(names_of(event)):
        return None
    # An offset shifts the end of a year by less than a day.
    return event if YEAR_MIN < event.time.year < YEAR_MAX else None


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
        if (meant := plain(value)) is not value:
            event = decode(meant)
    except OddError as odd:
        return Rejection(odd.reason, odd.detail)
    except _DECODE_ERRORS as error:
        return _read_respelled(key, value, decode, error, topic)
    return _reject(key, value, event) or event


def _read_respelled(
    key: bytes | None, value: bytes, decode: Callable[[bytes], E], error: Exception, topic: str
) -> E | Rejection:
    """Read what the decoder refused: it may be spelled in another way that is allowed."""
    try:
        meant = plain(value)
    except OddError as odd:
        return Rejection(odd.reason, odd.detail)
    except _DECODE_ERRORS:
        return _explain(value, error, topic)
    if meant is value:
        return _explain(value, error, topic)
    try:
        event = decode(meant)
    except _DECODE_ERRORS as other:
        return _explain(meant, other, topic)
    return _reject(key, value, event) or event


def _reject(
    key: bytes | None, value: bytes, event: WalletEvent | CampaignEvent
) -> Rejection | None:
    """Check what the decoder does not look at: skipped text, the range of time, the key."""
    # The decoder skips fields it doesn't know without looking into their text.
    if not value.isascii() and (rejection := _not_utf8(value)):
        return rejection
    if not YEAR_MIN <= event.time.year <= YEAR_MAX:
        return Rejection(
            "invalid",
            f"time = {_shown(str(event.time))}: it must lie in {YEAR_MIN} to {YEAR_MAX}",
        )
    if not are_clean(names_of(event)) and (odd := odd_name(event)):
        field, name, what = odd
        return Rejection("invalid", f"{field} = {_shown(name)}: a name may not hold {what}")
    if key is None or key != event.subject.encode():
        shown = "null" if key is None else _shown(key.decode(errors="replace"))
        return Rejection(
            "key_mismatch", f"key = {shown}; it must be the subject, {_shown(event.subject)}"
        )
    return None


def _explain(value: bytes, error: Exception, topic: str) -> Rejection:
    if not value.strip():
        return Rejection("empty", f"value: {len(value)} bytes; an event is a JSON object")
    if rejection := _not_utf8(value):
        return rejection
    try:
        content = msgspec.json.decode(value)
    except _DECODE_ERRORS as broken:
        return Rejection("not_json", f"value: {broken_json(broken)}; {_start(value)}")
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
    return _explain_field(content, error, kind[1])


def _explain_field(content: dict[str, Any], error: str, kind: type) -> Rejection:
    found = wanted(error, kind)
    if found.is_missing:
        return Rejection("missing_field", f"{found.key}: missing; add it")
    shown = _shown(value_at(content, found.place))
    return Rejection("invalid", f"{found.key or 'value'} = {shown}: {found.words}")


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
