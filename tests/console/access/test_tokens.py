"""API tokens: scopes, ends, and never more than their person may do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from console.access.tables import ApiToken
from tests.console.signing import TOKEN, submit

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from tests.console.access.conftest import House


def make(client: TestClient, *scopes: str, days: int = 30) -> str:
    answer = submit(
        client, "/account", "/account/tokens", name="nightly", days=days, scope=list(scopes)
    )
    found = re.search(r"fdt_\w+_[\w-]+", answer.text)
    assert found, answer.text
    return found[0]


def asks(house: House, token: str, path: str = "/api/me") -> Any:
    return house.client(headers={"Authorization": f"Bearer {token}"}).get(path)


def test_a_token_acts_for_its_person_in_its_scopes(house: House, ada: TestClient) -> None:
    token = make(ada, "drop.read")
    assert asks(house, token).json()["actions"] == ["drop.read"]
    assert asks(house, token, "/api/drops").status_code == 200
    refused = asks(house, token, "/api/people")
    assert refused.status_code == 403
    assert "lacks the scope people.manage" in refused.json()["error"]
    with house.session() as session:
        stored = session.scalars(select(ApiToken)).one()
        assert token.rpartition("_")[2] not in stored.key_hash, "only a hash is kept"


def test_it_may_never_more_than_its_person(house: House, ada: TestClient) -> None:
    mo = house.person("mo@platform.example", "marketer")
    token = make(mo, "drop.read", "people.manage")
    assert asks(house, token).json()["actions"] == ["drop.read"]
    assert asks(house, token, "/api/people").status_code == 403
    assert submit(ada, "/people", "/people/2/roles", role="administrator").status_code == 303
    assert asks(house, token, "/api/drops").status_code == 403, "the role is gone"
    assert submit(ada, "/people", "/people/2/active", to="off").status_code == 303
    assert asks(house, token).status_code == 401


def test_it_ends(house: House, ada: TestClient) -> None:
    token = make(ada, "drop.read", days=2)
    house.wait(days=1.9)
    assert asks(house, token).status_code == 200
    house.wait(days=0.2)
    assert asks(house, token).status_code == 401


def test_it_is_revoked(house: House, ada: TestClient) -> None:
    token = make(ada, "drop.read")
    mo = house.person("mo@platform.example", "marketer")
    number = token.split("_")[1]
    submit(mo, "/account", f"/account/tokens/{number}/revoke")
    assert asks(house, token).status_code == 200, "not somebody else's"
    submit(ada, "/account", f"/account/tokens/{number}/revoke")
    assert asks(house, token).status_code == 401


def test_what_is_no_token_is_nobody(house: House, ada: TestClient) -> None:
    number = make(ada, "drop.read").split("_")[1]
    for token in ("", "x", "fdt_", f"fdt_{number}", f"fdt_{number}_x", "fdt_\N{SNOWMAN}_x"):
        headers = {"Authorization": f"Bearer {token}".encode()}
        assert house.client(headers=headers).get("/api/me").status_code == 401
        headers["Cookie"] = f"flowdrop_session={ada.cookies['flowdrop_session']}".encode()
        answer = house.client(headers=headers).get("/api/me")
        assert answer.status_code == 401, "a token is believed alone"


def test_the_consoles_own_token_is_the_operator(house: House) -> None:
    me = asks(house, TOKEN).json()
    assert me["roles"] == ["administrator", "operator"]
    assert asks(house, TOKEN, "/account").status_code == 400


def test_bad_tokens_are_refused_in_words(ada: TestClient) -> None:
    for fields, words in (
        ({"days": 400, "scope": "drop.read"}, "is not 1 to 366"),
        ({"days": 30}, "choose at least one"),
    ):
        answer = submit(ada, "/account", "/account/tokens", name="x", **fields)
        assert answer.status_code == 422
        assert words in answer.text
