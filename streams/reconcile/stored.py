"""What ClickHouse is asked about all it stores: sums, counts and first differences, in SQL."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from sql.client import rows
from streams.ledger.accounts import NEVER_NEGATIVE
from streams.reconcile.report import Findings
from streams.worker.agents import rules_of

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from streams.reconcile.partition import Proof
    from streams.settings import StreamSettings


def check_warehouse(client: Client, settings: StreamSettings) -> Findings:
    """Check what needs no fold."""
    began = time.perf_counter()
    findings = Findings()
    _check_sums(client, findings)
    _check_available(client, findings)
    _check_resolved(client, findings)
    _check_once(client, rules_of(settings).window_us, findings)
    _check_postings(client, findings)
    for row in rows(client, "ledger/strangers", partitions=settings.partitions):
        place = f"{row['source_topic']} {row['source_partition']}:{row['source_offset']}"
        key = "inputs" if row["what"] == "result" else "deadletters"
        findings.differ(
            key, f"{place}: ClickHouse has a {row['what']} of it, but there is no such partition"
        )
    findings.took("SQL", time.perf_counter() - began)
    return findings


def check_campaigns(client: Client, proofs: list[Proof], findings: Findings) -> None:
    """Compare the accepted campaign events of each partition with ClickHouse's."""
    stored = {row.pop("partition"): row for row in rows(client, "ledger/campaign_events")}
    for proof in proofs:
        mine = {name: proof.accepted[name] for name in ("events", "names", "times")}
        theirs = stored.pop(proof.number, dict.fromkeys(mine, 0))
        findings.compared["campaigns"] += mine["events"]
        if mine != theirs:
            findings.differ(
                "campaigns",
                f"partition {proof.number}: {mine} accepted, {theirs} stored (names, times: sums)",
            )
    for number, row in stored.items():
        findings.differ(
            "campaigns", f"partition {number}: {row} stored, but there is no such partition"
        )


def _check_sums(client: Client, findings: Findings) -> None:
    in_flight: Counter[str] = Counter()
    for row in rows(client, "ledger/sums"):
        findings.compared.update({"available": row["postings"], "postings": row["postings"]})
        in_flight[row["program"]] += row["in_flight"]
        if row["total"]:
            findings.differ(
                "sums",
                f"partition {row['partition']}: ClickHouse's postings of {row['program']} sum to "
                f"{row['total']:,}",
            )
    for program, total in in_flight.items():
        if total:
            findings.differ("in_flight", f"{total:,} coins of {program}, by ClickHouse's postings")
    for row in rows(client, "ledger/unbalanced"):
        findings.differ("sums", f"{_place(row)}: postings of {_event(row)} sum to {row['total']:,}")


def _check_available(client: Client, findings: Findings) -> None:
    for row in rows(client, "ledger/negative", kinds=sorted(NEVER_NEGATIVE)):
        findings.differ(
            "available",
            f"{_place(row)}: {row['account']} had {row['available']:,} available at version "
            f"{row['version']:,}",
        )


def _check_resolved(client: Client, findings: Findings) -> None:
    for row in rows(client, "ledger/resolved_twice"):
        findings.differ(
            "pending",
            f"wallet.events partition {row['source_partition']}: {row['subject']}, {row['what']} "
            f"{_named(row['name_source'], row['name'])}: begun {row['begun']} times, "
            f"ended {row['ended']}",
        )


def _check_once(client: Client, window_us: int, findings: Findings) -> None:
    for row in rows(client, "ledger/applied_twice", window_us=window_us):
        findings.differ(
            "once",
            f"{_place(row)}: {row['subject']}, event {_event(row)}: applied {row['applied']} "
            f"times, refused {row['refused']}, again {row['again']}",
        )


def _check_postings(client: Client, findings: Findings) -> None:
    for row in rows(client, "ledger/postings_unlike_results"):
        number = row["partition"]
        for first in rows(client, "ledger/posting_unlike_result", partition=number):
            findings.differ(
                "postings",
                f"wallet.events {number}:{first['source_offset']}: {first['account']} version "
                f"{first['version']:,} is so in {first['only_in']} only",
            )
        findings.differ(
            "postings", f"partition {number}: {row['stored']} are not {row['expected']}"
        )


def _event(row: dict[str, object]) -> str:
    return _named(row["event_source"], row["event_id"])


def _named(source: object, name: object) -> str:
    """Return how an event is named: by its id, and its source where there is one."""
    return f"{name} of {source}" if source else str(name)


def _place(row: dict[str, object]) -> str:
    return f"wallet.events {row['source_partition']}:{row['source_offset']}"
