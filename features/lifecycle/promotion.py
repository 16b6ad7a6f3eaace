"""Who becomes a label's champion: a version that is better than it on people neither knows.

Better means that the whole 95 % interval of the paired difference is above zero; the first champion
has to be better than a rule that knows nothing. A reason, in words, overrides it and is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from features import registry
from features.lifecycle.comparison import compare, evaluate
from features.lifecycle.response import beats_baseline
from features.lifecycle.versions import add_promotion, before, champion, version_of

if TYPE_CHECKING:
    from pathlib import Path

    from features.lifecycle.shelf import Shelf
    from features.lifecycle.versions import Promotion, Version


def promote(
    shelf: Shelf,
    program: str,
    label: str,
    *,
    number: int | None = None,
    path: Path | None = None,
    reason: str | None = None,
) -> Promotion:
    """Make a version its label's champion, if it is better than the present one.

    Args:
        shelf: Where models are.
        program: Whose label it is.
        label: Of which label.
        number: Which version; the newest, without.
        path: People to compare on; without, those held out of the version's own experiment.
        reason: Words that override the comparison.

    Raises:
        click.ClickException: when it is not better, is the champion already or can't be loaded.
    """
    version = version_of(shelf.client, program, label, number)
    present = champion(shelf.client, program, label)
    if present is not None and present.version == version.version:
        raise click.ClickException(
            f"version {version.version} is the champion of {label!r} already; choose another one "
            "by --version N"
        )
    if reason is None:
        better, why = _better(shelf, version, present, path)
        if not better:
            raise click.ClickException(
                f"{why}; it was not promoted. Give more people by --from FILE, or a --reason that "
                "is kept beside it"
            )
    else:
        why = reason
        _require_loadable(shelf, version)
    made = add_promotion(shelf.client, version, "promote", why, forced=reason is not None)
    _enthrone(shelf, made)
    return made


def roll_back(shelf: Shelf, program: str, label: str, reason: str) -> Promotion:
    """Make the champion before the present one champion again.

    Raises:
        click.ClickException: when there was none, or it can't be loaded.
    """
    version = before(shelf.client, program, label)
    _require_loadable(shelf, version)
    made = add_promotion(shelf.client, version, "rollback", reason, forced=False)
    _enthrone(shelf, made)
    return made


def _better(
    shelf: Shelf, version: Version, present: Version | None, path: Path | None
) -> tuple[bool, str]:
    if present is not None:
        found = compare(shelf, version, present, path)
        return found.is_better, found.words
    if version.kind == "response":
        return beats_baseline(shelf, version)
    judged, people = evaluate(shelf, version.model_id, path)
    better = judged.low > 0
    verb = "is better than" if better else "is not surely better than"
    return better, (
        f"version {version.version} {verb} a rule that knows nothing: {judged.metric} "
        f"{judged.value:.4f}, 95 % interval {judged.low:.4f} to {judged.high:.4f}, on {people}"
    )


def _require_loadable(shelf: Shelf, version: Version) -> None:
    """A model that can't be loaded is no champion, whatever the reason."""
    if version.kind == "uplift":
        shelf.uplift(version.model_id)
    else:
        registry.load(shelf.client, shelf.folder, version.model_id)


def _enthrone(shelf: Shelf, made: Promotion) -> None:
    """Make a model of who redeems the one that scores: from the newest date that has a champion."""
    if version_of(shelf.client, made.program, made.label, made.version).kind != "response":
        return
    known = registry.required(shelf.client, made.model_id).metadata
    newest = registry.newest_date(shelf.client, made.program) or known.as_of
    registry.enthrone(
        shelf.client,
        shelf.folder,
        registry.Champion(
            program=made.program,
            as_of=max(newest, known.as_of),
            model_id=made.model_id,
            reason=made.why,
            forced=made.forced,
            registered_at=datetime.now(UTC),
        ),
    )
