"""`flowdrop settings`: every setting of every package, and where it came from."""

from __future__ import annotations

import importlib

import click

from flowdrop.options import as_json_option

CLASSES = (
    "flowdrop.settings:Addresses",
    "flowdrop.room:RoomSettings",
    "streams.settings:StreamSettings",
    "console.settings:ConsoleSettings",
    "features.settings:FeatureSettings",
    "intake.http.settings:IntakeSettings",
)


@click.command("settings")
@as_json_option()
def settings_command(*, as_json: bool) -> None:
    """Show every setting, its value and where it came from.

    Example: FLOWDROP_KAFKA=broker:9092 flowdrop settings
    """
    from flowdrop.output import print_json, print_rows
    from flowdrop.settings import sources

    rows = []
    for target in CLASSES:
        module, _, name = target.partition(":")
        rows += sources(getattr(importlib.import_module(module), name))
    if as_json:
        print_json(rows)
    else:
        texts = [{name: str(value) for name, value in row.items()} for row in rows]
        print_rows(texts, title="Settings")  # as they are written: a port has no separator
