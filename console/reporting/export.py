"""A report as a file, the same for a command's options and for a page's downloads."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003
from typing import TYPE_CHECKING, Any, TypeVar

from flowdrop.files import parquet_bytes, xlsx_bytes
from flowdrop.output import csv_text

if TYPE_CHECKING:
    from console.reporting.report import Report

T = TypeVar("T")


def _csv(report: Report[T], found: T) -> bytes:
    return csv_text(report.rows(found), report.tables[0].columns).encode()


def _xlsx(report: Report[T], found: T) -> bytes:
    return xlsx_bytes(
        {each.title: (each.rows(found), each.columns) for each in report.tables},
        {each.title: each.chart for each in report.tables if each.chart is not None},
    )


def _parquet(report: Report[T], found: T) -> bytes:
    return parquet_bytes(report.rows(found), report.tables[0].columns)


BYTES: dict[str, Callable[[Report[Any], Any], bytes]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "parquet": _parquet,
}
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
