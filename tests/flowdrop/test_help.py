"""Help is quick: a command's module imports what it needs when the command is called.

Until then it loads click, the quick parts of the standard library, and what of ours is as quick.
What takes long to import is seen here by name, so that no clock is asked.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from flowdrop.cli import COMMANDS

LIGHT = {"click", "flowdrop"}
# Prints help of a command and of all below it, then what was loaded by then.
SCRIPT = """
import json, sys
before = set(sys.modules)
import click
from flowdrop.cli import main

def visit(command, context):
    assert command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            visit(below, click.Context(below, info_name=name, parent=context))

name = sys.argv[1]
context = click.Context(main, info_name="flowdrop")
command = main.get_command(context, name)
visit(command, click.Context(command, info_name=name, parent=context))
print(json.dumps(sorted(set(sys.modules) - before)))
"""
OURS = ("console", "features", "intake", "local", "scenarios", "sql", "streams")
SLOW = {"asyncio", "http", "multiprocessing", "sqlite3", "ssl", "unittest", "xml"}  # of the library


def loaded(name: str) -> set[str]:
    """Return the modules that help of the command `name` has imported."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, name], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_loads_what_defines_commands_only(name: str) -> None:
    modules = loaded(name)
    assert "click" in modules
    packages = {module.partition(".")[0] for module in modules}
    others = packages - sys.stdlib_module_names - LIGHT - set(OURS)
    assert not {one for one in others if not one.startswith("__editable__")}
    assert not packages & SLOW
