"""Why a program's rules refused an event: which rule, since when, what would have passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.events import Earn, Redeem
from streams.events.times import microseconds
from streams.programs.compiled import tiers_of
from streams.programs.shown import gate_of, price_of

if TYPE_CHECKING:
    from streams.events import WalletEvent
    from streams.programs.entries import Program


def explain(reason: str, event: WalletEvent, program: Program) -> str:
    """Return what the program's rules at the event's time say about it, '' if nothing.

    Args:
        reason: the refusal's name.
        event: what was refused.
        program: as `read` gives it, from the beginning.
    """
    there = program.at(microseconds(event.time))
    if reason in _LIMITS and tiers_of(there):
        return _tiers(reason, there)
    if isinstance(event, Redeem):
        return _redeem(reason, event, there)
    if isinstance(event, Earn) and event.data.activity in there.earn:
        activity = there.earn[event.data.activity]
        limits = {
            "over_limit": (activity.given_max, "at once"),
            "daily_cap": (activity.day_max, "on one day"),
            "lifetime_cap": (activity.lifetime_max, "in all"),
        }
        if reason in limits:
            coins, when = limits[reason]
            return f"{event.data.activity} gives at most {coins:,} {when}"
    return ""


# Refusals by a verification tier: which of its values, and what that limits.
_LIMITS = {
    "over_tier_transaction": ("transaction_max", "at once"),
    "over_tier_day": ("day_max", "on one day"),
    "over_tier_balance": ("balance_max", "in all"),
}


def _tiers(reason: str, program: Program) -> str:
    """Return what each tier may do; the wallet's `verify` events say which one it had."""
    field, what = _LIMITS[reason]
    values = {name or "none": getattr(tier, field) for name, tier in tiers_of(program).items()}
    told = ", ".join(
        f"{'any number' if coins is None else f'{coins:,}'} for {name}"
        for name, coins in values.items()
    )
    return f"by verification, coins {what}: {told}"


def _redeem(reason: str, event: Redeem, program: Program) -> str:
    name = event.data.carrier
    if reason == "unknown_carrier":
        return f"{program.name} redeems at {', '.join(program.carriers) or 'none'}"
    if reason == "carrier_closed":
        return f"{name} is {gate_of(program, name, event.time)}"
    if reason == "last_day":
        return f"it redeems again from {program.calendar.month_end(event.time).isoformat()}"
    if reason == "no_such_tier":
        return f"{name} has {price_of(program.carriers[name])}"
    return ""
