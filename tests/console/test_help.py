"""The help of every command of the console's is quick: it waits for no library."""

from __future__ import annotations

import subprocess
import sys

import pytest

from console.compliance_cli import compliance
from console.drop_cli import drop
from console.report_cli import report

HEAVY = (
    *("scipy", "numpy", "pandas", "pyarrow", "xlsxwriter", "sqlalchemy", "clickhouse_connect"),
    *("pydantic", "rich", "fastapi", "jinja2", "msgspec", "aiokafka"),
)
CALLED = "from flowdrop.cli import main\ntry: main(sys.argv[1:])\nexcept SystemExit: pass\n"
COMMANDS = [
    *(["report", *name] for name in ([], *([each] for each in report.commands))),
    *(["compliance", *name] for name in ([], *([each] for each in compliance.commands))),
    *(["drop", *name] for name in ([], *([each] for each in drop.commands))),
    ["settlement"],
    ["console"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_waits_for_no_library(words: list[str]) -> None:
    told = f"print(sorted({set(HEAVY)!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{CALLED}{told}", *words, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Usage:" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
