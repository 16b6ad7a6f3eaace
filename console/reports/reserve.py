"""The report of reserves: what backs each program's coins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.compliance.cover import Cover, ProgramCover, cover
from console.i18n import N_
from console.reporting.report import Parameter, Report, Row, Table, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from console.reporting.layout import Layout


def _found(client: Client, program: str, programs: Path) -> Cover:
    return cover(client, programs, program)


def _text(found: Cover, to: Layout) -> None:
    """Print each program's reserve."""
    from flowdrop.output import echo, say

    for each in found.programs:
        echo("\n  ".join(_lines(each, to)))
    if not found.programs:
        say(to.said(found.empty))
    say(found.basis.of(to.lang))


def _lines(found: ProgramCover, to: Layout) -> Iterator[str]:
    _ = to.gettext
    coins = plain(found)
    yield (
        _("{program}, bound {bound}", **coins)
        if found.bound
        else _("{program}, not bound by its file", **coins)
    )
    yield (
        _("backing {backing:,}", **coins)
        if found.cover is None
        else _("backing {backing:,}, {percent:.2f} % of issued", percent=100 * found.cover, **coins)
    )
    yield _("outstanding {outstanding:,}; spent {spent:,}; issued {issued:,}", **coins)
    yield _("left {left:,}; leased {leased:,}; in transit {on_the_way:,}", **coins)
    if found.unbacked:
        yield _("not backed {unbacked:,}", **coins)
    for each in found.partitions:
        yield _(
            "partition {partition}: leased {leased:,}, issued {issued:,}, left {left:,}",
            **plain(each),
        )


def _programs(found: Cover) -> list[Row]:
    return [
        {key: value for key, value in plain(own).items() if key != "partitions"}
        for own in found.programs
    ]


def _partitions(found: Cover) -> list[Row]:
    return [
        {"program": own.program, **plain(at)} for own in found.programs for at in own.partitions
    ]


REPORT = Report(
    name="reserve",
    help="Show what backs each program's coins: put up, leased to partitions, issued, left.",
    example="flowdrop compliance reserve --program liuliangbao",
    parameters=(Parameter(name="program", option=True, default=""),),
    settings=("programs",),
    queries=("settlement/party_names", "compliance/reserve", "compliance/leases"),
    compute=_found,
    result=Cover,
    tables=(
        Table(title=N_("Reserves"), row="one row per program", rows=_programs),
        Table(title=N_("Partitions"), row="one row per partition", rows=_partitions),
    ),
    text=_text,
    command="flowdrop compliance reserve [--program PROGRAM]",
    served=False,
)
