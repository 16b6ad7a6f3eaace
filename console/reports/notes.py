"""What a reader of a campaign's reports needs to know about its data.

A note has a pattern of campaigns (`cj-*`); every note whose pattern fits is shown.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from console.i18n import LocalizedText

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTES = (
    (
        "hillstrom",
        LocalizedText(
            "Hillstrom's e-mail experiment has no dates within its two weeks: every contact is on "
            "the first day, every visit and conversion on the last, so its daily figures mean "
            "nothing."
        ),
    ),
    ("city-*", LocalizedText("This campaign is simulated: everyone in it is made up.")),
    (
        "cj-*",
        LocalizedText(
            "The Complete Journey gives a campaign's first and last day, not when each household "
            "was contacted: every contact is on the first day. Its redemptions carry no value."
        ),
    ),
)


def notes(campaigns: Iterable[str]) -> tuple[LocalizedText, ...]:
    """Return every note that fits one of `campaigns`, each once, in the order above."""
    names = tuple(campaigns)
    return tuple(
        note for pattern, note in NOTES if any(fnmatchcase(name, pattern) for name in names)
    )
