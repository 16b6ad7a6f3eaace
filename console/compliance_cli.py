"""`flowdrop compliance`: what the rules flag, a month's report, and what backs coins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.compliance.cover import cover as find_cover
from console.compliance.flags import flags as find_flags
from console.compliance.report import report as make_report
from console.compliance.rules import RULES, THRESHOLDS
from console.compliance.text import markdown
from console.exports import flag_rows
from console.reporting.report import plain
from console.settings import ConsoleSettings
from console.settlement.month import month as month_of
from console.warehouse import Warehouse
from flowdrop.output import counted, echo, print_csv, print_json, say
from flowdrop.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from console.compliance.cover import ProgramCover
    from console.compliance.flags import Flag

SHOWN_MAX = 8

F = TypeVar("F", bound="Callable[..., Any]")

_month = click.option("--month", required=True, metavar="YYYY-MM", help="A calendar month, UTC.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _thresholds(command: F) -> F:
    """Give a command an option a threshold."""
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
@_json
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: one row a flag.")
def flags_command(
    *, month: str, rules: tuple[str, ...], as_json: bool, as_csv: bool, **thresholds: float
) -> None:
    """List what the rules flag in a month: accounts, coins and the events that show it."""
    asked = month_of(month)
    with Warehouse().client() as client:
        found = find_flags(client, asked, rules or RULES, thresholds)
    if as_json:
        print_json(plain(found))
    elif as_csv:
        print_csv(flag_rows(found))
    else:
        for flag in found.flags:
            echo(_line(flag))
        say([] if found.flags else f"nothing is flagged in {found.month}")
        say(found.basis.en)


def _line(flag: Flag) -> str:
    """Return a flag as two lines: what it is about, and the events that show it."""
    return (
        f"{flag.rule}  {flag.program}  {_few(flag.accounts)}: {counted(flag.coins, 'coin')} in "
        f"{counted(flag.events, 'event')}, {flag.first_time:%Y-%m-%d %H:%M} to "
        f"{flag.last_time:%Y-%m-%d %H:%M}\n    {_few(_events(flag))}"
    )


def _events(flag: Flag) -> tuple[str, ...]:
    named = zip(flag.evidence, flag.sources, strict=True)
    return tuple(f"{name} ({source})" if source else name for name, source in named)


def _few(names: tuple[str, ...]) -> str:
    more = len(names) - SHOWN_MAX
    return " ".join(names[:SHOWN_MAX]) + (f" and {more:,} more" if more > 0 else "")


@compliance.command("report", epilog="Example: flowdrop compliance report --month 2026-10 > 10.md")
@_month
@click.option("--program", default="", help="This program only.")
@_json
def report_command(*, month: str, program: str, as_json: bool) -> None:
    """Print a month of each program as Markdown: coins, cover, wallets, refusals, flags."""
    asked = month_of(month)
    with Warehouse().client() as client:
        found = make_report(client, asked, program)
    if as_json:
        print_json(plain(found))
    else:
        click.echo(markdown(found), nl=False)


@compliance.command("reserve", epilog="Example: flowdrop compliance reserve --program liuliangbao")
@click.option("--program", default="", help="This program only, even if it has no reserve.")
@_json
def reserve_command(*, program: str, as_json: bool) -> None:
    """Show what backs each program's coins: put up, leased to partitions, issued, left."""
    with Warehouse().client() as client:
        found = find_cover(client, load(ConsoleSettings).programs, program)
    if as_json:
        print_json(plain(found))
        return
    for each in found.programs:
        click.echo("\n".join(_reserve(each)))
    say([] if found.programs else found.empty)
    say(found.basis.en)


def _reserve(found: ProgramCover) -> Iterator[str]:
    """Return a program's reserve as lines."""
    yield f"{found.program}, {f'bound {found.bound}' if found.bound else 'not bound by its file'}"
    share = "" if found.cover is None else f", {100 * found.cover:.2f} % of what is issued"
    yield f"  backing {found.backing:,}{share}"
    yield f"  outstanding {found.outstanding:,}; spent {found.spent:,}; issued {found.issued:,}"
    yield f"  left {found.left:,}; leased {found.leased:,}; on the way {found.on_the_way:,}"
    if found.unbacked:
        yield f"  not backed {found.unbacked:,}"
    for each in found.partitions:
        yield (
            f"  partition {each.partition}: leased {each.leased:,}, issued {each.issued:,}, "
            f"left {each.left:,}"
        )
