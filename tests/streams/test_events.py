"""Every event type: its schema on disk, and its valid, odd and broken examples read two ways."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from streams.events import (
    CAMPAIGN_TOPIC,
    OPERATION,
    TYPES,
    WALLET_TOPIC,
    ClientEvent,
    encode,
    partition_of,
    shard,
    topic_of,
)
from streams.events.decoding import Rejection, read_campaign, read_wallet
from streams.events.schemas import FOLDER, schemas, texts

EXAMPLES = Path(__file__).parent / "examples"
SCHEMAS = schemas()


def examples(kind: str) -> list[Any]:
    return [
        pytest.param(name, example, id=f"{name}-{number}")
        for name in TYPES
        if (path := EXAMPLES / f"{name}.{kind}.json").exists()  # the test below names what isn't
        for number, example in enumerate(json.loads(path.read_text(encoding="utf-8")))
    ]


def read(name: str, event: dict[str, Any]) -> Any:
    reader = read_wallet if TYPES[name][0] == WALLET_TOPIC else read_campaign
    key = str(event.get("subject", "")).encode()
    return reader(key, json.dumps(event).encode())


def accepts(name: str, event: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(SCHEMAS[name]).is_valid(event)


@pytest.mark.parametrize(("name", "event"), examples("valid"))
def test_valid_examples_are_read_and_written_back(name: str, event: dict[str, Any]) -> None:
    found = read(name, event)
    assert type(found) is TYPES[name][1]
    assert accepts(name, event)
    written = json.loads(encode(found))
    defaults = {"datacontenttype": "application/json", "data": written["data"]}
    assert written == event | defaults
    # A default is left out of `data`, and nothing else is.
    assert {**written["data"], "paid": False} == {**event["data"], "paid": False}
    assert read(name, written) == found


@pytest.mark.parametrize(("name", "example"), examples("odd"))
def test_odd_examples_are_read(name: str, example: dict[str, Any]) -> None:
    assert type(read(name, example["event"])) is TYPES[name][1], example["why"]
    assert accepts(name, example["event"]), example["why"]


@pytest.mark.parametrize(("name", "example"), examples("broken"))
def test_broken_examples_are_rejected_by_name(name: str, example: dict[str, Any]) -> None:
    found = read(name, example["event"])
    assert isinstance(found, Rejection), example["why"]
    assert (found.reason, example["why"]) == (example["reason"], example["why"])
    assert accepts(name, example["event"]) is not example["seen_by_schema"], example["why"]


def test_every_type_has_three_files_and_no_other_file_is_there() -> None:
    wanted = {f"{name}.{kind}.json" for name in TYPES for kind in ("valid", "odd", "broken")}
    found = {path.name for path in EXAMPLES.iterdir()}
    assert found == wanted, f"missing: {sorted(wanted - found)}, too many: {sorted(found - wanted)}"


def test_the_schemas_on_disk_are_those_of_the_code() -> None:
    on_disk = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    stale = {name for name, _ in on_disk.items() ^ texts().items()}
    assert not stale, f"{sorted(stale)}: run `flowdrop events schema --write docs/schemas`"


@pytest.mark.parametrize("name", list(TYPES))
def test_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["title"] == name


def test_types_know_their_topic_and_operation() -> None:
    for name, (topic, _) in TYPES.items():
        event = read(name, json.loads((EXAMPLES / f"{name}.valid.json").read_text())[0])
        assert topic_of(event) == topic
        assert name.endswith(f".{OPERATION[type(event)]}")
        assert topic == (WALLET_TOPIC if ".wallet." in name else CAMPAIGN_TOPIC)


def test_an_account_lives_where_its_crc_or_its_shard_says() -> None:
    # CRC-32 of "123456789" is the algorithm's published check value.
    assert partition_of("123456789", 1024) == 0xCBF43926 % 1024
    assert partition_of(shard("budget:spring", 3), 8) == 3
    assert partition_of("budget:spring@9", 8) == partition_of("budget:spring@9", 8) < 8


def test_the_page_lists_every_type_that_is_no_operation() -> None:
    page = (FOLDER.parent / "events.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(flowdrop\.\S+)` \| `(\S+)` \|", page, re.MULTILINE)
    others = {
        name: topic for name, (topic, kind) in TYPES.items() if not issubclass(kind, ClientEvent)
    }
    assert rows == list(others.items())
