"""One that dies while it answers is one that does not answer: a sentence, never a traceback."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import click
import pytest

from console.wallets import WorkerDownError, live
from local.airflow.runs import AirflowClient, AirflowError
from streams.inspect.balances import live_balance
from streams.kafka.settled import ask
from streams.settings import StreamSettings
from tests import keys, stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HALVES = {
    "nothing": b"",
    "half a head": HEAD[:20],
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "half a body": HEAD + b'Content-Length: 100\r\n\r\n{"ready": true',
    "half a chunk": HEAD + b'Transfer-Encoding: chunked\r\n\r\n40\r\n{"ready"',
    "no JSON": HEAD + b"Content-Length: 6\r\n\r\n<html>",
}


@pytest.fixture(params=HALVES)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where each request gets the beginning of an answer, then the end of the connection."""
    answer = HALVES[request.param]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "call",
    [
        lambda address: live_balance(address, "wallet:a", "token"),
        lambda address: ask(f"{address}/readyz", StreamSettings(**keys.SETTINGS)),
        lambda address: live(address, "wallet:a", "token"),
        lambda address: AirflowClient(address, "secret").pause("score"),
    ],
    ids=["live_balance", "reconcile", "console", "airflow"],
)
def test_it_is_said_in_a_sentence(address: str, call: Callable[[str], object]) -> None:
    with pytest.raises((click.ClickException, WorkerDownError, AirflowError), match="answer"):
        call(address)


def test_it_is_not_ready(address: str) -> None:
    assert stack.ask(f"{address}/readyz") is None
    assert AirflowClient(address, "secret").health() == {}
