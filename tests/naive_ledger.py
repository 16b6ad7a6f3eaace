"""The naive ledger: the rules of docs/ledger.md told a second time, in the plainest way.

One `Judge` keeps the books of one partition in plain dictionaries. It is fed the partition's log in
Kafka's order and says of each record what must have come of it. Written for reading, not for speed,
and apart from `streams/ledger/`: it shares no code with what it judges but the events' structs and
the rule that says which partition owns an account.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec
from xxhash import xxh3_64_digest, xxh3_64_hexdigest

from streams.events import decode_wallet, partition_of
from streams.programs.canonical import program_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COINS_MAX = 10**15
REMEMBERED_MAX = 256
HOLDS_MAX = 16
GIFTS_MAX = 64
WAITING = timedelta(days=30)
RECORD_BYTES_MAX = 65_536
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

RESERVED = (
    *("issuer", "budget", "packet", "carrier", "clearing", "suspense", "claim"),
    *("merchant", "order", "partner", "share", "deposit", "fees", "reward", "rules"),
    *("reserve", "backing", "bounced", "waiting", "keys", "aside", "undone", "missing"),
)
NEVER_BELOW_ZERO = (
    *("wallet", "packet", "budget", "carrier", "suspense", "claim"),
    *("merchant", "order", "share", "deposit", "fees", "reward", "rules"),
    *("reserve", "bounced", "waiting", "keys", "aside", "undone"),
)
FORGET_AT_ONCE = ("wrong_partition", "conflict", "in_the_future", "too_old", "forgotten")
SOURCES_MAX = 16  # that may use one id for orders, shares or rewarded conversions
FREE_TEXT = ("message", "reason")
MONEY_LEGS = ("transfer", "claim", "lease", "return", "grant", "reversal", "bounce", "unclaimed")

# What of a program judges events, and what of each of its tables does not.
JUDGING = (
    *("operations", "calendar", "earn", "carriers", "catalogue", "partners", "deposits"),
    *("rewards", "redemption", "expiry", "reserve", "verification"),
)
ONLY_SAID = ("title", "source", "assumption", "since", "until", "who")

encode_content = msgspec.msgpack.Encoder().encode


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The event is refused; the reason's name is the argument."""


class Verdict:
    """What must have come of one record.

    Attributes:
        outcome: applied, asked, refused, repeat, forwarded, or set_aside (to the dead letters).
        reason: the refusal's name; of a repeat, that of the first time.
        postings: (account, kind, amount, balance, version, pending), balances as they are after.
        legs: what must have been appended to other logs, as plain dictionaries.
        amount: the coins it is about: those posted, held or freed, or else those asked for.
        step: of a leg, what it is for.
        cause: the id of the event that began it, where that is another.
        cause_source: that event's source, as far as it is given or known.
        campaign: whose coins they are.
        sharer: who passed on what was drawn from.
        network: of the number that a redemption's data goes to, where it is not the carrier's.
        mb: megabytes that a redemption buys; 0 when the rules have no price a megabyte.
    """

    __slots__ = (
        *("amount", "campaign", "cause", "cause_source", "legs", "mb", "network", "outcome"),
        *("postings", "reason", "sharer", "step"),
    )

    def __init__(self, outcome: str, reason: str = "") -> None:
        self.outcome = outcome
        self.reason = reason
        self.postings: list[tuple[str, str, int, int, int, int]] = []
        self.legs: list[dict[str, Any]] = []
        self.amount = 0
        self.step = ""
        self.cause = ""
        self.cause_source = ""
        self.campaign = ""
        self.sharer = ""
        self.network = ""
        self.mb = 0


def microseconds(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def kind_of(name: str) -> str:
    prefix, colon, _ = name.partition(":")
    return prefix if colon and prefix in RESERVED else "wallet"


def bare(value: Any) -> Any:
    """A table, or tables by name, or a list of them, without what no event is judged by."""
    if isinstance(value, msgspec.Struct):
        fields = [field for field in value.__struct_fields__ if field not in ONLY_SAID]
        return [(field, bare(getattr(value, field))) for field in fields]
    if isinstance(value, dict):
        return {name: bare(one) for name, one in value.items()}
    return [bare(one) for one in value] if isinstance(value, tuple) else value


def step_of(event: Any) -> str:
    """The last word of an event's type: `earn` of `flowdrop.wallet.earn`."""
    return str(event.__struct_config__.tag).rpartition(".")[2]


UTF_8 = {"utf-8", "utf8", "us-ascii"}


def read(key: bytes | None, value: bytes | None) -> Any:
    """The event of a record, None when it is none."""
    if value is None or len(value) > RECORD_BYTES_MAX:
        return None
    try:
        event = decode_wallet(as_meant(value))
        value.decode()
        if says_twice(value):
            return None
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if key != event.subject.encode() or not 1970 <= event.time.year <= 2199:
        return None
    return None if has_odd_name(event) else event


def as_meant(value: bytes) -> bytes:
    """The record with the media type that it means, however that is spelled."""
    content = json.loads(value)
    told = content.get("datacontenttype") if isinstance(content, dict) else None
    if not isinstance(told, str) or told == "application/json":
        return value
    media = Message()
    media["Content-Type"] = told
    kind = media.get_content_type()
    charset = re.search(r';\s*charset\s*=\s*"?([^";\s]*)', told.lower())
    is_utf_8 = charset is None or charset[1] in UTF_8
    if not re.fullmatch(r"(application|text)/(.+\+)?json", kind) or not is_utf_8:
        return value
    content["datacontenttype"] = "application/json"
    return json.dumps(content, ensure_ascii=False).encode()


def says_twice(value: bytes) -> bool:
    """Whether any object of the JSON has a key twice."""
    repeats: list[bool] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        repeats.append(len({name for name, _ in pairs}) < len(pairs))
        return {}

    json.loads(value, object_pairs_hook=look)
    return any(repeats)


def has_odd_name(event: Any) -> bool:
    """Whether a name holds what nobody sees, or begins or ends with a blank."""
    names = [event.id, event.source, event.subject]
    names += [getattr(event.data, f) for f in event.data.__struct_fields__ if f not in FREE_TEXT]
    return any(isinstance(name, str) and is_odd(name) for name in names)


def is_odd(name: str) -> bool:
    kinds = {unicodedata.category(character) for character in name}
    blanks = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
    if kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"} or blanks & set(name) or name != name.strip():
        return True
    selectors = ("VARIATION SELECTOR", "MONGOLIAN FREE VARIATION", "MONGOLIAN VOWEL SEPARATOR")
    return any(
        unicodedata.name(character, "").startswith(selectors)
        or ord(character) & 0xFFFE == 0xFFFE
        or 0xFDD0 <= ord(character) <= 0xFDEF
        for character in name
    )


def signature_of(event: Any, secret: bytes) -> str:
    """HMAC-SHA256 in hexadecimal over everything in an event but the signature."""
    data = event.data
    content = (
        *(event.id, event.source, event.time, event.subject),
        *(getattr(data, field) for field in data.__struct_fields__ if field != "signature"),
    )
    return hmac.new(secret, encode_content(content), hashlib.sha256).hexdigest()


class Judge:
    """The books of one partition.

    Args:
        number: the partition.
        of: how many partitions there are.
        programs: the programs by name.
        window_us: how much older than the partition's clock an event may be, microseconds.
        tolerance_us: how far an event's time may be after its arrival, microseconds.
        ledger_keys: by id, the keys of the legs' signatures and the lucky draws.
        rules_keys: by id, the keys with which operators sign.
    """

    def __init__(
        self,
        number: int,
        of: int,
        programs: Mapping[str, Any],
        *,
        window_us: int,
        tolerance_us: int,
        ledger_keys: Mapping[str, bytes],
        rules_keys: Mapping[str, bytes],
    ) -> None:
        self.number = number
        self.of = of
        self.programs = programs
        self.window_us = window_us
        self.tolerance_us = tolerance_us
        self.keys = {"ledger": ledger_keys, "rules": rules_keys}
        self.trusted = {"ledger": ["k1"], "rules": ["k1"]}
        self.revoked: dict[str, list[str]] = {"ledger": [], "rules": []}
        self.signs = {"ledger": "k1", "rules": "k1"}
        self.clock_us = 0
        self.published: dict[str, tuple[datetime, Any]] = {}  # when, and the program
        self.accounts: dict[str, dict[str, Any]] = {}
        self.verdict = Verdict("")  # of the record under judgement
        self.event: Any = None
        self.offset = 0
        self.cause = ("", "")  # source and id of what legs are of
        self.asker = ""  # of an answer: hash of the event that asked
        self.counts = False  # whether the event under judgement counts against a limit

    # -- one record --------------------------------------------------------------------------

    def judge(
        self, offset: int, key: bytes | None, value: bytes | None, arrived_us: int
    ) -> Verdict:
        """Say what must come of the record at `offset`, and keep the books accordingly."""
        event = read(key, value)
        if event is None:
            return Verdict("set_aside")
        self.verdict = Verdict("applied")
        self.event = event
        self.offset = offset
        self.cause = (event.source, event.id)
        self.asker, self.counts = "", False
        try:
            if step_of(event) == "leg":
                self.receive(event)
            elif step_of(event) == "rules":
                self.take_rules(event)
            elif step_of(event) == "key":
                self.change_key(event)
            elif step_of(event) == "correction":
                self.correct(event)
            else:
                self.consider(event, arrived_us)
        except Refused as refusal:
            self.verdict.outcome, self.verdict.reason = "refused", str(refusal)
        if self.verdict.reason == "wrong_partition":
            self.verdict.outcome, self.verdict.reason = "forwarded", ""
        self.tell_facts(event)
        return self.verdict

    def tell_facts(self, event: Any) -> None:
        """What a result says besides, for whoever reads it without the event."""
        verdict, data = self.verdict, event.data
        moved = [abs(posting[2]) for posting in verdict.postings if posting[2]]
        verdict.amount = moved[0] if moved else verdict.amount or getattr(data, "amount", None) or 0
        verdict.step = getattr(data, "step", "")
        original = getattr(data, "original", None)
        if original is not None:
            verdict.cause, verdict.cause_source = original.id, original.source
            verdict.campaign = getattr(original.data, "campaign", "")
        if step_of(event) == "correction":
            verdict.cause, verdict.cause_source = data.leg.id, data.leg.source
        for field in ("redemption", "order", "share", "conversion", "cause"):
            verdict.cause = getattr(data, field, None) or verdict.cause
            source = getattr(data, f"{field}_source", None)
            verdict.cause_source = source or verdict.cause_source
        verdict.campaign = getattr(data, "campaign", None) or verdict.campaign
        verdict.sharer = getattr(data, "sharer", verdict.sharer)
        if step_of(event) == "reward":
            verdict.sharer = data.to or ""
        verdict.network = getattr(getattr(original, "data", data), "network", None) or ""

    def is_elsewhere(self, name: str) -> bool:
        return name not in self.accounts and partition_of(name, self.of) != self.number

    def memory_of(self, event: Any, operation: str) -> str:
        """The account that remembers an event: its subject, or one of its own."""
        if operation == "packet_claim":
            return f"claim:{event.subject}:{event.data.claimer}"
        if operation == "packet_share":
            return f"share:{event.subject}:{event.id}"
        if operation == "waiting_return":
            return self.waiting(event.subject, event.data.program)
        return str(event.subject)

    def consider(self, event: Any, arrived_us: int) -> None:
        """An event of a client."""
        if self.is_elsewhere(event.subject):
            raise Refused("wrong_partition")
        operation = step_of(event)
        memory = self.memory_of(event, operation)
        seen = self.remembered(memory, (event.source, event.id))
        if seen is not None:
            if seen["event"] != event:
                raise Refused("conflict")
            self.verdict.outcome, self.verdict.reason = "repeat", seen["reason"]
            return
        time_us, horizon_us = microseconds(event.time), self.clock_us - self.window_us
        latest_us = arrived_us + self.tolerance_us
        entry = {
            "names": (event.source, event.id),
            "event": event,
            "time_us": time_us,
            "reason": "",
            "fate": "",  # of an applied event: reversed, released, reversing, or unanswered
            "gave": 0,  # coins, where the rules said how many
            "counts": False,
        }
        try:
            self.check_time(memory, time_us, horizon_us, latest_us)
            self.check_program(event, operation)
            self.verdict.outcome = getattr(self, operation)(event) or "applied"
        except Refused as refusal:
            entry["reason"] = str(refusal)
            beside = operation in {"packet_claim", "packet_share", "waiting_return"}
            if entry["reason"] not in FORGET_AT_ONCE and not beside:
                self.remember(memory, entry, horizon_us)
            raise
        if operation == "packet_claim":
            self.account(memory, event.data.program)
        entry["counts"] = self.counts
        if self.verdict.outcome == "asked":
            entry["fate"] = "unanswered"
        if operation == "earn" and event.data.amount is None:
            entry["gave"] = self.coins_earned(event)
        self.remember(memory, entry, horizon_us)
        self.clock_us = max(self.clock_us, time_us)

    def check_time(self, memory: str, time_us: int, horizon_us: int, latest_us: int) -> None:
        if time_us > latest_us:
            raise Refused("in_the_future")
        if time_us < horizon_us:
            raise Refused("too_old")
        account = self.accounts.get(memory)
        if account is not None and time_us <= account["forgotten_us"]:
            raise Refused("forgotten")

    def check_program(self, event: Any, operation: str) -> None:
        if event.data.program not in self.programs | self.published.keys():
            raise Refused("unknown_program")
        program = self.rules_of(event)
        if operation not in program.operations.open:
            raise Refused("operation_closed")

    def take_rules(self, event: Any) -> None:
        """Judge by a program's published rules from now on."""
        data = event.data
        self.check_key("rules", data.key)
        if data.signature != signature_of(event, self.keys["rules"][data.key]):
            raise Refused("forged_rules")
        if event.subject != f"rules:{data.program}@{self.number}":
            raise Refused("wrong_partition" if self.is_elsewhere(event.subject) else "forged_rules")
        if data.program in self.published and event.time <= self.published[data.program][0]:
            raise Refused("stale_rules")
        program = program_of(data.program, data.rules)
        if data.program in self.published:
            self.check_the_past(self.published[data.program][1], program, event.time)
        self.published[data.program] = (event.time, program)
        self.account(event.subject, data.program)

    def check_the_past(self, old: Any, new: Any, now: datetime) -> None:
        """Whether every moment before `now` has the rules it had."""
        changes = sorted({from_us for one in (old, new) for from_us, _ in one.later})
        for moment_us in [-(10**18), *(us for us in changes if us < microseconds(now))]:
            periods = []
            for program in (old, new):
                in_force = program
                for from_us, later in program.later:
                    if moment_us >= from_us:
                        in_force = later
                periods.append([bare(getattr(in_force, name)) for name in JUDGING])
            if periods[0] != periods[1]:
                raise Refused("changes_the_past")

    def check_key(self, purpose: str, key: str) -> None:
        if key in self.revoked[purpose]:
            raise Refused("revoked_key")
        if key not in self.trusted[purpose]:
            raise Refused("unknown_key")

    def change_key(self, event: Any) -> None:
        """A key is good from here on, or signs from here on, or is good no longer."""
        data = event.data
        self.check_key("rules", data.key)
        if data.signature != signature_of(event, self.keys["rules"][data.key]):
            raise Refused("forged_key")
        if event.subject != f"keys:{data.purpose}@{self.number}":
            raise Refused("wrong_partition" if self.is_elsewhere(event.subject) else "forged_key")
        known = data.about in self.trusted[data.purpose] + self.revoked[data.purpose]
        if data.step == "introduce":
            if data.about in self.revoked[data.purpose]:
                raise Refused("revoked_key")
            if known:
                raise Refused("known_key")
            self.trusted[data.purpose].append(data.about)
        else:
            self.check_key(data.purpose, data.about)
            if self.signs[data.purpose] == data.about:
                raise Refused("key_in_use")
            if data.step == "use":
                self.signs[data.purpose] = data.about
            else:
                self.trusted[data.purpose].remove(data.about)
                self.revoked[data.purpose].append(data.about)
        self.account(event.subject, "")

    def correct(self, event: Any) -> None:
        """A forged leg is undone, or one that was refused for it is delivered."""
        data, leg, program = event.data, event.data.leg, event.data.program
        self.check_key("rules", data.key)
        if data.signature != signature_of(event, self.keys["rules"][data.key]):
            raise Refused("forged_correction")
        clearing = self.clearing(program)
        if event.subject != clearing:
            elsewhere = self.is_elsewhere(event.subject)
            raise Refused("wrong_partition" if elsewhere else "forged_correction")
        if leg.data.program != program:
            raise Refused("forged_correction")
        self.cause = (leg.data.cause_source, leg.data.cause)
        if data.step == "deliver":
            memory = f"aside:{leg.data.partition}:{leg.data.sequence}:{program}@{self.number}"
            if self.accounts.get(memory, {}).get("state") == "closed":
                raise Refused("repeated_correction")
            self.account(memory, program)["state"] = "closed"
            if leg.data.step in {"ack", "unack"}:
                self.verdict.amount = leg.data.amount
            getattr(self, "leg_" + leg.data.step)(leg)
        else:
            self.undo_leg(leg, clearing, data.account)

    def undo_leg(self, leg: Any, clearing: str, payee: str) -> None:
        """Take back what a forged leg brought, as far as it is there."""
        step, amount, program = leg.data.step, leg.data.amount, leg.data.program
        if step not in {*MONEY_LEGS, "ack", "unack"}:
            raise Refused("no_correction")
        memory = f"undone:{xxh3_64_hexdigest(leg.data.signature.encode())}@{self.number}"
        if memory in self.accounts:
            raise Refused("repeated_correction")
        self.account(memory, program)
        if step in {"ack", "unack"}:
            self.post(clearing, program, 0, amount if step == "ack" else -amount)
            self.verdict.amount = amount
            return
        if kind_of(payee) == "waiting":
            gifts = self.accounts.get(self.waiting(leg.subject, program), {"gifts": []})["gifts"]
            named = (leg.data.payer, (leg.data.cause_source, leg.data.cause))
            its = [gift for gift in gifts if (gift["payer"], gift["names"]) == named]
            for gift in its:
                gifts.remove(gift)
            payee = self.waiting(leg.subject, program) if its else leg.subject
        found = self.accounts.get(payee)
        there = 0
        if found is not None and found["program"] == program and payee != clearing:
            there = min(amount, max(0, found["posted"] - found["pending"]))
        held = amount if step == "bounce" else 0
        for name, coins in ((payee, there), (f"missing:{program}@{self.number}", amount - there)):
            if coins:
                self.post(name, program, -coins)
                self.post(clearing, program, coins, held)
                held = 0
        if step != "bounce" and amount:
            origin = f"clearing:{program}@{leg.data.partition}"
            self.send(leg, "unack", origin, clearing, amount)

    def rules_of(self, event: Any) -> Any:
        """The program as it was at the event's own time."""
        name = event.data.program
        program = found = self.published[name][1] if name in self.published else self.programs[name]
        for from_us, later in program.later:
            if microseconds(event.time) >= from_us:
                found = later
        return found

    # -- memory ------------------------------------------------------------------------------

    def remembered(self, name: str, names: tuple[str, str]) -> dict[str, Any] | None:
        """What an account remembers of the event of that source and id."""
        account = self.accounts.get(name)
        if account is not None:
            for entry in account["remembered"]:
                if entry["names"] == names:
                    return entry
        return None

    def remember(self, name: str, entry: dict[str, Any], horizon_us: int) -> None:
        """Remember an event; what is before the window goes from the front, or the first of 256.

        One that gave so many coins that 15 bits do not hold them takes two places.
        """
        account = self.accounts.get(name)
        if account is None:
            return
        entries = account["remembered"]
        while entries and entries[0]["time_us"] < horizon_us:
            entries.pop(0)
        places = [entry]
        if entry["gave"] * 2 + entry["counts"] >= 2**16 - 1:
            places.append({"names": None, "reason": "", "time_us": entry["time_us"]})
        while len(entries) + len(places) > REMEMBERED_MAX:
            first = entries.pop(0)
            if first["reason"] == "":
                account["forgotten_us"] = max(account["forgotten_us"], first["time_us"])
        entries += places

    # -- the books ---------------------------------------------------------------------------

    def account(self, name: str, program: str) -> dict[str, Any]:
        """The account `name`, made if there is none."""
        if name not in self.accounts:
            self.accounts[name] = {
                "kind": kind_of(name),
                "program": program,
                "posted": 0,
                "pending": 0,
                "version": 0,
                "state": "open",
                "remembered": [],
                "forgotten_us": 0,
                "arrived": {},  # clearing: how many legs have come from each origin
                "sent": {},  # clearing: how many legs have gone to each partition
                "earned": {},  # wallet: coins by activity with a limit, and by (activity, day)
                "tier": "none",  # wallet: how well its owner is known
                "spent": {},  # wallet of a program whose tiers bind: coins that left, by day
                "holds": {},  # wallet: redemptions not yet settled, by source and id
                "orders": {},  # wallet: orders not yet delivered, by source and id
                "delivered": {},  # order: of its id by source: merchant, amount, refunded
                "packet": {},  # packet: sender, mode, left, made, expires_us, campaign, group, code
                "until_us": 0,  # deposit: when its term is over
                "charged": (0, 0),  # deposit: (year, month) after which custody fees are due
                "gifts": [],  # waiting: payer ("" for one's own), names, amount, time, campaign
                "shares": {},  # share of a packet: of its id by source: sharer
                "rewarded": [],  # reward: sources of the conversions of its id, "" for none given
                "leased": False,  # budget shard, issuer: has a reserve behind it
                "asked": False,  # budget shard: waits for a lease
                "dry": False,  # budget shard: the reserve had nothing left
                "chunk": 0,  # budget shard: the last lease
            }
        return self.accounts[name]

    def available(self, name: str) -> int:
        account = self.accounts.get(name)
        return 0 if account is None else int(account["posted"] - account["pending"])

    def post(self, name: str, program: str, amount: int, held: int = 0) -> None:
        """Add `amount` coins to an account, and `held` to what of them is pending."""
        account = self.account(name, program)
        account["posted"] += amount
        account["pending"] += held
        account["version"] += 1
        self.verdict.postings.append(
            (
                *(name, account["kind"], amount),
                *(account["posted"], account["version"], account["pending"]),
            )
        )

    def pay(
        self,
        payer: str,
        payee: str,
        program: str,
        amount: int,
        *,
        payer_held: int = 0,
        payee_held: int = 0,
    ) -> None:
        """Move coins, or refuse before anything is moved."""
        paid = self.accounts.get(payee, {"posted": 0})["posted"] + amount
        left = self.accounts.get(payer, {"posted": 0})["posted"] - amount
        if paid > COINS_MAX or left < -COINS_MAX:
            raise Refused("balance_limit")
        self.post(payer, program, -amount, payer_held)
        self.post(payee, program, amount, payee_held)

    def send_money(
        self, event: Any, step: str, payer: str, to: str, amount: int, campaign: str = ""
    ) -> None:
        """Coins sent by a leg: they wait on the clearing account until acknowledged."""
        program = event.data.program
        self.post(payer, program, -amount)
        self.post(self.clearing(program), program, amount, amount)
        name = payer.split(":", 2)[2] if kind_of(payer) == "waiting" else payer
        self.send(event, step, to, name, amount, campaign)

    def give(self, payer: str, to: str, program: str, amount: int, held: int = 0) -> None:
        """Coins that come back to `to`: a wallet that can't take them has them wait, beside it."""
        takes = self.budget_takes if kind_of(to) == "budget" else self.takes
        self.post(payer, program, -amount, held)
        if takes(to, program, amount):
            self.post(to, program, amount)
        elif kind_of(to) == "wallet":
            self.post(self.waiting(to, program), program, amount)
            gifts = self.accounts[self.waiting(to, program)]["gifts"]
            own = [gift for gift in gifts if gift["payer"] == ""]
            if own:
                own[0]["amount"] += amount
            else:
                gifts.append(self.gift("", ("", ""), amount))
        else:
            self.post(self.suspense(program), program, amount)

    def gift(
        self, payer: str, names: tuple[str, str], amount: int, campaign: str = ""
    ) -> dict[str, Any]:
        """Coins that wait, from now on."""
        return {
            "payer": payer,
            "names": names,
            "amount": amount,
            "time_us": microseconds(self.event.time),
            "campaign": campaign,
        }

    def waiting(self, name: str, program: str) -> str:
        return f"waiting:{program}:{name}"

    def takes(self, name: str, program: str, amount: int = 0) -> bool:
        """Whether coins that others send may be credited to the wallet `name`."""
        account = self.accounts.get(name)
        return (
            account is not None
            and account["kind"] == "wallet"
            and account["state"] != "closed"
            and account["program"] == program
            and account["posted"] + amount <= COINS_MAX
        )

    def wallet(self, event: Any, *states: str) -> dict[str, Any]:
        """The subject's account if it is a wallet of the program in one of `states` (open)."""
        if kind_of(event.subject) != "wallet":
            raise Refused("reserved_name")
        account = self.known(event)
        if account["state"] not in (states or ("open",)):
            raise Refused(account["state"])
        return account

    def known(self, event: Any) -> dict[str, Any]:
        account = self.accounts.get(event.subject)
        if account is None:
            raise Refused("unknown_account")
        if account["program"] != event.data.program:
            raise Refused("wrong_program")
        return account

    def need(self, name: str, amount: int) -> None:
        if self.available(name) < amount:
            raise Refused("insufficient_balance")

    def budget(self, campaign: str) -> str:
        return f"budget:{campaign}@{self.number}"

    def carrier(self, carrier: str, program: str) -> str:
        return f"carrier:{carrier}:{program}@{self.number}"

    def issuer(self, program: str) -> str:
        return f"issuer:{program}@{self.number}"

    def clearing(self, program: str) -> str:
        return f"clearing:{program}@{self.number}"

    def suspense(self, program: str) -> str:
        return f"suspense:{program}@{self.number}"

    # -- tiers of verification ---------------------------------------------------------------

    def tier_of(self, event: Any, wallet: str) -> Any:
        """What the program allows the owner of `wallet`, None when that is everything."""
        rules = self.rules_of(event)
        if wallet not in self.accounts or "verify" not in rules.operations.open:
            return None
        return rules.verification.get(self.accounts[wallet]["tier"])

    def check_leaves(self, event: Any, coins: int) -> None:
        """Whether so many coins of the subject may be given away or redeemed."""
        tier = self.tier_of(event, event.subject)
        if tier is None:
            return
        if tier.transaction_max is not None and coins > tier.transaction_max:
            raise Refused("over_tier_transaction")
        spent = self.accounts[event.subject]["spent"].get(self.day_of(event), 0)
        if tier.day_max is not None and spent + coins > tier.day_max:
            raise Refused("over_tier_day")

    def holds_too_many(self, event: Any, wallet: str, coins: int) -> bool:
        tier = self.tier_of(event, wallet)
        if tier is None or tier.balance_max is None:
            return False
        return bool(self.accounts[wallet]["posted"] + coins > tier.balance_max)

    def check_comes(self, event: Any, wallet: str, coins: int) -> None:
        """Whether the owner of `wallet` may hold so many more coins, if it is known here."""
        if self.holds_too_many(event, wallet, coins):
            raise Refused("over_tier_balance")

    def count_left(self, event: Any, coins: int) -> None:
        """Count what left the subject."""
        rules = self.rules_of(event)
        if rules.verification and "verify" in rules.operations.open:
            spent = self.accounts[event.subject]["spent"]
            spent[self.day_of(event)] = spent.get(self.day_of(event), 0) + coins
            self.counts = True

    def uncount(self, entry: dict[str, Any], coins: int) -> None:
        """Count no longer what an event gave, or sent, that was counted."""
        event = entry["event"]
        account = self.accounts[event.subject]
        if not entry["counts"]:
            return
        if step_of(event) == "earn":
            counted, days = account["earned"], (event.data.activity, self.day_of(event))
            keys = (event.data.activity, days)
        else:
            counted, keys = account["spent"], (self.day_of(event),)
        for key in keys:
            if key in counted:
                counted[key] = max(0, counted[key] - coins)

    def day_of(self, event: Any) -> Any:
        minutes = self.rules_of(event).calendar.utc_offset_minutes
        return (event.time.astimezone(UTC) + timedelta(minutes=minutes)).date()

    # -- operations --------------------------------------------------------------------------

    def open(self, event: Any) -> None:
        if kind_of(event.subject) != "wallet":
            raise Refused("reserved_name")
        if event.subject in self.accounts:
            raise Refused("already_open")
        self.post(event.subject, event.data.program, 0)
        waiting = self.waiting(event.subject, event.data.program)
        coins, back = 0, []
        for gift in self.accounts.get(waiting, {"gifts": []})["gifts"]:
            after = coins + gift["amount"]
            if after > COINS_MAX or self.holds_too_many(event, event.subject, after):
                back.append(gift)
            else:
                coins = after
        if coins:
            self.post(waiting, event.data.program, -coins)
            self.post(event.subject, event.data.program, coins)
        self.send_back(event, event.subject, back)
        if waiting in self.accounts:
            self.accounts[waiting]["gifts"] = []

    def coins_earned(self, event: Any) -> int:
        data = event.data
        rule = self.rules_of(event).earn.get(data.activity)
        if rule is None:
            raise Refused("unknown_activity")
        if rule.cents_per_coin is not None:
            if data.spend is None or data.amount is not None:
                raise Refused("wrong_basis")
            return int(data.spend // rule.cents_per_coin)
        if rule.coins is not None:
            if data.amount not in {None, rule.coins}:
                raise Refused("wrong_basis")
            return int(rule.coins)
        if data.amount is None:
            raise Refused("wrong_basis")
        return int(data.amount)

    def earn(self, event: Any) -> None:
        self.wallet(event)
        coins = self.coins_earned(event)
        most = self.rules_of(event).earn[event.data.activity].given_max
        if most is not None and coins > most:
            raise Refused("over_limit")
        if coins == 0:
            raise Refused("nothing_earned")
        self.check_limits(event, coins)
        self.check_comes(event, event.subject, coins)
        self.issue(event, event.subject, coins)
        self.count_earned(event, coins)

    def activity_and_day(self, event: Any) -> tuple[Any, Any, Any]:
        """The activity's rule, and what an earn by it counts as: its name, and name and day."""
        rules, name = self.rules_of(event), event.data.activity
        shift = timedelta(minutes=rules.calendar.utc_offset_minutes)
        return rules.earn[name], name, (name, (event.time.astimezone(UTC) + shift).date())

    def check_limits(self, event: Any, coins: int) -> None:
        rule, ever, today = self.activity_and_day(event)
        earned = self.accounts[event.subject]["earned"]
        if rule.day_max is not None and earned.get(today, 0) + coins > rule.day_max:
            raise Refused("daily_cap")
        if rule.lifetime_max is not None and earned.get(ever, 0) + coins > rule.lifetime_max:
            raise Refused("lifetime_cap")

    def count_earned(self, event: Any, coins: int) -> None:
        """Count what was earned by an activity that has a limit."""
        rule, ever, today = self.activity_and_day(event)
        if rule.day_max is None and rule.lifetime_max is None:
            return
        earned = self.accounts[event.subject]["earned"]
        earned[ever] = earned.get(ever, 0) + coins
        if rule.day_max is not None:
            earned[today] = earned.get(today, 0) + coins
        self.counts = True

    def is_reserve(self, event: Any) -> bool:
        """Whether the subject is the campaign's reserve, and not its shard here."""
        campaign = event.data.campaign
        if event.subject == f"budget:{campaign}" and "@" not in campaign:
            return True
        if event.subject != self.budget(campaign):
            raise Refused("wrong_budget")
        return False

    def fund(self, event: Any) -> None:
        data = event.data
        reserve = self.is_reserve(event)
        budget = self.accounts.get(event.subject, {"program": data.program, "state": "open"})
        if budget["program"] != data.program:
            raise Refused("wrong_program")
        if budget["state"] != "open":
            raise Refused(budget["state"])
        self.issue(event, event.subject, data.amount)
        if reserve:
            lease = data.amount // (2 * self.of)
            if lease > 0:
                self.post(event.subject, data.program, -lease * self.of)
                self.post(
                    self.clearing(data.program), data.program, lease * self.of, lease * self.of
                )
            for number in range(self.of):
                shard = f"budget:{data.campaign}@{number}"
                self.send(event, "lease", shard, event.subject, lease)

    def defund(self, event: Any) -> None:
        data = event.data
        reserve = self.is_reserve(event)
        self.known(event)
        amount = data.amount or self.available(event.subject)
        if amount == 0:
            raise Refused("insufficient_balance")
        self.need(event.subject, amount)
        to = f"budget:{data.campaign}"
        if reserve or "@" in data.campaign:  # there is no reserve of such a name
            self.pay(event.subject, self.issuer(data.program), data.program, amount)
        elif to in self.accounts and self.budget_takes(to, data.program, 0):
            self.pay(event.subject, to, data.program, amount)
        else:
            self.send_money(event, "return", event.subject, to, amount)

    def grant(self, event: Any) -> str:
        data = event.data
        self.wallet(event)
        self.check_comes(event, event.subject, data.amount)
        name = self.budget(data.campaign)
        shard = self.accounts.get(name)
        if shard is None or shard["program"] != data.program or shard["state"] != "open":
            raise Refused("budget_exhausted")
        outcome = "applied"
        if self.available(name) >= data.amount:
            self.pay(name, event.subject, data.program, data.amount)
        elif shard["leased"] and not shard["dry"]:
            self.ask(event, "ask", f"budget:{data.campaign}", data.amount)
            outcome = "asked"
        else:
            raise Refused("budget_exhausted")
        self.ask_when_low(event)
        return outcome

    def ask_when_low(self, event: Any) -> None:
        """A shard with less than half of its last lease asks for more, once."""
        name = self.budget(event.data.campaign)
        shard = self.accounts.get(name)
        if shard is None or not shard["leased"] or shard["asked"] or shard["dry"]:
            return
        if self.available(name) < max(1, shard["chunk"] // 2):
            shard["asked"] = True
            self.send(event, "lease_ask", f"budget:{event.data.campaign}", name, 0)

    def ask_for(self, event: Any, shard: dict[str, Any], coins: int) -> None:
        """A shard that lacks coins asks for at least so many, once."""
        if shard["leased"] and not shard["asked"] and not shard["dry"]:
            shard["asked"] = True
            campaign = event.data.campaign
            self.send(event, "lease_ask", f"budget:{campaign}", self.budget(campaign), coins)

    def reward(self, event: Any) -> None:
        data = event.data
        self.wallet(event)
        rule = self.rules_of(event).rewards.get(data.rule)
        if rule is None:
            raise Refused("unknown_reward")
        if rule.percent is not None and data.value is None:
            raise Refused("wrong_reward")
        if (rule.to == "sharer") != (data.to is not None):
            raise Refused("wrong_reward")
        coins = self.coins_rewarded(rule, data.value)
        once = data.conversion if rule.once_per == "conversion" else ""
        key = xxh3_64_hexdigest(f"{data.campaign}\n{data.rule}\n{once}".encode())
        memory = f"reward:{key}:{event.subject}"
        if memory in self.accounts:
            self.check_other_conversion(data, once, self.accounts[memory]["rewarded"])
        if data.to == event.subject:
            raise Refused("to_self")
        payee = data.to or event.subject
        self.check_payee(payee)
        if payee == event.subject:
            self.check_comes(event, payee, coins)
        self.pay_reward(event, payee, coins)
        account = self.account(memory, data.program)
        if once:
            account["rewarded"].append(data.conversion_source or "")
        self.ask_when_low(event)

    def pay_reward(self, event: Any, payee: str, coins: int) -> None:
        data, name = event.data, self.budget(event.data.campaign)
        shard = self.accounts.get(name)
        if shard is None or shard["program"] != data.program:
            raise Refused("budget_exhausted")
        if self.available(name) < coins:
            self.ask_for(event, shard, coins)
            raise Refused("budget_exhausted")
        if payee == event.subject:
            self.pay(name, payee, data.program, coins)
        else:
            self.pay_wallet(event, "grant", name, payee, coins, data.campaign)

    def coins_rewarded(self, rule: Any, value: int | None) -> int:
        coins = rule.coins
        if rule.percent is not None:
            worth = Fraction(value * rule.percent, 100)
            coins = min(int(worth / rule.coin_cents), rule.coins_max)
        if coins == 0:
            raise Refused("nothing_earned")
        return int(coins)

    def check_other_conversion(self, data: Any, once: str, rewarded: list[str]) -> None:
        """Whether a conversion is plainly another than those of its id that were rewarded."""
        if once == "":
            raise Refused("already_rewarded")
        if data.conversion_source is None:
            raise Refused("ambiguous_reference" if len(rewarded) > 1 else "already_rewarded")
        if data.conversion_source in rewarded:
            raise Refused("already_rewarded")
        if rewarded == [""] or len(rewarded) == SOURCES_MAX:
            raise Refused("ambiguous_reference")

    def expire(self, event: Any) -> None:
        data = event.data
        self.wallet(event, "open", "frozen")
        rule = self.rules_of(event).expiry
        if rule is None or rule.coins == "never":
            raise Refused("never_expires")
        if (event.time - data.before) < timedelta(days=rule.days):
            raise Refused("not_due")
        self.need(event.subject, data.amount)
        self.pay(event.subject, self.issuer(data.program), data.program, data.amount)

    # -- what backs coins ----------------------------------------------------------------------

    def issue(self, event: Any, payee: str, coins: int) -> None:
        """New coins; of a bound program only what this partition's issuer has leased."""
        program = event.data.program
        name = self.issuer(program)
        if self.rules_of(event).reserve is None:
            self.pay(name, payee, program, coins)
            return
        missing = coins - self.available(name)
        if missing <= 0:
            self.pay(name, payee, program, coins)
        issuer = self.accounts.get(name)
        if issuer is not None and issuer["leased"] and not issuer["asked"] and not issuer["dry"]:
            low = self.available(name) < max(1, issuer["chunk"] // 2)
            if missing > 0 or low:
                issuer["asked"] = True
                self.send(event, "lease_ask", f"reserve:{program}", name, max(missing, 0))
                self.verdict.legs[-1]["campaign"] = ""  # no coins of the one who may be funded
        if missing > 0:
            raise Refused("reserve_exhausted")

    def reserve_add(self, event: Any) -> None:
        program, coins = event.data.program, event.data.amount
        name = f"reserve:{program}"
        if event.subject != name:
            raise Refused("wrong_reserve")
        self.pay(f"backing:{program}@{self.number}", name, program, coins)
        lease = coins // (2 * self.of)
        if lease > 0:
            self.post(name, program, -lease * self.of)
            self.post(self.clearing(program), program, lease * self.of, lease * self.of)
        for number in range(self.of):
            self.send(event, "lease", f"issuer:{program}@{number}", name, lease)

    def reserve_remove(self, event: Any) -> None:
        program, reserve = event.data.program, f"reserve:{event.data.program}"
        if event.subject not in {reserve, self.issuer(program)}:
            raise Refused("wrong_reserve")
        self.known(event)
        coins = event.data.amount or self.available(event.subject)
        if coins <= 0:
            raise Refused("insufficient_balance")
        self.need(event.subject, coins)
        if event.subject == reserve:
            self.pay(reserve, f"backing:{program}@{self.number}", program, coins)
        elif reserve in self.accounts and self.budget_takes(reserve, program, 0):
            self.pay(event.subject, reserve, program, coins)
        else:
            self.send_money(event, "return", event.subject, reserve, coins)

    # -- redemptions -----------------------------------------------------------------------------

    def redeem(self, event: Any) -> None:
        data = event.data
        wallet = self.wallet(event)
        self.check_carrier(event)
        self.check_leaves(event, data.amount)
        if data.until is not None:
            if data.until <= event.time:
                raise Refused("bad_term")
            self.may_hold(event, wallet)
        self.need(event.subject, data.amount)
        if data.until is None:
            carrier = self.carrier(data.carrier, data.program)
            self.pay(event.subject, carrier, data.program, data.amount)
            self.count_left(event, data.amount)
            self.verdict.mb = self.data_bought(event)
            return
        wallet["holds"][event.source, event.id] = {
            "amount": data.amount,
            "carrier": data.carrier,
            "until_us": microseconds(data.until),
        }
        self.post(event.subject, data.program, 0, data.amount)
        self.count_left(event, data.amount)
        self.verdict.mb = self.data_bought(event)

    def data_bought(self, event: Any) -> int:
        """Megabytes by the carrier's tier or price, 0 when it has neither."""
        carrier = self.rules_of(event).carriers[event.data.carrier]
        if carrier.coins_per_mb is not None:
            return int(Fraction(event.data.amount, carrier.coins_per_mb))
        return {tier.coins: int(tier.mb) for tier in carrier.tiers}.get(event.data.amount, 0)

    def check_carrier(self, event: Any) -> None:
        data, rules = event.data, self.rules_of(event)
        if data.carrier not in rules.carriers:
            raise Refused("unknown_carrier")
        carrier = rules.carriers[data.carrier]
        for gate in carrier.gates:
            is_other = data.network is not None and data.network != data.carrier
            if gate.closed == "all" or is_other:
                raise Refused("carrier_closed")
        if rules.redemption is not None and not rules.redemption.on_last_day:
            here = event.time.astimezone(UTC)
            here += timedelta(minutes=rules.calendar.utc_offset_minutes)
            if (here + timedelta(days=1)).month != here.month:
                raise Refused("last_day")
        if carrier.tiers and data.amount not in [tier.coins for tier in carrier.tiers]:
            raise Refused("no_such_tier")
        if carrier.coins_per_mb is not None and data.amount % carrier.coins_per_mb != 0:
            raise Refused("no_such_tier")

    def may_hold(self, event: Any, wallet: dict[str, Any]) -> None:
        if (event.source, event.id) in wallet["holds"] | wallet["orders"]:
            raise Refused("id_in_use")
        if len(wallet["holds"]) + len(wallet["orders"]) >= HOLDS_MAX:
            raise Refused("too_many_holds")

    def meant(
        self, known: Iterable[tuple[str, str]], event_id: str, source: str | None, unknown: str
    ) -> tuple[str, str]:
        """Which of the known events is referred to: that of the source, or the only of the id."""
        found = [one for one in known if one[1] == event_id and source in {None, one[0]}]
        if not found:
            raise Refused(unknown)
        if len(found) > 1:
            raise Refused("ambiguous_reference")
        self.verdict.cause_source = found[0][0]
        return found[0]

    def hold(self, event: Any) -> tuple[tuple[str, str], dict[str, Any]]:
        """The open redemption that an event is about: its names, and what it is."""
        data, holds = event.data, self.wallet(event, "open", "frozen", "closed")["holds"]
        names = self.meant(holds, data.redemption, data.redemption_source, "unknown_hold")
        return names, dict(holds[names])

    def redeem_settle(self, event: Any) -> None:
        program, (names, hold) = event.data.program, self.hold(event)
        carrier, amount = self.carrier(hold["carrier"], program), hold["amount"]
        self.pay(event.subject, carrier, program, amount, payer_held=-amount)
        del self.accounts[event.subject]["holds"][names]

    def redeem_fail(self, event: Any) -> None:
        names, hold = self.hold(event)
        del self.accounts[event.subject]["holds"][names]
        self.free(event, names, hold["amount"])

    def free(self, event: Any, held_by: tuple[str, str], amount: int) -> None:
        """Coins that were held are the wallet's again."""
        self.post(event.subject, event.data.program, 0, -amount)
        self.verdict.amount = amount
        holder = self.remembered(event.subject, held_by)
        if holder is not None and holder["reason"] == "":
            holder["fate"] = "released"
            self.uncount(holder, amount)

    def redeem_expire(self, event: Any) -> None:
        if microseconds(event.time) < self.hold(event)[1]["until_us"]:
            raise Refused("not_due")
        self.redeem_fail(event)

    # -- the catalogue -----------------------------------------------------------------------

    def delivered(self, order: str, wallet: str) -> str:
        """The account of the delivered orders of an id."""
        return f"order:{xxh3_64_hexdigest(order.encode())}:{wallet}"

    def merchant(self, merchant: str, program: str) -> str:
        return f"merchant:{merchant}:{program}@{self.number}"

    def order_place(self, event: Any) -> None:
        data = event.data
        wallet = self.wallet(event)
        item = self.rules_of(event).catalogue.get(data.item)
        if item is None:
            raise Refused("unknown_item")
        if sum([item.price] * data.quantity) != data.amount:
            raise Refused("wrong_price")
        delivered = self.accounts.get(self.delivered(event.id, event.subject))
        if delivered is not None:
            sources = delivered["delivered"]
            if event.source in sources or len(sources) >= SOURCES_MAX:
                raise Refused("id_in_use")
        self.may_hold(event, wallet)
        self.need(event.subject, data.amount)
        wallet["orders"][event.source, event.id] = {
            "amount": data.amount,
            "merchant": item.merchant,
        }
        self.post(event.subject, data.program, 0, data.amount)

    def order_of(self, event: Any) -> tuple[str, str]:
        """The names of the order that an event is about, delivered or not."""
        data, wallet = event.data, self.wallet(event, "open", "frozen", "closed")
        known = [*wallet["orders"]]
        account = self.accounts.get(self.delivered(data.order, event.subject), {"delivered": {}})
        known += [(source, data.order) for source in account["delivered"]]
        return self.meant(known, data.order, data.order_source, "unknown_order")

    def ordered(self, event: Any) -> tuple[tuple[str, str], dict[str, Any]]:
        """The order, not yet delivered, that an event is about: its names, and what it is."""
        names, orders = self.order_of(event), self.accounts[event.subject]["orders"]
        if names not in orders:
            raise Refused("unknown_order")
        return names, dict(orders[names])

    def order_fulfil(self, event: Any) -> None:
        program, (names, order) = event.data.program, self.ordered(event)
        merchant, amount = self.merchant(order["merchant"], program), order["amount"]
        self.pay(event.subject, merchant, program, amount, payer_held=-amount)
        del self.accounts[event.subject]["orders"][names]
        account = self.account(self.delivered(event.data.order, event.subject), program)
        account["delivered"][names[0]] = {**order, "refunded": False}

    def order_cancel(self, event: Any) -> None:
        names, order = self.ordered(event)
        del self.accounts[event.subject]["orders"][names]
        self.free(event, names, order["amount"])

    def order_refund(self, event: Any) -> None:
        source, _ = self.order_of(event)
        account = self.accounts.get(self.delivered(event.data.order, event.subject))
        if account is None or source not in account["delivered"]:
            raise Refused("unknown_order")
        order = account["delivered"][source]
        if order["refunded"]:
            raise Refused("already_refunded")
        merchant = self.merchant(order["merchant"], event.data.program)
        self.need(merchant, order["amount"])
        self.give(merchant, event.subject, event.data.program, order["amount"])
        order["refunded"] = True

    # -- deposits ----------------------------------------------------------------------------

    def fee(self, charge: Any, coins: int) -> int:
        return int(charge.coins + coins * charge.per_mille // 1000)

    def deposit(self, event: Any) -> tuple[str, dict[str, Any]]:
        """The name and account of what the subject has put by."""
        name = f"deposit:{event.subject}"
        account = self.accounts.get(name)
        if account is None or account["posted"] == 0:
            raise Refused("no_deposit")
        return name, account

    def deposit_add(self, event: Any) -> None:
        program, amount = event.data.program, event.data.amount
        self.wallet(event)
        rule = self.rules_of(event).deposits
        fee = self.fee(rule.function_fee, amount)
        if fee >= amount:
            raise Refused("nothing_left")
        name = f"deposit:{event.subject}"
        self.issue(event, name, amount)
        if fee:
            self.post(name, program, -fee)
            self.post(f"fees:{program}@{self.number}", program, fee)
        account = self.accounts[name]
        if account["until_us"] == 0:
            account["until_us"] = microseconds(event.time + timedelta(days=rule.term_days))
            year, month = self.month(event)
            before = (year, month - 1) if month > 1 else (year - 1, 12)
            account["charged"] = max(account["charged"], before)

    def month(self, event: Any) -> tuple[int, int]:
        """The year and month of an event where the program is."""
        minutes = self.rules_of(event).calendar.utc_offset_minutes
        local = event.time.astimezone(timezone(timedelta(minutes=minutes)))
        return local.year, local.month

    def deposit_custody(self, event: Any) -> None:
        program = event.data.program
        self.wallet(event, "open", "frozen")
        name, account = self.deposit(event)
        month = (int(event.data.month[:4]), int(event.data.month[5:]))
        if month <= account["charged"]:
            raise Refused("already_charged")
        if month > self.month(event):
            raise Refused("not_due")
        account["charged"] = month
        fee = self.fee(self.rules_of(event).deposits.custody_fee, account["posted"])
        fee = min(fee, account["posted"])
        self.post(name, program, -fee)
        if fee:
            self.post(f"fees:{program}@{self.number}", program, fee)
        if account["posted"] == 0:
            account["until_us"] = 0

    def deposit_withdraw(self, event: Any) -> None:
        self.wallet(event)
        name, account = self.deposit(event)
        self.check_comes(event, event.subject, account["posted"])
        self.pay(name, event.subject, event.data.program, account["posted"])
        account["until_us"] = 0

    def deposit_return(self, event: Any) -> None:
        program = event.data.program
        self.wallet(event, "open", "frozen")
        name, account = self.deposit(event)
        if microseconds(event.time) < account["until_us"]:
            raise Refused("not_due")
        carrier = self.carrier(self.rules_of(event).deposits.carrier, program)
        self.pay(name, carrier, program, account["posted"])
        account["until_us"] = 0

    # -- partners ----------------------------------------------------------------------------

    def partner(self, partner: str, program: str) -> str:
        return f"partner:{partner}:{program}@{self.number}"

    def check_points(self, event: Any, operation: str) -> None:
        """Points and coins must be in the partner's proportion, with nothing left over."""
        data = event.data
        self.wallet(event)
        partner = self.rules_of(event).partners.get(data.partner)
        if partner is None:
            raise Refused("unknown_partner")
        rate = getattr(partner, operation)
        if rate is None:
            raise Refused("no_rate")
        if Fraction(data.amount, data.points) != Fraction(rate.coins, rate.points):
            raise Refused("wrong_rate")

    def points_in(self, event: Any) -> None:
        data = event.data
        self.check_points(event, "points_in")
        self.check_comes(event, event.subject, data.amount)
        partner = self.partner(data.partner, data.program)
        self.pay(partner, event.subject, data.program, data.amount)

    def points_out(self, event: Any) -> None:
        data = event.data
        self.check_points(event, "points_out")
        self.need(event.subject, data.amount)
        partner = self.partner(data.partner, data.program)
        self.pay(event.subject, partner, data.program, data.amount)

    # -- gifts -------------------------------------------------------------------------------

    def check_payee(self, payee: str) -> None:
        """Any wallet's name may be paid; what becomes of it does not show where it is sent from."""
        if kind_of(payee) != "wallet":
            raise Refused("unknown_payee")

    def pay_wallet(
        self, event: Any, step: str, payer: str, to: str, amount: int, campaign: str = ""
    ) -> None:
        takes = self.takes(to, event.data.program, amount)
        if takes and not self.holds_too_many(event, to, amount):
            self.pay(payer, to, event.data.program, amount)
        else:
            self.send_money(event, step, payer, to, amount, campaign)

    def transfer(self, event: Any) -> None:
        data = event.data
        self.wallet(event)
        self.check_leaves(event, data.amount)
        if data.to == event.subject:
            raise Refused("to_self")
        self.check_payee(data.to)
        self.need(event.subject, data.amount)
        self.pay_wallet(event, "transfer", event.subject, data.to, data.amount)
        self.count_left(event, data.amount)

    # -- red packets -------------------------------------------------------------------------

    def packet_send(self, event: Any) -> None:
        data = event.data
        if data.campaign is None:
            self.wallet(event)
        else:
            self.is_reserve(event)
            self.known(event)
        prefix, _, number = data.packet.partition("@")
        if not (
            prefix.startswith("packet:") and prefix != "packet:" and number == str(self.number)
        ):
            raise Refused("wrong_packet")
        if data.packet in self.accounts:
            raise Refused("already_open")
        if data.campaign is None:
            self.check_leaves(event, data.amount)
        if data.expires <= event.time:
            raise Refused("bad_term")
        if data.amount < data.claims:
            raise Refused("too_small")
        if data.campaign is not None and self.available(event.subject) < data.amount:
            raise Refused("budget_exhausted")
        self.need(event.subject, data.amount)
        self.pay(event.subject, data.packet, data.program, data.amount)
        self.accounts[data.packet]["packet"] = {
            "sender": event.subject,
            "mode": data.mode,
            "left": data.claims,
            "made": 0,
            "expires_us": microseconds(data.expires),
            "campaign": data.campaign or "",
            "group": data.group or "",
            "code": b"" if data.code is None else xxh3_64_digest(data.code.encode()),
            "key": self.signs["ledger"].removeprefix("k1"),
        }
        if data.campaign is None:
            self.count_left(event, data.amount)
        elif event.subject == self.budget(data.campaign):
            self.ask_when_low(event)

    def packet_of(self, event: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        account = self.accounts.get(event.subject)
        if account is None or account["kind"] != "packet":
            raise Refused("unknown_packet")
        if account["program"] != event.data.program:
            raise Refused("wrong_program")
        return account, account["packet"]

    def check_running(self, event: Any, account: dict[str, Any], packet: dict[str, Any]) -> None:
        expired = account["state"] == "closed" and packet["left"] > 0
        if expired or microseconds(event.time) >= packet["expires_us"]:
            raise Refused("packet_expired")
        if packet["left"] == 0:
            raise Refused("packet_empty")

    def packet_share(self, event: Any) -> None:
        account, packet = self.packet_of(event)
        name = f"share:{event.subject}:{event.id}"
        shares = self.accounts.get(name, {"shares": {}})["shares"]
        if event.source in shares or len(shares) >= SOURCES_MAX:
            raise Refused("id_in_use")
        self.check_running(event, account, packet)
        self.check_payee(event.data.sharer)
        self.post(name, event.data.program, 0)
        self.accounts[name]["shares"][event.source] = event.data.sharer

    def sharer_of(self, event: Any, packet: dict[str, Any]) -> str:
        """Whose share a claim came through, '' for none; it must be of those the packet is for."""
        data = event.data
        if packet["group"] not in {"", data.group}:
            raise Refused("wrong_group")
        if data.share is None and data.share_source is not None:
            raise Refused("unknown_share")
        if data.share is not None:
            account = self.accounts.get(f"share:{event.subject}:{data.share}", {"shares": {}})
            known = [(source, data.share) for source in account["shares"]]
            source, _ = self.meant(known, data.share, data.share_source, "unknown_share")
            return str(account["shares"][source])
        given = b"" if data.code is None else xxh3_64_digest(data.code.encode())
        if packet["code"] not in {b"", given}:
            raise Refused("wrong_code")
        return ""

    def packet_claim(self, event: Any) -> None:
        name, claimer = event.subject, event.data.claimer
        account, packet = self.packet_of(event)
        sharer = self.sharer_of(event, packet)
        if f"claim:{name}:{claimer}" in self.accounts:
            raise Refused("already_claimed")
        self.check_running(event, account, packet)
        self.check_payee(claimer)
        drawn = self.draw(name, account["posted"], packet)
        self.pay_wallet(event, "claim", name, claimer, drawn, packet["campaign"])
        self.verdict.campaign = packet["campaign"]
        self.verdict.sharer = "" if sharer == claimer else sharer
        packet["left"] -= 1
        packet["made"] += 1
        if packet["left"] == 0:
            account["state"] = "closed"

    def draw(self, name: str, coins: int, packet: dict[str, Any]) -> int:
        """Equal parts, or by luck from 1 to twice the mean; at least one stays for each other."""
        left = packet["left"]
        if left == 1:
            return coins
        if packet["mode"] == "equal":
            return coins // left
        most = min(2 * coins // left, coins - (left - 1))
        seed = encode_content([name, packet["made"]])
        secret = self.keys["ledger"][packet.get("key") or "k1"]
        luck = int.from_bytes(hmac.new(secret, seed, hashlib.sha256).digest(), "big")
        return 1 + luck % most

    def packet_expire(self, event: Any) -> None:
        account, packet = self.packet_of(event)
        if account["state"] == "closed":
            raise Refused("packet_empty" if packet["left"] == 0 else "packet_expired")
        if microseconds(event.time) < packet["expires_us"]:
            raise Refused("not_due")
        self.verdict.campaign = packet["campaign"]
        self.give(event.subject, packet["sender"], event.data.program, account["posted"])
        account["state"] = "closed"

    # -- taking back, stopping ---------------------------------------------------------------

    def reverse(self, event: Any) -> str:
        original = event.data.original
        wallet = self.wallet(event, "open", "frozen", "closed")
        if (original.subject, original.data.program) != (event.subject, event.data.program):
            raise Refused("unknown_original")
        entry = self.remembered(event.subject, (original.source, original.id))
        if entry is None:
            time_us = microseconds(original.time)
            gone = time_us < self.clock_us - self.window_us or time_us <= wallet["forgotten_us"]
            raise Refused("forgotten_original" if gone else "unknown_original")
        if entry["event"] != original or entry["reason"]:
            raise Refused("unknown_original")
        if entry["fate"] in {"unanswered", "reversing"}:
            raise Refused("not_answered")
        if entry["fate"] == "reversed":
            raise Refused("already_reversed")
        if entry["fate"] == "released":
            raise Refused("unknown_original")
        if (original.source, original.id) in wallet["holds"]:
            raise Refused("not_settled")
        self.cause = (original.source, original.id)
        if step_of(original) == "transfer":
            entry["fate"] = "reversing"
            self.ask(event, "reverse_ask", original.data.to, original.data.amount)
            self.verdict.amount = original.data.amount
            return "asked"
        coins = entry["gave"] or original.data.amount
        getattr(self, "reverse_" + step_of(original))(event, original, coins)
        entry["fate"] = "reversed"
        self.uncount(entry, coins)
        return "applied"

    def ask(self, event: Any, step: str, to: str, amount: int) -> None:
        """A question to another account, whose answer says who asked."""
        self.asker = xxh3_64_hexdigest(f"{event.source}\n{event.id}".encode())
        self.send(event, step, to, event.subject, amount)
        self.asker = ""

    def reverse_earn(self, event: Any, _original: Any, coins: int) -> None:
        self.need(event.subject, coins)
        self.pay(event.subject, self.issuer(event.data.program), event.data.program, coins)

    def reverse_grant(self, event: Any, original: Any, coins: int) -> None:
        self.need(event.subject, coins)
        budget = self.budget(original.data.campaign)
        self.pay(event.subject, budget, event.data.program, coins)

    def reverse_redeem(self, event: Any, original: Any, coins: int) -> None:
        carrier = self.carrier(original.data.carrier, event.data.program)
        self.need(carrier, coins)
        self.give(carrier, event.subject, event.data.program, coins)

    def reverse_points_in(self, event: Any, original: Any, coins: int) -> None:
        self.need(event.subject, coins)
        partner = self.partner(original.data.partner, event.data.program)
        self.pay(event.subject, partner, event.data.program, coins)

    def reverse_points_out(self, event: Any, original: Any, coins: int) -> None:
        partner = self.partner(original.data.partner, event.data.program)
        self.give(partner, event.subject, event.data.program, coins)

    def freeze(self, event: Any) -> None:
        self.wallet(event)["state"] = "frozen"
        self.post(event.subject, event.data.program, 0)

    def unfreeze(self, event: Any) -> None:
        wallet = self.wallet(event, "open", "frozen")
        if wallet["state"] != "frozen":
            raise Refused("not_frozen")
        wallet["state"] = "open"
        self.post(event.subject, event.data.program, 0)

    def verify(self, event: Any) -> None:
        self.wallet(event, "open", "frozen")["tier"] = event.data.tier
        self.post(event.subject, event.data.program, 0)

    def close(self, event: Any) -> None:
        wallet, to = self.wallet(event), event.data.to
        if to is not None and wallet["posted"]:
            self.check_leaves(event, wallet["posted"])
        if wallet["pending"]:
            raise Refused("has_pending")
        if self.accounts.get(f"deposit:{event.subject}", {"posted": 0})["posted"]:
            raise Refused("has_deposit")
        if to is None and wallet["posted"]:
            raise Refused("balance_left")
        if to is not None:
            if to == event.subject:
                raise Refused("to_self")
            self.check_payee(to)
        if wallet["posted"]:
            self.pay_wallet(event, "transfer", event.subject, to, wallet["posted"])
        else:
            self.post(event.subject, event.data.program, 0)
        wallet["state"] = "closed"

    # -- what waits for a name -----------------------------------------------------------------

    def send_back(self, event: Any, name: str, gifts: list[dict[str, Any]]) -> None:
        """Gifts that waited for `name` go back to who paid them."""
        coins, program = sum(gift["amount"] for gift in gifts), event.data.program
        if not coins:
            return
        self.post(self.waiting(name, program), program, -coins)
        self.post(self.clearing(program), program, coins, coins)
        for gift in gifts:
            self.cause = gift["names"]
            to = gift["payer"]
            self.send(event, "unclaimed", to, name, gift["amount"], gift["campaign"])
            if kind_of(to) == "wallet":
                self.account(self.went_back((to, *gift["names"]), name), program)

    def waiting_return(self, event: Any) -> None:
        if kind_of(event.subject) != "wallet":
            raise Refused("reserved_name")
        name = self.waiting(event.subject, event.data.program)
        gifts = [g for g in self.accounts.get(name, {"gifts": []})["gifts"] if g["payer"]]
        if not gifts:
            raise Refused("nothing_waiting")
        last_us = microseconds(event.time - WAITING)
        due = [gift for gift in gifts if gift["time_us"] <= last_us]
        if not due:
            raise Refused("not_due")
        self.send_back(event, event.subject, due)
        left = [gift for gift in self.accounts[name]["gifts"] if gift not in due]
        self.accounts[name]["gifts"] = left

    def waiting_release(self, event: Any) -> None:
        self.wallet(event, "open", "frozen", "closed")
        name, to = self.waiting(event.subject, event.data.program), event.data.to
        gifts = self.accounts.get(name, {"gifts": []})["gifts"]
        own = [gift for gift in gifts if gift["payer"] == ""]
        if not own:
            raise Refused("nothing_waiting")
        if to == event.subject:
            raise Refused("to_self")
        self.check_payee(to)
        gifts.remove(own[0])
        self.pay_wallet(event, "transfer", name, to, own[0]["amount"])

    # -- legs --------------------------------------------------------------------------------

    def send(  # all that a leg says
        self,
        event: Any,
        step: str,
        to: str,
        payer: str,
        amount: int,
        campaign: str = "",
        reason: str = "",
    ) -> None:
        """Note a leg that must have been appended to the log of the partition that owns `to`."""
        clearing = self.account(self.clearing(event.data.program), event.data.program)
        home = partition_of(to, self.of)
        clearing["sent"][home] = clearing["sent"].get(home, 0) + 1
        self.verdict.legs.append(
            {
                "id": f"leg:{self.number}:{self.offset}:{len(self.verdict.legs)}",
                "time": event.time,
                "subject": to,
                "program": event.data.program,
                "step": step,
                "payer": payer,
                "amount": amount,
                "cause": self.cause[1],
                "cause_source": self.cause[0],
                "campaign": getattr(event.data, "campaign", "") or campaign,
                "asker": self.asker,
                "reason": reason,
                "sequence": clearing["sent"][home],
                "key": self.signs["ledger"],
            }
        )

    def receive(self, leg: Any) -> None:
        """A leg; if it is genuine and new it has arrived, whatever then comes of it."""
        data = leg.data
        self.check_key("ledger", data.key)
        if data.signature != signature_of(leg, self.keys["ledger"][data.key]):
            raise Refused("forged_leg")
        if self.is_elsewhere(leg.subject):
            raise Refused("wrong_partition")
        clearing = self.accounts.get(self.clearing(data.program), {"arrived": {}})
        so_far = clearing["arrived"].get(data.partition, 0)
        if data.sequence != so_far + 1:
            raise Refused("repeated_leg" if data.sequence <= so_far else "leg_gap")
        clearing = self.account(self.clearing(data.program), data.program)
        clearing["arrived"][data.partition] = data.sequence
        self.cause = (data.cause_source, data.cause)
        getattr(self, "leg_" + data.step)(leg)

    def leg_transfer(self, leg: Any) -> None:
        """Coins for a wallet: credited, kept until it opens, or sent back."""
        data = leg.data
        reason = self.why_not(leg)
        self.answer(leg, reason)
        if reason:
            self.send(leg, "bounce", data.payer, leg.subject, data.amount)
            if data.step == "transfer":
                names = (data.payer, data.cause_source, data.cause)
                self.account(self.went_back(names, leg.subject), data.program)
            raise Refused(reason)
        if leg.subject in self.accounts:
            self.credit(leg, leg.subject)
            return
        waiting = self.waiting(leg.subject, data.program)
        self.credit(leg, waiting)
        gift = self.gift(data.payer, (data.cause_source, data.cause), data.amount, data.campaign)
        self.accounts[waiting]["gifts"].append(gift)

    leg_claim = leg_grant = leg_transfer

    def why_not(self, leg: Any) -> str:
        """Why coins can neither be credited nor wait."""
        data = leg.data
        name = leg.subject
        if name not in self.accounts:
            name = self.waiting(name, data.program)
        account = self.accounts.get(name, {"state": "open", "gifts": [], "posted": 0})
        known = data.program in self.programs | self.published.keys()
        if len(account["gifts"]) >= GIFTS_MAX:
            return "too_many_waiting"
        if account["state"] == "closed":
            return "closed"
        if account.get("program", data.program) != data.program:
            return "wrong_program"
        if known and name == leg.subject and self.holds_too_many(leg, name, data.amount):
            return "over_tier_balance"
        return "balance_limit" if account["posted"] + data.amount > COINS_MAX else ""

    def answer(self, leg: Any, reason: str) -> None:
        """Whoever asked remembers what has become of it."""
        for entry in self.accounts.get(leg.subject, {"remembered": []})["remembered"]:
            if entry["names"] is None or entry["fate"] != "unanswered":
                continue
            source, event_id = entry["names"]
            if leg.data.asker == xxh3_64_hexdigest(f"{source}\n{event_id}".encode()):
                entry["fate"], entry["reason"] = "", reason

    def went_back(self, names: tuple[str, str, str], to: str) -> str:
        """The account that remembers that a gift to `to` went back."""
        return f"bounced:{xxh3_64_hexdigest(chr(10).join(names).encode())}:{to}"

    def leg_bounce(self, leg: Any) -> None:
        """Coins from here that have not been taken there: their payer has them again."""
        self.come_back(leg, -leg.data.amount)

    def leg_unclaimed(self, leg: Any) -> None:
        """Coins from here that waited in vain."""
        self.come_back(leg, 0)
        self.acknowledge(leg)

    def come_back(self, leg: Any, held: int) -> None:
        data, payer = leg.data, leg.subject
        if payer in self.accounts and self.accounts[payer]["kind"] == "packet":
            payer = self.accounts[payer]["packet"]["sender"]
        self.give(self.clearing(data.program), payer, data.program, data.amount, held)
        self.gift_back(leg, "released")

    def leg_reversal(self, leg: Any) -> None:
        """Coins of a gift that its payer took back."""
        data = leg.data
        self.give(self.clearing(data.program), leg.subject, data.program, data.amount)
        self.gift_back(leg, "reversed")
        self.answer(leg, "")
        self.acknowledge(leg)

    def gift_back(self, leg: Any, fate: str) -> None:
        """Have a gift that came back count no longer."""
        if kind_of(leg.subject) != "wallet":
            return
        entry = self.remembered(leg.subject, (leg.data.cause_source, leg.data.cause))
        if entry is not None and entry["reason"] == "":
            self.uncount(entry, leg.data.amount)
            entry["fate"] = fate

    def credit(self, leg: Any, taker: str) -> None:
        """Credit the taker, and tell the origin that the coins have come."""
        data = leg.data
        self.post(self.clearing(data.program), data.program, -data.amount)
        self.post(taker, data.program, data.amount)
        self.acknowledge(leg)

    def acknowledge(self, leg: Any) -> None:
        data = leg.data
        origin = f"clearing:{data.program}@{data.partition}"
        self.send(leg, "ack", origin, self.clearing(data.program), data.amount)

    def budget_takes(self, name: str, program: str, amount: int) -> bool:
        budget = self.accounts.get(name)
        return budget is None or (
            budget["program"] == program
            and budget["state"] == "open"
            and budget["posted"] + amount <= COINS_MAX
        )

    def leg_return(self, leg: Any) -> None:
        """Coins of a shard for its reserve."""
        takes = self.budget_takes(leg.subject, leg.data.program, leg.data.amount)
        self.credit(leg, leg.subject if takes else self.suspense(leg.data.program))

    def leg_lease(self, leg: Any) -> None:
        """Coins of a reserve for a shard, or the news that there are none."""
        data = leg.data
        takes = self.budget_takes(leg.subject, data.program, data.amount)
        if data.amount > 0:
            self.credit(leg, leg.subject if takes else self.suspense(data.program))
        elif takes:
            self.post(leg.subject, data.program, 0)
        if takes:
            terms = {"leased": True, "asked": False, "dry": data.amount == 0, "chunk": data.amount}
            self.accounts[leg.subject].update(terms)

    def leg_ack(self, leg: Any) -> None:
        """Coins that left here have come where they went."""
        self.post(leg.subject, leg.data.program, 0, -leg.data.amount)

    def leg_unack(self, leg: Any) -> None:
        """Coins that were said to have come there have not."""
        self.post(leg.subject, leg.data.program, 0, leg.data.amount)

    def leg_lease_ask(self, leg: Any) -> None:
        """A shard wants another lease from the reserve."""
        data = leg.data
        reserve = self.accounts.get(leg.subject)
        coins = 0
        if reserve is not None and reserve["program"] == data.program:
            available = self.available(leg.subject)
            coins = max(available // (2 * self.of), min(available, 1))
            if data.amount <= available:
                coins = max(coins, data.amount)
        shard = data.payer
        if coins > 0:
            self.send_money(leg, "lease", leg.subject, shard, coins)
        else:
            self.send(leg, "lease", shard, leg.subject, 0)

    def leg_ask(self, leg: Any) -> None:
        """A wallet elsewhere is to be granted coins that its shard does not have."""
        data = leg.data
        reserve = self.accounts.get(leg.subject)
        if (
            reserve is None
            or reserve["program"] != data.program
            or reserve["state"] != "open"
            or self.available(leg.subject) < data.amount
        ):
            self.decline(leg, "budget_exhausted")
        self.asker = data.asker
        self.send_money(leg, "grant", leg.subject, data.payer, data.amount)

    def decline(self, leg: Any, reason: str) -> None:
        """Tell who asked why not."""
        self.asker = leg.data.asker
        self.send(leg, "declined", leg.data.payer, leg.subject, leg.data.amount, reason=reason)
        raise Refused(reason)

    def leg_reverse_ask(self, leg: Any) -> None:
        """The payer of a transfer wants its coins back, from where they are."""
        data = leg.data
        names = (data.payer, data.cause_source, data.cause)
        if self.went_back(names, leg.subject) in self.accounts:
            self.decline(leg, "unknown_original")
        giver = leg.subject
        waiting = self.waiting(leg.subject, data.program)
        gifts = self.accounts.get(waiting, {"gifts": []})["gifts"]
        for gift in list(gifts):
            if (gift["payer"], *gift["names"]) == names:
                gifts.remove(gift)
                giver = waiting
        found = self.accounts.get(giver)
        if found is None or found["program"] != data.program or self.available(giver) < data.amount:
            self.decline(leg, "insufficient_balance")
        self.asker = data.asker
        self.send_money(leg, "reversal", giver, data.payer, data.amount)

    def leg_declined(self, leg: Any) -> None:
        """What was asked was refused; a transfer that was to be taken back stands."""
        entry = self.remembered(leg.subject, (leg.data.cause_source, leg.data.cause))
        if entry is not None and entry["fate"] == "reversing":
            entry["fate"] = ""
        self.answer(leg, leg.data.reason)


__all__ = ["NEVER_BELOW_ZERO", "Judge", "Verdict", "read", "step_of"]
