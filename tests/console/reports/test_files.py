"""A report's files hold what its command prints, wherever they are asked for; answers are typed."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import jsonschema
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from console.reporting.found import reports
from console.reporting.report import plain
from console.reporting.viewer import STAFF
from console.settings import ConsoleSettings
from console.web.formats import cell
from flowdrop.cli import main
from flowdrop.files import EXACT_MAX
from flowdrop.output import csv_text, json_text
from flowdrop.settings import load
from tests.console.reading import Reading
from tests.workbook import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.console.world import World

pytestmark = pytest.mark.clickhouse

MONTH = ("--month", "2026-11")
PLAN = "audience=households&budget=90000&cost_per_thousand=100000"
SPRING = ("--party", "advertiser:spring", *MONTH)
ASKED: dict[str, tuple[list[str], str]] = {
    "campaigns": (["report", "campaigns"], "/campaigns"),
    "reach": (["report", "reach", "cj-8", "cj-13"], "/reach?campaign=cj-8&campaign=cj-13"),
    "duplication": (
        ["report", "duplication", "cj-8", "cj-13", "cj-18"],
        "/duplication?campaign=cj-8&campaign=cj-13&campaign=cj-18",
    ),
    "frequency": (
        ["report", "frequency", "cj-8", "cj-13", "--by", "channel", "--begin", "2017-05-01"],
        "/frequency?campaign=cj-8&campaign=cj-13&by=channel&begin=2017-05-01",
    ),
    "attribution": (
        ["report", "attribution", "cj-8", "cj-13", "--view-days", "60", "--half-life", "14"],
        "/attribution?campaign=cj-8&campaign=cj-13&view_days=60&half_life=14",
    ),
    "sales": (["report", "sales", "cj-8", "cj-13"], "/sales?campaign=cj-8&campaign=cj-13"),
    "lift": (["report", "lift", "hillstrom"], "/lift?campaign=hillstrom"),
    "power": (
        [
            *("report", "power", "households", "--program", "liuliangbao"),
            *("--as-of", "2017-12-01"),
        ],
        "/power?audience=households&program=liuliangbao&as_of=2017-12-01",
    ),
    "coins": (["report", "coins", "--advertiser", "spring"], "/coins?advertiser=spring"),
    "overlap": (["report", "overlap", "cj-8", "cj-13"], "/overlap?a=cj-8&b=cj-13"),
    "description": (["report", "description", "cj-8"], "/description?campaign=cj-8"),
    "plan": (
        [
            *("report", "plan", "households", "--budget", "90000", "--cost-per-thousand", "100000"),
            *("--cap", "2", "--days", "90", "--end", "2017-06-30"),
        ],
        f"/plan?{PLAN}&cap=2&days=90&end=2017-06-30",
    ),
    "settlement": (
        ["settlement", *SPRING],
        "/settlement/download?party=advertiser:spring&month=2026-11",
    ),
    "flags": (["compliance", "flags", *MONTH], ""),
    "compliance": (["compliance", "report", *MONTH], ""),
    "outcome": (["drop", "show", "spring"], ""),
}
TYPED = [
    "/api/campaigns",
    "/api/reach?campaign=cj-8&campaign=cj-13",
    "/api/reach?campaign=spring",
    "/api/frequency?campaign=cj-8&campaign=cj-13&by=channel",
    "/api/frequency?campaign=spring&end=2026-12-31",
    "/api/frequency?advertiser=spring&by=arm&seconds=30&known_on=2026-12-31",
    "/api/frequency?campaign=cj-8&by=audience:households&begin=2017-05-01&as_of=start",
    "/api/duplication?campaign=cj-8&campaign=cj-13&counted=served",
    "/api/attribution?campaign=cj-8&campaign=cj-13",
    "/api/attribution?advertiser=spring&by=touch",
    "/api/sales?campaign=cj-8&campaign=spring",
    f"/api/plan?{PLAN}",
    "/api/lift?campaign=hillstrom",
    "/api/lift?campaign=spring",
    "/api/coins?campaign=spring&campaign=hillstrom",
    "/api/overlap?a=cj-8&b=cj-13",
    "/api/description?campaign=cj-8",
    "/api/settlement?month=2026-11",
    "/api/settlement?month=2026-11&party=advertiser:spring",
    "/api/drops",
    "/api/drops/spring",
    "/api/drops/spring/preview",
    "/api/drops/spring/people?limit=3",
    "/api/wallets/cj:17",
]


@pytest.fixture(autouse=True)
def connected(console_database: Path, real_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWDROP_DATABASE", f"sqlite:///{console_database}")
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", real_world.url)


def run(*words: str) -> str:
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_report_is_asked_below() -> None:
    assert {*ASKED, "reserve"} == reports().keys()  # of reserves see test_cover.py


@pytest.mark.parametrize("name", ASKED)
def test_a_commands_files_hold_what_it_prints(web: httpx.Client, name: str, tmp_path: Path) -> None:
    assert web.get("/healthz").status_code == 200  # which has the drop launched
    command, path = ASKED[name]
    files = {end: tmp_path / f"found.{end}" for end in ("xlsx", "parquet")}
    asked = [word for end, file in files.items() for word in (f"--{end}", str(file))]
    assert run(*command, *asked) == ""
    (heads, *rows) = list(csv.reader(io.StringIO(run(*command, "--csv")))) or [[]]
    sheets = read(files["xlsx"].read_bytes())
    assert list(sheets) == [table.title for table in reports()[name].tables]
    (first, *_) = sheets.values()
    assert first[0] == heads if heads else not first
    assert len(first[1:]) == len(rows)
    table = parquet.read_table(files["parquet"])
    assert (table.column_names, table.num_rows) == (heads, len(rows))
    for at, head in enumerate(heads):
        cells = [row[at] for row in rows]
        assert [bool(cell) for cell in cells] == [
            value not in (None, "", []) for value in table[head].to_pylist()
        ], head
    if path:
        place, _, query = path.partition("?")
        for end, file in files.items():
            answer = web.get(f"{place}.{end}?{query}")
            assert answer.status_code == 200
            assert answer.headers["content-disposition"].endswith(f'.{end}"')
            if end == "parquet":
                assert answer.content == file.read_bytes()
            else:
                assert read(answer.content) == sheets


COUNTED = {"order"}  # columns that only count rows, so that no figure is them
DIGITS = 16  # of a number that a sheet holds
EPOCH = datetime(1899, 12, 30, tzinfo=UTC)  # as Excel counts days


def numbers(value: Any) -> Iterator[float]:
    """Yield every number of a JSON value."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from numbers(each)
    elif isinstance(value, int | float):
        yield value


def in_a_sheet(value: Any) -> Any:
    """Return a cell as a sheet holds it: a number to its digits, a time in days."""
    match value:
        case None | "" | () | []:
            return None
        case bool() | str():
            return value
        case int() | float():
            return float(f"{value:.{DIGITS}g}") if abs(value) < EXACT_MAX else str(value)
        case datetime():
            return pytest.approx((value - EPOCH).total_seconds() / 86_400, abs=1e-8)
        case date():
            return float((value - EPOCH.date()).days)
    return " ".join(map(str, value))


def cells_of(page: str) -> list[list[list[str]]]:
    """Return the text of each cell of each table of a page, without its headings."""
    tables = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    return [
        [
            [html.unescape(re.sub(r"<[^>]*>", "", text)) for text in re.findall(CELL, row)]
            for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        ]
        for table in tables
    ]


CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)


@pytest.mark.parametrize("name", [name for name in ASKED if ASKED[name][1]])
def test_everything_that_tells_a_report_agrees(
    web: httpx.Client, real_world: World, name: str
) -> None:
    report, (command, path) = reports()[name], ASKED[name]
    query = path.partition("?")[2]
    given = parse_qs(query)
    asked = {
        each.name: given.get(each.name, [])
        if each.many
        else each.kind(given[each.name][0])
        if each.name in given
        else each.default
        for each in report.parameters
    }
    found = report.find(real_world.client, asked, load(ConsoleSettings), viewer=STAFF).found
    answer = json.loads(run(*command, "--json"))
    assert answer == web.get(f"/api/{name}?{query}").json()
    told = json.loads(json_text(plain(found)))
    fresh = {"freshness": answer["freshness"]} if isinstance(answer, dict) else {}
    assert answer == (told | fresh if fresh else told)
    known = set(numbers(answer))
    for table in report.tables:
        for row in table.rows(found):
            own = {value for key, value in row.items() if key not in COUNTED}
            assert set(numbers(list(own))) <= known, table.title
    rows, columns = report.rows(found), report.tables[0].columns
    written = csv_text(rows, columns)
    assert run(*command, "--csv") == written
    place = report.exports or report.place
    assert web.get(f"{place}.csv?{query}").text == written
    stored = parquet.read_table(io.BytesIO(web.get(f"{place}.parquet?{query}").content))
    assert csv_text(stored.to_pylist(), columns) == written
    book = read(web.get(f"{place}.xlsx?{query}").content)
    for table, sheet in zip(report.tables, book.values(), strict=True):
        expected = [[in_a_sheet(value) for value in row.values()] for row in table.rows(found)]
        assert [[value or in_a_sheet(value) for value in line] for line in sheet[1:]] == expected
    page = web.get(f"{(report.page and report.page.path) or report.place}?{query}").text
    if report.page is not None and name != "plan":  # whose tables are those of the shared page
        shown = [each.value for each in Reading(page).figures if each.value]
        assert shown
        assert {float(value) for value in shown} <= known
        return
    tables = cells_of(page)
    for table in report.tables:
        lines = [[cell(value) for value in row.values()] for row in table.shown(found)]
        assert not lines or table.upright or lines in tables, table.title


def test_json_and_a_file_at_once(tmp_path: Path) -> None:
    file = tmp_path / "found.xlsx"
    assert run("report", "overlap", "cj-8", "cj-13", "--json", "--xlsx", str(file)).startswith("{")
    assert file.exists()


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "found.xlsx"
    done = CliRunner().invoke(main, ["report", "campaigns", "--xlsx", str(file)])
    assert done.exit_code == 1
    assert "No such file or directory" in done.stderr


@pytest.mark.parametrize("path", TYPED)
def test_an_answer_is_of_the_type_that_the_api_tells(web: httpx.Client, path: str) -> None:
    api: dict[str, Any] = web.get("/api/openapi.json").json()
    known = path.partition("?")[0].split("/")
    (of,) = [
        said
        for place, said in api["paths"].items()
        if len(place.split("/")) == len(known)
        and all(a in {b, b.partition(":")[0]} or b.startswith("{") for a, b in
                zip(known, place.split("/"), strict=True))
    ]  # fmt: skip
    schema = of["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema
    answer = web.get(path)
    assert answer.status_code == 200, answer.text
    jsonschema.validate(answer.json(), {**schema, "components": api["components"]})


@pytest.mark.parametrize("name", sorted(ASKED.keys() - {"campaigns", "outcome"}))
def test_a_report_names_the_queries_that_made_it(web: httpx.Client, name: str) -> None:
    assert web.get("/healthz").status_code == 200  # which has the drop launched
    made = json.loads(run(*ASKED[name][0], "--json"))["queries"]
    assert made
    assert {query["name"] for query in made} <= set(reports()[name].queries)
