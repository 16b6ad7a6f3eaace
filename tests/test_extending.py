"""`docs/extending.md`, done to the letter in a copy of the tree."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from babel.messages.pofile import read_po
from pyarrow import parquet

from local.ports import HOST, free_port
from tests.console.world import NOW, new_world
from tests.stack import wait_for
from tests.workbook import read

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
ROOMS = ("console", "features", "flowdrop", "programs", "sql", "streams")
SAID = re.compile(r"`([\w/]+\.(?:sql|py|po))`:\n\n```\w+\n(.*?)```", re.DOTALL)
COMMANDS = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
TOKEN = {"Authorization": "Bearer secret"}
ROWS = [
    {"channel": "app", "contacts": 1, "people": 1},
    {"channel": "e-mail", "contacts": 3, "people": 2},
]

pytestmark = pytest.mark.clickhouse


def section(title: str) -> str:
    """Return what the page says under a heading."""
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


class Tree:
    """A copy of the product that has what a section says."""

    def __init__(self, folder: Path, said: str, warehouse: str) -> None:
        self.folder = folder
        self.written = []
        for room in ROOMS:
            shutil.copytree(
                ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "data")
            )
        shutil.copy(ROOT / "babel.cfg", folder)
        for name, text in SAID.findall(said):
            self.written.append(name)
            with (folder / name).open("a", encoding="utf-8") as file:
                file.write(text)
        self.env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
            "FLOWDROP_HOME": str(folder / "home"),
            "FLOWDROP_CLICKHOUSE": warehouse,
            "FLOWDROP_CONSOLE_TOKEN": "secret",
        }

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def tree(clickhouse: str, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy with the report of the page, on a warehouse with four contacts."""
    world = new_world(clickhouse)
    sent = [("ann", "e-mail"), ("ann", "e-mail"), ("bob", "e-mail"), ("bob", "app")]
    world._campaign_rows(
        [
            {"id": str(n), "type": "contact", "time": NOW, "campaign": "hillstrom",
             "person": person, "channel": channel}
            for n, (person, channel) in enumerate(sent)
        ]
    )  # fmt: skip
    return Tree(tmp_path_factory.mktemp("tree"), section("A report"), world.url)


@pytest.fixture(scope="module")
def printed(tree: Tree) -> dict[str, str]:
    """What each command of the section prints, by its last words."""
    (block,) = COMMANDS.findall(section("A report"))
    commands = [shlex.split(line) for line in block.splitlines()]
    return {" ".join(words[3:]): tree.run("-m", *words) for words in commands}


@pytest.fixture(scope="module")
def web(tree: Tree) -> Iterator[httpx.Client]:
    """A client of the copy's console."""
    port = free_port()
    console = subprocess.Popen(
        [sys.executable, "-m", "flowdrop", "console", "--port", str(port)],
        cwd=tree.folder,
        env=tree.env,
        stdout=(tree.folder / "log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        with httpx.Client(base_url=f"http://{HOST}:{port}", headers=TOKEN, timeout=60) as client:
            wait_for(lambda: _answers(client), "the console")
            yield client
    finally:
        console.terminate()
        console.wait(60)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_it_takes_three_files_at_most(tree: Tree) -> None:
    assert tree.written == [
        "sql/reports/channels.sql",
        "console/reports/channels.py",
        "console/i18n/zh.po",
    ]


def test_what_the_page_shows_is_well_formed(tree: Tree) -> None:
    config = ["--config", str(ROOT / "pyproject.toml")]
    tree.run("-m", "ruff", "check", *config, "console/reports/channels.py")
    tree.run("-m", "ruff", "format", "--check", *config, "console/reports/channels.py")


def test_its_command(tree: Tree, printed: dict[str, str]) -> None:
    assert "Show over which channels" in tree.run("-m", "flowdrop", "report", "--help")
    assert "one row per channel" in printed["--help"]
    assert json.loads(printed["hillstrom --json"])["channels"] == ROWS
    rows = list(csv.DictReader(io.StringIO(printed["hillstrom --csv"])))
    assert rows == [{key: str(value) for key, value in row.items()} for row in ROWS]
    assert "counts once in each" in printed["hillstrom"]
    assert "联系次数" in printed["hillstrom --lang zh"]
    assert "contacts" not in printed["hillstrom --lang zh"]


def test_its_files(tree: Tree, printed: dict[str, str]) -> None:
    assert printed["hillstrom --xlsx channels.xlsx"] == ""
    assert parquet.read_table(tree.folder / "channels.parquet").to_pylist() == ROWS
    [sheet] = read((tree.folder / "channels.xlsx").read_bytes()).values()
    assert sheet == [[*ROWS[0]], *([*row.values()] for row in ROWS)]


def test_its_page_and_what_is_beside_it(web: httpx.Client, printed: dict[str, str]) -> None:
    asked = {"campaign": "hillstrom"}
    home = web.get("/").text
    assert '<a href="/channels?campaign=hillstrom">Channels</a>' in home
    page = web.get("/channels", params=asked)
    assert page.status_code == 200
    assert "counts once in each" in page.text
    assert "渠道" in web.get("/channels", params={**asked, "lang": "zh"}).text
    for link in re.findall(r'href="(/[\w/.]+\?campaign=hillstrom)"', page.text):
        assert web.get(link).status_code == 200, link
    assert web.get("/channels.csv", params=asked).text == printed["hillstrom --csv"]
    assert "uniqExact(person)" in web.get("/channels/query", params={**asked, "lang": "en"}).text
    assert web.get("/channels", params={"campaign": "hilstrom"}).status_code == 404


def test_its_endpoint_is_typed(web: httpx.Client, printed: dict[str, str]) -> None:
    answer = web.get("/api/channels", params={"campaign": "hillstrom"})
    assert answer.json() == json.loads(printed["hillstrom --json"])
    api: dict[str, Any] = web.get("/api/openapi.json").json()
    get = api["paths"]["/api/channels"]["get"]
    assert [each["name"] for each in get["parameters"]] == [*("campaign", "as_organisation")]
    schema = get["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ChannelReport"}
    assert api["components"]["schemas"]["Channel"]["properties"]["people"]["type"] == "integer"


def test_its_words_are_found(tree: Tree) -> None:
    (block,) = COMMANDS.findall(section("A word or a sentence"))
    for line in block.splitlines():
        program, *words = shlex.split(line)
        assert program == "pybabel"
        tree.run("-m", "babel.messages.frontend", *words)
    with (tree.folder / "console" / "i18n" / "zh.po").open("rb") as file:
        catalogue = read_po(file, locale="zh", abort_invalid=True)
    places = {place for message in catalogue for place, _ in message.locations}
    assert {"console/reports/channels.py", "sql/reports/channels.sql"} <= places
    assert all(message.string for message in catalogue)
    assert not catalogue.obsolete


def test_it_has_its_row_in_the_docs(tree: Tree) -> None:
    page = tree.run("-m", "console.reporting.documented")
    assert "| `flowdrop report channels CAMPAIGN` | Show over which channels" in page
