"""A month in few postings, whose settlement can be reckoned by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.console.settlement.ledger_rows import LedgerRows

ISSUER = "issuer:liuliangbao@0"
UNICOM = "carrier:unicom:liuliangbao@0"
TELECOM = "carrier:telecom:liuliangbao@0"
CLEARING = "clearing:liuliangbao@0"
SUSPENSE = "suspense:liuliangbao@0"
RESERVE = "budget:spring"
SHARD = "budget:spring@0"


def october(ledger: LedgerRows) -> None:
    """September opens the balances, October moves them, November is not October's."""
    result, leg = ledger.result, ledger.leg
    # September: ann earns 100, redeems 30 at unicom; spring is funded with 1,000.
    result("open", "open-ann", "ann", "2026-09-01", ("ann", 0))
    result("earn", "e1", "ann", "2026-09-02", (ISSUER, -100), ("ann", 100), activity="game")
    result("redeem", "r1", "ann", "2026-09-03", ("ann", -30), (UNICOM, 30), carrier="unicom")
    result("fund", "f1", RESERVE, "2026-09-04",
           (ISSUER, -1000), (RESERVE, 1000), (RESERVE, -500), (CLEARING, 500),
           campaign="spring")  # fmt: skip
    leg("lease", SHARD, "2026-09-04", (CLEARING, -500), (SHARD, 500), cause="f1", campaign="spring")

    # October.
    result("open", "open-bob", "bob", "2026-10-01", ("bob", 0))
    result("earn", "e2", "bob", "2026-10-01", (ISSUER, -20), ("bob", 20), activity="check-in")
    result("grant", "g1", "ann", "2026-10-02", (SHARD, -200), ("ann", 200), campaign="spring")
    result("grant", "g2", "bob", "2026-10-02", (SHARD, -50), ("bob", 50), campaign="spring")
    result("grant", "g3", "bob", "2026-10-03", (SHARD, -40), ("bob", 40), campaign="spring")
    result("reverse", "undo-g3", "bob", "2026-10-04", ("bob", -40), (SHARD, 40),
           campaign="spring", cause="g3")  # fmt: skip
    # the reserve pays a grant that the shard could not; its wallet has closed meanwhile
    leg("ask", RESERVE, "2026-10-05", (RESERVE, -60), (CLEARING, 60), cause="g4", campaign="spring")
    leg(
        "grant", "cat", "2026-10-05", (CLEARING, -60), (SUSPENSE, 60), cause="g4", campaign="spring"
    )
    # ann has 70 of her own, then 200 of spring: of 100 given away, 30 are spring's
    ledger.gift("t1", "ann", "bob", "2026-10-06", 100)
    # held for telecom's user, two coins a MB; settled, and one that is given back
    result("redeem", "r2", "ann", "2026-10-07", ("ann", 0), carrier="unicom", pending=[90],
           network="telecom", mb=45, amount=90)  # fmt: skip
    result("redeem_settle", "s2", "ann", "2026-10-08", ("ann", -90), (UNICOM, 90), cause="r2")
    result("redeem", "r3", "ann", "2026-10-09", ("ann", -10), (UNICOM, 10), carrier="unicom",
           mb=10)  # fmt: skip
    result("reverse", "undo-r3", "ann", "2026-10-10", (UNICOM, -10), ("ann", 10),
           carrier="unicom", cause="r3")  # fmt: skip
    result("packet_send", "p1", "bob", "2026-10-11", ("bob", -30), ("packet:p@0", 30),
           counterparty="packet:p@0")  # fmt: skip
    result("packet_claim", "c1", "packet:p@0", "2026-10-11", ("packet:p@0", -12), ("ann", 12),
           counterparty="ann")  # fmt: skip
    result("defund", "d1", RESERVE, "2026-10-31T23:59:59.999999", (RESERVE, -140), (ISSUER, 140),
           campaign="spring")  # fmt: skip
    result("redeem", "no", "ann", "2026-10-12", outcome="refused", reason="insufficient_balance")

    # November, to the microsecond; and a kind of account that no query names.
    result("redeem", "r4", "ann", "2026-11-01", ("ann", -5), (TELECOM, 5), carrier="telecom")
    result("rent", "x1", "bob", "2026-11-02", ("bob", -6), ("escrow:shop:liuliangbao@0", 6))
    # another program, in October
    result("earn", "e9", "mia", "2026-10-20", ("issuer:ali-flow-wallet@1", -8), ("mia", 8),
           activity="check-in", program="ali-flow-wallet")  # fmt: skip
