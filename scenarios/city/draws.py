"""Chance that is looked up, not drawn in order: a number in [0, 1) for each index of a stream.

What is determined this way need not be kept: it can be looked up again, for any people, at any
time.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_FRACTION_BITS = np.uint64(11)


def uniform(seed: int, stream: str, index: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each index, the same whenever it is asked for.

    Args:
        seed: of the city.
        stream: what the numbers are for; those of other streams are independent.
        index: people's numbers, for example.
    """
    key = int.from_bytes(blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest(), "little")
    bits = index.astype(np.uint64) * _GOLDEN + np.uint64(key)  # SplitMix64
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX_1
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX_2
    bits ^= bits >> np.uint64(31)
    return (bits >> _FRACTION_BITS).astype(np.float64) * 2.0**-53
