"""A shop's data as it comes: orders in GB18030, members as nested JSON, contacts as Parquet.

Every tenth row of the orders is broken in its own way; `BROKEN` says how, and what is said of it.
"""

from __future__ import annotations

import gzip
import json
import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

HEAD = ("订单号", "行", "会员", "下单时间", "状态", "金额", "商品")
START = datetime(2024, 3, 1)  # noqa: DTZ001 - as the shop's clock has it
MEMBERS = 60

ORDERS = """
feed = "shop"
format = "csv"
time_zone = "Asia/Shanghai"
id = ["订单号", "行"]
person = { column = "会员", type = "member" }
time = { column = "下单时间", format = "%Y-%m-%d %H:%M:%S" }
unknown = "drop"

[[event]]
when = { "状态" = ["已付款", "已完成"] }
type = "wallet.earn"
fields.program = "'liuliangbao'"
fields.activity = "'purchase'"
fields.spend = "金额 * 100"

[[event]]
when = { "状态" = ["已付款", "已完成"] }
type = "campaign.conversion"
fields.campaign = "'spring'"
fields.value = "金额 * 100"
fields.item = "商品"
"""
PEOPLE = """
feed = "crm"
format = "jsonl"
id = "id"
person = "'member:' & traits.number"
time = "joined"

[[event]]
type = "wallet.open"
fields.program = "'liuliangbao'"

[[event]]
type = "person.profile"
fields.attributes = { city = "traits.address.city", level = "traits.level", vip = "traits.vip" }
"""
CONTACTS = """
feed = "mail"
format = "parquet"
time_zone = "America/New_York"
id = ["member", "sent"]
person = { column = "member", type = "member" }
time = "sent"

[lookup.channels]
E = "email"
S = "sms"

[[event]]
type = "campaign.contact"
fields.campaign = "'spring'"
fields.channel = "channels[way]"
fields.cost = "round(cost * 100)"
"""


class Break(NamedTuple):
    """A way in which a cell is broken: which, what stands there, and what is said of it."""

    column: str
    value: str
    said: str


BROKEN = (
    Break("订单号", "", "is empty"),
    Break("订单号", "D" * 250, "at most 200 characters"),
    Break("会员", "", "is empty"),
    Break("会员", "王\u200b", "zero width"),
    Break("下单时间", "昨天", "no time"),
    Break("下单时间", "2024-02-30 10:00:00", "no time"),
    Break("下单时间", "1066-03-01 10:00:00", "1970"),
    Break("金额", "12,50", "no number"),
    Break("金额", "1.005", "whole number"),
    Break("金额", "-3", "at least 0"),
    Break("商品", "茶\x07", "control"),
    Break("", "", "cells"),  # one cell less
)


def orders(count: int) -> pd.DataFrame:
    """Return good orders, in no order of time."""
    draw = random.Random(7)
    rows = [
        (
            f"D{number:07d}",
            str(number % 3),
            f"{draw.randrange(MEMBERS):03d}",
            f"{START + timedelta(seconds=draw.randrange(7 * 86_400))}",
            draw.choice(("已付款", "已付款", "已完成", "已取消")),
            f"{draw.randrange(100, 9_999) / 100:.2f}",
            draw.choice(("龙井茶", '碧螺春 "特级"', "普洱,熟", "mug")),
        )
        for number in range(count)
    ]
    return pd.DataFrame(rows, columns=list(HEAD))


def breaks(count: int) -> dict[int, Break]:
    """Return which rows are broken, by their numbers in the file, and how."""
    return {place + 2: BROKEN[turn % len(BROKEN)] for turn, place in enumerate(range(5, count, 10))}


def write_orders(path: Path, count: int) -> pd.DataFrame:
    """Write orders in GB18030, every tenth broken; return the good ones."""
    made = orders(count)
    broken = breaks(count)
    lines = [",".join(HEAD)]
    for number, row in enumerate(made.to_dict("records"), 2):
        cells = [str(row[name]) for name in HEAD]
        if (one := broken.get(number)) is not None:
            if one.column:
                cells[HEAD.index(one.column)] = one.value
            else:
                cells.pop()
            cells[HEAD.index("状态")] = "已付款"
        lines.append(",".join(_cell(cell) for cell in cells))
    path.write_bytes("\r\n".join([*lines, ""]).encode("gb18030"))
    return made[[number not in broken for number in range(2, count + 2)]]


def write_people(path: Path) -> None:
    """Write members as JSON lines, gzipped."""
    lines = [
        {
            "id": number,
            "joined": f"2024-02-{number % 28 + 1:02d}T08:00:00.250Z",
            "traits": {
                "number": f"{number:03d}",
                "level": number % 5,
                "vip": number % 2 == 0,
                "address": {"city": "杭州" if number % 3 else None},
            },
        }
        for number in range(MEMBERS)
    ]
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def write_contacts(path: Path) -> pd.DataFrame:
    """Write contacts as Parquet, with times of New York's clock; return them."""
    frame = pd.DataFrame(
        {
            "member": [f"{number:03d}" for number in range(MEMBERS)],
            "sent": pd.date_range("2024-03-10 03:00", periods=MEMBERS, freq="h"),
            "way": ["E", "S"] * (MEMBERS // 2),
            "cost": [0.05, 0.1] * (MEMBERS // 2),
        }
    )
    frame.to_parquet(path)
    return frame


def _cell(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if {'"', ","} & set(cell) else cell
