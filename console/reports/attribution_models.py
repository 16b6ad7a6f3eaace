"""What each part of a cut is credited with, model by model; and what must hold of the credit."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, Any

from console.i18n import N_, LocalizedText
from console.reports.consistency import equal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WHOLE = 1_000_000_000  # queries credit billionths of a conversion and of a cent
MODELS = {
    "last": N_("last touch"),
    "first": N_("first touch"),
    "position": N_("position"),
    "decay": N_("time decay"),
    "data_driven": N_("data-driven"),
}
DATA_DRIVEN = "data_driven"
ORDERED = tuple(model for model in MODELS if model != DATA_DRIVEN)  # those that the query tells

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Journeys:
    """Journeys that touched just these parts, and how many of them ended with a conversion."""

    parts: tuple[str, ...]
    conversions: int
    cents: int
    without: int

    @property
    def rate(self) -> float:
        """Conversions of a journey."""
        return self.conversions / (self.conversions + self.without)


@dataclass(frozen=True, kw_only=True)
class Credit:
    """What a part is credited with, in billionths of a conversion and of a cent."""

    part: str
    conversions: Mapping[str, int]  # by model
    cents: Mapping[str, int]


def models_of(journeys: Sequence[Journeys]) -> tuple[str, ...]:
    """Return the models that can be reckoned: too many parts in a journey leave out the last."""
    from features.statistics.shapley import PLAYERS_MAX

    most = max((len(each.parts) for each in journeys if each.conversions), default=0)
    return (*ORDERED, DATA_DRIVEN) if most <= PLAYERS_MAX else ORDERED


def credits_of(ordered: Sequence[Row], journeys: Sequence[Journeys]) -> tuple[Credit, ...]:
    """Return the credit of each part, by name.

    Args:
        ordered: rows of reports/attribution_credits.
        journeys: all sets that anybody's touches made.
    """
    models = models_of(journeys)
    rows = {row["part"]: row for row in ordered}
    own = data_driven(journeys) if DATA_DRIVEN in models else {}
    parts = sorted({part for each in journeys for part in each.parts} | rows.keys())
    nothing = dict.fromkeys((*ORDERED, *(f"{model}_cents" for model in ORDERED)), 0)
    found = []
    for part in parts:
        row = {**nothing, **rows.get(part, {})}
        row["data_driven"], row["data_driven_cents"] = own.get(part, (0, 0))
        found.append(
            Credit(
                part=part,
                conversions={model: int(row[model]) for model in models},
                cents={model: int(row[f"{model}_cents"]) for model in models},
            )
        )
    return tuple(found)


def data_driven(journeys: Sequence[Journeys]) -> dict[str, tuple[int, int]]:
    """Return conversions and cents of each part, in billionths.

    The conversions of the journeys that touched a set of parts are shared out within it, by the
    Shapley value of the game in which some parts are worth the best rate of conversion of any
    journeys that touched none but them, and no parts are worth nothing. So it is that of one game,
    in which a coalition is worth the conversions that would be left had the journeys had no other
    parts.
    """
    from features.statistics.shapley import monotonic, shapley

    rates = {each.parts: each.rate for each in journeys if each.parts}
    found: dict[str, tuple[int, int]] = {}
    for each in journeys:
        if not (each.conversions and each.parts):
            continue
        coalitions = range(1 << len(each.parts))
        worth = monotonic([rates.get(_members(each.parts, mask), 0.0) for mask in coalitions])
        shares = [value / worth[-1] for value in shapley(worth)]
        for part, share in zip(each.parts, _whole(shares), strict=True):
            conversions, cents = found.get(part, (0, 0))
            found[part] = conversions + share * each.conversions, cents + share * each.cents
    return found


def _members(parts: Sequence[str], mask: int) -> tuple[str, ...]:
    return tuple(part for n, part in enumerate(parts) if mask >> n & 1)


def _whole(shares: Sequence[float]) -> list[int]:
    """Return shares in billionths that add up; what does not divide is the largest one's."""
    found = [floor(share * WHOLE) for share in shares]
    found[found.index(max(found))] += WHOLE - sum(found)
    return found


def faults(
    credits_: Sequence[Credit], journeys: Sequence[Journeys], counted: Row
) -> Iterator[LocalizedText]:
    """Yield what contradicts itself, or `counted`: all conversions, with or without a touch."""
    whole = sum(each.conversions for each in journeys)
    of = LocalizedText("all conversions")
    attributed = sum(each.conversions for each in journeys if each.parts)
    cents = sum(each.cents for each in journeys if each.parts)
    together = LocalizedText("those attributed and those not")
    yield from equal("conversions", together, whole, of, counted["conversions"])
    of_value = LocalizedText("all revenue, in cents,")
    all_cents = sum(each.cents for each in journeys)
    yield from equal("revenue", together, all_cents, of_value, counted["cents"])
    for model in credits_[0].conversions if credits_ else ():
        credit = LocalizedText("credit, in billionths,")
        to_give = LocalizedText("what there is to credit")
        given = sum(each.conversions[model] for each in credits_)
        yield from equal(model, credit, given, to_give, attributed * WHOLE)
        given = sum(each.cents[model] for each in credits_)
        yield from equal(f"{model}, cents", credit, given, to_give, cents * WHOLE)
        for each in credits_:
            least = min(each.conversions[model], 0)
            if least < 0:
                yield LocalizedText(
                    "{of}: {part!r} is credited {credit} billionths, less than none",
                    of=model,
                    part=each.part,
                    credit=least,
                )
