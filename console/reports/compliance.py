"""The report of compliance: a month of each program for a regulator."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from console.compliance.report import ComplianceReport, report
from console.i18n import N_
from console.reporting.report import Parameter, Report, Row, Table, plain
from console.reports.flags import REPORT as FLAGS
from console.settlement.month import month as month_of

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout


def _found(client: Client, month: str, program: str) -> ComplianceReport:
    return report(client, month_of(month), program)


def _text(found: ComplianceReport, to: Layout) -> None:
    """Print the report as Markdown."""
    from console.compliance.text import markdown

    sys.stdout.write(markdown(found, to))


def _months(found: ComplianceReport) -> list[Row]:
    """Return one row per program, of its single numbers."""
    return [
        {
            "month": found.month,
            **{key: value for key, value in plain(own).items() if not isinstance(value, dict)},
        }
        for own in found.programs
    ]


def _counts(of: str, name: str, count: str) -> Table[ComplianceReport]:
    """Return the table of a program's monthly counts by some key."""

    def rows(found: ComplianceReport) -> list[Row]:
        return [
            {"program": own.program, name: key, count: value}
            for own in found.programs
            for key, value in getattr(own, of).items()
        ]

    return Table(title=of.replace("_", " ").capitalize(), row=f"one row per {name}", rows=rows)


REPORT = Report(
    name="compliance",
    help="Print a month of each program as Markdown: coins, cover, wallets, refusals, flags.",
    example="flowdrop compliance report --month 2026-10 > 10.md",
    parameters=(
        Parameter(name="month", option=True, asked_for=True),
        Parameter(name="program", option=True, default=""),
    ),
    queries=(
        *("settlement/party_names", "settlement/kinds", "compliance/issued", "compliance/held"),
        *("compliance/states", "compliance/refusals", *FLAGS.queries),
    ),
    compute=_found,
    result=ComplianceReport,
    tables=(
        Table(title=N_("Programs"), row="one row per program", rows=_months),
        _counts("by_kind", "kind", "coins"),
        _counts("refusals", "reason", "events"),
        _counts("flags", "rule", "flags"),
    ),
    text=_text,
    command="flowdrop compliance report --month YYYY-MM [--program PROGRAM]",
    served=False,
)
