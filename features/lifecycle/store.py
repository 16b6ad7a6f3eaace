"""Models of uplift in the registry: a row in ClickHouse, and a folder with file, facts and card."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from features.lifecycle.archive import UPLIFT_TYPES, StrangeTypesError, packed, unpacked, untrusted
from features.lifecycle.card import card
from features.lifecycle.facts import Facts
from features.model_files import write_whole
from features.registry import METADATA_FILE, MODEL_FILE
from features.uplift.errors import UnusableError
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from features.uplift.learners.base import Learner

CARD_FILE = "card.md"


@dataclass(frozen=True)
class Kept:
    """A model of uplift as the registry has it."""

    facts: Facts
    sha256: str  # of its file


def keep(
    client: Client, folder: Path, model: Learner, facts: Facts, own_types: Collection[str] = ()
) -> Kept:
    """Write a model's file, facts and card, complete or not at all, and its row.

    Args:
        client: A client of ClickHouse.
        folder: The folder of the registry.
        model: A fitted learner.
        facts: What is known of it.
        own_types: Types that somebody has reviewed, beyond those of our own learners.

    Raises:
        UnusableError: when it holds a type that nobody has reviewed, or can't be kept.
    """
    written = packed(model)
    strange = untrusted(written, {*UPLIFT_TYPES, *own_types})
    if strange:
        raise UnusableError(
            f"the model of learner {facts.learner!r} holds types that nobody has reviewed: "
            f"{', '.join(strange)}; it was not written. Read their code: if creating one only sets "
            f"attributes, name it in the setting model_types: FLOWDROP_MODEL_TYPES="
            f"{','.join([*own_types, *strange])}"
        )
    kept = Kept(facts, hashlib.sha256(written).hexdigest())
    for_people = {
        METADATA_FILE: f"{facts.to_json()}\n".encode(),
        CARD_FILE: card(facts, kept.sha256).encode(),
    }
    write_whole(folder / facts.model_id, {**for_people, MODEL_FILE: written})
    client.insert(
        "uplift_models",
        [
            [
                facts.model_id,
                facts.program,
                facts.learner,
                facts.rows,
                facts.to_json(),
                kept.sha256,
                facts.trained_at,
            ]
        ],
        column_names=[
            "model_id",
            "program",
            "learner",
            "rows",
            "metadata",
            "sha256",
            "trained_at",
        ],
    )
    return kept


def find(client: Client, model_id: str) -> Kept | None:
    """Return what the registry knows of a model of uplift, or nothing."""
    found = rows(client, "features/uplift_model", model_id=model_id)
    return Kept(Facts.from_json(found[0]["metadata"]), found[0]["sha256"]) if found else None


def every(client: Client) -> list[dict[str, Any]]:
    """Return every model of uplift, latest first."""
    return rows(client, "features/uplift_models")


def intact(folder: Path, kept: Kept) -> bool:
    """Return whether the model's file is there, and is the one that the registry names."""
    try:
        found = (folder / kept.facts.model_id / MODEL_FILE).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(found).hexdigest() == kept.sha256


def load(folder: Path, kept: Kept, own_types: Collection[str] = ()) -> Learner:
    """Return a fitted model.

    Raises:
        UnusableError: when its file is missing, is not the one that was written, or holds a type
            that nobody has reviewed.
    """
    name, path = kept.facts.model_id, folder / kept.facts.model_id / MODEL_FILE
    anew = f"train it again: {kept.facts.command}"
    try:
        found = path.read_bytes()
    except OSError as error:
        raise UnusableError(
            f"the files of model {name} are not in {folder}; {anew}, or set FLOWDROP_MODELS to the "
            "folder that has them"
        ) from error
    if hashlib.sha256(found).hexdigest() != kept.sha256:
        raise UnusableError(
            f"{path} is not the file that was written when model {name} was trained, and was not "
            f"loaded; {anew}"
        )
    try:
        model: Learner = unpacked(found, {*UPLIFT_TYPES, *own_types})
    except StrangeTypesError as error:
        raise UnusableError(
            f"the file of model {name} {error.message}; it was not loaded. If you have reviewed "
            "them, name them in the setting model_types"
        ) from error
    except Exception as error:  # whatever skops and scikit-learn make of another version's file
        raise UnusableError(
            f"model {name} can't be loaded by this skops and scikit-learn ({error!r}); {anew}"
        ) from error
    return model
