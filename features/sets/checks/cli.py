"""`flowdrop features check | verify`: sets are held to their definitions, and to each other."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from features.options import DATE, program_option
from features.sets.cli import (
    added_option,
    client_of_settings,
    exported,
    known_at_option,
    only_option,
)
from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from features.sets.checks.check import Finding


@click.command("verify", epilog="Example: flowdrop features verify sets/today.parquet")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@added_option
@as_json_option()
def verify_command(path: Path, added: tuple[str, ...], *, as_json: bool) -> None:
    """Make the set PATH again, from what is told beside it, and compare the bytes.

    It ends with status 1 if they are not the same: if a definition has changed since, or if
    something that had arrived by then was not stored yet when the set was made.
    """
    from features.sets.catalogue import load
    from features.sets.checks.again import again, difference
    from flowdrop.output import print_json

    catalogue = load(added)
    asked, sha256 = again(path, catalogue)
    with TemporaryDirectory(prefix="flowdrop-verify-") as folder:
        made = exported(client_of_settings(), catalogue, asked, Path(folder) / path.name)
        is_same = made.sha256 == sha256
        told = "" if is_same else difference(path, Path(made.path))
    if as_json:
        print_json({"path": str(path), "is_same": is_same, "sha256": sha256, "now": made.sha256})
    if not is_same:
        raise click.ClickException(f"{path} is not what is made of it now: {told}")
    if not as_json:
        click.echo(f"{path}: made again, {made.rows:,} rows, the same bytes")


LIMITS = {
    "late_hours": (26.0, "Hours before the date of a source's latest event, at most."),
    "psi": (0.25, "Drift from which on it stops; .1 and more is noted."),
    "nulls_more": (0.1, "Growth of the share of people of whom a feature is unknown."),
    "rows_change": (0.2, "Change of the number of rows, as a share."),
}


def _limits(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, (default, help_text) in LIMITS.items():
        command = click.option(
            f"--{name.replace('_', '-')}",
            type=click.FloatRange(0),
            default=default,
            show_default=True,
            metavar="X",
            help=help_text,
        )(command)
    return command


@click.command("check", epilog="Example: flowdrop features check --as-of 2017-10-30")
@click.option(
    "--as-of", "as_of", type=DATE, metavar="DATE", help="A set of this date, made for the check."
)
@click.option(
    "--set",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A set that was exported, instead.",
)
@click.option(
    "--against",
    metavar="DATE|FILE",
    help="What it is compared with: another date (default: the day before), or a set.",
)
@known_at_option
@only_option
@added_option
@program_option()
@_limits
@as_json_option()
def check_command(
    as_of: datetime | None,
    path: Path | None,
    against: str | None,
    *,
    as_json: bool,
    **given: Any,
) -> None:
    """Check a set before it is learned from or scored; exit with status 1 if it must not be.

    Rows, freshness of the sources, ranges, unknown values, and drift (population stability index)
    against the day before, another date, or the set that a model learned from.
    """
    from features.sets.checks.check import Limits, check
    from flowdrop.output import print_json

    if (as_of is None) == (path is None):
        raise click.ClickException("name either --as-of DATE or --set FILE")
    limits = Limits(**{name: given.pop(name) for name in LIMITS})
    with TemporaryDirectory(prefix="flowdrop-check-") as folder:
        make = _maker(Path(folder), **given)
        one = path or make(as_of.date())  # type: ignore[union-attr]
        other = _other(as_of, against, make)
        found = check(one, other, limits)
    stops = [each for each in found if each.severity == "stops"]
    if as_json:
        print_json({"stops": len(stops), "findings": [each.__dict__ for each in found]})
    else:
        _tell(found)
    if stops:
        named = ", ".join(dict.fromkeys(f"{each.check} {each.feature}".strip() for each in stops))
        raise click.ClickException(
            f"{one.name} must not be learned from or scored as it is: {named}; what to look at is "
            "said above"
        )


def _maker(
    folder: Path, *, added: tuple[str, ...], known_at: datetime, **given: Any
) -> Callable[[date], Path]:
    """Return what makes the set of a date, in a folder."""
    from features.sets.asking import Wish, asked_for
    from features.sets.catalogue import load

    catalogue = load(added)

    def make(day: date) -> Path:
        client = client_of_settings()
        asked = asked_for(client, catalogue, [day], known_at, Wish(**given))
        to = folder / f"{day}.parquet"
        exported(client, catalogue, asked, to)
        return to

    return make


def _other(
    as_of: datetime | None, against: str | None, make: Callable[[date], Path]
) -> Path | None:
    """Return the set that one is compared with, made if it is named by its date."""
    if against is None:
        return make(as_of.date() - timedelta(days=1)) if as_of else None
    if against.endswith(".parquet"):
        return Path(against)
    try:
        return make(date.fromisoformat(against))
    except ValueError as error:
        raise click.ClickException(
            f"--against {against}: name a date as YYYY-MM-DD, or a set that ends in .parquet"
        ) from error


def _tell(found: Sequence[Finding]) -> None:
    for one in found:
        click.echo(f"{'STOP' if one.severity == 'stops' else 'note'} {one.check}: {one.sentence}")
    if not found:
        click.echo("nothing found: rows, freshness, ranges, unknown values and drift are in order")
