"""Attribution told a second time: one conversion, one touch, one order of players at a time."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

KINDS = ("contact", "exposure", "click")
DAY = 86_400_000_000  # microseconds


class Touch(NamedTuple):
    """What may be credited; of touches at one time the order is that of the fields."""

    time: int  # microseconds
    rank: int  # place of its kind in KINDS
    campaign: str
    channel: str
    creative: str
    until: int  # the last moment for which it qualifies

    def part(self, by: str) -> str:
        return KINDS[self.rank] if by == "touch" else str(getattr(self, by))


class Bought(NamedTuple):
    """A conversion."""

    time: int
    cents: int
    is_counted: bool  # within the days asked for


Key = tuple[str, str]  # person, advertiser


class Told(NamedTuple):
    """What attribution says, by model and part: conversions, cents."""

    credit: dict[str, dict[str, list[Fraction | float]]]
    conversions: int
    cents: int
    attributed: int
    attributed_cents: int
    journeys: Counter[frozenset[str]]  # by parts: all
    converted: Counter[frozenset[str]]  # of them, those that ended with a conversion


def attributed(
    bought: Mapping[Key, Iterable[Bought]],
    touched: Mapping[Key, Sequence[Touch]],
    by: str,
    half_life: float,
    *,
    counts: Any = lambda _touch: True,
) -> Told:
    """Attribute conversions; `counts` says whether a touch lies in the days asked for."""
    credit: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    journeys: Counter[frozenset[str]] = Counter()
    converted: Counter[frozenset[str]] = Counter()
    value: Counter[frozenset[str]] = Counter()
    total = cents = 0
    used: dict[Key, set[int]] = defaultdict(set)
    for key, conversions in bought.items():
        touches = touched.get(key, ())
        for one in conversions:
            at = [n for n, t in enumerate(touches) if t.time <= one.time <= t.until]
            used[key] |= {*at}
            if not one.is_counted:
                continue
            total += 1
            cents += one.cents
            path = sorted(touches[n] for n in at)
            if not path:
                continue
            parts = frozenset(touch.part(by) for touch in path)
            journeys[parts] += 1
            converted[parts] += 1
            value[parts] += one.cents
            for model, weights in weigh(path, half_life).items():
                for touch, weight in zip(path, weights, strict=True):
                    own = credit[model][touch.part(by)]
                    own[0] += weight
                    own[1] += weight * one.cents
    journeys.update(_idle(touched, used, by, counts))
    for parts, shares in driven(journeys, converted).items():
        for part, share in shares.items():
            own = credit["data_driven"][part]
            own[0] += share * converted[parts]
            own[1] += share * value[parts]
    found = {model: {part: list(own) for part, own in of.items()} for model, of in credit.items()}
    whole = converted.total(), value.total()
    return Told(found, total, cents, *whole, journeys, converted)


def _idle(
    touched: Mapping[Key, Sequence[Touch]], used: Mapping[Key, set[int]], by: str, counts: Any
) -> Iterator[frozenset[str]]:
    """Give what each person was touched by to no effect."""
    for key, touches in touched.items():
        own = used.get(key, set())
        if idle := {t.part(by) for n, t in enumerate(touches) if n not in own and counts(t)}:
            yield frozenset(idle)


def weigh(path: Sequence[Touch], half_life: float) -> dict[str, list[Any]]:
    """Return what each touch of an ordered path is credited with, by each model that reads it."""
    n = len(path)
    clicks = [at for at, touch in enumerate(path) if KINDS[touch.rank] == "click"]
    able = clicks or list(range(n))
    middle = [Fraction(1, 5) / (n - 2)] * (n - 2) if n > 2 else []
    ends = Fraction(2, 5) if n > 2 else Fraction(1, 2)
    ages = [(path[-1].time - touch.time) / (half_life * DAY) for touch in path]
    decay = [0.5**age for age in ages]
    return {
        "last": [Fraction(at == able[-1]) for at in range(n)],
        "first": [Fraction(at == able[0]) for at in range(n)],
        "position": [Fraction(1)] if n == 1 else [ends, *middle, ends],
        "decay": [weight / sum(decay) for weight in decay],
    }


def driven(
    journeys: Counter[frozenset[str]], converted: Counter[frozenset[str]]
) -> dict[frozenset[str], dict[str, Fraction]]:
    """Return how each set of parts shares what its journeys brought, over all orders of joining."""
    rates = {parts: Fraction(converted[parts], n) for parts, n in journeys.items()}
    return {parts: _shares(parts, rates) for parts in converted}


def _shares(parts: frozenset[str], rates: Mapping[frozenset[str], Fraction]) -> dict[str, Fraction]:
    def worth(some: frozenset[str]) -> Fraction:
        return max((rate for own, rate in rates.items() if own <= some), default=Fraction(0))

    orders = list(permutations(sorted(parts)))
    found = dict.fromkeys(parts, Fraction(0))
    for order in orders:
        before: frozenset[str] = frozenset()
        for part in order:
            found[part] += worth(before | {part}) - worth(before)
            before |= {part}
    return {part: value / len(orders) / worth(parts) for part, value in found.items()}
