"""The ledger under a deterministic scheduler: twenty seeds, and whether the simulator is honest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from typing import get_args

import pytest

from streams.events import Step
from streams.ledger.refusals import REFUSALS
from streams.programs import Operation
from tests.simulator.bugs import GapCrossed
from tests.simulator.plan import POINTS, CopiedLeg, Fault, plan_of
from tests.simulator.proof import evidence_of
from tests.simulator.run import Simulation
from tests.simulator.seeds import DATED, FIXED, seeds_of
from tests.simulator.trial import command, kept, shrink, try_plan

pytestmark = pytest.mark.long

OF_KEYS = {"introduce", "use", "revoke", "undo"}  # steps that no leg takes


@pytest.mark.timeout(1_200)
def test_fifteen_seeds_and_five_of_today_hold_every_invariant() -> None:
    # In processes that begin with nothing: this one has threads of Kafka's and the engine's
    # clients, which a forked one would only half have.
    # One of them: other tests have the other cores.
    command = ("--seeds", f"0-{FIXED - 1}", "--dated", str(DATED), "--processes", "1", "--json")
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulator", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout)
    assert facts["seeds"] == FIXED + DATED
    assert facts["failed"] == []
    assert facts["workers"] > 10 * (FIXED + DATED), "workers come and go"


def test_seeds_of_a_day_are_the_same_all_day_and_others_the_next() -> None:
    one, other = seeds_of("2026-11-30", DATED), seeds_of("2026-12-01", DATED)
    assert one == seeds_of("2026-11-30", DATED)
    assert not set(one) & set(other)
    assert min(one + other) >= FIXED


def replay(hash_seed: str) -> dict[str, object]:
    arguments = [
        sys.executable,
        "-m",
        "tests.simulator",
        "--seed",
        "3",
        "--events",
        "800",
        "--json",
    ]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(arguments, env=environment, capture_output=True, check=True)
    facts: dict[str, object] = json.loads(done.stdout)
    return facts


def test_a_seed_replays_exactly_in_another_process() -> None:
    one, other = replay("1"), replay("2")
    assert one["digest"] == other["digest"] != ""
    assert one["steps"] == other["steps"]


def test_another_seed_is_another_run() -> None:
    digests = {try_plan(plan_of(seed, 50), digest=True).digest for seed in range(20)}
    assert len(digests) == 20


def test_the_printed_command_runs_the_shrunk_case() -> None:
    plan = next(p for p in (plan_of(s, 100) for s in range(40)) if try_plan(p, GapCrossed).problems)
    least = shrink(plan, GapCrossed)
    words = command(least).split()
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert int(options["--seed"]) == plan.seed
    indices = [int(index) for index in options["--keep"].split(",")]
    again = kept(plan_of(plan.seed, 100), indices, int(options.get("--schedule", "0")))
    assert again == least
    assert try_plan(again, GapCrossed).problems


def test_the_plans_try_everything() -> None:
    """Every operation applied, every step of a leg and worker taken, every refusal given."""
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    steps: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for seed in range(24):
        plan = plan_of(seed, 1_500)
        faults.update(item.name for item in plan.items if isinstance(item, Fault))
        faults.update("copied leg" for item in plan.items if isinstance(item, CopiedLeg))
        run = Simulation(plan).run()
        passed += run.passed
        for results in evidence_of(run).results:
            for result in results:
                outcomes[f"{result.type} {result.outcome}"] += 1
                reasons[result.reason] += 1
                steps[result.step] += 1
    applied = {f"{operation} applied" for operation in get_args(Operation)}
    assert applied <= outcomes.keys()
    assert {"grant asked", "reverse asked", "open forwarded", "earn repeat"} <= outcomes.keys()
    # `unack` undoes a forged leg with the exact next number, which nobody can sign here.
    assert steps.keys() - {"", *OF_KEYS} == set(get_args(Step)) - {"unack"}
    # A record on the wrong partition is forwarded, not refused; 64 gifts wait for nobody here.
    never = {"wrong_partition", "too_many_waiting"}
    assert {refusal.name for refusal in REFUSALS} - reasons.keys() == never
    assert len(faults) == 12
    assert passed["fenced"] > 10, "zombies wake, and end"
    assert passed["aborted"] > 10, "and transactions are repeated"
    assert set(POINTS) | {"transaction ending", "opening", "stopped"} <= passed.keys()
