"""The pages show what a carrier delivered and what a department got, as the API tells it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest
from pydantic import SecretStr

from console.reporting.report import plain
from console.settings import ConsoleSettings
from console.settlement.month import month
from console.settlement.statement import statement
from console.web.app import create_app
from flowdrop.settings import Addresses
from tests.console.settlement.ledger_rows import PROGRAM, LedgerRows, Lent
from tests.console.settlement.program_file import write_growth
from tests.console.signing import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

pytestmark = pytest.mark.clickhouse

UNICOM = "party=carrier:unicom&month=2026-10"
GROWTH = "party=department:growth&month=2026-10"


class Web:
    """Asks a console in this process."""

    def __init__(self, app: FastAPI, host: str) -> None:
        self._app = app
        self._host = host

    def get(self, path: str) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            known = {"Authorization": f"Bearer {TOKEN}"}
            async with httpx.AsyncClient(
                transport=transport, base_url=self._host, headers=known
            ) as client:
                return await client.get(path)

        return anyio.run(answer)


@pytest.fixture
def web(ledger: LedgerRows, tmp_path: Path) -> Web:
    programs = write_growth(tmp_path, PROGRAM, "game")
    settings = ConsoleSettings(programs=programs, console_token=SecretStr(TOKEN))
    app = create_app(settings, Addresses(), Lent(ledger.client))
    return Web(app, f"http://{settings.console_host}")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["Delivered in 2026-10", "(its own)", "Coins per MB"]),
        ("zh", ["2026-10 提供的流量", "（本网）", "每 MB 流量币"]),
    ],
)
def test_a_carriers_page_tells_networks_and_prices(web: Web, lang: str, words: list[str]) -> None:
    text = web.get(f"/settlement?{UNICOM}&lang={lang}").text
    assert all(word in text for word in words)
    assert 'data-network="telecom"' in text
    assert "None" not in text
    september = web.get(f"/settlement?party=carrier:unicom&month=2026-09&lang={lang}").text
    assert "price=0" in september  # how much data the coins were for is not known
    assert "None" not in september


def test_a_networks_row_opens_to_its_postings(web: Web) -> None:
    page = web.get(f"/settlement/postings?{UNICOM}&network=telecom&price=2.0&program={PROGRAM}")
    assert "delivered to users of telecom" in page.text
    assert page.text.count("data-value=") == 1
    assert 'data-value="90"' in page.text
    assert page.text.count("s2") == 1
    refused = web.get(f"/settlement/postings?{UNICOM}&network=mobile")
    assert refused.status_code == 400
    assert "it delivered to users of telecom, unicom" in refused.text


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["What it gained by the end of 2026-10", "People", "Redeemed"]),
        ("zh", ["截至 2026-10 月末所得", "人数", "已兑换"]),
    ],
)
def test_a_departments_page_tells_what_it_got(web: Web, lang: str, words: list[str]) -> None:
    text = web.get(f"/settlement?{GROWTH}&lang={lang}").text
    assert all(word in text for word in words)
    assert "advertiser%3Aspring" in text
    assert 'data-name="game"' in text
    everybody = web.get(f"/settlement?month=2026-10&lang={lang}").text
    assert 'data-party="department:growth"' in everybody
    assert 'data-party="department:game"' not in everybody


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            [
                "Before 2026-10",
                "What became of the coins by the end of 2026-10",
                "of the granted coins",
            ],
        ),
        ("zh", ["2026-10 之前", "截至 2026-10 月末的去向", "在已发放的币之中"]),
    ],
)
def test_an_advertisers_page_tells_where_its_coins_are(
    web: Web, lang: str, words: list[str]
) -> None:
    text = web.get(f"/settlement?party=advertiser:spring&month=2026-10&lang={lang}").text
    assert all(word in text for word in words)
    page = text.partition('<main id="main">')[2]
    folded = page[page.index("<details>") : page.index("</details>")]
    assert [f'data-key="{key}"' in folded for key in ("reserve", "shards", "in_flight")] == [
        True
    ] * 3


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        (
            "en",
            (
                "No coins moved in 2026-11; "
                "advertiser:spring has postings from 2026-09-04 to 2026-10-31."
            ),
        ),
        ("zh", "2026-11 没有流量币变动；advertiser:spring 的分录从 2026-09-04 至 2026-10-31。"),
    ],
)
def test_a_month_without_movement_says_when_there_were_some(
    web: Web, lang: str, sentence: str
) -> None:
    text = web.get(f"/settlement?party=advertiser:spring&month=2026-11&lang={lang}").text
    assert sentence in text


def test_no_month_is_refused_without_a_commands_option(web: Web) -> None:
    for path in ("/settlement?month=xx&lang=en", "/api/settlement?month=xx"):
        text = web.get(path).text
        assert "is not a month; write year and month" in text
        assert "--month" not in text


def test_the_api_and_the_download_are_the_statement(
    web: Web, ledger: LedgerRows, tmp_path: Path
) -> None:
    for asked, party in ((UNICOM, "carrier:unicom"), (GROWTH, "department:growth")):
        found = statement(ledger.client, party, month("2026-10"), programs=tmp_path)
        answer = web.get(f"/api/settlement?{asked}").json()
        assert answer.pop("freshness")["latest_posting"]
        assert answer == json.loads(json.dumps(plain(found)))
    rows = web.get(f"/settlement/download.csv?{GROWTH}").text.splitlines()
    assert rows[0].endswith("coins,name,people,in_hand,redeemed,bought,else")
    assert rows[-1].startswith("department:growth,2026-10,liuliangbao,campaign,")
    assert rows[-1].endswith("250,spring,2,120,90,0,40")
