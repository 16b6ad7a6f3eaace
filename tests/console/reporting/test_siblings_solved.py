"""What reports of the same campaign tell together is solved for what each of them hides.

The declared sums are one system of equations, in which a figure of two reports is one unknown.
Whatever is hidden since it is of a few people must be uncertain by as many as may be told.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.reporting.counts import Counts
from console.reporting.masked import counted
from console.reporting.narrow import narrow
from console.reporting.suppression import suppress
from console.reports.frequency import REPORT as FREQUENCY
from console.reports.reach import REPORT as REACH
from console.reports.reach import CampaignReach, Conversions, Cost, Day, ReachReport
from tests.console.reporting.test_attacks import NAMES, NO_WORDS, frequency, kinds_of

if TYPE_CHECKING:
    from console.reporting.report import Report


def reach(of: Any, bought: dict[Any, int]) -> ReachReport:
    """The report of reach on the people of a report of frequency, and what they bought each day."""
    base = of.bases[0]
    unknown = {
        "people_known": 0,
        "devices_unlinked": 0,
        "ids_linked": 0,
        "ids_relinked": 0,
        "relinked_since": None,
    }
    sold = sum(bought.values())
    return ReachReport(
        campaigns=of.campaigns, reach=base.reach, **unknown, contacts=base.impressions,
        contacts_per_person=None,
        by_day=tuple(
            Day(day=on.day, contacted=on.reach, new=on.new, cumulative=on.cumulative,
                cumulative_known=0, cumulative_unlinked=0, conversions=bought[on.day])
            for on in of.by_day
        ),
        conversions=Conversions(count=sold, people=sold, value_cents=None, outside=0),
        cost=Cost(contacts_cents=None, contacts_priced=0, contacts_unpriced=base.impressions,
                  coins=()),
        by_campaign=tuple(
            CampaignReach(campaign=own.campaign, reach=own.reach, **unknown,
                          contacts=own.impressions, start=None, end=None, conversions=sold,
                          converted=sold, value_cents=None)
            for own in of.by_campaign
        ),
        basis=NO_WORDS, among=NO_WORDS, uncounted=(), notes=(), queries=(),
    )  # fmt: skip


SAME = {  # the figures of reach by what they are called in the report of frequency
    ("reach",): ("bases", 0, "reach"),
    ("contacts",): ("bases", 0, "impressions"),
}


# The builder's people were contacted more often than once, so reach does not tell how often.
NOT_TOLD = {"frequency": (), "frequency by region": (), "reach": ("contacts", "contacts_unpriced")}


def named(report: str, key: Any) -> Any:
    """A figure's name in all reports together."""
    if report == "reach":
        if key in SAME:
            return SAME[key]
        if key[0] == "by_day" and key[-1] in {"contacted", "new", "cumulative"}:
            return (*key[:2], "reach" if key[-1] == "contacted" else key[-1])
        if key[0] == "by_campaign" and key[-1] in {"reach", "contacts"}:
            return (*key[:2], "reach" if key[-1] == "reach" else "impressions")
        return report, key
    if key[0] in {"bases", "by_day", "by_campaign", "population", "population_known"}:
        return key
    return report, key


def joined(reports: dict[str, tuple[Report[Any], Any]]) -> tuple[Counts, set[Any]]:
    """Return the counts of all reports as one, and what any of them tells."""
    every, told = Counts(), set[Any]()
    for name, (report, found) in reports.items():
        protection: Any = report.protection
        own = counted(found, protection, list(protection.sums(found)))
        values = {named(name, key): value for key, value in own.values.items()}
        assert all(every.values.get(key, value) == value for key, value in values.items())
        every.values |= values
        every.least |= {named(name, key): least for key, least in own.least.items()}
        every.equations += [
            {named(name, key): times for key, times in each.items()} for each in own.equations
        ]
        told |= {named(name, key) for key in suppress(own) if key[-1] not in NOT_TOLD[name]}
    return every, told


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**9), size=st.sampled_from([60, 300, 3000]))
@example(seed=56124, size=3000)  # a cut hid of the whole what the whole alone told
def test_nothing_hidden_follows_from_what_siblings_tell(*, seed: int, size: int) -> None:
    every, told = siblings(seed, size)
    assert narrow(every, told, ()) is None


def siblings(seed: int, size: int) -> tuple[Counts, set[Any]]:
    """Return a world's counts in three reports, and what any of them tells."""
    drawn = random.Random(seed)
    kinds = kinds_of(NAMES[:1])
    weights = [drawn.expovariate(1) ** 3 / max(1, kind[1] * len(kind[0])) ** 2 for kind in kinds]
    world = Counter(drawn.choices(kinds, weights, k=size))
    whole, cut = (frequency(world, NAMES[:1], by) for by in ("", "region"))
    bought = {on.day: drawn.randrange(min(30, on.reach + 1)) for on in whole.by_day}
    return joined(
        {
            "frequency": (FREQUENCY, whole),
            "frequency by region": (FREQUENCY, cut),
            "reach": (REACH, reach(whole, bought)),
        }
    )
