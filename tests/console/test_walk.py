"""Every page that a link leads to: one truth on all of them, and Chinese ones without English."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from console.programs import title
from tests.console.reading import Figure, Reading
from tests.console.signing import signed_in
from tests.console.world import PROGRAM, PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

pytestmark = pytest.mark.timeout(900)  # some two hundred pages, one after the other

ELSEWHERE = re.compile(r"^/static|\.(csv|xlsx|parquet)|^/api|lang=|^#|^https?:")
WALLETS_MAX = 2  # they are alike
# Pages of which a few of each kind are enough.
ALIKE = {
    *("/reach", "/coins", "/description", "/sales", "/attribution", "/frequency"),
    *("/reach/query", "/coins/query", "/description/query"),
}
ALIKE_MAX = 3
NOT_LINKED = [
    *("/reach", "/lift", "/coins", "/frequency", "/duplication", "/sales", "/attribution"),
    *("/power", "/plan", "/description"),
    "/reach?campaign=cj-8&campaign=cj-13",
    "/reach?campaign=hillstrom&campaign=spring",
    "/overlap?a=cj-8&b=cj-13",
    "/overlap?a=hillstrom&b=spring",
    "/overlap?a=hillstrom&b=cj-8",
    "/settlement?month=2026-10",
    "/settlement?party=advertiser:spring&month=2026-12",
    "/settlement?party=wallets&month=2026-10",
    "/wallet?account=cj:17",
    "/drops/spring/people?offset=25",
    "/drops/spring/launch",
    "/drops/autumn/launch",
]
WRONG = [
    "/nowhere",
    "/reach.csv",
    "/lift.csv",
    "/lift?campain=hillstrom",
    "/coins?campaign=spring&limit=3",
    "/reach?campaign=cj-88",
    "/reach?campaign=nothing-like-it",
    "/lift?campaign=cj-8",
    "/lift?campaign=spring&control=placebo",
    "/overlap?a=cj-8&b=cj-8",
    "/drops/sprung",
    "/drops/nothing-like-it",
    "/drops/spring/people?offset=x",
    "/wallet?account=cj:99999",
    "/wallet?account=~",
    "/settlement?party=spring&month=2026-11",
    "/settlement?month=2026-13",
    "/settlement?month=2026-11&program=gold",
    "/settlement/postings?party=advertiser:spring&month=2026-11&line=redeem",
    "/settlement/postings?party=advertiser:spring&month=2026-10&line=redeem",
    "/settlement/postings?party=wallets&month=2026-11&network=unicom",
]
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff] ?[,;:()!?.](?!\w)|[,;:()!?] ?[\u4e00-\u9fff]")
WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")
# Words that Chinese pages keep: names, units, and what is typed at a terminal or in an address.
KEPT = {
    *(
        "flowdrop",
        "UTC",
        "MB",
        "CSV",
        "Excel",
        "Parquet",
        "GRP",
        "JSON",
        "Kafka",
        "ClickHouse",
        "English",
        "FLOWDROP",
    ),
    *("Hillstrom", "The", "Complete", "Journey", "Miettinen", "Nurminen", "Welch", "Fieller"),
    *("sql", "offset", "control", "campaign"),
}


def walk(web: httpx.Client, lang: str) -> Iterator[tuple[str, Reading]]:
    """Give every page that links lead to from the first one, and those that forms lead to."""
    todo, seen, wallets = ["/", "/drops", "/wallet", *NOT_LINKED], set(), 0
    kinds: Counter[tuple[str, ...]] = Counter()
    while todo:
        path = todo.pop(0)
        if path in seen or ELSEWHERE.search(path):
            continue
        seen.add(path)
        if path.startswith("/wallet?") and path not in NOT_LINKED:
            wallets += 1
            if wallets > WALLETS_MAX:
                continue
        place, names = urlsplit(path).path, parse_qs(urlsplit(path).query)
        kind = place, *names, *names.get("by", ())
        kinds[kind] += place in ALIKE and path not in NOT_LINKED
        if kinds[kind] > ALIKE_MAX:
            continue
        answer = web.get(path, headers={"Accept-Language": lang})
        assert answer.status_code == 200, path
        reading = Reading(answer.text)
        todo += reading.links
        yield path, reading


@pytest.fixture(scope="module")
def chinese(console: str) -> list[tuple[str, Reading]]:
    """Every page in Chinese, read once."""
    with signed_in(console) as web:
        return list(walk(web, "zh"))


@pytest.mark.clickhouse
def test_a_figure_is_the_same_wherever_it_stands(
    chinese: list[tuple[str, Reading]], console: str
) -> None:
    found: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path, reading in chinese:
        for figure in reading.figures:
            found[figure.name, figure.scope][figure.value].add(path)
    with signed_in(console) as web:
        for figure in told_by_api(web):
            found[figure.name, figure.scope][figure.value].add("/api")
    differing = {key: dict(values) for key, values in found.items() if len(values) > 1}
    assert not differing
    shared = {key for key, values in found.items() if len(next(iter(values.values()))) > 1}
    names = {name for name, _ in shared}
    assert {"reach", "contacts", "conversions", "value_cents", "assigned", "granted"} <= names
    assert {"opening", "closing", "planned_budget"} <= names
    assert ("reach", "cj-13 + cj-8") in shared
    assert ("granted", f"spring {PROGRAM}") in shared


def told_by_api(web: httpx.Client) -> Iterator[Figure]:
    """Give what programs are told under the same names."""
    for each in web.get("/api/campaigns").json():
        name = each["name"]
        for key in ("reach", "contacts", "conversions"):
            yield Figure(key, name, str(each[key]))
        value = each["conversions_value_cents"]
        yield Figure("value_cents", name, "" if value is None else str(value))
    for each in web.get("/api/drops").json():
        yield Figure("planned_budget", each["name"], str(each["budget"]))
        for arm, key in (("drop", "treated"), ("holdout", "holdout")):
            yield Figure("assigned", f"{each['name']}/{arm}", str(each[key]))
    stands = web.get("/api/drops/spring").json()
    yield Figure("granted", f"spring {stands['program']}", str(stands["granted_coins"]))


@pytest.mark.clickhouse
def test_the_footer_promises_a_query_only_where_there_is_one(
    chinese: list[tuple[str, Reading]],
) -> None:
    promised = 0
    for path, reading in chinese:
        text = " ".join(reading.words)
        promises = "都可以打开得出它们的查询" in text
        opens = any("/query" in link for link in reading.links if "lang=" not in link)
        assert promises == opens, path
        promised += promises
    assert promised > 10


@pytest.fixture(scope="module")
def names(console: str) -> set[str]:
    """What the data name: campaigns, arms, people, parties, drops, in any text of the API."""
    with signed_in(console) as web:
        told: list[Any] = [web.get("/api/campaigns").json(), web.get("/api/drops").json()]
        told += [web.get("/api/settlement?month=2026-11").json()["parties"]]
        told += [web.get("/api/lift", params={"campaign": "hillstrom"}).json()["arms"]]
        told += [web.get("/api/drops/spring/people").json()]
        for both in (["cj-8", "cj-13"], ["hillstrom", "spring"]):  # their channels
            told += [web.get("/api/attribution", params={"campaign": both}).json()["credits"]]
        told += [web.get(f"/api/{name}").json() for name in ("people", "audit")] + ["Ada"]
    programs = {path.stem for path in PROGRAMS.glob("*.toml")}
    return {word for text in (*_strings(told), *programs) for word in WORD.findall(text)}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def english(reading: Reading, names: set[str]) -> list[str]:
    """Return the texts of a page with words that are neither names nor kept."""
    plain = [re.sub(r"`[^`]*`|'[^']*'", "", text) for text in reading.words]
    return [text for text in plain if set(WORD.findall(text)) - KEPT - names]


@pytest.mark.clickhouse
def test_chinese_pages_say_nothing_in_english(
    chinese: list[tuple[str, Reading]], names: set[str]
) -> None:
    ids = re.compile(r"[\w:-]+/[\w:/-]+")  # of events, in the history of a wallet
    kept = names | {"ann", "e-mail", "budget", "issuer", "suspense", "carrier", "clearing"}
    kept |= {"GRP", "grp", "contacted", "served", "viewable"}  # what people in the trade say
    found = {}
    for path, reading in chinese:
        reading.words = [ids.sub("", text) for text in reading.words]
        if left := english(reading, kept):
            found[path] = left
    assert not found


@pytest.mark.clickhouse
def test_chinese_refusals_say_nothing_in_english(console: str, names: set[str]) -> None:
    with signed_in(console, headers={"Accept-Language": "zh"}) as web:
        for path in WRONG:
            answer = web.get(path)
            assert answer.status_code >= 400, path
            reading = Reading(answer.text)
            assert not english(reading, names), path
            assert not [text for text in reading.words if HALF_WIDTH.search(text)], path
            assert 'lang="en"><code>' not in answer.text  # nothing is quoted as it came
        for method, path in (("POST", "/reach"), ("POST", "/drops/autumn/launch")):
            answer = web.request(method, path)
            assert answer.status_code in (403, 405)
            assert not english(Reading(answer.text), names), path


@pytest.mark.clickhouse
def test_chinese_has_its_own_punctuation(chinese: list[tuple[str, Reading]]) -> None:
    found = {text for _, reading in chinese for text in reading.words if HALF_WIDTH.search(text)}
    assert not found


@pytest.mark.clickhouse
def test_a_program_is_called_what_its_file_says(chinese: list[tuple[str, Reading]]) -> None:
    pages = dict(chinese)
    for path in ("/drops", "/drops/spring", "/drops/autumn/launch", "/wallet?account=cj:17"):
        assert "流量宝" in " ".join(pages[path].words), path
    assert title(PROGRAMS, PROGRAM, "zh") == "流量宝"
    assert title(PROGRAMS, "unheard-of", "zh") == "unheard-of"


@pytest.mark.clickhouse
def test_arms_of_a_drop_have_chinese_names(chinese: list[tuple[str, Reading]]) -> None:
    words = dict(chinese)["/lift?campaign=spring"].words
    assert "发放组" in " ".join(words)
    assert not {"drop", "holdout"} & set(WORD.findall(" ".join(words)))
