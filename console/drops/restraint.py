"""How often drops may reach somebody, over all of them, and who is never reached by any."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from console.drops.names import SOURCE
from console.drops.selection import COOLDOWN, ENOUGH_DROPS, NEVER_REACHED
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from console.settings import ConsoleSettings

CAP_DAYS = 28


@dataclass(frozen=True, kw_only=True)
class Restraint:
    """What holds for all drops.

    Attributes:
        cooldown_days: after a drop's contact, for so long no other drop; 0 for none.
        drops_max: drops in 28 days, at most; 0 for any number.
        never: share of people whom no drop reaches, so that all drops together can be measured.
        secret: key of that draw.
    """

    cooldown_days: int = 0
    drops_max: int = 0
    never: float = 0.0
    secret: str = ""


NO_RESTRAINT = Restraint()


def of_settings(settings: ConsoleSettings) -> Restraint:
    """Return what the settings say."""
    return Restraint(
        cooldown_days=settings.drop_cooldown_days,
        drops_max=settings.drops_max,
        never=settings.drops_never,
        secret=settings.drop_secret.get_secret_value(),
    )


def restrained(
    client: Client, drop: str, people: Iterable[str], rule: Restraint, now: datetime
) -> dict[str, str]:
    """Return those of `people` whom `drop` may not reach for the sake of other drops, and why."""
    asked = list(people)
    reasons = {one: NEVER_REACHED for one in asked if is_never(one, rule)}
    if not rule.cooldown_days and not rule.drops_max:
        return reasons
    found = rows(
        client,
        "drops/recent",
        campaign=drop,
        source=SOURCE,
        now=f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}",
        cooldown_days=rule.cooldown_days,
        cap_days=CAP_DAYS,
    )
    recent = {row["person"]: row for row in found}
    for one in asked:
        row = recent.get(one)
        if row is None or one in reasons:
            continue
        if row["cools_down"]:
            reasons[one] = COOLDOWN
        elif rule.drops_max and row["drops"] >= rule.drops_max:
            reasons[one] = ENOUGH_DROPS
    return reasons


def is_never(person: str, rule: Restraint) -> bool:
    """Return whether no drop reaches `person`: the same people as long as share and key stay."""
    drawn = hmac.digest(rule.secret.encode(), f"never\0{person}".encode(), "sha256")
    return int.from_bytes(drawn[:6], "big") < rule.never * 2**48
