from __future__ import annotations

import csv
import io
import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from console.drop_cli import drop as drop_command
from console.report_cli import report as report_command
from console.settlement_cli import settlement as settlement_command
from console.wallets import PAGE_POSTINGS
from tests.console.signing import got, signed_in
from tests.console.world import PROGRAM, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.clickhouse

PAGES = [
    "/",
    "/reach",
    "/reach?campaign=cj-8",
    "/reach?campaign=cj-8&campaign=cj-13",
    "/reach?campaign=hillstrom",
    "/reach?campaign=spring",
    "/reach/query?campaign=cj-8",
    "/lift?campaign=hillstrom",
    "/lift?campaign=spring",
    "/lift/query?campaign=hillstrom",
    "/overlap",
    "/overlap?a=cj-8&b=cj-13",
    "/overlap/query?a=cj-8&b=cj-13",
    "/drops",
    "/drops/spring",
    "/drops/autumn",
    "/drops/spring/people?offset=25",
    "/drops/spring/outcome",
    "/drops/spring/query",
    "/drops/autumn/launch",
    "/settlement",
    "/settlement?month=2026-10",
    "/settlement?party=advertiser:spring&month=2026-11",
    "/settlement?party=wallets&month=2026-12",
    "/settlement/query?party=wallets&month=2026-11",
    "/settlement/postings?party=advertiser:spring&month=2026-11&line=grant",
    "/wallet",
    "/wallet?account=cj:17",
    "/wallet?account=cj:18",
    "/wallet/live?account=cj:17",
    "/wallet/query?account=cj:17",
]


@pytest.fixture
def command(real_world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command of `flowdrop report` on the same warehouse."""
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", real_world.url)

    def run(*args: str) -> str:
        result = CliRunner().invoke(report_command, args)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_in_both_languages(web: httpx.Client, path: str, lang: str) -> None:
    answer = web.get(path, params={"lang": lang} | dict(httpx.URL(path).params.items()))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "{{" not in answer.text
    assert "None" not in answer.text
    if "<html" in answer.text:
        assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "args"),
    [
        ("/api/campaigns", ["campaigns", "--json"]),
        ("/api/reach?campaign=cj-8", ["reach", "cj-8", "--json"]),
        ("/api/reach?campaign=cj-8&campaign=cj-13", ["reach", "cj-8", "cj-13", "--json"]),
        ("/api/lift?campaign=hillstrom", ["lift", "hillstrom", "--json"]),
        (
            "/api/lift?campaign=hillstrom&control=mens",
            ["lift", "hillstrom", "--control", "mens", "--json"],
        ),
        ("/api/overlap?a=cj-8&b=cj-13", ["overlap", "cj-8", "cj-13", "--json"]),
    ],
)
def test_the_api_answers_what_the_command_prints(
    web: httpx.Client, command: Callable[..., str], path: str, args: list[str]
) -> None:
    answer = web.get(path)
    assert answer.status_code == 200
    assert answer.json() == json.loads(command(*args))


@pytest.mark.parametrize(
    ("path", "args"),
    [
        ("/campaigns.csv", ["campaigns", "--csv"]),
        ("/reach.csv?campaign=cj-8&campaign=cj-18", ["reach", "cj-8", "cj-18", "--csv"]),
        ("/lift.csv?campaign=hillstrom", ["lift", "hillstrom", "--csv"]),
        ("/overlap.csv?a=cj-8&b=cj-13", ["overlap", "cj-8", "cj-13", "--csv"]),
    ],
)
def test_the_export_is_what_the_command_prints(
    web: httpx.Client, command: Callable[..., str], path: str, args: list[str]
) -> None:
    answer = web.get(path)
    assert answer.text == command(*args)
    assert answer.headers["content-disposition"].endswith('.csv"')


@pytest.mark.parametrize(
    "asked",
    [
        {"party": "advertiser:spring", "month": "2026-11"},
        {"party": "wallets", "month": "2026-12"},
        {"month": "2026-11"},
    ],
)
def test_settlement_is_what_the_command_prints(
    web: httpx.Client, real_world: World, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", real_world.url)
    whom = ["--party", asked["party"]] if "party" in asked else ["--all"]
    args = [*whom, "--month", asked["month"]]
    printed = CliRunner().invoke(settlement_command, [*args, "--json"])
    assert printed.exit_code == 0, printed.output
    assert web.get("/api/settlement", params=asked).json() == json.loads(printed.stdout)
    answer = web.get("/settlement/download.csv", params=asked)
    assert answer.text == CliRunner().invoke(settlement_command, [*args, "--csv"]).stdout
    assert answer.headers["content-disposition"].endswith('.csv"')


def test_drops_by_api_are_what_the_commands_print(
    web: httpx.Client, console_database: Path, real_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWDROP_DATABASE", f"sqlite:///{console_database}")
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", real_world.url)
    for path, args in [
        ("/api/drops", ["list", "--json"]),
        ("/api/drops/spring", ["show", "spring", "--json"]),
    ]:
        result = CliRunner().invoke(drop_command, args)
        assert result.exit_code == 0, result.output
        assert web.get(path).json() == json.loads(result.stdout)
    printed = json.loads(CliRunner().invoke(drop_command, ["preview", "spring", "--json"]).stdout)
    people = printed.pop("everyone")
    assert web.get("/api/drops/spring/preview").json() == printed
    assert web.get("/api/drops/spring/people").json() == people
    rows = list(csv.DictReader(io.StringIO(web.get("/drops/spring/people.csv").text)))
    assert [(r["person"], r["arm"]) for r in rows] == [(p["person"], p["arm"]) for p in people]
    assert CliRunner().invoke(drop_command, ["preview", "spring", "--csv"]).stdout == (
        web.get("/drops/spring/people.csv").text
    )


@pytest.mark.parametrize(
    ("path", "status", "kind", "words"),
    [
        ("/reach?campaign=nope&lang=en", 404, "unknown_campaign", "one from the list of campaigns"),
        ("/reach?campaign=cj-88", 404, "unknown_campaign", "did you mean"),
        ("/lift?campaign=cj-8", 404, "not_randomised", "cj-8"),
        ("/overlap?a=cj-8&b=cj-8", 400, "refused", "cj-8"),
        ("/drops/sprung", 404, "unknown_drop", "did you mean spring"),
        ("/wallet?account=cj:99999", 404, "unknown_wallet", "cj:1"),
        ("/settlement?party=spring&month=2026-11", 404, "unknown_party", "advertiser:spring"),
        ("/settlement?month=2026-13", 400, "refused", "such as 2026-10"),
        ("/settlement/postings?party=wallets&month=2026-11&line=x", 400, "refused", "grant"),
        ("/nowhere", 404, "no_page", ""),
        ("/reach.csv", 422, "nothing_chosen", "Select at least one campaign"),
        ("/description.csv", 422, "nothing_chosen", "Select at least one campaign"),
        ("/power.csv", 422, "refused", "lacks audience"),
        ("/drops/spring/people?offset=x", 422, "refused", "offset"),
    ],
)
def test_errors_are_pages_with_a_sentence(
    web: httpx.Client, path: str, status: int, kind: str, words: str
) -> None:
    answer = web.get(path)
    assert answer.status_code == status
    assert f'data-kind="{kind}"' in answer.text
    assert words in answer.text


@pytest.mark.parametrize("path", ["/api/reach?campaign=nope", "/api/drops/nope", "/api/nowhere"])
def test_errors_of_the_api_are_json(web: httpx.Client, path: str) -> None:
    answer = web.get(path)
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "kind", "alike"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/reach?campaign=cj-8",
        "/lift?campaign=hillstrom",
        "/overlap?a=cj-8&b=cj-13",
        "/coins?campaign=spring",
        "/description?campaign=cj-8",
        "/settlement?party=advertiser:spring&month=2026-11",
    ],
)
def test_a_page_links_every_file_of_its_report(web: httpx.Client, path: str) -> None:
    links = [unescape(one) for one in re.findall(r'href="([^"]+)"', web.get(path).text)]
    files = {
        ending: one
        for one in links
        for ending in ("csv", "xlsx", "parquet")
        if httpx.URL(one).path.endswith(f".{ending}")
    }
    assert files.keys() == {"csv", "xlsx", "parquet"}
    assert {web.get(one).status_code for one in files.values()} == {200}


def test_the_lift_page_says_how_sure_it_is(web: httpx.Client) -> None:
    text = web.get("/lift?campaign=hillstrom&lang=en").text
    assert 'data-key="confidence">95\u202f%<' in text
    assert "Significance level" in text
    assert "hundredths (cents) in JSON and CSV" in text
    assert "人均营收" in web.get("/lift?campaign=hillstrom&lang=zh").text


def test_names_are_escaped(web: httpx.Client) -> None:
    answer = web.get("/reach", params={"campaign": "<script>alert(1)</script>"})
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


def test_a_wallet_shows_its_live_balance_and_its_history(web: httpx.Client) -> None:
    page = web.get("/wallet", params={"account": "cj:17"}).text
    assert 'id="available" data-value="1200"' in page
    assert "1,234" in page
    found = web.get("/api/wallets/cj:17").json()
    assert found["live"]["available"] == 1_200
    assert found["worker_down"] is None
    assert len(found["postings"]) <= PAGE_POSTINGS
    assert found["postings"][0]["balance"] == found["last"]["balance"]


def test_a_wallet_that_the_worker_does_not_know_shows_what_was_last_known(
    web: httpx.Client,
) -> None:
    page = web.get("/wallet", params={"account": "cj:2100"}).text
    assert 'id="last-known" data-value="0"' in page
    assert "worker-down" not in page


def test_without_worker_a_wallet_says_so_and_shows_what_was_last_known(
    real_world: World, server: Callable[..., Any], tmp_path: Path
) -> None:
    with server(real_world.url, tmp_path / "c.sqlite") as url:
        page = got(f"{url}/wallet", params={"account": "cj:17"}).text
    assert 'id="worker-down"' in page
    assert "flowdrop worker" in page
    assert 'id="last-known"' in page


def test_without_warehouse_pages_say_so_and_drops_are_still_listed(
    server: Callable[..., Any], tmp_path: Path
) -> None:
    with server("http://default:@127.0.0.1:9/default", tmp_path / "c.sqlite") as url:
        for path in ("/", "/reach?campaign=cj-8", "/wallet?account=cj:17"):
            answer = got(url + path)
            assert answer.status_code == 503
            assert 'data-kind="warehouse_down"' in answer.text
            assert "flowdrop up" in answer.text
        assert got(url + "/api/campaigns").json()["kind"] == "warehouse_down"
        assert got(url + "/drops").status_code == 200
        assert got(url + "/healthz").json() == {"status": "ok", "warehouse": "down"}


def test_an_empty_warehouse_says_how_to_fill_it(
    world: World, server: Callable[..., Any], tmp_path: Path
) -> None:
    with server(world.url, tmp_path / "c.sqlite") as url:
        home = got(url)
        assert home.status_code == 200
        assert "flowdrop demo" in home.text
        assert got(url + "/drops").status_code == 200
        assert got(url + "/healthz").json() == {"status": "ok", "warehouse": "up"}
        answer = got(url + "/reach?campaign=cj-8")
        assert answer.status_code == 503
        assert 'data-kind="warehouse_empty"' in answer.text


def test_the_language_is_kept(web: httpx.Client) -> None:
    assert "Campaigns" in web.get("/").text
    assert web.get("/?lang=zh").cookies["flowdrop_lang"] == "zh"
    assert "活动" in web.get("/drops").text


def test_a_launchs_page_says_who_is_left_out_and_the_share_held_out(web: httpx.Client) -> None:
    page = web.get("/drops/autumn/launch").text
    assert "of the drop, drawn at random" in page
    assert "in the audience are left out as over budget." in page


def test_a_form_without_our_token_is_refused(web: httpx.Client) -> None:
    page = web.get("/drops/autumn/launch").text
    token = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert token
    post = "/drops/autumn/launch"
    assert web.post(post).status_code == 403
    assert web.post(post, data={"csrf": "0" * 64}).status_code == 403
    good = {"csrf": token[1]}
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert web.post(post, data=good, headers=elsewhere).status_code == 403
    with signed_in(str(web.base_url)) as other:
        other.cookies.delete("flowdrop_csrf")  # another browser, signed in as well
        assert other.post(post, data=good).status_code == 403
    assert web.get("/api/drops/autumn").json()["state"] == "draft"


def test_another_name_for_this_machine_is_refused(web: httpx.Client) -> None:
    assert web.get("/", headers={"Host": "rebound.example"}).status_code == 400


def test_the_program_is_named_on_a_drop(web: httpx.Client) -> None:
    assert PROGRAM in web.get("/drops/autumn").text
