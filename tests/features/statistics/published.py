"""Published results of experiment statistics, where the file that holds them is at hand."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
NAME = "data/experiment_cases.json"


@functools.cache
def _cases() -> dict[str, dict[str, Any]]:
    for shared in (os.environ.get("FLOWDROP_SHARED"), ROOT / "../shared", ROOT / "../../shared"):
        if shared and (path := Path(shared) / NAME).exists():
            return {case["id"]: case for case in json.loads(path.read_text("utf-8"))["cases"]}
    return {}


def names() -> list[str]:
    """Return the names of all published cases."""
    _at_hand()
    return list(_cases())


def case(name: str) -> dict[str, Any]:
    """Return a published case: inputs, expected, tolerance."""
    _at_hand()
    return _cases()[name]


def _at_hand() -> None:
    if not _cases():
        pytest.skip(f"{NAME} is neither below FLOWDROP_SHARED nor in ../shared")
