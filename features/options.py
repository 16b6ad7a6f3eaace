"""Options that commands of features, models and audiences share, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from pathlib import Path

    from features.settings import FeatureSettings

    Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

DATE = click.DateTime(["%Y-%m-%d"])


def _date(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return None if value is None else value.date()


def as_of_option(*, required: bool = True) -> Decorator:
    """Give a command `--as-of`, a date."""
    return click.option(
        "--as-of",
        type=DATE,
        callback=_date,
        required=required,
        metavar="DATE",
        help="The date partition; nothing that happened on or after it (UTC) is known.",
    )


def _chosen(_: click.Context, __: click.Parameter, value: str | None) -> str:
    return value or settings().program


def program_option() -> Decorator:
    """Give a command `--program`, by default that of the settings."""
    return click.option(
        "--program",
        callback=_chosen,
        metavar="NAME",
        help="Whose people, models and audiences (default: the setting program).",
    )


def settings() -> FeatureSettings:
    """Return the settings of features and models."""
    from features.settings import FeatureSettings
    from flowdrop.settings import load

    return load(FeatureSettings)


def models_folder() -> Path:
    """Return the place of the models' files."""
    from features.model_files import place

    return place(settings().models)
