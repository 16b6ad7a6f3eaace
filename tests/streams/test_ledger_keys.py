"""Keys in the log: introduced, used, revoked; legs numbered without gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec
import pytest
from pydantic import SecretStr

from streams.events import (
    DEADLETTER_TOPIC,
    POSTINGS_TOPIC,
    WALLET_TOPIC,
    KeyChange,
    KeyData,
    Leg,
    PacketClaim,
    PacketSend,
    decode_wallet,
    encode,
)
from streams.events.times import microseconds
from streams.kafka.keyrings import keys_in
from streams.layer.batch import Batch
from streams.layer.state import PartitionState
from streams.layer.table import Work
from streams.ledger.accounts import unpack
from streams.ledger.arrivals import STEPS
from streams.ledger.keys import sign as sign_key
from streams.ledger.legs import arrived_from, is_genuine, sign
from streams.ledger.packets import draw
from streams.ledger.results import decode_result
from streams.ledger.terms import keyring_of, packet_of
from streams.ledger.trust import MissingKeyError, fingerprint_of
from streams.worker.agents import fold_batch
from tests import keys
from tests.streams.ledger_world import RULES, World, at, name_on, world_with

if TYPE_CHECKING:
    from streams.ledger.accounts import Account
    from streams.ledger.rules import Rules
    from streams.ledger.turn import Turn

HERE, THERE = name_on(0, 2), name_on(1, 2)
SECRETS = RULES.ledger_keys


def key_change(
    world: World, step: str, about: str, partition: int, *, purpose: str = "ledger", key: str = "k1"
) -> KeyChange:
    secrets = RULES.ledger_keys if purpose == "ledger" else world.rules.rules_keys
    fingerprint = fingerprint_of(secrets[about]) if step == "introduce" else ""
    facts = {"purpose": purpose, "step": step, "about": about, "fingerprint": fingerprint}
    data = KeyData(**facts, key=key, signature="0" * 64)  # type: ignore[arg-type]
    event = KeyChange(**world.head(f"keys:{purpose}@{partition}", None, None), data=data)
    return sign_key(event, world.rules.rules_keys[key])


def change(world: World, step: str, about: str, **how: Any) -> list[str]:
    """Change a key on every partition; return why each refused, '' where it did not."""
    return [
        world.send(key_change(world, step, about, number, **how)).reason
        for number in range(len(world.shards))
    ]


@pytest.fixture
def world() -> World:
    return world_with(HERE, THERE, coins=1_000, partitions=2)


def gift(world: World, amount: int = 5) -> Leg:
    """The leg of a gift, which is on its way."""
    world.send(world.transfer(HERE, THERE, amount))
    return world.legs[0, 1][-1]


def forged(leg: Leg, key: str = "k1", **changes: Any) -> Leg:
    data = msgspec.structs.replace(leg.data, key=key, **changes)
    return sign(msgspec.structs.replace(leg, data=data), SECRETS[key])


# -- keys ------------------------------------------------------------------------------------------


def test_a_rotation_refuses_nothing_that_is_on_its_way(world: World) -> None:
    old = gift(world)
    assert change(world, "introduce", "k2") == ["", ""]
    still = gift(world)
    assert change(world, "use", "k2") == ["", ""]
    new = gift(world)
    assert [leg.data.key for leg in (old, still, new)] == ["k1", "k1", "k2"]
    assert is_genuine(new, SECRETS["k2"])
    assert {outcome.outcome for outcome in world.drain()} == {"applied"}
    assert change(world, "revoke", "k1") == ["", ""]
    gift(world)
    assert {outcome.outcome for outcome in world.drain()} == {"applied"}
    assert world.balance(THERE) == 1_020
    assert world.total("clearing:p") == 0


def test_what_a_revoked_key_signs_is_refused_and_what_it_signed_stays(world: World) -> None:
    gift(world)
    world.drain()
    change(world, "introduce", "k2")
    change(world, "use", "k2")
    leg = gift(world)
    stolen = forged(leg, amount=500)
    change(world, "revoke", "k1")
    assert world.send(stolen, partition=1).reason == "revoked_key"
    assert world.send(forged(leg, sequence=7), partition=1).reason == "revoked_key"
    assert change(world, "use", "k1") == ["revoked_key"] * 2
    assert change(world, "introduce", "k1") == ["revoked_key"] * 2
    world.drain()
    assert world.balance(THERE) == 1_010


def test_each_partition_goes_by_its_own_log(world: World) -> None:
    assert world.send(key_change(world, "introduce", "k2", 1)).outcome == "applied"
    assert world.send(key_change(world, "use", "k2", 0)).reason == "unknown_key"
    assert world.get("keys:ledger@0") is None
    ring = world.get("keys:ledger@1")
    assert ring is not None
    assert list(keyring_of(ring.terms).trusted) == ["k1", "k2"]


def test_a_key_is_known_only_from_its_introduction_on(world: World) -> None:
    leg = gift(world)
    assert world.send(forged(leg, "k2"), partition=1).reason == "unknown_key"
    assert change(world, "use", "k2") == ["unknown_key"] * 2
    assert change(world, "revoke", "k2") == ["unknown_key"] * 2
    change(world, "introduce", "k2")
    assert world.send(forged(leg, "k2"), partition=1).outcome == "applied"


def test_an_operators_key_rotates_in_the_same_way() -> None:
    rules = msgspec.structs.replace(RULES, rules_keys=keys.RULES | {"k2": b"\x44" * 32})
    world = World(2, rules)
    unknown = key_change(world, "introduce", "k2", 0, key="k2")
    assert world.send(unknown).reason == "unknown_key"
    assert change(world, "introduce", "k2", purpose="rules") == ["", ""]
    assert change(world, "use", "k2", purpose="rules") == ["", ""]
    assert change(world, "revoke", "k1", purpose="rules", key="k2") == ["", ""]
    assert change(world, "introduce", "k2", key="k1") == ["revoked_key"] * 2
    assert change(world, "introduce", "k2", key="k2") == ["", ""]


def test_a_leg_does_not_introduce_a_key_and_an_altered_event_neither(world: World) -> None:
    event = key_change(world, "introduce", "k2", 0)
    for field, value in (("about", "k9"), ("step", "use"), ("fingerprint", "f" * 16)):
        data = msgspec.structs.replace(event.data, **{field: value})
        altered = msgspec.structs.replace(event, data=data)
        assert world.send(altered).reason == "forged_key", field
    elsewhere = msgspec.structs.replace(event, subject="keys:ledger@1")
    assert world.send(elsewhere).reason == "forged_key"
    assert world.send(event).outcome == "applied"
    assert world.send(event).reason == "known_key"


def draws(*, rotate: bool) -> list[int]:
    names = [name_on(0, 2, start) for start in range(0, 400, 40)]
    world = world_with(*dict.fromkeys(names), coins=1_000, partitions=2)
    until = at(1)
    facts = {"packet": "packet:x@0", "amount": 300, "claims": 6, "mode": "lucky", "expires": until}
    assert world.send(world.make(PacketSend, names[0], **facts)).outcome == "applied"
    drawn = []
    for number, name in enumerate(list(dict.fromkeys(names))[:6]):
        if rotate and number == 2:
            change(world, "introduce", "k2")
            change(world, "use", "k2")
            change(world, "revoke", "k1")
        claim = world.send(world.make(PacketClaim, "packet:x@0", claimer=name))
        drawn.append(claim.result.amount)
    return drawn


def test_a_packet_is_drawn_from_with_the_key_that_it_was_sent_under() -> None:
    assert draws(rotate=True) == draws(rotate=False)
    assert sum(draws(rotate=True)) == 300


def test_a_packet_sent_later_is_drawn_from_with_the_new_key() -> None:
    world = world_with(HERE, coins=1_000, partitions=2)
    change(world, "introduce", "k2")
    change(world, "use", "k2")
    facts = {"amount": 300, "claims": 6, "mode": "lucky", "expires": at(1)}
    world.send(world.make(PacketSend, HERE, packet="packet:x@0", **facts))
    packet = world.get("packet:x@0")
    assert packet is not None
    terms = packet_of(packet.terms)
    drawn = world.send(world.make(PacketClaim, "packet:x@0", claimer=HERE)).result.amount
    assert drawn == draw("packet:x@0", terms, 300, SECRETS["k2"])


# -- numbers ---------------------------------------------------------------------------------------


def test_a_leg_that_skips_ahead_moves_nothing_and_hinders_none(world: World) -> None:
    leg = gift(world)
    for ahead in (1, 2, 2**40):
        high = forged(leg, sequence=leg.data.sequence + ahead, amount=500)
        assert world.send(high, partition=1).reason == "leg_gap"
    gift(world)
    assert [outcome.outcome for outcome in world.drain()] == ["applied"] * 4
    assert world.balance(THERE) == 1_010


def test_legs_are_numbered_for_each_way_and_program_from_one(world: World) -> None:
    first, second = gift(world), gift(world)
    world.drain()
    back = world.send(world.transfer(THERE, HERE, 1)).legs[0]
    assert [leg.data.sequence for leg in (first, second)] == [1, 2]
    assert back.data.sequence == 3, "after two acks"
    clearing = world.get("clearing:p@1")
    assert clearing is not None
    assert arrived_from(clearing.terms, 0) == 2


# -- what a worker does ----------------------------------------------------------------------------


def fold(
    state: PartitionState, *values: bytes, rules: Rules = RULES, start: int = 0
) -> list[tuple[str, str]]:
    """Fold records as a worker would; return how each ended, dead letters as what they are."""
    offsets = list(range(start, start + len(values)))
    subjects = [decode_wallet(value).subject.encode() for value in values]
    end, headers = start + len(values), [[] for _ in values]
    times = [microseconds(at(0)) // 1000] * len(values)
    found = (WALLET_TOPIC, state.number, start, end, subjects, list(values), offsets, times)
    fold_batch(Work(Batch(*found, headers, 0), state), rules, 2)
    pending = state.take()
    state.settle()
    told = list(map(decode_result, pending.values_to(POSTINGS_TOPIC)))
    letters = [("deadletter", "") for _ in pending.records_to(DEADLETTER_TOPIC)]
    return [(result.outcome, result.reason) for result in told] + letters


def legs_of(count: int) -> list[bytes]:
    world = world_with(HERE, coins=1_000, partitions=2)
    return [encode(gift(world, 5 + number)) for number in range(count)]


def test_a_leg_whose_fold_fails_is_passed_over_and_comes_once_when_it_is_mended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = PartitionState(1)
    opened = encode(World(2).open(THERE))
    first, second, third = legs_of(3)
    money = STEPS["transfer"]

    def spoiled(turn: Turn, leg: Leg, clearing: Account) -> str:
        return str(1 / 0) if leg.data.amount == 6 else money(turn, leg, clearing)

    with monkeypatch.context() as patch:
        patch.setitem(STEPS, "transfer", spoiled)
        assert fold(state, opened, first, second, third) == [
            *[("applied", "")] * 3,
            ("deadletter", ""),
        ]
        assert fold(state, second, start=4) == [("deadletter", "")], "not mended yet"
    assert fold(state, second, start=5) == [("applied", "")]
    assert fold(state, second, third, start=6) == [("refused", "repeated_leg")] * 2
    assert unpack(THERE, state.committed[THERE.encode()]).posted == 5 + 6 + 7


def test_a_log_that_names_a_key_which_the_settings_lack_is_not_folded_on() -> None:
    world = World(2)
    event = encode(key_change(world, "introduce", "k2", 1))
    opened = encode(world.open(THERE))
    for secrets, words in (
        (keys.LEDGER, "names the key k2, which the setting ledger_keys lacks"),
        (keys.LEDGER | {"k2": b"another"}, "a different key k2 from the one the log names"),
    ):
        state = PartitionState(1)
        with pytest.raises(MissingKeyError, match=words):
            fold(state, opened, event, rules=msgspec.structs.replace(RULES, ledger_keys=secrets))
        assert state.committed == {}
    state = PartitionState(1)
    assert fold(state, opened, event) == [("applied", "")] * 2


def test_a_ledger_goes_on_with_no_other_first_key() -> None:
    state = PartitionState(1)
    fold(state, encode(World(2).open(THERE)))
    other = msgspec.structs.replace(RULES, ledger_keys={"k1": b"another"})
    before = dict(state.committed)
    with pytest.raises(MissingKeyError, match="written with a different key k1"):
        fold(state, rules=other, start=1)
    assert state.committed == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is none"),
        ("development-only", "64 hexadecimal digits"),
        ("k1:development-only", "64 hexadecimal digits"),
        ("k1:" + "1" * 63, "64 hexadecimal digits"),
        ("k2:" + "1" * 64, "the key k1, with which every log begins, is missing"),
        ("k1:" + "1" * 64 + ",k1:" + "2" * 64, "no id twice"),
    ],
)
def test_no_default_passes_for_a_key(text: str, words: str) -> None:
    with pytest.raises(click.ClickException, match=words) as refused:
        keys_in(SecretStr(text), "ledger_keys")
    assert "1111" not in str(refused.value)


def test_keys_are_read_in_their_order() -> None:
    text = f"k1:{'1' * 64},k2:{'2' * 64}"
    assert list(keys_in(SecretStr(text), "ledger_keys")) == ["k1", "k2"]
