"""What of attribution tells of a few conversions, so that an organisation does not see it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.reporting.protection import Protection, Sum
from console.reporting.viewer import ACTIONS_MIN
from console.reports.attribution_models import MODELS
from console.reports.days import Window
from console.reports.populations import buyers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from clickhouse_connect.driver.client import Client

    from console.reporting.population import Population
    from console.reports.attribution_figures import AttributionReport, Credited

ROUNDING = 1e-9  # conversions


def _sums(_found: AttributionReport) -> Iterator[Sum]:
    yield Sum(("conversions",), (("attributed",), ("unattributed",)))


def few(credits_of: Sequence[Credited]) -> set[int]:
    """Return which parts are hidden: those of a few conversions by any model, and what gives them.

    By each model the parts add up to what is told of all, so what is hidden by it must not be of a
    few conversions together, nor of one part alone.
    """
    models = [name for name in MODELS if any(getattr(each, name) for each in credits_of)]
    hidden = {
        n
        for n, each in enumerate(credits_of)
        if any(ROUNDING < (getattr(each, name) or 0) < ACTIONS_MIN for name in models)
    }
    others = sorted(
        (n for n in range(len(credits_of)) if n not in hidden), key=lambda n: credits_of[n].last
    )
    while hidden and others and not _are_safe([credits_of[n] for n in hidden], models):
        hidden.add(others.pop(0))
    return hidden


def _are_safe(hidden: Sequence[Credited], models: Collection[str]) -> bool:
    for name in models:
        own = [value for each in hidden if (value := getattr(each, name) or 0) > ROUNDING]
        if own and (len(own) == 1 or sum(own) < ACTIONS_MIN):
            return False
    return True


def _finish(left: Any, whole: AttributionReport) -> AttributionReport:
    parts = [each for each in whole.credits if each.attributed]
    hidden = set(range(len(parts))) if left.attributed is None else few(parts)
    shown = [_empty(each) if n in hidden else each for n, each in enumerate(parts)]
    rest = [each for each in whole.credits if not each.attributed]
    without = [_empty(each) if left.unattributed is None else each for each in rest]
    told: AttributionReport = replace(left, credits=(*shown, *without), caused=())
    return told


def _empty(each: Credited) -> Credited:
    names = [end for name in MODELS for end in (name, f"{name}_value_cents")]
    nothing: Any = dict.fromkeys(names)
    return replace(each, **nothing)


def _refusal(asked: Mapping[str, Any]) -> LocalizedText | None:
    """Refuse what would tell of those conversions between two settings of a window."""
    for name, usual in (
        *(("click_days", None), ("view_days", None), ("half_life", 7.0)),
        ("views", "viewable"),
    ):
        if asked[name] != usual:
            return LocalizedText(
                "{name} other than the campaign's own is for the platform's staff only, since two "
                "answers would tell of those few conversions by which they differ",
                name=name,
            )
    return None


def _populations(client: Client, found: Any) -> Iterator[Population]:
    if found.conversions:
        window = Window(found.begin, found.end, None)
        yield from buyers(client, found.campaigns, window, found.zone, {""})


PROTECTION: Protection[Any] = Protection(
    counts=dict.fromkeys(("conversions", "attributed", "unattributed"), ACTIONS_MIN),
    derived={
        "value_cents": ("conversions",),
        "attributed_value_cents": ("attributed",),
        "unattributed_value_cents": ("unattributed",),
    },
    told=frozenset(
        {
            *("campaigns", "advertiser", "by", "views", "begin", "end", "zone", "half_life_days"),
            *("windows", "basis", "method", "cause", "notes", "queries"),
        }
    ),
    kept=frozenset({"conversions"}),
    sums=_sums,
    finish=_finish,
    populations=_populations,
    advertiser="advertiser",
    refusal=_refusal,
)
