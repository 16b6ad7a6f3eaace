"""What a drop is and how it stands, printed for a person: one fact a line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flowdrop.output import print_rows


def print_facts(facts: dict[str, Any], title: str) -> None:
    """Print one fact a line; counts by reason get a line each."""
    lines: list[dict[str, Any]] = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines += [{"fact": f"{key}: {k}", "value": _plain(v)} for k, v in value.items()]
        else:
            lines.append({"fact": key.replace("_", " "), "value": _plain(value)})
    print_rows(lines, title=title)


def _plain(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
