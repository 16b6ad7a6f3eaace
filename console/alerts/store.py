"""Alerts in the warehouse: added, listed, resolved; rows are never changed."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

ID_CHARS = 12


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A try of a task that failed for good."""

    dag: str
    task: str
    partition: str  # such as 2026-12-01; '' where the DAG has none
    run: str  # of Airflow
    attempt: int  # of the task in that run, from 1
    words: str  # what failed
    todo: str  # what to do about it

    @property
    def alert(self) -> str:
        """The id of its alert: the same try is the same alert, whatever is said of it."""
        place = "\n".join((self.dag, self.task, self.run, str(self.attempt)))
        return hashlib.sha256(place.encode()).hexdigest()[:ID_CHARS]


@dataclass(frozen=True, kw_only=True)
class Alert:
    """An alert as it stands; the last three are empty while it is open."""

    alert: str
    happened_at: datetime
    dag: str
    task: str
    partition: str
    run: str
    attempt: int
    words: str
    todo: str
    resolved_at: datetime | None
    resolved_by: str
    note: str


def add(client: Client, failure: Failure, at: datetime) -> tuple[Alert, bool]:
    """Add the alert of a failure, unless there is one of this try.

    Returns:
        The alert, and whether it is new.
    """
    if known := _by_id(client).get(failure.alert):
        return known, False
    client.insert(
        "alerts",
        [[failure.alert, *failure.__dict__.values(), at]],
        column_names=[
            *("alert", "dag", "task", "partition", "run", "try", "words", "todo", "happened_at")
        ],
    )
    return _by_id(client)[failure.alert], True


def listing(client: Client, *, is_open: bool = True) -> list[Alert]:
    """Return the alerts, the latest first: those nobody has resolved, or all."""
    found = [_alert(row) for row in rows(client, "alerts/alerts")]
    return [one for one in found if one.resolved_at is None or not is_open]


def resolve(client: Client, names: Sequence[str], who: str, note: str) -> list[Alert]:
    """Say that alerts are dealt with; one that is already stays as it was resolved first.

    Raises:
        click.ClickException: when there is no such alert; then none is resolved.
    """
    known = _by_id(client)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known)
            hint = f"did you mean {' or '.join(close)}?" if close else "see `flowdrop alerts list`"
            raise click.ClickException(f"there is no alert {name!r}; {hint}")
    now = datetime.now(UTC)
    new = [name for name in dict.fromkeys(names) if known[name].resolved_at is None]
    if new:
        client.insert(
            "alert_resolutions",
            [[name, who, note, now] for name in new],
            column_names=["alert", "resolved_by", "note", "resolved_at"],
        )
    after = _by_id(client)
    return [after[name] for name in dict.fromkeys(names)]


def _by_id(client: Client) -> dict[str, Alert]:
    return {one.alert: one for one in listing(client, is_open=False)}


def _alert(row: dict[str, object]) -> Alert:
    values = {key: _utc(value) for key, value in row.items()}
    return Alert(attempt=values.pop("try"), **values)  # type: ignore[arg-type]


def _utc(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
