"""A drop is made on its page: counted as one writes, refused by field, copied; nothing is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.orm import Session

from console.database import open_database
from console.drops import register
from tests.console.reading import Reading
from tests.console.signing import csrf, signed_in
from tests.console.world import PROGRAM, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

    from tests.console.world import World

pytestmark = pytest.mark.clickhouse

PEOPLE = [f"cj:{n}" for n in range(100)]
FORM = {
    "audience": f"{PROGRAM}/all",
    "amount": "500",
    "budget": "40,000",
    "holdout": "0.1",
    "explore": "0.02",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "console.sqlite"


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def town(world: World) -> World:
    world.open(PEOPLE[:98])
    world.consent("cj:3", 1, granted=False)
    world.audience("all", PEOPLE)
    return world


@pytest.fixture
def web(server: Callable[..., Any], town: World, path: Path, wire: Wire) -> Iterator[httpx.Client]:
    with server(town.url, path, wire=wire) as url, signed_in(url) as client:
        yield client


def send(web: httpx.Client, to: str, **fields: Any) -> httpx.Response:
    token = csrf(web.get("/new-drop").text)
    headers = fields.pop("headers", {})
    return web.post(to, data={"csrf": token, **FORM, **fields}, headers=headers)


def facts(text: str) -> dict[str, int]:
    found = re.findall(r'<dd data-(?:key|reason)="(\w+)">(?:<strong>)?\u2212?([\d,]+)', text)
    return {name: int(number.replace(",", "")) for name, number in found}


def test_it_is_counted_as_one_writes_and_nothing_is_kept(
    web: httpx.Client, path: Path, wire: Wire
) -> None:
    part = send(web, "/new-drop/sketch", name="", headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert facts(part.text) == {
        "audience_people": 100,
        "no_consent": 1,
        "no_wallet": 2,
        "over_budget": 8,
        "holdout": 9,
        "treated": 80,
        "cost": 40_000,
        "budget_left": 0,
    }
    assert 'data-power="conversion_rate"' in part.text
    whole = send(web, "/new-drop/sketch", name="spring")
    assert facts(whole.text) == facts(part.text)
    assert 'value="40,000"' in whole.text
    with Session(open_database(f"sqlite:///{path}")) as session:
        assert register.every(session) == []
    assert wire.sent == []


def test_the_draft_is_what_was_counted(web: httpx.Client, path: Path, wire: Wire) -> None:
    counted = facts(send(web, "/new-drop/sketch", name="spring").text)
    made = send(web, "/new-drop", name="spring", goals=["visit_rate", "conversion_rate"])
    assert (made.status_code, made.headers["location"]) == (303, "/drops/spring")
    found = web.get("/api/drops/spring/preview").json()
    keys = ("audience_people", "treated", "holdout", "cost", "budget_left")
    assert {key: found[key] for key in keys} == {key: counted[key] for key in keys}
    assert found["left_out"] == {key: counted[key] for key in counted if key not in keys}
    assert (found["state"], found["created_by"]) == ("draft", "ada@platform.example")
    assert found["goals"] == ["visit_rate", "conversion_rate"]
    with Session(open_database(f"sqlite:///{path}")) as session:
        assert [row.action for row in register.history(session, "spring")] == ["create"]
    assert wire.sent == []


def test_a_copy_has_its_terms_and_no_name(web: httpx.Client) -> None:
    terms = {"until": "2027-03-01T18:30", "holdout": "0.25", "guardrails": ["visit_rate"]}
    assert send(web, "/new-drop", name="spring", **terms).status_code == 303
    assert 'href="/new-drop?copy=spring"' in web.get("/drops/spring").text
    text = web.get("/new-drop?copy=spring").text
    values = dict(re.findall(r'id="(\w+)" name="\w+" value="([^"]*)"', text))
    assert (values["name"], values["amount"], values["budget"]) == ("", "500", "40000")
    assert (values["holdout"], values["until"]) == ("0.25", "2027-03-01T18:30")
    assert re.search(rf'value="{PROGRAM}/all" selected', text)
    assert re.search(r'name="guardrails" value="visit_rate" checked', text)
    assert web.get("/new-drop?copy=sprung").status_code == 404


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "Spring!"}, "name", "is not a valid name for a drop"),
    ({"name": ""}, "name", "is not a valid name for a drop"),
    ({"audience": ""}, "audience", "audience: choose one"),
    ({"audience": "all"}, "audience", "audience: choose one"),
    ({"audience": f"{PROGRAM}/nobody"}, "", "is not frozen for program"),
    ({"audience": "gold/all"}, "audience", "program: &#39;gold&#39; is not one of"),
    ({"amount": "five"}, "amount", "amount: &#39;five&#39; is not a whole number"),
    ({"amount": "5.5"}, "amount", "is not a whole number"),
    ({"amount": ""}, "amount", "amount: give a number of coins"),
    ({"amount": "0"}, "amount", "is not between 1 and"),
    ({"amount": "9" * 5_000}, "amount", "amount: "),
    ({"budget": "499"}, "budget", "is not between the amount of one grant (500)"),
    ({"holdout": "10 %"}, "holdout", "is not a number; give a share"),
    ({"holdout": " "}, "holdout", "holdout: give a share"),
    ({"holdout": "nan"}, "holdout", "is not between 0 and 0.9"),
    ({"holdout": "1"}, "holdout", "is not between 0 and 0.9"),
    ({"explore": "0.9"}, "explore", "is not between 0.02 and 0.5"),
    ({"until": "tomorrow"}, "until", "is not a time; write it as"),
    ({"until": "2020-01-01T00:00"}, "until", "the offer would end at 2020-01-01"),
    ({"until": "0001-01-01T00:00+14:00"}, "until", "is no time in UTC"),
    ({"design": "group-sequential"}, "design", "needs a planned end"),
    ({"design": "guess"}, "design", "is none; use"),
    ({"planned_end": "2020-01-01T00:00"}, "planned_end", "is not between now and"),
    ({"smallest_lift": "-1"}, "smallest_lift", "is not above 0"),
    ({"tuned_at": "0"}, "tuned_at", "is not between 1 and"),
    ({"goals": ["likes"]}, "goals", "likes"),
    ({"goals": ["visit_rate"], "guardrails": ["visit_rate"]}, "guardrails", "name it once"),
]


@pytest.mark.parametrize(("changed", "field", "words"), WRONG, ids=lambda v: str(v)[:40])
def test_what_is_wrong_is_said_and_what_was_written_stays(
    ghost: httpx.Client, changed: dict[str, Any], field: str, words: str
) -> None:
    for to in ("/new-drop", "/new-drop/sketch"):
        if (to, changed) == ("/new-drop/sketch", {"name": ""}):
            continue  # who looks may not have come to it yet
        found = send(ghost, to, **{"name": "spring", **changed})
        assert found.status_code == 422
        assert words in found.text
        marked = re.findall(r'<(?:input|select)[^>]* name="(\w+)"[^>]*aria-invalid', found.text)
        marked += ["goals", "guardrails"] if "<fieldset aria-invalid" in found.text else []
        assert field in marked or not field
        (name, value), *_ = changed.items()
        if isinstance(value, str) and name not in {"audience", "design"} and len(value) < 50:
            assert f'name="{name}" value="{value}"' in found.text
    part = send(ghost, "/new-drop/sketch", **changed, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text


@pytest.fixture(scope="module")
def ghost(
    clickhouse: str, server: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A console where nothing is made, so that many may ask it."""
    from tests.console.world import new_world

    made = new_world(clickhouse)
    made.open(PEOPLE)
    made.audience("all", PEOPLE)
    path = tmp_path_factory.mktemp("ghost") / "console.sqlite"
    with server(made.url, path) as url, signed_in(url) as client:
        yield client


def test_a_name_is_used_once(web: httpx.Client) -> None:
    assert send(web, "/new-drop", name="spring").status_code == 303
    for to in ("/new-drop", "/new-drop/sketch"):
        again = send(web, to, name="spring")
        assert again.status_code == 422
        assert "is already a drop&#39;s or a campaign&#39;s" in again.text


def test_a_form_of_another_site_makes_nothing(web: httpx.Client) -> None:
    for fields in ({"csrf": ""}, {"csrf": "0" * 64}):
        for to in ("/new-drop", "/new-drop/sketch"):
            assert send(web, to, name="spring", **fields).status_code == 403
    foreign = {"Origin": "https://evil.example"}
    assert send(web, "/new-drop", name="spring", headers=foreign).status_code == 403
    assert web.get("/api/drops").json() == []


def test_without_an_audience_it_says_what_to_do(
    server: Callable[..., Any], world: World, path: Path
) -> None:
    with server(world.url, path) as url, signed_in(url) as client:
        text = client.get("/new-drop").text
    assert "flowdrop audience freeze NAME" in text
    assert 'id="terms"' not in text


def test_it_is_in_chinese(web: httpx.Client) -> None:
    token = csrf(web.get("/new-drop").text)
    for to, changed in (("/new-drop/sketch", {}), ("/new-drop", {"amount": "x"})):
        answer = web.post(to, data={"csrf": token, **FORM, **changed, "name": "q-1"},
                          headers={"Accept-Language": "zh"})  # fmt: skip
        found = set(re.findall(r"[A-Za-z]{2,}", " ".join(Reading(answer.text).words)))
        assert found <= {"flowdrop", "English", "Ada", "all", "UTC"}
