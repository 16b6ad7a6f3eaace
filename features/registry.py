"""The registry: one row per model in ClickHouse, and a folder with its file.

A model's id comes from its program, its date, its training rows and its definition: trained twice
on the same data, it is the same model. Files are skops archives. The row has the file's SHA-256,
and only exactly those bytes are ever loaded: scikit-learn trusts a tree's node numbers without
checking, so an altered file could answer wrongly, or crash the process. Even from those, only the
types listed here are.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import click

from features.definitions import FEATURES, NAMES
from features.lifecycle.archive import RESPONSE_TYPES, StrangeTypesError, packed, unpacked
from features.model_files import write_whole
from flowdrop.output import json_text
from sql.client import rows

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

LIBRARIES = ("scikit-learn", "skops", "numpy", "pandas")

TRUSTED = RESPONSE_TYPES
"""Types that a file may hold beyond those that skops trusts by itself."""

MODEL_FILE = "model.skops"
METADATA_FILE = "metadata.json"
REGISTERED_FILE = "registered.json"


@dataclass(frozen=True)
class Metadata:
    """Everything that is known of a model; the JSON file beside it holds the same."""

    model_id: str
    as_of: date  # nothing it learned from happened on or after this date
    program: str
    learner: str
    features: list[str]
    campaigns: list[str]  # learned from
    rows: int
    redeemers: int  # rows labelled 1
    base_rate: float  # redeemers / rows; the baseline's answer for people never contacted
    data_fingerprint: str
    definition_fingerprint: str
    validation: dict[str, Any]  # see features/training.py
    versions: dict[str, str]
    trained_at: datetime

    def to_json(self) -> str:
        """Return the metadata as JSON text with sorted keys."""
        return json_text(self.__dict__, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        values["as_of"] = date.fromisoformat(values["as_of"])
        values["trained_at"] = datetime.fromisoformat(values["trained_at"])
        return cls(**values)


@dataclass(frozen=True)
class Known:
    """A model as the registry has it."""

    metadata: Metadata
    sha256: str  # of its file


@dataclass(frozen=True)
class Champion:
    """The model registered for a program and date."""

    program: str
    as_of: date
    model_id: str
    reason: str
    forced: bool
    registered_at: datetime


def definition_fingerprint(learners: dict[str, str]) -> str:
    """Return the SHA-256 of features, learners and scikit-learn's version."""
    features = [(one.name, one.dtype, one.kind) for one in FEATURES]
    content = json.dumps([features, learners, version("scikit-learn")], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def model_id(program: str, as_of: date, data: str, definition: str) -> str:
    """Return the id of the model of `program` and `as_of` with these fingerprints."""
    digest = hashlib.sha256(f"{program} {as_of} {data} {definition}".encode()).hexdigest()
    return f"redeem-{as_of:%Y%m%d}-{digest[:12]}"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries a model depends on."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def save(folder: Path, model: Any, metadata: Metadata) -> Known:
    """Write the model and its metadata to a folder of its id, complete or not at all.

    Returns:
        What the registry needs to know about it.
    """
    written = packed(model)
    for_people = f"{metadata.to_json()}\n".encode()
    write_whole(folder / metadata.model_id, {METADATA_FILE: for_people, MODEL_FILE: written})
    return Known(metadata, hashlib.sha256(written).hexdigest())


def find(client: Client, model_id: str) -> Known | None:
    """Return what the registry knows of a model, or nothing."""
    found = rows(client, "features/model", model_id=model_id)
    return Known(Metadata.from_json(found[0]["metadata"]), found[0]["sha256"]) if found else None


def required(client: Client, model_id: str) -> Known:
    """Return what the registry knows of a model.

    Raises:
        click.ClickException: when that is nothing.
    """
    known = find(client, model_id)
    if known is None:
        raise click.ClickException(
            f"there is no model {model_id!r}; list them with `flowdrop models list`"
        )
    return known


def intact(folder: Path, known: Known) -> bool:
    """Return whether the model's file is there, and is the one that the registry names."""
    try:
        found = (folder / known.metadata.model_id / MODEL_FILE).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(found).hexdigest() == known.sha256


def content(client: Client, folder: Path, model_id: str) -> tuple[bytes, Metadata]:
    """Return the bytes of a model's file, checked to be those that the registry names.

    Raises:
        click.ClickException: when the registry knows no such model, or the file is missing or a
        different one.
    """
    known = required(client, model_id)
    path, anew = folder / model_id / MODEL_FILE, _anew(known.metadata)
    try:
        found = path.read_bytes()
    except OSError as error:
        raise click.ClickException(
            f"the files of model {model_id} are not in {folder}: {anew}, or set FLOWDROP_MODELS "
            "to the folder that has them"
        ) from error
    if hashlib.sha256(found).hexdigest() != known.sha256:
        raise click.ClickException(
            f"{path} is not the file that was written when model {model_id} was trained, and was "
            f"not loaded; {anew}"
        )
    return found, known.metadata


def load(client: Client, folder: Path, model_id: str) -> tuple[Any, Metadata]:
    """Return a model and its metadata.

    Raises:
        click.ClickException: when its file is missing or a different one, holds a type that is not
        trusted, or is of other features than today's.
    """
    found, metadata = content(client, folder, model_id)
    if metadata.features != list(NAMES):
        raise click.ClickException(
            f"model {model_id} was trained on features other than today's; {_anew(metadata)}"
        )
    try:
        return unpacked(found, TRUSTED), metadata
    except StrangeTypesError as error:
        raise click.ClickException(
            f"the file of model {model_id} {error.message}; it was not loaded"
        ) from error
    except Exception as error:  # whatever skops and scikit-learn make of another version's file
        raise click.ClickException(
            f"model {model_id} can't be loaded by this skops and scikit-learn ({error!r}); "
            f"{_anew(metadata)}"
        ) from error


def _anew(metadata: Metadata) -> str:
    return (
        f"train it again with `flowdrop models train --as-of {metadata.as_of} "
        f"--program {metadata.program}`"
    )


def record(client: Client, known: Known) -> None:
    """Write the model's row; the model last recorded for a program and date is the one in use."""
    metadata = known.metadata
    client.insert(
        "models",
        [
            [
                metadata.model_id,
                metadata.program,
                metadata.as_of,
                metadata.learner,
                metadata.rows,
                metadata.redeemers,
                metadata.campaigns,
                metadata.data_fingerprint,
                metadata.to_json(),
                known.sha256,
                datetime.now(UTC),
            ]
        ],
        column_names=[
            "model_id",
            "program",
            "as_of",
            "learner",
            "rows",
            "redeemers",
            "campaigns",
            "data_fingerprint",
            "metadata",
            "sha256",
            "trained_at",
        ],
    )


def models(client: Client) -> list[dict[str, Any]]:
    """Return every trained model, latest date first."""
    return rows(client, "features/models")


def model_of(client: Client, as_of: date, program: str) -> str:
    """Return the id of the model of `program` last trained for `as_of`.

    Raises:
        click.ClickException: when there is none.
    """
    for row in models(client):
        if row["as_of"] == as_of and row["program"] == program:
            return str(row["model_id"])
    raise click.ClickException(
        f"no model of program {program!r} was trained for {as_of}; train one with "
        f"`flowdrop models train --as-of {as_of}`"
    )


def enthrone(client: Client, folder: Path, champion: Champion) -> None:
    """Register `champion` for its program and date, in ClickHouse and beside its files."""
    client.insert(
        "champions",
        [list(champion.__dict__.values())],
        column_names=list(champion.__dict__),
    )
    note = json_text(champion.__dict__, sort_keys=True)
    (folder / champion.model_id / REGISTERED_FILE).write_text(note + "\n")


def newest_date(client: Client, program: str) -> date | None:
    """Return the latest date for which a program has a registered model, or nothing."""
    found = rows(client, "features/champion_newest", program=program)[0]
    return found["as_of"] if found["dates"] else None


def champion_on(client: Client, as_of: date, program: str) -> Champion:
    """Return the program's champion on `as_of`: its registered model of the latest date up to it.

    Raises:
        click.ClickException: when there is none.
    """
    found = rows(client, "features/champion", as_of=as_of, program=program)
    if not found:
        raise click.ClickException(
            f"no model of program {program!r} is registered for {as_of} or before; register one "
            f"with `flowdrop models register --as-of {as_of}`"
        )
    return Champion(**found[0])
