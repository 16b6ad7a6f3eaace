"""Where flowdrop's own files are, from the environment alone; quick to import."""

from __future__ import annotations

import os
from pathlib import Path

PREFIX = "FLOWDROP_"


def told(variable: str) -> str | None:
    """Return the value of `variable` in the environment; nothing if that is empty or blank."""
    value = os.environ.get(variable, "")
    return value if value.strip() else None


def home() -> Path:
    """Return the folder that holds everything flowdrop writes on this machine."""
    return Path(told(PREFIX + "HOME") or ".flowdrop").absolute()


def config_file() -> Path:
    """Return the path of the user's TOML file, which need not exist."""
    return Path(told(PREFIX + "CONFIG") or "flowdrop.toml").absolute()


def addresses_file() -> Path:
    """Return the path of the file in which `flowdrop up` writes what it started."""
    return home() / "addresses.toml"
