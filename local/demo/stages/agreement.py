"""Log, table and warehouse agree; the drop granted what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.demo.facts import DROP

if TYPE_CHECKING:
    from local.demo.run import Demo


def settle(demo: Demo) -> None:
    """Wait until the worker has folded everything and the feed has stored it in ClickHouse."""
    _reconcile(demo, "after the replays")


def reconcile(demo: Demo) -> None:
    """Prove that everything agrees, then that the drop granted what it said."""
    _reconcile(demo, "at the end")
    shown = demo.ask("drop", "show", DROP)
    demo.check("people granted coins", shown["treated"], shown["granted"])
    demo.check(
        "coins granted within the budget",
        f"<= {shown['budget']:,}",
        shown["granted_coins"],
        held=shown["granted_coins"] <= shown["budget"],
    )


def _reconcile(demo: Demo, when: str) -> None:
    found = demo.ask("reconcile", "--wait", "180", fails=True)
    for check in found["checks"]:
        demo.check(f"{check['name']}, {when}", "holds", check["detail"], held=check["held"])
