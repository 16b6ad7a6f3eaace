"""Whether a campaign's arms hold as many people as their probabilities say, and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from console.reports.arm_names import arm_name
from console.reports.basis import Words

Sums = Mapping[str, Any]  # a row of reports/arms

ROUNDING = 1e-6  # probabilities closer than this are the same
# One probability written with more and with fewer digits, .33 and .3333: no two designs.
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
    ok: bool


@dataclass(frozen=True, kw_only=True)
class Split:
    """The check, why effects are blocked if they are, and what else must be said."""

    check: SampleRatio | None  # none when the probabilities allow no check
    blocked: Words | None
    cautions: tuple[Words, ...]


def split(sums: Mapping[str, Sums]) -> Split:
    """Return the sample-ratio check of the arms."""
    from features import sample_ratio  # with scipy, which takes a second

    for arm, row in sums.items():
        if probability(row) is None:
            return Split(check=None, blocked=_varied(arm, row), cautions=())
    probabilities = {arm: probability(row) or 0.0 for arm, row in sums.items()}
    found = sample_ratio.sample_ratio(
        {arm: int(row["people"]) for arm, row in sums.items()}, probabilities
    )
    check = SampleRatio(
        chi_squared=found.chi_squared,
        degrees=found.degrees,
        p_value=found.p_value,
        method=found.method,
        threshold=sample_ratio.P_MIN,
        expected=found.expected,
        ok=found.ok,
    )
    cautions = [_rounded(arm, row) for arm, row in sums.items() if _spread(row) > ROUNDING]
    whole = math.fsum(probabilities.values())
    if abs(whole - 1) > ROUNDING:
        cautions.append(_not_one(whole))
    blocked = None if check.ok else _mismatch(check)
    return Split(check=check, blocked=blocked, cautions=tuple(cautions))


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


def _varied(arm: str, row: Sums) -> Words:
    low, high = row["probability_min"], row["probability_max"]
    if low is None:
        return Words(
            en=f"Effects are withheld: the assignments to arm {arm} give no probability.",
            zh=f"不显示效果：{arm_name(arm, 'zh')}的分配记录没有给出概率。",
        )
    return Words(
        en=f"Effects are withheld: the probability of arm {arm} varied between people, from "
        f"{low:.4g} to {high:.4g}, and a plain comparison of such arms is biased.",
        zh=f"不显示效果：{arm_name(arm, 'zh')}的分配概率因人而异（从 {low:.4g} 到 {high:.4g}），"
        "直接比较这样的组会有偏差。",
    )


def _rounded(arm: str, row: Sums) -> Words:
    low, high = row["probability_min"], row["probability_max"]
    return Words(
        en=f"The probability of arm {arm} is given as {low:.4g} and as {high:.4g}; this is taken "
        "for rounding, and the middle counts.",
        zh=f"{arm_name(arm, 'zh')}的分配概率有 {low:.4g} 和 {high:.4g} 两种写法；"
        "按四舍五入的差别处理，取中间值。",
    )


def _not_one(whole: float) -> Words:
    why_en = " (they are rounded, or an arm is missing here)" if whole < 1 else ""
    why_zh = "（可能经过四舍五入，或缺少一个组）" if whole < 1 else ""
    return Words(
        en=f"The probabilities given for the arms add up to {whole:.6g}, not to 1{why_en}; the "
        "arms are compared by their shares of it.",
        zh=f"各组给出的分配概率之和为 {whole:.6g}，而不是 1{why_zh}；按各组所占的份额进行比较。",
    )


def _mismatch(check: SampleRatio) -> Words:
    return Words(
        en="Effects are withheld: the arms do not hold as many people as their probabilities say "
        f"(sample-ratio mismatch, p = {check.p_value:.2g} < {check.threshold}), so they may differ "
        "in more than the treatment.",
        zh="不显示效果：各组人数与分配概率不符（样本比例失配，"
        f"p = {check.p_value:.2g} < {check.threshold}），各组的差别可能不只来自处理。",
    )
