"""Airflow's database, of one writer at a time, may refuse what it takes a moment later."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from local.airflow.runs import AirflowClient, AirflowError

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSED = 2  # requests of each kind, before one is taken


class Busy(BaseHTTPRequestHandler):
    """Signs in whoever asks; other requests find the database locked, at first."""

    asked: Counter[str]

    def _answer(self, status: int, body: object) -> None:
        said = json.dumps(body).encode()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def _of_a_dag(self) -> None:
        self.asked[self.command] += 1
        is_free = self.asked[self.command] > REFUSED
        self._answer(200 if is_free else 500, {"dag_runs": []} if is_free else {"detail": "locked"})

    do_PATCH = do_GET = _of_a_dag  # noqa: N815 - as the library calls them

    def do_POST(self) -> None:
        if self.path == "/auth/token":
            self._answer(201, {"access_token": "known"})
        else:
            self._of_a_dag()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def busy() -> Iterator[tuple[AirflowClient, Counter[str]]]:
    asked: Counter[str] = Counter()
    handler = type("Asked", (Busy,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield AirflowClient(f"http://127.0.0.1:{server.server_port}", "secret"), asked
        server.shutdown()


def test_what_may_be_sent_twice_is_sent_until_it_is_taken(
    busy: tuple[AirflowClient, Counter[str]],
) -> None:
    client, asked = busy
    client.pause("score", paused=False)
    assert client.runs("score") == []
    assert asked == {"PATCH": REFUSED + 1, "GET": REFUSED + 1}


def test_a_run_is_not_triggered_twice(busy: tuple[AirflowClient, Counter[str]]) -> None:
    client, asked = busy
    with pytest.raises(AirflowError, match="500 to POST"):
        client.trigger("score", date(2017, 10, 1))
    assert asked["POST"] == 1
