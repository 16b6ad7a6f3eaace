"""What a program's file holds: one struct per table.

Every table says where its values come from, and may say from when until when it is in force
(half open, UTC). `Program` is what is in force at one time; `later` is what it becomes.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta

from streams.events import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
if TYPE_CHECKING:
    Operation: TypeAlias = str
else:
    Operation = Literal[OPERATIONS]
Coins = Annotated[int, Meta(ge=1, le=10**15)]
Who = Literal["person", "enterprise", "carrier", "merchant", "operator"]

DAY_US = 86_400_000_000
MINUTE_US = 60_000_000


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name in Chinese and English."""

    zh: Annotated[str, Meta(min_length=1)]
    en: Annotated[str, Meta(min_length=1)]


class Entry(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"since": "from"},
):
    """A table of a program's file.

    Attributes:
        source: where its values are written.
        assumption: why we chose them, where they are not known.
        since: `from` in the file: in force from then on; from the beginning when left out.
        until: no longer in force from then on; for ever when left out.
    """

    source: str = ""
    assumption: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        """Check that every table says whether it is known or assumed, and has a valid period."""
        if not (self.source or self.assumption):
            raise ValueError("needs `source` (where it is written) or `assumption` (why we chose)")
        for name, time in (("from", self.since), ("until", self.until)):
            if time is not None and time.tzinfo is None:
                raise ValueError(
                    f"`{name}` needs an offset, as in 2026-03-01T00:00:00Z, or no hour"
                )
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("`from` must be before `until`, which is no longer part of the period")

    def dates(self) -> Iterator[datetime]:
        """Yield the times at which what it says begins or ends."""
        if self.since is not None:
            yield self.since
        if self.until is not None:
            yield self.until

    def is_in_force(self, time: datetime) -> bool:
        """Return whether its period contains `time`."""
        return (self.since is None or self.since <= time) and (
            self.until is None or time < self.until
        )

    def at(self, _time: datetime) -> Entry:
        """Return what of it is in force at a time of its period."""
        return self


class Coin(Entry, frozen=True):
    """What is counted: the coin's name and the smallest unit."""

    zh: str
    en: str
    unit: Annotated[str, Meta(min_length=1, description="the smallest unit, one is 1")]


class Operations(Entry, frozen=True):
    """The operations that are open; any other is refused.

    Attributes:
        open: their names.
        who: whose each is; a person's, if it isn't listed here.
    """

    open: frozenset[Operation]
    who: dict[Operation, Who] = {}


class Calendar(Entry, frozen=True):
    """Whose days and months count: a fixed offset, so that no time-zone table can change them."""

    utc_offset_minutes: Annotated[int, Meta(ge=-14 * 60, le=14 * 60)]

    def day_of(self, time_us: int) -> int:
        """Return the day that contains `time_us`, counted from 1970-01-01."""
        return (time_us + self.utc_offset_minutes * MINUTE_US) // DAY_US

    def local(self, time: datetime) -> datetime:
        """Return `time` as clocks show it there."""
        return time.astimezone(timezone(timedelta(minutes=self.utc_offset_minutes)))

    def midnight(self, day: str) -> datetime:
        """Return when a day, written as `2026-03-01`, begins there, in UTC."""
        offset = timedelta(minutes=self.utc_offset_minutes)
        return datetime.fromisoformat(day).replace(tzinfo=timezone(offset)).astimezone(UTC)

    def is_last_day(self, time: datetime) -> bool:
        """Return whether `time` lies on the last day of a month."""
        return (self.local(time) + timedelta(days=1)).day == 1

    def month_end(self, time: datetime) -> datetime:
        """Return when the month that contains `time` ends, in UTC."""
        first = self.local(time).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return (first + timedelta(days=32)).replace(day=1).astimezone(UTC)


CHINA = Calendar(utc_offset_minutes=480, source="China Standard Time, UTC+8 without summer time")


class Activity(Entry, frozen=True):
    """How an activity earns, by exactly one of the first three rules, and how much at most.

    Attributes:
        title: its name.
        cents_per_coin: one coin for each whole so many cents of `spend`.
        coins: always so many.
        given_max: the event gives the amount, at most so many at once.
        day_max: coins a wallet may earn by it on one day of the program's calendar.
        lifetime_max: coins a wallet may earn by it in all.
    """

    title: Text
    cents_per_coin: Coins | None = None
    coins: Coins | None = None
    given_max: Coins | None = None
    day_max: Coins | None = None
    lifetime_max: Coins | None = None

    @property
    def is_capped(self) -> bool:
        """Whether there is a limit to what a wallet may earn by it."""
        return self.day_max is not None or self.lifetime_max is not None

    def __post_init__(self) -> None:
        """Check that an activity has one rule."""
        super().__post_init__()
        rules = (self.cents_per_coin, self.coins, self.given_max)
        if sum(rule is not None for rule in rules) != 1:
            raise ValueError("needs exactly one of `cents_per_coin`, `coins`, `given_max`")

    def earned(self, amount: int | None, spend: int | None) -> int | None:
        """Return the coins for an event with `amount` or `spend`, None if it has the wrong one.

        Args:
            amount: coins as the event gives them.
            spend: money in cents.
        """
        if self.cents_per_coin is not None:
            return None if spend is None or amount is not None else spend // self.cents_per_coin
        if self.coins is not None:
            return self.coins if amount in {None, self.coins} else None
        return amount


class Tier(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount of data for a number of coins."""

    mb: Coins
    coins: Coins


class Gate(Entry, frozen=True):
    """A time in which a carrier's gate is closed.

    Attributes:
        closed: `all`: for everyone; `others`: for numbers on another network.
    """

    closed: Literal["all", "others"]


class Carrier(Entry, frozen=True):
    """A carrier at which coins may be redeemed.

    Attributes:
        title: its name.
        tiers: the amounts on offer, and their prices; any other is refused.
        coins_per_mb: without tiers: the price of a megabyte; any whole number of them is on offer.
        gates: when it is closed.
    """

    title: Text
    tiers: tuple[Tier, ...] = ()
    coins_per_mb: Coins | None = None
    gates: tuple[Gate, ...] = ()

    def __post_init__(self) -> None:
        """Check that a carrier has one way of pricing."""
        super().__post_init__()
        if self.tiers and self.coins_per_mb is not None:
            raise ValueError("has both `tiers` and `coins_per_mb`; leave one out")

    def dates(self) -> Iterator[datetime]:
        """Yield when it begins or ends, and when its gate closes or opens."""
        yield from super().dates()
        for gate in self.gates:
            yield from gate.dates()

    def at(self, time: datetime) -> Carrier:
        """Return it with the gate that is closed at `time`, if one is."""
        gates = tuple(gate for gate in self.gates if gate.is_in_force(time))
        return msgspec.structs.replace(self, gates=gates)

    @property
    def is_plain(self) -> bool:
        """Whether any number of coins may be redeemed whenever this is in force."""
        return not self.gates and not self.tiers and self.coins_per_mb in {None, 1}

    def is_closed_to(self, network: str, name: str) -> bool:
        """Return whether its gate is closed to numbers of `network`; `name` is its own.

        The gates are those in force, see `at`.
        """
        return any(gate.closed == "all" or network != name for gate in self.gates)

    def has_price(self, coins: int) -> bool:
        """Return whether `coins` buy something here."""
        if self.tiers:
            return any(tier.coins == coins for tier in self.tiers)
        return self.coins_per_mb is None or coins % self.coins_per_mb == 0

    def megabytes(self, coins: int) -> int:
        """Return how much data `coins` buy, 0 when there is no price per megabyte."""
        if self.tiers:
            return next((tier.mb for tier in self.tiers if tier.coins == coins), 0)
        return 0 if self.coins_per_mb is None else coins // self.coins_per_mb


class Item(Entry, frozen=True):
    """What coins may buy.

    Attributes:
        title: its name.
        kind: `virtual` goods, `content` to hear, read or see, `mall` goods that are delivered, or
            a `topup` of a phone's bill.
        price: coins for one.
        merchant: who sells it and gets the coins.
    """

    title: Text
    kind: Literal["virtual", "content", "mall", "topup"]
    price: Coins
    merchant: Slug


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ratio of whole numbers: a number of coins for a number of a partner's points."""

    coins: Coins
    points: Coins

    def holds(self, coins: int, points: int) -> bool:
        """Return whether this many coins for this many points is exactly this rate."""
        return coins * self.points == points * self.coins


class Partner(Entry, frozen=True):
    """A partner whose points may be turned into coins, or coins into its points.

    Attributes:
        title: its name.
        points_in: the rate of points into coins; none if not allowed.
        points_out: the rate of coins into points; none if not allowed.
    """

    title: Text
    points_in: Rate | None = None
    points_out: Rate | None = None


class Redemption(Entry, frozen=True):
    """When coins may be redeemed at any carrier, and how long the data is valid.

    Attributes:
        on_last_day: whether on the last day of a month as well.
        data_expires: `month_end`: with the month in which it was redeemed; `carrier`: as the
            carrier has it.
    """

    on_last_day: bool = True
    data_expires: Literal["month_end", "carrier"] = "carrier"


class Expiry(Entry, frozen=True):
    """How long coins are valid.

    Attributes:
        coins: `never`: for ever; `days`: so many `days`, counted from when they arrived.
        days: of `days`.
    """

    coins: Literal["never", "days"]
    days: Annotated[int, Meta(ge=1, le=36_600)] | None = None

    def __post_init__(self) -> None:
        """Check that `days` is only where it belongs."""
        super().__post_init__()
        if (self.coins == "days") is (self.days is None):
            raise ValueError('needs `days` when `coins` is "days", and only then')


class Reserve(Entry, frozen=True):
    """While it is in force, coins are issued only against the program's reserve."""


class Fee(Entry, frozen=True, kw_only=True):
    """What a service costs: money in cents, or coins.

    Attributes:
        title: its name.
        cents: money, in cents; it is not taken by the ledger.
        coins: 0, to say that there is none: the ledger takes fees in coins for deposits only.
        per: each `use`, or each `month`.
    """

    title: Text
    cents: Annotated[int, Meta(ge=0, le=10**13)] | None = None
    coins: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    per: Literal["use", "month"]

    def __post_init__(self) -> None:
        """Check that a fee has one currency."""
        super().__post_init__()
        if (self.cents is None) == (self.coins is None):
            raise ValueError("needs exactly one of `cents`, `coins`")


class Verification(Entry, frozen=True):
    """What a wallet of a verification tier may do; without a number there is no limit.

    Attributes:
        title: its name.
        transaction_max: coins a gift, a packet or a redemption may have.
        day_max: coins that may leave the wallet by those on one day of the program's calendar.
        balance_max: coins the wallet may hold after any more come.
    """

    title: Text
    transaction_max: Coins | None = None
    day_max: Coins | None = None
    balance_max: Coins | None = None


class Compliance(Entry, frozen=True):
    """A rule of compliance.

    Attributes:
        title: what it says.
        effect: whether what breaks it is refused, or reported to those who watch.
        by: what enforces it: a refusal, an operation that does not exist, a check.
    """

    title: Text
    effect: Literal["refuse", "flag"]
    by: Annotated[str, Meta(min_length=1)]


class Charge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fee in coins: a fixed number, plus so many per thousand, rounded down."""

    coins: Annotated[int, Meta(ge=0, le=10**15)] = 0
    per_mille: Annotated[int, Meta(ge=0, le=1000)] = 0

    def on(self, amount: int) -> int:
        """Return the fee on `amount` coins."""
        return self.coins + amount * self.per_mille // 1000


class Deposits(Entry, frozen=True):
    """How leftover package data is deposited in parts and comes back whole.

    Attributes:
        function_fee: taken of each part.
        custody_fee: taken each month from the deposit.
        term_days: days from the first part until all goes back to the number.
        carrier: which gives it back, as data.
    """

    function_fee: Charge
    custody_fee: Charge
    term_days: Annotated[int, Meta(ge=1, le=3_660)]
    carrier: Slug


class RewardRule(Entry, frozen=True):
    """What a campaign may give for a conversion: a fixed number of coins, or a share of its value.

    Attributes:
        title: its name.
        once_per: `conversion`, or `person`, as for a first purchase.
        to: who gets it: the `buyer`, or the `sharer` who brought them.
        coins: always so many.
        percent: of the value of the conversion.
        coin_cents: of a percentage: what a coin is worth, in cents.
        coins_max: of a percentage: at most so many.
    """

    title: Text
    once_per: Literal["conversion", "person"]
    to: Literal["buyer", "sharer"]
    coins: Coins | None = None
    percent: Annotated[int, Meta(ge=1, le=100)] | None = None
    coin_cents: Coins | None = None
    coins_max: Coins | None = None

    def __post_init__(self) -> None:
        """Check that a rule has one way of calculating, and that a percentage has a cap."""
        super().__post_init__()
        part = [self.percent, self.coin_cents, self.coins_max]
        if part.count(None) != (0 if self.coins is None else len(part)):
            raise ValueError("needs `coins`, or all of `percent`, `coin_cents`, `coins_max`")

    def given(self, value: int | None) -> int | None:
        """Return the coins for a conversion worth `value` cents, None when it should have one.

        A fixed reward only records a value.
        """
        if self.percent is None or self.coin_cents is None or self.coins_max is None:
            return self.coins
        if value is None:
            return None
        return min(value * self.percent // (100 * self.coin_cents), self.coins_max)


class Department(Entry, frozen=True):
    """Who answers for activities and campaigns in the settlement; no event is judged by it.

    Attributes:
        title: its name.
        activities: those whose coins it pays for.
        campaigns: those it runs: their names, or a prefix and a `*`.
    """

    title: Text
    activities: Annotated[tuple[Slug, ...], Meta(min_length=1)]
    campaigns: tuple[Annotated[str, Meta(min_length=1)], ...] = ()

    def __post_init__(self) -> None:
        """Check that it has one answer: a month that was settled must not change hands."""
        super().__post_init__()
        if self.since is not None or self.until is not None:
            raise ValueError("has no dates: who answers for an activity does so for every month")


class Later(NamedTuple):
    """What a program becomes: its rules from `from_us` (microseconds since 1970) on."""

    from_us: int
    program: Program


class Program(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wallet program's file, as it is in force at one time.

    Attributes:
        name: its file's name.
        title: its name.
        owner: who runs it.
        coin: what is counted.
        operations: what is open.
        calendar: whose days and months count.
        earn: activities by name.
        carriers: those at which coins may be redeemed, by name.
        catalogue: what coins buy, by name.
        partners: those whose points are exchanged, by name.
        deposits: how package data is deposited.
        rewards: what campaigns may give for conversions, by name.
        redemption: rules for all carriers.
        expiry: how long coins are good.
        reserve: that coins are issued only against what backs them.
        fees: by name.
        verification: what the verification tiers may do, by name.
        compliance: rules by name.
        departments: those who answer for activities and campaigns, by name.
        later: of what `read` gives, the program from the beginning: what it became, in order.
    """

    name: Slug
    title: Text
    owner: Text
    coin: Coin
    operations: Operations
    calendar: Calendar = CHINA
    earn: dict[Slug, Activity] = {}
    carriers: dict[Slug, Carrier] = {}
    catalogue: dict[Slug, Item] = {}
    partners: dict[Slug, Partner] = {}
    deposits: Deposits | None = None
    rewards: dict[Slug, RewardRule] = {}
    redemption: Redemption | None = None
    expiry: Expiry | None = None
    reserve: Reserve | None = None
    fees: dict[Slug, Fee] = {}
    verification: dict[Slug, Verification] = {}
    compliance: dict[Slug, Compliance] = {}
    departments: dict[Slug, Department] = {}
    later: tuple[Later, ...] = ()

    def at(self, time_us: int) -> Program:
        """Return the rules in force at a time (microseconds since 1970)."""
        number = bisect_right(self.later, time_us, key=lambda later: later.from_us)
        return self.later[number - 1].program if number else self

    def may_redeem_on(self, time: datetime) -> bool:
        """Return whether coins may be redeemed at all on the day that has `time`."""
        rule = self.redemption
        return rule is None or rule.on_last_day or not self.calendar.is_last_day(time)

    def data_expires(self, time: datetime) -> datetime | None:
        """Return when data redeemed at `time` expires, None if the carrier decides."""
        if self.redemption is None or self.redemption.data_expires == "carrier":
            return None
        return self.calendar.month_end(time)
