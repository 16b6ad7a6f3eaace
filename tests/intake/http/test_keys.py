"""Who may send what: keys, their sources, types, rates and ends; pages and their origins."""

from __future__ import annotations

import base64
import hmac
import json
import socket
import time
from datetime import timedelta
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
import pytest
from click.testing import CliRunner

from flowdrop.cli import main
from intake.http.keys import NEVER, KeyFile, Wish, draw, hash_of, now
from local.ports import HOST
from streams.events import TYPES
from tests.intake.http.serving import CONVERSION, EARN, Served, event, logged

EXPOSURE = "flowdrop.campaign.exposure"
ORIGIN = "https://shop.example"


def exposure(number: int, source: str) -> dict[str, Any]:
    data = {"campaign": "spring", "channel": "web", "format": "display"}
    return event(number, source, type=EXPOSURE, data=data)


EXAMPLES = Path(__file__).parents[2] / "streams" / "examples"


def run(home: Path, *command: str, **more: Any) -> Any:
    env = {"FLOWDROP_HOME": str(home), "FLOWDROP_CONFIG": str(home / "none.toml")}
    return CliRunner().invoke(main, ["intake", *command], env=env, **more)


# -- the command -------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_kept_hashed(tmp_path: Path) -> None:
    made = run(tmp_path, "keys", "create", "--source", "shop", "--type", CONVERSION)
    assert made.exit_code == 0, made.output
    token = made.stdout.strip()
    path = tmp_path / "intake-keys.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert token not in path.read_text()
    assert hash_of(token) in path.read_text()
    (row,) = json.loads(run(tmp_path, "keys", "list", "--json").stdout)
    assert (row["source"], row["types"], row["state"]) == ("shop", [CONVERSION], "good")
    assert token not in json.dumps(row)
    revoked = run(tmp_path, "keys", "revoke", row["id"])
    assert revoked.exit_code == 0
    assert json.loads(run(tmp_path, "keys", "list", "--json").stdout)[0]["state"] == "revoked"
    assert "revoked" in run(tmp_path, "keys", "list").stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--source", "shop"], "needs --type"),
        (["--source", "", "--type", CONVERSION], "is empty"),
        (["--source", "a\u200bb", "--type", CONVERSION], "U+200B"),
        (["--source", "shop", "--type", "flowdrop.wallet.leg"], "no key may"),
        (["--source", "shop", "--type", "flowdrop.wallet.*"], "one by one"),
        (["--source", "shop", "--type", "wallet.leg"], "no key may"),
        (["--source", "shop", "--type", "wallet.*"], "one by one"),
        (["--source", "shop", "--type", "flowdrop.nothing"], "events list"),
        (["--source", "shop", "--type", "nothing"], "events list"),
        (["--source", "shop", "--origin", ORIGIN, "--type", CONVERSION], "publishable"),
        (["--source", "shop", "--origin", "https://*.example"], "wildcard"),
        (["--source", "shop", "--origin", "http://shop.example"], "https://shop.example"),
        *(
            (["--source", "shop", "--origin", origin], "write it as a browser does")
            for origin in (
                *(f"{ORIGIN}/path", f"{ORIGIN}:99999", f"{ORIGIN}:port", f"{ORIGIN}:0"),
                *("https://[::1", "https://a b.example", "https://shop..example", "https://"),
                *("https://shop.example;x", "https://me@shop.example", "https://\u200b.example"),
            )
        ),
        (["--source", "shop", "--feed", "../x", "--type", CONVERSION], "no name"),
        (["--source", "shop", "--feed", "x", "--header", "a b", "--type", EARN], "no name"),
        (["--source", "shop", "--feed", "x", "--origin", ORIGIN], "not both"),
    ],
)
def test_a_key_that_can_not_be_is_refused_in_words(
    tmp_path: Path, options: list[str], said: str
) -> None:
    refused = run(tmp_path, "keys", "create", *options)
    assert refused.exit_code == 1, refused.output
    assert said in refused.stderr
    assert not (tmp_path / "intake-keys.json").exists()


def test_a_pattern_never_means_what_only_the_ledger_and_operators_write() -> None:
    key, _ = draw(
        Wish(source="s", types=("flowdrop.person.*",), days=1, events_per_second=1), now()
    )
    assert set(key.types) == {"flowdrop.person.profile", "flowdrop.person.link"}
    for name, (_, kind) in TYPES.items():
        if kind in NEVER:
            with pytest.raises(click.ClickException, match="no key may"):
                draw(Wish(source="s", types=(name,), days=1, events_per_second=1), now())


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("campaign.conversion", {CONVERSION}),
        ("conversion", {CONVERSION}),
        ("wallet.earn", {EARN}),
        ("person.*", {"flowdrop.person.profile", "flowdrop.person.link"}),
        (CONVERSION, {CONVERSION}),
    ],
)
def test_types_are_named_as_in_mappings(given: str, meant: set[str]) -> None:
    key, _ = draw(Wish(source="s", types=(given,), days=1, events_per_second=1), now())
    assert set(key.types) == meant


def test_the_list_shows_what_a_key_may_send_and_until_when(tmp_path: Path) -> None:
    made = run(
        *(tmp_path, "keys", "create", "--source", "shop", "--type", "campaign.conversion"),
        *("--type", "wallet.earn", "--days", "30"),
    )
    assert made.exit_code == 0, made.output
    shown = " ".join(run(tmp_path, "keys", "list").stdout.split())
    assert all(each in shown for each in ("campaign.conversion", "wallet.earn"))
    (row,) = json.loads(run(tmp_path, "keys", "list", "--json").stdout)
    assert row["expires"][:10] in shown


def test_a_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    run(tmp_path, "keys", "create", "--source", "shop", "--type", CONVERSION)
    (tmp_path / "intake-keys.json").chmod(0o644)
    assert "not yours alone" in run(tmp_path, "keys", "list").stderr
    (tmp_path / "intake-keys.json").chmod(0o600)
    (tmp_path / "intake-keys.json").write_text("[{]")
    assert "put your copy back" in run(tmp_path, "keys", "list").stderr
    assert "no key 'x'" in run(tmp_path / "new", "keys", "revoke", "x").stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_it_binds_to_loopback_only(tmp_path: Path, host: str) -> None:
    refused = run(tmp_path, "serve", "--host", host)
    assert refused.exit_code == 1
    assert "--behind-proxy NAME" in refused.stderr


# -- what a key allows -------------------------------------------------------------------------


@pytest.mark.kafka
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Digest x"},
        {"Authorization": "Basic !"},
        {"Authorization": b"Bearer \xe2\x98\x83"},
    ],
)
def test_a_stranger_sends_nothing(served: Served, source: str, headers: Any) -> None:
    served.key(source)
    for path in ("/v1/events", "/v1/track", "/v1/feeds/shop"):
        answer = httpx.post(f"{served.url}{path}", headers=headers, json={})
        assert (answer.status_code, answer.json()["error"]) == (401, "unknown_key")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.kafka
def test_a_key_has_an_end(served: Served, source: str) -> None:
    old = served.key(source, at=now() - timedelta(days=2))
    assert "is expired" in served.post(event(1, source), old).json()["detail"]
    token = served.key(source)
    assert served.post(event(1, source), token).status_code == 202
    key = next(key for key in served.file.read() if key.hash == hash_of(token))
    served.file.revoke(key.id, now())
    answer = served.post(event(2, source), token)
    assert (answer.status_code, "is revoked" in answer.json()["detail"]) == (401, True)


@pytest.mark.kafka
@pytest.mark.parametrize("way", ["events", "feed", "signed", "segment", "tag"])
def test_a_key_that_is_revoked_during_a_request_is_not_honoured(
    served: Served, source: str, way: str
) -> None:
    kinds, wish = {
        "signed": ((CONVERSION,), {"feed": source, "header": "x-signature", "secret": "s" * 32}),
        "tag": ((), {"origins": (ORIGIN,)}),
    }.get(way, ((CONVERSION,), {}))
    token = served.key(source, kinds, **wish)  # type: ignore[arg-type]
    body = {
        "events": json.dumps(event(1, source)),
        "tag": json.dumps({"key": token, "events": [exposure(1, source)]}),
    }.get(way, "{}").encode()
    shown = {
        "signed": {"X-Signature": hmac.digest(b"s" * 32, body, "sha256").hex()},
        "tag": {"Origin": ORIGIN},
    }.get(way, {"Authorization": f"Bearer {token}"})
    path = {"events": "events", "segment": "track", "tag": "tag"}.get(way, f"feeds/{source}")
    with socket.create_connection((HOST, served.port), timeout=30) as wire:
        lines = [
            *(f"POST /v1/{path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"),
            *("Content-Type: application/cloudevents+json", "Expect: 100-continue"),
            *(f"{name}: {text}" for name, text in shown.items()),
        ]
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        # The server says so once the body is asked for: the key has been looked at by then.
        assert wire.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        key = next(key for key in served.file.read() if key.source == source)
        served.file.revoke(key.id, now())
        wire.sendall(body)
        answer = HTTPResponse(wire)
        answer.begin()
        told = json.loads(answer.read())
    assert (answer.status, told["error"]) == (401, "unknown_key")
    assert "is revoked" in told["detail"]
    assert logged(served.kafka, source) == []


@pytest.mark.kafka
def test_a_file_of_keys_that_can_not_be_read_is_said_to_a_page(served: Served, source: str) -> None:
    token = served.key(source, (), origins=(ORIGIN,))
    good = served.file.path.read_bytes()
    try:
        served.file.path.write_text("[{]")
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
        for answer in (
            beacon(served, token, [exposure(1, source)]),
            httpx.options(f"{served.url}/v1/tag", headers=asked),
        ):
            assert (answer.status_code, answer.json()["error"]) == (503, "keys_unreadable")
            assert "put your copy back" in answer.json()["detail"]
            assert "Retry-After" in answer.headers
    finally:
        served.file.path.write_bytes(good)
    assert beacon(served, token, [exposure(1, source)]).status_code == 202


@pytest.mark.kafka
def test_a_key_may_come_as_basic(served: Served, source: str) -> None:
    basic = base64.b64encode(f"{served.key(source)}:".encode()).decode()
    answer = served.post(event(1, source), Authorization=f"Basic {basic}")
    assert answer.status_code == 202


@pytest.mark.kafka
def test_whoever_writes_the_file_gives_no_key_what_none_may_have(
    served: Served, source: str
) -> None:
    token = served.key(source)
    keys = served.file.read()
    names = tuple(TYPES)
    changed = [
        msgspec.structs.replace(key, types=names) if key.hash == hash_of(token) else key
        for key in keys
    ]
    KeyFile(served.file.path)._write(changed)
    example = json.loads((EXAMPLES / "flowdrop.wallet.key.valid.json").read_text())[0]
    answer = served.post(example | {"source": source}, token)
    assert answer.json()["events"][0]["reason"] == "type_not_allowed"


@pytest.mark.kafka
def test_a_key_has_a_rate(served: Served, source: str) -> None:
    token = served.key(source, events_per_second=10)
    batch = [event(number, source) for number in range(20)]
    assert served.post(batch, token).status_code == 202
    answer = served.post(batch, token)
    assert (answer.status_code, answer.json()["error"]) == (429, "over_rate")
    wait = int(answer.headers["Retry-After"])
    assert 1 <= wait <= 2
    time.sleep(wait)
    assert served.post(batch[:1], token).status_code == 202


# -- pages -------------------------------------------------------------------------------------


def beacon(served: Served, token: str, events: Any, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{served.url}/v1/tag",
        content=json.dumps({"key": token, "events": events}),
        headers={"Content-Type": "text/plain;charset=UTF-8", "Origin": ORIGIN} | headers,
    )


@pytest.mark.kafka
def test_a_page_sends_exposures_and_clicks(served: Served, source: str) -> None:
    token = served.key(source, (), origins=(ORIGIN,))
    answer = beacon(served, token, [exposure(1, source), event(2, source)])
    assert answer.status_code == 202
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert [one.get("reason") for one in answer.json()["events"]] == [None, "type_not_allowed"]
    assert [one["type"] for one in logged(served.kafka, source)] == [EXPOSURE]


@pytest.mark.kafka
def test_by_what_a_page_is_looked_at_is_seen_and_not_what_it_claims(
    kafka: str, source: str, tmp_path: Path
) -> None:
    behind = Served(tmp_path, kafka, intake_behind="proxy.example")
    token = behind.key(source, (), origins=(ORIGIN,))
    claims = {"network": "198.51.100.0/24", "agent": "Mozilla/5.0"}
    shown = exposure(1, source)
    shown["data"] |= claims
    seen = {"User-Agent": "curl/8.5.0", "X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    try:
        assert beacon(behind, token, [shown], **seen).status_code == 202
        assert beacon(behind, token, [exposure(2, source)], **{"User-Agent": ""}).status_code == 202
    finally:
        behind.stop()
    first, second = (one["data"] for one in logged(kafka, source))
    assert (first["network"], first["agent"]) == ("203.0.113.0/24", "curl/8.5.0")
    assert not second.keys() & claims.keys()


@pytest.mark.kafka
def test_a_page_on_this_machine_is_of_no_network(served: Served, source: str) -> None:
    token = served.key(source, (), origins=(ORIGIN,))
    forged = {"User-Agent": "curl/8.5.0", "X-Forwarded-For": "203.0.113.9"}
    assert beacon(served, token, [exposure(1, source)], **forged).status_code == 202
    [found] = logged(served.kafka, source)
    assert "network" not in found["data"]
    assert found["data"]["agent"] == "curl/8.5.0"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Shop.Example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:80", "http://localhost"),
        ("https://B\u00fccher.example", "https://xn--bcher-kva.example"),
        ("https://\u5546\u5e97.example:8443", "https://xn--czrs0t.example:8443"),
        ("https://stra\u00dfe.example", "https://xn--strae-oqa.example"),
        ("https://shop_1.example", "https://shop_1.example"),
        ("https://[2001:DB8:0::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(given: str, kept: str) -> None:
    key, _ = draw(Wish(source="s", origins=(given,), days=1, events_per_second=1), now())
    assert key.origins == (kept,)


@pytest.mark.kafka
def test_a_page_of_each_origin_writes_as_it(served: Served, source: str) -> None:
    origins = [f"https://{name}.{source}.example" for name in ("first", "second")]
    token = served.key(source, (), origins=tuple(origins))
    for number, origin in enumerate(origins):
        events = [exposure(number, own) for own in (origin, source, f"{origin}.au")]
        answer = beacon(served, token, events, Origin=origin)
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        told = [one.get("reason") for one in answer.json()["events"]]
        assert told == [None, None, "wrong_source"]
        assert len(logged(served.kafka, origin)) == 1
    other = beacon(served, token, [exposure(9, origins[1])], Origin=origins[0])
    assert other.json()["events"][0]["reason"] == "wrong_source"


@pytest.mark.kafka
def test_a_page_of_another_origin_sends_nothing(served: Served, source: str) -> None:
    token = served.key(source, (), origins=(ORIGIN,))
    for origin in ("https://evil.example", f"{ORIGIN}.evil.example", "null", ""):
        answer = beacon(served, token, [exposure(1, source)], Origin=origin)
        assert (answer.status_code, answer.json()["error"]) == (403, "wrong_origin")
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"
    assert logged(served.kafka, source) == []


@pytest.mark.kafka
def test_a_browser_that_asks_first_is_told(served: Served, source: str) -> None:
    served.key(source, (), origins=(ORIGIN,))
    asked = {"Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"{served.url}/v1/tag", headers={"Origin": ORIGIN, **asked})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type"
    other = httpx.options(f"{served.url}/v1/tag", headers={"Origin": "https://b.example", **asked})
    assert "Access-Control-Allow-Origin" not in other.headers
    events = httpx.options(f"{served.url}/v1/events", headers={"Origin": ORIGIN, **asked})
    assert (events.status_code, "Access-Control-Allow-Origin" in events.headers) == (405, False)


@pytest.mark.kafka
def test_keys_stay_where_they_belong(served: Served, source: str) -> None:
    secret, public = served.key(source), served.key(source, (), origins=(ORIGIN,))
    assert beacon(served, secret, [exposure(1, source)]).json()["error"] == "secret_key"
    assert served.post(exposure(1, source), public).json()["error"] == "publishable_key"


@pytest.mark.kafka
def test_a_beacon_that_is_none_is_told(served: Served, source: str) -> None:
    token = served.key(source, (), origins=(ORIGIN,))
    assert beacon(served, token, {"a": 1}).json()["error"] == "not_a_batch"
    assert beacon(served, token, [exposure(1, source)] * 400).status_code == 413
    answer = httpx.post(f"{served.url}/v1/tag", content=b'{"key": 1}', headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.json()["error"]) == (400, "not_a_beacon")
