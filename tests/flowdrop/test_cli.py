"""The one program: every command is there, says what it does, and costs nothing until called."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from flowdrop.cli import COMMANDS, main

if TYPE_CHECKING:
    from collections.abc import Iterator


def _commands(group: click.Group = main, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command and group below one, however deep, by the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        words = f"{before} {name}".lstrip()
        yield words, command
        if isinstance(command, click.Group):
            yield from _commands(command, words)


def test_help_imports_no_room() -> None:
    code = (
        "import sys; from flowdrop.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & set(sys.argv[1:])))"
    )
    heavy = [
        "pandas",
        "faust",
        "airflow",
        "sklearn",
        "pydantic",
        "rich",
        "chdb",
        "clickhouse_connect",
    ]
    rooms = ["streams", "sql", "features", "console", "scenarios", "intake", "local"]
    done = subprocess.run(
        [sys.executable, "-c", code, *heavy, *rooms], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", [name for name, _ in _commands()])
def test_every_command_and_group_has_help_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(main, [*name.split(), "--help"])
    assert shown.exit_code == 0, shown.output
    assert "Example" in shown.output, f"flowdrop {name} --help shows no example"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_a_command_does(name: str) -> None:
    assert COMMANDS[name].help.endswith(".")
    assert name in CliRunner().invoke(main, ["--help"]).output


def test_an_unknown_command_is_refused() -> None:
    shown = CliRunner().invoke(main, ["flow"])
    assert shown.exit_code == 2
    assert "No such command" in shown.output
