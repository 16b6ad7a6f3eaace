"""`flowdrop models leakage`: what features know that they should not, of a file of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from features.leakage.evidence import Report


def _sources(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for value in values:
        feature, equals, column = value.partition("=")
        if not equals or not feature or not column:
            raise click.BadParameter(
                f"{value!r} is not FEATURE=COLUMN, such as visits=visits_until"
            )
        found[feature] = column
    return found


def _listed(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for value in values for name in value.split(",") if name)


@click.command(
    "leakage",
    epilog="Example: flowdrop models leakage --from trial.csv --outcome visit --without arm",
)
@click.option(
    "--from",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Parquet or CSV, a row per person, or person and moment.",
)
@click.option("--outcome", required=True, metavar="COLUMN", help="0 and 1, or a value.")
@click.option("--time", metavar="COLUMN", help="The moment a row describes; later is the future.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    callback=_sources,
    metavar="FEATURE=COLUMN",
    help="When the newest thing was that a feature was made from.",
)
@click.option(
    "--features",
    multiple=True,
    callback=_listed,
    metavar="COLUMNS",
    help="Separated by commas (default: all other columns).",
)
@click.option("--without", multiple=True, callback=_listed, metavar="COLUMNS", help="No features.")
@click.option(
    "--known-before",
    multiple=True,
    callback=_listed,
    metavar="COLUMNS",
    help="Features that you vouch for, whatever is found.",
)
@as_json_option()
def leakage_command(path: Path, *, as_json: bool, **given: Any) -> None:
    """Look for features that know what came after the moment they describe.

    By lineage (a time, or a --source, later than --time), by what one feature alone tells (AUC), by
    values that only those have who did it, and by what shuffled rows tell and earlier ones do not.
    Exit status 1 if any feature is refused; the evidence is shown either way.
    """
    from dataclasses import asdict

    from features.leakage.gate import inspect, require_clean
    from features.leakage.reading import read
    from flowdrop.output import print_json

    found = read(path, **given)
    report = inspect(
        found.features,
        found.outcome,
        times=found.times,
        sources=found.sources,
        known_before=given["known_before"],
    )
    if as_json:
        print_json(asdict(report) | {"file": path.name, "outcome": given["outcome"]})
    else:
        _tell(report)
    require_clean(report)


def _tell(report: Report) -> None:
    from flowdrop.output import echo, print_rows

    print_rows(
        [
            {
                "feature": one.feature,
                "AUC": f"{one.power:.3f}",
                "in order": "" if one.in_order is None else f"{one.in_order:.3f}",
                "verdict": one.verdict,
                "evidence": "; ".join(one.reasons),
            }
            for one in report.features
        ],
        title=f"What each feature alone tells of the outcome ({report.told})",
    )
    whole = "too few rows" if report.shuffled is None else f"AUC {report.shuffled:.3f}"
    later = "" if report.in_order is None else f", {report.in_order:.3f} when only the past tells"
    echo(
        f"{report.rows:,} rows, {report.positives:,} with the outcome; together {whole}{later}: "
        f"{report.verdict}"
    )
    for one in report.reasons:
        echo(f"  {one}")
