"""People: invited, given roles, deactivated, sent a new password; and what each role sees."""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from pydantic import SecretStr

from local.ports import HOST, free_port
from tests.console.access.conftest import House
from tests.console.signing import EMAIL, PASSWORD, csrf, sign_in, submit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

MO = "mo@platform.example"


class Letters(Message):
    """Keeps what a mail server took."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.taken.append(message_from_bytes(message.as_bytes()))


@pytest.fixture
def letters() -> Iterator[tuple[Letters, str]]:
    """Letters that a real mail server took, and its address."""
    handler = Letters()
    controller = Controller(handler, hostname=HOST, port=free_port())
    controller.start()
    try:
        yield handler, f"smtp://{HOST}:{controller.port}"
    finally:
        controller.stop()


def key_in(text: str) -> str:
    found = re.search(r"/invitation\?key=([\w-]+)", text)
    assert found, text
    return found[1]


def invite(ada: TestClient, email: str = MO, **fields: Any) -> str:
    answer = submit(ada, "/people", "/people/invite", email=email, name="Mo", **fields)
    assert answer.status_code == 200, answer.text
    return key_in(answer.text)


def choose(client: TestClient, key: str, password: str = PASSWORD) -> Any:
    return submit(client, f"/invitation?key={key}", "/invitation", key=key, password=password)


def test_somebody_invited_chooses_a_password_once(house: House, ada: TestClient) -> None:
    key = invite(ada, role="marketer")
    assert "invited" in ada.get("/people").text
    client = house.client()
    weak = choose(client, key, "short")
    assert weak.status_code == 422
    assert choose(client, key).headers["location"] == "/sign-in"
    assert client.get(f"/invitation?key={key}").status_code == 404
    assert sign_in(client, MO).status_code == 303
    assert client.get("/drops").status_code == 200
    assert client.get("/people").status_code == 403
    assert "administrator" in client.get("/people").text


def test_an_invitation_ends_and_another_one_ends_it(house: House, ada: TestClient) -> None:
    first = invite(ada, role="marketer")
    again = key_in(submit(ada, "/people", "/people/2/link").text)
    assert house.client().get(f"/invitation?key={first}").status_code == 404
    house.wait(days=4)
    assert house.client().get(f"/invitation?key={again}").status_code == 404


def test_bad_invitations_are_refused_in_words(ada: TestClient) -> None:
    for fields, words in (
        ({"email": "no address", "role": "marketer"}, "is not an address"),
        ({"email": EMAIL, "role": "marketer"}, "has an account already"),
        ({"email": MO, "role": "viewer"}, "is not one of"),
        ({"email": MO, "role": "administrator", "organisation": "hillstrom"}, "is not one of"),
    ):
        answer = submit(ada, "/people", "/people/invite", **fields)
        assert answer.status_code == 422
        assert words in answer.text


def test_whoever_is_deactivated_is_out_at_once(house: House, ada: TestClient) -> None:
    mo = house.person(MO, "marketer")
    assert mo.get("/drops").status_code == 200
    assert submit(ada, "/people", "/people/2/active", to="off").status_code == 303
    assert mo.get("/drops").status_code == 401
    assert sign_in(house.client(), MO).status_code == 401
    assert submit(ada, "/people", "/people/2/active", to="on").status_code == 303
    assert sign_in(house.client(), MO).status_code == 303


def test_roles_change_what_one_may_at_once(house: House, ada: TestClient) -> None:
    mo = house.person(MO, "data_scientist")
    assert mo.get("/wallet").status_code == 403
    assert submit(ada, "/people", "/people/2/roles", role="operator").status_code == 303
    assert mo.get("/wallet").status_code == 503, "past the door, there is no warehouse"
    assert submit(ada, "/people", "/people/2/roles").status_code == 303
    assert mo.get("/drops").status_code == 401, "without any role one is nobody"


def test_somebody_is_left_to_manage_people(ada: TestClient) -> None:
    for to, fields in (
        ("/people/1/active", {"to": "off"}),
        ("/people/1/roles", {"role": "operator"}),
    ):
        refused = submit(ada, "/people", to, **fields)
        assert refused.status_code == 422
        assert "nobody would be left" in refused.text
    assert ada.get("/people").status_code == 200


def test_an_advertisers_people_see_reports_only(house: House, ada: TestClient) -> None:  # noqa: ARG001
    vera = house.person("vera@hillstrom.example", "viewer", "marketer", "approver", of="hillstrom")
    for path in ("/drops", "/drops/spring", "/wallet", "/people", "/audit", "/api/drops"):
        answer = vera.get(path)
        assert answer.status_code == 404, path
        assert "mistyped" in answer.text
    assert vera.get("/").status_code == 503, "past the door"
    nav = vera.get("/account").text
    assert 'href="/drops"' not in nav
    assert 'href="/people"' not in nav


def test_who_is_in_two_organisations_acts_in_one_of_them(house: House, ada: TestClient) -> None:
    mo = house.person(MO, "marketer")
    fields = {"organisation": "hillstrom", "role": "viewer"}
    assert submit(ada, "/people", "/people/2/roles", **fields).status_code == 303
    assert mo.get("/drops").status_code == 200
    assert submit(mo, "/account", "/account/organisation", organisation=2).status_code == 303
    assert mo.get("/drops").status_code == 404
    assert mo.get("/api/me").json()["organisation"] == "hillstrom"
    assert submit(mo, "/account", "/account/organisation", organisation=99).status_code == 303
    assert mo.get("/api/me").json()["organisation"] == "hillstrom"


def test_a_letter_brings_the_invitation(database: str, letters: tuple[Letters, str]) -> None:
    taken, address = letters
    house = House(database, smtp=SecretStr(address), mail_from="flowdrop@platform.example")
    ada = house.administrator()
    page = submit(ada, "/people", "/people/invite", email=MO, name="Mo", role="marketer")
    assert "/invitation?key=" not in page.text
    (letter,) = taken.taken
    assert (letter["To"], letter["From"]) == (MO, "flowdrop@platform.example")
    assert (
        choose(house.client(), key_in(letter.get_payload(decode=True).decode())).status_code == 303
    )


def test_a_forgotten_password_is_chosen_anew_by_a_letter(
    database: str, letters: tuple[Letters, str]
) -> None:
    taken, address = letters
    house = House(database, smtp=SecretStr(address))
    ada = house.administrator()
    client = house.client()
    texts = []
    for email in (EMAIL, "nobody@platform.example"):
        answer = submit(client, "/forgotten", "/forgotten", email=email)
        assert answer.status_code == 200
        texts.append(answer.text.replace(email, "EMAIL"))
    assert texts[0] == texts[1], "it is not told who has an account"
    (letter,) = taken.taken
    new = "another four random words"
    assert choose(client, key_in(letter.get_payload(decode=True).decode()), new).status_code == 303
    assert ada.get("/account").status_code == 401, "signed out everywhere"
    assert sign_in(client, password=new).status_code == 303


def test_without_a_mail_server_the_operator_finds_the_link(
    house: House, ada: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    submit(ada, "/forgotten", "/forgotten", email=EMAIL)
    assert choose(house.client(), key_in(caplog.text)).status_code == 303


def test_a_lost_phone_is_taken_away(house: House, ada: TestClient) -> None:
    mo = house.person(MO, "marketer")
    page = submit(mo, "/account", "/account/second-factor").text
    assert "<svg" in page
    assert csrf(page)
    assert submit(ada, "/people", "/people/2/second-factor").status_code == 303
    assert mo.get("/account").status_code == 401
    assert sign_in(house.client(), MO).status_code == 303


def test_chinese(ada: TestClient) -> None:
    for path, word in (("/people", "人员与组织"), ("/account", "我的账号"), ("/audit", "审计日志")):
        assert word in ada.get(path, headers={"Accept-Language": "zh"}).text
