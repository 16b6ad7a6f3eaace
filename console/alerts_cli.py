"""`flowdrop alerts`: what failed under a schedule, what to do about it, and who dealt with it."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_json_option
from flowdrop.output import counted, echo, print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickhouse_connect.driver.client import Client

SHOWN = ("alert", "happened_at", "dag", "task", "partition", "words", "todo")
RESOLVED = ("resolved_at", "resolved_by", "note")


@click.group("alerts", epilog="Example: flowdrop alerts list --json")
def alerts() -> None:
    """List what failed under a schedule, and say what was done about it."""


@alerts.command(
    "add",
    epilog="Example: flowdrop alerts add --dag score_users --task score --partition 2026-12-01 "
    "--run manual-1 --try 1 --words 'no model is registered' --todo 'train one'",
)
@click.option("--dag", required=True, metavar="NAME", help="The DAG whose task failed.")
@click.option("--task", required=True, metavar="NAME", help="The task.")
@click.option("--partition", default="", metavar="KEY", help="The partition, such as a date.")
@click.option("--run", required=True, metavar="ID", help="Airflow's id of the run.")
@click.option(
    "--try", "attempt", type=click.IntRange(1), required=True, metavar="N", help="Which try it was."
)
@click.option("--words", required=True, help="What failed.")
@click.option("--todo", required=True, help="What to do about it.")
@as_json_option("Print JSON: the alert, and under `added` whether it is new.")
def add_command(*, as_json: bool, **said: Any) -> None:
    """Add the alert of a task's last try; the same try again adds nothing.

    It is for a scheduler, to run when a task has failed for good.
    """
    from datetime import UTC, datetime

    from console.alerts.store import Failure, add

    for name in ("dag", "task", "run", "words", "todo"):
        said[name] = said[name].strip()
        if not said[name]:
            raise click.ClickException(f"--{name} is empty; say it in a few words")
    with _writing() as client:
        found, fresh = add(client, Failure(**said), datetime.now(UTC))
    if as_json:
        print_json(asdict(found) | {"added": fresh})
    else:
        was = "added" if fresh else "was added before"
        echo(f"alert {found.alert} {was}: {found.dag}, {found.task}, {found.words}")


@alerts.command("list", epilog="Example: flowdrop alerts list --json")
@click.option("--all", "everything", is_flag=True, help="Those that were resolved, too.")
@as_json_option("Print JSON: a list of alert, happened_at, dag, task, partition, words, todo, ...")
def list_command(*, everything: bool, as_json: bool) -> None:
    """List the alerts nobody has resolved, the latest first."""
    from console.alerts.store import listing

    with _reading() as client:
        found = [asdict(one) for one in listing(client, is_open=not everything)]
    if as_json:
        print_json(found)
    else:
        keys = SHOWN + RESOLVED * everything
        few = [{key: row[key] for key in keys} for row in found]
        for row in few:
            row["happened_at"] = f"{row['happened_at']:%Y-%m-%d %H:%M}"
        print_rows(few, title="Alerts", empty="none: nothing has failed, or all of it is resolved")


@alerts.command(
    "resolve", epilog="Example: flowdrop alerts resolve 0123456789ab --note 'the disk was full'"
)
@click.argument("names", nargs=-1, required=True, metavar="ALERT...")
@click.option("--note", required=True, help="What was done; it is kept.")
@as_json_option("Print JSON: a list of the alerts as they stand.")
def resolve_command(names: tuple[str, ...], note: str, *, as_json: bool) -> None:
    """Say that alerts are dealt with, and how; one that was resolved before stays as it is."""
    from console.alerts.store import resolve

    if not note.strip():
        raise click.ClickException("--note is empty; say in a few words what was done")
    with _writing() as client:
        found = resolve(client, names, getpass.getuser(), note.strip())
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        echo(f"{counted(len(found), 'alert')} resolved: {', '.join(one.alert for one in found)}")


@contextmanager
def _reading() -> Iterator[Client]:
    from console.warehouse import Warehouse

    with Warehouse().client() as client:
        yield client


@contextmanager
def _writing() -> Iterator[Client]:
    from console.warehouse import Warehouse
    from flowdrop.settings import Addresses, load

    with Warehouse(load(Addresses).feeding).client() as client:
        yield client
