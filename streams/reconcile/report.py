"""The checks: what each proves, whether it held, and the first difference if not."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec


class Law(NamedTuple):
    """Something that must hold for what is stored.

    Attributes:
        key: what code and tests call it.
        invariants: numbers of the ledger's invariants that it proves.
        name: the sentence.
        unit: what is counted while it is compared.
    """

    key: str
    invariants: tuple[int, ...]
    name: str
    unit: str


LAWS: tuple[Law, ...] = (
    Law("sums", (1,), "accounts and postings of a program sum to zero", "accounts"),
    Law("available", (2,), "available coins are never negative, at any version", "postings"),
    Law(
        "once", (3,), "an event id is applied once per subject, a repeat has an original", "results"
    ),
    Law("versions", (4,), "an account's versions have no gap and no fork", "postings"),
    Law("chains", (4,), "hash chains of the stored postings = those of the accounts", "accounts"),
    Law("in_flight", (5,), "nothing is in flight between partitions", "clearing accounts"),
    Law("window", (6,), "nothing older than the window was applied", "results"),
    Law("pending", (7,), "what is held or on offer ends once", "accounts"),
    Law("changelog", (8, 9), "fold of the log = changelog, byte for byte", "records"),
    Law("table", (9,), "fold of the log = live table, account by account", "accounts"),
    Law("balances", (9,), "fold of the log = ClickHouse, account by account", "accounts"),
    Law("results", (9, 10), "fold of the log = ClickHouse, result by result", "results"),
    Law("postings", (9,), "ClickHouse's postings = those of its results", "postings"),
    Law("inputs", (10,), "every record of wallet.events ends exactly once", "records"),
    Law("deadletters", (10,), "every dead letter is in ClickHouse once, as it was", "records"),
    Law("campaigns", (10,), "every accepted campaign event is in ClickHouse once", "events"),
)


class Check(msgspec.Struct, frozen=True):
    """One thing that must hold: whether it does, and how much was compared or what differs."""

    key: str
    invariants: tuple[int, ...]
    name: str
    held: bool
    detail: str


class Findings(msgspec.Struct):
    """What was compared and what differs, by the check's key.

    Attributes:
        compared: how many things.
        differences: the first difference, in words.
        seconds: time by part of the work.
    """

    compared: Counter[str] = msgspec.field(default_factory=Counter)
    differences: dict[str, str] = msgspec.field(default_factory=dict)
    seconds: dict[str, float] = msgspec.field(default_factory=dict)

    def differ(self, key: str, detail: str) -> None:
        """Note a difference; only a check's first is kept."""
        self.differences.setdefault(key, detail)

    def took(self, part: str, seconds: float) -> None:
        """Add to the time of a part of the work."""
        self.seconds[part] = self.seconds.get(part, 0.0) + seconds

    def add(self, other: Findings) -> None:
        """Merge in another's findings, after ours."""
        self.compared.update(other.compared)
        for part, seconds in other.seconds.items():
            self.took(part, seconds)
        self.differences = other.differences | self.differences


class Report(msgspec.Struct, frozen=True):
    """All checks, how every input ended, and the seconds each part of the work took.

    `seconds` are summed over the processes, except `wall`.
    """

    ok: bool
    checks: list[Check]
    inputs: dict[str, int]
    outcomes: dict[str, int]
    deadletters: dict[str, int]
    accounts: int
    seconds: dict[str, float]


def checks_of(findings: Findings) -> list[Check]:
    """Return every check, in the order of `LAWS`."""
    return [
        Check(
            law.key,
            law.invariants,
            law.name,
            held=law.key not in findings.differences,
            detail=findings.differences.get(law.key, f"{findings.compared[law.key]:,} {law.unit}"),
        )
        for law in LAWS
    ]
