"""What metrics, their roles and the tests of a split are called: messages of the catalogue."""

from __future__ import annotations

from console.i18n import N_, NP_
from console.reports.metrics import METRICS

METHODS = {
    "chi-squared": N_("chi-squared test"),
    "exact": N_("exact test"),
    "drawn": N_("test by random draws"),
}
NAMES = {
    "visit_rate": N_("visit rate"),
    "conversion_rate": N_("conversion rate"),
    "value_per_person": N_("revenue per person"),
    "value_per_purchase": N_("revenue per purchase"),
    "purchase_p50": N_("median purchase"),
    "purchase_p90": N_("90th percentile of purchases"),
}
DIFFERENCES = {
    **NAMES,
    "visit_rate": N_("visit rate, pts"),
    "conversion_rate": N_("conversion rate, pts"),
}
ROLES = {
    "goal": NP_("metric", "goal"),
    "guardrail": NP_("metric", "guardrail"),
    "other": NP_("metric", "also shown"),
}
ADJUSTMENTS = {"cuped": N_("CUPED"), "strata": N_("strata")}
CSV_METRICS = {name: f"{name}_cents" for name, of in METRICS.items() if not of.is_rate}
