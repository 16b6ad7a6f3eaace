"""A console without a warehouse, on SQLite and on PostgreSQL, whose clock a test sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from console.access import people
from console.access.people import Post
from console.access.permission import machine
from console.access.roles import ADVERTISER, PLATFORM
from console.database import open_database
from console.settings import ConsoleSettings
from console.warehouse import Warehouse
from console.web.app import create_app
from flowdrop.settings import Addresses
from tests.console.signing import EMAIL, PASSWORD, TOKEN, begin, sign_in
from tests.console.world import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

URL = "http://127.0.0.1:8000"
NOWHERE = "http://default:@127.0.0.1:9/default"


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Makes databases in a real PostgreSQL and returns their URLs."""
    pgserver = pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    numbers = iter(range(1_000))

    def make() -> str:
        name = f"access_{next(numbers)}"
        server.psql(f"create database {name}")
        uri: str = server.get_uri(name)
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)

    yield make
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'console.sqlite'}"
    made: str = request.getfixturevalue("postgres")()
    return made


class House:
    """A console in this process, and its clock."""

    def __init__(self, database: str, **settings: Any) -> None:
        self.now = datetime(2026, 11, 2, 9, tzinfo=UTC)
        self.database = database
        self.address = settings.pop("address", URL)
        own = {
            "console_token": SecretStr(TOKEN),
            "programs": PROGRAMS,
            **settings,
        }
        addresses = Addresses(console=self.address, clickhouse=NOWHERE, kafka="127.0.0.1:9")
        made = ConsoleSettings(database=database, **own)
        self.app = create_app(made, addresses, Warehouse(NOWHERE))
        self.app.state.console.now = lambda: self.now

    def client(self, **options: Any) -> TestClient:
        """A browser that has not signed in."""
        return TestClient(self.app, base_url=URL, follow_redirects=False, **options)

    def administrator(self) -> TestClient:
        """A browser of the first administrator, made when there is none."""
        client = self.client()
        if 'id="email"' in client.get("/sign-in").text:
            assert sign_in(client).status_code == 303
        else:
            begin(client)
        return client

    def session(self) -> Session:
        return Session(open_database(self.database))

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def person(self, email: str, *roles: str, of: str = "") -> TestClient:
        """A browser of a new person, who was invited, chose a password and signed in."""
        with self.session() as session:
            post = Post(kind=ADVERTISER if of else PLATFORM, organisation=of, roles=roles)
            _, key = people.invite(
                session, machine("test"), email=email, name=email, post=post, now=self.now
            )
            people.choose_password(session, key, PASSWORD, self.now)
        client = self.client()
        assert sign_in(client, email).status_code == 303
        return client


@pytest.fixture
def house(database: str) -> House:
    return House(database)


@pytest.fixture
def ada(house: House) -> TestClient:
    """The first administrator's browser."""
    return house.administrator()


__all__ = ["EMAIL", "House"]
