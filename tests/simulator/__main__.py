"""Run the simulator: python -m tests.simulator --seeds 0-199."""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

import click

from tests.simulator.plan import Plan, plan_of
from tests.simulator.seeds import seeds_of, today
from tests.simulator.trial import Trial, command, kept, shrink, try_plan


@click.command()
@click.option("--seed", type=int, help="One seed.")
@click.option("--seeds", help="A range of them, both ends included: 0-199.")
@click.option("--dated", default=0, help="And so many more, which are others every day (UTC).")
@click.option("--events", default=10_000, show_default=True, help="Records that clients publish.")
@click.option("--keep", help="Only these items of the plan: 3,18,44.")
@click.option("--schedule", default=0, help="Another order of steps for the same plan.")
@click.option("--processes", default=os.cpu_count() or 1, show_default="one a core")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def main(
    seed: int | None,
    seeds: str | None,
    dated: int,
    events: int,
    keep: str | None,
    schedule: int,
    processes: int,
    *,
    as_json: bool,
) -> None:
    """Run the ledger's fold under simulated faults; exit 1 when a seed shows a problem."""
    began = time.monotonic()
    numbers = range_of(seed, seeds)
    numbers += seeds_of(today(), dated)
    if keep is not None or schedule:
        trial, plan = run_part(numbers[0], events, keep, schedule)
        trials = [trial]
        if not as_json:
            show_items(plan)
    else:
        trials = run_all(numbers, events, processes)
    failed = [trial for trial in trials if trial.problems]
    commands = {} if keep is not None else {t.seed: shrunk(t) for t in failed[:3]}
    facts = {
        "seeds": len(trials),
        "events": events,
        "records": sum(trial.records for trial in trials),
        "workers": sum(trial.workers for trial in trials),
        "steps": sum(trial.steps for trial in trials),
        "seconds": round(time.monotonic() - began, 1),
        "failed": [trial.seed for trial in failed],
    }
    if len(trials) == 1:
        facts["digest"] = trials[0].digest
    if as_json:
        found = {trial.seed: trial.problems for trial in failed}
        click.echo(json.dumps({**facts, "problems": found, "commands": commands}))
    else:
        for trial in failed:
            click.echo(f"seed {trial.seed}:")
            for problem in trial.problems:
                click.echo(f"  {problem}")
            if trial.seed in commands:
                click.echo(f"  again: {commands[trial.seed]}")
        click.echo(", ".join(f"{name} {value}" for name, value in facts.items()))
    sys.exit(1 if failed else 0)


def range_of(seed: int | None, seeds: str | None) -> list[int]:
    if seeds is None:
        return [seed or 0]
    first, _, last = seeds.partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        raise click.BadParameter(
            f"{seeds!r} is no range; write it like 0-199", param_hint="--seeds"
        )
    return list(range(int(first), int(last) + 1))


def run_part(seed: int, events: int, keep: str | None, schedule: int) -> tuple[Trial, Plan]:
    plan = plan_of(seed, events)
    indices = range(len(plan.items)) if keep is None else [int(i) for i in keep.split(",") if i]
    part = kept(plan, indices, schedule)
    return try_plan(part, digest=True), part


def run_seed(seed: int, events: int) -> Trial:
    return try_plan(plan_of(seed, events))


def run_all(seeds: list[int], events: int, processes: int) -> list[Trial]:
    """Try every seed, a process each core.

    Raises:
        click.ClickException: when a process died; names the seeds that were not tried to the end.
    """
    if len(seeds) == 1:
        return [try_plan(plan_of(seeds[0], events), digest=True)]
    trials: dict[int, Trial] = {}
    with ProcessPoolExecutor(processes) as pool:
        futures: dict[Future[Trial], int] = {pool.submit(run_seed, n, events): n for n in seeds}
        try:
            for future in as_completed(futures):
                trials[futures[future]] = future.result()
                if sys.stderr.isatty() or len(trials) % 50 == 0:
                    click.echo(f"\r{len(trials)} of {len(seeds)} seeds", err=True, nl=False)
        except BrokenProcessPool as error:
            left = [str(n) for n in seeds if n not in trials]
            raise click.ClickException(
                f"a process ended by itself; the seeds that were not tried to the end, the first "
                f"ones at work then: {' '.join(left)}"
            ) from error
    click.echo(err=True)
    return [trials[n] for n in seeds]


def shrunk(trial: Trial) -> str:
    click.echo(f"seed {trial.seed} failed; looking for the least that fails", err=True)
    return command(shrink(plan_of(trial.seed, trial.events)))


def show_items(plan: Plan) -> None:
    for item in plan.items:
        click.echo(f"{item.index:>6}  {item}")


if __name__ == "__main__":
    main()
