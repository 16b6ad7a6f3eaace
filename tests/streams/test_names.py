"""Names go through every address unharmed: each worker answers for each, and so do commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from local.ports import HOST, free_port
from streams.events import Earn, EarnData, Open, OpenData
from streams.kafka.publish import publish
from tests.names import ZOO
from tests.stack import Stack, ask, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PROGRAM = "liuliangbao"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two workers that share the partitions, and a wallet of each name with one earning."""
    made = Stack(tmp_path_factory.mktemp("names"))
    made.start()
    try:
        first, second = made.worker(), made.begin_worker()
        made.feed()
        wait_for(lambda: len(first.partitions() or ()) == 4, "the first worker's share")
        wait_for(lambda: len(second.partitions() or ()) == 4, "the second worker's share")
        earned = EarnData(program=PROGRAM, activity="check-in")
        for name in ZOO:
            head = {"source": "test", "time": NOW, "subject": name}
            opened = Open(id="open", **head, data=OpenData(program=PROGRAM))
            publish([opened, Earn(id="earn", **head, data=earned)], made.kafka.bootstrap, 8)
        made.facts("reconcile")
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize("name", ZOO)
def test_every_worker_answers_for_every_name(stack: Stack, name: str) -> None:
    told = [stack.ask(f"{own.url}/balances/{quote(name, safe='')}") for own in stack.workers]
    assert [body["account"] for body in told] == [name, name]
    assert [body["version"] for body in told] == [2, 2]


def test_commands_and_pages_tell_each_by_its_name(stack: Stack) -> None:
    port = free_port()
    stack.feeds.append(stack.background("console", "--port", str(port)))
    console = f"http://{HOST}:{port}"
    wait_for(lambda: ask(f"{console}/healthz"), "the console")
    for name in ZOO:
        assert _posted(stack, name) > 0
        last = json.loads(stack.flowdrop("ledger", "show", "--json", "--", name))
        assert last["account"] == name
        if name == "..":  # no browser or client asks for such a path as it is written
            continue
        shown = stack.ask_console(f"{console}/api/wallets/{quote(name, safe='')}")
        assert shown["account"] == name
        assert shown["last"]["account"] == name
        assert shown["live"]["account"] == name


def _posted(stack: Stack, name: str) -> Any:
    return json.loads(stack.flowdrop("balance", "--json", "--", name))["posted"]
