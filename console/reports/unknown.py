"""The refusals of names that nothing has."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from console.i18n import LocalizedText, Names
from console.reports.basis import UnknownCampaignError

if TYPE_CHECKING:
    from collections.abc import Sequence


def unknown_campaign(name: str, known: Sequence[str]) -> UnknownCampaignError:
    """Return the refusal of a name that none of the `known` campaigns has, with similar ones."""
    if close := difflib.get_close_matches(name, known, cutoff=0.5):
        return UnknownCampaignError(
            LocalizedText(
                "no event names a campaign {name!r}; did you mean {close}?",
                name=name,
                close=Names(tuple(close), last="or"),
            )
        )
    return UnknownCampaignError(
        LocalizedText(
            "no event names a campaign {name!r}; choose one from the list of campaigns", name=name
        ),
        command=f"no event names a campaign {name!r}; see `flowdrop report campaigns`",
    )


def unknown_advertiser(name: str, known: Sequence[str]) -> UnknownCampaignError:
    """Return the refusal of an advertiser that no campaign is of, with similar `known` ones."""
    if not known:
        return UnknownCampaignError(
            LocalizedText(
                "no campaign is of an advertiser {name!r} yet: none says so in its description",
                name=name,
            )
        )
    alike = difflib.get_close_matches(name, known, cutoff=0.5) or known[:5]
    return UnknownCampaignError(
        LocalizedText(
            "no campaign is of an advertiser {name!r}; known advertisers include {alike}",
            name=name,
            alike=Names(tuple(alike)),
        )
    )
