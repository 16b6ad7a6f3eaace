"""What became of a launched drop, according to the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.drops.left_out import by_reason
from console.drops.names import SOURCE, grant_id
from console.settlement.month import NO_END
from sql.client import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from console.drops.left_out import LeftOutSince
    from console.drops.preview import Preview

QUERIES = ("drops/outcome", "settlement/budget")


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
    left_out_since: dict[str, int]  # treated people whom launches left out, by reason
    sent: int  # treated people to whom grant and contact are sent, once it is launched
    holdout: int
    granted: int  # people whose grant the ledger applied
    granted_coins: int
    refused: dict[str, int]  # people by the ledger's reason
    pending: int  # people whose grant the warehouse has not seen
    funded: int  # coins in the budget's shards since launch
    never_funded: int  # of the budget that was planned
    unspent: int  # of what was funded, as in its settlement
    until: datetime | None
    launched_at: datetime | None
    acknowledged_at: datetime | None


def outcome(
    client: Client,
    plan: Preview,
    acknowledged_at: datetime | None = None,
    left_out: Sequence[LeftOutSince] = (),
) -> Outcome:
    """Return how the drop of `plan`, whose launches left `left_out` out, stands."""
    values = query_values(plan.name)
    found = rows(client, "drops/outcome", **values)
    told = rows(client, "settlement/budget", **budget_values(plan.name, plan.program))
    budget = told[0] if told else dict.fromkeys(("funded", "defunded", "unspent"), 0)
    funded = budget["funded"] - budget["defunded"]
    applied = [row for row in found if row["outcome"] == "applied"]
    granted = sum(row["people"] for row in applied)
    coins = sum(row["coins"] for row in applied)
    refused = {row["reason"]: row["people"] for row in found if row["outcome"] == "refused"}
    due = plan.treated - sum(not person.grant_sent for person in left_out)
    return Outcome(
        name=plan.name,
        state=plan.state,
        program=plan.program,
        audience=plan.audience,
        budget=plan.budget,
        amount=plan.amount,
        treated=plan.treated,
        left_out_since=by_reason(left_out),
        sent=plan.treated - len(left_out) if plan.launched_at else 0,
        holdout=plan.holdout,
        granted=granted,
        granted_coins=coins,
        refused=refused,
        pending=due - granted - sum(refused.values()) if plan.launched_at else 0,
        funded=funded,
        never_funded=max(0, plan.budget - funded),
        unspent=budget["unspent"],
        until=plan.until,
        launched_at=plan.launched_at,
        acknowledged_at=acknowledged_at,
    )


def of_people(client: Client, drop: str, people: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return person -> (applied or refused, reason), for those whose grant was judged."""
    if not people:
        return {}
    found = rows(client, "drops/people", people=list(people), **query_values(drop))
    return {row["person"]: (row["outcome"], row["reason"]) for row in found}


def budget_values(drop: str, program: str) -> dict[str, object]:
    """Return what is bound to the query on the budget of `drop`, over all time."""
    return {"campaigns": [drop], "program": program, "end": NO_END}


def query_values(drop: str) -> dict[str, str]:
    """Return what is bound to the queries on the grants of `drop`."""
    return {"campaign": drop, "source": SOURCE, "prefix": grant_id(drop, "")}
