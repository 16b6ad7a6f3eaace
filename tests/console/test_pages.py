"""The pages in a real browser: what they show is what the API says, and nothing fails."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from console.drops import register
from console.drops.terms import Terms
from tests.console.signing import cookies, got
from tests.console.world import NOW, PARTITIONS, PROGRAM, PROGRAMS, Wire, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page
    from sqlalchemy.orm import Session

pytestmark = [pytest.mark.browser, pytest.mark.clickhouse]

CHROMIUM = Path(os.environ.get("FLOWDROP_TEST_CHROMIUM", "/usr/bin/chromium"))
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
MISSING = (
    f"no Chromium at {CHROMIUM}, so the pages were not tried in a browser; add it with "
    "`apt-get install chromium` or name it in FLOWDROP_TEST_CHROMIUM"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield made
        made.close()


@pytest.fixture(params=["en"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page with a profile of its own; what its console says fails the test."""
    said: list[str] = []
    context = browser.new_context(
        viewport={"width": 1200, "height": 800}, locale=request.param, reduced_motion="reduce"
    )
    context.add_cookies(cookies(request.getfixturevalue("console")))
    made = context.new_page()
    made.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    made.on("pageerror", lambda error: said.append(f"error: {error}"))
    made.on("requestfailed", lambda failed: said.append(f"failed: {failed.url}"))
    yield made
    context.close()
    assert said == []


def shoot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def value(page: Page, place: str) -> int:
    return int(page.get_attribute(place, "data-value") or "")


def texts(page: Page, place: str) -> list[str]:
    return page.locator(place).all_inner_texts()


def drawn(page: Page) -> None:
    for box in page.locator(".chart[data-from]").all():
        box.locator("canvas").first.wait_for()
        assert box.get_attribute("data-drawn") == "yes"


def test_campaigns(page: Page, console: str) -> None:
    page.goto(console)
    known = got(f"{console}/api/campaigns").json()
    for campaign in known:
        row = page.locator(f'[data-campaign="{campaign["name"]}"]')
        shown = row.locator("td.n").first.get_attribute("data-value")
        assert shown == str(campaign["reach"])
    reach = {campaign["name"]: campaign["reach"] for campaign in known}
    assert (reach["cj-8"], reach["cj-13"], reach["cj-18"]) == (1_076, 1_077, 1_133)
    shoot(page, "campaigns")
    page.check('input[value="cj-8"]')
    page.check('input[value="cj-13"]')
    page.locator("#choose button").first.click()
    page.wait_for_url("**/reach?campaign=*")
    both = got(f"{console}/api/reach?campaign=cj-8&campaign=cj-13").json()
    assert value(page, "#reach") == both["reach"]


@pytest.mark.parametrize("names", [["cj-8"], ["cj-8", "cj-13", "cj-18"], ["hillstrom"], ["spring"]])
def test_reach(page: Page, console: str, names: list[str]) -> None:
    query = "&".join(f"campaign={name}" for name in names)
    page.goto(f"{console}/reach?{query}")
    report = got(f"{console}/api/reach?{query}").json()
    assert value(page, "#reach") == report["reach"]
    assert page.inner_text("#reach") == f"{report['reach']:,}"
    assert value(page, "#people-known") == report["people_known"]
    assert value(page, "#devices-unlinked") == report["devices_unlinked"]
    assert value(page, "#contacts") == report["contacts"]
    assert value(page, "#conversions") == report["conversions"]["count"]
    for granted in report["cost"]["coins"]:
        assert value(page, f"#coins-{granted['program']}") == granted["net"]
    shown = [
        [cell.replace(",", "") for cell in row.split("\t")]
        for row in texts(page, "#by-day tbody tr")
    ]
    split = ("cumulative_known", "cumulative_unlinked")
    keys = ("day", "contacted", "new", "cumulative", *split, "conversions")
    assert shown == [[str(day[key]) for key in keys] for day in report["by_day"]]
    drawn(page)
    chart = page.evaluate(
        "() => echarts.getInstanceByDom(document.getElementById('reach-chart'))"
        ".getOption().series.map((one) => one.data)"
    )
    assert chart[0] == [[day["day"], day["cumulative"]] for day in report["by_day"]]
    assert chart[1] == [[day["day"], day["new"]] for day in report["by_day"]]
    assert report["basis"]["en"] in page.inner_text("main")
    shoot(page, "reach-" + "-".join(names))


def test_the_query_behind_a_number(page: Page, console: str) -> None:
    page.goto(f"{console}/reach?campaign=cj-8")
    page.get_by_role("link", name="Show the query").click()
    report = got(f"{console}/api/reach?campaign=cj-8").json()
    heads = texts(page, "section.card h2")
    own = [f"sql/{query['name']}.sql" for query in report["queries"]]
    assert heads == [*own, "sql/reports/freshness.sql", "sql/reports/population.sql"]
    assert "cj-8" in page.inner_text("main")
    assert "SELECT" in page.inner_text("pre >> nth=0")
    shoot(page, "query")


def test_lift(page: Page, console: str) -> None:
    page.goto(f"{console}/lift?campaign=hillstrom")
    report = got(f"{console}/api/lift?campaign=hillstrom").json()
    rates = {}
    for arm in report["arms"]:
        row = page.locator(f'#arms [data-arm="{arm["arm"]}"]')
        assert row.locator('[data-key="people"]').inner_text() == f"{arm['people']:,}"
        shown = row.locator('[data-key="visit_rate"]').inner_text()
        assert shown == f"{100 * arm['visit_rate']:.2f}\u202f%"
        rates[arm["arm"]] = shown
    assert list(rates.values()) == ["10.62\u202f%", "18.28\u202f%", "15.14\u202f%"]
    assert page.locator("#effects tbody tr").count() == len(report["effects"])
    drawn(page)
    low, high = page.evaluate(
        "() => echarts.getInstanceByDom(document.querySelector('.chart'))"
        ".getOption().series[0].data.map((point) => point[0])"
    )
    mens = next(e for e in report["effects"] if (e["arm"], e["metric"]) == ("mens", "visit_rate"))
    assert (low, high) == pytest.approx((100 * mens["low"], 100 * mens["high"]))
    assert page.locator("#sample-ratio.good").count() == 1
    assert page.locator("#blocked").count() == 0
    shoot(page, "lift-hillstrom")


def test_every_coin(page: Page, console: str) -> None:
    page.goto(f"{console}/coins?campaign=spring")
    report = got(f"{console}/api/coins?campaign=spring").json()
    (row,) = report["by_campaign"]
    for each in report["places"]:
        place = f'[data-place="{each["place"]}"][data-name="{each["name"]}"] td >> nth=0'
        assert value(page, place) == each["coins"]
    assert value(page, '[data-place="budget"] td >> nth=0') == row["budget"] > 0
    assert sum(each["coins"] for each in report["places"]) == row["budget"]
    for key in ("granted", "left", "in_hand"):
        assert value(page, f'#moved [data-key="{key}"] td') == row[key]
    drawn(page)
    links = page.evaluate(
        "() => echarts.getInstanceByDom(document.querySelector('.chart'))"
        ".getOption().series[0].links.map((each) => [+each.source, +each.target, each.value])"
    )
    ends = [end for each in report["flows"] for end in (each["source"], each["target"])]
    at = {end: number for number, end in enumerate(dict.fromkeys(ends))}
    assert links == [
        [at[each["source"]], at[each["target"]], each["coins"]] for each in report["flows"]
    ]
    assert report["cost"][0]["why"][0]["en"] in page.inner_text("#why")
    shoot(page, "coins-spring")
    page.get_by_role("link", name="中文").click()
    assert "每一枚币的去向" in page.inner_text("main")
    assert value(page, '[data-place="budget"] td >> nth=0') == row["budget"]
    drawn(page)
    shoot(page, "coins-zh")


def test_a_drop_is_counted_as_one_writes(page: Page, console: str) -> None:
    page.goto(f"{console}/drops")
    page.click("#new-drop")
    page.select_option("#audience", label=page.locator("#audience option").nth(1).inner_text())
    page.fill("#amount", "50")
    page.fill("#budget", "2,000")
    treated = page.locator('#sketched [data-key="treated"]')
    treated.wait_for()
    assert treated.inner_text() == "40", "as many as the budget pays for"
    page.fill("#budget", "1,000")
    expect(treated).to_have_text("20")
    shoot(page, "drop-new")
    page.fill("#amount", "none")
    page.locator("#sketch-error").wait_for()
    assert "amount: 'none' is not a whole number" in page.inner_text("#sketch")
    shoot(page, "drop-new-wrong")
    page.goto(f"{console}/new-drop?copy=spring")
    expect(treated).to_have_text("200")  # a copy is counted at once
    assert {each["name"] for each in got(f"{console}/api/drops").json()} == {"spring", "autumn"}


def test_overlap(page: Page, console: str) -> None:
    page.goto(f"{console}/overlap")
    page.select_option("#a", "cj-8")
    page.select_option("#b", "cj-13")
    page.get_by_role("button").click()
    report = got(f"{console}/api/overlap?a=cj-8&b=cj-13").json()
    for place, key in (("overlap", "overlap"), ("union", "union"), ("only-a", "only_a")):
        assert value(page, f"#{place}") == report[key]
    widths = [float(r.get_attribute("width") or 0) for r in page.locator(".bar rect").all()]
    assert widths == pytest.approx(
        [1000 * report[key] / report["union"] for key in ("only_a", "overlap", "only_b")], abs=0.001
    )
    shoot(page, "overlap")


def test_a_drop_and_its_people(page: Page, console: str) -> None:
    page.goto(f"{console}/drops")
    shoot(page, "drops")
    page.get_by_role("link", name="spring").click()
    stands = got(f"{console}/api/drops/spring").json()
    plan = got(f"{console}/api/drops/spring/preview").json()
    assert value(page, "#people") == plan["people"]
    assert value(page, "#treated") == stands["treated"]
    assert value(page, "#holdout") == stands["holdout"]
    assert value(page, "#granted") == stands["granted"] > 0
    assert value(page, "#granted-coins") == stands["granted_coins"]
    for reason, people in plan["left_out"].items():
        assert page.inner_text(f'[data-reason="{reason}"]') == f"{people:,}"
    everyone = got(f"{console}/api/drops/spring/people").json()
    assert texts(page, "#people-table tbody th") == [p["person"] for p in everyone[:25]]
    shoot(page, "drop-launched")
    page.get_by_role("link", name="Next").click()
    page.wait_for_selector(f'tr[data-person="{everyone[25]["person"]}"]')
    assert texts(page, "#people-table tbody th") == [p["person"] for p in everyone[25:50]]
    assert page.url.endswith("/drops/spring")


def test_launching_by_button_shows_the_amounts_first(
    page: Page, world: World, session: Session, server: Callable[..., Any], wire: Wire
) -> None:
    people = [f"cj:{n}" for n in range(40)]
    world.open(people)
    world.audience("all", people)
    made = register.create(
        session,
        world.client,
        Terms(name="gift", program=PROGRAM, budget=15_000, amount=500, audience="all", holdout=0.1),
        programs=PROGRAMS,
        partitions=PARTITIONS,
        secret="key",
        who="ann",
        now=NOW,
    )
    assert made.state == "draft"
    database = Path(str(session.get_bind().engine.url.database))
    with server(world.url, database, wire=wire) as url:
        page.context.add_cookies(cookies(url))
        page.goto(f"{url}/drops/gift")
        page.get_by_role("link", name="Launch this drop").click()
        assert page.inner_text('#amounts [data-key="cost"]') == "15,000"
        assert wire.sent == []
        shoot(page, "drop-confirm")
        page.click("#confirm")
        page.wait_for_url(f"{url}/drops/gift")
        assert value(page, "#pending") == 30
        world.take(wire.events())
        page.wait_for_selector('#granted[data-value="30"]')  # the page asks again by itself
        assert value(page, "#pending") == 0


def test_a_wallet(page: Page, console: str) -> None:
    page.goto(f"{console}/wallet")
    page.fill("#account", "cj:17")
    page.get_by_role("button").click()
    found = got(f"{console}/api/wallets/cj:17").json()
    assert value(page, "#available") == found["live"]["available"]
    assert page.locator("#history tbody tr").count() == len(found["postings"])
    shoot(page, "wallet")


def test_settlement_from_everybody_to_the_postings_of_a_line(page: Page, console: str) -> None:
    page.goto(f"{console}/settlement")
    everybody = got(f"{console}/api/settlement?month=2026-11").json()
    assert page.input_value("#month") == "2026-11"
    for row in everybody["parties"]:
        table = "own" if row["is_own"] else "everyone"
        place = f'#{table} [data-party="{row["party"]}"] [data-figure="closing"]'
        shown = page.locator(place)
        assert shown.get_attribute("data-value") == str(row["closing"])
    assert page.locator("#check .chip.good").count() == 1
    shoot(page, "settlement")
    page.get_by_role("link", name="advertiser:spring").click()
    found = got(f"{console}/api/settlement?month=2026-11&party=advertiser:spring").json()
    (own,) = found["programs"]
    assert value(page, '[data-key="closing"]') == own["closing"]
    for line in own["lines"]:
        place = f'[data-line="{line["operation"]}"] [data-value]'
        assert value(page, place) == line["coins"]
    for key in ("funded", "granted", "unspent", "in_hand"):
        assert value(page, f"#{PROGRAM}-{key}") == own["budget"][key]
    assert (own["closing"], page.inner_text(".owed")) == (0, "Nothing is owed.")
    shoot(page, "settlement-party")
    assert not page.locator('[data-line="grant"] a').is_visible()  # plumbing, for who wants it
    page.locator("main details summary").first.click()
    page.locator('[data-line="grant"] a').click()
    cells = page.locator("#postings td[data-value]").all()
    coins = [int(cell.get_attribute("data-value") or "") for cell in cells]
    (grant,) = [line for line in own["lines"] if line["operation"] == "grant"]
    assert (sum(coins), len(coins)) == (grant["coins"], grant["events"])
    shoot(page, "settlement-postings")
    page.get_by_role("link", name="中文").click()
    page.get_by_role("link", name="结算").click()
    assert "各方合计与账本一致" in page.inner_text("main")
    shoot(page, "settlement-zh")


def test_the_language_switch_stays(page: Page, console: str) -> None:
    page.goto(f"{console}/reach?campaign=cj-8&campaign=cj-13")
    number = page.inner_text("#reach")
    page.get_by_role("link", name="中文").click()
    assert "触达人数" in page.inner_text("main")
    assert page.inner_text("#reach") == number
    assert page.locator("#by-campaign tbody tr").count() == 2
    drawn(page)
    shoot(page, "reach-zh")
    page.goto(f"{console}/lift?campaign=hillstrom")
    drawn(page)
    assert "随机分组" in page.inner_text("main")
    shoot(page, "lift-zh")
    page.goto(f"{console}/drops/autumn")
    shoot(page, "drop-zh")
    page.get_by_role("link", name="English").click()
    assert "Budget" in page.inner_text("main")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(browser: Browser, console: str, scheme: Any) -> None:
    context = browser.new_context(
        viewport={"width": 375, "height": 700}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.add_cookies(cookies(console))
    page = context.new_page()
    for name, path in {
        "campaigns": "/",
        "reach": "/reach?campaign=cj-8&campaign=cj-13",
        "lift": "/lift?campaign=hillstrom",
        "coins": "/coins?campaign=spring",
        "overlap": "/overlap?a=cj-8&b=cj-13",
        "drop": "/drops/spring",
        "drop-new": "/new-drop?copy=spring",
        "settlement": "/settlement?party=advertiser:spring&month=2026-11",
        "wallet": "/wallet?account=cj:17",
    }.items():
        page.goto(console + path)
        drawn(page)
        shoot(page, f"phone-{scheme}-{name}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 375, path
    context.close()
