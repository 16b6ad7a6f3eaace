"""Whether a set may be learned from or scored: what would make a model wrong without an error.

A set is held to its definitions and to another one, yesterday's or the one a model learned from,
column by column, so that memory is one column's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.sets.beside import facts_of
from features.sets.checks.stability import SLIGHT, STRONG, stability

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

PEOPLE_MIN = 200  # in each set; with fewer, a share of them says too little
NULLS_MORE = 0.1  # of all people
ROWS_CHANGE = 0.2  # of the other set's rows
LATE_HOURS = 26.0
SHOWN = 3  # people named as examples

Severity = Literal["stops", "note"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """From where on a check stops.

    Attributes:
        rows_change: share of the other set's rows.
        nulls_more: by how much the share of people of whom nothing is known may grow.
        psi: the index at which a feature has drifted; from .1 on it is noted.
        late_hours: how long before the date the latest event of a source may be.
    """

    rows_change: float = ROWS_CHANGE
    nulls_more: float = NULLS_MORE
    psi: float = STRONG
    late_hours: float = LATE_HOURS


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that was found.

    Attributes:
        check: rows, freshness, range, nulls or drift.
        feature: whose, or the source's name, or empty for the whole set.
        severity: whether it stops what comes after.
        value: what was found.
        threshold: from where on it is one.
        sentence: what it is and what to look at.
    """

    check: str
    feature: str
    severity: Severity
    value: float
    threshold: float
    sentence: str


def check(path: Path, other: Path | None, limits: Limits | None = None) -> list[Finding]:
    """Return what is wrong with a set, what stops first.

    Args:
        path: the set.
        other: what it is compared with; without one, only ranges and freshness are checked.
        limits: from where on a check stops.

    Raises:
        click.ClickException: when one of them is no set.
    """
    limits = limits or Limits()
    facts = facts_of(path)
    found = [*_freshness(facts, limits), *_empty(path, facts)]
    reference = None
    if other is not None:
        reference = facts_of(other)
        found += _rows(path, facts, other, reference, limits)
    for one in facts["features"]:
        column = _column(path, one["name"])
        found += _range(path, one, column)
        if reference is None or one["name"] not in {each["name"] for each in reference["features"]}:
            continue
        before = _column(other, one["name"])
        if min(len(column), len(before)) >= PEOPLE_MIN:
            found += [
                *_nulls(one, column, before, limits),
                *_drift(one, column, before, limits),
            ]
    return sorted(found, key=lambda one: (one.severity != "stops", one.check, one.feature))


def _column(path: Path | None, name: str) -> pa.ChunkedArray:
    return pq.read_table(path, columns=[name])[name]


def _freshness(facts: dict[str, Any], limits: Limits) -> list[Finding]:
    as_of = max(facts["rows_by_date"])
    at = datetime.fromisoformat(f"{as_of}T00:00:00+00:00")
    found = []
    for one in facts["sources"]:
        latest = one["latest_before"]
        hours = (at - datetime.fromisoformat(latest)) / timedelta(hours=1) if latest else np.inf
        if hours > limits.late_hours:
            said = f"is of {latest}, {hours:,.0f} hours before it" if latest else "is missing"
            found.append(
                Finding(
                    check="freshness",
                    feature=one["source"],
                    severity="stops",
                    value=float(hours),
                    threshold=limits.late_hours,
                    sentence=f"the latest event of {one['source']} before {as_of} {said} (at most "
                    f"{limits.late_hours:g}); see whether the feed runs (`flowdrop status`) and "
                    "whether the source still sends",
                )
            )
    return found


def _empty(path: Path, facts: dict[str, Any]) -> list[Finding]:
    return [
        Finding(
            check="rows",
            feature="",
            severity="stops",
            value=0,
            threshold=1,
            sentence=f"{path} has nobody as of {as_of}; look at the program "
            f"{facts['program']!r} and at the date, and for a label at who is eligible",
        )
        for as_of, count in facts["rows_by_date"].items()
        if not count
    ]


def _rows(
    path: Path, facts: dict[str, Any], other: Path, reference: dict[str, Any], limits: Limits
) -> list[Finding]:
    """Compare rows a date."""
    now, before = (one["rows"] / max(1, len(one["rows_by_date"])) for one in (facts, reference))
    change = abs(now - before) / before if before else 0.0
    if change <= limits.rows_change:
        return []
    return [
        Finding(
            check="rows",
            feature="",
            severity="stops",
            value=change,
            threshold=limits.rows_change,
            sentence=f"{path} has {now:,.0f} rows a date, {other} {before:,.0f}: a change of "
            f"{change:.0%} (at most {limits.rows_change:.0%}); look at whose rows are only in one "
            "of them, by `person`",
        )
    ]


def _range(path: Path, one: dict[str, Any], column: pa.ChunkedArray) -> list[Finding]:
    found = []
    for limit, outside, word in (
        (one["low"], pc.less, "below"),
        (one["high"], pc.greater, "above"),
    ):
        if limit is None:
            continue
        where = pc.fill_null(outside(column, limit), fill_value=False)
        count = pc.sum(where).as_py() or 0
        if count:
            worst = (pc.min if word == "below" else pc.max)(column).as_py()
            found.append(
                Finding(
                    check="range",
                    feature=one["name"],
                    severity="stops",
                    value=float(worst),
                    threshold=float(limit),
                    sentence=f"{one['name']} is {word} {limit:g} in {count:,} rows, at worst "
                    f"{worst:g}; look at {_people(path, where)}, and at what {one['source']} has "
                    "of them",
                )
            )
    return found


def _people(path: Path, where: pa.ChunkedArray) -> str:
    """Return the first people of the rows that a mask names."""
    people = _column(path, "person").filter(where)
    return ", ".join(people.slice(0, SHOWN).to_pylist())


def _nulls(
    one: dict[str, Any],
    column: pa.ChunkedArray,
    before: pa.ChunkedArray,
    limits: Limits,
) -> list[Finding]:
    now, then = (_unknown(each).mean() for each in (column, before))
    if now - then <= limits.nulls_more:
        return []
    return [
        Finding(
            check="nulls",
            feature=one["name"],
            severity="stops",
            value=float(now),
            threshold=float(then + limits.nulls_more),
            sentence=f"{one['name']} is unknown of {now:.1%} of people, {then:.1%} before (at most "
            f"{limits.nulls_more:.0%} more); look at whether {one['source']} still has what it is "
            f"made of: `flowdrop features show {one['name']}`",
        )
    ]


def _unknown(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Return of whom nothing is known: null, or the empty text of a category."""
    unknown = pc.is_null(column)
    if column.type == "string":
        unknown = pc.equal(column, "")
    return np.asarray(unknown)


def _drift(
    one: dict[str, Any],
    column: pa.ChunkedArray,
    before: pa.ChunkedArray,
    limits: Limits,
) -> list[Finding]:
    index = stability(column, before)
    if index < min(SLIGHT, limits.psi):
        return []
    stops = index >= limits.psi
    return [
        Finding(
            check="drift",
            feature=one["name"],
            severity="stops" if stops else "note",
            value=index,
            threshold=limits.psi if stops else SLIGHT,
            sentence=f"{one['name']} has drifted: PSI {index:.3f} (from {SLIGHT:g} on it is "
            f"noted, at {limits.psi:g} it stops), mean {_mean(column)} and before {_mean(before)}; "
            f"look at what changed in {one['source']} ({one['meaning']}), and if it is real, train "
            "again",
        )
    ]


def _mean(column: pa.ChunkedArray) -> str:
    if column.type == "string":
        return f"of {len(pc.unique(column))} categories"
    mean = pc.mean(column).as_py()
    return "unknown" if mean is None else f"{mean:.4g}"
