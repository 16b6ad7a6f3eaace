"""Sign-in by OpenID Connect, with a real provider on a port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import oidc_provider_mock
import pytest
from pydantic import SecretStr

from tests.console.access.conftest import House

if TYPE_CHECKING:
    from collections.abc import Iterator

MO = "mo@platform.example"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def house(database: str, provider: str) -> House:
    made = House(
        database, oidc_issuer=provider, oidc_client="flowdrop", oidc_secret=SecretStr("secret")
    )
    made.administrator()
    made.person(MO, "marketer")
    made.now = made.now.now(made.now.tzinfo)  # the provider's clock
    return made


def know(provider: str, subject: str, **claims: Any) -> None:
    httpx.put(f"{provider}/users/{subject}", json=claims).raise_for_status()


def go(house: House, subject: str, change: str = "") -> tuple[Any, Any]:
    """Sign in at the provider as a subject, and come back."""
    client = house.client()
    away = client.get("/provider")
    assert away.status_code == 303
    address = away.headers["location"]
    assert "code_challenge_method=S256" in address
    sent = httpx.post(address, data={"sub": subject})
    assert sent.status_code == 302, sent.text
    back = urlsplit(sent.headers["location"])
    return client, client.get(f"{back.path}?{change or back.query}")


def test_somebody_invited_signs_in_by_the_provider(house: House, provider: str) -> None:
    know(provider, "mo", email=MO, email_verified=True)
    client, answer = go(house, "mo")
    assert answer.headers["location"] == "/", answer.text
    assert client.get("/api/me").json()["name"] == MO
    know(provider, "mo", email="renamed@platform.example", email_verified=True)
    client, _ = go(house, "mo")
    assert client.get("/api/me").json()["name"] == MO, "known by the provider's own number"


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@platform.example", "email_verified": True},
        {"email": MO, "email_verified": False},
        {"email": MO},
        {},
    ],
)
def test_nobody_else_does(house: House, provider: str, claims: dict[str, Any]) -> None:
    subject = f"other-{len(claims)}-{claims.get('email_verified')}"
    know(provider, subject, **claims)
    client, answer = go(house, subject)
    assert answer.status_code == 401
    assert client.get("/api/me").status_code == 401


def test_an_answer_to_another_question_is_refused(house: House, provider: str) -> None:
    know(provider, "mo", email=MO, email_verified=True)
    client, answer = go(house, "mo", change="code=stolen&state=other")
    assert answer.status_code == 401
    assert client.get("/api/me").status_code == 401
    assert house.client().get("/provider/back?code=x&state=y").status_code == 401


def test_a_provider_that_is_away_is_told(database: str) -> None:
    house = House(database, oidc_issuer="http://127.0.0.1:9")
    answer = house.client().get("/provider")
    assert answer.status_code == 502
    assert "does not answer" in answer.text
