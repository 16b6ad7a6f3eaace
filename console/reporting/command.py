"""The command of a report: `flowdrop report NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.reporting.shape import Shape, shape_options, show, tell_freshness

if TYPE_CHECKING:
    from console.reporting.report import Parameter, Report


def command(report: Report[Any]) -> click.Command:
    """Return the command that runs `report` and prints it."""

    def call(lang: str, **given: Any) -> None:
        from console.settings import ConsoleSettings
        from flowdrop.settings import load
        from sql.client import connect

        asked = {parameter.name: given.pop(parameter.name) for parameter in report.parameters}
        shape = Shape(lang=lang, **given)
        needed = report.settings or not shape.viewer.is_staff
        settings = load(ConsoleSettings) if needed else None
        client = connect()
        answer = report.find(client, asked, settings, viewer=shape.viewer)
        show(report, tell_freshness(client, report, asked, answer, shape), shape)

    made = click.option(
        "--as-organisation", metavar="NAME", help="Show what the advertiser NAME may see."
    )(shape_options(report.tables[0].row)(call))
    for parameter in reversed(report.parameters):
        made = _parameter(parameter)(made)
    return click.command(report.name, help=report.help, epilog=f"Example: {report.example}")(made)


def _parameter(parameter: Parameter) -> Any:
    if parameter.option:
        return click.option(
            parameter.flag,
            type=parameter.kind,
            metavar=parameter.metavar or None,
            default=parameter.default,
            required=parameter.asked_for,
            help=parameter.help,
        )
    metavar = parameter.metavar or parameter.name.upper()
    if parameter.many:
        return click.argument(
            parameter.name,
            type=parameter.kind,
            nargs=-1,
            required=parameter.required,
            metavar=parameter.usage,
        )
    return click.argument(parameter.name, type=parameter.kind, metavar=metavar)
