"""What the page of frequency shows beside the tables: k+ reach and cumulative reach as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText, Names
from console.reporting.figures import number, percent
from console.reports.consistency import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.i18n import Translator
    from console.reports.frequency_figures import BasisFigures, DayFigures, FrequencyReport

OFTEN = 3  # the k of the k+ reach that a sentence tells


def facts(found: FrequencyReport | None) -> dict[str, Any]:
    """Return the bases with anything to show, and the names of those without."""
    if found is None:
        return {"shown": [], "without": None}
    some = [own for own in found.bases if own.impressions]
    return {
        "shown": [(name_of(own), own, _days_of(found, own)) for own in some],
        "without": Names(
            tuple(LocalizedText(name_of(own)) for own in found.bases if own not in some)
        ),
        "names": {(own.basis, own.incentivised): name_of(own) for own in some},
    }


def charts(found: FrequencyReport, say: Translator) -> dict[str, dict[str, Any]]:
    """Return k+ reach and cumulative reach of every basis that has any and hides nothing."""
    made = {}
    often = [own for own in found.bases if own.impressions and None not in own.reach_plus]
    if often:
        made["often"] = {
            "title": say.gettext("How often people were reached"),
            "said": say.paragraph(_often(own, say) for own in often),
            **_lines([_named(own, say) for own in often]),
            "x": say.gettext("times or more"),
            "series": [
                {"name": _named(own, say), "values": [[k, n] for k, n in _plus(own)]}
                for own in often
            ],
        }
    grown = [(own, days) for own in found.bases if len(days := _days_of(found, own)) > 1]
    grown = [(own, days) for own, days in grown if all(day.cumulative is not None for day in days)]
    if grown:
        made["grown"] = {
            "title": say.gettext("People reached so far, by day"),
            "said": say.paragraph(_grown(own, days, say) for own, days in grown),
            **_lines([_named(own, say) for own, _ in grown]),
            "x": "",
            "is_of_days": True,
            "series": [
                {
                    "name": _named(own, say),
                    "values": [[day.day.isoformat(), day.cumulative] for day in days],
                }
                for own, days in grown
            ],
        }
    return made


def _lines(names: Sequence[str]) -> dict[str, Any]:
    return {"kind": "lines", "edge": None, "edge_label": "", "legend": names}


def _named(own: BasisFigures, say: Translator) -> str:
    return say.gettext(name_of(own))


def _plus(own: BasisFigures) -> list[tuple[int, int]]:
    """Return k+ reach up to the last k that anybody was reached."""
    return [(k, n) for k, n in enumerate(own.reach_plus, 1) if n or k == 1]


def _days_of(found: FrequencyReport, own: BasisFigures) -> list[DayFigures]:
    return [
        day
        for day in found.by_day
        if (day.basis, day.incentivised) == (own.basis, own.incentivised) and day.impressions != 0
    ]


def _often(own: BasisFigures, say: Translator) -> str:
    """Say what share of the people reached was reached more than once, and often."""
    shares = [own.reach_plus[k - 1] / own.reach_plus[0] for k in (2, OFTEN)]
    return say.gettext(
        "{basis}: {twice} of the people reached were reached at least twice, {often} at least "
        "three times.",
        basis=_named(own, say).capitalize(),
        twice=percent(shares[0]),
        often=percent(shares[1]),
    )


def _grown(own: BasisFigures, days: Sequence[DayFigures], say: Translator) -> str:
    """Say by which day half of all people had been reached, and by which all of them."""
    last = days[-1].cumulative
    half = next(day for day in days if 2 * day.cumulative >= last)
    whole = next(day for day in days if day.cumulative == last)
    return say.gettext(
        "{basis}: half of the people had been reached by {half}, all {n} by {last}.",
        basis=_named(own, say).capitalize(),
        half=half.day.isoformat(),
        n=number(last),
        last=whole.day.isoformat(),
    )
