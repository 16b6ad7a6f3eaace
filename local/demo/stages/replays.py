"""Two real data sets are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.demo.run import Demo


def replay_hillstrom(demo: Demo) -> None:
    """Publish the e-mail experiment."""
    summary = demo.ask("replay", "hillstrom")
    demo.check("people assigned to an arm", 64_000, summary["events"][_type("assignment")])


def replay_journey(demo: Demo) -> None:
    """Publish the year of the households."""
    summary = demo.ask("replay", "complete-journey")
    demo.check("coupon redemptions sent", 2_102, summary["events"][_type("conversion")])


def _type(name: str) -> str:
    return f"flowdrop.campaign.{name}"
