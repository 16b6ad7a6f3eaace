"""A first mapping for a file, by the names of its columns and what stands in its first rows.

It is a proposal: what could not be found out is marked with TODO, and every column that was seen is
listed with an example, so that somebody who knows the data finishes it in an editor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from flowdrop.output import json_text
from intake.files.reading import Source
from intake.mapping.file import Written
from intake.mapping.values import NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from intake.files.batches import Batch

ROWS_READ = 20_000
EXAMPLES = 3
SHOWN_MAX = 40
KINDS_MAX = 12  # of values a column may have and still be taken for a status
FORMATS = (
    "iso",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日",
    "%Y%m%d%H%M%S",
)
_EPOCH = re.compile(r"1[0-9]{9}")
_EPOCH_MS = re.compile(r"1[0-9]{12}")
_BARE = re.compile(r"[^\W\d]\w*(\.\w+)*")
_CHINESE = re.compile("[\u4e00-\u9fff]")

# Words in the names of columns, the surest first.
_ID = (
    "order_id",
    "orderid",
    "event_id",
    "message_id",
    "messageid",
    "订单号",
    "订单编号",
    "流水号",
    "id",
)
# And what an id is of that stands in such a column: feeds of one shop then agree on its people.
_PERSON = {
    "member": "member",
    "会员": "member",
    "customer": "customer",
    "客户": "customer",
    "openid": "openid",
    "user": "user",
    "用户": "user",
    "buyer": "buyer",
    "买家": "buyer",
    "phone": "phone",
    "mobile": "phone",
    "手机": "phone",
    "person": "person",
}
_TIME = ("paid_at", "time", "date", "_at", "timestamp", "created", "时间", "日期")
_MONEY = ("amount", "price", "total", "value", "revenue", "金额", "价格", "实付")
_ITEM = ("sku", "item", "product", "goods", "商品", "货号")
_CAMPAIGN = ("campaign", "活动")
_STATUS = ("status", "state", "状态")
_CHANNEL = ("channel", "渠道")
_COINS = ("coins", "points", "积分", "流量币")


@dataclass(frozen=True)
class Seen:
    """A column of the first rows: the texts in it, and how many rows there were."""

    name: str
    texts: tuple[str, ...]
    rows: int

    @property
    def kinds(self) -> int:
        """How many different texts it has."""
        return len(set(self.texts))

    def is_key(self) -> bool:
        """Return whether each row has another text in it."""
        return bool(self.rows) and self.kinds == len(self.texts) == self.rows

    def is_money(self) -> bool:
        """Return whether it has numbers, but for a few."""
        return self._mostly(NUMBER.fullmatch)

    def time_format(self) -> str:
        """Return the format of the times in it, but for a few; "" if it has others."""
        for pattern, name in ((_EPOCH_MS, "epoch_ms"), (_EPOCH, "epoch")):
            if self._mostly(pattern.fullmatch):
                return name
        if self.is_money() and len(self.texts[0]) < len("20260301093000"):
            return ""
        forms = (form for form in FORMATS if self._mostly(lambda text: _is_time(text, form)))  # noqa: B023
        return next(forms, "")

    def _mostly(self, holds: Callable[[str], object]) -> bool:
        """Return whether something holds of nine in ten of its texts."""
        return sum(bool(holds(text)) for text in self.texts) * 10 >= len(self.texts) * 9 > 0


def guess(path: Path, feed: str = "") -> str:
    """Return the text of a mapping for a file.

    Args:
        path: the file.
        feed: what to call it; its name, if that is left out.

    Raises:
        click.ClickException: when it can't be read, or has no rows.
    """
    source = Source(path, Written(), (), whole=True)
    rows = _rows(source)
    if not rows:
        raise click.ClickException(f"{path}: it has no rows to guess from; name one that has")
    names = source.columns or list(dict.fromkeys(name for row in rows for name in row))
    seen = [_seen(name, rows) for name in names]
    name = feed or re.sub(r"[^\w-]+", "-", path.name.split(".")[0]).strip("-") or "feed"
    return "\n".join(_Guess(path.name, source, seen, name).lines()) + "\n"


def _rows(source: Source) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for batch in source.batches():
        found += _some(batch, ROWS_READ - len(found))
        if len(found) >= ROWS_READ:
            break
    return found


def _some(batch: Batch, count: int) -> Iterator[dict[str, object]]:
    return (_flat(batch.row(place)) for place in range(min(len(batch), count)))


def _flat(row: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Return a row with nested names spelled with dots."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _seen(name: str, rows: Sequence[dict[str, object]]) -> Seen:
    texts = (str(row[name]).strip() for row in rows if row.get(name) is not None)
    return Seen(name, tuple(text for text in texts if text), len(rows))


def _is_time(text: str, form: str) -> bool:
    try:
        if form == "iso":
            datetime.fromisoformat(text)
        else:
            datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True


class _Guess:
    """Writes the mapping, line by line."""

    def __init__(self, file: str, source: Source, seen: Sequence[Seen], feed: str) -> None:
        self._file = "".join(file.splitlines())
        self._source = source
        self._seen = seen
        self._feed = feed
        times = [one for one in seen if one.time_format()]
        self._time = self._named(_TIME, times) or next(iter(times), None)
        self._person = self._named(tuple(_PERSON), [one for one in seen if one is not self._time])

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        yield f"# A first mapping, guessed from {self._file}."
        yield "# Look at each line, then: flowdrop import check MAPPING FILE"
        yield ""
        yield "# Becomes the source of every event. With the id it names an event: keep it."
        yield f"feed = {_quoted(self._feed)}"
        yield f"format = {_quoted(self._source.format)}"
        if self._source.format == "csv":
            yield f"encoding = {_quoted(self._encoding())}"
            yield f"delimiter = {_quoted(self._source.delimiter)}"
        yield "# Of times that do not say their own offset; a guess by the language of the file."
        yield f"time_zone = {_quoted(self._zone())}"
        yield "# What tells the rows apart: importing the file again changes nothing."
        yield f"id = [{', '.join(_quoted(one) for one in self._id())}]"
        yield from self._whose()
        yield "# Columns that are not named below: keep (with the event), drop, refuse."
        yield 'unknown = "drop"'
        yield ""
        yield from self._columns()
        yield ""
        yield from self._event()

    def _encoding(self) -> str:
        return self._source.encoding if self._source.encoding in {"utf-8", "gb18030"} else "auto"

    def _zone(self) -> str:
        texts = "".join("".join((one.name, *one.texts[:EXAMPLES])) for one in self._seen)
        is_chinese = self._source.encoding == "gb18030" or _CHINESE.search(texts)
        return "Asia/Shanghai" if is_chinese else "UTC"

    def _named(self, words: Sequence[str], among: Sequence[Seen]) -> Seen | None:
        """Return the column whose name is, or else has, the first of the words."""
        for word in words:
            for one in among:
                if one.name.lower() == word:
                    return one
        found = (one for word in words for one in among if word in one.name.lower())
        return next(found, None)

    def _id(self) -> list[str]:
        """Return the columns that tell rows apart: one that is a key, or some that are together."""
        keys = [one for one in self._seen if one.is_key() and one is not self._time]
        if best := self._named(_ID, keys) or next(iter(keys), None):
            return [best.name]
        chosen = [self._named(_ID, self._seen), self._person, self._time]
        first = chosen[0]
        if first is not None:
            for one in self._seen:
                if one is not first and _together([first, one]):
                    return [first.name, one.name]
        return [one.name for one in dict.fromkeys(chosen) if one is not None] or ["TODO"]

    def _whose(self) -> Iterator[str]:
        yield "# Whose row it is; `type` stands before the id, so that no two kinds are mixed up."
        name = self._person.name if self._person else "TODO"
        own = next((kind for word, kind in _PERSON.items() if word in name.lower()), "TODO")
        yield f"person = {{ column = {_quoted(name)}, type = {_quoted(own)} }}"
        yield "# When it happened: iso, epoch, epoch_ms, or as strptime has it."
        column, form = (
            (self._time.name, self._time.time_format()) if self._time else ("TODO", "iso")
        )
        yield f"time = {{ column = {_quoted(column)}, format = {_quoted(form)} }}"

    def _columns(self) -> Iterator[str]:
        yield "# The columns, how many values were seen, and some of them:"
        for one in self._seen:
            shown = ", ".join(
                text[:SHOWN_MAX] for text in islice(dict.fromkeys(one.texts), EXAMPLES)
            )
            shown = " ".join(shown.split())
            yield (
                f"#   {one.name}: {one.kinds:,} values, such as {shown}"
                if shown
                else f"#   {one.name}: empty"
            )

    def _event(self) -> Iterator[str]:
        """Yield the event that the columns look like, the others as comments."""
        coins = self._named(_COINS, [one for one in self._seen if one.is_money()])
        money = self._named(_MONEY, [one for one in self._seen if one.is_money()])
        channel = self._named(_CHANNEL, self._seen)
        if coins is not None:
            yield "# Opens the wallet of those who have none; it must come before what gives coins."
            yield "[[event]]"
            yield 'name = "open"'
            yield 'type = "wallet.open"'
            yield "fields.program = \"'liuliangbao'\""
            yield ""
        yield "[[event]]"
        yield from self._when()
        if coins is not None:
            yield 'type = "wallet.earn"'
            yield "fields.program = \"'liuliangbao'\""
            yield "fields.activity = \"'game'\"  # TODO: an activity of the program"
            yield f"fields.amount = {_quoted(_name(coins))}"
        elif money is None and channel is not None:
            yield 'type = "campaign.contact"'
            yield from self._campaign()
            yield f"fields.channel = {_quoted(_name(channel))}"
        else:
            yield 'type = "campaign.conversion"'
            yield from self._campaign()
            if money is not None:
                yield f"fields.value = {_quoted(f'round({_name(money)} * 100)')}  # in cents"
            if item := self._named(_ITEM, self._seen):
                yield f"fields.item = {_quoted(_name(item))}"
        yield ""
        yield "# Other types: flowdrop events list. A row becomes an event for each [[event]] whose"
        yield "# `when` it meets; `name` ends its id, and must not change."

    def _when(self) -> Iterator[str]:
        status = self._named(_STATUS, [one for one in self._seen if one.kinds <= KINDS_MAX])
        if status is not None:
            values = ", ".join(_quoted(text) for text in dict.fromkeys(status.texts))
            yield "# TODO: leave those that count"
            yield f"when = {{ {_quoted(status.name)} = [{values}] }}"

    def _campaign(self) -> Iterator[str]:
        campaign = self._named(_CAMPAIGN, self._seen)
        if campaign is not None:
            yield f"fields.campaign = {_quoted(_name(campaign))}"
        else:
            text = _quoted(f"'{self._feed}'")
            yield f"fields.campaign = {text}  # TODO: a text in quotes, or a column"


def _together(columns: Sequence[Seen]) -> bool:
    """Return whether each row has another combination of texts in some columns."""
    if any(len(one.texts) != one.rows for one in columns):
        return False
    return len(set(zip(*(one.texts for one in columns), strict=True))) == columns[0].rows


def _name(column: Seen) -> str:
    """Return a column as an expression has it."""
    return column.name if _BARE.fullmatch(column.name) else f"`{column.name}`"


def _quoted(text: str) -> str:
    """Return a text as TOML; its basic strings are those of JSON."""
    return json_text(text)
