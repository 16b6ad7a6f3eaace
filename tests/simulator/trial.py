"""A trial: run a plan, prove what is left, and when it fails find the least of it that fails."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from tests.simulator.plan import plan_of
from tests.simulator.proof import evidence_of, problems
from tests.simulator.run import Simulation
from tests.simulator.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.simulator.plan import Plan

SCHEDULES_MIN, SCHEDULES_MAX = 4, 40
ROUNDS, TRIALS_MAX = 5, 4_000


class Trial(NamedTuple):
    """How a run ended.

    Attributes:
        seed: of the plan.
        events: records that clients published, of which `records` came of it in all.
        workers: processes that were started, one after the other.
        steps: of the scheduler.
        problems: sentences; none when all held.
        digest: a hash over every log.
    """

    seed: int
    events: int
    records: int
    workers: int
    steps: int
    problems: list[str]
    digest: str


def try_plan(plan: Plan, worker: type[Worker] = Worker, *, digest: bool = False) -> Trial:
    """Run a plan and prove it; an exception is a problem like any other."""
    # The layer warns of every gap that it seeks back; here they are made on purpose.
    logging.getLogger("streams.layer").setLevel(logging.ERROR)
    run = Simulation(plan, worker)
    try:
        run.run()
        found = [run.stuck] if run.stuck else problems(evidence_of(run))
    except Exception as error:  # noqa: BLE001 - whatever it is, the seed shows it
        found = [f"{type(error).__name__}: {error}"]
    records = sum(log.end for log in run.logs)
    hashed = run.digest() if digest else ""
    return Trial(plan.seed, plan.events, records, run.members, run.steps, found, hashed)


def kept(plan: Plan, indices: Iterable[int], schedule: int = 0) -> Plan:
    """The plan with only the items of `indices`, under another schedule."""
    return plan._replace(items=[plan.items[index] for index in indices], schedule=schedule)


def shrink(plan: Plan, worker: type[Worker] = Worker, enough: int = 3) -> Plan:
    """Return a small part of a failing plan that still fails.

    Items are left out by halves, quarters and so on down to one at a time. What is left is tried
    under other schedules too, since with fewer items another one may be needed; that is why a
    second round may leave out what the first could not. It stops at `enough` items.
    """
    best, trials = plan, 0
    for turn in range(ROUNDS):
        size = len(best.items)
        while size and len(best.items) > enough:
            for start in reversed(range(0, len(best.items), size)):
                items = best.items[:start] + best.items[start + size :]
                left_out = 1 - len(items) / len(best.items)
                for schedule in schedules(best.schedule, turn, left_out):
                    trials += 1
                    candidate = best._replace(items=items, schedule=schedule)
                    if try_plan(candidate, worker).problems:
                        best = candidate
                        break
                if trials > TRIALS_MAX:
                    return best
            size //= 2
    return best


def schedules(own: int, turn: int, left_out: float) -> Iterator[int]:
    """The plan's own schedule, then others: the more, the more was left out."""
    yield own
    first = turn * SCHEDULES_MAX
    yield from range(first + 1, first + max(SCHEDULES_MIN, int(SCHEDULES_MAX * left_out)))


def command(plan: Plan) -> str:
    """The command that runs the plan again."""
    whole = len(plan.items) == len(plan_of(plan.seed, plan.events).items)
    keep = "" if whole else " --keep " + ",".join(str(item.index) for item in plan.items)
    schedule = f" --schedule {plan.schedule}" if plan.schedule else ""
    return f"python -m tests.simulator --seed {plan.seed} --events {plan.events}{schedule}{keep}"
