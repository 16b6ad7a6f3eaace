"""What backs a program's coins: put up, leased to partitions, issued, and left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.compliance.reserve import bound
from console.i18n import EnglishText, LocalizedText, Names
from console.reports.basis import LocalizedError, Query, QueryLog
from console.settlement.party import parties

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client


BASIS = LocalizedText(
    "Coins are whole, in the program's smallest unit, as of the data the warehouse has received. "
    "Backing is left in the reserve, leased to a partition, or in transit between them. A bound "
    "program issues on a partition no more than that partition has leased. Issued is net of burnt "
    "coins; outstanding is that less fees and what carriers, merchants and partners are owed, plus "
    "what partners owe. Spent coins have taken their backing with them."
)

EMPTY = LocalizedText("no program has a reserve, and no file binds one to it")


@dataclass(frozen=True, kw_only=True)
class PartitionCover:
    """What a partition's issuer has leased; coins."""

    partition: int
    leased: int
    issued: int  # net of burnt
    left: int  # leased - issued; below zero: issued before the program was bound, and not backed


@dataclass(frozen=True, kw_only=True)
class ProgramCover:
    """A program's reserve; coins."""

    program: str
    bound: str  # when its file binds it: 'always', 'from 2026-10-01', ...; '' for never
    backing: int  # left + leased + on_the_way
    left: int  # in the reserve, not leased
    leased: int  # to all partitions
    on_the_way: int
    issued: int  # net of burnt: outstanding + spent + partners
    outstanding: int
    spent: int  # at carriers and merchants, and on fees
    partners: int  # owed to partners for points; below zero: owed by them
    unbacked: int  # issued on partitions that have leased less
    cover: float | None  # backing / issued; none when nothing is issued
    partitions: tuple[PartitionCover, ...]


@dataclass(frozen=True, kw_only=True)
class Cover:
    """Every program that has a reserve, or whose file binds it to one."""

    programs: tuple[ProgramCover, ...]
    empty: str  # why there is none, otherwise ''
    basis: LocalizedText
    queries: tuple[Query, ...]


def cover(client: Client, programs: Path, program: str = "") -> Cover:
    """Return what backs the coins of each program.

    Args:
        client: of the warehouse.
        programs: folder of the programs' files, which say which are bound.
        program: only this one, even without a reserve; '' for all that have one.

    Raises:
        EmptyWarehouseError: when no coin has moved yet.
        click.ClickException: when there is no such program, or its file can't be read.
    """
    log = QueryLog(client)
    parties(log)
    rows = {row["program"]: row for row in log.rows("compliance/reserve", program=program)}
    leases: dict[str, list[PartitionCover]] = {}
    for row in log.rows("compliance/leases", program=program):
        left = row["leased"] - row["issued"]
        leases.setdefault(row.pop("program"), []).append(PartitionCover(**row, left=left))
    if program and program not in rows and not (programs / f"{program}.toml").exists():
        known = sorted(path.stem for path in programs.glob("*.toml"))
        raise LocalizedError(
            LocalizedText(
                "--program: there is no program {program!r}; there are {known}",
                program=program,
                known=Names(tuple(known)),
            )
        )
    names = (
        [program] if program else sorted({*rows, *(path.stem for path in programs.glob("*.toml"))})
    )
    found = [
        _of(name, bound(programs, name), rows.get(name), leases.get(name, [])) for name in names
    ]
    shown = tuple(one for one in found if program or one.bound or one.backing or one.leased)
    return Cover(
        programs=shown,
        empty="" if shown else EnglishText(EMPTY),
        basis=BASIS,
        queries=tuple(log.asked),
    )


_NOTHING = dict.fromkeys(("backing", "remaining", "leased", "issued", "spent", "partners"), 0)


def _of(
    name: str, binding: str, row: dict[str, Any] | None, leases: list[PartitionCover]
) -> ProgramCover:
    sums = row or _NOTHING
    backing, left, leased, issued = (
        sums[key] for key in ("backing", "remaining", "leased", "issued")
    )
    return ProgramCover(
        program=name,
        bound=binding,
        backing=backing,
        left=left,
        leased=leased,
        on_the_way=backing - left - leased,
        issued=issued,
        outstanding=issued - sums["spent"] - sums["partners"],
        spent=sums["spent"],
        partners=sums["partners"],
        unbacked=sum(max(0, -lease.left) for lease in leases),
        cover=backing / issued if issued > 0 else None,
        partitions=tuple(leases),
    )
