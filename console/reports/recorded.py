"""How an effect is measured, as it was recorded before launch, and what departs from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText, Names
from console.reports.metric_names import NAMES
from console.reports.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

DESIGN_NAMES = {
    "fixed": N_("fixed"),
    "group-sequential": N_("group-sequential"),
    "always-valid": N_("always-valid"),
}


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What a drop, or a description of a campaign, recorded first; nothing later changes it."""

    design: str  # fixed, group-sequential or always-valid
    recorded_at: datetime
    in_time: bool  # not after the first assignment
    goals: tuple[str, ...]  # metrics that decide: one family (Holm)
    guardrails: tuple[str, ...]  # those that must not be harmed, outside of it
    planned_people: int | None  # of all arms
    planned_end: datetime | None
    tuned_at: int | None  # N*: people of both arms who did it, at which always-valid is tightest
    smallest_lift: float | None  # that matters: a share of the control


def recorded(row: Mapping[str, Any]) -> Recorded | None:
    """Return what a row of reports/campaign_plan says was recorded; none where nothing was."""
    if not row["design"]:
        return None
    at, begin = row["recorded_at"].replace(tzinfo=UTC), row["begin"]
    end = row["end"]
    return Recorded(
        design=row["design"],
        recorded_at=at,
        in_time=begin is None or at <= begin.replace(tzinfo=UTC),
        goals=tuple(name for name in row["goals"] if name in METRICS),
        guardrails=tuple(name for name in row["guardrails"] if name in METRICS),
        planned_people=row["planned_people"],
        planned_end=end.replace(tzinfo=UTC) if end else None,
        tuned_at=row["tuned_at"],
        smallest_lift=row["smallest_lift"],
    )


def departures(
    found: Recorded | None, design: str, goals: Sequence[str], guardrails: Sequence[str]
) -> tuple[LocalizedText, ...]:
    """Return how what was asked for departs from what was recorded."""
    if found is None:
        return ()
    told = []
    if not found.in_time:
        told.append(
            LocalizedText(
                "How this campaign is measured was recorded at {time} UTC, after the first "
                "assignment: it was not chosen before launch.",
                time=f"{found.recorded_at:%Y-%m-%d %H:%M}",
            )
        )
    if design != found.design:
        told.append(
            LocalizedText(
                "Not as registered: this is evaluated as {design}, and {registered} was recorded "
                "before launch. Only the registered design keeps its promise.",
                design=_design(design),
                registered=_design(found.design),
            )
        )
    if found.goals and set(goals) != set(found.goals):
        told.append(
            LocalizedText(
                "Not as registered: the goal metrics here are {goals}, and {registered} were "
                "recorded before launch.",
                goals=_names(goals),
                registered=_names(found.goals),
            )
        )
    if found.goals and set(guardrails) != set(found.guardrails):
        told.append(
            LocalizedText(
                "Not as registered: the guardrails here are {guardrails}, and {registered} were "
                "recorded before launch.",
                guardrails=_names(guardrails),
                registered=_names(found.guardrails),
            )
        )
    return tuple(told)


def _names(metrics: Sequence[str]) -> Names | str:
    return Names(tuple(LocalizedText(NAMES[name]) for name in metrics)) if metrics else "-"


def _design(name: str) -> LocalizedText:
    return LocalizedText(DESIGN_NAMES.get(name, name))


def words(found: Recorded) -> LocalizedText:
    """Return what was recorded, in a sentence."""
    return LocalizedText(
        "Registered {time} UTC: {design}; goal metrics: {goals}; guardrails: {guardrails}; planned "
        "people: {people}; planned end: {end}; N*: {tuned}; smallest lift that matters: {lift}.",
        time=f"{found.recorded_at:%Y-%m-%d %H:%M}",
        design=_design(found.design),
        goals=_names(found.goals),
        guardrails=_names(found.guardrails),
        people="-" if found.planned_people is None else f"{found.planned_people:,}",
        end="-" if found.planned_end is None else f"{found.planned_end:%Y-%m-%d %H:%M} UTC",
        tuned="-" if found.tuned_at is None else f"{found.tuned_at:,}",
        lift="-" if found.smallest_lift is None else f"{100 * found.smallest_lift:g} %",
    )
