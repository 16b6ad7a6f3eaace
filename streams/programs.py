"""Programs: the wallets people know, each a TOML file of rules for one ledger."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import click
import msgspec
from msgspec import Meta

_SHOWN_CHARACTERS_MAX = 80

FOLDER = Path(__file__).parent.parent / "programs"

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Operation = Literal[
    "open",
    "earn",
    "fund",
    "defund",
    "grant",
    "reward",
    "expire",
    "redeem",
    "redeem_settle",
    "redeem_fail",
    "redeem_expire",
    "order_place",
    "order_fulfil",
    "order_cancel",
    "order_refund",
    "points_in",
    "points_out",
    "deposit_add",
    "deposit_custody",
    "deposit_withdraw",
    "deposit_return",
    "transfer",
    "packet_send",
    "packet_share",
    "packet_claim",
    "packet_expire",
    "reverse",
    "freeze",
    "unfreeze",
    "close",
]
Coins = Annotated[int, Meta(ge=1, le=10**15)]


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name in Chinese and English."""

    zh: Annotated[str, Meta(min_length=1)]
    en: Annotated[str, Meta(min_length=1)]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a program's file; it says where its values come from."""

    source: str = ""
    assumption: str = ""

    def __post_init__(self) -> None:
        """Hold every table to saying whether it is known or assumed."""
        if not (self.source or self.assumption):
            raise ValueError("needs `source` (where it is written) or `assumption` (why we chose)")


class Coin(Entry, frozen=True):
    """What is counted: the coin's name and the smallest unit."""

    zh: str
    en: str
    unit: Annotated[str, Meta(min_length=1, description="the smallest unit, one is 1")]


class Operations(Entry, frozen=True):
    """The operations that are open; any other is refused."""

    open: frozenset[Operation]


class Activity(Entry, frozen=True):
    """How an activity earns; exactly one of the three rules.

    Attributes:
        title: its name.
        cents_per_coin: one coin for each whole so many cents of `spend`.
        coins: always so many.
        given_max: the event gives the amount, at most so many at once.
    """

    title: Text
    cents_per_coin: Coins | None = None
    coins: Coins | None = None
    given_max: Coins | None = None

    def __post_init__(self) -> None:
        """Hold an activity to one rule."""
        super().__post_init__()
        rules = (self.cents_per_coin, self.coins, self.given_max)
        if sum(rule is not None for rule in rules) != 1:
            raise ValueError("needs exactly one of `cents_per_coin`, `coins`, `given_max`")

    def earned(self, amount: int | None, spend: int | None) -> int | None:
        """Return the coins for an event with `amount` or `spend`, None when it has the wrong one.

        Args:
            amount: coins as the event gives them.
            spend: money in cents.
        """
        if self.cents_per_coin is not None:
            return None if spend is None or amount is not None else spend // self.cents_per_coin
        if self.coins is not None:
            return self.coins if amount in {None, self.coins} else None
        return amount


class Carrier(Entry, frozen=True):
    """A carrier at which coins may be redeemed."""

    title: Text


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
    """A ratio of whole numbers: so many coins for so many of a partner's points."""

    coins: Coins
    points: Coins

    def holds(self, coins: int, points: int) -> bool:
        """Return whether so many coins for so many points is this rate, to the last of them."""
        return coins * self.points == points * self.coins


class Partner(Entry, frozen=True):
    """Whose points may be turned into coins, or coins into its points.

    Attributes:
        title: its name.
        points_in: the rate of points into coins; none when they may not be.
        points_out: the rate of coins into points; none when they may not be.
    """

    title: Text
    points_in: Rate | None = None
    points_out: Rate | None = None


class Charge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fee in coins: a fixed number, and so many of each thousand, rounded down."""

    coins: Annotated[int, Meta(ge=0, le=10**15)] = 0
    per_mille: Annotated[int, Meta(ge=0, le=1000)] = 0

    def on(self, amount: int) -> int:
        """Return the fee on `amount` coins."""
        return self.coins + amount * self.per_mille // 1000


class Deposits(Entry, frozen=True):
    """How leftover package data is put by in parts and comes back whole.

    Attributes:
        function_fee: taken of each part.
        custody_fee: taken each month of what is put by.
        term_days: days from the first part until all goes back to the number.
        carrier: which gives it back, as data.
    """

    function_fee: Charge
    custody_fee: Charge
    term_days: Annotated[int, Meta(ge=1, le=3_660)]
    carrier: Slug


class RewardRule(Entry, frozen=True):
    """What a campaign may give for a conversion: a fixed number of coins, or a part of its value.

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
        """Hold a rule to one way of reckoning, and a percentage to a cap."""
        super().__post_init__()
        part = [self.percent, self.coin_cents, self.coins_max]
        if part.count(None) != (0 if self.coins is None else len(part)):
            raise ValueError("needs `coins`, or all of `percent`, `coin_cents`, `coins_max`")

    def given(self, value: int | None) -> int | None:
        """Return the coins for a conversion worth `value` cents, None when it should have one.

        A fixed reward has no use for a value, but to be recorded.
        """
        if self.percent is None or self.coin_cents is None or self.coins_max is None:
            return self.coins
        if value is None:
            return None
        return min(value * self.percent // (100 * self.coin_cents), self.coins_max)


class Expiry(Entry, frozen=True):
    """How long coins are good.

    Attributes:
        coins: `never`: for ever; `days`: so many `days`, counted from when they came.
        days: of `days`.
    """

    coins: Literal["never", "days"]
    days: Annotated[int, Meta(ge=1, le=36_600)] | None = None

    def __post_init__(self) -> None:
        """Hold `days` to where it belongs."""
        super().__post_init__()
        if (self.coins == "days") is (self.days is None):
            raise ValueError('needs `days` when `coins` is "days", and only then')


class Program(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One wallet program: its names, coin, open operations, and what is earned, bought, traded."""

    name: Slug
    title: Text
    owner: Text
    coin: Coin
    operations: Operations
    earn: dict[Slug, Activity] = {}
    carriers: dict[Slug, Carrier] = {}
    catalogue: dict[Slug, Item] = {}
    partners: dict[Slug, Partner] = {}
    deposits: Deposits | None = None
    rewards: dict[Slug, RewardRule] = {}
    expiry: Expiry | None = None

    def __post_init__(self) -> None:
        """Hold the program to what its open operations and deposits need."""
        needed = any(name.startswith("deposit_") for name in self.operations.open)
        if needed and self.deposits is None:
            raise ValueError("the operations deposit_... are open, so it needs a table [deposits]")
        if self.deposits is not None and self.deposits.carrier not in self.carriers:
            raise ValueError(
                f"deposits.carrier = {self.deposits.carrier!r} is none of its [carriers.…]"
            )


class ProgramError(click.ClickException):
    """A program's file is wrong; the message names file, key, value and remedy."""


def load(folder: Path = FOLDER) -> dict[str, Program]:
    """Return every program of `folder` by name.

    Raises:
        ProgramError: when there is none, or the first file that is wrong.
    """
    programs = {path.stem: read(path) for path in sorted(folder.glob("*.toml"))}
    if not programs:
        raise ProgramError(
            f"{folder} holds no programs (*.toml); set FLOWDROP_PROGRAMS to the folder that does"
        )
    return programs


def read(path: Path) -> Program:
    """Return the program in the file `path`, whose name it must bear.

    Raises:
        ProgramError: when it can't be read, or a value is not what it must be.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProgramError(f"{path}: {error}; a program is a TOML file in UTF-8") from error
    try:
        program = msgspec.convert(values, Program)
    except msgspec.ValidationError as error:
        raise ProgramError(f"{path}: {_explain(values, str(error))}") from error
    if program.name != path.stem:
        raise ProgramError(
            f"{path}: name = {program.name!r}; it must be the file's name, {path.stem!r}"
        )
    return program


def _explain(values: dict[str, Any], error: str) -> str:
    what, _, path = error.partition(" - at `")
    keys = re.findall(r"[\w-]+", path.rpartition("$")[2])
    if "[...]" in path or path.startswith("key"):
        keys.insert(1, _wrong_entry(values, keys[0]))
    found: object = values
    for key in keys:
        if isinstance(found, list):
            found = found[int(key)]
        else:
            found = found.get(key) if isinstance(found, dict) else None
    shown = repr(found)
    if len(shown) > _SHOWN_CHARACTERS_MAX:
        shown = shown[:_SHOWN_CHARACTERS_MAX] + "…"
    return f"{'.'.join(keys) or 'the file'} = {shown}: {what}; see programs/liuliangbao.toml"


def _wrong_entry(values: dict[str, Any], table: str) -> str:
    """Return the first entry of a table that is wrong; msgspec does not name it."""
    kind = get_type_hints(Program, include_extras=True)[table]
    for name, entry in values[table].items():
        try:
            msgspec.convert({name: entry}, kind)
        except msgspec.ValidationError:
            return str(name)
    raise AssertionError(f"every entry of {table} is right")
