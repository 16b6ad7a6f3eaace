"""What each address of the intake does with a request."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from flowdrop.wanted import broken_json
from intake.http.feeds import decoded, rows_of
from intake.http.judging import Answer, Bounds, judge, judge_rows
from intake.http.limits import TAG_BYTES_MAX
from intake.http.modes import batch_of, events_of
from intake.http.problems import ProblemError
from intake.http.segment import calls_of
from intake.http.senders import Sender
from streams.people import Attributes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.http.delivery import Delivery
    from intake.http.feeds import Feeds
    from intake.http.judging import Judged
    from intake.http.keyring import Keyring, Pass
    from intake.http.requests import Request
    from intake.mapping import Mapping
    from intake.mapping.values import Row
    from streams.settings import StreamSettings


FEEDS = "/v1/feeds/"


class Told(msgspec.Struct, frozen=True, gc=False):
    """What a request is answered: how many were taken, and what became of each, in their order."""

    accepted: int
    refused: int
    events: list[Answer]

    @property
    def is_in_vain(self) -> bool:
        """Whether every event was refused."""
        return bool(self.refused) and not self.accepted


class Desk:
    """What the endpoints share."""

    def __init__(
        self,
        keyring: Keyring,
        delivery: Delivery,
        feeds: Feeds,
        settings: StreamSettings,
        *,
        is_behind: bool = False,
    ) -> None:
        self.is_behind = is_behind
        self.keyring = keyring
        self.feeds = feeds
        self.delivery = delivery
        self._partitions = settings.partitions
        self._tolerance = timedelta(hours=settings.future_tolerance_hours)
        self._attributes = Attributes.of(settings.attributes, settings.unknown_attributes)

    def _bounds(self) -> Bounds:
        return Bounds(self._partitions, datetime.now(UTC) + self._tolerance, self._attributes)

    async def take(
        self, values: Sequence[bytes], allowed: Pass, sender: Sender | None = None
    ) -> Told:
        """Judge events and deliver those that are accepted; see `Delivery.deliver`."""
        allowed.bucket.take(max(1, len(values)))
        return await self._deliver(judge(values, allowed, self._bounds(), sender))

    async def take_rows(
        self, rows: Sequence[Row], noun: str, mapping: Mapping, allowed: Pass
    ) -> Told:
        """Do the same with the events that a mapping makes of rows, which are called `noun`."""
        allowed.bucket.take(max(1, len(rows)))
        return await self._deliver(judge_rows(rows, noun, mapping, allowed, self._bounds()))

    async def _deliver(self, judged: Judged) -> Told:
        await self.delivery.deliver(judged.records)
        judged.count()
        return Told(len(judged.records), judged.refused, judged.answers)


async def events(desk: Desk, request: Request) -> Told:
    """Take CloudEvents, one or many."""
    header = request.header(b"authorization")
    desk.keyring.of_header(header).require_rate()
    body = await request.body()
    allowed = desk.keyring.of_header(header)  # it may have been revoked meanwhile
    allowed.require_rate()
    return await desk.take(events_of(request, body), allowed)


class Beacon(msgspec.Struct):
    """What a page sends: its key, since a beacon has no headers, and events."""

    key: str
    events: msgspec.Raw


async def tag(desk: Desk, request: Request) -> Told:
    """Take exposures and clicks from a page, as text, so that its browser asks for no leave."""
    try:
        beacon = msgspec.json.decode(await request.body(TAG_BYTES_MAX, is_known=False), type=Beacon)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(
            400,
            "not_a_beacon",
            f'the body is no {{"key": "...", "events": [...]}}: {broken_json(error)}',
        ) from error
    allowed = desk.keyring.of_token(beacon.key)
    origin = request.header(b"origin")
    if allowed.key.kind != "publishable":
        raise ProblemError(
            403,
            "secret_key",
            f"key {allowed.key.id} is secret and does not belong in a page: revoke it, and make a "
            "publishable one with `flowdrop intake keys create --origin`",
        )
    if origin not in allowed.key.origins:
        raise ProblemError(
            403,
            "wrong_origin",
            f"origin = {origin[:80]!r}: key {allowed.key.id} is for pages of "
            f"{', '.join(allowed.key.origins)}",
        )
    allowed.require_rate()
    # The tag writes as the page that it is in, whichever of the key's it is.
    allowed = replace(allowed, sources=allowed.sources | {origin})
    sender = Sender.of(request, is_behind=desk.is_behind)
    return await desk.take(batch_of(bytes(beacon.events)), allowed, sender)


async def feed(desk: Desk, request: Request) -> Told:
    """Take what a webhook sends, an object or a list of them: its mapping makes events of them."""
    name = request.path.removeprefix(FEEDS)
    if header := request.header(b"authorization"):
        desk.keyring.of_header(header)
        body = await request.body()
        allowed = desk.keyring.of_header(header)  # it may have been revoked meanwhile
    else:
        signed = None
        if desk.keyring.may_sign(name, request.headers):  # nothing else is read
            body = await request.body(is_known=False)
            signed = desk.keyring.of_webhook(name, request.headers, body)
        if signed is None:
            raise ProblemError(
                401,
                "unknown_key",
                f"feed {name[:64]}: send a key as Authorization: Bearer ..., or sign the body; "
                "`flowdrop intake keys create --feed` makes a key that signs",
            )
        allowed = signed
    allowed.require_rate()
    mapping = desk.feeds.mapping(name)
    return await desk.take_rows(rows_of(decoded(body)), "object", mapping, allowed)


async def segment(desk: Desk, request: Request) -> Told:
    """Take calls as Segment's libraries send them."""
    header = request.header(b"authorization")
    if header:
        desk.keyring.of_header(header)
    content = decoded(await request.body(is_known=bool(header)))
    if not isinstance(content, dict):
        raise ProblemError(400, "not_a_call", "the body is JSON, but no object")
    # Some libraries send their key in the body.
    allowed = desk.keyring.of_header(header or f"Bearer {content.get('writeKey', '')}")
    allowed.require_rate()
    rows = calls_of(request.path.rpartition("/")[2], content, datetime.now(UTC))
    mapping = desk.feeds.segment(allowed.key.source)
    return await desk.take_rows(rows_of(rows), "call", mapping, allowed)
