"""A new drop as its form asks for it: texts, until they are terms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict

from console.drops.measurement import Measured
from console.drops.terms import EXPLORE_MIN, Terms
from console.i18n import N_, NP_, LocalizedText
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.drops.tables import Drop

T = TypeVar("T")
NAMES = {
    "amount": NP_("field", "amount"),
    "budget": NP_("field", "budget"),
    "holdout": NP_("field", "holdout"),
    "explore": NP_("field", "explore"),
    "until": NP_("field", "until"),
    "planned_end": NP_("field", "planned_end"),
    "tuned_at": NP_("field", "tuned_at"),
    "smallest_lift": NP_("field", "smallest_lift"),
}
TO_MINUTES = "%Y-%m-%dT%H:%M"  # as browsers write a local time


class Filled(BaseModel):
    """What stands in the form, as texts.

    Attributes:
        audience: program and name with a slash between: names are per program.
        goals: metrics that decide; likewise `guardrails`, which must not be harmed.
        csrf: the token of the page that the form was on.
    """

    model_config = ConfigDict(frozen=True)

    name: str = ""
    audience: str = ""
    amount: str = ""
    budget: str = ""
    holdout: str = "0.1"
    explore: str = f"{EXPLORE_MIN:g}"
    until: str = ""
    design: str = ""
    planned_end: str = ""
    tuned_at: str = ""
    smallest_lift: str = ""
    goals: tuple[str, ...] = ()
    guardrails: tuple[str, ...] = ()
    csrf: str = ""


def terms_of(filled: Filled) -> Terms:
    """Return the terms that a form says, not checked yet.

    Raises:
        LocalizedError: naming the first field that is missing or no number or time.
    """
    program, _, audience = filled.audience.partition("/")
    if not audience:
        raise LocalizedError(LocalizedText("audience: choose one"))
    return Terms(
        name=filled.name.strip(),
        program=program,
        audience=audience,
        amount=_coins("amount", filled.amount),
        budget=_coins("budget", filled.budget),
        holdout=_needed_share("holdout", filled.holdout),
        explore=_needed_share("explore", filled.explore),
        until=_time("until", filled.until),
        measured=Measured(
            design=filled.design or None,
            goals=",".join(filled.goals) or None,
            guardrails=",".join(filled.guardrails),
            planned_end=_time("planned_end", filled.planned_end),
            tuned_at=_whole("tuned_at", filled.tuned_at),
            smallest_lift=_share("smallest_lift", filled.smallest_lift),
        ),
    )


def copied(drop: Drop, now: datetime) -> Filled:
    """Return a form with another drop's terms, without its name and times that are over."""
    end = drop.planned_end if drop.planned_end != drop.until else None
    filled = Filled(
        audience=f"{drop.program}/{drop.audience}",
        amount=str(drop.amount),
        budget=str(drop.budget),
        holdout=f"{drop.holdout:g}",
        explore=f"{EXPLORE_MIN if drop.explore is None else drop.explore:g}",
        until=_written(drop.until, now),
        planned_end=_written(end, now),
        goals=tuple(drop.goals or ()),
        guardrails=tuple(drop.guardrails or ()),
        smallest_lift="" if drop.smallest_lift is None else f"{drop.smallest_lift:g}",
    )
    if not (filled.until or filled.planned_end):  # the design would lack its end
        return filled
    return filled.model_copy(update={"design": drop.design or ""})


def _written(time: datetime | None, now: datetime) -> str:
    return f"{time:{TO_MINUTES}}" if time and time > now else ""


def _coins(field: str, text: str) -> int:
    found = _whole(field, text)
    if found is None:
        raise LocalizedError(LocalizedText("{field}: give a number of coins", field=_called(field)))
    return found


def _needed_share(field: str, text: str) -> float:
    """Return a share that is not left out: nobody held out has to be written as 0."""
    found = _share(field, text)
    if found is None:
        raise LocalizedError(LocalizedText("{field}: give a share", field=_called(field)))
    return found


def _whole(field: str, text: str) -> int | None:
    words = N_("{field}: {value!r} is not a whole number; write digits only, for example 500")
    return _read(int, field, text.replace(",", ""), words)


def _share(field: str, text: str) -> float | None:
    words = N_("{field}: {value!r} is not a number; give a share, for example 0.1 for one in ten")
    return _read(float, field, text, words)


def _time(field: str, text: str) -> datetime | None:
    words = N_("{field}: {value!r} is not a time; write it as 2027-01-31T18:00 (UTC)")
    return utc(field, _read(datetime.fromisoformat, field, text, words))


def utc(field: str, time: datetime | None) -> datetime | None:
    """Return a time in UTC, which one without a zone is taken to be in.

    Raises:
        LocalizedError: when it lies before or after all times there.
    """
    if time is None or time.tzinfo is None:
        return time and time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise LocalizedError(
            LocalizedText(
                "{field}: {value!r} is no time in UTC", field=_called(field), value=str(time)
            )
        ) from error


def _read(read: Callable[[str], T], field: str, text: str, words: str) -> T | None:
    text = text.strip()
    if not text:
        return None
    try:
        return read(text)
    except (ValueError, OverflowError) as error:
        raise LocalizedError(LocalizedText(words, field=_called(field), value=text[:40])) from error


def _called(field: str) -> LocalizedText:
    return LocalizedText(NAMES[field])
