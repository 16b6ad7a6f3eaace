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


def _text(found: Cover, _to: Layout) -> None:
    """Print each program's reserve."""
    from flowdrop.output import echo, say

    for each in found.programs:
        echo("\n".join(_lines(each)))
    say([] if found.programs else found.empty)
    say(found.basis.en)


def _lines(found: ProgramCover) -> Iterator[str]:
    yield f"{found.program}, {f'bound {found.bound}' if found.bound else 'not bound by its file'}"
    share = "" if found.cover is None else f", {100 * found.cover:.2f} % of what is issued"
    yield f"  backing {found.backing:,}{share}"
    yield f"  outstanding {found.outstanding:,}; spent {found.spent:,}; issued {found.issued:,}"
    yield f"  left {found.left:,}; leased {found.leased:,}; on the way {found.on_the_way:,}"
    if found.unbacked:
        yield f"  not backed {found.unbacked:,}"
    for each in found.partitions:
        yield (
            f"  partition {each.partition}: leased {each.leased:,}, issued {each.issued:,}, "
            f"left {each.left:,}"
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
