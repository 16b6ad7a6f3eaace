"""What each address of the intake does with a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from intake.http.judging import Answer, judge
from intake.http.limits import TAG_BYTES_MAX
from intake.http.modes import batch_of, events_of
from intake.http.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intake.http.delivery import Delivery
    from intake.http.keyring import Keyring, Pass
    from intake.http.requests import Request


class Told(msgspec.Struct, frozen=True, gc=False):
    """What a request is answered: how many were taken, and what became of each, in their order."""

    accepted: int
    refused: int
    events: list[Answer]

    @property
    def status(self) -> int:
        """202, or 422 when every event was refused."""
        return 422 if self.refused and not self.accepted else 202


class Desk:
    """What the endpoints share."""

    def __init__(self, keyring: Keyring, delivery: Delivery, partitions: int) -> None:
        self.keyring = keyring
        self.delivery = delivery
        self.partitions = partitions

    async def take(self, values: Sequence[bytes], allowed: Pass) -> Told:
        """Judge events and deliver those that are accepted; see `Delivery.deliver`."""
        allowed.bucket.take(max(1, len(values)))
        judged = judge(values, allowed, self.partitions)
        await self.delivery.deliver(judged.records)
        judged.count()
        return Told(len(judged.records), judged.refused, judged.answers)


async def events(desk: Desk, request: Request) -> Told:
    """Take CloudEvents, one or many."""
    allowed = desk.keyring.of_header(request.header(b"authorization"))
    allowed.require_rate()
    return await desk.take(events_of(request, await request.body()), allowed)


class Beacon(msgspec.Struct):
    """What a page sends: its key, since a beacon has no headers, and events."""

    key: str
    events: msgspec.Raw


async def tag(desk: Desk, request: Request) -> Told:
    """Take exposures and clicks from a page, as text, so that its browser asks for no leave."""
    try:
        beacon = msgspec.json.decode(await request.body(TAG_BYTES_MAX), type=Beacon)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(
            400,
            "not_a_beacon",
            f'the body is no {{"key": "...", "events": [...]}}: {error}',
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
    return await desk.take(batch_of(bytes(beacon.events)), allowed)
