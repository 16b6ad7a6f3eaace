"""The benchmark's smallest form on a real broker: outputs are right; no time is judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import check, wallet
from benchmarks.broker import Read
from benchmarks.engines import all_engines
from benchmarks.job import Job, expected
from benchmarks.ledger import with_ratios
from streams.events import decode_wallet, partition_of

ROOT = Path(__file__).parent.parent.parent
JOB = Job(events=2_000, accounts=100, partitions=4)
KEYS = {"engine", "events_per_s", "cpu_s_per_million", "rss_mb"}


def _run(*options: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ledger", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == status, done.stderr
    return done


@pytest.mark.kafka
def test_three_engines_do_the_same_job_and_say_what_it_took() -> None:
    names = ["flowdrop", "layer", "confluent-kafka"]
    done = _run(
        *("--engines", ",".join(names), "--events", "4000", "--accounts", "500"),
        *("--runs", "1", "--json"),
    )
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    assert [row["engine"] for row in rows] == names
    for row in rows:
        assert row.keys() >= KEYS
        assert row["events"] == 4000
        assert row["events_per_s"] >= 0, "so few events may come in one batch: no rate"
        assert row["rss_mb"] > 10
        assert row["of_faust"] is None, "it was not measured"


def test_an_unknown_engine_is_named_with_those_there_are() -> None:
    said = _run("--engines", "layer,flink", status=1).stderr
    assert "'flink'" in said
    assert "confluent-kafka" in said


def test_engines_have_names_of_their_own() -> None:
    names = [engine.name for engine in all_engines()]
    assert len(set(names)) == len(names)


def test_the_job_is_made_of_events_that_flowdrop_accepts() -> None:
    records = [*JOB.opening(), *JOB.records()]
    sizes = [len(value) for _, _, value in JOB.records()]
    for home, key, value in records:
        event = decode_wallet(value)
        assert event.subject.encode() == key
        assert partition_of(event.subject, JOB.partitions) == home
    assert 250 <= sum(sizes) / len(sizes) <= 260
    assert list(JOB.records()) == list(JOB.records()), "a seed makes the same events"


def _results(job: Job) -> list[wallet.Result]:
    balances: dict[str, int] = {}
    found = []
    for _, key, value in job.records():
        result = wallet.fold(balances.get(key.decode(), 0), wallet.decode_event(value))
        balances[key.decode()] = result.balance
        found.append(result)
    return found


def _verify(results: list[wallet.Result]) -> None:
    want = expected(JOB)
    records = [Read(r.account.encode(), wallet.encode_result(r), 1) for r in results]
    check.verify(check.tally_bare(JOB, records), want, want.balances)


def test_the_bare_fold_gives_what_is_expected() -> None:
    _verify(_results(JOB))


def test_a_result_that_is_missing_doubled_or_wrong_is_found() -> None:
    results = _results(JOB)
    with pytest.raises(check.WrongError, match="1,999 results for 2,000 events"):
        _verify(results[:-1])
    with pytest.raises(check.WrongError, match="two results"):
        _verify([*results, results[-1]])
    last = results[-1]
    wrong = wallet.Result(last.id, last.account, last.outcome, last.balance + 1)
    with pytest.raises(check.WrongError, match=rf"1 balances.*{last.account}"):
        _verify([*results[:-1], wrong])


def test_a_refusal_too_many_is_found() -> None:
    results = _results(JOB)
    first = results[0]
    results[0] = wallet.Result(first.id, first.account, "refused", first.balance)
    with pytest.raises(check.WrongError, match="events refused"):
        _verify(results)


def test_ratios_are_to_the_marks_that_were_measured() -> None:
    def row(engine: str, rate: int, warm: int) -> dict[str, Any]:
        return {"engine": engine, "events_per_s": rate, "warm_events_per_s": warm}

    rows = with_ratios(
        [
            row("layer", 200, 210),
            row("kafka-streams-a", 100, 140),
            row("kafka-streams-b", 120, 130),
            row("faust", 5, 5),
        ]
    )
    assert rows[0]["of_kafka_streams"] == 1.5
    assert rows[0]["of_faust"] == 40
    assert rows[0]["of_confluent_kafka"] is None
