"""What decoders want is said in words, of every kind of thing that they can want."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - read by msgspec
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from flowdrop.wanted import broken_json, key_of, value_at, wanted


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    whole: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    text: Annotated[str, Meta(min_length=1, max_length=5)] = "a"
    form: Annotated[str, Meta(pattern="^[a-z]$")] = "a"
    at: Annotated[datetime, Meta(tz=True)] | None = None
    way: Literal["web", "sms"] = "web"
    names: Annotated[tuple[str, ...], Meta(max_length=2)] = ()
    counts: dict[str, int] = {}
    raw: bytes = b""

    def __post_init__(self) -> None:
        if self.whole == 13:
            raise ValueError("`whole` must be lucky")


class Outer(msgspec.Struct):
    data: Inner
    more: tuple[Inner, ...] = ()


WANTED = [
    ({}, "data", "missing"),
    ({"data": {"z": 1}}, "data.z", "not known"),
    ({"data": 1}, "data", "it must be an object, not a whole number"),
    ({"data": {"whole": "x"}}, "data.whole", "it must be a whole number, not a text"),
    ({"data": {"whole": 1.5}}, "data.whole", "it must be a whole number, not a fraction"),
    ({"data": {"whole": True}}, "data.whole", "it must be a whole number, not true or false"),
    ({"data": {"whole": 0}}, "data.whole", "it must be a whole number of at least 1"),
    ({"data": {"whole": 1_001}}, "data.whole", "it must be a whole number of at most 1,000"),
    ({"data": {"whole": 13}}, "data.whole", "it must be lucky"),
    ({"data": {"share": 0}}, "data.share", "it must be a number of more than 0"),
    ({"data": {"share": 1}}, "data.share", "it must be a number of less than 1"),
    ({"data": {"text": ""}}, "data.text", "it must be a text that is not empty"),
    ({"data": {"text": "123456"}}, "data.text", "it must be a text of at most 5 characters"),
    ({"data": {"text": None}}, "data.text", "it must be a text, not null"),
    ({"data": {"form": "7"}}, "data.form", "it must be a text of the form ^[a-z]$"),
    ({"data": {"at": "soon"}}, "data.at", "it must be a time such as 2026-11-30T10:00:00Z"),
    ({"data": {"at": "2026-11-30T10:00:00"}}, "data.at", "it must be a time that says its offset"),
    ({"data": {"way": "fax"}}, "data.way", "it must be one of sms, web"),
    ({"data": {"names": ["a"] * 3}}, "data.names", "it must be a list of at most 2 elements"),
    ({"data": {"names": ["a", 7]}}, "data.names[1]", "it must be a text, not a whole number"),
    ({"data": {"counts": {"a": "b"}}}, "data.counts", "it must be a whole number, not a text"),
    ({"data": {"raw": "?"}}, "data.raw", "it must be Base64"),
    (
        {"data": {}, "more": [{}, {"way": 1}]},
        "more[1].way",
        "it must be a text, not a whole number",
    ),
    ({"data": {}, "more": [{"way": "fax"}]}, "more[0].way", "it must be one of sms, web"),
]


@pytest.mark.parametrize(("content", "key", "words"), WANTED)
def test_it_is_said_in_words(content: Any, key: str, words: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.json.decode(msgspec.json.encode(content), type=Outer)
    found = wanted(str(raised.value), Outer)
    assert found.key == key
    assert found.words.startswith(words)
    assert "`" not in found.words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"data"', "it ends too early (truncated)"),
        (b'{"data":}', "invalid character at byte 8"),
        (b'{"data":{}} x', "trailing characters at byte 13"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"data": 7}', "data: it must be an object, not a whole number"),
        (b"7", "it must be an object, not a whole number"),
        (b'{"data": {"text": "\xff"}}', "byte 0 is not UTF-8"),
    ],
)
def test_broken_json_is_said_in_words(text: bytes, words: str) -> None:
    with pytest.raises((msgspec.DecodeError, RecursionError, UnicodeDecodeError)) as raised:
        msgspec.json.decode(text, type=Any if text[:1] == b"[" else Outer)
    assert broken_json(raised.value) == words


def test_what_stands_at_a_place() -> None:
    content = {"data": {"names": ["a", {"b": 7}]}}
    assert value_at(content, ("data", "names", "1", "b")) == 7
    assert value_at(content, ("data", "names", "2", "b")) is None
    assert value_at(content, ("data", "names", "b")) is None
    assert key_of(("data", "names", "1", "b")) == "data.names[1].b"
