"""Which columns of a file are attributes of people, by the catalogue, and how each is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from intake.mapping.values import FALSE, LONE_YEAR, TRUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from intake.files.seen import Seen
    from streams.people import Attribute, Catalogue

KINDS_MAX = 12  # of values that a column of a few choices has
TEXT_MAX = 200
DAY_MAX = 40  # characters of a day, however it is written
PERSONAL = frozenset({"gender", "birth_year", "marital_status", "age_band", "income_band"})

# What columns are called that hold an attribute, beside its own name and titles.
_WORDS: dict[str, tuple[str, ...]] = {
    "carrier": ("operator", "运营商"),
    "province": ("省份", "省"),
    "city": ("城市", "所在地"),
    "birth_year": ("birth", "birthday", "birthdate", "born", "dob", "生日", "出生"),
    "gender": ("sex", "性别"),
    "age_band": ("age_group", "age_range", "年龄段"),
    "income_band": ("income", "收入"),
    "marital_status": ("marital", "婚姻"),
    "language": ("lang", "语言"),
    "device": ("机型", "设备"),
    "joined": ("registered", "signup", "sign_up", "member_since", "注册", "入会", "加入"),
    "tags": ("labels", "标签"),
}
# What stands for a choice of the catalogue.
_CHOICES: dict[str, dict[str, str]] = {
    "gender": {
        **dict.fromkeys(("m", "male", "man", "男", "男性", "先生"), "male"),
        **dict.fromkeys(("f", "female", "woman", "女", "女性", "女士"), "female"),
    },
    "carrier": {
        **dict.fromkeys(("中国电信", "电信", "china telecom", "ct", "ctcc"), "telecom"),
        **dict.fromkeys(("中国联通", "联通", "china unicom", "cu", "cucc"), "unicom"),
        **dict.fromkeys(("中国移动", "移动", "china mobile", "cm", "cmcc"), "mobile"),
    },
}
OTHER = "other"
_LIST_SIGNS = (";", "|", "、", ",", "，")


@dataclass(frozen=True)
class Guessed:
    """An attribute: the column, its expression, and the lookup table that this needs."""

    name: str
    column: Seen
    expression: str
    table: str = ""
    entries: dict[str, str] = field(default_factory=dict)


def attributes_of(
    columns: Sequence[Seen], catalogue: Catalogue, *, is_typed: bool
) -> Iterator[Guessed]:
    """Yield the attributes that columns hold, each once.

    Args:
        columns: those of the file that may be.
        catalogue: what there is.
        is_typed: whether a text of theirs may be a number's.
    """
    left = list(columns)
    for name, attribute in catalogue.attributes.items():
        for column in _called(name, attribute, left):
            found = _of(name, attribute, column, is_typed=is_typed)
            if found is not None:
                yield found
                left.remove(column)
                break


def called(column: Seen, name: str) -> bool:
    """Return whether a column is called as an attribute is."""
    return _has_word(column.name, (name, *_WORDS.get(name, ())))


def _called(name: str, attribute: Attribute, columns: Sequence[Seen]) -> list[Seen]:
    titles = (name, attribute.title.en, attribute.title.zh)
    whole = {title.lower() for title in titles}
    exact = [one for one in columns if one.name.lower() in whole]
    return exact + [one for one in columns if one not in exact and called(one, name)]


def _has_word(name: str, words: Sequence[str]) -> bool:
    """Return whether a name has one of some words; a Latin one stands by itself in it."""
    parts = re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    whole = f"_{'_'.join(parts)}_"
    return any(f"_{word}_" in whole if word.isascii() else word in name for word in words)


def _of(name: str, attribute: Attribute, column: Seen, *, is_typed: bool) -> Guessed | None:
    """Return how a column becomes an attribute; None if what it holds is none."""
    plain = f"text({column.expression})" if is_typed else column.expression
    if not column.texts:
        return None
    if name == "birth_year":
        expression = _year(column)
    elif attribute.type == "choice":
        return _choice(name, attribute, column, plain)
    else:
        expression = _expression(attribute, column, plain, is_typed=is_typed)
    return Guessed(name, column, expression) if expression else None


def _expression(attribute: Attribute, column: Seen, plain: str, *, is_typed: bool) -> str:
    """Return the expression of an attribute; "" if what the column holds is none."""
    is_short = column.longest <= TEXT_MAX
    match attribute.type:
        case "text" if is_short:
            return plain
        case "boolean" if {text.lower() for text in column.texts} <= TRUE | FALSE:
            return f"truth({column.expression})"
        case "date" if all(map(_is_day, column.texts)):
            return plain
        case "integer" | "number" if column.number and _fit(attribute, column):
            return f"number({column.number})"
        case "tags" if is_short and not is_typed:
            whole = "".join(column.texts)
            sign = next((sign for sign in _LIST_SIGNS if sign in whole), _LIST_SIGNS[0])
            return f"list({column.expression}, '{sign}')"
    return ""


def _year(column: Seen) -> str:
    if column.time_formats and "%Y%m%d%H%M%S" not in column.time_formats:
        return f"year({column.expression})"
    is_year = re.compile(r"(?:19|20)[0-9]{2}")
    if column.mostly(is_year.fullmatch):
        return f"number({column.expression})"
    is_day = column.mostly(lambda text: len(text) < DAY_MAX and LONE_YEAR.fullmatch(text))
    return f"year({column.expression})" if is_day else ""


def _choice(name: str, attribute: Attribute, column: Seen, plain: str) -> Guessed | None:
    texts = dict.fromkeys(column.texts)
    if set(texts) <= set(attribute.values):
        return Guessed(name, column, plain)
    known = {value: value for value in attribute.values} | _CHOICES.get(name, {})
    entries = {text: known.get(text.lower(), OTHER) for text in texts}
    if len(texts) > KINDS_MAX or set(entries.values()) == {OTHER}:
        return None
    if OTHER not in attribute.values and OTHER in entries.values():
        return None
    table = f"{name}s"
    return Guessed(name, column, f"{table}[{column.expression}]", table, entries)


def _fit(attribute: Attribute, column: Seen) -> bool:
    numbers = column.numbers()
    return all(
        (attribute.type == "number" or number.is_integer())
        and (attribute.min is None or number >= attribute.min)
        and (attribute.max is None or number <= attribute.max)
        for number in numbers
    )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
