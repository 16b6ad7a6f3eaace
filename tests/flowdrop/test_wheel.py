"""What is installed is whole: the wheel in an environment of its own, asked from another folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flowdrop.secrets import current, read
from local.ports import HOST, free_port
from tests.stack import Stack, ask, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
# What is installed, and so has to come with everything that stands in it.
PACKAGES = (
    *("console", "dags", "features", "flowdrop", "intake", "local"),
    *("programs", "scenarios", "sql", "streams"),
)
BUILT_FROM = (*PACKAGES, "pyproject.toml", "README.md", "LICENSE")
UV = [sys.executable, "-m", "uv"]

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, so that nothing of an earlier build gets into it."""
    source = tmp_path_factory.mktemp("source")
    for name in BUILT_FROM:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    subprocess.run([*UV, "build", "--quiet", "--wheel", "-o", source / "out", source], check=True)
    (found,) = (source / "out").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of an environment that has the wheel and what it needs, and no source."""
    environment = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([*UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    needs = ["--no-deps", "-r", ROOT / "requirements.lock", wheel]
    into = ["--python", environment / "bin" / "python"]
    subprocess.run([*UV, "pip", "install", "--quiet", *into, *needs], check=True)
    return environment / "bin" / "flowdrop"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A pipeline that runs."""
    stack = Stack(tmp_path_factory.mktemp("stack"))
    stack.start()
    stack.worker()
    yield stack
    stack.stop()


@pytest.fixture
def flowdrop(installed: Path, tmp_path: Path) -> Callable[..., str]:
    """Run the installed command in an empty folder; return what it printed."""

    def run(*words: str, **env: str) -> str:
        own = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        done = subprocess.run(
            [installed, *words],
            cwd=tmp_path,
            env=env or own,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_wheel_holds_every_file(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    files = {
        str(path.relative_to(ROOT))
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files <= held
    assert {name.partition("/")[0] for name in held} == {*PACKAGES, "flowdrop-0.1.0.dist-info"}


def test_it_says_how_it_is_used(flowdrop: Callable[..., str]) -> None:
    assert "Usage: flowdrop" in flowdrop("--help")


def test_it_has_its_programs_and_queries(flowdrop: Callable[..., str]) -> None:
    assert len(json.loads(flowdrop("programs", "list", "--json"))) == 5
    assert json.loads(flowdrop("programs", "check", "--json")) == []
    queries = json.loads(flowdrop("sql", "list", "--json"))
    assert {query["name"] for query in queries} >= {"reports/campaign_names"}


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_it_replays_a_data_set_of_its_own(flowdrop: Callable[..., str], stack: Stack) -> None:
    told: Any = json.loads(flowdrop("replay", "hillstrom", "--limit", "100", "--json", **stack.env))
    assert (told["records"], told["complete"]) == (100, True)


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_it_reads_the_warehouses_schema(flowdrop: Callable[..., str], stack: Stack) -> None:
    assert flowdrop("sql", "schema", **stack.env) == (ROOT / "docs/schema.sql").read_text()


@pytest.mark.kafka
@pytest.mark.clickhouse
def test_it_serves_its_pages(installed: Path, stack: Stack, tmp_path: Path) -> None:
    port = free_port()
    console = subprocess.Popen(
        [installed, "console", "--port", str(port)],
        cwd=tmp_path,
        env=stack.env,
        stdout=(tmp_path / "log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        url = f"http://{HOST}:{port}"
        token = current(read(stack.folder / "home"), "console")
        wait_for(lambda: ask(f"{url}/api/campaigns", token) is not None, "the console")
        for path in ("/", "/drops", "/static/console.css"):
            page = urllib.request.Request(
                url + path, headers={"Authorization": f"Bearer {token}", "Accept-Language": "zh"}
            )
            with urllib.request.urlopen(page, timeout=30) as answer:
                assert answer.status == 200
                assert len(answer.read()) > 1_000
    finally:
        console.terminate()
        console.wait(60)
