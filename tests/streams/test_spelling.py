"""Other spellings of an event: taken as they are meant, or refused by name, alone or in a batch."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events import TYPES, data_of, spelling
from streams.events.decoding import Rejection, read_campaign, read_wallet, read_wallets
from tests.naive_ledger import as_meant

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "gift-1",
    "source": "test",
    "type": "flowdrop.wallet.transfer",
    "time": "2027-02-28T09:30:00Z",
    "subject": "cj:17",
    "data": {"program": "liuliangbao", "to": "cj:18", "amount": 5},
}
COMPACT = json.dumps(EVENT, separators=(",", ":"))
KEY = b"cj:17"
PLAIN = (KEY, COMPACT.encode())


def read(record: str | dict[str, Any]) -> Any:
    """Read a record alone and among others, which must come to the same."""
    text = record if isinstance(record, str) else json.dumps(record, ensure_ascii=False)
    alone = read_wallet(KEY, text.encode())
    batch = read_wallets([KEY] * 3, [PLAIN[1], text.encode(), PLAIN[1]])
    assert batch == [read_wallet(*PLAIN), alone, read_wallet(*PLAIN)]
    return alone


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2027-02-28T23:59:59.9999999+08:00", datetime(2027, 2, 28, 15, 59, 59, 999999, UTC)),
        ("2027-12-31T23:59:59.99999999999999Z", datetime(2027, 12, 31, 23, 59, 59, 999999, UTC)),
        ("2027-03-01T00:00:00.1234567Z", datetime(2027, 3, 1, 0, 0, 0, 123456, UTC)),
        ("2027-03-01t00:00:00z", datetime(2027, 3, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, 999999, UTC)),
        ("2017-01-01T07:59:60.5+08:00", datetime(2016, 12, 31, 23, 59, 59, 999999, UTC)),
        ("2016-12-31T15:59:60-08:00", datetime(2016, 12, 31, 23, 59, 59, 999999, UTC)),
    ],
)
def test_a_time_is_never_moved_forward(told: str, meant: datetime) -> None:
    assert read(EVENT | {"time": told}).time == meant


@pytest.mark.parametrize(
    "told",
    [
        "2027-02-27T23:59:60Z",
        "2027-02-28T23:58:60Z",
        "2027-02-28T23:59:60+08:00",
        "2027-02-28T23:59:61Z",
        "2027-02-28T24:00:00Z",
        "2027-02-30T23:59:60Z",
        "9999-12-31T23:59:60Z",
    ],
)
def test_a_second_that_there_is_not_is_refused_by_name(told: str) -> None:
    found = read(EVENT | {"time": told})
    assert isinstance(found, Rejection)
    assert found.reason == "invalid"
    assert found.detail.startswith(f"time = {told!r}")


def test_times_inside_data_are_cut_off_too() -> None:
    fine = "2027-02-28T23:59:59.9999999Z"
    redeem = {"program": "p", "carrier": "unicom", "amount": 1, "until": fine}
    assert read(EVENT | {"type": "flowdrop.wallet.redeem", "data": redeem}).data.until.month == 2
    original = EVENT | {"time": fine}
    reverse = {"program": "liuliangbao", "original": original}
    found = read(EVENT | {"type": "flowdrop.wallet.reverse", "data": reverse})
    assert found.data.original.time.month == 2
    contact = {"campaign": "c", "channel": "sms", "until": fine}
    value = json.dumps(EVENT | {"type": "flowdrop.campaign.contact", "data": contact}).encode()
    told = read_campaign(KEY, value)
    assert not isinstance(told, Rejection)
    assert told.data.until.month == 2  # type: ignore[union-attr]


def test_every_time_of_an_event_is_looked_at() -> None:
    times = {
        field.name
        for _, kind in TYPES.values()
        for field in msgspec.structs.fields(data_of(kind))
        if "datetime" in str(field.type)
    }
    assert times == spelling.TIMES


@pytest.mark.parametrize(
    "told",
    [
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "APPLICATION/JSON",
        "applicatioN/json",
        "application/vnd.shop+json; version=2",
        "text/json",
    ],
)
def test_any_json_media_type_is_taken(told: str) -> None:
    record = EVENT | {"datacontenttype": told}
    assert read(record).datacontenttype == "application/json"
    assert json.loads(as_meant(json.dumps(record).encode())) == EVENT | {
        "datacontenttype": "application/json"
    }


@pytest.mark.parametrize(
    "told",
    [
        "text/xml",
        "application/json; charset=gb18030",
        "text/json;charset = utf-16",
        "json",
        "",
        "application/avro",
    ],
)
def test_another_content_type_is_refused_by_name(told: str) -> None:
    record = EVENT | {"datacontenttype": told}
    found = read(record)
    assert isinstance(found, Rejection)
    assert found.reason == "unsupported_content_type"
    assert json.loads(as_meant(json.dumps(record).encode())) == record


def in_base64(data: str) -> dict[str, Any]:
    return {name: own for name, own in EVENT.items() if name != "data"} | {
        "data_base64": base64.b64encode(data.encode()).decode()
    }


def test_data_may_come_in_base64() -> None:
    assert read(in_base64(json.dumps(EVENT["data"]))) == read(COMPACT)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (EVENT | {"data_base64": "e30="}, "invalid"),
        (in_base64("{}") | {"data_base64": "@@"}, "invalid"),
        (in_base64("{}") | {"data_base64": 7}, "invalid"),
        (in_base64("[1"), "invalid"),
        (in_base64('{"program":"p","to":"a","amount":1,"amount":50}'), "duplicate_key"),
        (in_base64('{"program":"p","to":"a"}'), "missing_field"),
    ],
)
def test_data_in_base64_that_is_none_is_refused_by_name(
    record: dict[str, Any], reason: str
) -> None:
    found = read(record)
    assert isinstance(found, Rejection)
    assert found.reason == reason


@pytest.mark.parametrize(
    "record",
    [
        COMPACT.replace('"amount":5', '"amount":1,"amount":50'),
        COMPACT.replace('"amount":5', '"amount":1,"am\\u006funt":50'),
        COMPACT.replace('"amount":5', '"amount" :1,"amount":50'),
        COMPACT.replace('"amount":5', '"amount"\n:1,"amount":50'),
        COMPACT.replace('"amount":5', '"amount":1,"amount"\t:50'),
        COMPACT.replace('"subject":"cj:17"', '"subject":"cj:99","subject":"cj:17"'),
        COMPACT.replace('"to":"cj:18"', '"to":"cj:19","to":"cj:18"'),
        COMPACT.replace('"specversion":"1.0",', "").replace('"amount":5', '"amount":1,"amount":5'),
        COMPACT[:-1] + ',"trace":1,"trace":2}',
        COMPACT[:-1] + ',"specversion":"1.0"}',
        COMPACT[:-1] + ',"more":{"a":[{"b":1,"b":1}]}}',
        COMPACT[:-1] + ',"data":{"program":"liuliangbao","to":"x","amount":9}}',
    ],
)
def test_a_key_that_stands_twice_is_refused(record: str) -> None:
    for _ in range(2):  # also once the attributes beside CloudEvents' are known
        found = read(record)
        assert isinstance(found, Rejection)
        assert found.reason == "duplicate_key"


def test_the_same_key_in_two_objects_is_none_twice() -> None:
    assert read(COMPACT[:-1] + ',"more":{"id":1,"time":2},"note":{"id":3}}') == read(COMPACT)
    record = EVENT | {"data": EVENT["data"] | {"message": '":,"amount":50,'}}
    assert read(record).data.message == '":,"amount":50,'


EXTRA = st.dictionaries(
    st.sampled_from(["trace", "note", "amount", "to", "data"]), st.text(max_size=3), max_size=3
)


@settings(deadline=None)
@given(
    extra=EXTRA,
    message=st.text(max_size=8),
    pairs=st.lists(st.sampled_from([("amount", 1), ("to", "a"), ("message", "")]), max_size=2),
    spaced=st.booleans(),
)
def test_whatever_stands_twice_is_found_and_nothing_else(
    *, extra: dict[str, str], message: str, pairs: list[tuple[str, Any]], spaced: bool
) -> None:
    separators = (", ", ": ") if spaced else (",", ":")
    data: list[tuple[str, Any]] = [("program", "p"), ("to", "b"), ("amount", 5)]
    data += [("message", message), *pairs]
    inner = separators[0].join(
        f"{json.dumps(name)}{separators[1]}{json.dumps(own, ensure_ascii=False)}"
        for name, own in data
    )
    outer = {name: own for name, own in EVENT.items() if name != "data"}
    outer |= {name: own for name, own in extra.items() if name != "data"}
    text = json.dumps(outer, separators=separators, ensure_ascii=False)[:-1]
    found = read(f'{text}{separators[0]}"data"{separators[1]}{{{inner}}}}}')
    if pairs:
        assert isinstance(found, Rejection)
        assert found.reason == "duplicate_key"
    else:
        assert not isinstance(found, Rejection)
        assert found.data.message == message


NAMES = [
    *("a\u034f", "a\u2800b", "\u3164", "a\u180bb", "a\ufe0f", "a\U000e0100", "a\ufffe", "a\ufdd0"),
    "a\U0010ffff",
    "a\x7f",
    "a\u0085",
    "a\u202eb",
    "\u200ba",
    "a\u200d",
    "a\u2028b",
    "\ufeffa",
    " a",
    "a\u3000",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("field", ["id", "source", "subject", "to"])
def test_a_name_that_can_not_be_seen_or_told_apart_is_refused(name: str, field: str) -> None:
    record = EVENT | {field: name}
    if field == "to":
        record = EVENT | {"data": EVENT["data"] | {"to": name}}
    for escaped in (True, False):
        value = json.dumps(record, ensure_ascii=escaped).encode()
        found = read_wallet(str(record["subject"]).encode(), value)
        assert isinstance(found, Rejection)
        assert (found.reason, field in found.detail) == ("invalid", True)
        assert found.detail.isprintable()


@pytest.mark.parametrize(
    "name", ["app/user/0", "{a:String}", "茶 馆", "🎁", "a%b&c#d?e", "..", "'\""]
)
def test_a_name_that_can_be_seen_is_taken(name: str) -> None:
    value = json.dumps(EVENT | {"subject": name}, ensure_ascii=False).encode()
    assert read_wallet(name.encode(), value).subject == name  # type: ignore[union-attr]


def test_a_message_keeps_its_joiners() -> None:
    family = " 👨\u200d👩\u200d👧 "
    assert read(EVENT | {"data": EVENT["data"] | {"message": family}}).data.message == family


def told_twice(names: dict[str, int], values: dict[str, str]) -> list[str]:
    """Members of a JSON object, each as often as is asked."""
    return [f'"{name}":{values[name]}' for name, often in names.items() for _ in range(often)]


OFTEN = st.sampled_from([0, 1, 1, 1, 2])
OPTIONAL = {"specversion": '"1.0"', "datacontenttype": '"application/json"', "trace": '"x"'}


@st.composite
def members(draw: st.DrawFn, *, held: bool = False) -> tuple[str, bool]:
    """A compact record of an earning, or of one taken back, and whether a key stands twice."""
    often = {name: draw(OFTEN) for name in OPTIONAL}
    amounts = draw(st.sampled_from([1, 1, 1, 2]))
    data = ['"program":"liuliangbao"', '"activity":"game"', *['"amount":1'] * amounts]
    kind, twice = "earn", amounts > 1 or 2 in often.values()
    if not held and draw(st.booleans()):
        original, inner_twice = draw(members(held=True))
        kind, twice = "reverse", inner_twice or 2 in often.values()
        data = ['"program":"liuliangbao"', f'"original":{original}']
    outer = [
        *('"id":"e"', '"source":"test"', f'"type":"flowdrop.wallet.{kind}"'),
        *('"time":"2027-02-28T09:30:00Z"', '"subject":"cj:17"'),
        *told_twice(often, OPTIONAL),
        f'"data":{{{",".join(data)}}}',
    ]
    return "{" + ",".join(draw(st.permutations(outer))) + "}", twice


@settings(max_examples=300, deadline=None)
@given(st.lists(members(), min_size=1, max_size=4))
def test_a_record_means_the_same_whatever_is_read_with_it(batch: list[tuple[str, bool]]) -> None:
    values: list[bytes | None] = [text.encode() for text, _ in batch]
    keys: list[bytes | None] = [KEY] * len(values)
    found = read_wallets(keys, values)
    assert found == [read_wallet(*one) for one in zip(keys, values, strict=True)]
    for event, (_, twice) in zip(found, batch, strict=True):
        assert isinstance(event, Rejection) == twice
        assert not twice or event.reason == "duplicate_key"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "spelled",
    [
        {"datacontenttype": "application/json; charset=utf-8"},
        {"time": "2027-02-28T09:30:00.1234567Z"},
        {"data_base64": base64.b64encode(json.dumps(EVENT["data"]).encode()).decode()},
    ],
)
def test_what_is_taken_back_may_be_spelled_as_it_was_sent(spelled: dict[str, str]) -> None:
    original = EVENT | spelled
    if "data_base64" in spelled:
        del original["data"]
    taken = EVENT | {"id": "back", "type": "flowdrop.wallet.reverse"}
    taken["data"] = {"program": "liuliangbao", "original": original}
    assert read(taken).data.original == read(original)


def test_json_in_base64_is_utf_8() -> None:
    record = {name: own for name, own in EVENT.items() if name != "data"}
    record["data_base64"] = base64.b64encode(json.dumps(EVENT["data"]).encode("utf-16")).decode()
    found = read(record)
    assert (found.reason, "it must be JSON in Base64" in found.detail) == ("invalid", True)


def test_an_attribute_with_a_quote_in_its_name_teaches_nothing() -> None:
    """It would weigh as an amount and `x`, and then let an amount that stands twice pass."""
    hostile = json.dumps(EVENT | {'amount":"x': 1}, separators=(",", ":")).encode()
    twice = COMPACT.replace('"amount":5', '"amount":1,"amount":50')[:-1] + ',"x":1}'
    for value in (hostile, twice.encode()):
        found = read_wallets([KEY], [value])
    assert found == [read_wallet(KEY, twice.encode())]
    assert isinstance(found[0], Rejection)
    assert found[0].reason == "duplicate_key"
