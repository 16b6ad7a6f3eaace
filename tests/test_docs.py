"""Every command that README or a page of docs shows is one, with options that it has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from flowdrop.cli import main

ROOT = Path(__file__).parent.parent
COMMAND = re.compile(r"^(?:    )?(?:\.venv/bin/)?flowdrop ((?:.*\\\n)*.*)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```|(?:^    [^\n]*\n)+", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`flowdrop ([^`]+)`")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def shown(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    blocks = [command for block in CODE.findall(text) for command in COMMAND.findall(block)]
    return [*blocks, *INLINE.findall(text)]


def test_commands_are_found() -> None:
    assert sum(len(shown(page)) for page in PAGES) > 100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_can_be_run(page: Path) -> None:
    for text in shown(page):
        words = shlex.split(text.replace("\\\n", " ").replace("\n", " "), comments=True)
        command: click.Command = main
        context = click.Context(main)
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            name = words.pop(0)
            if {"|", "/"} & set(name) or name == name.upper():  # a choice, a placeholder
                break
            found = command.get_command(context, name)
            if found is None and f'name="{name}"' in page.read_text(encoding="utf-8"):
                return  # the page itself says how it is made; tests/test_extending.py runs it
            assert found is not None, f"{page.name}: flowdrop {text}: no command {name!r}"
            command, context = found, click.Context(found, parent=context)
        if isinstance(command, click.Group):
            continue
        options = {option for own in command.params for option in (*own.opts, *own.secondary_opts)}
        asked = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert asked <= options | {"--help", "-h"}, f"{page.name}: flowdrop {text}"
