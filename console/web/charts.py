"""What a chart shows, as plain lists for `static/charts.js`: numbers of the report, none new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.reports.arm_names import arm_name
from console.web.formats import points, signed_money

if TYPE_CHECKING:
    from console.reports.effects import Effect
    from console.reports.lift import LiftReport
    from console.reports.reach import ReachReport
    from console.web.language import Phrases

RATES = ("visit_rate", "conversion_rate")


def reach_chart(report: ReachReport, say: Phrases) -> dict[str, Any]:
    """Return days with people new and in all, and conversions."""
    return {
        "kind": "reach",
        "labels": {
            "cumulative": say("reach.cumulative"),
            "new": say("reach.new"),
            "conversions": say("reach.conversions"),
        },
        "days": [day.day.isoformat() for day in report.by_day],
        "cumulative": [day.cumulative for day in report.by_day],
        "new": [day.new for day in report.by_day],
        "conversions": [day.conversions for day in report.by_day],
    }


def lift_charts(report: LiftReport, say: Phrases) -> dict[str, dict[str, Any]]:
    """Return one chart of the rates (percentage points) and one of the value (money)."""
    rates = [e for e in report.effects if e.metric in RATES]
    value = [e for e in report.effects if e.metric not in RATES]
    charts = {}
    if rates:
        charts["rates"] = {
            "kind": "forest",
            "unit": say("lift.points"),
            "rows": [_interval(e, say, 100.0) for e in sorted(rates, key=_by_metric)],
        }
    if any(e.treated_value or e.control_value for e in value):
        charts["value"] = {
            "kind": "forest",
            "unit": say("lift.money_a_person"),
            "rows": [_interval(e, say, 0.01) for e in value],
        }
    return charts


def _by_metric(effect: Effect) -> tuple[int, str]:
    return RATES.index(effect.metric), effect.arm


def _interval(effect: Effect, say: Phrases, scale: float) -> dict[str, Any]:
    """Return one row of a forest; `scale` turns the effect into what the axis counts."""
    shown = points if effect.metric in RATES else signed_money
    return {
        "name": f"{arm_name(effect.arm, say.lang)} · {say.label('metric', effect.metric)}",
        "low": effect.low * scale,
        "difference": effect.difference * scale,
        "high": effect.high * scale,
        "clear": effect.low > 0 or effect.high < 0,
        "text": f"{shown(effect.difference)}  [{shown(effect.low)}, {shown(effect.high)}]",
    }
