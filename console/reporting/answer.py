"""What a viewer gets of a report: its result, and what was hidden of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from console.i18n import LocalizedText
from console.reporting.viewer import PEOPLE_MIN, Viewer

if TYPE_CHECKING:
    from console.reporting.freshness_figures import Freshness

T = TypeVar("T")

PARTS = {
    "bases": LocalizedText("contacted, served, viewable"),
    "arms": LocalizedText("arms"),
    "invalid": LocalizedText("rules of invalid traffic"),
    "by_day": LocalizedText("days"),
    "by_campaign": LocalizedText("campaigns"),
    "parts": LocalizedText("parts of the cut"),
    "pairs": LocalizedText("pairs of campaigns"),
    "combinations": LocalizedText("combinations of campaigns"),
}


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """Rows of one part of a result that are not told."""

    part: str  # its name: by_day
    rows: int
    people: int | None  # in them together, where that is told

    @property
    def words(self) -> LocalizedText:
        """The same in words."""
        others = LocalizedText.plural(
            "Others, hidden ({part}): {n} row, since fewer than {least} people are in it or could "
            "be told from it.",
            "Others, hidden ({part}): {n} rows, since fewer than {least} people are in one or "
            "could be told from it.",
            self.rows,
            part=PARTS.get(self.part, self.part),
            least=PEOPLE_MIN,
        )
        if self.people is None:
            return others
        return LocalizedText(
            "{others} Together they are {people:,} people.", others=others, people=self.people
        )


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[T]):
    """A report's result as a viewer may see it."""

    found: T
    viewer: Viewer
    hidden: tuple[Hidden, ...] = ()
    freshness: Freshness | None = None  # of what it was made of, and told to the viewer

    @property
    def words(self) -> tuple[LocalizedText, ...]:
        """How the result is marked, and what was hidden of it."""
        return (self.viewer.words, *(each.words for each in self.hidden))
