"""A warehouse in the real engine to make drops in, and the console served on a free port."""

from __future__ import annotations

import itertools
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import clickhouse_connect
import pytest
import uvicorn
from argon2 import PasswordHasher
from pydantic import SecretStr
from sqlalchemy.orm import Session

from console.access import passwords
from console.database import open_database
from console.drops import launch, register
from console.drops.terms import Terms
from console.settings import ConsoleSettings
from console.warehouse import Warehouse
from console.web.app import create_app
from flowdrop.settings import Addresses
from tests.console.signing import TOKEN, forget, signed_in
from tests.console.world import NOW, PARTITIONS, PROGRAM, PROGRAMS, Wire, World, new_world
from tests.warehouses import add_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx
    from clickhouse_connect.driver.client import Client

NOWHERE = "http://127.0.0.1:9"
NUMBERS = itertools.count()


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hash passwords with little work; `access/test_sign_in.py` holds what is really used."""
    with pytest.MonkeyPatch.context() as patch:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_HASHER", quick)
        yield


@pytest.fixture(scope="module")
def fresh(engine: Path) -> Iterator[Callable[[], Client]]:
    """Makes clients of databases of their own, with tables and without rows."""
    owner = clickhouse_connect.get_client(interface="chdb", path=str(engine))
    clients = []

    def make() -> Client:
        name = f"test_{next(NUMBERS)}"
        owner.command(f"CREATE DATABASE {name}")
        client = clickhouse_connect.get_client(interface="chdb", path=str(engine), database=name)
        clients.append(client)
        add_tables(client)
        return client

    yield make
    for client in clients:
        client.close()
    owner.close()


@pytest.fixture
def world(clickhouse: str) -> World:
    """A warehouse with tables and without rows."""
    return new_world(clickhouse)


@pytest.fixture(scope="session")
def real_world(clickhouse: str) -> World:
    """A warehouse with the real campaigns, wallets and an audience of 300 households."""
    made = new_world(clickhouse)
    made.replay()
    made.audience("households", [f"cj:{n}" for n in range(1, 301)])
    return made


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session of a real SQLite file."""
    with Session(open_database(f"sqlite:///{tmp_path / 'deep' / 'console.sqlite'}")) as made:
        yield made


@pytest.fixture
def wire() -> Wire:
    return Wire()


@contextmanager
def serve(
    url: str, database: Path, worker: str = NOWHERE, wire: Wire | None = None
) -> Iterator[str]:
    """Serve the console on a free port of loopback until the block ends; launches go to `wire`."""
    addresses = Addresses(clickhouse=url, worker=worker, kafka="127.0.0.1:9")
    settings = ConsoleSettings(
        database=f"sqlite:///{database}",
        programs=PROGRAMS,
        partitions=PARTITIONS,
        console_token=SecretStr(TOKEN),
        drop_secret=SecretStr("of the draw"),
    )
    app = create_app(settings, addresses, Warehouse(url))
    if wire:
        app.state.console.publish = wire
        app.state.console.catch_up = lambda _client: None  # without Kafka
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    served = f"http://127.0.0.1:{port}"
    forget(served)
    try:
        yield served
    finally:
        forget(served)
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def server() -> Callable[..., Any]:
    """Serves a console: see `serve`."""
    return serve


class Worker(BaseHTTPRequestHandler):
    """Stands in for a worker's web view."""

    def do_GET(self) -> None:
        account = self.path.rpartition("/")[2].replace("%3A", ":")
        known = account == "cj:17"
        body = {
            "account": account, "program": PROGRAM, "posted": 1_234, "pending": 34,
            "available": 1_200, "version": 57,
            "as_of": {"partition": 3, "offset": 99, "time": "2026-11-23T15:00:00Z"},
        }  # fmt: skip
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body if known else {"error": "unknown"}).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def worker() -> Iterator[str]:
    """The address of a worker that knows one wallet, cj:17."""
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Worker)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()


@pytest.fixture(scope="session")
def console_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the session's console keeps its drops."""
    return tmp_path_factory.mktemp("console") / "console.sqlite"


@pytest.fixture(scope="session")
def console(real_world: World, worker: str, console_database: Path) -> Iterator[str]:
    """The address of a console on the real campaigns, with a draft and a launched drop."""
    database = console_database
    wire = Wire()
    with Session(open_database(f"sqlite:///{database}")) as session:
        for name, budget in (("spring", 100_000), ("autumn", 40_000)):
            register.create(
                session,
                real_world.client,
                Terms(name=name, program=PROGRAM, budget=budget, amount=500,
                      audience="households", holdout=0.1),
                programs=PROGRAMS, partitions=PARTITIONS, secret="s", who="ann", now=NOW,
            )  # fmt: skip
        launch.launch(session, real_world.client, "spring", publisher=wire, who="ann", now=NOW)
    real_world.take(wire.events())
    with serve(real_world.url, database, worker) as url:
        yield url


@pytest.fixture
def web(console: str) -> Iterator[httpx.Client]:
    """A client of the console that has signed in, as who may do everything."""
    with signed_in(console, timeout=60) as client:
        yield client
