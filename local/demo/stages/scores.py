"""Every household is scored under Airflow's scheduler, before the drops and after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowdrop.output import say
from flowdrop.settings import Addresses, load
from local.airflow.runs import FINAL, AirflowClient
from local.demo.facts import CITY_DROP, DAYS, DROP, OPEN_DROP

if TYPE_CHECKING:
    from datetime import date

    from local.demo.run import Demo

DAGS = {"train_models": "register", "score_users": "freeze"}  # in order, with their last tasks


def score(demo: Demo) -> None:
    """Run the DAGs for the first date under Airflow's scheduler, then say how good the model is.

    The next date has to wait for the drops, so a schedule is paused while its last task runs.
    """
    client = _airflow()
    for dag, last in DAGS.items():
        _watch(client, dag, DAYS[0], pause_at=last)
    _judged(demo, DAYS[0])


def score_again(demo: Demo) -> None:
    """Resume the schedules: the next date, with three drops among what the warehouse holds."""
    client = _airflow()
    for dag in DAGS:
        _watch(client, dag, DAYS[1])
    for dag in DAGS:
        for day in DAYS:
            state = client.run_state(dag, client.scheduled(dag, day))
            demo.check(f"Airflow's run of {dag} for {day}", "success", state)
    found = _judged(demo, DAYS[1])
    expected = f"{DROP}, {CITY_DROP}, {OPEN_DROP}"
    demo.check("drops that are not over, and so evaluate no model", expected, ", ".join(found))


def _airflow() -> AirflowClient:
    addresses = load(Addresses)
    return AirflowClient(addresses.airflow, addresses.airflow_password.get_secret_value())


def _watch(client: AirflowClient, dag: str, day: date, *, pause_at: str | None = None) -> None:
    """Report each change of the tasks of the run of `dag` for `day`, to its end.

    With `pause_at`, the DAG is paused once that task, the last, runs; the run's end is then
    reported when the DAG resumes.
    """
    run = client.scheduled(dag, day)
    for task in client.watch(dag, run):
        if task.state in {"running", *FINAL}:
            took = f"{task.seconds:5.1f} s" if task.state in FINAL and task.seconds else ""
            say(f"  {task.name:<10} {task.state:<8} {took}".rstrip())
            if task.name == pause_at:
                client.pause(dag)
        if task.name == pause_at and task.state in FINAL:
            break
    failed = [task for task in client.tasks(dag, run) if task.state == "failed"]
    if failed:
        say(client.log(dag, run, failed[0])[-15:])
        raise click.ClickException(f"task {failed[0].name} failed; its last lines are above")


def _judged(demo: Demo, day: date) -> list[str]:
    """Check that the model of `day` beats the baseline; return the campaigns that are not over."""
    found = demo.ask("models", "evaluate", "--as-of", str(day))
    decides = next(one for one in found["evaluations"] if one["scope"] == found["decides"])
    name = (
        f"AUC on campaigns after {day} ({decides['scope']}), against the rate of past redemptions"
    )
    baseline, auc = decides["baseline_auc"], decides["auc"]
    demo.check(name, f"> {baseline:.3f}", f"{auc:.3f}", held=auc > baseline)
    not_over: list[str] = decides["open_campaigns"]
    return not_over
