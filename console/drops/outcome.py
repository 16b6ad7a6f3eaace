"""What became of a launched drop, by what the ledger recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.drops.events import grant_id
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from console.drops.preview import Preview

QUERIES = ("drops/outcome", "drops/funded")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A drop as it stands; coins are the program's smallest unit, people counted once each."""

    name: str
    state: str
    program: str
    audience: str
    budget: int
    amount: int
    treated: int
    holdout: int
    granted: int  # people whose grant the ledger applied
    granted_coins: int
    refused: dict[str, int]  # people by the ledger's reason
    pending: int  # people whose grant the warehouse has not seen
    funded: int  # coins in the budget's shards since launch
    unspent: int  # of the budget
    launched_at: datetime | None
    acknowledged_at: datetime | None


def outcome(client: Client, plan: Preview, acknowledged_at: datetime | None = None) -> Outcome:
    """Return how the drop of `plan` stands in the warehouse."""
    values = query_values(plan.name)
    found = rows(client, "drops/outcome", **values)
    funded = rows(client, "drops/funded", campaign=plan.name)[0]["coins"]
    applied = [row for row in found if row["outcome"] == "applied"]
    granted = sum(row["people"] for row in applied)
    coins = sum(row["coins"] for row in applied)
    refused = {row["reason"]: row["people"] for row in found if row["outcome"] == "refused"}
    return Outcome(
        name=plan.name,
        state=plan.state,
        program=plan.program,
        audience=plan.audience,
        budget=plan.budget,
        amount=plan.amount,
        treated=plan.treated,
        holdout=plan.holdout,
        granted=granted,
        granted_coins=coins,
        refused=refused,
        pending=plan.treated - granted - sum(refused.values()) if plan.launched_at else 0,
        funded=int(funded or 0),
        unspent=plan.budget - coins,
        launched_at=plan.launched_at,
        acknowledged_at=acknowledged_at,
    )


def of_people(client: Client, drop: str, people: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return person -> (applied or refused, reason), for those whose grant was judged."""
    if not people:
        return {}
    found = rows(client, "drops/people", people=list(people), **query_values(drop))
    return {row["person"]: (row["outcome"], row["reason"]) for row in found}


def query_values(drop: str) -> dict[str, str]:
    """Return what is bound to the queries on the grants of `drop`."""
    return {"campaign": drop, "prefix": grant_id(drop, "")}
