"""What stands in the columns of a file's first rows: keys, money, times, phone numbers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from intake.mapping.expressions import RESERVED
from intake.mapping.values import NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SAMPLE = 200  # texts that say which forms are tried on all
FORMATS = (
    "iso",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M %p",
    "%d/%m/%Y",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日",
)
# What stands for nothing, in lower case; what is as likely to mean something (`none`) is not here.
NOTHING = frozenset(
    {"n/a", "#n/a", "null", "(null)", "<null>", "nan", "nil", "\\n", "unknown", "未知", "不详"}
)
FEW = 50  # as one row in so many may be broken, and its column still be what the others say
TELLING = ("/", ".", "年", "-", "T", " ", ":")  # signs by which two formats are told apart
_PATTERNS = {
    "epoch_ms": re.compile(r"1[0-9]{12}"),
    "epoch": re.compile(r"1[0-9]{9}"),
    "%Y%m%d%H%M%S": re.compile(r"(?:19|20)[0-9]{12}"),
    "%Y%m%d": re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"),
}
_BARE = re.compile(r"[^\W\d]\w*(\.\w+)*")
_PHONE = re.compile(r"(?:\+|00)?[0-9][0-9 ().-]{8,18}[0-9]")
_CHINESE_PHONE = re.compile(r"(?:(?:\+|00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")

# Money as people write it. What is no digit, point or minus is taken out by `replace`.
_UNIT = r"(?:[¥￥$€£元]|RMB|CNY|USD|EUR|HK\$|US\$)"
_BLANK = "[ \u00a0\u202f]?"  # no-break ones are what other programs put there
_DIGITS = r"(?P<number>[0-9][0-9.,'\u00a0\u202f ]*?)"
_SIGNED = re.compile(rf"{_UNIT}?{_BLANK}[+-]?{_UNIT}?{_BLANK}{_DIGITS}{_BLANK}{_UNIT}?")
_GROUPED = re.compile(r"[0-9]{1,3}(?P<sign>[,.' \u00a0\u202f])[0-9]{3}(?:(?P=sign)[0-9]{3})*")
_WORDS = ("HK$", "US$", "RMB", "CNY", "USD", "EUR")
_SIGNS = "¥￥$€£元 \u00a0\u202f'"


@dataclass(frozen=True)
class Seen:
    """A column of the first rows: what stands in each row, "" for nothing."""

    name: str
    cells: tuple[str, ...]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The texts in it."""
        return tuple(text for text in self.cells if text)

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return len(self.cells)

    @cached_property
    def kinds(self) -> int:
        """How many different texts it has."""
        return len(set(self.texts))

    @property
    def is_full(self) -> bool:
        """Whether each row has a text in it."""
        return len(self.texts) == self.rows > 0

    @property
    def is_nearly_full(self) -> bool:
        """Whether no more than a few rows have nothing in it."""
        empty = self.rows - len(self.texts)
        return self.is_full or are_few(empty, self.rows)

    @property
    def is_nearly_key(self) -> bool:
        """Whether each row but a few has another text in it."""
        return are_few(self.rows - self.kinds, self.rows)

    @property
    def is_key(self) -> bool:
        """Whether each row has another text in it."""
        return self.is_full and self.kinds == self.rows

    @property
    def expression(self) -> str:
        """It as an expression has it."""
        is_bare = _BARE.fullmatch(self.name) and self.name not in RESERVED
        return self.name if is_bare else f"`{self.name}`"

    @property
    def longest(self) -> int:
        """How many characters its longest text has."""
        return max(map(len, self.texts), default=0)

    @property
    def in_the_clear(self) -> str:
        """What of a person most of it is by which anybody knows them; "" for nothing."""
        if self.mostly(_EMAIL.fullmatch):
            return "e-mail addresses"
        is_named = re.search("phone|mobile|tel|手机|电话", self.name, re.IGNORECASE)
        phone = _PHONE if is_named else _CHINESE_PHONE
        return "phone numbers" if self.mostly(phone.fullmatch) else ""

    @cached_property
    def number(self) -> str:
        """The expression of the numbers in it, but for a few; "" if it has others."""
        if self.mostly(NUMBER.fullmatch):
            return self.expression
        return _cleared(self.expression, self.texts) if self.mostly(_is_money) else ""

    @cached_property
    def is_comma_decimal(self) -> bool:
        """Whether the comma stands before its decimals: 1.234,56."""
        return bool(self.number) and _has_comma_decimals(self.texts)

    def numbers(self) -> list[float]:
        """Return its numbers, without what is none."""
        texts = (_plainly(text, comma=self.is_comma_decimal) for text in self.texts)
        return [float(text) for text in texts if NUMBER.fullmatch(text)]

    @cached_property
    def time_formats(self) -> tuple[str, ...]:
        """The format of the times in it, but for a few, or two formats; () if it has others."""
        for name, pattern in _PATTERNS.items():
            if self.mostly(pattern.fullmatch):
                return (name,)
        if self.mostly(NUMBER.fullmatch):
            return ()
        some = self.texts[:: max(1, len(self.texts) // SAMPLE)]
        forms = [form for form in FORMATS if any(_is_time(text, form) for text in some)]
        left = Counter(self.texts)
        found: list[str] = []
        while forms and left.total() * 10 > len(self.texts):
            best = max(forms, key=lambda form: _matched(left, form))
            if not _matched(left, best) or len(found) == 2:  # noqa: PLR2004 - more is no format
                return ()
            found.append(best)
            left = Counter({text: n for text, n in left.items() if not _is_time(text, best)})
        second = [form for form in forms if left and _matched(left, form) == left.total()]
        return tuple([*found, *second[:1]][:2])

    def told_apart(self) -> str:
        """Return a sign that all texts of its second format have and none of the first, or ""."""
        first, second = self.time_formats
        firsts = [text for text in self.texts if _is_time(text, first)]
        others = [
            text for text in self.texts if not _is_time(text, first) and _is_time(text, second)
        ]
        for sign in TELLING:
            if all(sign in text for text in others) and not any(sign in text for text in firsts):
                return sign
        return ""

    def is_read_both_ways(self) -> bool:
        """Return whether its days may as well stand before its months: 03/04/2026."""
        form = next((one for one in self.time_formats if one.startswith("%m/%d")), "")
        other = form.replace("%m/%d", "%d/%m")
        return other != form and all(_is_time(text, other) for text in self.texts)

    def mostly(self, holds: Callable[[str], object]) -> bool:
        """Return whether something holds of nine in ten of its texts."""
        return sum(bool(holds(text)) for text in self.texts) * 10 >= len(self.texts) * 9 > 0


def are_few(count: int, rows: int) -> bool:
    """Return whether so many of some rows are there, but so few that they are faults."""
    return 0 < count * FEW <= rows


def are_together_a_key(columns: Sequence[Seen]) -> bool:
    """Return whether each row has another combination of texts in some columns.

    A few may lack one: they are rejected.
    """
    rows = columns[0].rows
    whole = [cells for cells in zip(*(one.cells for one in columns), strict=True) if all(cells)]
    is_full = len(whole) == rows or are_few(rows - len(whole), rows)
    return is_full and len(set(whole)) == len(whole) > 0


def _matched(texts: Counter[str], form: str) -> int:
    return sum(count for text, count in texts.items() if _is_time(text, form))


def _is_time(text: str, form: str) -> bool:
    if (pattern := _PATTERNS.get(form)) is not None:
        return bool(pattern.fullmatch(text))
    try:
        if form == "iso":
            datetime.fromisoformat(text)
        else:
            datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


# -- money ---------------------------------------------------------------------------------------


def _is_money(text: str) -> bool:
    return bool(_SIGNED.fullmatch(text)) and any(
        NUMBER.fullmatch(_plainly(text, comma=comma)) for comma in (False, True)
    )


def _has_comma_decimals(texts: Iterable[str]) -> bool:
    """Return whether the comma stands before decimals in texts of money.

    It does if it comes behind a point, or what is behind it is no group of three digits.
    """
    found = [match["number"] for text in texts if (match := _SIGNED.fullmatch(text))]
    commas = [number for number in found if "," in number]
    if not commas:
        return bool(found) and any(number.count(".") > 1 for number in found)
    if any(number.rfind(".") > number.rfind(",") for number in commas):
        return False
    return not all(_GROUPED.fullmatch(number) for number in commas)


def _plainly(text: str, *, comma: bool) -> str:
    for sign in (*_WORDS, *_SIGNS, "." if comma else ","):
        text = text.replace(sign, "")
    return text.replace(",", ".")


def _cleared(expression: str, texts: Sequence[str]) -> str:
    """Return an expression that takes out of a column whatever is no part of its numbers."""
    comma = _has_comma_decimals(texts)
    whole = "".join(texts)
    for sign in (*_WORDS, *_SIGNS, "." if comma else ","):
        if sign in whole:
            quote = '"' if sign == "'" else "'"
            expression = f"replace({expression}, {quote}{sign}{quote}, '')"
            whole = whole.replace(sign, "")
    return f"replace({expression}, ',', '.')" if comma and "," in whole else expression
