"""`flowdrop drop amounts`: which amount of coins, for whom, under a budget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from features.choice.prices import Choice
    from features.choice.reading import Effects

CAUTION = (
    "Amounts chosen for each person make terms depend on a profile. China's Personal Information "
    "Protection Law (article 24) forbids unreasonable differences in terms by automated decisions, "
    "and asks for a way without personalisation. Have it examined before you use them."
)


@click.command(
    "amounts",
    epilog="Example: flowdrop drop amounts --from effects.parquet --budget 100000 "
    "--by-segment carrier",
)
@click.option(
    "--from",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="CSV or Parquet: person, amount, effect and, if known, cost (expected coins).",
)
@click.option("--budget", required=True, type=click.FloatRange(min=0), help="Expected coins.")
@click.option("--by-segment", metavar="COLUMN", help="One amount for each declared segment.")
@click.option(
    "--personal-amounts",
    is_flag=True,
    help="An amount for each person; needs FLOWDROP_PERSONAL_AMOUNTS and a confirmation.",
)
@click.option("--people-min", default=0, type=click.IntRange(min=0), help="Reach at least so many.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@as_json_option()
def amounts_command(path: Path, *, as_json: bool, **given: Any) -> None:
    """Choose the amount of a drop: one for all, or one for each segment, and how many get it.

    Prints what it is worth, and the bound that no choice under the budget can exceed.
    """
    from features.choice.limits import Limits
    from features.choice.personal import choose
    from features.choice.reading import read
    from features.choice.shared import choose_by_segment, choose_one
    from flowdrop.output import echo, print_json, print_rows

    segment, is_personal = given["by_segment"], given["personal_amounts"]
    if is_personal:
        _permit(is_confirmed=given["yes"])
    found = read(path, segment)
    limits = Limits(budget=given["budget"], people_min=given["people_min"])
    if is_personal:
        choice = choose(found.values, found.costs, limits, found.segments)
    elif segment:
        choice = choose_by_segment(found.values, found.costs, limits, found.segments).choice
    else:
        choice = choose_one(found.values, found.costs, limits).choice
    groups = _groups(found, choice)
    facts = {
        "people": choice.people,
        "of": len(found.people),
        "cost": choice.cost,
        "value": choice.value,
        "bound": choice.bound,
        "gap": choice.gap,
        "price": choice.prices.coin,
    }
    if as_json:
        print_json({**facts, "amounts": groups})
        return
    print_rows(groups, title="Amounts")
    echo(
        f"{choice.people:,} of {len(found.people):,} people, {choice.cost:,.0f} expected coins: "
        f"worth {choice.value:,.4f}; no choice is worth more than {choice.bound:,.4f} (gap "
        f"{100 * choice.gap:.3f} %); one more coin is worth {choice.prices.coin:.6f}"
    )


def _permit(*, is_confirmed: bool) -> None:
    from console.settings import ConsoleSettings
    from flowdrop.output import say
    from flowdrop.settings import load

    say(CAUTION)
    if not load(ConsoleSettings).personal_amounts:
        raise click.ClickException(
            "personal amounts are switched off; FLOWDROP_PERSONAL_AMOUNTS=true switches them on"
        )
    if not is_confirmed:
        click.confirm("Choose personal amounts?", abort=True, err=True)


def _groups(found: Effects, choice: Choice) -> list[dict[str, Any]]:
    """Return how many people get which amount, by segment."""
    rows = []
    for number, name in enumerate(found.names or ("",)):
        for level, amount in enumerate(found.amounts, 1):
            own = choice.levels == level
            if found.segments is not None:
                own &= found.segments == number
            if own.any():
                rows.append({"segment": name, "amount": amount, "people": int(own.sum())})
    return rows
