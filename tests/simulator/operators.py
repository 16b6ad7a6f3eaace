"""What operators write into the ledger's log, and forgers: keys, rules, corrections, legs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from msgspec.structs import replace

from streams.events import Envelope
from streams.ledger.corrections import sign as sign_correction
from streams.ledger.keys import sign as sign_key
from streams.ledger.legs import sign as sign_leg
from streams.ledger.published import sign as sign_rules
from streams.ledger.rules import Rules
from streams.programs import Operation
from tests.operations.clients import sent
from tests.streams.ledger_world import DAY_US, VERIFICATION, program, rules_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from streams.events import ChangeOfKey, Leg, WalletEvent
    from tests.simulator.plan import Clients

E = TypeVar("E", bound=Envelope)
UNSIGNED = "0" * 64
BY_OPERATOR = {"key": "k1", "signature": UNSIGNED}
LEDGER_KEYS = {"k1": b"simulated", "k2": b"the second", "k3": b"the third"}
RULES = Rules(
    {
        "p": program("p", *get_args(Operation)),
        "q": program("q", *get_args(Operation)),
        "saving": program("saving", "open", "earn"),
        "backed": program("backed", *get_args(Operation)),
        "tiered": program("tiered", *get_args(Operation)),
    },
    window_us=2 * DAY_US,
    tolerance_us=DAY_US // 24,
    ledger_keys=LEDGER_KEYS,
    rules_keys={"k1": b"operator"},
)
# What an operator may have the program p become, by the table and the name of what changes: more
# for a quiz; another check-in; coins that never expire; no red packets; limits by verification.
BECOMES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "quiz": ("earn", "quiz", {"given_max": 11}),
    "check-in": ("earn", "check-in", {"coins": 8}),
    "expiry": ("expiry", "", {}),
    "packets": (
        *("operations", ""),
        {"open": [name for name in get_args(Operation) if name != "packet_send"]},
    ),
    **{f"tier {name}": ("verification", name, {}) for name in VERIFICATION},
}
ROTATION: list[tuple[ChangeOfKey, str]] = [
    *(("introduce", "k2"), ("use", "k2"), ("use", "k2"), ("revoke", "k1")),
]


def forged_leg(clients: Clients) -> Leg:
    """Coins out of nowhere, signed with a guess, or with a stolen key under a high number."""
    random = clients.random
    origin, offset = random.randrange(clients.partitions), clients.count
    step = random.choice(("transfer", "lease", "ack", "declined"))
    subject = clients.wallet()
    if step == "lease":
        subject = f"budget:spring@{random.randrange(clients.partitions)}"
    if step == "ack":
        subject = f"clearing:{clients.programs[0]}@{random.randrange(clients.partitions)}"
    cause = random.choice(clients.events) if clients.events else None
    leg = clients.make(
        "leg",
        program=clients.programs[0],
        step=step,
        payer=clients.wallet(),
        amount=1_000,
        cause=cause.id if cause else "none",
        cause_source=cause.source if cause else "none",
        campaign="spring" if step == "lease" else "",
        partition=origin,
        offset=offset,
        number=0,
        sequence=1_000_000 + clients.count,
        key=random.choice(("k1", "k2", "k9")),
        signature=UNSIGNED,
        head=clients.head(subject) | {"id": f"leg:{origin}:{offset}:0"},
    )
    if random.random() < 0.5 and leg.data.key in LEDGER_KEYS:
        return sign_leg(leg, LEDGER_KEYS[leg.data.key])
    return leg


def signed(clients: Clients, event: E, sign: Callable[[E, bytes], E]) -> E:
    """The event as an operator signs it; now and then it is of another source than was signed."""
    event = sign(event, RULES.rules_keys["k1"])
    return replace(event, source="another") if clients.random.random() < 0.1 else event


@sent(weight=1)
def correction(clients: Clients) -> WalletEvent:
    """Undo a leg that brought nothing, now and then twice, or one that can't be undone."""
    random = clients.random
    leg = forged_leg(clients)
    data = replace(leg.data, step=random.choice(("ack", "ask")), amount=0)
    leg = replace(leg, data=data)
    partition = random.randrange(clients.partitions)
    if clients.undone and random.random() < 0.5:
        leg, partition = random.choice(clients.undone)
    clients.undone.append((leg, partition))
    facts = {"program": data.program, "step": "undo", "leg": leg, **BY_OPERATOR}
    subject = f"clearing:{data.program}@{partition}"
    event = clients.make("correction", **facts, subject=subject)
    return signed(clients, event, sign_correction)


@sent(weight=1)
def key(clients: Clients) -> WalletEvent:
    """Introduce a key that is known, use one that is not; now and then not signed so."""
    random = clients.random
    step, about = random.choice((("introduce", "k1"), ("use", "k9")))
    facts = {"purpose": "ledger", "step": step, "about": about, **BY_OPERATOR}
    subject = f"keys:ledger@{random.randrange(clients.partitions)}"
    return signed(clients, clients.make("key", **facts, subject=subject), sign_key)


def published(changes: dict[str, datetime]) -> str:
    """The rules of the program p, with each of `changes` from its time on."""
    text = rules_text(replace(program("p", *get_args(Operation)), verification=VERIFICATION))
    values = json.loads(text)
    for name in VERIFICATION.keys() - {change.removeprefix("tier ") for change in changes}:
        del values["verification"][name]
    for change, time in changes.items():
        table, name, becomes = BECOMES[change]
        holder, key = (values[table], name) if name else (values, table)
        now, then = holder[key], time.isoformat()
        if table == "verification":
            holder[key] = now | {"from": then}
        else:
            after = [now | becomes | {"from": then}] if becomes else []
            holder[key] = [now | {"until": then}, *after]
    return json.dumps(values)


@sent(weight=1)
def rules(clients: Clients) -> WalletEvent:
    """Publish other rules of the first program; now and then an old event, or not signed so.

    Mostly a change is of a time to come, and stays as it is; some would change the past, and some
    partitions did not hear of the one before.
    """
    random = clients.random
    name = clients.programs[0]
    changes = clients.changes
    if random.random() < 0.6:
        changes.setdefault(random.choice(list(BECOMES)), clients.soon() + 3 * clients.step)
    if random.random() < 0.1:
        changes = changes | {random.choice(list(BECOMES)): clients.soon() - 20 * clients.step}
    facts = {"program": name, "rules": published(changes), **BY_OPERATOR}
    subject = f"rules:{name}@{random.randrange(clients.partitions)}"
    return signed(clients, clients.make("rules", **facts, subject=subject), sign_rules)


OPERATORS = (correction, key, rules)
