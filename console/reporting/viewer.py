"""Who asks for a report, and of which organisation's people they are."""

from __future__ import annotations

from dataclasses import dataclass

from console.i18n import LocalizedText

SEEN_BY_STAFF = LocalizedText("Seen as platform staff: nothing is hidden.")


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Someone who asks for a report.

    Attributes:
        organisation: the advertiser whose campaigns they may see; none for the platform's staff,
            who see everything.
    """

    organisation: str | None = None

    @property
    def is_staff(self) -> bool:
        """Whether nothing is hidden from them."""
        return self.organisation is None

    @property
    def words(self) -> LocalizedText:
        """How what they see is marked."""
        if self.is_staff:
            return SEEN_BY_STAFF
        return LocalizedText(
            "Seen as {organisation}: its own campaigns, and no count of fewer than {people} people "
            "or of fewer than {actions} clicks or conversions.",
            organisation=self.organisation,
            people=PEOPLE_MIN,
            actions=ACTIONS_MIN,
        )


PEOPLE_MIN = 50  # fewer people than this are hidden
ACTIONS_MIN = 10  # of clicks and conversions, and of who did so

STAFF = Viewer()


def viewer_of(organisation: str | None) -> Viewer:
    """Return the viewer that staff ask to see as: an organisation's, or themselves."""
    return Viewer(organisation=organisation) if organisation else STAFF
