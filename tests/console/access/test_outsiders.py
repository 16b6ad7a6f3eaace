"""Every route and export, asked by nobody and by another organisation's people.

The console serves the real campaigns. What it asks the warehouse is written down: whatever an
advertiser's person makes it ask is bound to that advertiser or to campaigns of theirs.
"""

from __future__ import annotations

import io
import re
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from console.access import people
from console.access.people import Post
from console.access.permission import machine
from console.access.roles import ADVERTISER, VIEWER
from console.database import open_database
from console.reporting.found import reports
from console.settings import ConsoleSettings
from console.warehouse import Warehouse
from console.web.app import create_app
from console.web.door import is_open
from console.web.parameters import declared
from flowdrop.settings import Addresses
from sql.client import text
from tests.console.signing import PASSWORD, TOKEN, sign_in
from tests.console.world import NOW, PROGRAM, PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from tests.console.world import World

pytestmark = [pytest.mark.clickhouse, pytest.mark.timeout(900)]  # they open every page

OWN, OTHERS = "cj-8", ("cj-13", "hillstrom", "spring")
UNHEARD_OF = {"cj-13": "cj-99", "hillstrom": "unheard-of", "spring": "unheard-of"}  # as like hers
VERA = "vera@cj-8.example"
# Asked without a campaign or advertiser, and why that tells nothing of anybody else's.
OF_NOBODY = {
    "reports/population",  # how many people there are, of whom a share is reached
    "reports/reach_zone",  # in which zone days are stored
    "reports/advertisers",  # whose each campaign is; only the own are looked up in it
    "reports/campaign_names",  # whether a name is known; own ones are suggested only
    "reports/stored",  # how far the warehouse has come
    "reports/suspects",  # whether anybody was judged at all
}


class Written:
    """A way to the warehouse that writes down what is asked."""

    def __init__(self, url: str) -> None:
        self._real = Warehouse(url)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    @contextmanager
    def client(self) -> Iterator[Any]:
        with self._real.client() as client:
            yield Asking(client, self.asked)


class Asking:
    """A client of the warehouse that writes down queries and their bound values."""

    def __init__(self, client: Any, asked: list[tuple[str, dict[str, Any]]]) -> None:
        self._client = client
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not name.startswith("query"):
            return found

        def ask(query: str, *args: Any, **kwargs: Any) -> Any:
            self._asked.append((query, kwargs.get("parameters") or {}))
            return found(query, *args, **kwargs)

        return ask


@pytest.fixture(scope="module")
def written(real_world: World) -> Written:
    return Written(real_world.url)


@pytest.fixture(scope="module")
def app(written: Written, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    database = f"sqlite:///{tmp_path_factory.mktemp('outside') / 'console.sqlite'}"
    with Session(open_database(database)) as session:
        post = Post(kind=ADVERTISER, organisation=OWN, roles=(VIEWER,))
        _, key = people.invite(
            session, machine("test"), email=VERA, name="Vera", post=post, now=NOW
        )
        people.choose_password(session, key, PASSWORD, NOW)
    settings = ConsoleSettings(database=database, programs=PROGRAMS, console_token=SecretStr(TOKEN))
    made = create_app(settings, Addresses(kafka="127.0.0.1:9"), written)  # type: ignore[arg-type]
    made.state.console.now = lambda: NOW
    return made


def browser(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False)


@pytest.fixture
def vera(app: FastAPI) -> TestClient:
    client = browser(app)
    assert sign_in(client, VERA).status_code == 303
    return client


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path that the console answers, as they are declared."""
    found = [
        (method, route.path)
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods)
    ]
    assert len(found) > 100
    return found


def filled(path: str, name: str = "spring") -> str:
    return re.sub(r"\{[^}]+\}", name, path)


def asking(app: FastAPI, path: str, campaign: str) -> str:
    """An address that names a campaign in every parameter that it has of those that name one."""
    takes = {
        name
        for route in app.routes
        if isinstance(route, APIRoute) and "GET" in route.methods and route.path_regex.match(path)
        for name in declared(route)
    }
    names = [(name, campaign) for name in ("campaign", "a", "b", "name", "audience", "party")]
    more = [("campaign", campaign), ("month", "2026-11"), ("amount", "1"), ("program", PROGRAM)]
    return f"{path}?{urlencode([each for each in (*names, *more) if each[0] in takes])}"


def content(answer: Any) -> str:
    """What an answer says; of a workbook without the time at which it was made."""
    if not answer.content.startswith(b"PK"):
        return str(answer.text)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        names = [name for name in book.namelist() if not name.startswith("docProps/")]
        return "".join(book.read(name).decode() for name in names)


def test_nobody_gets_anywhere(app: FastAPI, written: Written) -> None:
    written.asked.clear()
    for method, path in (*routes(app), ("GET", "/api/openapi.json")):
        if is_open(path):
            continue
        answer = browser(app).request(method, asking(app, filled(path), OWN))
        assert answer.status_code == 401, (method, path)
    assert written.asked == [], "nothing was asked"


@pytest.mark.parametrize("other", OTHERS)
def test_others_campaigns_are_not_there(app: FastAPI, vera: TestClient, other: str) -> None:
    """Nothing of another's is in any answer; to the last character it is as for no campaign."""
    for method, path in routes(app):
        if is_open(path) or method != "GET" or path.startswith("/account"):
            continue
        said = []
        for name in (other, UNHEARD_OF[other]):
            answer = vera.get(asking(app, filled(path, name), name))
            words = re.sub(r"[0-9a-f]{64}", "CSRF", content(answer)).replace(name, "NAME")
            said.append((answer.status_code, words))
        assert said[0] == said[1], path
        assert said[0][0] != 500, path


def test_as_another_organisation_nobody_sees(app: FastAPI, vera: TestClient) -> None:
    for report in reports().values():
        if report.served:
            for where in (f"/api/{report.name}", report.place, f"{report.place}.csv"):
                answer = vera.get(f"{asking(app, where, OWN)}&as_organisation=hillstrom")
                assert answer.status_code in {404, 422}, where


def test_closed_reports_say_so(app: FastAPI, vera: TestClient) -> None:
    answer = vera.get(asking(app, "/api/settlement", OWN))
    assert answer.status_code == 400
    assert "for the platform's staff only" in answer.json()["error"]
    assert vera.get(asking(app, "/api/outcome", OWN)).status_code == 404  # drops are the platform's


def test_whatever_is_asked_for_an_organisation_carries_its_filter(
    app: FastAPI, vera: TestClient, written: Written
) -> None:
    written.asked.clear()
    answered = 0
    for method, path in routes(app):
        if method != "GET" or is_open(path):
            continue
        for address in (asking(app, filled(path), OWN), filled(path)):
            answered += vera.get(address).status_code == 200
    for address in (
        f"/api/frequency?campaign={OWN}&by=channel",
        f"/api/frequency?advertiser={OWN}",
        f"/frequency/query?campaign={OWN}",
        "/api/campaigns",
        "/campaigns.csv",
    ):
        assert vera.get(address).status_code == 200, address
        answered += 1
    assert answered > 10
    assert written.asked
    unbound = {text(name) for name in OF_NOBODY}
    unexplained = {}
    for query, values in written.asked:
        bound = [values[name] for name in ("campaigns", "campaign", "advertiser") if name in values]
        named = {each for one in bound for each in ([one] if isinstance(one, str) else one)}
        if named != {OWN} and query not in unbound:
            unexplained[query[:300]] = values
    assert not unexplained


def test_a_viewer_changes_nothing(app: FastAPI, vera: TestClient) -> None:
    page = vera.get("/account").text
    form = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert form
    for method, path in routes(app):
        if method == "GET" or is_open(path) or path.startswith(("/account", "/sign-out", "/demo")):
            continue
        answer = vera.request(method, filled(path, "1"), data={"csrf": form[1]})
        assert answer.status_code == 404, path


def test_every_route_is_behind_the_door_or_named_open(app: FastAPI) -> None:
    is_stranger = {path for _, path in routes(app) if is_open(path)}
    assert is_stranger == {
        *("/healthz", "/enter", "/welcome", "/sign-in", "/sign-in/code", "/forgotten"),
        *("/invitation", "/provider", "/provider/back"),
    }
