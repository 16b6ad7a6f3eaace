"""The naive ledger: the rules of docs/ledger.md told a second time, in the plainest way.

One `Judge` keeps the books of one partition in plain dictionaries. It is fed the partition's log in
Kafka's order and says of each record what must have come of it. Written for reading, not for speed,
and apart from `streams/ledger/`: it shares no code with what it judges but the events' structs and
the rule that says which partition owns an account.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec
from xxhash import xxh3_64_digest, xxh3_64_hexdigest

from streams.events import decode_wallet, partition_of
from streams.programs.canonical import program_of

if TYPE_CHECKING:
    from collections.abc import Mapping

COINS_MAX = 10**15
REMEMBERED_MAX = 256
HOLDS_MAX = 16
LEGS_PER_RECORD_MAX = 2048
RECORD_BYTES_MAX = 65_536
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

RESERVED = (
    *("issuer", "budget", "packet", "carrier", "clearing", "suspense", "claim"),
    *("merchant", "order", "partner", "share", "deposit", "fees", "reward", "rules"),
    *("reserve", "backing", "bounced"),
)
NEVER_BELOW_ZERO = (
    *("wallet", "packet", "budget", "carrier", "suspense", "claim"),
    *("merchant", "order", "share", "deposit", "fees", "reward", "rules"),
    *("reserve", "bounced"),
)
FORGET_AT_ONCE = ("wrong_partition", "conflict", "too_old", "forgotten")
FREE_TEXT = ("message", "reason")
MONEY_LEGS = ("transfer", "claim", "lease", "return", "grant", "reversal", "bounce")

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
        campaign: whose coins they are.
        sharer: who passed on what was drawn from.
        network: of the number that a redemption's data goes to, where it is not the carrier's.
        mb: megabytes that a redemption buys; 0 when the rules have no price a megabyte.
    """

    __slots__ = (
        *("amount", "campaign", "cause", "legs", "mb", "network", "outcome", "postings"),
        *("reason", "sharer", "step"),
    )

    def __init__(self, outcome: str, reason: str = "") -> None:
        self.outcome = outcome
        self.reason = reason
        self.postings: list[tuple[str, str, int, int, int, int]] = []
        self.legs: list[dict[str, Any]] = []
        self.amount = 0
        self.step = ""
        self.cause = ""
        self.campaign = ""
        self.sharer = ""
        self.network = ""
        self.mb = 0


def microseconds(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def kind_of(name: str) -> str:
    prefix, colon, _ = name.partition(":")
    return prefix if colon and prefix in RESERVED else "wallet"


def step_of(event: Any) -> str:
    """The last word of an event's type: `earn` of `flowdrop.wallet.earn`."""
    return str(event.__struct_config__.tag).rpartition(".")[2]


def read(key: bytes | None, value: bytes | None) -> Any:
    """The event of a record, None when it is none."""
    if value is None or len(value) > RECORD_BYTES_MAX:
        return None
    try:
        event = decode_wallet(value)
        value.decode()
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if key != event.subject.encode() or not 1970 <= event.time.year <= 2199:
        return None
    return None if b"\\" in value and has_control_character(event) else event


def has_control_character(event: Any) -> bool:
    names = [event.id, event.source, event.subject]
    names += [getattr(event.data, f) for f in event.data.__struct_fields__ if f not in FREE_TEXT]
    return any(isinstance(name, str) and min(name, default=" ") < " " for name in names)


def signature_of(leg: Any, secret: bytes) -> str:
    """HMAC-SHA256 in hexadecimal over everything in a leg but the signature."""
    data = leg.data
    content = (
        *(leg.id, leg.source, leg.time, leg.subject),
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
        secret: the key of the legs' signatures and the lucky draws.
    """

    def __init__(
        self,
        number: int,
        of: int,
        programs: Mapping[str, Any],
        *,
        window_us: int,
        tolerance_us: int,
        secret: bytes,
    ) -> None:
        self.number = number
        self.of = of
        self.programs = programs
        self.window_us = window_us
        self.tolerance_us = tolerance_us
        self.secret = secret
        self.clock_us = 0
        self.published: dict[str, tuple[datetime, Any]] = {}  # when, and the program
        self.accounts: dict[str, dict[str, Any]] = {}
        self.verdict = Verdict("")  # of the record under judgement
        self.offset = 0
        self.cause = ""

    # -- one record --------------------------------------------------------------------------

    def judge(
        self, offset: int, key: bytes | None, value: bytes | None, arrived_us: int
    ) -> Verdict:
        """Say what must come of the record at `offset`, and keep the books accordingly."""
        event = read(key, value)
        if event is None:
            return Verdict("set_aside")
        self.verdict = Verdict("applied")
        self.offset = offset
        self.cause = event.id
        try:
            if step_of(event) == "leg":
                self.receive(event)
            elif step_of(event) == "rules":
                self.take_rules(event)
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
            verdict.cause = original.id
            verdict.campaign = getattr(original.data, "campaign", "")
        for field in ("redemption", "order", "share", "conversion", "cause"):
            verdict.cause = getattr(data, field, None) or verdict.cause
        verdict.campaign = getattr(data, "campaign", None) or verdict.campaign
        verdict.sharer = getattr(data, "sharer", verdict.sharer)
        if step_of(event) == "reward":
            verdict.sharer = data.to or ""
        verdict.network = getattr(getattr(original, "data", data), "network", None) or ""

    def is_elsewhere(self, name: str) -> bool:
        return name not in self.accounts and partition_of(name, self.of) != self.number

    def consider(self, event: Any, arrived_us: int) -> None:
        """An event of a client."""
        if self.is_elsewhere(event.subject):
            raise Refused("wrong_partition")
        operation = step_of(event)
        memory = event.subject
        if operation == "packet_claim":
            memory = f"claim:{event.subject}:{event.data.claimer}"
        if operation == "packet_share":
            memory = f"share:{event.subject}:{event.id}"
        seen = self.remembered(memory, event.id)
        if seen is not None:
            if seen["event"] != event:
                raise Refused("conflict")
            self.verdict.outcome, self.verdict.reason = "repeat", seen["reason"]
            return
        time_us, horizon_us = microseconds(event.time), self.clock_us - self.window_us
        latest_us = arrived_us + self.tolerance_us
        entry = {
            "id": event.id,
            "event": event,
            "time_us": min(time_us, latest_us),
            "reason": "",
            "fate": "",  # of an applied event: reversed or released
        }
        try:
            self.check_time(memory, time_us, horizon_us, latest_us)
            self.check_program(event, operation)
            self.verdict.outcome = getattr(self, operation)(event) or "applied"
        except Refused as refusal:
            entry["reason"] = str(refusal)
            beside = operation in {"packet_claim", "packet_share"}
            if entry["reason"] not in FORGET_AT_ONCE and not beside:
                self.remember(memory, entry, horizon_us)
            raise
        if operation == "packet_claim":
            self.account(memory, event.data.program)
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
        content = [event.id, event.source, event.time, event.subject, data.program, data.rules]
        signature = hmac.new(self.secret, encode_content(content), hashlib.sha256).hexdigest()
        if data.signature != signature:
            raise Refused("forged_rules")
        if event.subject != f"rules:{data.program}@{self.number}":
            raise Refused("wrong_partition" if self.is_elsewhere(event.subject) else "forged_rules")
        if data.program in self.published and event.time <= self.published[data.program][0]:
            raise Refused("stale_rules")
        self.published[data.program] = (event.time, program_of(data.program, data.rules))
        self.account(event.subject, data.program)

    def rules_of(self, event: Any) -> Any:
        """The program as it was at the event's own time."""
        name = event.data.program
        program = found = self.published[name][1] if name in self.published else self.programs[name]
        for from_us, later in program.later:
            if microseconds(event.time) >= from_us:
                found = later
        return found

    # -- memory ------------------------------------------------------------------------------

    def remembered(self, name: str, event_id: str) -> dict[str, Any] | None:
        account = self.accounts.get(name)
        if account is not None:
            for entry in account["remembered"]:
                if entry["id"] == event_id:
                    return entry
        return None

    def remember(self, name: str, entry: dict[str, Any], horizon_us: int) -> None:
        """Remember an event; what is before the window goes from the front, or the first of 256."""
        account = self.accounts.get(name)
        if account is None:
            return
        entries = account["remembered"]
        while entries and entries[0]["time_us"] < horizon_us:
            entries.pop(0)
        if len(entries) >= REMEMBERED_MAX:
            first = entries.pop(0)
            if first["reason"] == "":
                account["forgotten_us"] = max(account["forgotten_us"], first["time_us"])
        entries.append(entry)

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
                "arrived": {},  # clearing: each origin's next leg, as offset * 2048 + number
                "earned": {},  # wallet: coins by activity with a limit, and by (activity, day)
                "tier": "none",  # wallet: how well its owner is known
                "spent": {},  # wallet of a program whose tiers bind: coins that left, by day
                "holds": {},  # wallet: redemptions not yet settled, by the event's id
                "orders": {},  # wallet: orders not yet delivered, by the event's id
                "order": {},  # order, once delivered: merchant, amount, refunded
                "packet": {},  # packet: sender, mode, left, made, expires_us, campaign, group, code
                "until_us": 0,  # deposit: when its term is over
                "charged": (0, 0),  # deposit: (year, month) after which custody fees are due
                "share": {},  # share of a packet: sharer
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
        """Coins for another partition: they wait on the clearing account until acknowledged."""
        program = event.data.program
        self.pay(payer, self.clearing(program), program, amount, payee_held=amount)
        self.send(event, step, to, payer, amount, campaign)

    def give(self, payer: str, to: str, program: str, amount: int) -> None:
        """Coins that go to suspense when the wallet `to` can't take them."""
        takes = self.budget_takes if kind_of(to) == "budget" else self.takes
        taker = to if takes(to, program, amount) else self.suspense(program)
        self.post(payer, program, -amount)
        self.post(taker, program, amount)

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
        """Count what left the subject, or, below zero, what came back of that event."""
        account = self.accounts.get(event.subject)
        if account is None or "verify" not in self.rules_of(event).operations.open:
            return
        if coins > 0 and not self.rules_of(event).verification:
            return
        day = self.day_of(event)
        if day in account["spent"] or coins > 0:
            account["spent"][day] = max(0, account["spent"].get(day, 0) + coins)

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
        """Count what was earned, or taken back, by an activity that has a limit."""
        rule, ever, today = self.activity_and_day(event)
        if rule.day_max is None and rule.lifetime_max is None:
            return
        earned = self.accounts[event.subject]["earned"]
        for key in (ever, today):
            earned[key] = max(0, earned.get(key, 0) + coins)

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
            self.send(event, "ask", f"budget:{data.campaign}", event.subject, data.amount)
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
        coins = rule.coins
        if rule.percent is not None:
            worth = Fraction(data.value * rule.percent, 100)
            coins = min(int(worth / rule.coin_cents), rule.coins_max)
        if coins == 0:
            raise Refused("nothing_earned")
        once = data.conversion if rule.once_per == "conversion" else ""
        key = xxh3_64_hexdigest(f"{data.campaign}\n{data.rule}\n{once}".encode())
        memory = f"reward:{key}:{event.subject}"
        if memory in self.accounts:
            raise Refused("already_rewarded")
        if data.to == event.subject:
            raise Refused("to_self")
        payee = data.to or event.subject
        self.check_payee(payee, data.program)
        self.check_comes(event, payee, coins)
        name = self.budget(data.campaign)
        shard = self.accounts.get(name)
        if shard is None or shard["program"] != data.program:
            raise Refused("budget_exhausted")
        if self.available(name) < coins:
            self.ask_for(event, shard, coins)
            raise Refused("budget_exhausted")
        self.pay_wallet(event, "grant", name, payee, coins, data.campaign)
        self.account(memory, data.program)
        self.ask_when_low(event)

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
        wallet["holds"][event.id] = {
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
        if event.id in wallet["holds"] or event.id in wallet["orders"]:
            raise Refused("id_in_use")
        if len(wallet["holds"]) + len(wallet["orders"]) >= HOLDS_MAX:
            raise Refused("too_many_holds")

    def hold(self, event: Any) -> dict[str, Any]:
        """The open redemption that an event is about."""
        holds = self.wallet(event, "open", "frozen", "closed")["holds"]
        if event.data.redemption not in holds:
            raise Refused("unknown_hold")
        return dict(holds[event.data.redemption])

    def redeem_settle(self, event: Any) -> None:
        program, hold = event.data.program, self.hold(event)
        carrier, amount = self.carrier(hold["carrier"], program), hold["amount"]
        self.pay(event.subject, carrier, program, amount, payer_held=-amount)
        del self.accounts[event.subject]["holds"][event.data.redemption]

    def redeem_fail(self, event: Any) -> None:
        hold = self.hold(event)
        del self.accounts[event.subject]["holds"][event.data.redemption]
        self.free(event, event.data.redemption, hold["amount"])

    def free(self, event: Any, held_by: str, amount: int) -> None:
        """Coins that were held are the wallet's again."""
        self.post(event.subject, event.data.program, 0, -amount)
        self.verdict.amount = amount
        holder = self.remembered(event.subject, held_by)
        if holder is not None and holder["reason"] == "":
            holder["fate"] = "released"
            self.count_left(holder["event"], -amount)

    def redeem_expire(self, event: Any) -> None:
        if microseconds(event.time) < self.hold(event)["until_us"]:
            raise Refused("not_due")
        self.redeem_fail(event)

    # -- the catalogue -----------------------------------------------------------------------

    def delivered(self, order: str, wallet: str) -> str:
        """The account of a delivered order."""
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
        if self.delivered(event.id, event.subject) in self.accounts:
            raise Refused("id_in_use")
        self.may_hold(event, wallet)
        self.need(event.subject, data.amount)
        wallet["orders"][event.id] = {"amount": data.amount, "merchant": item.merchant}
        self.post(event.subject, data.program, 0, data.amount)

    def ordered(self, event: Any) -> dict[str, Any]:
        """The order, not yet delivered, that an event is about."""
        orders = self.wallet(event, "open", "frozen", "closed")["orders"]
        if event.data.order not in orders:
            raise Refused("unknown_order")
        return dict(orders[event.data.order])

    def order_fulfil(self, event: Any) -> None:
        program, order = event.data.program, self.ordered(event)
        merchant, amount = self.merchant(order["merchant"], program), order["amount"]
        self.pay(event.subject, merchant, program, amount, payer_held=-amount)
        del self.accounts[event.subject]["orders"][event.data.order]
        account = self.account(self.delivered(event.data.order, event.subject), program)
        account["order"] = {**order, "refunded": False}

    def order_cancel(self, event: Any) -> None:
        order = self.ordered(event)
        del self.accounts[event.subject]["orders"][event.data.order]
        self.free(event, event.data.order, order["amount"])

    def order_refund(self, event: Any) -> None:
        self.wallet(event, "open", "frozen", "closed")
        account = self.accounts.get(self.delivered(event.data.order, event.subject))
        if account is None:
            raise Refused("unknown_order")
        order = account["order"]
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

    def check_payee(self, payee: str, program: str) -> None:
        if self.is_elsewhere(payee):
            if kind_of(payee) != "wallet":
                raise Refused("unknown_payee")
        elif not self.takes(payee, program):
            raise Refused("unknown_payee")

    def pay_wallet(
        self, event: Any, step: str, payer: str, to: str, amount: int, campaign: str = ""
    ) -> None:
        if self.is_elsewhere(to):
            self.send_money(event, step, payer, to, amount, campaign)
        else:
            self.pay(payer, to, event.data.program, amount)

    def transfer(self, event: Any) -> None:
        data = event.data
        self.wallet(event)
        self.check_leaves(event, data.amount)
        if data.to == event.subject:
            raise Refused("to_self")
        self.check_payee(data.to, data.program)
        self.check_comes(event, data.to, data.amount)
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
        self.check_running(event, *self.packet_of(event))
        self.check_payee(event.data.sharer, event.data.program)
        name = f"share:{event.subject}:{event.id}"
        self.post(name, event.data.program, 0)
        self.accounts[name]["share"] = {"sharer": event.data.sharer}

    def sharer_of(self, event: Any, packet: dict[str, Any]) -> str:
        """Whose share a claim came through, '' for none; it must be of those the packet is for."""
        data = event.data
        if packet["group"] not in {"", data.group}:
            raise Refused("wrong_group")
        if data.share is not None:
            share = self.accounts.get(f"share:{event.subject}:{data.share}")
            if share is None:
                raise Refused("unknown_share")
            return str(share["share"]["sharer"])
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
        self.check_payee(claimer, event.data.program)
        drawn = self.draw(name, account["posted"], packet)
        self.check_comes(event, claimer, drawn)
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
        luck = int.from_bytes(hmac.new(self.secret, seed, hashlib.sha256).digest(), "big")
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
        entry = self.remembered(event.subject, original.id)
        if entry is None or entry["event"] != original or entry["reason"]:
            raise Refused("unknown_original")
        if entry["fate"] == "reversed":
            raise Refused("already_reversed")
        if entry["fate"] == "released":
            raise Refused("unknown_original")
        if original.id in wallet["holds"]:
            raise Refused("not_settled")
        self.cause = original.id
        outcome = getattr(self, "reverse_" + step_of(original))(event, original)
        entry["fate"] = "reversed"
        return outcome or "applied"

    def reverse_earn(self, event: Any, original: Any) -> None:
        try:
            coins = self.coins_earned(original)
        except Refused:
            coins = 0
        if coins == 0:
            raise Refused("unknown_original")
        self.need(event.subject, coins)
        self.pay(event.subject, self.issuer(event.data.program), event.data.program, coins)
        self.count_earned(original, -coins)

    def reverse_grant(self, event: Any, original: Any) -> None:
        self.need(event.subject, original.data.amount)
        budget = self.budget(original.data.campaign)
        self.pay(event.subject, budget, event.data.program, original.data.amount)

    def reverse_redeem(self, event: Any, original: Any) -> None:
        carrier = self.carrier(original.data.carrier, event.data.program)
        self.need(carrier, original.data.amount)
        self.give(carrier, event.subject, event.data.program, original.data.amount)
        self.count_left(original, -original.data.amount)

    def reverse_points_in(self, event: Any, original: Any) -> None:
        self.need(event.subject, original.data.amount)
        partner = self.partner(original.data.partner, event.data.program)
        self.pay(event.subject, partner, event.data.program, original.data.amount)

    def reverse_points_out(self, event: Any, original: Any) -> None:
        partner = self.partner(original.data.partner, event.data.program)
        self.give(partner, event.subject, event.data.program, original.data.amount)

    def reverse_transfer(self, event: Any, original: Any) -> str:
        payee, amount = original.data.to, original.data.amount
        if self.is_elsewhere(payee):
            self.send(event, "reverse_ask", payee, event.subject, amount)
            self.verdict.amount = amount
            return "asked"
        self.need(payee, amount)
        self.give(payee, event.subject, event.data.program, amount)
        self.count_left(original, -amount)
        return "applied"

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
            self.check_payee(to, event.data.program)
        if wallet["posted"]:
            self.check_comes(event, to, wallet["posted"])
            self.pay_wallet(event, "transfer", event.subject, to, wallet["posted"])
        else:
            self.post(event.subject, event.data.program, 0)
        wallet["state"] = "closed"

    # -- legs --------------------------------------------------------------------------------

    def send(
        self, event: Any, step: str, to: str, payer: str, amount: int, campaign: str = ""
    ) -> None:
        """Note a leg that must have been appended to the log of the partition that owns `to`."""
        self.verdict.legs.append(
            {
                "id": f"leg:{self.number}:{self.offset}:{len(self.verdict.legs)}",
                "time": event.time,
                "subject": to,
                "program": event.data.program,
                "step": step,
                "payer": payer,
                "amount": amount,
                "cause": self.cause,
                "campaign": getattr(event.data, "campaign", "") or campaign,
            }
        )

    def receive(self, leg: Any) -> None:
        """A leg; if it is genuine and new it has arrived, whatever then comes of it."""
        data = leg.data
        if not hmac.compare_digest(
            data.signature.encode(), signature_of(leg, self.secret).encode()
        ):
            raise Refused("forged_leg")
        if self.is_elsewhere(leg.subject):
            raise Refused("wrong_partition")
        sequence = data.offset * LEGS_PER_RECORD_MAX + data.number
        clearing = self.accounts.get(self.clearing(data.program), {"arrived": {}})
        if sequence < clearing["arrived"].get(data.partition, 0):
            raise Refused("repeated_leg")
        clearing = self.account(self.clearing(data.program), data.program)
        clearing["arrived"][data.partition] = sequence + 1
        self.cause = data.cause
        getattr(self, "leg_" + data.step)(leg)

    def leg_transfer(self, leg: Any) -> None:
        """Coins for a wallet; what its owner may not hold goes back."""
        data = leg.data
        takes = self.takes(leg.subject, data.program, data.amount)
        known = data.program in self.programs | self.published.keys()
        if takes and known and self.holds_too_many(leg, leg.subject, data.amount):
            self.send(leg, "bounce", data.payer, leg.subject, data.amount)
            if data.step == "transfer":
                self.account(self.bounced(leg), data.program)
            raise Refused("over_tier_balance")
        self.credit(leg, takes)

    leg_claim = leg_grant = leg_transfer

    def bounced(self, leg: Any) -> str:
        """The account that remembers that a gift went back."""
        key = xxh3_64_hexdigest(f"{leg.data.payer}\n{leg.data.cause}".encode())
        return f"bounced:{key}:{leg.subject}"

    def leg_bounce(self, leg: Any) -> None:
        """Coins from here that have not been taken there: their payer has them again."""
        data = leg.data
        clearing = self.clearing(data.program)
        self.post(clearing, data.program, -data.amount, -data.amount)
        payer = leg.subject
        if payer in self.accounts and self.accounts[payer]["kind"] == "packet":
            payer = self.accounts[payer]["packet"]["sender"]
        takes = self.budget_takes if kind_of(payer) == "budget" else self.takes
        taker = payer if takes(payer, data.program, data.amount) else self.suspense(data.program)
        self.post(taker, data.program, data.amount)
        entry = self.gift_back(leg)
        if entry is not None:
            entry["fate"] = "released"

    def leg_reversal(self, leg: Any) -> None:
        """Coins of a gift that its payer took back."""
        self.credit(leg, self.takes(leg.subject, leg.data.program, leg.data.amount))
        self.gift_back(leg)

    def gift_back(self, leg: Any) -> dict[str, Any] | None:
        """Have a gift that came back count no longer; what its payer remembers of it."""
        if kind_of(leg.subject) != "wallet":
            return None
        entry = self.remembered(leg.subject, leg.data.cause)
        if entry is None or entry["reason"] != "":
            return None
        self.count_left(entry["event"], -leg.data.amount)
        return entry

    def credit(self, leg: Any, takes: bool) -> None:  # noqa: FBT001
        """Credit the subject or suspense, and tell the origin that the coins have come."""
        data = leg.data
        clearing = self.clearing(data.program)
        self.post(clearing, data.program, -data.amount)
        self.post(leg.subject if takes else self.suspense(data.program), data.program, data.amount)
        origin = f"clearing:{data.program}@{data.partition}"
        self.send(leg, "ack", origin, clearing, data.amount)

    def budget_takes(self, name: str, program: str, amount: int) -> bool:
        budget = self.accounts.get(name)
        return budget is None or (
            budget["program"] == program
            and budget["state"] == "open"
            and budget["posted"] + amount <= COINS_MAX
        )

    def leg_return(self, leg: Any) -> None:
        """Coins of a shard for its reserve."""
        self.credit(leg, self.budget_takes(leg.subject, leg.data.program, leg.data.amount))

    def leg_lease(self, leg: Any) -> None:
        """Coins of a reserve for a shard, or the news that there are none."""
        data = leg.data
        takes = self.budget_takes(leg.subject, data.program, data.amount)
        if data.amount > 0:
            self.credit(leg, takes)
        elif takes:
            self.post(leg.subject, data.program, 0)
        if takes:
            terms = {"leased": True, "asked": False, "dry": data.amount == 0, "chunk": data.amount}
            self.accounts[leg.subject].update(terms)

    def leg_ack(self, leg: Any) -> None:
        """Coins that left here have come where they went."""
        self.post(leg.subject, leg.data.program, 0, -leg.data.amount)

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
            raise Refused("budget_exhausted")
        self.send_money(leg, "grant", leg.subject, data.payer, data.amount)

    def leg_reverse_ask(self, leg: Any) -> None:
        """The payer of a transfer wants its coins back."""
        data = leg.data
        payee = self.accounts.get(leg.subject)
        short = self.available(leg.subject) < data.amount
        if self.bounced(leg) in self.accounts:
            self.send(leg, "declined", data.payer, leg.subject, data.amount)
            raise Refused("unknown_original")
        if payee is None or payee["program"] != data.program or short:
            self.send(leg, "declined", data.payer, leg.subject, data.amount)
            raise Refused("insufficient_balance")
        self.send_money(leg, "reversal", leg.subject, data.payer, data.amount)

    def leg_declined(self, leg: Any) -> None:
        """The transfer could not be taken back: it stands."""
        entry = self.remembered(leg.subject, leg.data.cause)
        if entry is not None and entry["fate"] == "reversed":
            entry["fate"] = ""


__all__ = ["NEVER_BELOW_ZERO", "Judge", "Verdict", "read", "step_of"]
