"""`flowdrop models train`: of a date's campaigns, or of an experiment in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from features.options import as_of_option, models_folder, program_option, settings
from features.uplift.cli import ROLES, experiment_options
from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from features.lifecycle.store import Kept

EXAMPLE = "flowdrop models train --from trial.csv --arm arm --outcome visit"


@click.command("train", epilog=f"Example: {EXAMPLE}")
@as_of_option(required=False)
@experiment_options(required=False)
@program_option()
@as_json_option()
def train_command(
    as_of: date | None, path: Path | None, program: str, *, as_json: bool, **given: Any
) -> None:
    """Train a model: of who redeems (--as-of), or of whom an arm changes (--from).

    With --as-of: on the date's training rows. The learner is the one with the best AUC within
    campaigns, each predicted by a fit on the campaigns that had ended when it began.

    With --from: on an experiment, a row per person, drawn at random into arms. A quarter of them is
    held out; learners race on the others, and the winner is calibrated, fitted and judged on those
    held out. One --learner alone does not race.

    Features that know what came afterwards are refused. The same data and seed give the same file.
    """
    if (as_of is None) == (path is None):
        raise click.UsageError(
            "give --as-of DATE to learn who redeems, or --from FILE with --arm and --outcome to "
            "learn whom an arm changes"
        )
    if as_of is not None:
        strange = [name for name in ("arm", "outcome", "metric", "learners") if given[name]]
        if strange:
            raise click.UsageError(f"--{strange[0].rstrip('s')} goes with --from, not with --as-of")
        _of_campaigns(as_of, program, as_json=as_json)
        return
    lacking = [f"--{name}" for name in ("arm", "outcome") if not given[name]]
    if lacking:
        raise click.UsageError(f"--from needs {' and '.join(lacking)} COLUMN too")
    assert path is not None
    _of_experiment(path, program, given, as_json=as_json)


def _of_campaigns(as_of: date, program: str, *, as_json: bool) -> None:
    from features.training import train
    from features.verdict import told
    from flowdrop.output import print_json
    from sql.client import connect_to_write

    days = settings().offer_days
    metadata, fresh = train(connect_to_write(), as_of, program, models_folder(), days)
    if as_json:
        print_json(metadata.__dict__ | {"trained": fresh})
        return
    click.echo(
        f"{metadata.model_id}: {'trained' if fresh else 'was trained before'}, learner "
        f"{metadata.learner}, {metadata.rows:,} rows of {len(metadata.campaigns)} campaigns, "
        f"{metadata.redeemers:,} redeemed"
    )
    for name, one in metadata.validation["learners"].items():
        click.echo(
            f"  {name}: AUC within campaigns {told(one['within_auc'])} in chronological order, "
            f"baseline {told(one['within_baseline_auc'])}"
        )


def _of_experiment(path: Path, program: str, given: dict[str, Any], *, as_json: bool) -> None:
    from features.lifecycle.store import keep
    from features.lifecycle.training import Choices, steps, train
    from features.uplift.reading import Columns, read
    from flowdrop.output import print_json
    from flowdrop.progress import progress
    from sql.client import connect_to_write

    columns = Columns(**{role: given[role] for role in ROLES})
    found = read(path, columns)
    choices = Choices(
        metric=given["metric"],
        learners=given["learners"],
        costs=tuple(found.costs(given["costs"]).tolist()),
        seed=given["seed"],
        folds=given["count"],
        known_before=given["known_before"],
    )
    client = connect_to_write()  # a warehouse that is away is known before the work
    with progress() as bar:
        task = bar.add_task("train", total=steps(choices))

        def step(name: str) -> None:
            bar.update(task, advance=1, description=name)

        model, facts = train(found, columns, path, program, choices, step)
    kept = keep(client, models_folder(), model, facts, settings().own_types)
    if as_json:
        print_json(facts.__dict__ | {"sha256": kept.sha256})
    else:
        _tell(kept)


def _tell(kept: Kept) -> None:
    from flowdrop.output import echo

    facts, judged = kept.facts, kept.facts.judged
    how = "asked for" if facts.race is None else "the winner"
    echo(
        f"{facts.model_id}: learner {facts.learner} ({how}), {facts.rows:,} people learned from, "
        f"{facts.held_rows:,} held out"
    )
    echo(
        f"  {judged['meaning']} on those held out: {judged['value']:.4f}, 95 % interval "
        f"{judged['low']:.4f} to {judged['high']:.4f}"
    )
    for one in facts.leakage:
        if one["verdict"] in {"look", "vouched for"}:
            echo(f"  {one['verdict']}: {one['feature']}: {'; '.join(one['reasons'])}")
    echo(f"  next: flowdrop models register {facts.model_id} --label NAME")
