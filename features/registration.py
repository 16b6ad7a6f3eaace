"""Registering a model as the champion of its date, if it beats the naive baseline."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from features.registry import Champion, enthrone, find, model_of
from features.verdict import deciding, evaluations, verdict

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client


def register(client: Client, as_of: date, folder: Path, *, force: bool) -> Champion:
    """Register the model last trained for `as_of`.

    Args:
        client: A client of ClickHouse.
        as_of: The model's date.
        folder: The folder of the registry.
        force: Register it although it does not beat the baseline, or was not judged.

    Raises:
        click.ClickException: when it was not evaluated, or does not beat the baseline.
    """
    model_id = model_of(client, as_of)
    if find(folder, model_id) is None:
        raise click.ClickException(f"the files of model {model_id} are not in {folder}")
    judged = deciding(evaluations(client, model_id))
    if judged is None:
        beats, words = False, "it was not evaluated, or on too few redemptions to decide"
    else:
        beats, words = verdict(judged)
    if not beats and not force:
        raise click.ClickException(
            f"model {model_id} was not registered: {words}; evaluate it with `flowdrop models "
            f"evaluate --as-of {as_of}`, or register it all the same with --force"
        )
    champion = Champion(
        as_of=as_of,
        model_id=model_id,
        reason=words,
        forced=not beats,
        registered_at=datetime.now(UTC),
    )
    enthrone(client, folder, champion)
    return champion
