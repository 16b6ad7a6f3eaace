"""`flowdrop features | audience`: the commands of a scoring run; `models` is in `lifecycle/cli.py`.

Each may be run manually or by the DAG `score_users`, and safely again for the same date.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from features.lifecycle.cli import models
from features.options import as_of_option, models_folder, program_option, settings
from features.sets.checks.cli import check_command, verify_command
from features.sets.cli import export_command, list_command, show_command
from flowdrop.options import as_csv_option, as_json_option

__all__ = ["audience", "features", "models"]

if TYPE_CHECKING:
    from datetime import date

    from features.rows import Purpose

# What fits a terminal; --json has everything.
SHOWN_CAMPAIGN = ("campaign", "channel", "start", "finish", "people", "redeemers")
SHOWN_AUDIENCE = ("name", "program", "as_of", "size", "opted_out", "model_id")
SHOWN_MEMBERS = 20
BUILT: dict[Purpose, str] = {"training": "training rows", "scoring": "people to score"}


@click.group("features", epilog="Example: flowdrop features build --as-of 2017-10-30")
def features() -> None:
    """List features, build them as of a date, export and check sets."""


@features.command("build", epilog="Example: flowdrop features build --as-of 2017-10-30")
@as_of_option()
@program_option()
@click.option(
    "--purpose",
    type=click.Choice(["training", "scoring"]),
    help="Only these rows (default: both); the others stay as they are.",
)
@as_json_option()
def build_command(as_of: date, program: str, purpose: str | None, *, as_json: bool) -> None:
    """Build the training rows and the scoring rows of a date, replacing any there are.

    A training row is a person and a campaign that had ended by the date, with features as of the
    campaign's start. An offer without an end is over offer_days (a setting) after its contact. A
    scoring row is a person with a wallet, with features as of the date.
    """
    from features.rows import build, campaigns
    from flowdrop.output import print_json, print_rows
    from sql.client import connect_to_write

    client, days = connect_to_write(), settings().offer_days
    counts = {
        kind: build(client, as_of, kind, program, days) for kind in BUILT if purpose in {None, kind}
    }
    found = campaigns(client, as_of, program, days)
    learned = [one.__dict__ for one in found if one.purpose == "training"]
    if not all(counts.values()):
        has = " and ".join(f"{count} {BUILT[kind]}" for kind, count in counts.items())
        raise click.ClickException(
            f"as of {as_of} program {program!r} has {has}; choose a date after the end of some "
            f"campaign (an offer without an end is over {days} days after its contact)"
        )
    if as_json:
        print_json(
            {
                "program": program,
                "as_of": as_of,
                "training_rows": counts.get("training"),
                "redeemers": sum(one["redeemers"] for one in learned),
                "scoring_rows": counts.get("scoring"),
                "campaigns": learned,
            }
        )
        return
    print_rows(_shown(learned, SHOWN_CAMPAIGN), title=f"Ended campaigns as of {as_of}")
    told = {"training": f" of {len(learned)} campaigns"}
    click.echo(", ".join(f"{n:,} {BUILT[kind]}{told.get(kind, '')}" for kind, n in counts.items()))


features.add_command(list_command)
features.add_command(show_command)
features.add_command(export_command)
features.add_command(check_command)
features.add_command(verify_command)


@click.group(
    "audience", epilog="Example: flowdrop audience freeze spring --as-of 2017-10-30 --top 500"
)
def audience() -> None:
    """Score people and freeze audiences."""


@audience.command("score", epilog="Example: flowdrop audience score --as-of 2017-10-30")
@as_of_option()
@program_option()
@as_json_option()
def score_command(as_of: date, program: str, *, as_json: bool) -> None:
    """Score everyone with a wallet for the chance to redeem in the next campaign.

    The model is the champion of the latest date up to this one. The next campaign is assumed to use
    the channel that contacted most people so far.
    """
    from features.scoring import score
    from flowdrop.output import print_json
    from sql.client import connect_to_write

    done = score(connect_to_write(), as_of, program, models_folder())
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
@as_of_option()
@program_option()
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
@program_option()
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
