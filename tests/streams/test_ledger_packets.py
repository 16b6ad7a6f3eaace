"""Red packets: every coin is drawn once or goes back, each person draws once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.events import Close, Freeze, PacketClaim, PacketExpire, PacketSend, PacketShare
from streams.events.identity import text_hash
from streams.ledger.packets import draw
from streams.ledger.terms import Packet, packed, packet_of
from tests.streams.ledger_world import World, at, name_on, world_with

NAME = "packet:x@0"


def sent(world: World, sender: str = "a", **changes: Any) -> PacketSend:
    terms = {"packet": NAME, "amount": 10, "claims": 3, "mode": "equal", "expires": at(2)}
    return world.make(PacketSend, sender, **{**terms, **changes})


def claim(world: World, claimer: str, **changes: Any) -> PacketClaim:
    return world.make(PacketClaim, NAME, claimer=claimer, **changes)


@given(
    amount=st.integers(1, 10**15),
    claims=st.integers(1, 60),
    mode=st.sampled_from(["equal", "lucky"]),
    name=st.text(min_size=1, max_size=20),
)
def test_draws_are_at_least_one_and_together_the_amount(
    amount: int, claims: int, mode: str, name: str
) -> None:
    amount = max(amount, claims)
    terms = Packet("a", mode, claims, 0, 0)
    remaining, draws = amount, []
    while terms.left:
        drawn = draw(name, terms, remaining, b"secret")
        assert 1 <= drawn <= remaining - (terms.left - 1)
        assert mode == "equal" or terms.left == 1 or drawn <= 2 * remaining / terms.left
        draws.append(drawn)
        remaining -= drawn
        terms.left, terms.made = terms.left - 1, terms.made + 1
    assert (sum(draws), remaining) == (amount, 0)
    if mode == "equal":
        assert max(draws) - min(draws) <= 1


@pytest.mark.parametrize(
    ("amount", "parts"),
    [(11, [2, 3, 3, 3]), (100, 8 * [5] + 10 * [6]), (12, 4 * [3]), (7, 6 * [1] + [1]), (5, [5])],
)
def test_equal_parts_are_as_the_documentation_has_them(amount: int, parts: list[int]) -> None:
    world = world_with("a")
    world.send(sent(world, amount=amount, claims=len(parts)))
    for number, part in enumerate(parts):
        world.send(world.open(f"c{number}"))
        assert world.send(claim(world, f"c{number}")).result.amount == part
    assert world.balance(NAME) == 0
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
    assert "11 coins for 4 are 2, 3, 3, 3, and 100 for 18 are eight of 5, then ten of 6" in page


def test_luck_is_fair_and_depends_on_the_key() -> None:
    firsts = [
        draw(f"packet:{n}@0", Packet("a", "lucky", 10, 0, 0), 1000, b"k") for n in range(5000)
    ]
    assert 97 < sum(firsts) / len(firsts) < 104  # uniform in 1..200: 100.5, +- 0.8 at one sigma
    assert (min(firsts) <= 3, max(firsts) >= 198) == (True, True)
    other = [draw(f"packet:{n}@0", Packet("a", "lucky", 10, 0, 0), 1000, b"l") for n in range(50)]
    assert other != firsts[:50]


def test_a_packet_is_sent_drawn_and_closed_by_its_last_claim() -> None:
    world = world_with("a", "b", "c", "d", "e")
    outcome = world.send(sent(world))
    assert [(p.account, p.amount) for p in outcome.postings] == [("a", -10), (NAME, 10)]
    assert outcome.result.counterparty == NAME
    amounts = [world.send(claim(world, name)).result.amount for name in "bcd"]
    assert amounts == [3, 3, 4]
    packet = world.get(NAME)
    assert packet is not None
    assert (packet.posted, packet.state) == (0, "closed")
    assert world.send(claim(world, "e")).reason == "packet_empty"
    assert world.send(world.make(PacketExpire, NAME, time=at(2))).reason == "packet_empty"


def test_each_claims_once_whatever_the_id() -> None:
    world = world_with("a", "b")
    world.send(sent(world))
    first = claim(world, "b")
    assert world.send(first).outcome == "applied"
    assert world.send(first).outcome == "repeat"
    assert world.send(claim(world, "b")).reason == "already_claimed"
    conflict = claim(world, "b", time=at(0.5), event_id=first.id)
    assert world.send(conflict).reason == "conflict"
    assert world.balance("b") == 103
    remembered = world.get(f"claim:{NAME}:b")
    assert remembered is not None
    assert (remembered.posted, remembered.version, len(remembered.recent)) == (0, 0, 22)
    assert world.get(NAME).recent == b""  # type: ignore[union-attr]


def test_the_same_id_may_claim_for_two_people() -> None:
    world = world_with("a", "b", "c")
    world.send(sent(world))
    for name in "bc":
        assert world.send(claim(world, name, event_id="tap")).outcome == "applied"


def test_a_refused_claim_is_judged_anew() -> None:
    world = world_with("a")
    world.send(sent(world))
    early, event = claim(world, "b", share="s"), claim(world, "b")
    assert world.send(early).reason == "unknown_share"
    assert world.get(f"claim:{NAME}:b") is None
    world.send(share(world, "a", event_id="s"))
    assert world.send(early).outcome == "applied"
    assert world.send(event).reason == "already_claimed"


def test_a_claimer_on_another_partition_gets_a_leg() -> None:
    sender, claimer = name_on(0, 2), name_on(1, 2)
    world = world_with(sender, claimer, partitions=2)
    world.send(sent(world, sender))
    event = claim(world, claimer)
    outcome = world.send(event)
    assert [(p.account, p.amount) for p in outcome.postings] == [(NAME, -3), ("clearing:p@0", 3)]
    arrival, ack = world.drain()
    assert (arrival.result.step, arrival.result.cause) == ("claim", event.id)
    assert (arrival.result.counterparty, world.balance(claimer)) == (NAME, 103)
    assert (ack.result.step, world.total("clearing:p")) == ("ack", 0)


def test_what_nobody_claimed_goes_back_by_an_event_only() -> None:
    world = world_with("a", "b")
    world.send(sent(world))
    world.send(claim(world, "b"))
    assert world.send(claim(world, "a", time=at(2))).reason == "packet_expired"
    assert world.send(world.make(PacketExpire, NAME, time=at(1.9))).reason == "not_due"
    assert world.balance(NAME) == 7
    outcome = world.send(world.make(PacketExpire, NAME, time=at(2)))
    assert [(p.account, p.amount) for p in outcome.postings] == [(NAME, -7), ("a", 7)]
    assert world.send(world.make(PacketExpire, NAME, time=at(3))).reason == "packet_expired"
    assert world.send(claim(world, "a", time=at(1))).reason == "packet_expired"


def test_a_sender_who_is_frozen_gets_it_back_and_for_one_who_has_closed_it_waits() -> None:
    for kind, to, expected in ((Freeze, None, "a"), (Close, "b", "waiting:p:a")):
        world = world_with("a", "b")
        world.send(sent(world))
        world.send(world.make(kind, "a", **({"to": to} if to else {})))
        outcome = world.send(world.make(PacketExpire, NAME, time=at(2)))
        assert [p.account for p in outcome.postings] == [NAME, expected]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"packet": "gift:x@0"}, "wrong_packet"),
        ({"packet": "packet:x@1"}, "wrong_packet"),
        ({"packet": "packet:x"}, "wrong_packet"),
        ({"packet": "packet:@0"}, "wrong_packet"),
        ({"packet": "packet:x@0@0"}, "wrong_packet"),
        ({"packet": "packet:old@0"}, "already_open"),
        ({"expires": at(0)}, "bad_term"),
        ({"amount": 2}, "too_small"),
        ({"amount": 91}, "insufficient_balance"),
    ],
)
def test_a_packet_that_may_not_be_sent(changes: dict[str, Any], reason: str) -> None:
    world = world_with("a")
    world.send(sent(world, packet="packet:old@0"))
    assert world.send(sent(world, **changes)).reason == reason
    assert world.balance("a") == 90


def test_only_packets_are_drawn_from() -> None:
    world = world_with("a", "b")
    for subject in ("a", "issuer:p@0", "packet:y@0"):
        assert world.send(world.make(PacketClaim, subject, claimer="b")).reason == "unknown_packet"
        assert world.send(world.make(PacketExpire, subject)).reason == "unknown_packet"
    world.send(sent(world))
    other = world.make(PacketClaim, NAME, claimer="b", program="q")
    assert world.send(other).reason == "wrong_program"


def test_an_id_without_an_at_keeps_claimers_apart() -> None:
    # `packet:a@0` claimed by `b@0:c` and `packet:a@0:b@0` by `c` would be one account.
    world = world_with("a")
    assert world.send(sent(world, packet="packet:a@0:b@0")).reason == "wrong_packet"


# -- for whom, through whom ---------------------------------------------------------------------


def share(world: World, sharer: str, **changes: Any) -> PacketShare:
    return world.make(PacketShare, NAME, sharer=sharer, **changes)


@pytest.mark.parametrize(
    ("terms", "given", "reason"),
    [
        ({"group": "family"}, {}, "wrong_group"),
        ({"group": "family"}, {"group": "friends"}, "wrong_group"),
        ({"group": "family"}, {"code": "family"}, "wrong_group"),
        ({"group": "family"}, {"group": "family"}, ""),
        ({"code": "open"}, {}, "wrong_code"),
        ({"code": "open"}, {"code": "shut"}, "wrong_code"),
        ({"code": "open"}, {"code": "open"}, ""),
        ({"group": "family", "code": "open"}, {"group": "family"}, "wrong_code"),
        ({"group": "family", "code": "open"}, {"group": "family", "code": "open"}, ""),
        ({}, {"group": "any", "code": "any"}, ""),
        ({}, {"share": "none"}, "unknown_share"),
    ],
)
def test_whom_a_packet_is_for(terms: dict[str, str], given: dict[str, str], reason: str) -> None:
    world = world_with("a", "b")
    world.send(sent(world, **terms))
    assert world.send(claim(world, "b", **given)).reason == reason


def test_a_claim_through_a_share_needs_no_code_and_names_the_sharer() -> None:
    world = world_with("a", "b", "c")
    world.send(sent(world, code="open", group="family"))
    event = share(world, "b", event_id="my-share")
    outcome = world.send(event)
    assert [(p.account, p.amount) for p in outcome.postings] == [(f"share:{NAME}:my-share", 0)]
    assert outcome.result.sharer == "b"
    assert world.send(event).outcome == "repeat"
    stranger = claim(world, "c", share="my-share")
    assert world.send(stranger).reason == "wrong_group"
    result = world.send(claim(world, "c", share="my-share", group="family")).result
    assert (result.outcome, result.sharer, result.cause) == ("applied", "b", "my-share")


def test_attribution_is_of_one_level_and_not_to_oneself() -> None:
    world = world_with("a", "b", "c", "d")
    world.send(sent(world))
    for sharer in "bc":
        world.send(share(world, sharer, event_id=sharer))
    results = [world.send(claim(world, name, share=via)).result for name, via in ("bb", "cb", "dc")]
    assert [result.sharer for result in results] == ["", "b", "c"]


def test_a_share_is_of_one_packet_and_by_somebody_who_may_have_a_wallet() -> None:
    world = world_with("a", "b")
    world.send(sent(world))
    world.send(sent(world, packet="packet:y@0"))
    assert world.send(share(world, "issuer:p@0")).reason == "unknown_payee"
    assert world.send(share(world, "b", event_id="s")).outcome == "applied"
    other = world.make(PacketClaim, "packet:y@0", claimer="b", share="s")
    assert world.send(other).reason == "unknown_share"
    assert world.send(share(world, "b", time=at(2))).reason == "packet_expired"


def test_sharing_does_not_fill_the_packets_memory() -> None:
    world = world_with("a", "b")
    world.send(sent(world, claims=1))
    for _ in range(300):
        assert world.send(share(world, "b")).outcome == "applied"
    assert world.get(NAME).recent == b""  # type: ignore[union-attr]
    world.send(claim(world, "b"))
    refused = share(world, "b")
    assert world.send(refused).reason == "packet_empty"
    assert world.get(f"share:{NAME}:{refused.id}") is None


def test_an_enterprises_packet_is_its_budgets_and_carries_the_campaign() -> None:
    sender, claimer = name_on(0, 2), name_on(1, 2)
    world = world_with(sender, claimer, partitions=2)
    shard = "budget:spring@0"
    world.send(world.fund(shard, 50))
    event = sent(world, shard, campaign="spring")
    outcome = world.send(event)
    assert [(p.account, p.amount) for p in outcome.postings] == [(shard, -10), (NAME, 10)]
    assert outcome.result.campaign == "spring"
    assert world.send(claim(world, sender)).result.campaign == "spring"
    assert world.send(claim(world, claimer)).result.campaign == "spring"
    arrival, _ = world.drain()
    assert (arrival.result.step, arrival.result.campaign) == ("claim", "spring")
    outcome = world.send(world.make(PacketExpire, NAME, time=at(2)))
    assert [(p.account, p.amount) for p in outcome.postings] == [(NAME, -4), (shard, 4)]
    assert outcome.result.campaign == "spring"


def test_a_reserve_sends_a_packet_on_its_own_partition() -> None:
    world = world_with("a")
    world.send(world.fund("budget:spring", 100))
    world.drain()
    outcome = world.send(sent(world, "budget:spring", campaign="spring"))
    assert [(p.account, p.amount) for p in outcome.postings] == [("budget:spring", -10), (NAME, 10)]


def test_a_shard_that_a_packet_leaves_low_asks_its_reserve() -> None:
    world = world_with("a")
    world.send(world.fund("budget:spring", 100))
    world.drain()
    world.send(sent(world, "budget:spring@0", amount=40, campaign="spring"))
    assert [outcome.result.step for outcome in world.drain()] == ["lease_ask", "lease", "ack"]


@pytest.mark.parametrize(
    ("subject", "changes", "reason"),
    [
        ("budget:spring@0", {}, "reserved_name"),
        ("a", {"campaign": "spring"}, "wrong_budget"),
        ("budget:spring@0", {"campaign": "autumn"}, "wrong_budget"),
        ("budget:autumn@0", {"campaign": "autumn"}, "unknown_account"),
        ("budget:spring@0", {"campaign": "spring", "program": "q"}, "wrong_program"),
        ("budget:spring@0", {"campaign": "spring", "amount": 51}, "budget_exhausted"),
    ],
)
def test_an_enterprises_packet_that_may_not_be(
    subject: str, changes: dict[str, Any], reason: str
) -> None:
    world = world_with("a")
    world.send(world.fund("budget:spring@0", 50))
    assert world.send(sent(world, subject, **changes)).reason == reason
    assert world.balance("budget:spring@0") == 50


def test_a_packet_for_anybody_is_stored_as_it_was_before_there_were_others() -> None:
    plain = Packet("a", "lucky", 3, 0, 17)
    assert packed(plain) == b"\x95\xa1a\xa5lucky\x03\x00\x11"
    assert packet_of(packed(plain)) == plain
    other = Packet("a", "lucky", 3, 0, 17, "spring", "family", text_hash("open"))
    assert packet_of(packed(other)) == other


@given(
    draws=st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", "a", "b", "c"])), max_size=12
    ),
    mode=st.sampled_from(["equal", "lucky"]),
)
def test_whoever_comes_through_whom_coins_and_sharers_add_up(
    draws: list[tuple[str, str]], mode: str
) -> None:
    world = world_with(*"abcdef", coins=50)
    world.send(sent(world, amount=20, claims=4, mode=mode, code="open"))
    for sharer in "abc":
        world.send(share(world, sharer, event_id=sharer))
    drawn: dict[str, int] = {}
    for claimer, via in draws:
        given = {"share": via} if via else {"code": "open"}
        outcome = world.send(claim(world, claimer, **given))
        assert (outcome.outcome == "applied") is (claimer not in drawn and len(drawn) < 4)
        if outcome.outcome == "applied":
            drawn[claimer] = outcome.result.amount
            assert outcome.result.sharer == ("" if via == claimer else via)
    assert world.balance(NAME) == 20 - sum(drawn.values())
    sums = {name: 50 + drawn.get(name, 0) - (20 if name == "a" else 0) for name in "abcdef"}
    assert {name: world.balance(name) for name in "abcdef"} == sums
