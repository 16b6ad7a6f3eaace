"""Records that nobody should send: good ones bent in every way, plain noise, and spoiled legs."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

from msgspec.structs import replace

from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC, Step, encode, partition_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from streams.events import Leg
    from tests.faults.traffic import Sent

TOPICS = (WALLET_TOPIC, CAMPAIGN_TOPIC)
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 10**15, 10**15 + 1, 2**63, -(2**63) - 1, 10**40, 1.5, 1e308),
    *("", " ", "0", "\u0000", "\u202e", "\U0001f4b0", "x" * 200, "x" * 129, "流量" * 30),
    *([], [[]], {}, {"": None}, ["a", 1, None]),
    *("1969-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2200-01-01T00:00:00Z", "2026-03-01"),
    *("liuliangbao", "budget:spring@0", "issuer:liuliangbao@0", "clearing:liuliangbao@1", "w:1"),
    *("flowdrop.wallet.leg", "flowdrop.wallet.earn", "flowdrop.campaign.click", "1.0"),
)


def fuzzed(rng: random.Random, record: Sent, partitions: int) -> Sent:
    """Return a broken record made from a good one."""
    topic, number, key, value = record
    assert value is not None
    bent = rng.choice(WAYS)(rng, value)
    chance = rng.random()
    if chance < 0.05:
        key = rng.choice([None, b"", b"\xff\xfe", b"somebody else", rng.randbytes(40)])
    elif chance < 0.10:
        topic = rng.choice(TOPICS)
    elif chance < 0.15:
        number = rng.randrange(partitions)
    return topic, number, key, bent


# -- ways to bend a value ----------------------------------------------------------------------


def _noise(rng: random.Random, _: bytes) -> bytes:
    return rng.randbytes(rng.choice([1, 2, 16, 255, 4_000]))


def _nothing(rng: random.Random, _: bytes) -> bytes | None:
    return rng.choice([None, b"", b" ", b"\n\n", b"null", b"0", b"[]", b"{}", b'"x"'])


def _flip(rng: random.Random, value: bytes) -> bytes:
    bent = bytearray(value)
    for _ in range(rng.choice([1, 1, 2, 8])):
        bent[rng.randrange(len(bent))] ^= 1 << rng.randrange(8)
    return bytes(bent)


def _cut(rng: random.Random, value: bytes) -> bytes:
    start, end = sorted(rng.sample(range(len(value) + 1), 2))
    return rng.choice([value[:start], value[end:], value[:start] + value[end:]])


def _joined(rng: random.Random, value: bytes) -> bytes:
    return rng.choice([value + value, value + b"}", b" " + value + b"\n", b"[" + value + b"]"])


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (container, key) below `node`."""
    items = node.items() if isinstance(node, dict) else ()
    for key, below in items:
        yield node, key
        yield from _places(below)


def _retyped(rng: random.Random, value: bytes) -> bytes:
    event = json.loads(value)
    for _ in range(rng.choice([1, 1, 3])):
        node, key = rng.choice(list(_places(event)))
        node[key] = copy.deepcopy(rng.choice(ODD))  # the next round may change it
    return _dump(event)


def _renamed(rng: random.Random, value: bytes) -> bytes:
    event = json.loads(value)
    node, key = rng.choice(list(_places(event)))
    content = node.pop(key)
    if rng.random() < 0.7:
        node[rng.choice([key.upper(), f"{key} ", "", "data", "extension", "\u0000"])] = content
    return _dump(event)


def _doubled_field(rng: random.Random, value: bytes) -> bytes:
    event = json.loads(value)
    key = rng.choice(list(event))
    text = json.dumps({key: rng.choice([event[key], *ODD])}, ensure_ascii=False)
    return text.encode()[:-1] + b"," + value[1:]


def _deep(rng: random.Random, value: bytes) -> bytes:
    depth = rng.choice([10, 500, 1_500, 20_000])
    nested = (
        b"[" * depth + b"]" * depth
        if rng.random() < 0.5
        else b'{"a":' * depth + b"1" + b"}" * depth
    )
    return rng.choice([nested, value[:-1] + b',"extension":' + nested + b"}"])


def _huge_number(rng: random.Random, value: bytes) -> bytes:
    digits = str(rng.choice([2**53 + 1, 2**63, 2**64, 10**400, -(10**30)])).encode()
    digits = rng.choice([digits, b"1e400", b"-0", b"1e3", b"0x10", b"NaN", b"Infinity", b"5.0"])
    return value.replace(b'"program"', b'"amount":' + digits + b',"program"', 1)


def _surrogate(rng: random.Random, value: bytes) -> bytes:
    escape = rng.choice([rb"\ud800", rb"\udc00\ud800", rb"\ud83d\ude00", rb"\u0000", rb"\uZZZZ"])
    raw = rng.choice([escape, b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80", b"\xff"])
    return value.replace(b'"faults"', b'"' + raw + b'"', 1)


def _large(rng: random.Random, value: bytes) -> bytes:
    return value[:-1] + b',"note":"' + b"x" * rng.choice([64_000, 66_000, 300_000]) + b'"}'


def _forged_leg(rng: random.Random, value: bytes) -> bytes:
    event = json.loads(value)
    signature = rng.choice(["0" * 64, "f" * 64, "é" * 64, ""])
    data = {
        "program": "liuliangbao",
        "step": rng.choice([*get_args(Step), "mint"]),
        "from": "w:1",
        "amount": rng.choice([1, 10**15, 0]),
        "cause": event["id"],
        "cause_source": event["source"],
        "campaign": rng.choice(["", "spring"]),
        "partition": rng.choice([0, 1, 1023, 10**6, -1, 2**64]),
        "offset": rng.choice([0, 2**52 - 1, 2**63, 2**64]),
        "number": rng.choice([0, 2047, 2048]),
        "signature": signature,
    }
    return _dump(event | {"type": "flowdrop.wallet.leg", "data": data})


def _as_it_is(_: random.Random, value: bytes) -> bytes:
    return value


def _dump(event: Any) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode(errors="surrogatepass")


# -- legs --------------------------------------------------------------------------------------


def copied(rng: random.Random, leg: Leg, partitions: int) -> Sent:
    """Return a leg as it stands in the log, now and then for another partition."""
    home = partition_of(leg.subject, partitions)
    number = home if rng.random() < 0.8 else rng.randrange(partitions)
    return WALLET_TOPIC, number, leg.subject.encode(), encode(leg)


def altered(rng: random.Random, leg: Leg, partitions: int) -> Sent:
    """Return a leg with one field that is not what was signed."""
    data = leg.data
    steps = [step for step in get_args(Step) if step != data.step]
    content, head = rng.choice(
        [
            ({"amount": data.amount + rng.randint(1, 1_000)}, {}),
            ({"payer": f"{data.payer}0"}, {}),
            ({"cause": f"{data.cause}0"}, {}),
            ({"cause_source": f"{data.cause_source}0"}, {}),
            ({"campaign": f"{data.campaign}0"}, {}),
            ({"program": "jd-flow-bank" if data.program == "liuliangbao" else "liuliangbao"}, {}),
            ({"step": rng.choice(steps)}, {}),
            ({"partition": data.partition + 1}, {}),
            ({"offset": data.offset + rng.randint(1, 10_000)}, {}),
            ({"number": data.number + 1}, {}),
            ({"signature": rng.randbytes(32).hex()}, {}),
            ({}, {"subject": f"{leg.subject}0"}),
            ({}, {"id": f"{leg.id}0"}),
            ({}, {"source": f"{leg.source}0"}),
            ({}, {"time": leg.time + timedelta(microseconds=1)}),
        ]
    )
    return copied(rng, replace(leg, **head, data=replace(data, **content)), partitions)


WAYS: tuple[Callable[[random.Random, bytes], bytes | None], ...] = (
    *(_noise, _nothing, _flip, _cut, _joined, _retyped, _renamed, _doubled_field),
    *(_deep, _huge_number, _surrogate, _large, _forged_leg, _as_it_is),
)
