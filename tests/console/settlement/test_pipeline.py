"""Settlement of a story that the real pipeline has folded and stored, beside the live balances."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from streams.kafka.publish import publish_records
from tests.stack import Stack
from tests.streams.wallet_story import PARTITIONS, PROGRAM, story

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

MONTH = ("--month", "2026-03")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("settled"), {"FLOWDROP_PARTITIONS": str(PARTITIONS)})
    stack.start()
    try:
        stack.worker()
        stack.feed()
        publish_records(list(story()), stack.env["FLOWDROP_KAFKA"])
        assert stack.facts("reconcile", "--wait", "120")["ok"]  # it waits until all is stored
        yield stack
    finally:
        stack.stop()


def test_all_parties_are_the_live_table(stack: Stack) -> None:
    naive: dict[str, int] = defaultdict(int)
    for account, (posted, _, _) in stack.accounts().items():
        naive[_group(account)] += posted
    ours: dict[str, int] = defaultdict(int)
    found = stack.facts("settlement", "--all", *MONTH)
    for row in found["parties"]:
        ours[_group(row["party"])] += row["closing"]
    nonzero = {name: coins for name, coins in naive.items() if coins}
    assert {name: coins for name, coins in ours.items() if coins} == nonzero
    assert sum(nonzero.values()) == 0
    assert found["differences"] == []


def _group(name: str) -> str:
    """Whose coins: a department's are minted by the issuer, an advertiser's are in budgets."""
    prefix, colon, _ = name.partition(":")
    if not colon:
        return name if name in {"packets", "deposits"} else "wallets"
    merged = {"department": "issuer", "budget": "advertiser"}
    return {**merged, "packet": "packets", "deposit": "deposits"}.get(prefix, prefix)


def lines(found: Any) -> dict[str, int]:
    (own,) = found["programs"]
    assert own["program"] == PROGRAM
    return {line["operation"]: line["coins"] for line in own["lines"]} | {
        "opening": own["opening"],
        "closing": own["closing"],
    }


def test_statements_are_what_the_story_says(stack: Stack) -> None:
    unicom = stack.facts("settlement", "--party", "carrier:unicom", *MONTH)
    assert lines(unicom) == {
        "opening": 0,
        "redeem": 5,
        "redeem_settle": 4,
        "reverse": -5,
        "closing": 4,
    }
    (delivered,) = unicom["programs"][0]["delivered"]
    assert (delivered["network"], delivered["own"], delivered["price"]) == ("unicom", True, 1.0)
    assert (delivered["events"], delivered["mb"], delivered["coins"]) == (3, 4, 4)
    game = stack.facts("settlement", "--party", "department:game", *MONTH)
    earned = 8 * 90 + 4 + 1 + 2
    assert lines(game) == {"opening": 0, "earn": -earned, "closing": -earned}
    spring = stack.facts("settlement", "--party", "advertiser:spring", *MONTH)
    told = lines(spring)
    given = -(told["grant"] + told["reward"])  # a reward for a friend elsewhere comes as a grant
    assert (told["opening"], told["fund"], told["closing"]) == (0, 1800, 1800 - given)
    budget = spring["programs"][0]["budget"]
    assert budget["granted"] == given == 80 + 10 + 20
    assert budget["in_hand"] + sum(budget["spent"].values()) + budget["unplaced"] == given
    autumn = stack.facts("settlement", "--party", "advertiser:autumn", *MONTH)
    assert lines(autumn) == {"opening": 0, "fund": 400, "lease": 0, "closing": 400}
    assert autumn["programs"][0]["budget"]["in_flight"] == 0


def test_a_line_opens_to_its_postings_and_those_to_the_log(stack: Stack) -> None:
    rows = stack.facts("settlement", "--party", "carrier:unicom", *MONTH, "--line", "redeem_settle")
    (row,) = rows
    assert (row["event_id"], row["cause"], row["amount"]) == ("settle", "settled", 4)
    (traced,) = stack.facts("ledger", "trace", "settle")["subjects"]
    places = {record["place"] for record in traced["records"]}
    assert any(place.endswith(f"{row['partition']}:{row['offset']}") for place in places), places


def test_the_month_for_a_regulator(stack: Stack) -> None:
    (program,) = stack.facts("compliance", "report", *MONTH, "--program", PROGRAM)["programs"]
    assert program["issued"] == 8 * 90 + 7 + 1800 + 400
    assert (program["redeemed"], program["held"], program["frozen"]) == (4, 2 + 6, 1)
    assert program["wallets"] == 8
    assert program["refusals"] == {"conflict": 1, "over_tier_transaction": 1}
    assert stack.facts("compliance", "flags", *MONTH)["flags"] == []
