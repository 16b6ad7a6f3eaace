"""The gate: all checks of all features, a verdict on each, and a refusal in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.leakage.evidence import Evidence, Report
from features.leakage.levels import Power, in_order, levels, power, shuffled
from features.leakage.lineage import later, times_in
from features.leakage.order import blocks, follows_time, numbers_each, parts, together
from features.leakage.power import certain, is_too_close, never
from features.uplift.errors import UnusableError
from features.uplift.experiment import is_number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from features.leakage.evidence import Verdict
    from features.leakage.levels import Levels

    Labels = NDArray[np.int64]

ROWS_MAX = 100_000  # more say nothing new; they are drawn by a fixed seed
TREES_ROWS_MAX = 30_000  # that all features together are judged on
CLASS_MIN = 20  # rows with the outcome, and without; fewer tell nothing
POWER_MAX = 0.95  # of one feature: no behaviour known beforehand is that sure
DUPLICATE_MAX = 0.92  # of one with two values: the outcome itself, with some rows wrong
TWO_VALUES = 2
POWER_DOUBT = 0.90  # from here on, another sign decides
POWER_LOW = 0.90  # that the interval of a power beyond POWER_MAX must reach
SET_MAX = 0.97  # of all features together
LOOK = 0.80  # of one feature: worth a look, no more
GAP = 0.1  # of AUC, between shuffled and in order
ORDINAL_POWER = 0.6  # from which the number of a row is more than that
SEED = 20_170_101


class LeakError(UnusableError):
    """A set of features knows what came afterwards; `report` has the evidence."""

    def __init__(self, report: Report, words: str) -> None:
        super().__init__(words)
        self.report = report


def inspect(
    features: pd.DataFrame,
    outcome: Any,
    *,
    times: Any = None,
    sources: Mapping[str, Any] | None = None,
    known_before: Collection[str] = (),
) -> Report:
    """Return what each feature and all together say about the outcome that they should not.

    Args:
        features: A row per person (or person and moment), a column per feature; times are allowed.
        outcome: 0 and 1, or a value; of a value, being above its median (or above 0, where most
            have 0) is told.
        times: The moment that each row describes: what came after it is the future.
        sources: By feature, the time of the newest thing that it was made from, in each row.
        known_before: Features that somebody vouches for: shown, never refused.

    Raises:
        UnusableError: when a name is no feature, or the outcome is the same for all.
    """
    _require_names(features, [*(sources or {}), *known_before])
    table = features.reset_index(drop=True)
    label, told = _label(outcome)
    moments = (
        None if times is None else pd.Series(pd.to_datetime(times, utc=True)).reset_index(drop=True)
    )
    made = {
        name: pd.Series(pd.to_datetime(one, utc=True)).reset_index(drop=True)
        for name, one in (sources or {}).items()
    }
    if len(table) > ROWS_MAX:
        kept = np.sort(np.random.default_rng(SEED).permutation(len(table))[:ROWS_MAX])
        table, label = table.iloc[kept].reset_index(drop=True), label[kept]
        moments = None if moments is None else moments.iloc[kept].reset_index(drop=True)
        made = {name: one.iloc[kept].reset_index(drop=True) for name, one in made.items()}
    part = parts(len(label))
    block = None if moments is None else blocks(moments)
    every, whole = _all_together(table, label, part, block)
    is_fooled = every is not None and whole is not None and every - whole >= GAP
    found = [
        _of_feature(
            str(name),
            table[name],
            label,
            part,
            _Moments(moments, block, made.get(str(name)), is_fooled=is_fooled),
            is_vouched=str(name) in known_before,
        )
        for name in table.columns
    ]
    verdict, reasons = _of_set(every, whole, found)
    return Report(
        rows=len(label),
        positives=int(label.sum()),
        told=told,
        shuffled=every,
        in_order=whole,
        verdict=verdict,
        reasons=reasons,
        features=tuple(sorted(found, key=lambda one: (-one.power, one.feature))),
    )


def require_clean(report: Report) -> None:
    """Refuse a set of features that knows what came afterwards.

    Raises:
        LeakError: naming feature, evidence and remedy.
    """
    if report.refused:
        told = "; ".join(f"{one.feature!r}: {', '.join(one.reasons)}" for one in report.refused)
        names = [one.feature for one in report.refused]
        out = " ".join(f"--without {name}" for name in names)
        raise LeakError(
            report,
            f"{'features know' if len(names) > 1 else 'a feature knows'} what came afterwards. "
            f"{told}. Leave out what was not known before the outcome: {out}; or make it as of "
            f"that moment. If it was known, vouch for it: --known-before {','.join(names)}",
        )
    if report.verdict == "refused":
        top = ", ".join(repr(one.feature) for one in report.features[:3])
        raise LeakError(
            report,
            f"the features together know what came afterwards: {', '.join(report.reasons)}. Look "
            f"at the most telling first, {top}, and leave out what was not known before the "
            "outcome, or vouch for them by --known-before",
        )


class _Moments:
    """When each row is, in which block of time, and when a feature was made."""

    def __init__(
        self,
        times: pd.Series[Any] | None,
        block: Labels | None,
        made: pd.Series[Any] | None,
        *,
        is_fooled: bool,
    ) -> None:
        self.times = times
        self.block = block
        self.made = made
        self.is_fooled = is_fooled  # whether all features together tell more of shuffled rows


def _of_feature(
    name: str,
    given: pd.Series[Any],
    label: Labels,
    part: Labels,
    moments: _Moments,
    *,
    is_vouched: bool,
) -> Evidence:
    as_times = times_in(given, moments.times)
    column = given if as_times is None or is_number(given) else _seconds(as_times)
    one = levels(column)
    alone = power(label, shuffled(one, label, part))
    ordered, gap = _in_order(one, label, part, moments.block)
    certainly, hardly = [], []
    certainly += _late(as_times, moments)
    if min(label.sum(), len(label) - label.sum()) >= CLASS_MIN:
        shape = _shape(column, one, label)
        certainly += _too_sure(alone, shape, column, one, label)
        hardly += _worth_a_look(alone, column, one, label)
        drift = _drift(column, alone, gap, moments)
        certainly += drift[0]
        hardly += drift[1]
    verdict: Verdict = "refused" if certainly else "look" if hardly else "fine"
    if certainly and is_vouched:
        verdict = "vouched for"
    return Evidence(
        feature=name,
        power=max(alone.auc, 1 - alone.auc),
        low=alone.low,
        high=alone.high,
        in_order=None if ordered is None else ordered.auc,
        verdict=verdict,
        reasons=tuple(certainly or hardly),
    )


def _late(as_times: pd.Series[Any] | None, moments: _Moments) -> list[str]:
    """Return in words what a feature was made from, or holds, that is later than its row."""
    if moments.times is None:
        return []
    found = []
    for what, times in (("its source is", moments.made), ("it is", as_times)):
        words = None if times is None else later(times, moments.times)
        if words is not None:
            found.append(f"{what} {words}")
    return found


def _in_order(
    one: Levels, label: Labels, part: Labels, block: Labels | None
) -> tuple[Power | None, float]:
    """Return the power when only the past tells, and how much more shuffled rows tell."""
    if block is None or block.max() == 0:
        return None, 0.0
    later_rows = block > 0
    ordered = power(label[later_rows], in_order(one, label, block)[later_rows])
    mixed = power(label[later_rows], shuffled(one, label, part)[later_rows])
    return ordered, mixed.low - ordered.high


def _shape(column: pd.Series[Any], one: Levels, label: Labels) -> list[str]:
    """Return in words the signs of having been made from the outcome."""
    found = []
    sure = certain(column, one, label)
    if sure is not None:
        found.append(
            f"of the {sure.rows:,} rows with {sure.words}, {sure.share:.1%} have the outcome, "
            f"{sure.of_all:.0%} of all that have it"
        )
    if is_too_close(column, label):
        found.append(
            "the outcome's means by value follow it more closely than chance allows, as if it had "
            "been made of them"
        )
    return found


def _too_sure(
    alone: Power, shape: list[str], column: pd.Series[Any], one: Levels, label: Labels
) -> list[str]:
    told = (
        f"it alone tells the outcome with AUC {alone.auc:.3f} ({alone.low:.3f} to {alone.high:.3f})"
    )
    if shape:
        return [*shape, told]
    most = DUPLICATE_MAX if column.nunique() <= TWO_VALUES else POWER_MAX
    if alone.auc >= most and alone.low >= POWER_LOW:
        return [told]
    none = never(column, one, label)
    if alone.auc >= POWER_DOUBT and none is not None:
        return [told, f"and none of the {none.rows:,} rows with {none.words} has it"]
    return []


def _worth_a_look(alone: Power, column: pd.Series[Any], one: Levels, label: Labels) -> list[str]:
    found = []
    if alone.auc >= LOOK:
        found.append("very telling for one feature: was it known before the outcome?")
    none = never(column, one, label)
    if none is not None and none.of_all >= 0.2:  # noqa: PLR2004 - a fifth of those without
        found.append(f"none of the {none.rows:,} rows with {none.words} has the outcome")
    return found


def _drift(
    column: pd.Series[Any], alone: Power, gap: float, moments: _Moments
) -> tuple[list[str], list[str]]:
    """Return what refuses, and what is worth a look, about telling shuffled rows only."""
    if moments.times is not None and moments.block is not None:
        if gap < GAP:
            return [], []
        words = f"rows of the same time tell {gap:.2f} AUC more by it than earlier rows do"
        if not follows_time(column, moments.times, moments.block):
            return [], [words]
        told = [f"{words}: it stands for the date"]
        is_id = not is_number(column) or numbers_each(column)
        return (told, []) if is_id or moments.is_fooled else ([], told)
    if alone.low >= ORDINAL_POWER and _numbers_rows(column):
        words = (
            f"it numbers the rows and tells the outcome with AUC {alone.auc:.3f}: it is an id, in "
            "the order in which rows were written"
        )
        return [words], []
    return [], []


def _numbers_rows(column: pd.Series[Any]) -> bool:
    """Return whether a column counts the rows, up or down, one number for each."""
    if not is_number(column):
        return False
    values = column.to_numpy(np.float64, na_value=np.nan)
    steps = np.diff(values)
    return bool(len(steps) and (np.all(steps > 0) or np.all(steps < 0)))


def _all_together(
    table: pd.DataFrame, label: Labels, part: Labels, block: Labels | None
) -> tuple[float | None, float | None]:
    """Return the AUC of all features, of shuffled rows and when only the past tells.

    Both are of the same rows, those after the first block of time.
    """
    if min(label.sum(), len(label) - label.sum()) < CLASS_MIN:
        return None, None
    columns = {
        str(name): column if times is None or is_number(column) else _seconds(times)
        for name, column in table.items()
        for times in (times_in(column, None),)
    }
    some = slice(None) if len(label) <= TREES_ROWS_MAX else _some(len(label))
    frame, label, part = pd.DataFrame(columns).iloc[some], label[some], part[some]
    mixed = together(frame, label, part, only_past=False)
    if block is None or block.max() == 0:
        return _auc(label, mixed), None
    block = block[some]
    ordered = together(frame, label, block, only_past=True)
    mixed[block == 0] = np.nan
    return _auc(label, mixed), _auc(label, ordered)


def _auc(label: Labels, chance: NDArray[np.float64]) -> float | None:
    known = ~np.isnan(chance)
    if len(np.unique(label[known])) < 2:  # noqa: PLR2004 - both outcomes
        return None
    return power(label[known], chance[known]).auc


def _some(rows: int) -> Labels:
    """Return as many rows as the trees take, in their order, drawn by a fixed seed."""
    drawn = np.random.default_rng(SEED).permutation(rows)[:TREES_ROWS_MAX]
    return np.sort(drawn).astype(np.int64)


def _of_set(
    every: float | None, whole: float | None, found: Sequence[Evidence]
) -> tuple[Verdict, tuple[str, ...]]:
    reasons = []
    if every is not None and whole is not None and every - whole >= GAP:
        reasons.append(
            f"together they tell AUC {every:.3f} of shuffled rows and {whole:.3f} when only the "
            "past tells: expect the latter"
        )
    vouched = any(one.verdict == "vouched for" for one in found)
    if every is not None and every >= SET_MAX and not vouched:
        return "refused", (f"together they tell the outcome with AUC {every:.3f}", *reasons)
    if any(one.verdict == "refused" for one in found):
        return "refused", tuple(reasons)
    looked = bool(reasons) or any(one.verdict == "look" for one in found)
    return ("look" if looked else "fine"), tuple(reasons)


def _label(outcome: Any) -> tuple[Labels, str]:
    values = np.asarray(outcome, dtype=np.float64)
    if np.isin(values, (0.0, 1.0)).all():
        found, told = values == 1, "it is 1"
    elif (values == 0).mean() >= 0.2:  # noqa: PLR2004 - those who did nothing are a group
        found, told = values > 0, "it is above 0"
    else:
        middle = float(np.median(values))
        found, told = values > middle, f"it is above its median, {middle:g}"
    if found.all() or not found.any():
        raise UnusableError(
            f"the outcome is {values[0]:g} for all {len(values):,} rows; nothing can be told of it"
        )
    return found.astype(np.int64), told


def _seconds(times: pd.Series[Any]) -> pd.Series[Any]:
    known = times.notna()
    return (times - pd.Timestamp(0, tz="UTC")).dt.total_seconds().where(known)


def _require_names(features: pd.DataFrame, names: Sequence[str]) -> None:
    there = [str(name) for name in features.columns]
    for name in names:
        if name not in there:
            raise UnusableError(
                f"there is no feature {name!r} to vouch for or to date; there are "
                f"{', '.join(map(repr, there))}"
            )
