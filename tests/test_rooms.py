"""Which room may import which: the table of docs/architecture.md, asserted."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = (
    "flowdrop",
    "streams",
    "sql",
    "features",
    "dags",
    "console",
    "scenarios",
    "intake",
    "local",
    "benchmarks",
)
PURE = {"streams.events", "streams.people", "streams.programs"}
OUTBOX = {*PURE, "streams.kafka.publish"}
MAY_IMPORT: dict[str, set[str]] = {
    "flowdrop": set(),
    "streams": {"flowdrop", "sql"},
    "sql": {"flowdrop"},
    "features": {"flowdrop", "sql", *PURE},
    "dags": set(),
    "console": {"flowdrop", "sql", "features", *OUTBOX},
    "scenarios": {"flowdrop", "sql", *OUTBOX, "streams.settings"},
    "intake": {"flowdrop", "sql", "features", *OUTBOX, "streams.settings"},
    "local": {"flowdrop"},
    "benchmarks": {*ROOMS, "tests"},
}

# The packages below `streams/`, from the ground up: each imports those before it in its own line.
STREAMS: dict[str, set[str]] = {
    "events": set(),
    "people": {"events"},
    "programs": {"events"},
    "ledger": {"events", "programs"},
    "layer": set(),
    "kafka": {"events", "ledger", "layer"},
    "feed": {"events", "ledger", "layer", "kafka"},
    "worker": {"events", "people", "programs", "ledger", "layer", "kafka", "feed"},
    "inspect": {"events", "people", "programs", "ledger", "layer", "kafka", "worker"},
    "reconcile": {"events", "ledger", "layer", "kafka", "feed", "worker", "inspect"},
}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _allowed(name: str, room: str) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in (room, *MAY_IMPORT[room]))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_table_allows(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files, f"no code in {room}/"
    strangers = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in _imports(path)
        if name.split(".")[0] in {*ROOMS, "tests", "benchmarks"} and not _allowed(name, room)
    }
    assert not strangers


@pytest.mark.parametrize("package", STREAMS)
def test_a_package_of_the_streams_imports_only_those_below_it(package: str) -> None:
    allowed = {package, *STREAMS[package], *({"settings"} if STREAMS[package] else ())}
    for path in sorted((ROOT / "streams" / package).rglob("*.py")):
        found = {name.split(".")[1] for name in _imports(path) if name.startswith("streams.")}
        assert found <= allowed, path


def test_dags_import_nothing_but_airflow_and_the_standard_library() -> None:
    import sys

    files = sorted((ROOT / "dags").rglob("*.py"))
    # Airflow puts the folder itself on the path, so its modules import each other by their names.
    known = {*sys.stdlib_module_names, "airflow", *(path.stem for path in files)}
    for path in files:
        assert {name.split(".")[0] for name in _imports(path)} <= known, path


def test_the_documented_tables_have_every_package() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    for room in (*ROOMS, *STREAMS):
        assert f"| `{room}/` |" in page


def test_no_sql_is_written_in_python() -> None:
    import re

    sql = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|CREATE\s+TABLE)\b", re.DOTALL)
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if path.is_relative_to(ROOT / "local" / "clickhouse"):
                continue  # the engine's server speaks SQL to its engine
            strings = [
                node.value
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            docs = {
                ast.get_docstring(node, clean=False)
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
            }
            written = [text for text in strings if text not in docs and sql.search(text)]
            assert not written, f"{path}: {written[0][:80]!r} belongs in sql/"
