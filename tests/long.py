"""How much tests try that draw worlds at random: little in `make test`, all of it in `make faults`.

A seed makes the same world in both; the short form tries the first of them. All are tried by
`FLOWDROP_TEST_LONG=1 pytest FILE`.
"""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")

IS_LONG = os.environ.get("FLOWDROP_TEST_LONG", "") not in {"", "0"}


def sized(short: T, long: T) -> T:
    """Return `long` where all is to be tried, else `short`."""
    return long if IS_LONG else short
