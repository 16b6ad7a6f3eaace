"""The whole proof: wait, fold every partition in separate processes, ask ClickHouse, report."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from sql.client import connect
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC
from streams.inspect.formats import require_readable
from streams.kafka.settled import CHANGELOGS, settled
from streams.reconcile.partition import Job, Proof, prove
from streams.reconcile.report import Findings, Report, checks_of
from streams.reconcile.stored import check_campaigns, check_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.settings import StreamSettings

PROCESSES = 2
PROGRESS_SECONDS = 0.2

# How many records were folded, shared by the processes.
_folded: Any = None


def reconcile(
    kafka: str,
    clickhouse: str,
    worker: str,
    settings: StreamSettings,
    *,
    wait_seconds: float = 60.0,
    processes: int = PROCESSES,
    on_progress: Callable[[int], object] = lambda _records: None,
) -> Report:
    """Fold the logs again and compare everything stored with them.

    Args:
        kafka: bootstrap address.
        clickhouse: URL of the warehouse.
        worker: URL of any worker.
        settings: partitions, programs, window and key of the ledger.
        wait_seconds: how long worker and feed may take to catch up with the logs' ends.
        processes: how many fold, one partition each at a time; 1 is this one.
        on_progress: called with how many records have been folded in all.

    Raises:
        click.ClickException: when a table is of another version's format, a part does not answer
            or does not catch up, or a log grows while it is folded.
    """
    began = time.perf_counter()
    for topic in CHANGELOGS.values():
        require_readable(kafka, topic, settings.partitions)
    client = connect(clickhouse)
    ends = settled(kafka, client, worker, settings, wait_seconds)
    waited = time.perf_counter() - began
    jobs = [
        Job(
            number,
            kafka,
            clickhouse,
            worker,
            settings,
            {topic: places[number] for topic, places in ends.items()},
        )
        for number in range(settings.partitions)
    ]
    findings = Findings()
    with ThreadPoolExecutor(1) as executor:
        asked = executor.submit(check_warehouse, client, settings)
        proofs = _prove_all(jobs, processes, on_progress)
        findings.add(asked.result())
    check_campaigns(client, proofs, findings)
    for proof in proofs:
        findings.add(proof.findings)
    _check_in_flight(proofs, findings)
    findings.compared["once"] = findings.compared["results"]
    findings.took("wait", waited)
    findings.took("wall", time.perf_counter() - began)
    return _report(proofs, findings)


def _prove_all(
    jobs: list[Job], processes: int, on_progress: Callable[[int], object]
) -> list[Proof]:
    if processes == 1:
        folded = Counter[str]()

        def advance(records: int) -> None:
            folded["records"] += records
            on_progress(folded["records"])

        return [prove(job, advance) for job in jobs]
    context = multiprocessing.get_context("spawn")
    shared = context.Value("Q", 0)
    with ProcessPoolExecutor(processes, context, _share, (shared,)) as executor:
        waiting = [executor.submit(_prove_shared, job) for job in jobs]
        left = set(waiting)
        while left:
            done, left = wait(left, PROGRESS_SECONDS)
            on_progress(shared.value)
            for future in done:
                if error := future.exception():
                    executor.shutdown(cancel_futures=True)
                    raise error
        return [future.result() for future in waiting]


def _share(folded: Any) -> None:
    global _folded  # noqa: PLW0603 - a pool's initializer has no other place
    _folded = folded
    gc.disable()  # nothing it keeps has cycles, and looking for them takes an eighth of the time


def _prove_shared(job: Job) -> Proof:
    def advance(records: int) -> None:
        with _folded.get_lock():
            _folded.value += records

    return prove(job, advance)


def _check_in_flight(proofs: list[Proof], findings: Findings) -> None:
    in_flight: Counter[str] = Counter()
    for proof in proofs:
        in_flight.update(proof.in_flight)
    for program, total in in_flight.items():
        if total:
            findings.differ("in_flight", f"{total:,} coins of {program}, by the fold")


def _report(proofs: list[Proof], findings: Findings) -> Report:
    checks = checks_of(findings)
    outcomes: Counter[str] = Counter()
    deadletters: Counter[str] = Counter()
    campaign: Counter[str] = Counter()
    for proof in proofs:
        outcomes.update(proof.outcomes)
        deadletters.update(proof.deadletters)
        campaign.update(proof.campaign)
    return Report(
        ok=all(check.held for check in checks),
        checks=checks,
        inputs={
            WALLET_TOPIC: outcomes.total() + deadletters[WALLET_TOPIC],
            CAMPAIGN_TOPIC: campaign.total() + deadletters[CAMPAIGN_TOPIC],
        },
        outcomes=dict(sorted((outcomes + campaign).items())),
        deadletters=dict(sorted((+deadletters).items())),
        accounts=sum(proof.accounts for proof in proofs),
        seconds={part: round(s, 2) for part, s in findings.seconds.items()},
    )
