"""The registry: a folder a model, with its file and its metadata, and its row in ClickHouse.

A model's id comes from its date, its training rows and its definition: trained twice on the same,
it is the same model. Files are skops archives; only the types listed here are ever loaded.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from features.definitions import FEATURES, NAMES
from sql.client import rows

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

LIBRARIES = ("scikit-learn", "skops", "numpy", "pandas")

TRUSTED = (
    # What our own learners are made of, beyond what skops trusts by itself.
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)

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
    base_rate: float  # redeemers / rows; the baseline's answer for who was never contacted
    data_fingerprint: str
    definition_fingerprint: str
    validation: dict[str, Any]  # see features/training.py
    versions: dict[str, str]
    trained_at: datetime

    def to_json(self) -> str:
        """Return the metadata as JSON text with sorted keys."""
        return json.dumps(self.__dict__, default=lambda day: day.isoformat(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        values["as_of"] = date.fromisoformat(values["as_of"])
        values["trained_at"] = datetime.fromisoformat(values["trained_at"])
        return cls(**values)


@dataclass(frozen=True)
class Champion:
    """The model registered for a date."""

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


def model_id(as_of: date, data: str, definition: str) -> str:
    """Return the id of the model of `as_of` with these fingerprints."""
    digest = hashlib.sha256(f"{as_of} {data} {definition}".encode()).hexdigest()
    return f"redeem-{as_of:%Y%m%d}-{digest[:12]}"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries a model depends on."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def save(folder: Path, model: Any, metadata: Metadata) -> Path:
    """Write the model and its metadata to a folder of its id, complete or not at all."""
    import skops.io

    folder.mkdir(parents=True, exist_ok=True)
    target = folder / metadata.model_id
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as name:
        part = Path(name) / metadata.model_id
        part.mkdir()
        skops.io.dump(model, part / MODEL_FILE)
        (part / METADATA_FILE).write_text(metadata.to_json() + "\n")
        if target.exists():  # only ever the leftovers of a model that `find` would not accept
            shutil.rmtree(target)
        part.replace(target)
    return target


def find(folder: Path, model_id: str) -> Metadata | None:
    """Return the metadata of a model whose files are there, else nothing."""
    place = folder / model_id
    if not ((place / MODEL_FILE).is_file() and (place / METADATA_FILE).is_file()):
        return None
    return Metadata.from_json((place / METADATA_FILE).read_text())


def load(folder: Path, model_id: str) -> tuple[Any, Metadata]:
    """Return a model and its metadata from its files.

    Raises:
        click.ClickException: when the files are missing, hold a type that is not trusted, or are
            of other features than today's.
    """
    import skops.io

    metadata = find(folder, model_id)
    if metadata is None:
        raise click.ClickException(
            f"the files of model {model_id} are not in {folder}; train it again or set "
            "FLOWDROP_MODELS to the folder that has them"
        )
    if metadata.features != list(NAMES):
        raise click.ClickException(
            f"model {model_id} was trained on other features than today's; "
            f"train anew with `flowdrop models train --as-of {metadata.as_of}`"
        )
    path = folder / model_id / MODEL_FILE
    strange = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED))
    if strange:
        raise click.ClickException(
            f"{path} holds types that are not trusted: {', '.join(strange)}; it was not loaded"
        )
    return skops.io.load(path, trusted=list(TRUSTED)), metadata


def record(client: Client, metadata: Metadata) -> None:
    """Write the model's row; the model last recorded for a date is that date's."""
    client.insert(
        "models",
        [
            [
                metadata.model_id,
                metadata.as_of,
                metadata.learner,
                metadata.rows,
                metadata.redeemers,
                metadata.campaigns,
                metadata.data_fingerprint,
                metadata.to_json(),
                datetime.now(UTC),
            ]
        ],
        column_names=[
            "model_id",
            "as_of",
            "learner",
            "rows",
            "redeemers",
            "campaigns",
            "data_fingerprint",
            "metadata",
            "trained_at",
        ],
    )


def models(client: Client) -> list[dict[str, Any]]:
    """Return every trained model, the newest date first."""
    return rows(client, "features/models")


def model_of(client: Client, as_of: date) -> str:
    """Return the id of the model last trained for `as_of`.

    Raises:
        click.ClickException: when there is none.
    """
    for row in models(client):
        if row["as_of"] == as_of:
            return str(row["model_id"])
    raise click.ClickException(
        f"no model was trained for {as_of}; do so with `flowdrop models train --as-of {as_of}`"
    )


def enthrone(client: Client, folder: Path, champion: Champion) -> None:
    """Register `champion` for its date, in ClickHouse and beside its files."""
    client.insert(
        "champions",
        [list(champion.__dict__.values())],
        column_names=list(champion.__dict__),
    )
    note = json.dumps(champion.__dict__, default=lambda day: day.isoformat(), sort_keys=True)
    (folder / champion.model_id / REGISTERED_FILE).write_text(note + "\n")


def champion_on(client: Client, as_of: date) -> Champion:
    """Return the champion on `as_of`: the registered model of the newest date up to it.

    Raises:
        click.ClickException: when there is none.
    """
    found = rows(client, "features/champion", as_of=as_of)
    if not found:
        raise click.ClickException(
            f"no model is registered for {as_of} or before; do so with "
            f"`flowdrop models register --as-of {as_of}`"
        )
    return Champion(**found[0])
