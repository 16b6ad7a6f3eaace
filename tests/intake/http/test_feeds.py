"""Webhooks by their mapping, signed or with a key; and the calls of Segment's libraries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from intake.http.segment import calls_of
from local.ports import HOST
from tests.intake.http.serving import CONVERSION, Served, logged

pytestmark = pytest.mark.kafka

MAPPING = """
feed = "{source}"
format = "webhook"
id = "order"
person = "'cj:' & member"
time = "paid_at"

[[event]]
when = {{ state = "paid" }}
type = "conversion"
fields = {{ campaign = "'spring'", value = "round(total * 100)" }}
"""
ORDER = {"order": "A1", "member": 7, "paid_at": "2026-11-30T10:00:00Z", "state": "paid"}
SECRET = "a secret of the shop's own"


@pytest.fixture
def feed(served: Served, source: str) -> str:
    served.feeds.mkdir(exist_ok=True)
    (served.feeds / f"{source}.toml").write_text(MAPPING.format(source=source))
    return source


def send(served: Served, feed: str, body: bytes, **headers: str | bytes) -> httpx.Response:
    return httpx.post(
        f"{served.url}/v1/feeds/{feed}",
        content=body,
        headers={name.replace("_", "-"): text for name, text in headers.items()},
    )


def test_a_webhook_with_a_key(served: Served, feed: str) -> None:
    bearer = f"Bearer {served.key(feed)}"
    orders = [
        ORDER | {"total": 12.34},
        ORDER | {"order": "A2", "total": "much"},
        ORDER | {"order": "A3", "state": "open"},
    ]
    answer = send(served, feed, json.dumps(orders).encode(), Authorization=bearer)
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["refused"]) == (1, 1), "the third is nothing"
    assert told["events"][1]["reason"] == "invalid"
    assert told["events"][1]["detail"].startswith("object 2 (order 'A2'), total = 'much': ")
    assert "cell" not in told["events"][1]["detail"]
    (found,) = logged(served.kafka, feed)
    assert (found["id"], found["subject"], found["type"]) == ("A1", "cj:7", CONVERSION)
    assert found["data"]["value"] == 1234


@pytest.mark.parametrize("form", ["hex", "sha256=hex", "base64"])
def test_a_webhook_that_signs(served: Served, feed: str, form: str) -> None:
    served.key(feed, (CONVERSION,), feed=feed, header="X-Shop-Signature", secret=SECRET)
    body = json.dumps(ORDER | {"total": 1}).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256)
    text = base64.b64encode(digest.digest()).decode() if form == "base64" else digest.hexdigest()
    signature = ("sha256=" if "=" in form else "") + text
    assert send(served, feed, body, X_Shop_Signature=signature).status_code == 202
    for wrong in (signature[:-4], "", b"\xe9"):
        refused = send(served, feed, body, X_Shop_Signature=wrong)
        assert (refused.status_code, refused.json()["error"]) == (401, "unknown_key")
    assert send(served, feed, body + b" ", X_Shop_Signature=signature).status_code == 401
    assert send(served, feed, body).status_code == 401
    assert send(served, feed, body, Authorization=f"Bearer {SECRET}").status_code == 401
    assert len(logged(served.kafka, feed)) == 1


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer fds_x"}, {"X-Other": "sha256="}])
def test_the_body_of_one_without_a_key_is_not_read(
    served: Served, feed: str, headers: dict[str, str]
) -> None:
    served.key(feed, (CONVERSION,), feed=feed, header="X-Shop-Signature", secret=SECRET)
    connection = HTTPConnection(HOST, served.port, timeout=20)
    connection.putrequest("POST", f"/v1/feeds/{feed}")
    for name, text in ({"Content-Length": "1000"} | headers).items():
        connection.putheader(name, text)
    connection.endheaders()  # and no byte of the body
    assert connection.getresponse().status == 401
    connection.close()


def test_a_key_of_another_source_writes_nothing_by_a_feed(served: Served, feed: str) -> None:
    bearer = f"Bearer {served.key('somebody')}"
    answer = send(served, feed, json.dumps(ORDER | {"total": 1}).encode(), Authorization=bearer)
    assert answer.status_code == 422
    (refused,) = answer.json()["events"]
    assert refused["reason"] == "wrong_source"
    assert refused["detail"].startswith("object 1 (order 'A1'): source = ")


def test_a_feed_without_a_good_mapping_is_told(served: Served, feed: str) -> None:
    bearer = f"Bearer {served.key(feed)}"
    for name in ("unknown", "..%2Fintake-keys", f"x/{feed}"):
        answer = send(served, name, b"{}", Authorization=bearer)
        assert (answer.status_code, answer.json()["error"]) == (404, "no_such_feed")
    (served.feeds / f"{feed}.toml").write_text("feed = 1")
    answer = send(served, feed, b"{}", Authorization=bearer)
    assert (answer.status_code, answer.json()["error"]) == (503, "bad_mapping")
    (served.feeds / f"{feed}.toml").write_text(MAPPING.format(source=feed))
    for body, error in ((b"{", "not_json"), (b"7", "not_objects"), (b"[7]", "not_objects")):
        answer = send(served, feed, body, Authorization=bearer)
        assert (answer.status_code, answer.json()["error"]) == (400, error)


# -- Segment -----------------------------------------------------------------------------------


def call(served: Served, kind: str, content: dict[str, Any], token: str) -> httpx.Response:
    basic = (token, "")  # as Segment's libraries show their write key
    return httpx.post(f"{served.url}/v1/{kind}", json=content, auth=basic)


def named(number: int) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"messageId": f"m{number}", "userId": "cj:7", "timestamp": now, "sentAt": now}


def test_identify_is_a_profile_and_a_link(served: Served, source: str) -> None:
    traits = {"homeTown": "杭州", "age": 30, "address": {"postCode": "310000"}, "empty": ""}
    content = named(1) | {"anonymousId": "d1", "traits": traits}
    answer = call(served, "identify", content, served.key(source))
    assert answer.status_code == 200
    profile, link = sorted(logged(served.kafka, source), key=lambda one: str(one["id"]))
    assert (profile["type"], profile["subject"]) == ("flowdrop.person.profile", "cj:7")
    assert profile["data"]["attributes"] == {
        "home_town": "杭州",
        "age": 30,
        "address_post_code": "310000",
    }
    assert link["data"]["other"] == "device:d1"


def test_what_is_tracked_becomes_what_it_is(served: Served, source: str) -> None:
    spring = {"context": {"campaign": {"name": "spring"}}}
    batch = [
        named(1)
        | {"type": "track", "event": "Promotion Viewed", "properties": {"promotion_id": "p1"}},
        named(2)
        | {"type": "track", "event": "Promotion Clicked", "properties": {"promotion_id": "p1"}},
        named(3) | spring | {"type": "track", "event": "Order Completed"},
        named(4) | spring | {"type": "track", "event": "Product Viewed"},
        named(5) | {"type": "track", "event": "Signed Up"},
        named(6) | {"type": "page", "name": "Home"},
        named(7) | {"type": "track", "event": "Order Completed"},
        named(8) | {"type": "track", "event": "Promotion Viewed"},
    ]
    batch[2]["properties"] = {"revenue": 12.3, "order_id": "A1"}
    answer = call(served, "batch", {"batch": batch}, served.key(source))
    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["refused"]) == (4, 1)
    refused = answer.json()["events"][-1]["detail"]
    assert refused.startswith("call 8 (messageId 'm8'), ")
    assert "campaign: is missing" in refused
    found = {one["type"].rpartition(".")[2]: one["data"] for one in logged(served.kafka, source)}
    assert found.keys() == {"exposure", "click", "conversion", "visit"}
    assert found["exposure"] == {"campaign": "p1", "channel": "web", "format": "display"}
    assert found["conversion"] == {"campaign": "spring", "value": 1230, "item": "A1"}


def test_nobody_known_is_a_device(served: Served, source: str) -> None:
    content = named(1) | {"event": "Promotion Viewed", "properties": {"campaign": "spring"}}
    del content["userId"]
    content |= {"anonymousId": "d1", "writeKey": served.key(source)}
    assert httpx.post(f"{served.url}/v1/track", json=content).status_code == 200
    assert [one["subject"] for one in logged(served.kafka, source)] == ["device:d1"]


def test_a_refused_call_is_named_once_by_its_place(served: Served, source: str) -> None:
    late = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    batch = [
        named(1) | {"type": "identify", "traits": {"age": 30}},
        named(2) | {"type": "identify", "traits": {"age": 30}, "anonymousId": "d1"},
        named(3) | {"type": "track", "event": "Product Viewed", "properties": {"campaign": "x"}},
    ]
    batch[1] |= {"timestamp": late, "receivedAt": late}
    profile, link = "flowdrop.person.profile", "flowdrop.person.link"
    answer = call(served, "batch", {"batch": batch}, served.key(source, (profile, link))).json()
    assert [one["outcome"] for one in answer["events"]] == ["accepted", "refused", "refused"]
    assert [one.get("reason") for one in answer["events"][1:]] == [
        *("in_the_future", "type_not_allowed"),
    ]
    assert [one["detail"].partition(":")[0] for one in answer["events"][1:]] == [
        *("call 2 (messageId 'm2')", "call 3 (messageId 'm3')"),
    ]


def test_calls_that_can_not_be_read_are_told(served: Served, source: str) -> None:
    token = served.key(source)
    content = named(1) | {"event": "Promotion Viewed", "properties": {"campaign": "spring"}}
    del content["messageId"]
    refused = call(served, "track", content, token)
    assert refused.status_code == 400
    assert refused.json()["events"][0]["detail"].startswith("call 1, messageId = '': is empty")
    assert call(served, "batch", {"batch": {}}, token).json()["error"] == "not_a_batch"
    assert call(served, "batch", {"batch": [1]}, token).json()["error"] == "not_a_batch"


def test_a_mapping_of_ones_own_takes_the_place_of_ours(served: Served, source: str) -> None:
    served.feeds.mkdir(exist_ok=True)
    own = served.feeds / "segment.toml"
    own.write_text(
        'feed = "any"\nid = "messageId"\nperson = "userId"\ntime = "timestamp"\n'
        '[[event]]\ntype = "visit"\nfields = { campaign = "event" }\n'
    )
    try:
        content = named(1) | {"event": "Signed Up"}
        assert call(served, "track", content, served.key(source)).status_code == 200
        (found,) = logged(served.kafka, source)
        assert (found["source"], found["data"]) == (source, {"campaign": "Signed Up"})
    finally:
        own.unlink()


NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "moved"),
    [(0, 0), (20, 0), (-20, 0), (3600, -3600), (3610, -3600), (-7 * 86_400, 7 * 86_400)],
)
def test_a_clock_that_is_wrong_is_put_right_in_whole_minutes(ahead: int, moved: int) -> None:
    told = NOON - timedelta(seconds=5) + timedelta(seconds=ahead)
    sent = NOON + timedelta(seconds=ahead)
    content = {"timestamp": told.isoformat(), "sentAt": sent.isoformat()}
    (row,) = calls_of("track", content, NOON)
    assert row["timestamp"] == told + timedelta(seconds=moved)
    (again,) = calls_of("track", content, NOON + timedelta(seconds=2))
    assert again["timestamp"] == row["timestamp"], "the same call again is the same event"


def test_a_time_that_was_put_right_before_is_left() -> None:
    content = {"timestamp": "2026-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:00Z"}
    (row,) = calls_of("track", content | {"receivedAt": "2026-01-01T00:00:01Z"}, NOON)
    assert row["timestamp"] == content["timestamp"]
    (row,) = calls_of("track", {}, NOON)
    assert row["timestamp"] == NOON
    (row,) = calls_of("track", content | {"sentAt": "then"}, NOON)
    assert row["timestamp"] == content["timestamp"]
