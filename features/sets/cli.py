"""`flowdrop features list | show | export`: definitions, and sets made of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from features.options import DATE, program_option
from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from features.sets.beside import Exported
    from features.sets.catalogue import Catalogue
    from features.sets.export import Asked
    from features.sets.files import Feature, Label

TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])
SHOWN = ("name", "meaning", "source", "targeting")


def _dates(_: click.Context, __: click.Parameter, value: Sequence[datetime]) -> list[date]:
    return sorted({one.date() for one in value})


def _known(_: click.Context, __: click.Parameter, value: datetime | None) -> datetime:
    now = datetime.now(UTC)
    if value is None:
        return now
    try:
        value = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError as error:
        raise click.BadParameter(
            f"{value.isoformat()} is outside the years 1 to 9999 in UTC; choose a time up to now"
        ) from error
    if value > now:
        raise click.BadParameter(
            f"{value:%Y-%m-%dT%H:%M:%SZ} is yet to come: what arrives until then is not known; "
            "leave it out, or choose a time up to now"
        )
    return value


added_option = click.option(
    "--feature",
    "added",
    multiple=True,
    metavar="FOLDER|PACKAGE",
    help="Your own definitions as well: a folder, or a package as package.module.",
)
known_at_option = click.option(
    "--known-at",
    type=TIME,
    callback=_known,
    metavar="TIME",
    help="Only what had arrived by then (UTC; default: now).",
)
only_option = click.option(
    "--only", multiple=True, metavar="NAME", help="These features alone; repeat it."
)
barred_option = click.option(
    "--barred", is_flag=True, help="Also features that targeting may not use, to analyse."
)


@click.command("list", epilog="Example: flowdrop features list --json")
@added_option
@click.option("--labels", is_flag=True, help="Outcomes to predict instead.")
@as_json_option()
def list_command(added: tuple[str, ...], *, labels: bool, as_json: bool) -> None:
    """List the features: meaning, source, whether targeting may use it; --json has the rest."""
    from features.definitions import NAMES
    from features.sets.catalogue import load
    from flowdrop.output import print_json, print_rows

    catalogue = load(added)
    ones: list[Any] = sorted(
        (catalogue.labels if labels else catalogue.features).values(), key=lambda one: one.name
    )
    found = [
        _told(one) if labels else _told(one) | {"in_models": one.name in NAMES} for one in ones
    ]
    if as_json:
        print_json(found)
    elif labels:
        shown = ("name", "dtype", "meaning", "window_days")
        print_rows([{key: one[key] for key in shown} for one in found], title="Labels")
    else:
        print_rows([{key: one[key] for key in SHOWN} for one in found], title="Features")


def _told(one: Feature | Label) -> dict[str, Any]:
    return {key: value for key, value in one.__dict__.items() if key not in {"expression", "file"}}


@click.command("show", epilog="Example: flowdrop features show earned_coins_28d")
@click.argument("name")
@added_option
@as_json_option()
def show_command(name: str, added: tuple[str, ...], *, as_json: bool) -> None:
    """Show the feature or label NAME: what it means, whose it is, its expression."""
    from features.sets.catalogue import load
    from flowdrop.output import echo, print_json

    catalogue = load(added)
    one = catalogue.labels[name] if name in catalogue.labels else catalogue.feature(name)
    if as_json:
        print_json(one.__dict__)
        return
    for key, value in _told(one).items():
        if value is not None:
            shown = {True: "yes", False: "no"}.get(value, value) if key == "targeting" else value
            echo(f"{key.replace('_', ' ')}: {shown}")
    echo(f"file: {one.file}\n\n{one.expression}")


@click.command(
    "export",
    epilog="Example: flowdrop features export --as-of 2017-10-30 --to sets/x.parquet",
)
@click.option(
    "--as-of",
    "as_of",
    type=DATE,
    callback=_dates,
    multiple=True,
    required=True,
    metavar="DATE",
    help="Nothing that happened on or after it (UTC) is known; repeat it for rows of each.",
)
@known_at_option
@click.option("--label", metavar="NAME", help="An outcome to predict (features list --labels).")
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="A file that ends in .parquet; what made it is written beside it.",
)
@only_option
@added_option
@program_option()
@barred_option
@click.option(
    "--as-arrived",
    is_flag=True,
    help="In features, only what had arrived by their date, as they would have been served then.",
)
@as_json_option()
def export_command(
    as_of: list[date], known_at: datetime, to: Path, *, as_json: bool, **given: Any
) -> None:
    """Write a set: a row per person with a wallet, as of a date and as known at a time.

    Beside FILE are FILE.json, with rows, time, SHA-256 and every definition, and FILE.sql, the
    exact query. The same definitions, dates and --known-at give the same bytes, whatever has
    arrived since.
    """
    from features.sets.asking import Wish, asked_for
    from features.sets.catalogue import load
    from flowdrop.output import print_json

    if to.suffix != ".parquet":
        raise click.ClickException(f"--to {to}: a set is a file that ends in .parquet")
    catalogue, client = load(given.pop("added")), client_of_settings()
    asked = asked_for(client, catalogue, as_of, known_at, Wish(**given))
    done = exported(client, catalogue, asked, to)
    if as_json:
        print_json(done.__dict__)
        return
    label = f" and the label {asked.label.name}" if asked.label else ""
    click.echo(
        f"{done.path}: {done.rows:,} rows of {len(asked.features)} features{label} in "
        f"{done.seconds:.1f} s, known at {known_at:%Y-%m-%dT%H:%M:%SZ}\n"
        f"SHA-256 {done.sha256}\nquery {done.query}, facts {done.facts}"
    )


def client_of_settings() -> Client:
    """Return a client of the settings' ClickHouse, that reads."""
    from sql.client import connect

    return connect()


def exported(client: Client, catalogue: Catalogue, asked: Asked, to: Path) -> Exported:
    """Write a set, with its progress on standard error."""
    from features.sets.export import export
    from flowdrop.progress import progress

    with progress() as bar:
        task = bar.add_task(f"slices of {to.name}", total=None)

        def done(number: int, total: int) -> None:
            bar.update(task, completed=number, total=total)

        return export(client, catalogue, asked, to, done=done)
