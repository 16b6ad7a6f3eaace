"""Names of arms: those that every drop draws have Chinese names, others are as given."""

from __future__ import annotations

from console.i18n import NP_, LocalizedText

NAMES = {
    "drop": NP_("arm", "drop"),
    "holdout": NP_("arm", "holdout"),
    "control": NP_("arm", "control"),
}


def arm_name(arm: str) -> LocalizedText:
    """Return the name of `arm`."""
    known = NAMES.get(arm)
    return LocalizedText(known) if known else LocalizedText(NP_("arm", "{arm}"), arm=arm)
