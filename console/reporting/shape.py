"""In which form a command prints a report: tables for a person, JSON, CSV, or a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.reporting.report import told
from console.reporting.viewer import Viewer, viewer_of
from flowdrop.options import as_csv_option, as_json_option

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from console.reporting.answer import Answer
    from console.reporting.report import Report, Values

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the options of `shape_options` requested."""

    as_json: bool
    as_csv: bool
    xlsx: Path | None
    parquet: Path | None
    lang: str = "en"
    as_organisation: str | None = None

    @property
    def viewer(self) -> Viewer:
        """Who sees the report: whoever may run commands is staff, who may see as others do."""
        return viewer_of(self.as_organisation)

    @property
    def for_a_person(self) -> bool:
        """Whether tables are printed."""
        return not (self.as_json or self.as_csv or self.xlsx or self.parquet)


def lang_option() -> Callable[[F], F]:
    """Give a command `--lang`."""
    return click.option(
        "--lang",
        type=click.Choice(["en", "zh"]),
        default="en",
        show_default=True,
        help="Language of the tables.",
    )


def shape_options(row: str) -> Callable[[F], F]:
    """Give a command the options of a `Shape`; `row` is what a row of its files is.

    Its callback takes them together: `Shape(**options)`.
    """

    def add(command: F) -> F:
        command = lang_option()(command)
        command = click.option("--parquet", type=_FILE, help="Write Parquet to this file.")(command)
        command = click.option("--xlsx", type=_FILE, help="Write an Excel workbook to this file.")(
            command
        )
        return as_json_option()(as_csv_option(f"Print CSV: {row}.")(command))

    return add


def show(report: Report[T], answer: Answer[T], shape: Shape) -> None:
    """Print an answer in the requested form, and write the requested files."""
    from flowdrop.output import print_csv, print_json

    _write(report, answer, shape)
    if shape.as_json:
        print_json(told(answer))
    elif shape.as_csv:
        print_csv(report.rows(answer.found), report.tables[0].columns)
    elif shape.for_a_person:
        from console.reporting.text import print_text

        print_text(report, answer, shape.lang)


def tell_freshness(
    client: Client, report: Report[T], asked: Values, answer: Answer[T], shape: Shape
) -> Answer[T]:
    """Return a command's answer that says how fresh it is, where it is printed."""
    if not (shape.as_json or shape.for_a_person):
        return answer
    from console.reporting.freshness import with_freshness
    from console.settings import ConsoleSettings
    from flowdrop.settings import Addresses, load
    from streams.kafka.publish.ends import accepted_ends

    settings = load(ConsoleSettings)
    ends = accepted_ends(load(Addresses).kafka, settings.partitions)
    return with_freshness(answer, client, report, asked, settings.zone, ends)


def _write(report: Report[T], answer: Answer[T], shape: Shape) -> None:
    from console.reporting.export import BYTES
    from flowdrop.output import say

    for ending, path in (("xlsx", shape.xlsx), ("parquet", shape.parquet)):
        if path is None:
            continue
        made = BYTES[ending](report, answer.found)
        try:
            path.write_bytes(made)
        except OSError as error:
            raise click.ClickException(f"--{ending}: {path}: {error.strerror}") from error
        say(f"wrote {path}: {len(report.rows(answer.found)):,} rows")
