"""The catalogue as docs/features.md has it; `python -m features.sets.documented` writes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from features.sets.catalogue import load

if TYPE_CHECKING:
    from features.sets.catalogue import Catalogue
    from features.sets.files import Feature

PAGE = Path(__file__).parent.parent.parent / "docs" / "features.md"


def tables(catalogue: Catalogue) -> dict[str, str]:
    """Return the page's tables by the name of their mark."""
    features = ["| feature | what it is | type | window |", "| --- | --- | --- | --- |"]
    for source in sorted({one.source for one in catalogue.features.values()}):
        features.append(f"| **from `{source}`** | | | |")
        own = [one for one in catalogue.features.values() if one.source == source]
        features += map(_row, sorted(own, key=lambda one: one.name))
    labels = ["| label | what it is | type | window |", "| --- | --- | --- | --- |"]
    labels += [
        f"| `{one.name}` | {one.meaning} | {one.dtype} | {one.window_days} days |"
        for one in sorted(catalogue.labels.values(), key=lambda one: one.name)
    ]
    return {"features": "\n".join(features), "labels": "\n".join(labels)}


def _row(one: Feature) -> str:
    marks = [one.sensitivity] if one.sensitivity != "behaviour" else []
    if not one.targeting:
        marks.append("targeting may not use it")
    marked = f" ({', '.join(marks)})" if marks else ""
    window = f"{one.window_days} days" if one.window_days else "ever"
    return f"| `{one.name}` | {one.meaning}{marked} | {one.dtype} | {window} |"


def filled(page: str, catalogue: Catalogue) -> str:
    """Return the page with today's tables between their marks."""
    for name, table in tables(catalogue).items():
        between = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        page = between.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", page)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), load()), encoding="utf-8")
