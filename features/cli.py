"""`flowdrop features | models | audience`: the commands of a scoring run, in order.

Each may be run manually or by the DAG `score_users`, and safely again for the same date.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from features.sets.cli import check_command, export_command, list_command, show_command
from features.uplift.cli import race_command
from flowdrop.options import as_csv_option, as_json_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from features.settings import FeatureSettings
    from features.verdict import Evaluation

# What fits a terminal; --json has everything.
SHOWN_CAMPAIGN = ("campaign", "channel", "start", "finish", "people", "redeemers")
SHOWN_MODEL = ("model_id", "program", "learner", "rows", "campaigns", "registered")
SHOWN_AUDIENCE = ("name", "program", "as_of", "size", "opted_out", "model_id")
SHOWN_MEMBERS = 20

DATE = click.DateTime(["%Y-%m-%d"])


def _date(_: click.Context, __: click.Parameter, value: datetime) -> date:
    return value.date()


def _as_of(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--as-of",
        type=DATE,
        callback=_date,
        required=True,
        metavar="DATE",
        help="The date partition; nothing that happened on or after it (UTC) is known.",
    )(command)


def _chosen(_: click.Context, __: click.Parameter, value: str | None) -> str:
    return value or _settings().program


_program = click.option(
    "--program",
    callback=_chosen,
    metavar="NAME",
    help="Whose people, models and audiences (default: the setting program).",
)


def _settings() -> FeatureSettings:
    from features.settings import FeatureSettings
    from flowdrop.settings import load

    return load(FeatureSettings)


def _folder() -> Path:
    from pathlib import Path

    return Path(_settings().models)


@click.group("features", epilog="Example: flowdrop features build --as-of 2017-10-30")
def features() -> None:
    """List features, build them as of a date, export and check sets."""


@features.command("build", epilog="Example: flowdrop features build --as-of 2017-10-30")
@_as_of
@_program
@as_json_option()
def build_command(as_of: date, program: str, *, as_json: bool) -> None:
    """Build the training rows and the scoring rows of a date, replacing any there are.

    A training row is a person and a campaign that had ended by the date, with features as of the
    campaign's start. An offer without an end is over offer_days (a setting) after its contact. A
    scoring row is a person with a wallet, with features as of the date.
    """
    from features.rows import build, campaigns
    from flowdrop.output import print_json, print_rows
    from sql.client import connect_to_write

    client, days = connect_to_write(), _settings().offer_days
    training = build(client, as_of, "training", program, days)
    scoring = build(client, as_of, "scoring", program, days)
    found = campaigns(client, as_of, program, days)
    learned = [one.__dict__ for one in found if one.purpose == "training"]
    if not training or not scoring:
        raise click.ClickException(
            f"as of {as_of} program {program!r} has {training} training rows and {scoring} people "
            "to score; choose a date after the end of some campaign (an offer without an end is "
            f"over {days} days after its contact)"
        )
    if as_json:
        print_json(
            {
                "program": program,
                "as_of": as_of,
                "training_rows": training,
                "redeemers": sum(one["redeemers"] for one in learned),
                "scoring_rows": scoring,
                "campaigns": learned,
            }
        )
        return
    print_rows(_shown(learned, SHOWN_CAMPAIGN), title=f"Ended campaigns as of {as_of}")
    click.echo(
        f"{training:,} training rows of {len(learned)} campaigns, {scoring:,} people to score"
    )


features.add_command(list_command)
features.add_command(show_command)
features.add_command(export_command)
features.add_command(check_command)


@click.group("models", epilog="Example: flowdrop models train --as-of 2017-10-30")
def models() -> None:
    """Train, evaluate, register, list and race models."""


models.add_command(race_command)


@models.command("train", epilog="Example: flowdrop models train --as-of 2017-10-30")
@_as_of
@_program
@as_json_option()
def train_command(as_of: date, program: str, *, as_json: bool) -> None:
    """Train the model of a date on its training rows; the same rows give the same model.

    The learner is the one with the best AUC within campaigns, each predicted by a fit on the
    campaigns that had ended when it began.
    """
    from features.training import train
    from features.verdict import told
    from flowdrop.output import print_json
    from sql.client import connect_to_write

    metadata, fresh = train(connect_to_write(), as_of, program, _folder(), _settings().offer_days)
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


@models.command("evaluate", epilog="Example: flowdrop models evaluate --as-of 2017-10-30")
@_as_of
@_program
@as_json_option()
def evaluate_command(as_of: date, program: str, *, as_json: bool) -> None:
    """Evaluate a date's model on campaigns that were not over when it was trained.

    Those that are not over at the last known event are named; they decide nothing. The naive
    baseline it is compared with is the person's past redemption rate. Intervals are 95 %, by a
    paired bootstrap over people.
    """
    from features.evaluation import evaluate
    from features.verdict import deciding
    from flowdrop.output import print_json
    from sql.client import connect_to_write

    results = evaluate(connect_to_write(), as_of, program, _folder(), _settings().offer_days)
    decides = deciding(results)
    if as_json:
        print_json(
            {
                "program": program,
                "as_of": as_of,
                "model_id": results[0].model_id,
                "decides": decides.scope if decides else None,
                "evaluations": [one.__dict__ for one in results],
            }
        )
        return
    for one in results:
        _tell(one)


def _tell(one: Evaluation) -> None:
    from features.verdict import told, verdict

    click.echo(f"{one.scope}: {verdict(one)[1]}")
    click.echo(
        f"  within campaigns: AUC {told(one.within_auc)}, baseline "
        f"{told(one.within_baseline_auc)}, 95 % interval of the difference "
        f"{told(one.within_difference_low, '+')} to {told(one.within_difference_high, '+')}"
    )
    if one.mean_score is not None:
        click.echo(
            f"  mean chance predicted {one.mean_score:.3f}, observed {one.observed_rate:.3f}"
        )
    if one.open_campaigns:
        click.echo(f"  not over at the last known event: {', '.join(one.open_campaigns)}")


@models.command("register", epilog="Example: flowdrop models register --as-of 2017-10-30")
@_as_of
@_program
@click.option("--force", is_flag=True, help="Even if it does not beat the baseline.")
@as_json_option()
def register_command(as_of: date, program: str, *, force: bool, as_json: bool) -> None:
    """Make a date's model its champion, if it beats the naive baseline.

    The whole 95 % interval must be above zero, on the campaigns that began on or after the date,
    or, where there are none yet, on those held out in training.
    """
    from features.registration import register
    from flowdrop.output import print_json
    from sql.client import connect_to_write

    champion = register(connect_to_write(), as_of, program, _folder(), force=force)
    if as_json:
        print_json(champion.__dict__)
    else:
        forced = ", by force" if champion.forced else ""
        click.echo(f"{champion.model_id} is the champion of {as_of}{forced}: {champion.reason}")


@models.command("list", epilog="Example: flowdrop models list --json")
@as_json_option()
def models_list(*, as_json: bool) -> None:
    """List the trained models, latest date first."""
    from features.registry import models as trained
    from flowdrop.output import print_json, print_rows
    from sql.client import connect

    found = [row | {"registered": bool(row["registered"])} for row in trained(connect())]
    if as_json:
        print_json(found)
    else:
        print_rows(_shown(found, SHOWN_MODEL), title="Models")


@models.command("show", epilog="Example: flowdrop models show redeem-20171030-0123456789ab")
@click.argument("model_id")
@as_json_option()
def models_show(model_id: str, *, as_json: bool) -> None:
    """Show a model: what it learned from, how it was chosen, how it was evaluated."""
    from features.registry import required
    from features.verdict import evaluations
    from flowdrop.output import print_json, print_rows
    from sql.client import connect

    client = connect()
    known = required(client, model_id)
    metadata = known.metadata
    judged = evaluations(client, model_id)
    told = {"sha256": known.sha256, "evaluations": [one.__dict__ for one in judged]}
    if as_json:
        print_json(metadata.__dict__ | told)
        return
    facts = {key: value for key, value in metadata.__dict__.items() if key != "validation"}
    print_rows(
        [{"fact": key, "value": _flat(value)} for key, value in facts.items()], title=model_id
    )
    for one in judged:
        _tell(one)


@click.group(
    "audience", epilog="Example: flowdrop audience freeze spring --as-of 2017-10-30 --top 500"
)
def audience() -> None:
    """Score people and freeze audiences."""


@audience.command("score", epilog="Example: flowdrop audience score --as-of 2017-10-30")
@_as_of
@_program
@as_json_option()
def score_command(as_of: date, program: str, *, as_json: bool) -> None:
    """Score everyone with a wallet for the chance to redeem in the next campaign.

    The model is the champion of the latest date up to this one. The next campaign is assumed to use
    the channel that contacted most people so far.
    """
    from features.scoring import score
    from flowdrop.output import print_json
    from sql.client import connect_to_write

    done = score(connect_to_write(), as_of, program, _folder())
    if as_json:
        print_json(done.__dict__)
    else:
        click.echo(
            f"{done.people:,} people scored as of {as_of} by {done.model_id}: mean chance "
            f"{done.mean_score:.3f}, highest {done.highest_score:.3f}, for a campaign in "
            f"{done.channel!r}"
        )


@audience.command(
    "freeze", epilog="Example: flowdrop audience freeze spring --as-of 2017-10-30 --top 500"
)
@click.argument("name")
@_as_of
@_program
@click.option("--top", type=click.IntRange(1), help="The N best.", metavar="N")
@click.option("--min-score", type=click.FloatRange(0, 1), help="None below X.", metavar="X")
@as_json_option()
def freeze_command(
    name: str,
    as_of: date,
    program: str,
    top: int | None,
    min_score: float | None,
    *,
    as_json: bool,
) -> None:
    """Freeze the audience NAME from the scores of a date; it never changes afterwards.

    People whose latest consent before the date was a refusal are left out, and counted.
    """
    from features.freezing import Rule, freeze
    from flowdrop.output import print_json
    from sql.client import connect_to_write

    frozen, fresh = freeze(connect_to_write(), name, as_of, program, Rule(top, min_score))
    if as_json:
        print_json(frozen.__dict__ | {"frozen": fresh})
    else:
        click.echo(
            f"audience {name}: {frozen.size:,} people, {frozen.opted_out:,} who opted out left "
            f"out, {'frozen' if fresh else 'was frozen before with the same content'}"
        )


@audience.command("list", epilog="Example: flowdrop audience list --json")
@as_json_option()
def audience_list(*, as_json: bool) -> None:
    """List the frozen audiences, newest first."""
    from features.audiences import audiences
    from flowdrop.output import print_json, print_rows
    from sql.client import connect

    found = [one.__dict__ for one in audiences(connect())]
    if as_json:
        print_json(found)
    else:
        print_rows(_shown(found, SHOWN_AUDIENCE), title="Audiences")


@audience.command("show", epilog="Example: flowdrop audience show spring --csv")
@click.argument("name")
@_program
@as_json_option()
@as_csv_option()
def audience_show(name: str, program: str, *, as_json: bool, as_csv: bool) -> None:
    """Show the frozen audience NAME and its members, best first."""
    from features.audiences import audience as one_audience
    from features.audiences import members
    from flowdrop.output import print_csv, print_json, print_rows
    from sql.client import connect

    client = connect()
    one = one_audience(client, program, name)
    found = [member._asdict() for member in members(client, program, name)]
    if as_json:
        print_json(one.__dict__ | {"members": found})
    elif as_csv:
        print_csv(found)
    else:
        print_rows(
            found[:SHOWN_MEMBERS],
            title=f"{name}: {one.size:,} people as of {one.as_of}, {one.chosen_by}",
        )
        if len(found) > SHOWN_MEMBERS:
            click.echo(f"and {len(found) - SHOWN_MEMBERS:,} more; --csv and --json give them all")


def _shown(found: list[dict[str, Any]], keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return `keys` of each row, with times as days."""
    return [{key: _day(row[key]) for key in keys} for row in found]


def _day(value: object) -> object:
    return f"{value:%Y-%m-%d}" if isinstance(value, datetime) else value


def _flat(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return str(value)
