"""`flowdrop models`: a model's life, from the gate and the race to promotion and rollback."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from features.leakage.cli import leakage_command
from features.lifecycle.due_cli import due_command
from features.lifecycle.train_cli import train_command
from features.options import as_of_option, models_folder, program_option, settings
from features.uplift.cli import race_command
from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from datetime import date

    from features.lifecycle.judging import Judged
    from features.lifecycle.shelf import Shelf
    from features.lifecycle.versions import Promotion
    from features.verdict import Evaluation

# What fits a terminal; --json has everything.
SHOWN_MODEL = ("model_id", "program", "kind", "learner", "rows", "version", "champion")

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_from_option = click.option(
    "--from",
    "path",
    type=FILE,
    help="People to judge on (default: those held out of the model's own experiment).",
)


def _shelf(*, to_write: bool = False) -> Shelf:
    from features.lifecycle.shelf import Shelf
    from sql.client import connect, connect_to_write

    client = connect_to_write() if to_write else connect()
    return Shelf(client, models_folder(), settings().own_types)


@click.group("models", epilog="Example: flowdrop models train --as-of 2017-10-30")
def models() -> None:
    """Train, judge, register, promote and race models."""


models.add_command(race_command)
models.add_command(train_command)
models.add_command(leakage_command)
models.add_command(due_command)


@models.command("evaluate", epilog="Example: flowdrop models evaluate --as-of 2017-10-30")
@click.argument("model", required=False)
@as_of_option(required=False)
@_from_option
@program_option()
@as_json_option()
def evaluate_command(
    model: str | None, as_of: date | None, path: Path | None, program: str, *, as_json: bool
) -> None:
    """Evaluate a date's model of who redeems (--as-of), or a MODEL of uplift.

    Of a date: on campaigns that were not over when it was trained. Those that are not over at the
    last known event are named; they decide nothing. The naive baseline it is compared with is the
    person's past redemption rate. Intervals are 95 %, by a paired bootstrap over people.

    Of uplift: on people that it does not know, by the metric that was fixed before it was trained.
    """
    if (as_of is None) == (model is None):
        raise click.UsageError("give --as-of DATE, or the id of a model of uplift")
    if model is not None:
        _evaluate_uplift(model, path, as_json=as_json)
        return
    assert as_of is not None
    if path is not None:
        raise click.UsageError("--from goes with the id of a model of uplift, not with --as-of")
    _evaluate_response(as_of, program, as_json=as_json)


def _evaluate_uplift(model: str, path: Path | None, *, as_json: bool) -> None:
    from dataclasses import asdict

    from features.lifecycle.comparison import evaluate
    from flowdrop.output import echo, print_json

    judged, people = evaluate(_shelf(), model, path)
    if as_json:
        print_json(asdict(judged) | {"model_id": model, "people": people})
        return
    echo(f"{model} on {people}:")
    for line in _judged_lines(judged):
        echo(line)


def _judged_lines(judged: Judged) -> list[str]:
    whole = f"95 % interval {judged.low:.4f} to {judged.high:.4f}"
    lines = [f"  {judged.meaning}: {judged.value:.4f}, {whole}"]
    for one in judged.arms:
        slope = "unknown" if one.slope is None else f"{one.slope:.2f}"
        lines.append(
            f"  {one.arm}: mean effect {one.effect:+.4f} ({one.effect_low:+.4f} to "
            f"{one.effect_high:+.4f}), slope of observed on predicted {slope}"
        )
    return lines


def _evaluate_response(as_of: date, program: str, *, as_json: bool) -> None:
    from features.evaluation import evaluate
    from features.verdict import deciding
    from flowdrop.output import print_json
    from sql.client import connect_to_write

    days = settings().offer_days
    results = evaluate(connect_to_write(), as_of, program, models_folder(), days)
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
@click.argument("model", required=False)
@as_of_option(required=False)
@click.option("--label", metavar="NAME", help="Of which label a MODEL of uplift is a version.")
@program_option()
@click.option("--force", is_flag=True, help="Of a date: even if it does not beat the baseline.")
@as_json_option()
def register_command(
    model: str | None,
    as_of: date | None,
    label: str | None,
    program: str,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Make a date's model its champion (--as-of), or a MODEL of uplift a version of --label.

    Of a date: if it beats the naive baseline. The whole 95 % interval must be above zero, on the
    campaigns that began on or after the date, or, where there are none yet, on those held out in
    training. It becomes a version of the label redeem too, and its champion.

    Of uplift: the next version of the label. `models promote` makes it the champion.
    """
    if (as_of is None) == (model is None):
        raise click.UsageError("give --as-of DATE, or the id of a model of uplift and --label")
    if model is not None:
        if not label or force:
            raise click.UsageError(
                "a model of uplift needs --label NAME, and no --force: promote it with --reason"
            )
        _register_uplift(model, label, program, as_json=as_json)
        return
    assert as_of is not None
    _register_response(as_of, program, force=force, as_json=as_json)


def _register_uplift(model: str, label: str, program: str, *, as_json: bool) -> None:
    from dataclasses import asdict

    from features.lifecycle.versions import add_version
    from flowdrop.output import echo, print_json

    shelf = _shelf(to_write=True)
    _, facts = shelf.uplift(model)  # what can't be loaded is no version
    if facts.program != program:
        raise click.ClickException(
            f"model {model} is of program {facts.program!r}, not {program!r}; say --program "
            f"{facts.program}"
        )
    sha256 = shelf.kept(model).sha256
    version, is_new = add_version(shelf.client, program, label, model, "uplift", sha256)
    if as_json:
        print_json(asdict(version) | {"registered": is_new})
    else:
        was = "is" if is_new else "was before"
        echo(f"{model} {was} version {version.version} of {label!r}")


def _register_response(as_of: date, program: str, *, force: bool, as_json: bool) -> None:
    from features.registration import register
    from flowdrop.output import print_json
    from sql.client import connect_to_write

    champion = register(connect_to_write(), as_of, program, models_folder(), force=force)
    if as_json:
        print_json(champion.__dict__)
    else:
        forced = ", by force" if champion.forced else ""
        click.echo(f"{champion.model_id} is the champion of {as_of}{forced}: {champion.reason}")


@models.command("promote", epilog="Example: flowdrop models promote visit --version 2")
@click.argument("label")
@click.option("--version", "number", type=click.IntRange(1), help="Default: the newest.")
@_from_option
@click.option("--reason", metavar="WORDS", help="Promotes it all the same; the words are kept.")
@program_option()
@as_json_option()
def promote_command(
    label: str,
    number: int | None,
    path: Path | None,
    reason: str | None,
    program: str,
    *,
    as_json: bool,
) -> None:
    """Make a version of LABEL its champion, if it is better than the present one.

    Both predict people that the version does not know; the whole 95 % interval of the paired
    difference must be above zero. The first champion must be better than a rule that knows nothing.
    """
    from features.lifecycle.promotion import promote

    _require_words(reason)
    shelf = _shelf(to_write=True)
    made = promote(shelf, program, label, number=number, path=path, reason=reason)
    _tell_promotion(made, as_json=as_json)


@models.command(
    "rollback", epilog='Example: flowdrop models rollback visit --reason "fewer visits"'
)
@click.argument("label")
@click.option("--reason", required=True, metavar="WORDS", help="Why; the words are kept.")
@program_option()
@as_json_option()
def rollback_command(label: str, reason: str, program: str, *, as_json: bool) -> None:
    """Make the champion of LABEL before the present one its champion again."""
    from features.lifecycle.promotion import roll_back

    _require_words(reason)
    made = roll_back(_shelf(to_write=True), program, label, reason)
    _tell_promotion(made, as_json=as_json)


def _require_words(reason: str | None) -> None:
    if reason is not None and not reason.strip():
        raise click.UsageError("--reason is empty; say why, it is kept")


def _tell_promotion(made: Promotion, *, as_json: bool) -> None:
    from dataclasses import asdict

    from flowdrop.output import echo, print_json

    if as_json:
        print_json(asdict(made))
    else:
        how = ", rolled back" if made.action == "rollback" else ", by a reason" * made.forced
        echo(
            f"version {made.version} ({made.model_id}) is the champion of {made.label!r}{how}: "
            f"{made.why}"
        )


@models.command("compare", epilog="Example: flowdrop models compare visit 2 1")
@click.argument("label")
@click.argument("version", type=click.IntRange(1))
@click.argument("other", type=click.IntRange(1))
@_from_option
@program_option()
@as_json_option()
def compare_command(
    label: str, version: int, other: int, path: Path | None, program: str, *, as_json: bool
) -> None:
    """Compare two versions of LABEL on the same people, with a paired 95 % interval.

    Of uplift: those held out of VERSION's experiment, or of a file. Of who redeems: the campaigns
    that began after both were trained.
    """
    from dataclasses import asdict

    from features.lifecycle.comparison import compare
    from features.lifecycle.versions import version_of
    from flowdrop.output import echo, print_json

    if version == other:
        raise click.UsageError(f"{version} and {other} are the same version; name two")
    shelf = _shelf(to_write=label == "redeem")  # rows of later campaigns are built
    one, two = (version_of(shelf.client, program, label, number) for number in (version, other))
    found = compare(shelf, one, two, path)
    if as_json:
        print_json(asdict(found) | {"is_better": found.is_better})
    else:
        echo(found.words)


@models.command("list", epilog="Example: flowdrop models list --json")
@as_json_option()
def models_list(*, as_json: bool) -> None:
    """List the trained models, latest first, with their versions and which are champions."""
    from features.lifecycle.listing import listing
    from flowdrop.output import print_json, print_rows
    from sql.client import connect

    found = listing(connect())
    if as_json:
        print_json(found)
    else:
        print_rows([{key: one[key] for key in SHOWN_MODEL} for one in found], title="Models")


@models.command("show", epilog="Example: flowdrop models show redeem-20171030-0123456789ab")
@click.argument("model_id")
@as_json_option()
def models_show(model_id: str, *, as_json: bool) -> None:
    """Show a model: what it learned from, how it was chosen, how it was evaluated; its card."""
    from features.lifecycle.card import card
    from features.lifecycle.listing import history
    from features.lifecycle.store import find
    from flowdrop.output import echo, print_json
    from sql.client import connect

    client = connect()
    kept = find(client, model_id)
    if kept is None:
        _show_response(model_id, as_json=as_json)
        return
    past = history(client, model_id)
    if as_json:
        print_json(kept.facts.__dict__ | {"sha256": kept.sha256} | past)
        return
    echo(card(kept.facts, kept.sha256))
    for one in past["promotions"]:
        echo(
            f"{one['promoted_at']:%Y-%m-%d %H:%M}: {one['action']} as version {one['version']} of "
            f"{one['label']!r} by {one['promoted_by']}: {one['why']}"
        )


def _show_response(model_id: str, *, as_json: bool) -> None:
    from features.lifecycle.listing import history
    from features.registry import required
    from features.verdict import evaluations
    from flowdrop.output import print_json, print_rows
    from sql.client import connect

    client = connect()
    known = required(client, model_id)
    metadata = known.metadata
    judged = evaluations(client, model_id)
    told: dict[str, Any] = {
        "sha256": known.sha256,
        "evaluations": [one.__dict__ for one in judged],
    }
    if as_json:
        print_json(metadata.__dict__ | told | history(client, model_id))
        return
    facts = {key: value for key, value in metadata.__dict__.items() if key != "validation"}
    print_rows(
        [{"fact": key, "value": _flat(value)} for key, value in facts.items()], title=model_id
    )
    for one in judged:
        _tell(one)


def _flat(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return str(value)
