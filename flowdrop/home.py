"""Where flowdrop writes on this machine, by the environment alone: no library is loaded for it."""

from __future__ import annotations

import os
from pathlib import Path

PREFIX = "FLOWDROP_"


def told(variable: str) -> str | None:
    """Return what the environment says of `variable`; nothing if that is empty or blank."""
    value = os.environ.get(variable, "")
    return value if value.strip() else None


def home() -> Path:
    """Return the folder that holds everything flowdrop writes on this machine."""
    return Path(told(PREFIX + "HOME") or ".flowdrop").absolute()
