"""`flowdrop audience import`, beside the commands that choose an audience by scores."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from features.cli import audience
from flowdrop.options import as_json_option

__all__ = ["audience"]

SHOWN_ROWS = 20


@audience.command("import", epilog="Example: flowdrop audience import vips vips.csv --type member")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--column", default="", metavar="NAME", help="Where the ids are; the first if not given."
)
@click.option(
    "--type",
    "kind",
    default="",
    metavar="TYPE",
    help="What they are ids of: `member` makes member:17 of 17.",
)
@click.option(
    "--header/--no-header", default=True, show_default=True, help="Whether a CSV file has one."
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Whose consent before this date counts; today if not given.",
)
@click.option("--program", default="", metavar="NAME", help="Whose people; setting program.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write every unmatched row there as CSV.",
)
@as_json_option()
def import_command(  # noqa: PLR0913 - its options
    name: str,
    file: Path,
    *,
    column: str,
    kind: str,
    header: bool,
    as_of: datetime | None,
    program: str,
    rejects: Path | None,
    as_json: bool,
) -> None:
    """Freeze the audience NAME from a list of ids in FILE, in its order; it never changes again.

    Rows whose id nobody bears are reported and left out, and so are people whose latest consent
    was a refusal.
    """
    from features.freezing import freeze_listed
    from features.settings import FeatureSettings
    from flowdrop.apart import require_apart
    from flowdrop.output import print_json, print_rows
    from flowdrop.settings import load
    from intake.files.listed import read
    from intake.files.rejects import Rejects
    from intake.files.warehouse import known
    from sql.client import connect_to_write

    require_apart({"--rejects": rejects}, {"FILE": file})
    listed = read(file, known(), column=column, kind=kind, header=header)
    with Rejects(rejects) as out:
        out.add(listed.unmatched, lambda _: {})
    day = (as_of or datetime.now(UTC)).date()
    frozen, fresh = freeze_listed(
        connect_to_write(), name, day, program or load(FeatureSettings).program, listed.people
    )
    unmatched = [one.__dict__ for one in listed.unmatched]
    if as_json:
        facts = {"rows": listed.rows, "repeated": listed.repeated, "unmatched": len(unmatched)}
        print_json(frozen.__dict__ | facts | {"frozen": fresh, "rejects": unmatched[:1_000]})
        return
    print_rows(unmatched[:SHOWN_ROWS], title=f"Rows that match nobody: {len(unmatched):,}")
    click.echo(
        f"audience {name}: {frozen.size:,} people of {listed.rows:,} rows, {listed.repeated:,} "
        f"repeated, {len(unmatched):,} unmatched, {frozen.opted_out:,} who opted out left out, "
        f"{'frozen' if fresh else 'was frozen before with the same content'}"
    )
