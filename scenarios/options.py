"""Options that several commands of scenarios have."""

from __future__ import annotations

import click

WORLD = click.option(
    "--world",
    type=click.Choice(["seen", "unseen", "nothing"]),
    default="seen",
    show_default=True,
    help="Whether campaigns change people by what can be seen of them, by what can't, or not at "
    "all.",
)
