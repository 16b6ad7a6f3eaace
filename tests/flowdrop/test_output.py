"""What commands print: nothing that a terminal would obey, or that nobody would see."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdrop.cli import main
from flowdrop.output import echo, print_json, print_rows, say, visible

HOSTILE = "\x1b[2Jgone\x9b31m\x7f\u202ereversed\u200b\u2028"


@settings(deadline=None)
@given(st.text())
def test_what_is_shown_can_be_seen(text: str) -> None:
    shown = visible(text, frozenset())
    assert visible(shown, frozenset()) == shown
    assert not set(shown) & set("\x1b\x9b\x7f\u202e\u200b\u2028\n\t")
    assert all(character in shown for character in text if character.isprintable())


def test_layout_and_signs_of_every_language_stay() -> None:
    assert visible("流量　钱包\n\t🎁") == "流量　钱包\n\t🎁"


@pytest.mark.parametrize("printed", [echo, say, print_json])
def test_no_line_passes_control_bytes(printed: object, capsys: pytest.CaptureFixture[str]) -> None:
    printed(HOSTILE)  # type: ignore[operator]
    told = capsys.readouterr()
    assert (told.out + told.err).replace("\n", "").isprintable()


def test_json_is_the_same_value(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({HOSTILE: [HOSTILE]})
    assert json.loads(capsys.readouterr().out) == {HOSTILE: [HOSTILE]}


def test_no_table_passes_control_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"name": HOSTILE, "n": 1}], title=HOSTILE)
    assert not set(capsys.readouterr().out) & set("\x1b\x9b\x7f\u202e\u200b\u2028")


def test_no_refusal_passes_control_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def broken() -> None:
        raise click.ClickException(f"no account {HOSTILE}")

    monkeypatch.setitem(main.commands, "broken", broken)
    monkeypatch.setattr(type(main), "get_command", lambda *_: broken)
    told = CliRunner().invoke(main, ["broken"])
    assert told.exit_code == 1
    assert "\\u202ereversed" in told.stderr
    assert told.stderr.replace("\n", "").isprintable()
