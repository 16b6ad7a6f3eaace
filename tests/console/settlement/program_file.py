"""A program's file for tests of what the console reads of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
name = "{name}"
title = {{ zh = "甲", en = "A" }}
owner = {{ zh = "乙", en = "B" }}

[coin]
zh = "币"
en = "coin"
unit = "coin"
assumption = "made for tests"

[operations]
open = ["earn", "reserve_add", "reserve_remove"]
assumption = "made for tests"
"""
ACTIVITY = """
[earn.{name}]
title = {{ zh = "丙", en = "C" }}
coins = 1
assumption = "made for tests"
"""
GROWTH = """
[departments.growth]
title = {{ zh = "增长", en = "Growth" }}
activities = [{activities}]
campaigns = ["spr*"]
assumption = "made for tests"
"""


def write_program(folder: Path, name: str, tables: str = "") -> Path:
    """Write the file of a program `name` that also has `tables`, in TOML; return its folder."""
    (folder / f"{name}.toml").write_text(TEXT.format(name=name) + tables, encoding="utf-8")
    return folder


def write_growth(folder: Path, name: str, *activities: str) -> Path:
    """Write that of one whose department `growth` answers for activities and for `spr*`."""
    given = ", ".join(f'"{activity}"' for activity in activities)
    tables = "".join(ACTIVITY.format(name=activity) for activity in activities)
    return write_program(folder, name, tables + GROWTH.format(activities=given))
