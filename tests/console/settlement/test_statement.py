"""Settlement in SQL: every amount reckoned by hand, and again by a naive sum."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from click import ClickException

from console.reports.basis import EmptyWarehouseError, NoReportError
from console.reports.reach import reach
from console.settlement.delivered import Delivered
from console.settlement.departments import Caused
from console.settlement.everyone import everyone
from console.settlement.month import month
from console.settlement.party import UnknownPartyError
from console.settlement.postings import ANY_PRICE, delivered_postings, line_postings
from console.settlement.statement import Line, Owed, Statement, statement
from tests.console.settlement.ledger_rows import LedgerRows, at
from tests.console.settlement.october import SHARD, UNICOM
from tests.console.settlement.program_file import write_growth, write_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

OCTOBER = month("2026-10")
LIU = "liuliangbao"
AT_ONCE = {"mutations_sync": 2}


def of(ledger: LedgerRows, party: str, when: str = "2026-10", program: str = "") -> Statement:
    return statement(ledger.client, party, month(when), program)


def lines(found: Statement) -> dict[str, tuple[int, int, int, int]]:
    (own,) = found.programs
    return {
        line.operation: (line.events, line.coins_in, line.coins_out, line.coins)
        for line in own.lines
    }


def test_a_carrier_sees_what_it_delivered_and_is_owed(ledger: LedgerRows) -> None:
    found = of(ledger, "carrier:unicom")
    (own,) = found.programs
    assert (own.program, own.opening, own.closing) == (LIU, 30, 120)
    assert own.lines == (
        Line(operation="redeem", events=1, coins_in=10, coins_out=0, coins=10),
        Line(operation="redeem_settle", events=1, coins_in=90, coins_out=0, coins=90),
        Line(operation="reverse", events=1, coins_in=0, coins_out=10, coins=-10),
    )
    assert own.owed == Owed(coins=120, by=LIU, to="carrier:unicom")
    assert found.zone == "UTC"


def test_a_carrier_sees_to_whose_users_and_at_which_price(ledger: LedgerRows) -> None:
    (own,) = of(ledger, "carrier:unicom").programs
    assert own.delivered == (
        Delivered(network="unicom", own=True, price=1.0, events=2, mb=0, coins=0),
        Delivered(network="telecom", own=False, price=2.0, events=1, mb=45, coins=90),
    )
    (before,) = of(ledger, "carrier:unicom", "2026-09").programs
    assert before.delivered == (  # stored before results told how much data it was
        Delivered(network="unicom", own=True, price=None, events=1, mb=None, coins=30),
    )
    (wallets, _) = of(ledger, "wallets").programs
    assert wallets.delivered is None


def delivered(
    ledger: LedgerRows, party: str, network: str, price: float = ANY_PRICE
) -> list[dict[str, Any]]:
    found = of(ledger, party)
    return delivered_postings(
        *(ledger.client, found, OCTOBER), network=network, price=price, program="", limit=1000
    )


def test_what_was_delivered_opens_to_its_postings(ledger: LedgerRows) -> None:
    for line in of(ledger, "carrier:unicom").programs[0].delivered or ():
        behind = delivered(ledger, "carrier:unicom", line.network, line.price or 0)
        assert sum(row["amount"] for row in behind) == line.coins
        assert sum(row["mb"] for row in behind) == line.mb
        assert len(behind) == line.events
    (row,) = delivered(ledger, "carrier:unicom", "telecom")
    assert (row["event_id"], row["cause"], row["mb"], row["price"]) == ("s2", "r2", 45, 2.0)


@pytest.mark.parametrize(
    ("party", "network", "price", "sentence"),
    [
        ("carrier:unicom", "mobile", ANY_PRICE, "it delivered to users of telecom, unicom"),
        ("carrier:unicom", "telecom", 3, "at 3 coins per MB in 2026-10; there are prices of 2 "),
        ("carrier:telecom", "telecom", ANY_PRICE, "has postings from 2026-11-01"),
        ("wallets", "telecom", ANY_PRICE, "only a carrier delivers"),
    ],
)
def test_what_was_not_delivered_is_one_sentence(
    ledger: LedgerRows, party: str, network: str, price: float, sentence: str
) -> None:
    with pytest.raises(NoReportError, match=sentence):
        delivered(ledger, party, network, price)


def test_an_advertiser_sees_each_coin_of_its_budget(ledger: LedgerRows) -> None:
    found = of(ledger, "advertiser:spring")
    (own,) = found.programs
    assert (own.opening, own.closing) == (1000, 550)
    assert lines(found) == {
        "ask": (1, 60, 60, 0),
        "defund": (1, 0, 140, -140),
        "grant": (4, 0, 350, -350),
        "reverse": (1, 40, 0, 40),
    }
    budget = own.budget
    assert budget is not None
    assert (budget.funded, budget.defunded, budget.granted, budget.returned) == (1000, 140, 350, 40)
    assert (budget.reserve, budget.shards, budget.in_flight, budget.other) == (300, 250, 0, 0)
    assert budget.unspent == 1000 - 140 - 350 + 40 == 300 + 250
    # 250 of the grants stayed in wallets, 60 reached one that had closed
    assert budget.spent == {"packet_send": 10, "redeem_settle": 90, "transfer": 30}
    assert (budget.in_hand, budget.unplaced) == (120, 60)
    assert sum(budget.spent.values()) + budget.in_hand + budget.unplaced == 350 - 40
    assert own.before is not None
    assert own.before["unspent"] == own.opening
    sums = {key: getattr(budget, key) - coins for key, coins in own.before.items()}
    moved = {line.operation: line.coins for line in own.lines}
    assert sums["funded"] == moved.get("fund", 0)
    assert sums["defunded"] == -moved.get("defund", 0)
    assert sums["unspent"] == own.closing - own.opening


def test_what_was_granted_is_followed_into_later_months(ledger: LedgerRows) -> None:
    found = of(ledger, "advertiser:spring", "2026-11")
    (own,) = found.programs
    assert (own.opening, own.lines, own.closing) == (550, (), 550)
    assert found.empty == (
        "no coins moved in 2026-11; advertiser:spring has postings from 2026-09-04 to 2026-10-31"
    )
    assert own.budget is not None
    assert own.budget.spent == {
        "packet_send": 10,
        "redeem": 5,
        "redeem_settle": 90,
        "rent": 6,
        "transfer": 30,
    }
    assert own.budget.in_hand == 109


def test_a_department_owes_for_what_was_minted_for_it(ledger: LedgerRows) -> None:
    found = of(ledger, "department:check-in")
    assert [own.owed for own in found.programs] == [
        Owed(coins=8, by="department:check-in", to="ali-flow-wallet"),
        Owed(coins=20, by="department:check-in", to=LIU),
    ]
    (only,) = of(ledger, "department:check-in", program="ali-flow-wallet").programs
    assert (only.opening, only.closing) == (0, -8)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """One program's file gives two activities and a campaign to a department."""
    return write_growth(tmp_path, LIU, "game", "check-in")


def test_a_department_sees_what_it_paid_for_and_got(ledger: LedgerRows, files: Path) -> None:
    found = statement(ledger.client, "department:growth", OCTOBER, programs=files)
    (own,) = found.programs
    assert (own.opening, own.closing) == (-100, -120)
    assert own.lines == (Line(operation="earn", events=1, coins_in=0, coins_out=20, coins=-20),)
    assert own.owed == Owed(coins=120, by="department:growth", to=LIU)
    # ann earned 100 by games, redeemed 30 and gave 70 away; bob's 20 went into his packet
    assert own.caused == (
        Caused(
            kind="activity", name="check-in", people=1, coins=20, in_hand=0, redeemed=0, bought=0,
            spent={"packet_send": 20},
        ),
        Caused(
            kind="activity", name="game", people=1, coins=100, in_hand=0, redeemed=30, bought=0,
            spent={"redeem": 30, "transfer": 70},
        ),
        Caused(
            kind="campaign", name="spring", people=2, coins=250, in_hand=120, redeemed=90,
            bought=0, spent={"packet_send": 10, "redeem_settle": 90, "transfer": 30},
        ),
    )  # fmt: skip
    assert "advertiser:NAME" in found.notes[0].en
    behind = line_postings(ledger.client, found, OCTOBER, operation="earn", program="", limit=10)
    assert [(row["event_id"], row["amount"]) for row in behind] == [("e2", -20)]


def test_a_department_takes_the_place_of_its_activities(ledger: LedgerRows, files: Path) -> None:
    alone, together = (everyone(ledger.client, OCTOBER, programs=given) for given in (None, files))
    apart = {(row.party, row.program): row.closing for row in alone.parties}
    merged = {(row.party, row.program): row.closing for row in together.parties}
    paid = apart.pop(("department:game", LIU)) + apart.pop(("department:check-in", LIU))
    assert merged == {**apart, ("department:growth", LIU): paid}
    assert ("department:check-in", "ali-flow-wallet") in merged  # its file gives it to nobody
    assert together.differences == ()
    with pytest.raises(UnknownPartyError, match="department:check-in, department:growth"):
        statement(ledger.client, "department:game", OCTOBER, programs=files)


def test_a_department_written_otherwise_is_one_sentence(ledger: LedgerRows, tmp_path: Path) -> None:
    path = write_program(tmp_path, LIU) / f"{LIU}.toml"
    path.write_text("departments = 3\n" + path.read_text())
    said = r"liuliangbao.toml, line 1: departments = 3: .*; write \[departments.<name>\]"
    with pytest.raises(ClickException, match=said):
        everyone(ledger.client, OCTOBER, programs=tmp_path)


def test_what_a_month_ends_with_the_next_begins_with(ledger: LedgerRows) -> None:
    for party in ("wallets", "carrier:unicom", "advertiser:spring", f"issuer:{LIU}"):
        before, after = of(ledger, party, program=LIU), of(ledger, party, "2026-11", LIU)
        assert before.programs[0].closing == after.programs[0].opening, party


def test_a_kind_that_no_query_names_is_a_party_all_the_same(ledger: LedgerRows) -> None:
    found = everyone(ledger.client, month("2026-11"), LIU)
    (shop,) = [row for row in found.parties if row.party == "escrow:shop"]
    assert (shop.opening, shop.moved, shop.closing) == (0, 6, 6)
    assert shop.owed == Owed(coins=6, by=LIU, to="escrow:shop")
    assert not found.differences


def test_all_parties_are_the_ledger(ledger: LedgerRows) -> None:
    found = everyone(ledger.client, OCTOBER)
    closing = {row.party: row.closing for row in found.parties if row.program == LIU}
    assert closing == {
        "advertiser:spring": 550,
        "carrier:unicom": 120,
        "department:check-in": -20,
        "department:game": -100,
        f"issuer:{LIU}": -860,
        "packets": 18,
        f"suspense:{LIU}": 60,
        "wallets": 232,
    }
    assert found.differences == ()


@pytest.mark.parametrize("when", ["2026-09", "2026-10", "2026-11"])
def test_every_party_equals_a_naive_sum(ledger: LedgerRows, when: str) -> None:
    asked = month(when)
    naive: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for posted in ledger.posted:
        if posted.time >= asked.end or not posted.amount:
            continue
        sums = naive[_naive_group(posted.account), posted.program]
        sums[posted.time >= asked.start] += posted.amount
        sums[2] += posted.amount
    ours: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in everyone(ledger.client, asked).parties:
        group = row.party.partition(":")[0]
        sums = ours[{"department": "issuer"}.get(group, group), row.program]
        for n, value in enumerate((row.opening, row.moved, row.closing)):
            sums[n] += value
    assert ours == naive


def _naive_group(account: str) -> str:
    """Whose an account is; clearing here is spring's, and all that is minted is the issuer's."""
    prefix, colon, _ = account.partition(":")
    names = {"packet": "packets", "budget": "advertiser", "clearing": "advertiser"}
    return names.get(prefix, prefix) if colon else "wallets"


# -- what is planted is named ------------------------------------------------------------------


@pytest.fixture
def planted(fresh: Callable[[], Client]) -> LedgerRows:
    rows = LedgerRows(fresh())
    rows.result("earn", "e1", "ann", "2026-10-02", ("issuer:liuliangbao@0", -9), ("ann", 9))
    rows.store()
    return rows


def test_a_lost_posting_is_a_difference(planted: LedgerRows) -> None:
    assert not everyone(planted.client, OCTOBER).differences
    planted.client.command("ALTER TABLE postings DELETE WHERE account = 'ann'", settings=AT_ONCE)
    said = everyone(planted.client, OCTOBER).differences
    assert said[0].startswith("liuliangbao: the moved coins of all parties sum to -9, not 0")
    wallet = "liuliangbao, wallet accounts: moved 0 by the postings, 9 by the ledger's results"
    assert any(each.startswith(wallet) for each in said)


def test_a_posting_moved_to_another_kind_is_a_difference_though_all_sum_to_zero(
    planted: LedgerRows,
) -> None:
    planted.client.command(
        "ALTER TABLE postings UPDATE kind = 'packet' WHERE account = 'ann'", settings=AT_ONCE
    )
    said = everyone(planted.client, OCTOBER).differences
    assert not any("not 0" in each for each in said)
    assert any("packet accounts: closing 9 by the postings, 0 by" in each for each in said)


def test_a_row_stored_twice_counts_once(planted: LedgerRows) -> None:
    planted.client.command(
        "INSERT INTO postings SELECT * FROM postings", settings={"insert_deduplicate": 0}
    )
    (own,) = of(planted, "wallets").programs
    assert own.closing == 9


def test_a_partner_below_zero_owes_and_a_merchant_is_owed(planted: LedgerRows) -> None:
    partner, merchant = "partner:air:liuliangbao@0", "merchant:comics:liuliangbao@1"
    planted.result("points_in", "i1", "ann", "2026-10-03", (partner, -40), ("ann", 40))
    planted.result("points_out", "o1", "ann", "2026-10-04", ("ann", -15), (partner, 15))
    planted.result("order_fulfil", "b1", "ann", "2026-10-05", ("ann", -9), (merchant, 9), cause="b")
    planted.store()
    (air,) = of(planted, "partner:air").programs
    assert [(line.operation, line.coins) for line in air.lines] == [
        ("points_in", -40), ("points_out", 15),
    ]  # fmt: skip
    assert air.owed == Owed(coins=25, by="partner:air", to=LIU)
    (comics,) = of(planted, "merchant:comics").programs
    assert comics.owed == Owed(coins=9, by=LIU, to="merchant:comics")
    assert not everyone(planted.client, OCTOBER).differences


# -- lines and their postings ------------------------------------------------------------------


def postings(found: Statement, ledger: LedgerRows, operation: str = "") -> list[dict[str, Any]]:
    return line_postings(ledger.client, found, OCTOBER, operation=operation, program="", limit=1000)


def test_each_line_is_the_sum_of_its_postings(ledger: LedgerRows) -> None:
    for party in ("wallets", "advertiser:spring", "carrier:unicom", "department:check-in"):
        found = of(ledger, party)
        for own in found.programs:
            for line in own.lines:
                behind = [
                    row
                    for row in postings(found, ledger, line.operation)
                    if row["program"] == own.program
                ]
                assert sum(row["amount"] for row in behind) == line.coins
                assert len({(row["partition"], row["offset"]) for row in behind}) == line.events
        total = sum(own.closing - own.opening for own in found.programs)
        assert sum(row["amount"] for row in postings(found, ledger)) == total


def test_a_line_opens_to_event_offset_and_amount(ledger: LedgerRows) -> None:
    (row,) = postings(of(ledger, "carrier:unicom"), ledger, "redeem_settle")
    assert (row["event_id"], row["cause"], row["account"]) == ("s2", "r2", UNICOM)
    assert (row["amount"], row["partition"]) == (90, 0)
    assert row["time"] == at("2026-10-08").replace(tzinfo=None)


def test_a_line_that_is_not_there_names_those_that_are(ledger: LedgerRows) -> None:
    found = of(ledger, "carrier:unicom")
    with pytest.raises(NoReportError, match="its lines are `redeem`, `redeem_settle`, `reverse`"):
        postings(found, ledger, "earn")


# -- what can't be told ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("party", "there"),
    [
        ("carrier:unicorn", "carrier:unicom"),
        ("spring", "advertiser:spring"),
        ("campaign:spring", "advertiser:spring"),
        ("carrier:zzz", "carrier:telecom, carrier:unicom"),
        (SHARD, "advertiser:spring"),
    ],
)
def test_an_unknown_party_names_those_that_exist(
    ledger: LedgerRows, party: str, there: str
) -> None:
    with pytest.raises(
        UnknownPartyError, match=f"no party '{party}'; known parties include .*{there}"
    ):
        of(ledger, party)


def test_before_the_first_posting_there_is_nothing_and_it_says_when_there_was(
    ledger: LedgerRows,
) -> None:
    found = of(ledger, "carrier:telecom", "2026-05")
    assert found.programs == ()
    assert found.empty == (
        "no coins moved in 2026-05; carrier:telecom has postings from 2026-11-01 to 2026-11-01"
    )
    before = everyone(ledger.client, month("2026-05"))
    assert (before.parties, before.differences) == ((), ())
    assert before.empty == "no coins had moved by the end of 2026-05"


def test_a_program_without_coins_names_those_with(ledger: LedgerRows) -> None:
    with pytest.raises(NoReportError, match=f"coins of ali-flow-wallet, {LIU}"):
        everyone(ledger.client, OCTOBER, "liuliang")


def test_an_empty_warehouse_says_so(fresh: Callable[[], Client]) -> None:
    client = fresh()
    with pytest.raises(EmptyWarehouseError, match="no coins have moved yet"):
        statement(client, "carrier:unicom", OCTOBER)
    with pytest.raises(EmptyWarehouseError, match="no coins have moved yet"):
        everyone(client, OCTOBER)


def test_what_a_campaign_cost_is_one_sum_in_report_and_settlement(
    fresh: Callable[[], Client],
) -> None:
    """A grant of 100 is taken back; of a packet of 90, 60 are drawn and 30 come back."""
    rows = LedgerRows(fresh())
    shard, packet = "budget:spring@0", "packet:p1@0"
    rows.result("fund", "f1", shard, "2026-10-01", ("issuer:liuliangbao@0", -500), (shard, 500),
                campaign="spring")  # fmt: skip
    rows.result("grant", "g1", "ann", "2026-10-02", (shard, -100), ("ann", 100), campaign="spring")
    rows.result("grant", "g2", "bob", "2026-10-02", (shard, -7), ("bob", 7), campaign="spring")
    rows.result("reverse", "v1", "ann", "2026-10-03", ("ann", -100), (shard, 100),
                campaign="spring", cause="g1")  # fmt: skip
    rows.result("packet_send", "s1", shard, "2026-10-04", (shard, -90), (packet, 90),
                campaign="spring", counterparty=packet)  # fmt: skip
    rows.result("packet_claim", "c1", packet, "2026-10-05", (packet, -60), ("ann", 60),
                campaign="spring", counterparty="ann")  # fmt: skip
    rows.result("packet_expire", "x1", packet, "2026-10-06", (packet, -30), (shard, 30),
                campaign="spring")  # fmt: skip
    rows.store()
    (own,) = of(rows, "advertiser:spring").programs
    (cost,) = reach(rows.client, ["spring"]).cost.coins
    assert own.budget is not None
    for told in (own.budget, cost):
        assert (told.granted, told.returned, told.in_packets, told.net) == (107, 100, 60, 67)
    assert own.budget.unspent == 500 - 67 == own.closing
