"""Every CSV: a name is never what a spreadsheet computes, and money has a unit."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from flowdrop.cli import COMMANDS, main
from flowdrop.output import FORMULA_STARTS, csv_text
from tests.console.conftest import serve
from tests.console.signing import got
from tests.console.world import NOW, PROGRAM, PROGRAMS, World, new_world

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
EVIL, TWIN = "=1+1", "@SUM(A1)"
ARMS = ("+treated", "=control")
MONTH = f"{NOW:%Y-%m}"
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
MONEY = re.compile(r"coin|cents|balance|price|value|cost|revenue|amount|budget|owed|spend")
UNITS = re.compile(r"coins|cents|balance|amount|price")  # of an account: coins of its program


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_text_that_would_be_computed_stays_a_text(start: str) -> None:
    text = f'{start}1,"x"\n;'
    rows = [{start + "key": text, "several": (text, start), "n": -5, "part": -0.25, "none": None}]
    (heads, (one, two, *plain)) = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    assert heads[0] == "'" + start + "key"
    assert (one, two) == ("'" + text, f"'{text} {start}")
    assert plain == ["-5", "-0.25", ""]


def test_times_lists_and_numbers() -> None:
    rows = [{"t": datetime(2026, 1, 2, tzinfo=UTC), "names": [1, 2], "n": 1_000}]
    assert csv_text(rows) == "t,names,n\n2026-01-02T00:00:00+00:00,1 2,1000\n"
    assert csv_text([]) == ""
    assert csv_text([], ("t", "names")) == "t,names\n"


def test_a_name_begins_no_row_of_its_own() -> None:
    for end in ("\r", "\n", "\r\n"):
        text = csv_text([{"name": f"a{end}=1+1", "next": "b"}])
        assert list(csv.reader(io.StringIO(text, newline="")))[1] == [f"a{end}=1+1", "b"]
        assert f'"a{end}=1+1"' in text


def test_there_is_one_writer() -> None:
    rooms = ("console", "features", "streams", "sql", "flowdrop", "intake", "local", "scenarios")
    found = [
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if re.search(
            r"csv\.(Dict)?[wW]riter|\.to_csv\((?!index=False, float_format)",
            path.read_text("utf-8"),
        )
    ]
    assert found == ["flowdrop/output.py"]


SETTLED = ("--month", MONTH)
ROBOT = "=cmd|' /C robot'!A1"
# Every command with `--csv`, by its path, and what it is asked; a new one has to be added.
ASKED: dict[str, list[tuple[str, ...]]] = {
    "sql run": [
        ("reports/campaigns", "--param", f"campaigns={EVIL}"),
        ("reports/outcomes", "--param", f'campaigns=["{EVIL}"]', "--param", "zone=UTC"),
    ],
    "audience show": [("all",)],
    "report campaigns": [()],
    "report reach": [(EVIL, TWIN)],
    "report lift": [(EVIL, "--control", ARMS[1])],
    "report power": [("all", "--program", PROGRAM)],
    "report overlap": [(EVIL, TWIN)],
    "report frequency": [(EVIL, TWIN)],
    "report duplication": [(EVIL, TWIN)],
    "report attribution": [(EVIL, TWIN, "--by", "campaign")],
    "report sales": [(EVIL, TWIN)],
    "report plan": [("all", "--budget", "90", "--cost-per-thousand", "1000")],
    "report coins": [(EVIL,), ("--advertiser", TWIN)],
    "report description": [(EVIL,)],
    "settlement": [
        ("--all", *SETTLED),
        ("--party", "wallets", *SETTLED),
        ("--party", "wallets", *SETTLED, "--postings"),
        ("--party", f"advertiser:{EVIL}", *SETTLED),
    ],
    "invalid rules": [()],
    "invalid people": [("robots",), ("robots", "--person", ROBOT)],
    "compliance flags": [("--month", MONTH)],
    "compliance report": [("--month", MONTH)],
    "compliance reserve": [("--program", PROGRAM)],
    "drop preview": [("gift",)],
    "drop show": [("gift",)],
    "drop list": [()],
    "users list": [()],
    "audit list": [()],
}


# Days, flags there may be none of, and drops, whose names are ours to refuse.
NAMELESS = (
    *(
        "audit list",
        "report reach",
        "report frequency",
        "report coins",
        "report power",
        "report plan",
        "compliance flags",
        "compliance report",
        "compliance reserve",
        "invalid rules",
    ),
    *("drop list", "drop show"),
)


def commands(command: click.Command, path: str = "") -> Iterator[str]:
    """Give the path of every command with `--csv`."""
    if isinstance(command, click.Group):
        for name in command.commands:
            yield from commands(command.commands[name], f"{path} {name}".strip())
    elif any("--csv" in option.opts for option in command.params):
        yield path


def test_every_command_with_csv_is_asked_below() -> None:
    found = {
        path for name, place in COMMANDS.items() for path in commands(_loaded(place.target), name)
    }
    assert found == set(ASKED)


def _loaded(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _of(n: int) -> list[tuple[str, dict[str, Any]]]:
    """Return what happens to the n-th person."""
    happens: list[tuple[str, dict[str, Any]]] = [
        ("assignment", {"arm": ARMS[n % 2], "probability": 0.5}),
        ("contact", {"channel": "e-mail", "until": NOW}),
    ]
    return happens + [("conversion", {"value": 100 + n})] * (n % 3 > 0)


@pytest.fixture(scope="module")
def hostile(clickhouse: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A warehouse in which everything that a client may name begins like a formula."""
    made = new_world(clickhouse)
    people = [f"{start}cmd|' /C calc'!A{n}" for n, start in enumerate("=+-@" * 10)]
    made.open(people)
    made.audience("all", people)
    made._campaign_rows(
        [
            {"id": f"{kind}/{name}/{n}", "type": kind, "time": NOW, "person": person,
             "campaign": name, **more}
            for name in (EVIL, TWIN)
            for n, person in enumerate(people)
            for kind, more in _of(n)
        ]
    )  # fmt: skip
    seen = {"id": "=seen", "type": "exposure", "time": NOW, "person": ROBOT, "campaign": EVIL}
    made._campaign_rows([seen | {"agent": "Googlebot/2.1"}])
    said = {"advertiser": TWIN, "title_en": EVIL, "title_zh": EVIL, "goal": "conversions"}
    told = {"id": "=d", "type": "describe", "time": NOW, "person": EVIL, "campaign": EVIL}
    made._campaign_rows([told | {"description": json.dumps(said), "source": "=shop"}])
    made._results(
        [
            made._result("fund", "=f/" + EVIL, f"budget:{EVIL}@1", 900, campaign=EVIL,
                         posts=[(f"issuer:{PROGRAM}@1", -900), (f"budget:{EVIL}@1", 900)]),
            *(
                made._result("grant", f"=g/{EVIL}/{n}", person, 10, campaign=EVIL,
                             posts=[(f"budget:{EVIL}@1", -10), (person, 10)])
                for n, person in enumerate(people)
            ),
        ]
    )  # fmt: skip
    home = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as set_:
        set_.setenv("FLOWDROP_HOME", str(home))
        set_.setenv("FLOWDROP_CLICKHOUSE", made.url)
        set_.setenv("FLOWDROP_DATABASE", f"sqlite:///{home / 'console.sqlite'}")
        set_.setenv("FLOWDROP_PROGRAMS", str(PROGRAMS))
        set_.setenv("FLOWDROP_DROP_SECRET", "key")
        terms = ("--program", PROGRAM, "--budget", "9000", "--amount", "5", "--audience", "all")
        created = CliRunner().invoke(main, ["drop", "create", "gift", *terms])
        assert created.exit_code == 0, created.output
        who = ("ann@example.com", "--name", EVIL, "--role", "operator")
        invited = CliRunner().invoke(main, ["users", "invite", *who])
        assert invited.exit_code == 0, invited.output
        found = CliRunner().invoke(main, ["invalid", "judge"])
        assert found.exit_code == 0, found.output
        yield made


def judged(text: str) -> list[dict[str, str]]:
    """Return a CSV's rows, after looking at each cell and at the names of money."""
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows
    for row in rows:
        for name, cell in row.items():
            assert not cell.startswith(FORMULA_STARTS) or NUMBER.fullmatch(cell), (name, cell)
    for name in rows[0]:
        if MONEY.search(name) and NUMBER.fullmatch(rows[0][name]):
            assert UNITS.search(name) or rows[0].get("metric"), name
    return rows


@pytest.mark.clickhouse
@pytest.mark.parametrize("path", ASKED)
def test_no_command_prints_a_formula(hostile: World, path: str) -> None:
    assert hostile.url
    guarded = 0
    for args in ASKED[path]:
        result = CliRunner().invoke(main, [*path.split(), *args, "--csv"])
        assert result.exit_code == 0, result.output
        if path == "compliance flags" and not result.stdout:
            continue
        rows = judged(result.stdout)
        guarded += sum(cell.startswith("'") for row in rows for cell in row.values())
    if path not in NAMELESS:
        assert guarded


@pytest.mark.clickhouse
def test_no_download_holds_a_formula(hostile: World, tmp_path: Path) -> None:
    downloads: dict[str, dict[str, Any]] = {
        "/campaigns.csv": {},
        "/reach.csv": {"campaign": [EVIL, TWIN]},
        "/attribution.csv": {"campaign": [EVIL, TWIN]},
        "/sales.csv": {"campaign": [EVIL, TWIN]},
        "/lift.csv": {"campaign": EVIL, "control": ARMS[1]},
        "/overlap.csv": {"a": EVIL, "b": TWIN},
        "/frequency.csv": {"campaign": [EVIL, TWIN]},
        "/duplication.csv": {"campaign": [EVIL, TWIN]},
        "/plan.csv": {"audience": "all", "budget": "90", "cost_per_thousand": "1000"},
        "/coins.csv": {"campaign": EVIL},
        "/power.csv": {"audience": "all", "program": PROGRAM},
        "/description.csv": {"campaign": EVIL},
        "/settlement/download.csv": {"party": f"advertiser:{EVIL}", "month": MONTH},
    }
    routes = {
        route.path
        for room in ("report_pages", "settlement_pages", "drop_pages", "wallet_pages", "api")
        for route in importlib.import_module(f"console.web.{room}").router.routes
        if route.path.endswith(".csv")
    }
    assert routes == {*downloads, "/drops/{name}/people.csv"}
    with serve(hostile.url, tmp_path / "console.sqlite") as url:
        for path, asked in downloads.items():
            answer = got(url + path, params=asked)
            assert answer.status_code == 200, answer.text
            judged(answer.text)


@pytest.mark.clickhouse
def test_money_of_lift_says_that_it_is_in_cents(hostile: World) -> None:
    assert hostile.url
    printed = CliRunner().invoke(main, ["report", "lift", EVIL, "--control", ARMS[1], "--csv"])
    metrics = {row["metric"] for row in judged(printed.stdout)}
    assert metrics == {"visit_rate", "conversion_rate", "value_per_person_cents"}
