"""The JSON Schema of each event type, as published in `docs/schemas/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from streams.events import TYPES

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema (draft 2020-12) of every event type, by its name."""
    return {name: _schema(name, kind) for name, (_, kind) in TYPES.items()}


def texts() -> dict[str, str]:
    """Return the content of each file of `docs/schemas/`, by its name."""
    return {
        f"{name}.json": msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
        for name, schema in schemas().items()
    }


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the schemas to `folder` and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in texts()]
    for path, text in zip(paths, texts().values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def _schema(name: str, kind: type) -> dict[str, Any]:
    (reference,), components = msgspec.json.schema_components([kind])
    root = components.pop(reference["$ref"].rpartition("/")[2])
    root.pop("title")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        **root,
        **({"$defs": components} if components else {}),
    }
