"""What strangers tried at the intake, each as a test without a broker."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from intake.http import requests
from intake.http.problems import ProblemError
from intake.http.requests import GZIP_MEMBERS_MAX, Held, Request
from intake.http.segment import calls_of

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def request_of(pieces: Iterable[bytes], held: Held, encoding: bytes = b"") -> Request:
    waiting = list(pieces)

    async def receive() -> dict[str, Any]:
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    headers = [(b"content-encoding", encoding)] if encoding else []
    scope = {"method": "POST", "path": "/v1/feeds/x", "headers": headers}
    return Request(scope, receive, held)  # type: ignore[arg-type]


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
