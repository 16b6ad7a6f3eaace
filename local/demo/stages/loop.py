"""A drop whose effect is known: the simulated city's people answer it, and lift is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowdrop.output import say
from local.demo.facts import APPROVER, CITY_DROP, CITY_PEOPLE, CITY_SEED
from local.demo.run import options

if TYPE_CHECKING:
    from local.demo.run import Demo

AUDIENCE, AMOUNT = "city-everyone", 10
LIMIT = "10000"  # coins, so that this drop needs an approver


def answered(demo: Demo) -> None:
    """Launch a drop for everyone in the city, half of them held out, and let them answer."""
    ids = demo.place / "city.csv"
    names = (f"city:{CITY_SEED}:{number}" for number in range(CITY_PEOPLE))
    ids.write_text("\n".join(["person", *names]) + "\n", encoding="utf-8")
    demo.ask("audience", "import", AUDIENCE, str(ids))
    terms = {
        "program": "liuliangbao",
        "budget": AMOUNT * CITY_PEOPLE,
        "amount": AMOUNT,
        "audience": AUDIENCE,
        "holdout": 0.5,
        "design": "always-valid",
    }
    demo.ask("drop", "create", CITY_DROP, *options(terms))
    _approve(demo)
    demo.ask("drop", "launch", CITY_DROP, "--yes")
    demo.ask("city", "answer", CITY_DROP)


def _approve(demo: Demo) -> None:
    """Get the drop approved, which is too large to be launched without."""
    demo.run("drop", "launch", CITY_DROP, "--yes", fails=True, FLOWDROP_APPROVE_OVER_COINS=LIMIT)
    refused = demo.ask("drop", "preview", CITY_DROP)
    demo.check("a large drop before its approval", "draft", refused["state"])
    waits = demo.ask("drop", "submit", CITY_DROP, FLOWDROP_APPROVE_OVER_COINS=LIMIT)
    demo.check("the same handed in", ("in_review", 1), (waits["state"], waits["needed"]))
    decided = demo.ask("drop", "approve", CITY_DROP, "--acting-as", APPROVER)
    demo.check("the same once it is approved", "approved", decided["state"])


def measured(demo: Demo) -> None:
    """Say what lift finds of that drop from the events, and what it truly is."""
    told = demo.ask("city", "answer", CITY_DROP)  # again: nothing changes
    found = demo.ask("report", "lift", CITY_DROP)
    counted = sum(arm["conversions"] for arm in found["arms"])
    conversions = told["events"]["flowdrop.campaign.conversion"]
    demo.check("conversions of the city, as lift counts them", conversions, counted)
    true = next(arm for arm in told["arms"] if arm["granted"])
    demo.check("people given coins, as lift counts them", true["people"], _people(found, true))
    for effect in found["effects"]:
        if effect["metric"] == "conversion_rate":
            say(
                f"  lift: {_points(effect['difference'])} points, 95 % interval "
                f"{_points(effect['low'])} to {_points(effect['high'])}; in truth "
                f"{_points(true['effect'])}: {100 * true['rate_without']:.1f} % would have "
                f"converted anyway, {100 * true['rate_with']:.1f} % do"
            )


def _people(found: Any, true: Any) -> int:
    people: int = next(arm["people"] for arm in found["arms"] if arm["arm"] == true["arm"])
    return people


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
