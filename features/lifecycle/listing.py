"""All models, of either kind, with what became of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from features.lifecycle.store import every
from features.lifecycle.versions import promotions, versions
from features.registry import models

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


def listing(client: Client) -> list[dict[str, Any]]:
    """Return every model, those of who redeems first, each latest first.

    `version` is `label 2`, or nothing; `champion` whether that version is its label's champion.
    """
    numbered = {one.model_id: f"{one.label} {one.version}" for one in versions(client)}
    last = {(one.program, one.label): one.model_id for one in promotions(client)}
    champions = set(last.values())

    def told(row: dict[str, Any], kind: str) -> dict[str, Any]:
        name = row["model_id"]
        return row | {
            "kind": kind,
            "version": numbered.get(name, ""),
            "champion": name in champions,
        }

    found = [
        told(row | {"registered": bool(row["registered"])}, "response") for row in models(client)
    ]
    return found + [
        told(row | {"registered": row["model_id"] in numbered}, "uplift") for row in every(client)
    ]


def history(client: Client, model_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return the versions and promotions of a model."""
    return {
        "versions": [asdict(one) for one in versions(client) if one.model_id == model_id],
        "promotions": [asdict(one) for one in promotions(client) if one.model_id == model_id],
    }
