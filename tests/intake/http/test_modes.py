"""CloudEvents over HTTP as its specification has them: structured, in batches, in the headers."""

from __future__ import annotations

import gzip
import json
import zlib
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from intake.http.limits import BODY_BYTES_MAX, EVENTS_MAX
from tests.halfopen import half_open, seconds_until_closed
from tests.intake.http.serving import CONVERSION, EARN, Served, event, logged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.kafka

BINARY = {
    "ce-specversion": "1.0",
    "ce-id": "e1",
    "ce-type": CONVERSION,
    "ce-time": "2026-11-30T10:00:00Z",
    "ce-subject": "cj:1",
}


def told(answer: httpx.Response) -> dict[str, Any]:
    return dict(answer.json())


def binary(served: Served, token: str, headers: dict[str, str], body: bytes) -> httpx.Response:
    return httpx.post(
        f"{served.url}/v1/events",
        content=body,
        headers={"Content-Type": "application/json", **BINARY, **headers}
        | {"Authorization": f"Bearer {token}"},
    )


def test_one_event_is_answered_when_kafka_has_it(served: Served, source: str) -> None:
    sent = event(1, source, traceparent="00-ab")
    answer = served.post(sent, served.key(source))
    assert answer.status_code == 202
    assert told(answer) == {
        "accepted": 1,
        "refused": 0,
        "events": [{"outcome": "accepted", "id": "order-1"}],
    }
    (found,) = logged(served.kafka, source)
    assert found.pop("partition") is not None
    assert found == sent, "what is in Kafka is what was sent, extensions too"


def test_each_event_of_a_batch_is_answered_by_itself(served: Served, source: str) -> None:
    batch: list[Any] = [event(number, source) for number in range(9)]
    batch[1] = event(1, "other")
    batch[2] = event(2, source, type="flowdrop.wallet.grant")
    batch[3] = event(3, source, type="flowdrop.nothing")
    batch[4] = event(4, source, data={"campaign": "spring", "value": -1})
    batch[5] = 7
    batch[6] = event(6, source, extra="x" * 70_000)
    del batch[7]["subject"]
    batch[8] = event(8, source, subject="a\u202eb")
    answer = served.post(batch, served.key(source, (CONVERSION, EARN)))
    assert answer.status_code == 202
    assert (told(answer)["accepted"], told(answer)["refused"]) == (1, 8)
    found = told(answer)["events"]
    assert [one["outcome"] for one in found] == ["accepted"] + ["refused"] * 8
    assert [one["reason"] for one in found[1:]] == [
        *("wrong_source", "invalid", "unknown_type", "invalid", "not_an_object", "too_large"),
        *("missing_field", "invalid"),
    ]
    assert "source = 'other'" in found[1]["detail"]
    assert found[4]["detail"] == "data.value = -1: it must be a whole number of at least 0"
    assert "subject: missing" in found[7]["detail"]
    assert [one["id"] for one in logged(served.kafka, source)] == ["order-0"]


def test_a_batch_of_refused_events_is_no_success(served: Served, source: str) -> None:
    answer = served.post([event(1, "other")], served.key(source))
    assert answer.status_code == 422
    assert told(answer)["refused"] == 1


def test_a_batch_may_be_empty(served: Served, source: str) -> None:
    answer = served.post([], served.key(source))
    assert (answer.status_code, told(answer)["events"]) == (202, [])


def test_attributes_may_be_headers(served: Served, source: str) -> None:
    token = served.key(source)
    headers = {
        "ce-source": source,
        "ce-comment": "Euro%20%E2%82%AC%20%F0%9F%98%80",  # the example of the specification
        "ce-quoted": '"a \\"b\\" c"',
        "Content-Type": "application/json; charset=utf-8",
    }
    body = json.dumps({"campaign": "spring", "item": "龙井"}).encode()
    answer = binary(served, token, headers, body)
    assert answer.status_code == 202, answer.text
    (found,) = logged(served.kafka, source)
    assert found["comment"] == "Euro € 😀"
    assert found["quoted"] == 'a "b" c'
    assert found["data"] == {"campaign": "spring", "item": "龙井"}
    assert (found["id"], found["subject"], found["type"]) == ("e1", "cj:1", CONVERSION)


def test_data_in_the_body_can_not_say_what_the_headers_say(served: Served, source: str) -> None:
    body = b'{"campaign":"spring"},"type":"flowdrop.wallet.leg"'
    answer = binary(served, served.key(source), {"ce-source": source}, body)
    assert (answer.status_code, told(answer)["error"]) == (400, "not_json")
    answer = binary(served, served.key(source), {"ce-source": source, "ce-data": "{}"}, b"{}")
    assert (answer.status_code, told(answer)["error"]) == (400, "bad_attribute")


@pytest.mark.parametrize("path", ["/v1/events", "/v1/feeds/any"])
def test_a_sender_that_asks_first_is_given_leave(served: Served, path: str) -> None:
    asked = {
        "WebHook-Request-Origin": "eventemitter.example.com",
        "WebHook-Request-Rate": "120",
        "WebHook-Request-Callback": "https://eventemitter.example.com/confirm",
    }
    answer = httpx.options(f"{served.url}{path}", headers=asked)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["WebHook-Allowed-Origin"] == "eventemitter.example.com"
    assert answer.headers["WebHook-Allowed-Rate"] == "*"
    assert "POST" in answer.headers["Allow"]
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert httpx.post(f"{served.url}{path}", headers=asked, json={}).status_code == 401


def test_leave_is_for_who_says_a_name_where_events_are_taken(served: Served) -> None:
    for name in ("", "a b", "a.example\u00e9".encode(), "x" * 300, "https://a.example"):
        answer = httpx.options(
            f"{served.url}/v1/events",
            headers={"WebHook-Request-Origin": name},  # type: ignore[dict-item]
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_origin")
        assert "WebHook-Allowed-Origin" not in answer.headers
    asked = {"WebHook-Request-Origin": "a.example"}
    for path, status in (("/v1/track", 405), ("/v1/tag", 204), ("/healthz", 200), ("/x", 404)):
        answer = httpx.options(f"{served.url}{path}", headers=asked)
        assert answer.status_code == status
        assert "WebHook-Allowed-Origin" not in answer.headers
    nothing = httpx.options(f"{served.url}/v1/events")
    assert (nothing.status_code, nothing.headers["Allow"]) == (405, "POST")


def test_a_body_that_comes_too_slowly_is_not_waited_for(kafka: str, tmp_path: Path) -> None:
    impatient = Served(tmp_path, kafka, intake_body_seconds=0.05)
    try:
        token = impatient.key("shop")
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/cloudevents+json\r\nContent-Length: 100\r\n\r\n{"
        )
        with half_open(impatient.port, 1, head.encode()) as (wire,):
            answer = HTTPResponse(wire)
            answer.begin()
            told = json.loads(answer.read())
        assert (answer.status, told["error"]) == (408, "slow")
        assert told["detail"] == "the body took more than 0.05 s; send less at once"
    finally:
        impatient.stop()


def test_data_that_is_not_json_is_refused(served: Served, source: str) -> None:
    headers = {"ce-source": source, "Content-Type": "text/csv"}
    answer = binary(served, served.key(source), headers, b"a,b")
    assert answer.status_code == 422
    assert told(answer)["events"][0]["reason"] == "unsupported_content_type"


@pytest.mark.parametrize(
    ("media", "status"),
    [
        ("application/json", 415),
        ("", 415),
        ("application/cloudevents+json; charset=utf-16", 415),
        ("application/cloudevents+json; charset=UTF-8", 202),
        ("Application/CloudEvents+JSON", 202),
        ("application/cloudevents+avro", 415),
    ],
)
def test_the_content_type_says_which_mode(
    served: Served, source: str, media: str, status: int
) -> None:
    answer = served.post(event(1, source), served.key(source), Content_Type=media)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"[1,", b"{}", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_batch_is_said(served: Served, source: str, body: bytes) -> None:
    media = "application/cloudevents-batch+json"
    answer = served.post(body, served.key(source), Content_Type=media)
    assert (answer.status_code, told(answer)["error"]) == (400, "not_a_batch")


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"null", b"\xff", b"[]"])
def test_what_is_no_event_is_refused_by_its_reason(
    served: Served, source: str, body: bytes
) -> None:
    answer = served.post(body, served.key(source))
    assert answer.status_code == 422
    assert told(answer)["events"][0]["reason"] in {
        *("empty", "not_json", "not_utf8", "not_an_object"),
    }


def test_bodies_may_be_packed(served: Served, source: str) -> None:
    token = served.key(source)
    packed = gzip.compress(json.dumps(event(1, source)).encode())
    two = gzip.compress(json.dumps(event(2, source)).encode()[:20]) + gzip.compress(
        json.dumps(event(2, source)).encode()[20:]
    )
    for body in (packed, two):
        assert served.post(body, token, Content_Encoding="gzip").status_code == 202
    assert len(logged(served.kafka, source)) == 2
    assert served.post(packed, token, Content_Encoding="br").status_code == 415
    for broken in (packed[:-9], b"no gzip", zlib.compress(b"{}")):
        answer = served.post(broken, token, Content_Encoding="gzip")
        assert (answer.status_code, told(answer)["error"]) == (400, "bad_gzip")


def test_a_bomb_is_not_unpacked(served: Served, source: str) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(500)) + packer.flush()
    assert len(bomb) < BODY_BYTES_MAX
    answer = served.post(bomb, served.key(source), Content_Encoding="gzip")
    assert (answer.status_code, told(answer)["error"]) == (413, "too_large")


def test_too_much_is_refused(served: Served, source: str) -> None:
    token = served.key(source)
    assert served.post(bytes(BODY_BYTES_MAX + 1), token).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(BODY_BYTES_MAX // 50_000 + 1):
            yield bytes(50_000)

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/cloudevents+json"}
    streamed = httpx.post(f"{served.url}/v1/events", content=pieces(), headers=headers)
    assert streamed.status_code == 413, "its length is not said beforehand"
    many = served.post([0] * (EVENTS_MAX + 1), token)
    assert (many.status_code, told(many)["error"]) == (413, "too_many")


@pytest.mark.timeout(120)
def test_slow_clients_hold_up_nobody(served: Served, source: str) -> None:
    token = served.key(source)
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/cloudevents+json\r\nContent-Length: 500\r\n\r\n{"
    )
    with half_open(served.port, 100, head.encode()) as bodies, half_open(served.port, 600):
        assert served.post(event(1, source), token).status_code == 202
        seconds_until_closed(bodies, 60)
    assert served.post(event(2, source), token).status_code == 202


def test_other_addresses_and_methods_are_told(served: Served) -> None:
    assert httpx.get(f"{served.url}/").status_code == 404
    assert httpx.get(f"{served.url}/v1/events").status_code == 405
    assert httpx.get(f"{served.url}/healthz").json() == {"status": "alive"}
    assert "flowdrop_intake_events_total" in httpx.get(f"{served.url}/metrics").text
    for host in ("rebound.example", "127.0.0.1.x", "[::1"):
        assert httpx.get(f"{served.url}/healthz", headers={"Host": host}).status_code == 400


def test_what_trails_a_body_is_no_header(served: Served, source: str) -> None:
    """Neither a key nor anything else, however the packets are cut (RFC 9110, 6.5.1)."""
    good, bad = served.key(source), "x" * 40
    body = json.dumps(event(1, source)).encode()
    for head, trailer, status in ((bad, good, b"401"), (good, bad, b"202")):
        said = (
            b"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            b"Content-Type: application/cloudevents+json\r\nTransfer-Encoding: chunked\r\n"
            + f"Authorization: Bearer {head}\r\n\r\n{len(body):x}\r\n".encode()
            + body
            + f"\r\n0\r\nAuthorization: Bearer {trailer}\r\n\r\n".encode()
        )
        with half_open(served.port, 1, said) as (wire,):
            assert wire.recv(4096).split()[1] == status
