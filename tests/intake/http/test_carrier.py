"""A carrier answers by webhook, on the real parts: held coins move once, or come back."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.intake.http.serving import Process
from tests.stack import PROGRAM, Stack, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

NOW = datetime.now(UTC) - timedelta(hours=1)
SECRET = "what unicom signs with"
MAPPING = f"""
feed = "unicom"
format = "webhook"
id = "serial"
person = "wallet"
time = "answered"

[[event]]
name = ""
when = {{ state = "delivered" }}
type = "redeem_settle"
fields = {{ program = "'{PROGRAM}'", redemption = "order" }}

[[event]]
name = "failed"
when = {{ state = "failed" }}
type = "redeem_fail"
fields = {{ program = "'{PROGRAM}'", redemption = "order" }}
"""


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("carrier"))
    stack.start_kafka()
    try:
        yield stack
    finally:
        stack.stop()


def wallet_event(operation: str, event_id: str, minutes: int, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "app",
        "type": f"flowdrop.wallet.{operation}",
        "time": (NOW + timedelta(minutes=minutes)).isoformat(),
        "subject": "cj:17",
        "data": {"program": PROGRAM, **data},
    }


def test_a_carriers_answers_move_held_coins_once(stack: Stack) -> None:
    stack.worker()
    feeds = stack.folder / "home" / "feeds"
    feeds.mkdir(mode=0o700)
    (feeds / "unicom.toml").write_text(MAPPING)
    (stack.folder / "secret").write_text(SECRET)
    types = [f"--type=flowdrop.wallet.{name}" for name in ("open", "earn", "redeem")]
    app = stack.facts("intake", "keys", "create", "--source", "app", *types)["key"]
    types = [f"--type=flowdrop.wallet.{name}" for name in ("redeem_settle", "redeem_fail")]
    signing = ("--feed", "unicom", "--secret-file", str(stack.folder / "secret"))
    stack.flowdrop("intake", "keys", "create", "--source", "unicom", *types, *signing)
    intake = Process(stack.env)
    try:
        _redeem_two(intake, app)
        wait_for(lambda: _balance(stack) == (100, 70, 30), "what is held")
        for _ in range(3):  # carriers send an answer until they are heard
            _answer(intake, serial="s1", order="first", state="delivered")
            _answer(intake, serial="s2", order="second", state="failed")
        wait_for(lambda: _balance(stack) == (80, 0, 80), "what the carrier said")
        grant = wallet_event("grant", "g1", 9, campaign="spring", amount=5)
        refused = httpx.post(intake.events, json=grant, headers=_headers(app))
        assert refused.json()["events"][0]["reason"] == "type_not_allowed"
    finally:
        intake.stop()


def _headers(key: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/cloudevents+json",
    }


def _redeem_two(intake: Process, key: str) -> None:
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for event in (
        wallet_event("open", "o1", 0),
        wallet_event("earn", "e1", 1, activity="game", amount=100),
        wallet_event("redeem", "first", 2, carrier="unicom", amount=20, until=until),
        wallet_event("redeem", "second", 3, carrier="unicom", amount=50, until=until),
    ):
        answer = httpx.post(intake.events, json=event, headers=_headers(key))
        assert answer.status_code == 202, answer.text


def _answer(intake: Process, **said: str) -> None:
    time = (NOW + timedelta(minutes=30)).isoformat()  # the same each time
    body = json.dumps({"wallet": "cj:17", "answered": time, **said}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Signature": signature}
    answer = httpx.post(f"{intake.url}/v1/feeds/unicom", content=body, headers=headers)
    assert answer.status_code == 202, answer.text


def _balance(stack: Stack) -> tuple[int, int, int] | None:
    found = stack.ask(f"{stack.env['FLOWDROP_WORKER']}/balances/cj:17")
    if not found or "error" in found:
        return None
    return found["posted"], found["pending"], found["available"]
