"""Two targeted drops; the second has no end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from local.demo.facts import DAYS, DROP, OPEN_DROP
from local.demo.run import options

if TYPE_CHECKING:
    from local.demo.run import Demo

OFFER = timedelta(days=14)


def drop(demo: Demo) -> None:
    """Create, preview, launch and follow a targeted drop, then one without an end."""
    terms = {
        "program": "liuliangbao",
        "budget": 100_000,
        "amount": 200,
        "audience": f"redeemers-{DAYS[0]}",
        "holdout": 0.1,
    }
    until = {"until": (datetime.now(UTC) + OFFER).date()}
    demo.ask("drop", "create", DROP, *options(terms | until))
    preview = demo.ask("drop", "preview", DROP)
    launched = demo.ask("drop", "launch", DROP, "--yes")
    demo.check("approval of a small drop", "automatic", launched["approved_by"])
    for key in ("treated", "holdout", "cost"):
        demo.check(f"launch as in the preview, {key}", preview[key], launched[key])
    again = demo.ask("drop", "launch", DROP, "--yes")
    demo.check("launched again, treated", launched["treated"], again["treated"])
    demo.ask("drop", "create", OPEN_DROP, *options(terms | {"amount": 10, "budget": 1_000}))
    demo.ask("drop", "launch", OPEN_DROP, "--yes")
