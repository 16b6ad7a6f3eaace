"""The server under test: a process of its own on a free port and a temporary folder."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

import clickhouse_connect
import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client


class Engine:
    """A running `python -m local.clickhouse`."""

    passwords: ClassVar = {name: secrets.token_hex(32) for name in ("admin", "feed", "read")}

    def __init__(self, path: Path, *options: str) -> None:
        command = [sys.executable, "-m", "local.clickhouse", "--port", "0", "--path", str(path)]
        self.process = subprocess.Popen(
            [*command, *options],
            env=os.environ
            | {f"FLOWDROP_ENGINE_{name.upper()}": word for name, word in self.passwords.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()
        found = re.search(r"http://([\d.]+):(\d+)", self.ready)
        assert found, self.ready + self.process.stdout.read()
        self.port = int(found[2])
        self.url = found[0]

    def client(self, user: str = "admin", **options: Any) -> Client:
        return clickhouse_connect.get_client(
            host="127.0.0.1",
            port=self.port,
            username=user,
            password=self.passwords[user],
            **({"autogenerate_session_id": False} | options),
        )

    def address(self, user: str = "admin") -> str:
        """Return the URL by which `user` asks."""
        return f"http://{user}:{self.passwords[user]}@127.0.0.1:{self.port}"

    def http(self, user: str = "admin", **options: Any) -> httpx.Client:
        """Return a client that is not clickhouse-connect."""
        return httpx.Client(
            base_url=self.url, auth=(user, self.passwords[user]), **({"timeout": 30} | options)
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Send SIGTERM and return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One server for all tests that do not stop it."""
    running = Engine(tmp_path_factory.mktemp("engine"))
    yield running
    assert running.stop() == 0
    running.close()


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[Any]:
    """A function that starts servers on one folder, for tests that end them."""
    started: list[Engine] = []

    def start(*options: str) -> Engine:
        started.append(Engine(tmp_path / "data", *options))
        return started[-1]

    yield start
    for running in started:
        running.close()


@pytest.fixture
def database(engine: Engine) -> Iterator[str]:
    """A database of the test's own."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    client = engine.client()
    client.command(f"CREATE DATABASE {name} ENGINE = Atomic")
    yield name
    client.command(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def client(engine: Engine, database: str) -> Client:
    """A client on a database of the test's own."""
    return engine.client(database=database)
