"""A first mapping for a file, by the names of its columns and what stands in its first rows.

It is a proposal: what could not be found out is marked with TODO, and every column that was seen is
listed with an example, so that somebody who knows the data finishes it in an editor.
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import combinations, islice
from typing import TYPE_CHECKING

import click

from flowdrop.output import json_text
from flowdrop.settings import load as load_settings
from intake.files.guessed import PERSONAL, attributes_of, called
from intake.files.reading import Source
from intake.files.seen import NOTHING, Seen, are_few, are_together_a_key
from intake.mapping.file import Written
from streams.people import Catalogue, load
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from intake.files.batches import Batch
    from intake.files.guessed import Guessed

ROWS_READ = 20_000
EXAMPLES = 3
SHOWN_MAX = 40
KINDS_MAX = 12  # of values a column may have and still be taken for a status
NAME_MAX = 128  # characters of a name
FEED_MAX = 100
_CHINESE = re.compile("[\u4e00-\u9fff]")

# Words in the names of columns, the surest first.
_ORDER = (
    "order_id",
    "orderid",
    "event_id",
    "message_id",
    "messageid",
    "订单号",
    "订单编号",
    "流水号",
    "bestellnummer",
    "auftragsnummer",
)
_ID = ("_id", "编号")  # or `id` alone, which is a part of many words
# And what an id is of that stands in such a column: feeds of one shop then agree on its people.
_PERSON = {
    "member": "member",
    "会员": "member",
    "customer": "customer",
    "客户": "customer",
    "kunde": "customer",
    "openid": "openid",
    "user": "user",
    "用户": "user",
    "buyer": "buyer",
    "买家": "buyer",
    "person": "person",
    "phone": "phone",
    "mobile": "phone",
    "手机": "phone",
    "电话": "phone",
    "email": "email",
    "e-mail": "email",
    "邮箱": "email",
}
_TIME = ("paid_at", "sent", "time", "date", "_at", "timestamp", "created", "时间", "日期", "datum")
_MONEY = (
    *("amount", "price", "total", "value", "revenue", "paid"),
    *("实付", "金额", "价格", "总价", "单价", "betrag", "summe", "preis"),
)
_COST = ("cost", "费用", "成本")
_ITEM = ("sku", "item", "product", "goods", "商品", "货号")
_CAMPAIGN = ("campaign", "活动")
_STATUS = ("status", "state", "状态")
_CHANNEL = ("channel", "渠道")
_COINS = ("coins", "points", "积分", "流量币")


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
    name = feed or re.sub(r"[^\w-]+", "-", path.name.split(".")[0])[:FEED_MAX].strip("-") or "feed"
    catalogue = load(load_settings(StreamSettings).attributes)
    made = _Guess(path.name, source, seen, name, catalogue, _missing(rows))
    return "\n".join(made.lines()) + "\n"


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
    texts = ("" if row.get(name) is None else str(row[name]).strip() for row in rows)
    return Seen(name, tuple("" if text.lower() in NOTHING else text for text in texts))


def _missing(rows: Sequence[dict[str, object]]) -> list[str]:
    """Return the words of the rows that stand for nothing."""
    texts = {value.strip() for row in rows for value in row.values() if isinstance(value, str)}
    return sorted(text for text in texts if text.lower() in NOTHING)


class _Guess:
    """Writes the mapping, line by line."""

    def __init__(
        self,
        file: str,
        source: Source,
        seen: Sequence[Seen],
        feed: str,
        catalogue: Catalogue,
        missing: Sequence[str],
    ) -> None:
        self._file = _on_one_line(file)
        self._source = source
        self._seen = seen
        self._feed = feed
        self._catalogue = catalogue
        self._missing = missing
        # What no expression can name is left alone.
        self._usable = [one for one in seen if "`" not in one.name]
        times = [one for one in self._usable if one.time_formats and not called(one, "birth_year")]
        times.sort(key=lambda one: not one.is_full)
        self._time = self._named(_TIME, times) or next(iter(times), None)
        others = [one for one in self._usable if one not in times]
        self._person = self._bearer([one for one in others if not one.in_the_clear])
        self._person = self._person or self._bearer(others)
        numbers = [one for one in others if one.number and one is not self._person]
        self._coins = self._named(_COINS, numbers)
        self._money = self._named(_MONEY, numbers)
        self._cost = self._named(_COST, numbers)
        self._item = self._named(_ITEM, [one for one in others if one.longest <= NAME_MAX])
        texts = [one for one in others if one.texts and one.longest <= NAME_MAX]
        self._campaign = self._named(_CAMPAIGN, texts)
        self._channel = self._named(_CHANNEL, texts)

    @cached_property
    def _attributes(self) -> list[Guessed]:
        """What of the columns a person's profile has."""
        among = [one for one in self._usable if one is not self._person and not one.in_the_clear]
        is_typed = self._source.format != "csv"
        return list(attributes_of(among, self._catalogue, is_typed=is_typed))

    @cached_property
    def _kind(self) -> str:
        """The type of event that the rows look like."""
        if self._coins is not None:
            return "wallet.earn"
        is_order = self._item is not None or self._named(_ORDER, self._seen) is not None
        is_personal = any(one.name in PERSONAL for one in self._attributes)
        is_campaigns = self._money is not None or self._campaign is not None
        many = len(self._attributes) > 1 and not is_campaigns
        if (is_personal or many) and not is_order:
            return "person.profile"
        is_contact = self._money is None and self._channel is not None
        return "campaign.contact" if is_contact else "campaign.conversion"

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
        yield from self._id()
        yield from self._whose()
        yield from self._when_it_was()
        yield "# Columns that are not named below: keep (with the event), drop, refuse."
        yield 'unknown = "drop"'
        if self._missing:
            yield "# Words that stand for nothing, as an empty cell does."
            yield f"missing = [{', '.join(map(_quoted, self._missing))}]"
        yield ""
        yield from self._columns()
        yield ""
        yield from self._events()

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

    def _ident(self, among: Sequence[Seen]) -> Seen | None:
        """Return the column of the surest kind of ids of rows."""
        alone = [one for one in among if one.name.lower() == "id"]
        return self._named(_ORDER, among) or next(iter(alone), None) or self._named(_ID, among)

    def _bearer(self, among: Sequence[Seen]) -> Seen | None:
        """Return the column of the surest kind of people's ids."""
        found = (self._named([word], among) for word in _PERSON)
        return next((one for one in found if one is not None), None)

    # -- what stands above the events --------------------------------------------------------------

    def _id(self) -> Iterator[str]:
        best = self._ident(self._seen)
        chosen = self._key()
        if best is not None and best not in chosen and not best.is_full:
            yield f"# {_empty(best)}, which then had no id."
        yield from (f"# {_empty(one)}, which are rejected." for one in chosen if not one.is_full)
        if len(chosen) == 1 and (again := len(chosen[0].texts) - chosen[0].kinds):
            name = _on_one_line(chosen[0].name)
            yield f"# {name} stands a second time in {again:,} rows: `check` tells which."
        if not chosen:
            full = [one for one in (best, self._person, self._time) if one and one.is_full]
            chosen = list(dict.fromkeys(full))
            yield "# TODO: these do not tell all rows apart; name more columns"
        names = [one.name for one in chosen] or ["TODO"]
        yield f"id = [{', '.join(map(_quoted, names))}]"

    def _key(self) -> list[Seen]:
        """Return the columns that tell rows apart: one that is a key, or some that are together."""
        whose = [one for one in (self._person, self._time) if one is not None]
        own = [one for one in self._seen if one not in whose]
        named = self._named(_ORDER, own) or (
            self._ident(own) if self._kind != "person.profile" else None
        )
        if named is not None and not named.is_key and named.is_nearly_key:
            return [named]
        shown = [one for one in self._seen if one is self._person or not one.in_the_clear]
        return self._key_among(shown) or self._key_among(self._seen)

    def _key_among(self, columns: Sequence[Seen]) -> list[Seen]:
        """Return those of some columns that tell rows apart, if any do."""
        values = [one for one in (self._money, self._cost, self._coins, self._time) if one]
        full = [one for one in columns if one.is_full]
        keys = [one for one in full if one.is_key and one not in values]
        whose = [one for one in (self._person, self._time) if one is not None]
        named = self._named(_ORDER, keys)
        if named is None and self._kind != "person.profile":
            named = self._ident([one for one in keys if one is not self._person])
        first = self._ident(full)
        others = sorted((one for one in full if one is not first), key=values.__contains__)
        more = [one for one in others if one not in whose]
        ways = [[named] if named else []]
        if self._kind in {"person.profile", "campaign.contact"}:
            ways += [whose, *([*whose, one] for one in more)]
        ways += [[first, one] for one in others] if first else []
        ways += [whose] if self._person is not None else []
        ways += [*([one] for one in keys), *([*whose, one] for one in more)]
        ways += [list(pair) for pair in combinations(full[:10], 2)]
        return next((way for way in ways if way and are_together_a_key(way)), [])

    def _whose(self) -> Iterator[str]:
        yield "# Whose row it is; `type` stands before the id, so that no two kinds are mixed up."
        person = self._person
        if person is not None and (what := person.in_the_clear):
            yield f"# {_on_one_line(person.name)} holds {what} in the clear. They would stand in"
            yield "# every event, report and log, and no event is taken out again. So name a column"
            yield "# with an id of your own, or put a keyed hash (HMAC) there before the import."
        name = person.name if person else "TODO"
        own = next((kind for word, kind in _PERSON.items() if word in name.lower()), "TODO")
        yield f"person = {{ column = {_quoted(name)}, type = {_quoted(own)} }}"

    def _when_it_was(self) -> Iterator[str]:
        yield "# When it happened: iso, epoch, epoch_ms, or as strptime has it."
        if self._time is None:
            yield "# TODO: no column has times; add one, such as the day of the export"
            yield 'time = { column = "TODO", format = "iso" }'
            return
        if self._time.is_read_both_ways():
            yield "# TODO: the day may as well stand before the month; it is read as month/day"
        if len(self._time.time_formats) > 1 and not self._time.told_apart():
            second = self._time.time_formats[1]
            yield f"# TODO: some are written as {second}; mend those in the file"
        yield f"time = {_moment(self._time, self._time.time_formats[0])}"

    def _columns(self) -> Iterator[str]:
        yield "# The columns, how many values were seen, and some of them:"
        for one in self._seen:
            shown = ", ".join(
                text[:SHOWN_MAX] for text in islice(dict.fromkeys(one.texts), EXAMPLES)
            )
            what = f"{one.kinds:,} values, such as {shown}" if one.texts else "empty"
            if one.number and one.is_comma_decimal:
                what += "; the comma stands before the decimals"
            if one.in_the_clear:
                what += f"; {one.in_the_clear} in the clear"
            yield f"#   {_on_one_line(f'{one.name}: {what}')}"

    # -- the events --------------------------------------------------------------------------------

    def _events(self) -> Iterator[str]:
        """Yield the event that the columns look like, once for each way that times are written."""
        tables = {one.table: one.entries for one in self._attributes if one.table}
        if self._kind == "person.profile":
            for table, entries in tables.items():
                yield f"[lookup.{table}]"
                yield from (f"{_quoted(key)} = {_quoted(own)}" for key, own in entries.items())
                yield ""
        for number, form, only in self._ways():
            ending = f"-{number + 1}" if number else ""
            if self._kind == "wallet.earn":
                yield "# Opens the wallet of those who have none, before it is given coins."
                yield "[[event]]"
                yield f'name = "open{ending}"'
                yield from self._conditions(form, only)
                yield 'type = "wallet.open"'
                yield "fields.program = \"'liuliangbao'\""
                yield ""
            yield "[[event]]"
            if ending:
                yield f'name = "{self._kind.partition(".")[2]}{ending}"'
            yield from self._conditions(form, only)
            yield f'type = "{self._kind}"'
            yield from self._fields()
            yield ""
        yield "# Other types: flowdrop events list. A row becomes an event for each [[event]] whose"
        yield "# `when` it meets; `name` ends its id, and must not change."

    def _ways(self) -> Iterator[tuple[int, str, str]]:
        """Yield number, format and condition of each way in which times are written."""
        if self._time is None or len(self._time.time_formats) == 1:
            yield 0, "", ""
            return
        sign, name = self._time.told_apart(), self._time.expression
        if not sign:
            yield 0, "", ""
            return
        without = f"replace({name}, '{sign}', '')"
        yield 0, "", f"{without} == {name}"
        yield 1, self._time.time_formats[1], f"{without} != {name}"

    def _conditions(self, form: str, only: str) -> Iterator[str]:
        """Yield which rows it is made of, and how their times are written."""
        if form and self._time is not None:
            yield f"time = {_moment(self._time, form)}"
        wanted = [one for one in (self._person, self._time) if one]
        conditions = [f"present({one.expression})" for one in wanted if not one.is_nearly_full]
        for one in wanted:
            if one.is_nearly_full and not one.is_full:
                yield f"# {_empty(one)}, which are rejected."
        if only:
            conditions.append(only)
        if self._kind == "person.profile":
            own = [one.column for one in self._attributes]
            if own and not any(one.is_full for one in own):
                conditions.append(f"({' or '.join(f'present({one.expression})' for one in own)})")
        yield from self._of_money(conditions)
        status = self._named(_STATUS, [one for one in self._usable if 0 < one.kinds <= KINDS_MAX])
        if status is not None and self._kind in {"wallet.earn", "campaign.conversion"}:
            yield from self._of_status(status, conditions)
        elif conditions:
            yield f"when = {_quoted(' and '.join(conditions))}"

    def _of_status(self, status: Seen, conditions: list[str]) -> Iterator[str]:
        """Yield what rows have to say of their status, beside other conditions."""
        yield "# TODO: leave those that count"
        texts = [text for text in dict.fromkeys(status.texts) if re.search(r"\w", text)]
        if odd := [text for text in dict.fromkeys(status.texts) if text not in texts]:
            count = sum(map(status.texts.count, odd))
            told = _on_one_line(", ".join(text[:SHOWN_MAX] for text in odd))
            yield f"# Left out: {told}, in {count:,} of {status.rows:,} rows."
        if conditions:
            equal = " or ".join(f"{status.expression} == {_text(text)}" for text in texts)
            yield f"when = {_quoted(' and '.join([*conditions, f'({equal})']))}"
        else:
            yield f"when = {{ {_quoted(status.name)} = [{', '.join(map(_quoted, texts))}] }}"

    def _of_money(self, conditions: list[str]) -> Iterator[str]:
        """Add what money or coins have to be; yield why."""
        if self._coins is not None:
            good = sum(number >= 1 for number in self._coins.numbers())
            if are_few(self._coins.rows - good, self._coins.rows):
                yield f"# {self._coins.rows - good:,} of {self._coins.rows:,} rows are rejected:"
                yield "# coins that are earned are one or more."
            elif good < self._coins.rows:
                yield "# Coins that are earned are one or more."
                conditions.append(f"{self._coins.number} >= 1")
        elif self._kind == "campaign.conversion" and self._money is not None:
            below = sum(number < 0 for number in self._money.numbers())
            if are_few(below, self._money.rows):
                rows = f"{below:,} of {self._money.rows:,} rows"
                yield f"# {rows} are less than nothing, and rejected."
            elif below:
                yield "# Less than nothing is a refund, which is no conversion."
                conditions.append(f"{self._money.number} >= 0")
        elif self._kind == "campaign.contact" and self._channel:
            if self._channel.is_full:
                return
            if self._channel.is_nearly_full:
                yield f"# {_empty(self._channel)}, which are rejected."
                return
            conditions.append(f"present({self._channel.expression})")

    def _fields(self) -> Iterator[str]:
        if self._kind == "wallet.earn" and self._coins is not None:
            yield "fields.program = \"'liuliangbao'\""
            yield "fields.activity = \"'game'\"  # TODO: an activity of the program"
            is_whole = all(number.is_integer() for number in self._coins.numbers())
            amount = self._coins.number if is_whole else f"round({self._coins.number})"
            yield f"fields.amount = {_quoted(amount)}"
        elif self._kind == "person.profile":
            for one in self._attributes:
                yield f"fields.attributes.{one.name} = {_quoted(one.expression)}"
        elif self._kind == "campaign.contact" and self._channel is not None:
            yield from self._campaigns()
            yield f"fields.channel = {_quoted(self._channel.expression)}"
            if self._cost is not None and min(self._cost.numbers()) >= 0:
                yield f"fields.cost = {_quoted(f'round({self._cost.number} * 100)')}  # in cents"
        else:
            yield from self._campaigns()
            if self._money is not None:
                yield f"fields.value = {_quoted(f'round({self._money.number} * 100)')}  # in cents"
            else:
                yield "# TODO: fields.value, in cents, if a column has what was paid"
            if self._item is not None:
                yield f"fields.item = {_quoted(self._item.expression)}"

    def _campaigns(self) -> Iterator[str]:
        name = _text(self._feed)
        if self._campaign is None:
            yield f"fields.campaign = {_quoted(name)}  # TODO: a text in quotes, or a column"
        elif self._campaign.is_full:
            yield f"fields.campaign = {_quoted(self._campaign.expression)}"
        else:
            yield f"fields.campaign = {_quoted(f'default({self._campaign.expression}, {name})')}"


def _empty(column: Seen) -> str:
    empty = column.rows - len(column.texts)
    return f"{_on_one_line(column.name)} is empty in {empty:,} of {column.rows:,} rows"


def _moment(column: Seen, form: str) -> str:
    return f"{{ column = {_quoted(column.name)}, format = {_quoted(form)} }}"


def _text(text: str) -> str:
    """Return a text as an expression has it, without what can't stand in one."""
    return f'"{text.replace(chr(34), "")}"' if "'" in text else f"'{text}'"


def _on_one_line(text: str) -> str:
    """Return a text as a comment may hold it."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _quoted(text: str) -> str:
    """Return a text as TOML; its basic strings are those of JSON, but for one sign."""
    return json_text(text).replace("\x7f", "\\u007f")
