"""Whether a campaign's arms hold as many people as their probabilities say, and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from console.i18n import LocalizedText
from console.reports.arm_names import arm_name

if TYPE_CHECKING:
    from collections.abc import Sequence

Sums = Mapping[str, Any]  # a row of reports/arms

ROUNDING = 1e-6  # probabilities closer than this are the same
# One probability written with more and with fewer digits, .33 and .3333: not two designs.
ROUNDED, ROUNDED_SHARE = 0.005, 0.02


@dataclass(frozen=True, kw_only=True)
class SampleRatio:
    """Do the arms hold as many people as their probabilities say?"""

    chi_squared: float
    degrees: int
    p_value: float
    method: Literal["chi-squared", "exact", "drawn"]  # exact where few people are expected
    threshold: float  # below it the result is blocked
    expected: dict[str, float]  # people by arm
    sequential_p: float | None  # valid at every look, however many; none where days are not known
    ok: bool


@dataclass(frozen=True, kw_only=True)
class Split:
    """The check, why effects are blocked if they are, and any further notes."""

    check: SampleRatio | None  # none when the probabilities allow no check
    blocked: LocalizedText | None
    cautions: tuple[LocalizedText, ...]


def split(sums: Mapping[str, Sums], days: Sequence[Mapping[str, Sums]] = ()) -> Split:
    """Return the sample-ratio check of the arms, by two tests.

    Args:
        sums: by arm.
        days: the same as they were at each day's end.
    """
    from features.statistics import sample_ratio  # with scipy, which takes a second

    for arm, row in sums.items():
        if probability(row) is None:
            return Split(check=None, blocked=_varied(arm, row), cautions=())
    probabilities = {arm: probability(row) or 0.0 for arm, row in sums.items()}
    found = sample_ratio.sample_ratio(
        {arm: int(row["people"]) for arm, row in sums.items()}, probabilities
    )
    looked = _looks(sums, days)
    sequential = sample_ratio.sequential(looked, probabilities)[-1] if looked else None
    check = SampleRatio(
        chi_squared=found.chi_squared,
        degrees=found.degrees,
        p_value=found.p_value,
        method=found.method,
        threshold=sample_ratio.P_MIN,
        expected=found.expected,
        sequential_p=sequential,
        ok=found.ok and (sequential is None or sequential >= sample_ratio.P_MIN),
    )
    cautions = [_rounded(arm, row) for arm, row in sums.items() if _spread(row) > ROUNDING]
    whole = math.fsum(probabilities.values())
    if abs(whole - 1) > ROUNDING:
        cautions.append(_not_one(whole))
    blocked = None if check.ok else _mismatch(check)
    return Split(check=check, blocked=blocked, cautions=tuple(cautions))


def _looks(sums: Mapping[str, Sums], days: Sequence[Mapping[str, Sums]]) -> list[dict[str, int]]:
    """Return the people by arm on each day that brought any, and now."""
    found: list[dict[str, int]] = []
    for day in (*days, sums):
        look = {arm: int(day[arm]["people"]) if arm in day else 0 for arm in sums}
        if not found or look != found[-1]:
            found.append(look)
    return found if days else []


def probability(row: Sums) -> float | None:
    """Return the probability of an arm; none where it was not the same for all."""
    low, high = row["probability_min"], row["probability_max"]
    if low is None or (_spread(row) > ROUNDING and not _is_rounded(low, high)):
        return None
    return float(low + high) / 2


def _is_rounded(low: float, high: float) -> bool:
    return high - low <= ROUNDED and high <= low * (1 + ROUNDED_SHARE)


def _spread(row: Sums) -> float:
    return float(row["probability_max"] - row["probability_min"])


def _varied(arm: str, row: Sums) -> LocalizedText:
    low, high = row["probability_min"], row["probability_max"]
    if low is None:
        return LocalizedText(
            "Effects are withheld: the assignments to arm {arm} give no probability.",
            arm=arm_name(arm),
        )
    return LocalizedText(
        "Effects are withheld: the probability of arm {arm} varied between people, from {low:.4g} "
        "to {high:.4g}, and a plain comparison of such arms is biased.",
        arm=arm_name(arm),
        low=low,
        high=high,
    )


def _rounded(arm: str, row: Sums) -> LocalizedText:
    return LocalizedText(
        "The probability of arm {arm} is given both as {low:.4g} and as {high:.4g}; this is taken "
        "to be rounding, and the midpoint is used.",
        arm=arm_name(arm),
        low=row["probability_min"],
        high=row["probability_max"],
    )


def _not_one(whole: float) -> LocalizedText:
    if whole < 1:
        return LocalizedText(
            "The probabilities given for the arms add up to {whole:.6g}, not to 1 (they are "
            "rounded, or an arm is missing here); the arms are compared by their shares of that "
            "total.",
            whole=whole,
        )
    return LocalizedText(
        "The probabilities given for the arms add up to {whole:.6g}, not to 1; the arms are "
        "compared by their shares of that total.",
        whole=whole,
    )


def _mismatch(check: SampleRatio) -> LocalizedText:
    if check.p_value >= check.threshold:
        return LocalizedText(
            "Effects are withheld: while people were assigned, the sizes of the arms did not match "
            "their probabilities (sequential sample-ratio test, p = {p:.2g} < {threshold}), so the "
            "arms may differ in more than the treatment.",
            p=check.sequential_p,
            threshold=check.threshold,
        )
    return LocalizedText(
        "Effects are withheld: the sizes of the arms do not match their assignment probabilities "
        "(sample-ratio mismatch, p = {p:.2g} < {threshold}), so the arms may differ in more than "
        "the treatment.",
        p=check.p_value,
        threshold=check.threshold,
    )
