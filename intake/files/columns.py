"""Columns of texts, looked at as a whole: which rows are plain, and which to judge one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from intake.files.moments import signs_of
from intake.mapping.values import UNREADABLE
from streams.events.naming import are_clean

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

_BLANK = ord(" ")
# What JSON escapes, and what no name may hold: control characters, quotes, backslashes.
_ODD = np.zeros(256, np.bool_)
_ODD[: ord(" ")] = _ODD[[ord('"'), ord("\\"), 0x7F]] = True


class Plain(NamedTuple):
    """A column: its texts, null for nothing, and which rows hold something odd."""

    texts: pa.StringArray
    odd: Bools

    def where(self, chosen: Bools) -> Plain:
        """Return it for the chosen rows only."""
        return Plain(self.texts.filter(pa.array(chosen)), self.odd[chosen])


def plain(texts: pa.StringArray, missing: Collection[str]) -> Plain:
    """Return a column without what stands for nothing, and which rows are odd.

    A row is odd that is not written as it is meant, or not in JSON as it stands: blanks around it,
    control characters, quotes, what no name may hold, what could not be decoded.
    """
    signs, starts, lengths = signs_of(texts)
    filled = lengths > 0
    odd = np.zeros(len(texts), np.bool_)
    if len(texts) and filled.any():
        begin, end = int(starts[0]), int(starts[-1] + lengths[-1])
        inside = signs[begin:end]
        bad = _ODD[inside]
        if bad.any():
            odd[np.searchsorted(starts, bad.nonzero()[0] + begin, side="right") - 1] = True
        firsts, lasts = starts[filled], (starts + lengths)[filled] - 1
        odd[filled] |= (signs[firsts] == _BLANK) | (signs[lasts] == _BLANK)
        whole = inside.tobytes()
        if not whole.isascii() and not _is_clean(whole.decode(errors="replace")):
            odd |= np.fromiter((not _is_clean(one or "") for one in texts.to_pylist()), np.bool_)
    if not filled.all():
        texts = pc.if_else(pa.array(filled), texts, pa.scalar(None, pa.string()))
    if missing:
        nothing = pc.is_in(texts, value_set=pa.array(sorted(missing), pa.string()))
        texts = pc.if_else(nothing, pa.scalar(None, pa.string()), texts)
    return Plain(texts, odd)


def is_plain(text: str) -> bool:
    """Return whether a text that a mapping gives would not be odd in a cell."""
    signs = np.frombuffer(text.encode(), np.uint8)
    return bool(text) and not _ODD[signs].any() and _is_clean(text)


def _is_clean(text: str) -> bool:
    return UNREADABLE not in text and text == text.strip() and (not text or are_clean((text,)))


def true_in(values: pa.Array) -> Bools:
    """Return truths as an array, false where there is nothing."""
    found: Bools = pc.fill_null(values, fill_value=False).to_numpy(zero_copy_only=False)
    return found
