"""A worker's web views ask for the token: its own web server, with nobody behind it."""

from __future__ import annotations

import asyncio
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from local.ports import HOST, free_port
from streams.events import partition_of
from streams.settings import StreamSettings
from streams.worker.app import create_worker
from streams.worker.front import keep_room
from tests import keys
from tests.halfopen import half_open, seconds_until_closed
from tests.names import ZOO
from tests.stack import Stack, ask, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "what only flowdrop's parts know"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a worker's web server; no broker is there, so that it owns no partition."""
    chosen, loop, begun = free_port(), asyncio.new_event_loop(), threading.Event()
    datadir = tmp_path_factory.mktemp("worker")

    async def serve() -> None:
        settings = StreamSettings(
            **keys.SETTINGS,
            worker_token=SecretStr(TOKEN),
            worker_port=chosen,
            datadir=datadir,
            partitions=4,
        )
        app = create_worker(f"{HOST}:1", settings)
        app.finalize()
        app.web.init_server()
        await app.web.start_server()
        keep_room(app.web._runner.server)
        begun.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_forever()

    threading.Thread(target=run, daemon=True).start()
    assert begun.wait(120)
    yield chosen
    loop.call_soon_threadsafe(loop.stop)


def status(url: str, header: bytes | None = None) -> int:
    request = urllib.request.Request(url)
    if header is not None:
        request.add_header("Authorization", header.decode("latin-1"))
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("path", ["/accounts/0", "/accounts/9", "/balances/cj%3A1", "/", "/stats/"])
@pytest.mark.parametrize(
    "header",
    [None, b"", b"Bearer", b"Bearer wrong", b"Bearer \xe2\x98\x83", b"Bearer \xff", b"Basic "],
)
def test_a_stranger_sees_no_wallet(port: int, path: str, header: bytes | None) -> None:
    assert status(f"http://{HOST}:{port}{path}", header) == 401


@pytest.mark.parametrize("name", ZOO)
def test_a_name_may_hold_whatever_can_be_seen(port: int, name: str) -> None:
    told = ask(f"http://{HOST}:{port}/balances/{quote(name, safe='')}", TOKEN)
    number = partition_of(name, 4)
    assert told == {"error": f"nobody serves partition {number} yet, try again"}


def test_who_has_the_token_is_answered(port: int) -> None:
    known = f"Bearer {TOKEN}".encode()
    assert status(f"http://{HOST}:{port}/accounts/0", known) == 503, "nobody owns it here"
    assert status(f"http://{HOST}:{port}/accounts/9", known) == 404


def test_what_names_nobody_is_open(port: int) -> None:
    found = [status(f"http://{HOST}:{port}{path}") for path in ("/healthz", "/readyz", "/metrics")]
    assert found == [200, 503, 200]


@pytest.mark.timeout(180)
def test_half_open_connections_end_and_hold_up_nobody(port: int) -> None:
    with half_open(port, 400) as wires:
        assert status(f"http://{HOST}:{port}/healthz") == 200
        assert seconds_until_closed(wires, 60) > 5, "none was given time"


@pytest.mark.timeout(180)
def test_more_connections_than_there_is_room_for_push_out_the_oldest(port: int) -> None:
    with half_open(port, 700) as wires:
        assert status(f"http://{HOST}:{port}/healthz") == 200
        assert seconds_until_closed(wires[:180], 5) < 5


@pytest.mark.kafka
@pytest.mark.timeout(300)
def test_a_worker_passes_the_token_on_to_the_owner(tmp_path: Path) -> None:
    stack = Stack(tmp_path, {"FLOWDROP_PARTITIONS": "4"})
    try:
        stack.start_kafka()
        first, second = stack.worker(), stack.worker()
        wait_for(lambda: first.partitions() and second.partitions(), "a share for each")
        for worker in (first, second):
            for number in range(4):
                body = stack.ask(f"{worker.url}/accounts/{number}")
                assert body["as_of"]["partition"] == number
                assert ask(f"{worker.url}/accounts/{number}")["error"].startswith(
                    "this view requires"
                )
        home = stack.folder / "empty"
        third = stack.begin_worker(FLOWDROP_HOME=str(home), FLOWDROP_WORKER_TOKEN="")
        assert third.process.wait(60) == 1
        assert "there is none; `flowdrop up` generates one" in third.log.read_text()
    finally:
        stack.stop()
