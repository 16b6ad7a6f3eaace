"""`flowdrop reconcile`: prove that log, table and warehouse agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowdrop.options import as_json_option
from flowdrop.output import print_json, print_rows, say

if TYPE_CHECKING:
    from streams.reconcile.report import Check


@click.command()
@click.option(
    "--wait", default=60.0, show_default=True, help="Seconds to wait for everything to settle."
)
@as_json_option()
def reconcile(wait: float, *, as_json: bool) -> None:
    """Prove the ledger's invariants on the log, the table, the changelog and ClickHouse.

    It folds the logs again in two processes. Exits with status 1, naming the first difference of
    each check, if anything does not hold.

    Example: flowdrop reconcile --json
    """
    import msgspec

    from flowdrop.progress import progress
    from flowdrop.settings import Addresses, load
    from streams.reconcile.proof import reconcile as prove
    from streams.settings import StreamSettings

    addresses, settings = load(Addresses), load(StreamSettings)
    with progress() as bar:
        task = bar.add_task("fold the logs", total=None)
        report = prove(
            addresses.kafka,
            addresses.feeding,  # without the limits of a user that only reads
            addresses.worker,
            settings,
            wait_seconds=wait,
            on_progress=lambda records: bar.update(task, completed=records),
        )
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        print_rows([_check_row(check) for check in report.checks], title="Reconciliation")
        ended = report.outcomes | {
            f"dead letter of {topic}": n for topic, n in report.deadletters.items()
        }
        print_rows([{"ended": name, "records": n} for name, n in ended.items()], title="Inputs")
    if not report.ok:
        say(f"does not hold: {c.name}: {c.detail}" for c in report.checks if not c.held)
        raise SystemExit(1)


def _check_row(check: Check) -> dict[str, object]:
    return {
        "check": check.name,
        "invariants": ", ".join(map(str, check.invariants)),
        "held": check.held,
        "detail": check.detail,
    }
