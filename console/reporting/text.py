"""A report printed for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from console.reporting.figures import NONE, any_figure
from console.reporting.layout import Layout

if TYPE_CHECKING:
    from console.reporting.answer import Answer
    from console.reporting.report import Report

T = TypeVar("T")


def print_text(report: Report[T], answer: Answer[T], lang: str) -> None:
    """Print an answer: as the report defines, or its title, tables and sentences.

    An organisation gets the same layout, of what is left of the result.
    """
    to, found = Layout(lang), answer.found
    if report.text is not None:
        report.text(found, to)
    else:
        _print_tables(report, found, to)
    if report.served:
        to.sentences(answer.words)
    if answer.freshness is not None:
        from console.reporting.freshness import said

        words = said(answer.freshness, report)
        to.line(" · ".join(each.of(lang) for each in words), style="dim")


def _print_tables(report: Report[T], found: T, to: Layout) -> None:
    if report.title is not None:
        to.line(report.title(found), style="bold")
    for table in report.tables:
        rows = table.shown(found)
        if table.upright:
            heads = {key: to.gettext(table.head(key)) for row in rows for key in row}
            to.upright(
                to.gettext(table.title),
                [[(heads[key], any_figure(row[key]) or NONE) for key in row] for row in rows],
            )
            continue
        columns = list(rows[0] if rows else table.columns)
        to.table(
            to.gettext(table.title),
            [to.gettext(table.head(key)) for key in columns],
            [
                [
                    to.gettext(row[key]) if key in table.words else any_figure(row[key])
                    for key in columns
                ]
                for row in rows
            ],
            listed={to.gettext(table.head(key)) for key in table.texts(rows)},
        )
    to.sentences(report.sentences(found))
