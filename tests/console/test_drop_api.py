"""Programs make, approve and launch drops by tokens, held to what their people may do."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy.orm import Session

from console.access import people, tokens
from console.access.people import Post
from console.access.permission import machine
from console.access.roles import APPROVER, MARKETER, PLATFORM
from console.access.sign_ins import actor_in, first_organisation
from console.database import open_database
from tests.console.signing import PASSWORD, signed_in
from tests.console.world import PROGRAM, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.console.world import World

pytestmark = pytest.mark.clickhouse

ROOT = Path(__file__).parents[2]
PEOPLE = [f"cj:{n}" for n in range(100)]
SMALL = {
    "name": "spring", "program": PROGRAM, "audience": "all", "amount": 500, "budget": 40_000,
}  # fmt: skip
LARGE = SMALL | {"name": "summer", "budget": 150_000}  # one approver, by the usual policy
EVERYTHING = ("drop.read", "drop.write", "drop.launch", "drop.approve")


class Desk:
    """A console, and programs of its people."""

    def __init__(self, url: str, database: str) -> None:
        self.url = url
        self._database = database

    def program(self, email: str, *roles: str, scopes: tuple[str, ...] = EVERYTHING) -> Program:
        """A program with a token of a new person."""
        with Session(open_database(self._database)) as session:
            now = datetime.now(UTC)
            post = Post(kind=PLATFORM, organisation="", roles=roles)
            user, key = people.invite(
                session, machine("test"), email=email, name=email, post=post, now=now
            )
            people.choose_password(session, key, PASSWORD, now)
            at = first_organisation(user)
            token = tokens.create(
                session, actor_in(user, at), organisation=at, name="t", scopes=scopes, days=1,
                now=now,
            )  # fmt: skip
        return Program(self.url, token)


class Program:
    def __init__(self, url: str, token: str) -> None:
        self._drops = f"{url}/api/drops"
        self._web = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def post(self, to: str = "", body: Any = None) -> httpx.Response:
        sent = {} if body is None else {"json": body}
        return self._web.post(self._drops + to, **sent)

    def get(self, to: str) -> Any:
        return self._web.get(self._drops + to).json()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def desk(server: Callable[..., Any], world: World, tmp_path: Path, wire: Wire) -> Iterator[Desk]:
    world.open(PEOPLE[:98])
    world.consent("cj:3", 1, granted=False)
    world.audience("all", PEOPLE)
    path = tmp_path / "console.sqlite"
    with server(world.url, path, wire=wire) as url:
        yield Desk(url, f"sqlite:///{path}")


def test_a_drop_is_counted_made_and_launched_once(desk: Desk, wire: Wire, world: World) -> None:
    mara = desk.program("mara@platform.example", MARKETER)
    counted = mara.post("/sketch", SMALL).json()
    assert (counted["treated"], counted["holdout"], counted["cost"]) == (80, 9, 40_000)
    assert counted["approvers"] == 0
    made = mara.post("", SMALL)
    assert (made.status_code, made.headers["location"]) == (201, "/api/drops/spring")
    assert made.json()["treated"] == counted["treated"]
    assert made.json() == mara.get("/spring/preview")
    assert wire.sent == []
    launched = mara.post("/spring/launch")
    assert launched.status_code == 200
    assert launched.json() == {"name": "spring", "events": len(wire.sent), "state": "launched"}
    first = set(wire.sent)
    world.take(wire.events())
    again = mara.post("/spring/launch")
    assert again.status_code == 200
    assert set(wire.sent) == first, "nobody is granted twice"


def test_what_is_large_takes_somebody_else(desk: Desk, wire: Wire) -> None:
    mara = desk.program("mara@platform.example", MARKETER, APPROVER)
    april = desk.program("april@platform.example", APPROVER)
    assert mara.post("", LARGE).json()["state"] == "draft"
    assert mara.post("/summer/launch").status_code == 409
    assert mara.post("/summer/submit").json()["state"] == "in_review"
    own = mara.post("/summer/approve")
    assert (own.status_code, own.json()["kind"]) == (403, "forbidden")
    assert april.post("/summer/submit").status_code == 403
    assert april.post("/summer/reject").status_code == 400, "without a reason"
    review = april.get("/summer/approval")["review"]
    assert april.post("/summer/approve", {"review": review + 1}).status_code == 409
    approved = april.post("/summer/approve", {"review": review, "reason": "fine"})
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert april.post("/summer/approve").status_code == 409, "it is decided"
    stands = april.get("/summer/approval")
    assert [(one["who"], one["reason"]) for one in stands["decisions"]] == [
        ("april@platform.example", "fine")
    ]
    assert april.post("/summer/launch").status_code == 403
    assert wire.sent == []
    assert mara.post("/summer/launch").json()["state"] == "launched"
    assert len(wire.sent) > 80
    assert mara.post("/summer/cancel").status_code == 400, "it was launched"


def test_it_may_be_withdrawn_rejected_and_cancelled(desk: Desk) -> None:
    mara = desk.program("mara@platform.example", MARKETER)
    april = desk.program("april@platform.example", APPROVER)
    mara.post("", LARGE)
    mara.post("/summer/submit")
    assert mara.post("/summer/withdraw").json()["state"] == "draft"
    assert mara.post("/summer/withdraw").status_code == 409
    mara.post("/summer/submit")
    assert april.post("/summer/reject", {"reason": "too dear"}).json()["state"] == "draft"
    assert mara.post("/summer/cancel").json()["state"] == "cancelled"
    assert mara.post("/summer/submit").status_code == 409


def test_a_token_does_what_its_scopes_say(desk: Desk) -> None:
    reads = desk.program("mara@platform.example", MARKETER, scopes=("drop.read",))
    for to, body in (("", SMALL), ("/sketch", SMALL), ("/spring/launch", None)):
        found = reads.post(to, body)
        assert found.status_code == 403
        assert "lacks the scope" in found.json()["error"]


def test_a_sign_in_alone_changes_nothing(desk: Desk) -> None:
    with signed_in(desk.url) as browser:
        for to, body in (("", SMALL), ("/spring/launch", None), ("/spring/approve", None)):
            found = browser.post(f"/api/drops{to}", json=body)
            assert found.status_code == 403
            assert "takes a token" in found.json()["error"]
        assert browser.get("/api/drops").json() == []
    stranger = httpx.post(f"{desk.url}/api/drops", json=SMALL)
    assert (stranger.status_code, stranger.json()["kind"]) == (401, "stranger")


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"amount": None}, 422, "amount: None is not of its type"),
    ({"amount": "many"}, 422, "amount: 'many' is not of its type"),
    ({"amount": 0.5}, 422, "amount: 0.5 is not of its type"),
    ({"amount": 10**30}, 400, "amount: "),
    ({"holdout": 2}, 400, "holdout: 2 is not between"),
    ({"until": "soon"}, 422, "until: 'soon' is not of its type"),
    ({"until": "0001-01-01T00:00:00+14:00"}, 400, "until: "),
    ({"until": "9999-12-31T23:59:59-14:00"}, 400, "until: "),
    ({"goals": "visit_rate"}, 422, "goals: 'visit_rate' is not of its type"),
    ({"goals": ["likes"]}, 400, "likes"),
    ({"amonut": 5}, 422, "amonut: no such field"),
    ({"name": "../x"}, 400, "name: '../x' is not a valid name"),
    ({"name": "x" * 5_000}, 400, "is not a valid name"),
    ({"audience": "nobody"}, 400, "is not frozen for program"),
    ({"program": "gold"}, 400, "program: 'gold' is not one of"),
]


def test_what_is_wrong_names_field_value_and_remedy(desk: Desk) -> None:
    mara = desk.program("mara@platform.example", MARKETER)
    for to in ("", "/sketch"):
        for changed, status, words in WRONG:
            found = mara.post(to, SMALL | changed)
            assert (found.status_code, words in found.json()["error"]) == (status, True), changed
            assert len(found.content) < 1_000, "nothing is echoed whole"
        lacking = mara.post(to, {key: SMALL[key] for key in SMALL if key != "budget"})
        assert "budget: the body lacks it" in lacking.json()["error"]
        for body in ([], "x", 5):
            assert "not a JSON object" in mara.post(to, body).json()["error"]
    assert mara.get("") == []
    missing = mara.post("/spring/submit")
    assert (missing.status_code, missing.json()["kind"]) == (404, "unknown_drop")


def test_the_example_of_the_docs_works(desk: Desk, world: World) -> None:
    world.audience("redeemers", PEOPLE)
    text = (ROOT / "docs" / "access.md").read_text()
    (body,) = re.findall(r"-d '(\{.*?\})'", text)
    mara = desk.program("mara@platform.example", MARKETER)
    assert mara.post("", json.loads(body)).status_code == 201
