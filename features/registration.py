"""Registering a model as the champion of its date, if it beats the naive baseline."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import click

from features.lifecycle.response import record
from features.registry import Champion, content, enthrone, model_of
from features.verdict import deciding, evaluations, verdict

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client


def register(client: Client, as_of: date, program: str, folder: Path, *, force: bool) -> Champion:
    """Register the model last trained of `program` for `as_of`.

    Args:
        client: A client of ClickHouse.
        as_of: The model's date.
        program: The model's program.
        folder: The folder of the registry.
        force: Register it even if it does not beat the baseline, or was not evaluated.

    Raises:
        click.ClickException: when it was not evaluated, or does not beat the baseline.
    """
    model_id = model_of(client, as_of, program)
    content(client, folder, model_id)  # a model that can't be loaded is no champion
    judged = deciding(evaluations(client, model_id))
    if judged is None:
        beats, words = False, "it was not evaluated, or on too few redemptions to decide"
    else:
        beats, words = verdict(judged)
    if not beats and not force:
        raise click.ClickException(
            f"model {model_id} was not registered: {words}; evaluate it with `flowdrop models "
            f"evaluate --as-of {as_of}`, or register it anyway with --force"
        )
    champion = Champion(
        program=program,
        as_of=as_of,
        model_id=model_id,
        reason=words,
        forced=not beats,
        registered_at=datetime.now(UTC),
    )
    enthrone(client, folder, champion)
    record(client, champion)
    return champion
