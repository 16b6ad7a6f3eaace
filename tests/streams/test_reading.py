"""Records that are no events: each way of breaking one has its own reason."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events import RECORD_BYTES_MAX, Visit, decoding, spelling
from streams.events.decoding import (
    REASONS,
    WINDOW_BYTES,
    WINDOW_RECORDS,
    Rejection,
    read_campaign,
    read_in_parts,
    read_wallet,
    read_wallets,
)
from streams.events.spelling import not_plain

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "gift-1",
    "source": "test",
    "type": "flowdrop.wallet.transfer",
    "time": "2017-03-01T09:30:00Z",
    "subject": "cj:17",
    "data": {"program": "liuliangbao", "to": "cj:18", "amount": 5},
}
DOCS = Path(__file__).parents[2] / "docs" / "events.md"


def value(**changes: Any) -> bytes:
    return json.dumps(EVENT | changes).encode()


def twice(key: str, *told: str) -> bytes:
    """The event with a key of its data several times."""
    whole = json.dumps(EVENT, separators=(",", ":"))
    return whole.replace('"amount":5', ",".join(f'"{key}":{each}' for each in told)).encode()


BROKEN: list[tuple[str, bytes | None, str]] = [
    ("invalid", value(subject="\x00applied"), "subject = '\\x00applied'"),
    ("invalid", value(id="a\x1fb"), "U+001F (a control character)"),
    (
        "invalid",
        value(data={"program": "liuliangbao", "to": "\x00shard", "amount": 5}),
        "data.to = '\\x00shard'",
    ),
    ("invalid", value(data={"program": "\n", "to": "a", "amount": 5}), "data.program"),
    ("not_json", value(subject="?").replace(b'"?"', b'"\\ud800"'), ""),
    ("null_value", None, "null"),
    ("empty", b"", "0 bytes"),
    ("empty", b" \n\t", "3 bytes"),
    ("too_large", value(note="x" * 2**20), "at most 65,536"),
    ("not_utf8", b'{"id": "\xff"}', "byte 8 is 0xff"),
    ("not_utf8", value(note="?").replace(b'"?"', b'"\xc3("'), "0xc3"),
    ("not_json", b"amount=5", "it begins 'amount=5'"),
    ("not_json", value()[:-1], "truncated"),
    ("not_json", value() + b"{}", "trailing"),
    ("not_json", b"[" * 50_000, "nested too deeply"),
    ("not_an_object", b'["transfer"]', "an event is a JSON object"),
    ("duplicate_key", twice("amount", "1", "50"), "'amount' stands 2 times in one object: 1, 50"),
    ("unsupported_version", value(specversion="2.0"), "specversion = '2.0'"),
    ("unsupported_content_type", value(datacontenttype="text/xml"), "it must be JSON in UTF-8"),
    ("unknown_type", value(type="flowdrop.wallet.steal"), "'flowdrop.wallet.steal'"),
    ("unknown_type", value(type=7), "type = 7"),
    ("wrong_topic", value(type="flowdrop.campaign.visit"), "send it to campaign.events"),
    ("missing_field", json.dumps({**EVENT, "data": {}}).encode(), "data.program: missing; add it"),
    ("missing_field", b"{}", "type: missing"),
    ("invalid", value(subject=17), "subject = 17: it must be a text, not a whole number"),
    (
        "invalid",
        value(data=EVENT["data"] | {"amount": -5}),
        "data.amount = -5: it must be a whole number of at least 1",
    ),
    ("invalid", value(data=EVENT["data"] | {"amount": 10**40}), "data.amount"),
    ("invalid", value(time="0001-01-01T00:00:00+23:59"), "1970 to 2199"),
    ("key_mismatch", value(subject="cj:18"), "key = 'cj:17'; it must be the subject, 'cj:18'"),
]


@pytest.mark.parametrize(("reason", "record", "detail"), BROKEN)
def test_each_way_of_breaking_has_its_reason(
    reason: str, record: bytes | None, detail: str
) -> None:
    found = read_wallet(b"cj:17", record)
    assert isinstance(found, Rejection)
    assert found.reason == reason, found
    assert detail in found.detail
    assert len(found.detail) < 400


def test_every_reason_is_tried_here_and_documented() -> None:
    assert {reason for reason, _, _ in BROKEN} == set(REASONS)
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == REASONS
    assert [name for name, _ in rows] == list(REASONS)


def test_a_record_without_a_key_is_rejected() -> None:
    found = read_wallet(None, value())
    assert isinstance(found, Rejection)
    assert found.reason == "key_mismatch"


def test_a_wallet_event_on_the_campaign_topic_is_sent_back() -> None:
    found = read_campaign(b"cj:17", value())
    assert isinstance(found, Rejection)
    assert (found.reason, "wallet.events" in found.detail) == ("wrong_topic", True)


def test_the_largest_record_is_read() -> None:
    visit = value(type="flowdrop.campaign.visit", data={"campaign": "spring"}, note="")
    visit = visit.replace(
        b'"note": ""', b'"note": "' + b"x" * (RECORD_BYTES_MAX - len(visit)) + b'"'
    )
    assert len(visit) == RECORD_BYTES_MAX
    assert isinstance(read_campaign(b"cj:17", visit), Visit)
    assert isinstance(read_campaign(b"cj:17", visit + b" "), Rejection)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(record: bytes) -> None:
    found = read_wallet(b"cj:17", record)
    assert isinstance(found, Rejection)
    assert found.reason in REASONS


@given(st.data())
def test_no_flipped_bytes_break_the_reader(data: st.DataObject) -> None:
    record = bytearray(value())
    for at in data.draw(st.lists(st.integers(0, len(record) - 1), min_size=1, max_size=3)):
        record[at] = data.draw(st.integers(0, 255))
    found = read_wallet(b"cj:17", bytes(record))
    assert not isinstance(found, Rejection) or found.reason in REASONS


def events_of(*records: tuple[bytes | None, bytes | None]) -> list[Any]:
    return read_wallets([key for key, _ in records], [value for _, value in records])


GOOD = (b"cj:17", value().replace(b" ", b""))
CHINESE = (b"cj:17", json.dumps(EVENT | {"note": "流量"}, ensure_ascii=False).encode())


@pytest.mark.parametrize("bad", [record for _, record, _ in BROKEN])
def test_a_batch_is_read_as_its_records_are_one_by_one(bad: bytes | None) -> None:
    records = [GOOD, (b"cj:17", bad), GOOD]
    assert events_of(*records) == [read_wallet(*record) for record in records]


def test_values_that_only_together_make_values_are_not_read_as_such() -> None:
    key, good = GOOD
    torn = [
        [good[:60], good[60:], good + b" " + good],
        [good[:60] + b"\n" + good[60:]],
        [good + b"\n" + good, good],
        [b'{"x":[{}', b"{}]," + good[1:], good + good],
        [good[:-1], b"}", good + good],
        [good, b"", good],
        [good + b"{}", good],
    ]
    for values in torn:
        records = [(key, own) for own in values]
        assert events_of(*records) == [read_wallet(*record) for record in records], values


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400), st.integers(0, 255)), max_size=4))
def test_flipped_bytes_are_found_in_a_batch_too(flips: list[tuple[int, int, int]]) -> None:
    values = [bytearray(GOOD[1]) for _ in range(3)]
    for record, at, byte in flips:
        values[record][at % len(values[record])] = byte
    records = [(b"cj:17", bytes(own)) for own in values]
    assert events_of(*records) == [read_wallet(*record) for record in records]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        b"",
        b"7",
        GOOD[1].replace(b"gift", b"g\\u0069ft"),
        GOOD[1].replace(b'"id":', b'"id" :'),
        GOOD[1].replace(b"00Z", b"00.1234567Z"),
        GOOD[1].replace(b'"amount":5', b'"amount":1,"amount":5'),
        CHINESE[1].replace(b"note", b"n"),  # too short to be told from what stands before it
        b'{"note":"' + b"x" * RECORD_BYTES_MAX + b'"}',
        CHINESE[1][:-3] + b'\xff"}',
    ],
)
def test_an_odd_record_is_read_by_itself_and_no_other(
    monkeypatch: pytest.MonkeyPatch, odd: bytes | None
) -> None:
    events_of(GOOD, CHINESE)
    places = [0, 255, 256, WINDOW_RECORDS - 1, WINDOW_RECORDS, 2 * WINDOW_RECORDS + 5]
    values: list[bytes | None] = [GOOD[1], CHINESE[1]] * (WINDOW_RECORDS + 3)
    for place in places:
        values[place] = odd
    wanted = [read_wallet(b"cj:17", value) for value in values]
    asked: list[bytes | None] = []

    def alone(key: bytes | None, value: bytes | None) -> Any:
        asked.append(value)
        return read_wallet(key, value)

    monkeypatch.setattr(decoding, "read_wallet", alone)
    for size in (256, WINDOW_RECORDS):
        asked.clear()
        parts = list(read_in_parts([b"cj:17"] * len(values), values, size))
        assert [event for part in parts for event in part] == wanted
        assert {len(part) for part in parts[:-1]} == {size}
        assert asked == [odd] * len(places)


def test_large_records_are_looked_at_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    note = json.dumps(EVENT | {"note": "x" * 60_000}, separators=(",", ":")).encode()
    events_of((b"cj:17", note))
    sizes: list[int] = []

    def seen(values: list[bytes], text: bytes) -> set[int]:
        sizes.append(len(text))
        return not_plain(values, text)

    monkeypatch.setattr(decoding, "not_plain", seen)
    values: list[bytes | None] = [note] * 300
    values[299] = odd = note.replace(b'"amount":5', b'"amount":1,"amount":5')
    found = read_wallets([b"cj:17"] * 300, values)
    assert found == [read_wallet(b"cj:17", note)] * 299 + [read_wallet(b"cj:17", odd)]
    assert max(sizes) <= WINDOW_BYTES


def test_names_that_somebody_makes_up_are_forgotten_and_others_learned_again() -> None:
    for number in range(2 * spelling._SETS_MAX + 10):
        record = json.dumps(EVENT | {f"made{number}up": 1}, separators=(",", ":")).encode()
        assert read_wallets([b"cj:17"], [record]) == [read_wallet(b"cj:17", record)]
    assert len(spelling._learned) == len(spelling._known) <= spelling._SETS_MAX
    assert read_wallets([b"cj:17"] * 2, [GOOD[1]] * 2) == [read_wallet(*GOOD)] * 2
    assert not not_plain([GOOD[1]], spelling.MARGIN + GOOD[1] + spelling.MARGIN)


def test_good_records_are_read_by_one_decode(monkeypatch: pytest.MonkeyPatch) -> None:
    events_of(GOOD, CHINESE)  # from now on these sets of keys are known
    monkeypatch.setattr(decoding, "read_wallet", None)
    for batch in ((GOOD, GOOD), (CHINESE, CHINESE)):
        assert [event.subject for event in events_of(*batch)] == ["cj:17"] * 2
