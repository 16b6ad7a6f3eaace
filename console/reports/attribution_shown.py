"""The report of attribution as a person sees it: printed, and as charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.i18n import LocalizedText
from console.i18n.labels import LABELS, label
from console.reporting.figures import NONE, confidence, money
from console.reports.arm_names import arm_name
from console.reports.attribution_models import DATA_DRIVEN, MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.i18n import Translator
    from console.reporting.layout import Layout
    from console.reports.attribution_caused import Caused
    from console.reports.attribution_figures import AttributionReport, Credited

CHARTED_MAX = 12


def part_name(say: Translator, by: str, each: Credited) -> str:
    """Return what a part is called."""
    if not each.attributed:
        return say.gettext("without a touch")
    if by == "touch":
        return label(say, "touch", each.part)
    return each.part or say.gettext("not given")


def _shown(value: float | None) -> str:
    return NONE if value is None else f"{value:,.1f}"


def show(found: AttributionReport, to: Layout) -> None:
    """Print the report."""
    _ = to.gettext
    name = found.advertiser or " + ".join(found.campaigns)
    to.heading(_("Attribution of {campaigns}", campaigns=name))
    to.line_of(headline(found))
    heads = [label(to, "cut", found.by), *(_(model) for model in MODELS.values())]
    to.table(
        _("Conversions credited"),
        heads,
        (
            (part_name(to, found.by, each), *(_shown(getattr(each, key)) for key in MODELS))
            for each in found.credits
        ),
    )
    if found.value_cents is not None:
        to.table(
            _("Revenue credited"),
            heads,
            (
                (
                    part_name(to, found.by, each),
                    *(money(getattr(each, f"{key}_value_cents")) for key in MODELS),
                )
                for each in found.credits
            ),
        )
    to.table(
        _("What the experiments say was caused"),
        (_("campaign"), _("arm"), _("people"), _("interval"), _("confidence")),
        (
            (
                each.campaign,
                arm_name(each.arm).of(to.lang) if each.arm else NONE,
                _shown(each.people),
                NONE if each.low is None else f"{_shown(each.low)} .. {_shown(each.high)}",
                NONE if each.confidence is None else confidence(each.confidence),
            )
            for each in found.caused
        ),
        listed={_("arm")},
    )
    for each in found.caused:
        if each.why is not None:
            to.line(_("{what}: {name}", what=each.campaign, name=each.why))
    to.sentences([stated(found), found.basis, *found.method, found.cause, *found.notes])


def headline(found: AttributionReport) -> LocalizedText | None:
    """Return in one sentence what the chart shows; none where that is hidden."""
    if None in {found.conversions, found.attributed}:
        return None
    if not found.conversions:
        return LocalizedText("No conversion names these campaigns in these days.")
    if not found.attributed:
        return LocalizedText.plural(
            "{n} conversion, and no touch qualifies for it.",
            "{n} conversions, and no touch qualifies for any of them.",
            found.conversions,
        )
    parts = [each for each in found.credits if each.attributed]
    if None in {each.last for each in parts}:
        return None
    most = max(parts, key=lambda each: each.last)
    model = MODELS["position" if most.data_driven is None else DATA_DRIVEN]
    kinds = LABELS["touch"] if found.by == "touch" else {}
    return LocalizedText(
        "{attributed:,} of {conversions:,} conversions came after a touch. “{part}” is credited "
        "with most of them by last touch: {last:,.1f}; by the {model} model with {other:,.1f}.",
        attributed=found.attributed,
        conversions=found.conversions,
        part=_part(most.part, kinds),
        last=most.last,
        model=LocalizedText(model),
        other=most.position if most.data_driven is None else most.data_driven,
    )


def _part(part: str, kinds: Mapping[str, str]) -> LocalizedText | str:
    kind = kinds.get(part)
    if kind is not None:
        return LocalizedText(kind)
    return part or LocalizedText("not given")


def stated(found: AttributionReport) -> LocalizedText:
    """Return the windows and the half-life in words, where all campaigns have the same."""
    alike = {(each.click_days, each.view_days) for each in found.windows}
    if len(alike) > 1:
        return LocalizedText(
            "The campaigns have windows of their own, as in their table; the half-life is "
            "{half_life:g} days.",
            half_life=found.half_life_days,
        )
    ((click_days, view_days),) = alike
    return LocalizedText(
        "Clicks qualify for {click_days} days, contacts and exposures for {view_days}; the "
        "half-life is {half_life:g} days.",
        click_days=click_days,
        view_days=view_days,
        half_life=found.half_life_days,
    )


def charts(found: AttributionReport, say: Translator) -> dict[str, dict[str, Any]]:
    """Return the conversions of each part by every model, and what the experiments say."""
    made: dict[str, dict[str, Any]] = {}
    told = (each for each in found.credits if each.attributed and each.last is not None)
    parts = sorted(told, key=lambda of: -of.last)
    shown = parts[:CHARTED_MAX]
    if shown:
        made["credits"] = {
            "kind": "panels",
            "names": [part_name(say, found.by, each) for each in shown],
            "panels": [
                {
                    "title": say.gettext(title),
                    "values": [round(getattr(each, model), 1) for each in shown],
                }
                for model, title in MODELS.items()
                if getattr(shown[0], model) is not None
            ],
        }
    known = [each for each in found.caused if each.people is not None]
    if known:
        made["caused"] = {
            "kind": "forest",
            "unit": say.gettext("people who would not have converted without"),
            "rows": [_interval(each, say) for each in known],
        }
    return made


def _interval(each: Caused, say: Translator) -> dict[str, Any]:
    from console.web import formats

    low, high = each.low or 0.0, each.high or 0.0
    shown = [formats.decimal(value, 1) for value in (each.people, low, high)]
    return {
        "name": f"{each.campaign} · {arm_name(each.arm).of(say.lang)}",
        "low": low,
        "difference": each.people,
        "high": high,
        "clear": low > 0 or high < 0,
        "text": f"{shown[0]}  [{shown[1]}, {shown[2]}]",
    }
