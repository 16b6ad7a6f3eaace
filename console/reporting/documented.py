"""The page of all reports: `python -m console.reporting.documented > docs/reports.md`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from console.i18n import LANGUAGES
from console.reporting.found import reports

if TYPE_CHECKING:
    from console.reporting.report import Report

HEAD = """# Reports

Each is one object in one file of `console/reports/`, beside its queries in `sql/reports/`
([how to add one](extending.md#a-report)). This page is what
`python -m console.reporting.documented` prints.

A command prints tables, in English or Chinese (`--lang zh`), JSON (`--json`) or CSV (`--csv`), and
writes files (`--xlsx FILE`, every table a sheet; `--parquet FILE`). The console serves the same
files under the report's name and their ending: `/reach.csv`, `/reach.xlsx`, `/reach.parquet`. CSV
and Parquet hold the first table; the endpoint answers in JSON what the command prints, and
`/api/openapi.json` says its type. A report without page and endpoint exists only as its command.
[What an organisation is told of people](privacy.md) is less than what staff see.

What is no list says under `freshness` up to when events are counted, how far storing is behind
Kafka, how many events of the days counted came after the last of them, and what was set aside; the
page says it at its end, the command in its last line.

| command | shows | page | endpoint | files | queries |
| --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """Return the page."""
    known = reports().values()
    return "".join([HEAD, *map(_row, known), *map(_definitions, known)])


def _row(report: Report[Any]) -> str:
    path = (report.page and report.page.path) or report.place
    queries = ", ".join(f"`{name}`" for name in report.queries)
    cells = (
        f"`{report.usage}`",
        report.summary,
        f"`{path}`" if report.served else "-",
        f"`/api/{report.name}`" if report.served else "-",
        report.tables[0].row,
        queries,
    )
    return f"| {' | '.join(cells)} |\n"


def _definitions(report: Report[Any]) -> str:
    """Return a section on what a report's figures mean, in both languages."""
    if not report.definitions:
        return ""
    words = [each.of(lang) for lang in LANGUAGES for each in report.definitions]
    return "\n\n".join([f"\n## {report.name}", *words]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
