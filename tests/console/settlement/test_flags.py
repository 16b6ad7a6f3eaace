"""Each rule flags what is planted for it, with accounts, coins and evidence, and little else."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from console.compliance.flags import Flag, flags
from console.settlement.month import month
from tests.console.settlement.ledger_rows import LedgerRows, at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clickhouse_connect.driver.client import Client

pytestmark = pytest.mark.clickhouse

OCTOBER = month("2026-10")
IDS = itertools.count()


@pytest.fixture
def rows(fresh: Callable[[], Client]) -> LedgerRows:
    return LedgerRows(fresh())


def flagged(rows: LedgerRows, rule: str, **thresholds: float) -> tuple[Flag, ...]:
    if rows.rows:
        rows.store()
    return flags(rows.client, OCTOBER, [rule], thresholds).flags


def packet(rows: LedgerRows, sender: str, time: str, *claims: tuple[str, int]) -> list[str]:
    """A red packet and its draws; returns the ids of these."""
    name = f"packet:{next(IDS)}@0"
    coins = sum(amount for _, amount in claims)
    rows.result("packet_send", f"send-{name}", sender, time, (sender, -coins), (name, coins),
                counterparty=name)  # fmt: skip
    ids = []
    for claimer, amount in claims:
        ids.append(f"draw-{name}-{claimer}")
        rows.result("packet_claim", ids[-1], name, time, (name, -amount), (claimer, amount),
                    counterparty=claimer)  # fmt: skip
    return ids


# -- split gifts -------------------------------------------------------------------------------


def test_gifts_split_below_the_limit_are_flagged_with_their_window(rows: LedgerRows) -> None:
    rows.gift("early", "ann", "bob", "2026-10-01", 400)
    for n, hour in enumerate(("06", "14", "22")):
        rows.gift(f"s{n}", "ann", "bob", f"2026-10-05T{hour}:00", 350)
    rows.gift("whole", "ann", "bob", "2026-10-05T23:00", 1000)  # at the limit: seen by others
    (flag,) = flagged(rows, "split_gifts")
    assert (flag.accounts, flag.coins, flag.events) == (("ann", "bob"), 1050, 3)
    assert flag.evidence == ("s0", "s1", "s2")
    assert (flag.first_time, flag.last_time) == (at("2026-10-05T06:00"), at("2026-10-05T22:00"))


def test_split_gifts_innocent(rows: LedgerRows) -> None:
    for day in ("01", "03", "05", "07"):  # the same coins, but over days
        rows.gift(f"slow-{day}", "ann", "bob", f"2026-10-{day}", 350)
    for n, friend in enumerate(("bob", "cat", "dan")):  # to three people
        rows.gift(f"three-{n}", "eve", friend, f"2026-10-0{n + 1}", 400)
    rows.gift("two-1", "fay", "bob", "2026-10-09T10:00", 600)  # two are no series
    rows.gift("two-2", "fay", "bob", "2026-10-09T11:00", 600)
    assert flagged(rows, "split_gifts") == ()
    (flag,) = flagged(rows, "split_gifts", split_hours=96)
    assert (flag.accounts, flag.coins) == (("ann", "bob"), 1050)


def test_a_gift_that_was_taken_back_is_not_counted(rows: LedgerRows) -> None:
    for n in range(3):
        rows.gift(f"s{n}", "ann", "bob", f"2026-10-05T1{n}:00", 350)
    rows.result(
        "reverse", "undo", "ann", "2026-10-05T20:00", ("bob", -350), ("ann", 350), cause="s1"
    )
    assert flagged(rows, "split_gifts") == ()


def test_a_window_over_the_end_of_a_month_is_flagged_once_where_it_ends(rows: LedgerRows) -> None:
    rows.gift("s0", "ann", "bob", "2026-10-31T20:00", 400)
    rows.gift("s1", "ann", "bob", "2026-10-31T22:00", 400)
    rows.gift("s2", "ann", "bob", "2026-11-01T02:00", 400)
    assert flagged(rows, "split_gifts") == ()
    (flag,) = flags(rows.client, month("2026-11"), ["split_gifts"]).flags
    assert (flag.coins, flag.evidence) == (1200, ("s0", "s1", "s2"))


# -- circular gifts ----------------------------------------------------------------------------


@pytest.mark.parametrize("wallets", [2, 3, 4])
def test_coins_that_come_back_are_flagged(rows: LedgerRows, wallets: int) -> None:
    names = ["cat", "ann", "dan", "bob"][:wallets]
    for n, name in enumerate(names):
        rows.gift(f"c{n}", name, names[(n + 1) % wallets], f"2026-10-05T1{n}:00", 200 - n)
    (flag,) = flagged(rows, "circular_gifts")
    start = names.index(min(names))
    assert flag.accounts == tuple(names[start:] + names[:start])
    assert flag.coins == sum(200 - n for n in range(wallets))
    assert flag.evidence == tuple(f"c{n}" for n in range(wallets))
    assert flagged(rows, "circular_gifts", circle_coins=201) == ()


def test_two_rounds_are_one_flag_with_all_their_gifts(rows: LedgerRows) -> None:
    for n in range(4):
        payer, payee = ("ann", "bob") if n % 2 == 0 else ("bob", "ann")
        rows.gift(f"c{n}", payer, payee, f"2026-10-05T1{n}:00", 200)
    (flag,) = flagged(rows, "circular_gifts")
    assert (flag.accounts, flag.coins, flag.events) == (("ann", "bob"), 800, 4)


def test_circular_gifts_innocent(rows: LedgerRows) -> None:
    rows.gift("lent", "ann", "bob", "2026-10-01", 200)
    rows.gift("back", "bob", "ann", "2026-10-09", 200)  # after a week
    rows.gift("small", "cat", "dan", "2026-10-01T10:00", 50)  # thanks for thanks
    rows.gift("thanks", "dan", "cat", "2026-10-01T11:00", 50)
    rows.gift("big", "eve", "fay", "2026-10-01T10:00", 900)
    rows.gift("change", "fay", "eve", "2026-10-01T11:00", 100)  # not the same coins
    rows.gift("on", "gil", "hal", "2026-10-02T10:00", 300)  # a line, no circle
    rows.gift("on-2", "hal", "ida", "2026-10-02T11:00", 300)
    rows.gift("first", "joe", "gil", "2026-10-02T12:00", 300)  # before time can't go round
    names = ["r1", "r2", "r3", "r4", "r5"]
    for n, name in enumerate(names):  # a round of five
        rows.gift(f"five-{n}", name, names[(n + 1) % 5], f"2026-10-07T1{n}:00", 300)
    assert flagged(rows, "circular_gifts") == ()
    (flag,) = flagged(rows, "circular_gifts", circle_days=9)
    assert flag.accounts == ("ann", "bob")


# -- packet farms ------------------------------------------------------------------------------


def test_a_wallet_that_draws_from_many_packets_of_one_sender_is_flagged(rows: LedgerRows) -> None:
    ids = [
        draw
        for n in range(20)
        for draw in packet(rows, "boss", f"2026-10-{n + 1:02}", ("bot", 3), (f"guest-{n}", 2))
    ]
    (flag,) = flagged(rows, "packet_farms")
    assert (flag.pattern, flag.accounts) == ("packet_claimers", ("bot", "boss"))
    assert (flag.coins, flag.events) == (60, 20)
    assert set(flag.evidence) == {draw for draw in ids if draw.endswith("-bot")}
    assert flagged(rows, "packet_farms", farm_claims=21) == ()


def test_a_wallet_that_drains_those_who_drew_is_flagged(rows: LedgerRows) -> None:
    bots = [f"bot-{n}" for n in range(5)]
    draws = packet(
        rows, "brand", "2026-10-05T10:00", *((bot, 10 + n) for n, bot in enumerate(bots))
    )
    for n, bot in enumerate(bots):
        rows.gift(f"pass-{n}", bot, "boss", f"2026-10-05T1{n + 1}:00", 9 + n)
    (flag,) = flagged(rows, "packet_farms")
    assert (flag.pattern, flag.accounts) == ("packet_collectors", ("boss", *bots))
    assert (flag.coins, flag.events) == (9 + 10 + 11 + 12 + 13, 10)
    assert set(flag.evidence) == {*draws, *(f"pass-{n}" for n in range(5))}


def test_packet_farms_innocent(rows: LedgerRows) -> None:
    for n in range(25):  # a popular wallet draws from everybody's
        packet(rows, f"friend-{n % 9}", f"2026-10-{n + 1:02}", ("pop", 3))
    for n in range(10):  # parents give their child a packet now and then
        packet(rows, "mum", f"2026-10-{n + 1:02}", ("kid", 5))
    guests = [f"guest-{n}" for n in range(5)]
    packet(rows, "host", "2026-10-05T10:00", *((guest, 10) for guest in guests))
    for n, guest in enumerate(guests):  # one of them has little left, one waits, one pays another
        rows.gift(f"dinner-{n}", guest, ("cook", "host")[n == 0], f"2026-10-0{5 + n}T12:00", 9)
    assert flagged(rows, "packet_farms") == ()


# -- a month of innocent traffic ---------------------------------------------------------------


def innocent(seed: int, people: int = 400) -> Iterator[tuple[str, str, str, int]]:
    """Gifts among friends for a month: few, mostly small, some returned: payer, payee, time."""
    draw = random.Random(seed)
    friends = {n: draw.sample(range(people), 5) for n in range(people)}
    for _ in range(people * 4):
        payer = draw.randrange(people)
        payee = draw.choice(friends[payer])
        time = at("2026-10-01") + timedelta(minutes=draw.randrange(31 * 24 * 60))
        coins = max(1, round(draw.lognormvariate(3.5, 1.0)))
        if payer != payee:
            yield f"p{payer}", f"p{payee}", f"{time:%Y-%m-%dT%H:%M}", coins


def test_false_alarms_among_friends_are_few_and_counted(rows: LedgerRows) -> None:
    for n, (payer, payee, time, coins) in enumerate(innocent(seed=7)):
        rows.gift(f"g{n}", payer, payee, time, coins)
    draw = random.Random(8)
    for n in range(60):
        friends = [f"p{draw.randrange(400)}" for _ in range(6)]
        packet(rows, f"p{n}", f"2026-10-{n % 31 + 1:02}", *((who, 5) for who in set(friends)))
    rows.store()
    found = flags(rows.client, OCTOBER)
    assert {rule: found.count(rule, "liuliangbao") for rule in found.rules} == {
        "split_gifts": 0,
        "circular_gifts": 0,
        "packet_farms": 0,
    }
    assert found.thresholds["gift_limit"] == 1000


def test_every_threshold_is_bound_by_its_rules_queries() -> None:
    from console.compliance.rules import RULES, bound
    from sql.client import places

    for rule in RULES.values():
        wanted = {key for query in rule.queries for key in places(f"compliance/{query}")}
        assert wanted - {"start", "end"} == bound(rule, {}).keys()
        assert rule.words.en
        assert rule.words.zh
