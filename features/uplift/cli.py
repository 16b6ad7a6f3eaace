"""`flowdrop models race`: learners race on a file of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from features.uplift.learners.base import Learner
    from features.uplift.race import Race, Standing

    Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

METRICS = ("qini", "autoc", "rate-qini", "gain")  # features.uplift.metrics holds them


def _costs(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for value in values:
        arm, equals, cost = value.rpartition("=")
        try:
            found[arm] = float(cost)
        except ValueError:
            equals = ""
        if not equals:
            raise click.BadParameter(f"{value!r} is not ARM=NUMBER, such as mens=0.5")
    return found


def listed(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return names that were given one by one or separated by commas."""
    return tuple(name for value in values for name in value.split(",") if name)


def experiment_options(*, required: bool = True) -> Decorator:
    """Give a command the options that say which file is an experiment, and what is what in it."""
    options = [
        click.option(
            "--from",
            "path",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            required=required,
            help="Parquet or CSV, a row per person.",
        ),
        click.option(
            "--arm", required=required, metavar="COLUMN", help="Which arm each was drawn into."
        ),
        click.option("--outcome", required=required, metavar="COLUMN", help="0 and 1, or a value."),
        click.option(
            "--features",
            multiple=True,
            callback=listed,
            metavar="COLUMNS",
            help="What was known before, separated by commas (default: all other columns).",
        ),
        click.option(
            "--without", multiple=True, callback=listed, metavar="COLUMNS", help="No features."
        ),
        click.option(
            "--control", metavar="ARM", help="Which arm was left alone (default: by its name)."
        ),
        click.option(
            "--propensity",
            metavar="COLUMN",
            help="Logged chance of each one's arm (default: its share).",
        ),
        click.option(
            "--time", metavar="COLUMN", help="When each was drawn; what is later is the future."
        ),
        click.option(
            "--known-before",
            multiple=True,
            callback=listed,
            metavar="COLUMNS",
            help="Features that you vouch for, whatever the leakage gate finds.",
        ),
        click.option(
            "--cost",
            "costs",
            multiple=True,
            callback=_costs,
            metavar="ARM=NUMBER",
            help="Of an arm, per person; for each one or none (default: 1 each).",
        ),
        click.option("--metric", type=click.Choice(METRICS), help="Default: by the kind of data."),
        click.option(
            "--learner",
            "learners",
            multiple=True,
            metavar="NAME",
            help="One of your own too: package.module:Name, or an entry point's name.",
        ),
        click.option("--folds", "count", type=click.IntRange(3, 50), default=5, show_default=True),
        click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True),
    ]

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


ROLES = ("arm", "outcome", "features", "without", "propensity", "control", "time")
"""Options that say which column is what."""


@click.command(
    "race",
    epilog="Example: flowdrop models race --from trial.csv --arm arm --outcome visit",
)
@experiment_options()
@click.option("--repeats", type=click.IntRange(1, 50), default=1, show_default=True)
@as_json_option()
def race_command(path: Path, *, as_json: bool, **given: Any) -> None:
    """Race learners on an experiment: who tells best whom an arm changes?

    People must have been drawn into the arms at random. The metric is fixed before: qini
    (scikit-uplift's) for one arm beside control and an outcome of 0 and 1, rate-qini (grf's) for a
    value, gain (over all budgets, by cost) for several arms. The simplest learner within one
    standard error of the best wins.
    """
    from dataclasses import asdict

    from features.leakage.gate import inspect, require_clean
    from features.uplift.beforehand import require_known_before
    from features.uplift.learners.named import LEARNERS, learner
    from features.uplift.metrics import chosen
    from features.uplift.race import race
    from features.uplift.reading import Columns, read
    from flowdrop.output import print_json
    from flowdrop.progress import progress

    found = read(path, Columns(**{role: given[role] for role in ROLES}))
    chosen(given["metric"], found.data)
    prices = found.costs(given["costs"])
    require_clean(
        inspect(
            found.data.features,
            found.data.outcome,
            times=found.times,
            known_before=given["known_before"],
        )
    )
    require_known_before(found.data)
    makers: dict[str, Callable[[int], Learner]] = dict(LEARNERS)
    makers |= {name: learner(name) for name in given["learners"]}
    how = {name: given[name] for name in ("metric", "count", "repeats", "seed")}
    with progress() as bar:
        task = bar.add_task("race", total=len(makers) * how["count"] * how["repeats"])

        def step(name: str) -> None:
            bar.update(task, advance=1, description=name)

        result = race(found.data, makers, costs=prices, step=step, **how)
    if as_json:
        print_json(
            asdict(result)
            | {
                "file": path.name,
                "outcome": given["outcome"],
                "features": list(found.features),
                "arms": [
                    {"arm": name, "people": people, "value": value}
                    for name, people, value in zip(
                        found.arms, found.people, result.arm_values, strict=True
                    )
                ],
            }
        )
    else:
        _tell(result, found.arms, found.people)


def _tell(result: Race, arms: tuple[str, ...], people: tuple[int, ...]) -> None:
    from flowdrop.output import echo, print_rows

    for name, count, value in zip(arms, people, result.arm_values, strict=True):
        echo(f"{name}: {count:,} people, mean outcome {value:.4f}")
    print_rows([_row(one) for one in result.standings], title=f"Race by {result.meaning}")
    winner = result.of(result.winner)
    best = next(one for one in result.standings if one.is_best)
    words = "the best" if winner.is_best else f"the simplest within one error of {best.learner}"
    echo(
        f"{winner.learner} wins: {words}, over {result.folds * result.repeats} folds, seed "
        f"{result.seed}"
    )


def _row(one: Standing) -> dict[str, Any]:
    return {
        "learner": one.learner,
        "metric": one.metric,
        "behind": one.behind,
        "95 % interval": f"{one.behind_low:+.4f} to {one.behind_high:+.4f}",
        "slope": one.slope,
        "value": one.value,
    }
