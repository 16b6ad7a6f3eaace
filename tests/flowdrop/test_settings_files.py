"""A settings file or address that can't be read ends a command in a sentence, not a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from flowdrop.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'kafka = "x"\nworker = nonsense', "line 2"),
        (b"\xff\xfe", "codec can't decode"),
        (None, "Is a directory"),
    ],
)
def test_a_broken_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, told: str
) -> None:
    path = tmp_path / "mine.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    monkeypatch.setenv("FLOWDROP_CONFIG", str(path))
    found = CliRunner().invoke(main, ["settings"])
    assert (found.exit_code, type(found.exception)) == (1, SystemExit)
    assert f"settings file {path}: " in found.stderr
    assert told in found.stderr


@pytest.mark.parametrize("address", ["nonsense", "ftp://x", "http://", "http://h:99999", "//x:1"])
@pytest.mark.parametrize("name", ["WORKER", "CLICKHOUSE", "CONSOLE"])
def test_an_address_is_a_url(monkeypatch: pytest.MonkeyPatch, name: str, address: str) -> None:
    monkeypatch.setenv(f"FLOWDROP_{name}", address)
    found = CliRunner().invoke(main, ["balance", "x"])
    assert (found.exit_code, type(found.exception)) == (1, SystemExit)
    assert f"FLOWDROP_{name}" in found.stderr or name.lower() in found.stderr
    assert "must be a URL" in found.stderr


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["ledger", "trace", ""], "EVENT_ID is empty"),
        (["deadletters", "show", f"wallet.events:{10**20}:1"], "is not topic:partition:offset"),
        (["deadletters", "show", f"wallet.events:1:{10**20}"], "is not topic:partition:offset"),
    ],
)
def test_what_names_nothing_is_refused_at_once(command: list[str], told: str) -> None:
    found = CliRunner().invoke(main, command)
    assert found.exit_code == 1
    assert told in found.stderr
