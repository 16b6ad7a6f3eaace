"""Write the tables of docs/benchmarks.md: measure, keep the figures as JSON, fill them in.

python -m benchmarks.page                     measure everything, then write the page
python -m benchmarks.page --only latency      measure that again
python -m benchmarks.page --stored            write the page from docs/benchmarks/*.json
"""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmarks import intake, latency, ledger
from benchmarks.machine import exit_on_sigterm, pinning, say
from benchmarks.tables import markdown

if TYPE_CHECKING:
    from collections.abc import Callable

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "benchmarks.md"
STORE = DOCS / "benchmarks"

Rows = list[dict[str, Any]]


def _ledger_table(rows: Rows) -> str:
    return markdown([ledger.shown(row) for row in rows])


def _latency_table(rows: Rows) -> str:
    return markdown([latency.shown(row) for row in rows])


def _intake_table(rows: Rows) -> str:
    return markdown([intake.shown(row) for row in rows])


def _scaling_table(rows: Rows) -> str:
    return markdown(rows)


def _several_tables(tables: dict[str, Rows]) -> str:
    return "\n\n".join(markdown(rows) for rows in tables.values() if rows)


TABLES: dict[str, Callable[[Any], str]] = {
    "ledger": _ledger_table,
    "latency": _latency_table,
    "intake": _intake_table,
    "scaling": _scaling_table,
    "profile": _several_tables,
    "import_csv": markdown,
    "reach": _several_tables,
    "visible": markdown,
    "coverage": markdown,
    "targeting": _several_tables,
    "peeking": _several_tables,
}


@click.command(epilog="Example: python -m benchmarks.page --only ledger --options '--runs 1'")
@click.option("--stored", is_flag=True, help="Measure nothing; use what was kept.")
@click.option("--only", type=click.Choice(list(TABLES)), multiple=True, help="Measure only this.")
@click.option("--options", default="", help="Passed on to each benchmark that is run.")
def main(*, stored: bool, only: tuple[str, ...], options: str) -> None:
    """Measure, keep the figures below docs/benchmarks/, and write the tables of the page.

    Each table says with which command and on what machine it was made, and when.
    """
    wanted = () if stored else only or tuple(TABLES)
    failed = [name for name in wanted if not measure(name, shlex.split(options))]
    PAGE.write_text(filled(PAGE.read_text()))
    say(f"wrote {PAGE}")
    if failed:
        raise click.ClickException(f"{', '.join(failed)}: something failed, see above")


def measure(name: str, options: list[str]) -> bool:
    """Run one benchmark and keep what it gives, with its command, machine and date.

    Returns:
        Whether all of it could be measured; what could is kept in any case.
    """
    command = ["python", "-m", f"benchmarks.{name}", *options]
    say(shlex.join(command))
    exit_on_sigterm()
    process = subprocess.Popen([sys.executable, *command[1:], "--json"], stdout=subprocess.PIPE)
    try:
        printed, _ = process.communicate()
    finally:
        process.terminate()  # if we end before it; it then ends its broker and engine
        process.wait()
    if not printed:
        return False
    kept = {
        "command": shlex.join(command),
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "found": json.loads(printed),
    }
    STORE.mkdir(parents=True, exist_ok=True)
    (STORE / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    return process.returncode == 0


def machine() -> str:
    """Return a line that says what this machine is."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else []
    model = names[0] if names else platform.processor() or platform.machine()
    python = platform.python_version()
    return f"{os.cpu_count()} cores ({model}), Python {python}; {pinning()}"


def filled(text: str) -> str:
    """Return the page's text with every table for which figures are kept."""
    for name, table in TABLES.items():
        path = STORE / f"{name}.json"
        if path.exists():
            kept = json.loads(path.read_text())
            made = f"`{kept['command']}`, {kept['date']}, {kept['machine']}:"
            inside = f"{made}\n\n{table(kept['found'])}"
            head, begin, rest = text.partition(f"<!-- begin {name} -->\n")
            _, end, tail = rest.partition(f"<!-- end {name} -->")
            text = f"{head}{begin}{inside}\n{end}{tail}"
    return text


if __name__ == "__main__":
    main()
