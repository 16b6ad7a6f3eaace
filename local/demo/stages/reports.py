"""Reports whose figures are known from the raw files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.demo.run import Demo

# What the raw files say; tests compute the same with pandas.
VISIT_RATES = {"none": "10.62 %", "mens": "18.28 %", "womens": "15.14 %"}
CONVERSION_RATES = {"none": "0.57 %", "mens": "1.25 %", "womens": "0.88 %"}
REACHES = {"cj-8": 1076, "cj-13": 1077, "cj-18": 1133}


def report(demo: Demo) -> None:
    """Request the reports whose numbers are known from the raw files."""
    arms = {arm["arm"]: arm for arm in demo.ask("report", "lift", "hillstrom")["arms"]}
    for name, rate in VISIT_RATES.items():
        demo.check(f"Hillstrom visit rate, {name}", rate, _percent(arms[name]["visit_rate"]))
    for name, rate in CONVERSION_RATES.items():
        got = _percent(arms[name]["conversion_rate"])
        demo.check(f"Hillstrom conversion rate, {name}", rate, got)
    for campaign, reach in REACHES.items():
        got = demo.ask("report", "reach", campaign)["reach"]
        demo.check(f"households reached, {campaign}", reach, got)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
