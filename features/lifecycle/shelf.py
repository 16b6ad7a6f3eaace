"""Where models of uplift are found: the registry's client and folder, and types it may load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from features.lifecycle import store

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from features.lifecycle.facts import Facts
    from features.uplift.learners.base import Learner


@dataclass(frozen=True)
class Shelf:
    """Where models are: the registry's client and folder, and types somebody has reviewed."""

    client: Client
    folder: Path
    own_types: Collection[str] = ()

    def uplift(self, model_id: str) -> tuple[Learner, Facts]:
        """Return a model of uplift, loaded, and what is known of it."""
        kept = self.kept(model_id)
        return store.load(self.folder, kept, self.own_types), kept.facts

    def kept(self, model_id: str) -> store.Kept:
        """Return what the registry knows of a model of uplift.

        Raises:
            click.ClickException: when that is nothing.
        """
        kept = store.find(self.client, model_id)
        if kept is None:
            raise click.ClickException(
                f"there is no model of uplift {model_id!r}; list models with `flowdrop models list`"
            )
        return kept
