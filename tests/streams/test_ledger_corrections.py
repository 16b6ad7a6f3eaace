"""After a key was in wrong hands: forged legs are undone, displaced ones delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pytest

from streams.events import Close, Correction, CorrectionData, Leg
from streams.ledger.corrections import sign as sign_correction
from streams.ledger.legs import sign
from tests import keys
from tests.streams.ledger_world import RULES, World, name_on, world_with

if TYPE_CHECKING:
    from streams.ledger.accounts import Account

HERE, THERE, THIEF = name_on(0, 2), name_on(1, 2), name_on(1, 2, 1_000)


@pytest.fixture
def world() -> World:
    return world_with(HERE, THERE, THIEF, partitions=2)


def forged(leg: Leg, subject: str = THIEF, **changes: Any) -> Leg:
    data = msgspec.structs.replace(leg.data, **changes)
    changed = msgspec.structs.replace(leg, subject=subject, data=data)
    return sign(changed, RULES.ledger_keys["k1"])


def correction(
    world: World,
    step: Literal["undo", "deliver"],
    leg: Leg,
    account: str = "",
    *,
    partition: int = 1,
    secret: bytes = keys.RULES["k1"],
) -> Correction:
    facts = {"program": leg.data.program, "leg": leg, "key": "k1", "signature": "0" * 64}
    data = CorrectionData(step=step, account=account, **facts)  # type: ignore[arg-type]
    head = world.head(f"clearing:{leg.data.program}@{partition}", None, None)
    return sign_correction(Correction(**head, data=data), secret)


def clearing(world: World, partition: int) -> Account:
    found = world.get(f"clearing:p@{partition}")
    assert found is not None
    return found


def stolen(world: World, amount: int = 40_000) -> tuple[Leg, Leg]:
    """Mint coins under the number of a gift that comes later; return both legs."""
    world.send(world.transfer(HERE, THERE, 5))
    honest = world.legs[0, 1].popleft()
    mint = forged(honest, amount=amount)
    assert world.send(mint).outcome == "applied"
    assert world.send(honest, partition=1).reason == "repeated_leg"
    world.drain()
    return mint, honest


def at_rest(world: World) -> bool:
    pending = [clearing(world, number).pending for number in (0, 1)]
    return world.total("clearing:p") == 0 and pending == [0, 0]


def test_what_a_forged_leg_minted_is_taken_and_what_it_displaced_is_delivered(
    world: World,
) -> None:
    mint, honest = stolen(world)
    assert not at_rest(world)
    assert world.send(correction(world, "undo", mint, THIEF)).outcome == "applied"
    assert world.send(correction(world, "deliver", honest)).outcome == "applied"
    world.drain()
    assert [world.balance(name) for name in (HERE, THERE, THIEF)] == [95, 105, 100]
    assert at_rest(world)
    assert world.total("missing:p") == 0
    world.send(world.transfer(HERE, THERE, 5))
    assert {outcome.outcome for outcome in world.drain()} == {"applied"}


@pytest.mark.parametrize("closed", [False, True])
def test_what_is_spent_is_owed_by_nobody(world: World, *, closed: bool) -> None:
    mint, honest = stolen(world)
    if closed:
        assert world.send(world.make(Close, THIEF, to=THERE)).outcome == "applied"
    else:
        assert world.send(world.transfer(THIEF, THERE, 39_000)).outcome == "applied"
    world.send(correction(world, "undo", mint, THIEF))
    world.send(correction(world, "deliver", honest))
    world.drain()
    missing = 40_000 if closed else 38_900
    assert world.total("missing:p") == -missing
    assert world.balance(THIEF) == 0
    assert at_rest(world)


def test_a_leg_is_corrected_once(world: World) -> None:
    mint, honest = stolen(world)
    for step, leg in (("undo", mint), ("deliver", honest)):
        assert world.send(correction(world, step, leg, THIEF)).outcome == "applied"  # type: ignore[arg-type]
        again = world.send(correction(world, step, leg, THIEF))  # type: ignore[arg-type]
        assert again.reason == "repeated_correction"
    world.drain()
    assert at_rest(world)


@pytest.mark.parametrize("step", ["bounce", "ack"])
def test_forged_word_of_what_was_sent_is_undone(world: World, step: str) -> None:
    """A gift is on its way; its payer is told that it came back, or its origin that it came."""
    world.send(world.transfer(HERE, THERE, 5))
    back = world.send(world.transfer(THERE, HERE, 1)).legs[0]
    world.legs[1, 0].clear()
    subject = HERE if step == "bounce" else "clearing:p@0"
    lie = forged(back, subject, step=step, amount=5)
    assert world.send(lie).outcome == "applied"
    paid = HERE if step == "bounce" else ""
    assert world.send(correction(world, "undo", lie, paid, partition=0)).outcome == "applied"
    assert world.send(correction(world, "deliver", back, partition=0)).outcome == "applied"
    world.drain()
    assert [world.balance(name) for name in (HERE, THERE)] == [96, 104]
    assert at_rest(world)


def test_a_correction_is_an_operators_and_for_the_account_of_the_leg(world: World) -> None:
    mint, _ = stolen(world)
    guessed = correction(world, "undo", mint, THIEF, secret=RULES.ledger_keys["k1"])
    assert world.send(guessed).reason == "forged_correction"
    good = correction(world, "undo", mint, THIEF)
    data = msgspec.structs.replace(good.data, account=THERE)
    altered = msgspec.structs.replace(good, data=data)
    assert world.send(altered).reason == "forged_correction"
    other = msgspec.structs.replace(good, subject="clearing:q@1")
    assert world.send(other).reason == "forged_correction"
    assert world.balance(THIEF) == 40_100


def test_a_question_is_not_undone(world: World) -> None:
    world.send(world.transfer(HERE, THERE, 5))
    ask = forged(world.legs[0, 1].popleft(), step="reverse_ask")
    assert world.send(correction(world, "undo", ask)).reason == "no_correction"


def test_coins_of_another_program_are_left_alone(world: World) -> None:
    mint, _ = stolen(world)
    other = name_on(1, 2, 2_000)
    world.send(world.open(other, program="q"))
    world.send(world.earn(other, amount=9, program="q"))
    world.send(correction(world, "undo", mint, other))
    assert world.balance(other) == 9
    assert world.total("missing:p") == -40_000


@pytest.mark.parametrize("opens", [False, True])
def test_a_forged_gift_that_waits_for_a_wallet_is_taken_from_where_it_is(
    world: World, *, opens: bool
) -> None:
    nobody = name_on(1, 2, 3_000)
    world.send(world.transfer(HERE, THERE, 5))
    honest = world.legs[0, 1].popleft()
    lie = forged(honest, nobody, amount=40)
    assert world.send(lie).outcome == "applied"
    if opens:
        world.send(world.open(nobody))
        assert world.balance(nobody) == 40
    world.send(correction(world, "undo", lie, f"waiting:p:{nobody}"))
    world.send(correction(world, "deliver", honest))
    world.drain()
    world.send(world.open(nobody))
    assert [world.balance(name) for name in (nobody, THERE)] == [0, 105]
    assert at_rest(world)
    assert world.total("missing:p") == 0
