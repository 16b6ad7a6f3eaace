"""Departments: who answers for which activities and campaigns, according to the programs' files.

An activity that no file assigns to a department is a department by its own name.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from console.reports.basis import QueryLog

REDEEMED = {"redeem", "redeem_settle"}
BOUGHT = {"order_fulfil"}


@dataclass(frozen=True, kw_only=True)
class Department:
    """What one department of a program answers for."""

    name: str
    program: str
    activities: tuple[str, ...]
    campaigns: tuple[str, ...]  # their names, or a prefix and a *

    @property
    def party(self) -> str:
        """Its name as a party."""
        return f"department:{self.name}"

    def of(self, campaigns: Iterable[str]) -> list[str]:
        """Return those of `campaigns` that are its own."""
        return [name for name in campaigns if any(fnmatchcase(name, own) for own in self.campaigns)]


@dataclass(frozen=True, kw_only=True)
class Caused:
    """What people got for one activity or campaign, and what became of it, by the month's end."""

    kind: str  # activity, campaign
    name: str
    people: int  # who got any
    coins: int  # that they got, less what was taken back
    in_hand: int
    redeemed: int
    bought: int  # with them, from the catalogue
    spent: dict[str, int]  # by operation, including the two above

    @property
    def otherwise(self) -> int:
        """Coins of `spent` neither redeemed nor used for purchases: given away, expired, ..."""
        return self.coins - self.in_hand - self.redeemed - self.bought


def departments(programs: Path | None) -> tuple[Department, ...]:
    """Return the departments of all programs whose files are in the folder `programs`.

    Raises:
        ProgramError: when a file can't be read, or a value is not what it must be.
    """
    from streams.programs import read

    files = sorted(programs.glob("*.toml")) if programs else []
    return tuple(
        Department(
            name=name, program=path.stem, activities=table.activities, campaigns=table.campaigns
        )
        for path in files
        for name, table in read(path).departments.items()
    )


def answering(known: Sequence[Department]) -> dict[tuple[str, str], str]:
    """Return the department's party by program and activity's party."""
    return {
        (one.program, f"department:{activity}"): one.party
        for one in known
        for activity in one.activities
    }


def caused(
    log: QueryLog, *, activities: Sequence[str], campaigns: Sequence[str], program: str, end: str
) -> dict[str, list[Caused]]:
    """Return what became of the coins of activities and campaigns, by program.

    Args:
        log: queries the warehouse, and records the queries.
        activities: those of them.
        campaigns: those of them.
        program: whose coins; '' for all.
        end: of the month, as a query binds it.
    """
    fates: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in log.rows(
        "settlement/caused_coins",
        activities=list(activities),
        campaigns=list(campaigns),
        drawn=[],
        takers=False,
        program=program,
        end=end,
    ):
        fate = fates.setdefault((row["program"], row["kind"], row["name"]), {"spent": {}})
        if row["operation"]:
            fate["spent"][row["operation"]] = row["coins"]
        else:
            fate |= {"coins": row["coins"], "people": row["wallets"]}
    found: dict[str, list[Caused]] = {}
    for (of, kind, name), fate in fates.items():
        spent = fate["spent"]
        line = Caused(
            kind=kind,
            name=name,
            in_hand=fate["coins"] - sum(spent.values()),
            redeemed=sum(spent.get(operation, 0) for operation in REDEEMED),
            bought=sum(spent.get(operation, 0) for operation in BOUGHT),
            **fate,
        )
        found.setdefault(of, []).append(line)
    return found
