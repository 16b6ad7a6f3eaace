"""Every part is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.demo.facts import DAYS, ROLES

if TYPE_CHECKING:
    from local.demo.run import Demo


def start(demo: Demo) -> None:
    """Start every part, and give the console somebody of each role to switch between."""
    # the DAG's schedule is set to catch up on two Mondays of the replayed year
    first, last = map(str, DAYS)
    demo.run("up", FLOWDROP_SCORE_FIRST=first, FLOWDROP_SCORE_LAST=last)
    running = demo.ask("status", fails=True)
    dead = [row["part"] for row in running if row["state"] != "running"]
    demo.check("parts that do not run", "none", ", ".join(dead) or "none")
    people = demo.ask("users", "demo")
    roles = {one["role"] for each in people for one in each["roles"]}
    demo.check("roles that the console's people have", ROLES, len(roles))
