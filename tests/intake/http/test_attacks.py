"""What strangers tried at the intake, each as a test without a broker."""

from __future__ import annotations

import gzip
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from intake.http import requests
from intake.http.judging import Bounds, Refused, judge
from intake.http.keyring import Keyring
from intake.http.keys import KeyFile, Wish, draw, now
from intake.http.problems import ProblemError
from intake.http.requests import GZIP_MEMBERS_MAX, Held, Request
from intake.http.segment import calls_of
from streams.people import Attributes, load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def request_of(pieces: Iterable[bytes], held: Held, encoding: bytes = b"") -> Request:
    waiting = list(pieces)

    async def receive() -> dict[str, Any]:
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    headers = [(b"content-encoding", encoding)] if encoding else []
    scope = {"method": "POST", "path": "/v1/feeds/x", "headers": headers}
    return Request(scope, receive, held, 60.0)  # type: ignore[arg-type]


async def test_gzip_of_many_members_is_refused_before_it_costs_anything() -> None:
    few = gzip.compress(b"a") * GZIP_MEMBERS_MAX
    assert await request_of([few], Held(), b"gzip").body() == b"a" * GZIP_MEMBERS_MAX
    with pytest.raises(ProblemError, match="members"):
        await request_of([gzip.compress(b"") * 40_000], Held(), b"gzip").body()


async def test_strangers_fill_their_own_room_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "STRANGERS_BYTES_MAX", 1_000)
    held = Held()
    stranger = request_of([b"x" * 900, b"x" * 200], held)
    with pytest.raises(ProblemError) as refused:
        await stranger.body(is_known=False)
    assert refused.value.status == 429
    assert await request_of([b"y" * 2_000], held).body() == b"y" * 2_000
    stranger.release()
    assert (held.bytes, held.strangers_bytes) == (2_000, 0)


def test_a_call_of_a_far_off_time_spoils_no_other() -> None:
    far = {"type": "track", "timestamp": "9999-12-31T00:00:00Z", "sentAt": "2020-01-01T00:00:00Z"}
    near = {"type": "track", "timestamp": "2026-02-28T00:00:00Z"}
    found = calls_of("batch", {"batch": [far, near]}, NOW)
    assert [call["timestamp"] for call in found] == [far["timestamp"], near["timestamp"]]


def test_traits_have_names_that_attributes_may_have() -> None:
    traits = {"homeTown": "a", "\u59d3\u540d": "b", "2fa": True, "address": {"zip": 1}}
    (call,) = calls_of("identify", {"traits": traits}, NOW)
    assert call["traits"] == {"home_town": "a", "t_2fa": True, "address_zip": 1}


def test_two_webhooks_of_one_secret_both_work(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    for feed in ("first", "second"):
        wish = Wish(
            source=feed,
            types=("flowdrop.campaign.visit",),
            days=1,
            events_per_second=10,
            feed=feed,
            header="x-signature",
            secret="the-same-secret-of-both-feeds",
        )
        file.add(draw(wish, now())[0])
    keyring = Keyring(file)
    signed = hmac.digest(b"the-same-secret-of-both-feeds", b"{}", "sha256").hex().encode()
    for feed in ("first", "second"):
        found = keyring.of_webhook(feed, {b"x-signature": signed}, b"{}")
        assert found is not None
        assert found.key.source == feed


def test_what_a_worker_would_set_aside_is_refused_at_once(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    kinds = ("flowdrop.person.profile",)
    key, token = draw(Wish(source="crm", types=kinds, days=1, events_per_second=10), now())
    file.add(key)
    bounds = Bounds(8, NOW + timedelta(days=1), Attributes(load()))

    def profile(number: int, at: datetime, **attributes: object) -> bytes:
        head = {"id": str(number), "source": "crm", "type": kinds[0], "subject": "u:1"}
        return json.dumps(
            head | {"time": at.isoformat(), "data": {"attributes": attributes}}
        ).encode()

    values = [
        profile(1, NOW, birth_year=1988),
        profile(2, NOW, birth_year="1988"),
        profile(3, NOW + timedelta(days=2), birth_year=1988),
    ]
    found = judge(values, Keyring(file).of_token(token), bounds)
    reasons = [one.reason if isinstance(one, Refused) else "" for one in found.answers]
    assert reasons == ["", "bad_attribute", "in_the_future"]
    assert len(found.records) == 1
