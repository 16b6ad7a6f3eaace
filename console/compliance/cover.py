"""What backs a program's coins: put up, leased to partitions, issued, and left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from console.compliance.reserve import bound
from console.reports.basis import Asker, Query, Words
from console.settlement.party import parties

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client


BASIS = Words(
    en="Coins are whole, in the program's smallest unit, as of what the warehouse has been fed. "
    "Backing is left in the reserve, leased to a partition, or on its way between them. A bound "
    "program issues on a partition what that has leased, and no more. Issued is less what was "
    "burnt; outstanding is that less fees and what carriers, merchants and partners are owed, and "
    "with what partners owe. What was spent has taken its backing along.",
    zh="流量币为整数，以各方案的最小单位计，截至数仓已接收的数据。备付或留在准备金中，或已租给分区，或在途。"
    "受约束的方案在一个分区只能发行该分区已租得的数量。已发行为扣除销毁后的数量；未兑付为其扣除手续费及应付运营商、"
    "商户与合作方的部分，并加上合作方所欠的部分。已花费的币带走了它的备付。",
)


@dataclass(frozen=True, kw_only=True)
class PartitionCover:
    """What a partition's issuer has leased; coins."""

    partition: int
    leased: int
    issued: int  # less burnt
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
    issued: int  # less burnt: outstanding + spent + partners
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
    empty: str  # why there is none, else ''
    basis: Words
    queries: tuple[Query, ...]


def cover(client: Client, programs: Path, program: str = "") -> Cover:
    """Return what backs the coins of each program.

    Args:
        client: of the warehouse.
        programs: folder of the programs' files, which say who is bound.
        program: only this one, even without a reserve; '' for all that have one.

    Raises:
        EmptyWarehouseError: when no coin has moved yet.
        click.ClickException: when there is no such program, or its file can't be read.
    """
    asker = Asker(client)
    parties(asker)
    rows = {row["program"]: row for row in asker.rows("compliance/reserve", program=program)}
    leases: dict[str, list[PartitionCover]] = {}
    for row in asker.rows("compliance/leases", program=program):
        left = row["leased"] - row["issued"]
        leases.setdefault(row.pop("program"), []).append(PartitionCover(**row, left=left))
    if program and program not in rows and not (programs / f"{program}.toml").exists():
        known = ", ".join(sorted(path.stem for path in programs.glob("*.toml")))
        raise click.ClickException(f"--program: no program {program!r}; there are {known}")
    names = (
        [program] if program else sorted({*rows, *(path.stem for path in programs.glob("*.toml"))})
    )
    found = [
        _of(name, bound(programs, name), rows.get(name), leases.get(name, [])) for name in names
    ]
    shown = tuple(one for one in found if program or one.bound or one.backing or one.leased)
    return Cover(
        programs=shown,
        empty="" if shown else "no program has a reserve, and no file binds one to it",
        basis=BASIS,
        queries=tuple(asker.asked),
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
