"""`flowdrop compliance`: what the rules flag, a month's report, and what backs coins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.compliance.flags import flags as find_flags
from console.compliance.rules import RULES, THRESHOLDS
from console.reporting.answer import Answer
from console.reporting.shape import Shape, shape_options, show, tell_freshness
from console.reporting.viewer import STAFF
from console.reports import compliance as month_report
from console.reports import flags as flag_report
from console.reports import reserve as reserve_report
from console.settlement.month import month as month_of
from console.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_month = click.option("--month", required=True, metavar="YYYY-MM", help="A calendar month, UTC.")


def _thresholds(command: F) -> F:
    """Give a command one option per threshold."""
    for each in reversed(THRESHOLDS.values()):
        whole = isinstance(each.default, int)
        command = click.option(
            f"--{each.name.replace('_', '-')}",
            type=click.IntRange(1) if whole else click.FloatRange(0, 1),
            default=each.default,
            show_default=True,
            help=each.help,
        )(command)
    return command


@click.group(
    "compliance", epilog="Example: flowdrop compliance flags --month 2026-10 --rule split_gifts"
)
def compliance() -> None:
    """Flag what looks arranged; report a month to a regulator; show what backs coins."""


@compliance.command("flags", epilog="Example: flowdrop compliance flags --month 2026-10 --json")
@_month
@click.option("--rule", "rules", type=click.Choice(list(RULES)), multiple=True, help="Only these.")
@_thresholds
@shape_options("one row per flag")
def flags_command(*, month: str, rules: tuple[str, ...], **options: Any) -> None:
    """List what the rules flag in a month: accounts, coins and the events that show it."""
    asked, thresholds = month_of(month), {name: options.pop(name) for name in THRESHOLDS}
    with Warehouse().client() as client:
        found = find_flags(client, asked, rules or RULES, thresholds)
        answer, shape = Answer(found=found, viewer=STAFF), Shape(**options)
        answer = tell_freshness(client, flag_report.REPORT, {}, answer, shape)
    show(flag_report.REPORT, answer, shape)


@compliance.command("report", epilog="Example: flowdrop compliance report --month 2026-10 > 10.md")
@_month
@click.option("--program", default="", help="Only this program.")
@shape_options("one row per program")
def report_command(*, month: str, program: str, **shape: Any) -> None:
    """Print a month of each program as Markdown: coins, cover, wallets, refusals, flags."""
    asked = {"month": month, "program": program}
    with Warehouse().client() as client:
        found = month_report.REPORT.find(client, asked, viewer=STAFF)
        found = tell_freshness(client, month_report.REPORT, asked, found, Shape(**shape))
    show(month_report.REPORT, found, Shape(**shape))


@compliance.command("reserve", epilog="Example: flowdrop compliance reserve --program liuliangbao")
@click.option("--program", default="", help="Only this program, even if it has no reserve.")
@shape_options("one row per program")
def reserve_command(*, program: str, **shape: Any) -> None:
    """Show what backs each program's coins: put up, leased to partitions, issued, left."""
    from console.settings import ConsoleSettings
    from flowdrop.settings import load

    with Warehouse().client() as client:
        asked, settings = {"program": program}, load(ConsoleSettings)
        found = reserve_report.REPORT.find(client, asked, settings, viewer=STAFF)
        found = tell_freshness(client, reserve_report.REPORT, asked, found, Shape(**shape))
    show(reserve_report.REPORT, found, Shape(**shape))
