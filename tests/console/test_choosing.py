"""An address that lacks what its page needs, and one that asks for what its page does not know."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import APIRoute

from console.reporting.found import reports
from console.reporting.protection import Protection
from console.settings import ConsoleSettings
from console.web.app import create_app
from console.web.choosing import lacks
from console.web.parameters import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

pytestmark = pytest.mark.clickhouse

NEEDY = [
    each
    for each in reports().values()
    if each.served and lacks(each, {one.name: one.default or "" for one in each.parameters})
]
OWN_FORMS = {"overlap", "plan", "settlement"}


@pytest.mark.parametrize("report", NEEDY, ids=lambda each: each.name)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_without_what_it_needs_asks_for_it(
    web: httpx.Client, report: reports, lang: str
) -> None:
    answer = web.get(report.place, params={"lang": lang})
    assert answer.status_code == 200
    assert "None" not in answer.text
    assert ('id="choosing"' in answer.text) == (report.name not in OWN_FORMS)
    for each in report.parameters:
        if each.required and report.name != "settlement":  # which begins with the last month
            assert f'name="{each.name}"' in answer.text
    assert web.get(f"/api{report.place}").status_code in {400, 422}


def test_most_reports_need_something() -> None:
    assert {each.name for each in NEEDY} > {"power", "reach", "lift", "frequency", "duplication"}


def test_what_is_chosen_leads_to_the_report(web: httpx.Client) -> None:
    form = web.get("/power", params={"days": "90", "as_of": "2017-12-01"}).text
    assert "Choose a frozen audience" in form
    kept = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    fields = {name: value for name, value in kept if name != "csrf"}  # of another form
    assert fields.items() >= {("as_of", "2017-12-01"), ("days", "90")}
    for name in ("audience", "program"):
        options = re.search(rf'<select id="{name}".*?</select>', form, re.DOTALL)
        assert options
        fields[name] = unescape(re.findall(r"<option[^>]*>([^<]+)", options[0])[0])
    shown = web.get("/power", params=fields)
    assert shown.status_code == 200, shown.text
    assert 'id="choosing"' not in shown.text
    named = web.get("/frequency", params={"campaign": "", "advertiser": "", "by": "channel"})
    assert named.status_code in {200, 404}
    boxes = re.findall(r'name="campaign" value="([^"]+)"', web.get("/frequency").text)
    assert {"cj-8", "hillstrom", "spring"} <= set(boxes)


def test_an_organisation_chooses_among_its_own(web: httpx.Client) -> None:
    for report in NEEDY:
        if isinstance(report.protection, Protection):
            page = web.get(report.place, params={"as_organisation": "cj-8"}).text
            assert 'id="choosing"' in page, report.name
            assert "cj-8" in page
            assert "cj-13" not in page
            assert 'name="as_organisation" value="cj-8"' in page
    refused = web.get("/power", params={"as_organisation": "cj-8"})
    assert refused.status_code == 400
    assert "households" not in refused.text


def test_an_empty_option_is_one_left_out(web: httpx.Client) -> None:
    assert web.get("/lift?campaign=hillstrom&pre_days=&control=").status_code == 200
    wanted = web.get("/api/power?audience=households&program=liuliangbao&as_of=2017-12-01").json()
    empty = "/api/power?audience=households&program=liuliangbao&as_of=2017-12-01&holdout=&goals="
    assert web.get(empty).json()["metrics"] == wanted["metrics"]
    assert web.get("/api/power?audience=a&program=b&holdout=much").status_code == 422


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/reach?campain=cj-8", "'campain'; did you mean 'campaign'?"),
        (
            "/reach?campaign=cj-8&begn=2017-01-01",
            "'begn'; it takes 'as_organisation' and 'campaign'",
        ),
        ("/frequency?campaign=cj-8&advertizer=x", "did you mean 'advertiser'?"),
        ("/frequency/query?campaign=cj-8&runn=1", "did you mean 'run'?"),
        ("/reach.csv?campain=cj-8", "did you mean 'campaign'?"),
        ("/lift.xlsx?campaign=hillstrom&metric=x", "no parameter 'metric'"),
        ("/drops?state=draft", "takes none"),
        ("/drops/spring/people?ofset=25", "did you mean 'offset'?"),
        ("/wallet?acount=cj:17", "did you mean 'account'?"),
        ("/settlement?mnth=2026-11", "did you mean 'month'?"),
        ("/settlement/postings?party=wallets&month=2026-11&lien=x", "did you mean 'line'?"),
    ],
)
def test_a_mistyped_parameter_is_told(web: httpx.Client, path: str, said: str) -> None:
    answer = web.get(path)
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    chinese = unescape(web.get(path, headers={"Accept-Language": "zh"}).text)
    assert "没有参数" in chinese


def test_programs_are_told_the_nearest_one(web: httpx.Client) -> None:
    answer = web.get("/api/reach", params={"campain": "cj-8"})
    assert answer.status_code == 422
    assert answer.json()["alike"] == ["campaign"]
    assert web.get("/api/drops/spring/people?limits=3").status_code == 422
    assert web.get("/api/people?x=1").status_code == 422


def handlers() -> Iterator[APIRoute]:
    for route in create_app(ConsoleSettings()).routes:
        if isinstance(route, APIRoute) and "GET" in route.methods:
            yield route


def test_every_address_but_those_of_the_sign_in_refuses_what_it_does_not_know() -> None:
    free = {
        route.path
        for route in handlers()
        if not any("only_declared" in str(each.call) for each in route.dependant.dependencies)
    }
    assert free == {
        *("/healthz", "/enter", "/welcome", "/sign-in", "/forgotten"),
        *("/invitation", "/provider", "/provider/back"),
    }
    assert any(declared(route) for route in handlers())
