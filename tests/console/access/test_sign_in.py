"""Signing in: the first administrator, passwords, codes, ends, and what strangers get."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pyotp
import pytest
from sqlalchemy import select

from console.access.tables import SecondFactor, SignIn, User
from tests.console.access.conftest import House
from tests.console.signing import EMAIL, PASSWORD, begin, csrf, enter, sign_in, submit

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_before_anybody_there_is_only_the_terminals_link(house: House) -> None:
    client = house.client()
    page = client.get("/sign-in")
    assert "flowdrop console link" in page.text
    assert 'type="password"' not in page.text
    assert client.get("/welcome").status_code == 401
    assert client.post("/welcome", data={"email": EMAIL}).status_code == 403
    begin(client)
    assert client.get("/people").status_code == 200


def test_there_is_one_first_administrator(house: House) -> None:
    late, early = house.client(), house.client()
    assert enter(late).headers["location"] == "/welcome"
    form = csrf(late.get("/welcome").text)
    begin(early)
    answer = late.post(
        "/welcome", data={"csrf": form, "email": "m@x.example", "name": "M", "password": PASSWORD}
    )
    assert answer.status_code == 401
    with house.session() as session:
        assert [user.email for user in session.scalars(select(User))] == [EMAIL]


def test_people_invited_before_keep_nobody_from_becoming_administrator(house: House) -> None:
    house.person("mo@platform.example", "marketer")
    client = house.client()
    assert enter(client).headers["location"] == "/welcome"
    made = submit(client, "/welcome", "/welcome", email=EMAIL, name="Ada", password=PASSWORD)
    assert made.status_code == 303
    assert client.get("/people").status_code == 200
    house.now = house.now.now(house.now.tzinfo)  # tickets end by the clock on the wall
    assert enter(house.client()).headers["location"] == "/"


@pytest.mark.parametrize(
    ("password", "words"),
    [("short", "12 to"), ("aaaaaaaaaaaaaaaa", "easily guessed"), ("ada-likes-tea-12", "easily")],
)
def test_a_bad_password_is_refused_in_words(house: House, password: str, words: str) -> None:
    client = house.client()
    enter(client)
    answer = submit(client, "/welcome", "/welcome", email=EMAIL, name="Ada", password=password)
    assert answer.status_code == 422
    assert words in answer.text


def test_who_is_wrong_is_not_told(house: House, ada: TestClient) -> None:  # noqa: ARG001
    answers = []
    for email in (EMAIL, "nobody@platform.example"):
        answer = sign_in(house.client(), email, "not the password at all")
        assert answer.status_code == 401
        answers.append(csrf(answer.text) and answer.text.replace(email, "EMAIL"))
    first, second = (text.replace(csrf(text), "CSRF") for text in answers)
    assert first == second
    assert "email or password is wrong" in first


def test_too_many_tries_are_refused_for_a_while(house: House, ada: TestClient) -> None:  # noqa: ARG001
    client = house.client()
    for _ in range(5):
        assert sign_in(client, password="wrong").status_code == 401
    refused = sign_in(client)
    assert refused.status_code == 429, "the right one, too"
    assert "15 minutes" in refused.text
    house.wait(minutes=16)
    assert sign_in(client).status_code == 303


def test_it_goes_on_where_one_was(house: House, ada: TestClient) -> None:  # noqa: ARG001
    client = house.client()
    page = client.get("/drops/spring?offset=3")
    assert page.status_code == 401
    assert 'name="to" value="/drops/spring?offset=3"' in page.text
    for to, then in {
        "/drops": "/drops",
        "//evil.example": "/",
        "https://evil.example": "/",
        "/\\evil.example": "/",
    }.items():
        form = csrf(client.get("/sign-in").text)
        fields = {"csrf": form, "email": EMAIL, "password": PASSWORD, "to": to}
        assert client.post("/sign-in", data=fields).headers["location"] == then


def test_the_cookie_is_for_this_site_and_no_script(house: House, ada: TestClient) -> None:  # noqa: ARG001
    cookie = sign_in(house.client()).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    secure = House(house.database, address="https://console.example")
    answer = sign_in(secure.client())
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]


def test_a_cookie_that_we_did_not_sign_opens_nothing(house: House, ada: TestClient) -> None:
    own = ada.cookies["flowdrop_session"]
    with house.session() as session:
        stored = session.scalars(select(SignIn.key_hash)).first()
    # one letter of each part changed; not the last, whose lowest bits say nothing
    parts = own.split(".")
    altered = [
        ".".join([*parts[:n], ("A" if part[0] != "A" else "B") + part[1:], *parts[n + 1 :]])
        for n, part in enumerate(parts)
    ]
    assert len(altered) > 1
    for forged in ("", "x", *altered, f"{stored}.x"):
        client = house.client(cookies={"flowdrop_session": forged})
        assert client.get("/drops").status_code == 401


def test_idle_it_ends_and_at_last_it_ends(house: House, ada: TestClient) -> None:
    for _ in range(9):
        house.wait(minutes=79)
        assert ada.get("/account").status_code == 200
    house.wait(minutes=10)
    assert ada.get("/account").status_code == 401, "after twelve hours"
    assert sign_in(ada).status_code == 303
    house.wait(minutes=121)
    assert ada.get("/account").status_code == 401, "after two idle hours"


def test_signing_out_ends_it_on_the_server(house: House, ada: TestClient) -> None:
    kept = ada.cookies["flowdrop_session"]
    answer = submit(ada, "/account", "/sign-out")
    assert answer.headers["location"] == "/sign-in"
    again = house.client(cookies={"flowdrop_session": kept})
    assert again.get("/account").status_code == 401


def test_another_password_ends_every_other_sign_in(house: House, ada: TestClient) -> None:
    other = house.client()
    assert sign_in(other).status_code == 303
    new = "another four random words"
    wrong = submit(ada, "/account", "/account/password", old="no", new=new)
    assert wrong.status_code == 422
    assert other.get("/account").status_code == 200
    assert submit(ada, "/account", "/account/password", old=PASSWORD, new=new).status_code == 303
    assert ada.get("/account").status_code == 200
    assert other.get("/account").status_code == 401
    assert sign_in(house.client()).status_code == 401
    assert sign_in(house.client(), password=new).status_code == 303


def phone(house: House) -> pyotp.TOTP:
    with house.session() as session:
        return pyotp.TOTP(session.scalars(select(SecondFactor.secret)).one())


def test_with_a_second_factor_a_password_is_half_of_it(house: House, ada: TestClient) -> None:
    page = submit(ada, "/account", "/account/second-factor")
    assert "<svg" in page.text
    totp = phone(house)
    assert totp.secret in page.text
    for code, status in (("000000", 422), (totp.at(house.now), 303)):
        fields = {"csrf": csrf(page.text), "code": code}
        assert ada.post("/account/second-factor/confirm", data=fields).status_code == status
    house.wait(minutes=1)
    client = house.client()
    half = sign_in(client)
    assert half.status_code == 200
    assert 'name="code"' in half.text
    assert client.get("/account").status_code == 401, "not in yet"
    fields = {"csrf": csrf(half.text), "to": "/drops"}
    wrong = client.post("/sign-in/code", data={**fields, "code": "123 456"})
    assert wrong.status_code == 422
    code = totp.at(house.now)
    done = client.post("/sign-in/code", data={**fields, "code": f"{code[:3]} {code[3:]}"})
    assert done.headers["location"] == "/drops"
    assert client.get("/account").status_code == 200
    again = house.client()
    half = sign_in(again)
    fields["csrf"] = csrf(half.text)
    replayed = again.post("/sign-in/code", data={**fields, "code": code})
    assert replayed.status_code == 422, "a code works once"


def test_codes_are_throttled_too(house: House, ada: TestClient) -> None:
    page = submit(ada, "/account", "/account/second-factor")
    fields = {"csrf": csrf(page.text), "code": phone(house).at(house.now)}
    assert ada.post("/account/second-factor/confirm", data=fields).status_code == 303
    client = house.client()
    fields = {"csrf": csrf(sign_in(client).text), "code": "000000"}
    statuses = [client.post("/sign-in/code", data=fields).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert sign_in(house.client()).status_code == 429


def test_a_ticket_names_whom_it_signs_in(house: House, ada: TestClient) -> None:  # noqa: ARG001
    house.person("mo@platform.example", "marketer")
    client = house.client()
    house.now = house.now.now(house.now.tzinfo)  # tickets end by the clock on the wall
    assert enter(client, who="mo@platform.example").status_code == 303
    assert "mo@platform.example" in client.get("/account").text
    assert enter(house.client(), who="nobody@x.example").status_code == 404
    assert enter(house.client(), token="another").status_code == 401


def test_without_the_setting_a_link_lets_the_operator_in(database: str) -> None:
    house = House(database, sign_in=False)
    house.now = house.now.now(house.now.tzinfo)  # tickets end by the clock on the wall
    client = house.client()
    assert client.get("/drops").status_code == 401
    assert enter(client).headers["location"] == "/"
    assert client.get("/drops").status_code == 200
    assert client.get("/api/me").json()["roles"] == ["administrator", "operator"]
    forged = house.client(cookies={"flowdrop_session": "x"})
    assert forged.get("/drops").status_code == 401


def test_strangers_may_not_ask_without_end(house: House) -> None:
    client = house.client()
    statuses = {client.get("/sign-in").status_code for _ in range(300)}
    assert statuses == {200, 429}


def test_headers_of_the_door(house: House) -> None:
    answer = house.client().get("/sign-in")
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "camera=()" in answer.headers["permissions-policy"]


def test_passwords_are_hashed_as_rfc_9106_recommends() -> None:
    """In a process of its own: others here are made to hash quickly."""
    code = f"from console.access.passwords import hashed; print(hashed({PASSWORD!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
