"""Why reports that choose people by an audience are for the platform's staff only."""

from console.i18n import LocalizedText

OF_AN_AUDIENCE = LocalizedText(
    "this report is for the platform's staff only: it chooses people by an audience, and audiences "
    "are the platform's, of everybody's people; ask the platform for it"
)
