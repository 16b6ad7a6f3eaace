"""Files of three more senders, every tenth row of which is broken in its own way.

Contacts as a German CSV with local times over two changes of the clocks, an app's export as JSON
lines with nested fields, and a game's results as Parquet. Each `BROKEN_*` says how a row is broken,
and what is said of it.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
from pyarrow import parquet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MEMBERS = 80  # who have a wallet
EVERY, FIRST = 10, 5  # which rows are broken, from 0
FUTURE = datetime(2150, 1, 1, tzinfo=UTC)

CONTACTS = """
feed = "mailing"
time_zone = "Europe/Berlin"
id = "Nr"
person = { column = "Mitglied", type = "member" }
time = { column = "gesendet", format = "%d.%m.%Y %H:%M" }

[lookup.channels]
E = "email"
S = "sms"

[lookup.answers]
ja = "true"
nein = "false"

[[event]]
type = "campaign.contact"
fields.campaign = "Aktion"
fields.channel = "channels[Weg]"
fields.cost = "number(replace(Kosten, ',', '.')) * 100"
fields.until = "bis"

[[event]]
when = "present(Antwort)"
type = "campaign.consent"
fields = { channel = "channels[Weg]", granted = "answers[Antwort]" }
"""
APP = """
feed = "app"
id = "id"
person = { column = "user.number", type = "member" }
time = { column = "ts", format = "epoch_ms" }

[lookup.carriers]
CT = "telecom"
CU = "unicom"

[[event]]
when = { kind = "signup" }
type = "wallet.open"
fields.program = "'liuliangbao'"

[[event]]
when = { kind = "signup" }
type = "person.profile"

[event.fields.attributes]
birth_year = "number(user.about.born)"
carrier = "carriers[user.sim]"
city = "user.about.city"
gender = "user.about.gender"
tags = "user.likes"

[[event]]
when = "kind == 'signup' and present(user.device.id)"
type = "person.link"
fields.other = "'device:' & user.device.id"

[[event]]
when = { kind = "view" }
type = "campaign.exposure"

[event.fields]
campaign = "ad.campaign"
channel = "'app'"
format = "ad.slot.format"
pixels = "ad.slot.share"
seconds = "ad.slot.ms / 1000"
cost = "ad.cents"

[[event]]
when = { kind = "click" }
type = "campaign.click"
fields = { campaign = "ad.campaign", channel = "'app'" }
"""
GAMES = """
feed = "games"
id = "play"
person = { column = "player", type = "member" }
time = "ended"

[lookup.levels]
1 = "easy"
2 = "hard"

[[event]]
type = "wallet.earn"
fields = { program = "'liuliangbao'", activity = "'game'", amount = "result.coins" }

[[event]]
when = "present(sponsor)"
type = "campaign.visit"
fields.campaign = "sponsor & '-' & levels[result.level]"
"""


class Break(NamedTuple):
    """A way to break a row: where, what stands there, and what is said of it.

    Attributes:
        place: a column; of a JSON object its path. `of` is the kind of such an object.
    """

    place: str
    value: Any
    said: str
    of: str = ""


BAD_BYTES = b"\xff\xfe0"
BROKEN_CONTACTS = (
    Break("Nr", "", "is empty"),
    Break("Nr", "N" * 300, "at most 200 characters"),
    Break("Mitglied", "", "is empty"),
    Break("Mitglied", "00\u200b7", "zero width"),
    Break("Mitglied", BAD_BYTES, "no text"),
    Break("gesendet", "31.03.2024 02:30", "put forward"),
    Break("gesendet", "2024-04-01 10:00", "no time written as"),
    Break("gesendet", "30.02.2024 10:00", "no time written as"),
    Break("gesendet", f"{FUTURE:%d.%m.%Y %H:%M}", "in the future"),
    Break("Weg", "Fax", "has no 'Fax'"),
    Break("Aktion", "", "is missing"),
    Break("Kosten", "0,05 €", "no number"),
    Break("Kosten", "-0,05", "at least 0"),
    Break("Kosten", "0,125", "whole number"),
    Break("bis", "bald", "no time"),
    Break("bis", "2024-03-31T02:30", "put forward"),
    Break("Antwort", "vielleicht", "has no 'vielleicht'"),
    Break("+", "", "cells"),  # one cell more
    Break("-", "", "cells"),  # one cell less
)
BROKEN_APP = (
    Break("id", None, "is empty", "view"),
    Break("id", "a" * 300, "at most 200 characters", "click"),
    Break("user", None, "is empty", "view"),
    Break("user.number", {"first": 1}, "neither a text nor a number", "click"),
    Break("user.number", "0\u200b17", "zero width", "signup"),
    Break("ts", "yesterday", "no number", "view"),
    Break("ts", None, "is empty", "click"),
    Break("ts", 8.64e18, "1970", "view"),
    Break("ts", int(FUTURE.timestamp() * 1000), "in the future", "view"),
    Break("user.about.born", 3000, "2100", "signup"),
    Break("user.about.born", "1988?", "no number", "signup"),
    Break("user.about.gender", "robot", "must be one of", "signup"),
    Break("user.about.city", "x" * 201, "at most 200 characters", "signup"),
    Break("user.sim", "XX", "has no 'XX'", "signup"),
    Break("user.likes", [1, 2], "a text, not a whole number", "signup"),
    Break("user.device.id", "d" * 129, "characters", "signup"),
    Break("ad.campaign", None, "is missing", "click"),
    Break("ad.slot.format", "banner", "must be one of", "view"),
    Break("ad.slot.share", 1.5, "at most 1", "view"),
    Break("ad.slot.ms", -1, "at least 0", "view"),
    Break("ad.cents", 0.5, "whole number", "view"),
    Break("{", "", "no JSON"),  # cut off
    Break("[", "", "no object"),
    Break("ad.campaign", BAD_BYTES, "no text", "click"),
)
BROKEN_GAMES = (
    Break("play", None, "is empty"),
    Break("play", "g" * 300, "at most 200 characters"),
    Break("player", None, "is empty"),
    Break("player", "0\u202e17", "right-to-left"),
    Break("ended", None, "is empty"),
    Break("ended", datetime(1066, 10, 14, tzinfo=UTC), "1970"),
    Break("ended", FUTURE, "in the future"),
    Break("result.coins", Decimal("-3.00"), "at least 1"),
    Break("result.coins", Decimal("0.00"), "at least 1"),
    Break("result.coins", Decimal("2.50"), "whole number"),
    Break("result.coins", Decimal(10**16), "at most"),
    Break("result.level", 3, "has no '3'"),
    Break("result", None, "is missing"),
    Break("sponsor", "s" * 300, "characters"),
)


def is_broken(place: int) -> bool:
    """Return whether the row of a place, from 0, is broken."""
    return place % EVERY == FIRST


def breaks(broken: Sequence[Break], rows: int, first: int) -> dict[int, Break]:
    """Return the broken rows by their numbers, which begin with `first`, and how they are."""
    places = range(FIRST, rows, EVERY)
    return {first + place: broken[turn % len(broken)] for turn, place in enumerate(places)}


# -- contacts ------------------------------------------------------------------------------------

CONTACTS_HEAD = ("Nr", "Mitglied", "gesendet", "Weg", "Aktion", "Kosten", "bis", "Antwort", "Notiz")


def write_contacts(path: Path, rows: int) -> dict[int, Break]:
    """Write contacts in the days of both changes of the clocks; return the broken rows."""
    draw = random.Random(11)
    berlin = ZoneInfo("Europe/Berlin")
    changes = (datetime(2024, 3, 31, 1, tzinfo=UTC), datetime(2024, 10, 27, 1, tzinfo=UTC))
    broken = breaks(BROKEN_CONTACTS, rows, 2)
    lines = [";".join(CONTACTS_HEAD).encode()]
    for number in range(2, rows + 2):
        sent = draw.choice(changes) + timedelta(minutes=draw.randrange(-600, 600))
        cells: list[Any] = [
            f"N{number}",
            f"{draw.randrange(MEMBERS + 40):03d}",
            f"{sent.astimezone(berlin):%d.%m.%Y %H:%M}",
            draw.choice("ES"),
            draw.choice(("Frühling", "Herbst")),
            f"{draw.randrange(50) / 100:.2f}".replace(".", ","),
            draw.choice(("", "2024-10-27T02:30", "2024-12-24T18:00")),
            draw.choice(("", "", "ja", "nein")),
            draw.choice(("", '"a; b"', '"says ""no"""', '"two\r\nlines"')),
        ]
        one = broken.get(number)
        if one is not None and one.place in CONTACTS_HEAD:
            cells[CONTACTS_HEAD.index(one.place)] = one.value
        elif one is not None:
            cells = [*cells, "x"] if one.place == "+" else cells[:-1]
        lines.append(b";".join(one if isinstance(one, bytes) else one.encode() for one in cells))
    path.write_bytes(b"\r\n".join([*lines, b""]))
    return broken


# -- the app -------------------------------------------------------------------------------------

APP_START = datetime(2024, 2, 20, 8, tzinfo=UTC)


def write_app(path: Path, rows: int) -> dict[int, Break]:
    """Write what an app has seen, the members' signing up first; return the broken rows."""
    draw = random.Random(12)
    broken = breaks(BROKEN_APP, rows, 1)
    joining = iter(range(MEMBERS))
    lines = []
    for number in range(1, rows + 1):
        one = broken.get(number)
        member = next(joining, None) if one is None else None
        kind = one.of if one is not None else draw.choice(("view", "view", "click"))
        kind = "signup" if member is not None else kind
        member = draw.randrange(MEMBERS) if member is None else member
        line = _app_line(number, kind, member, draw)
        lines.append(_bytes_of(line, one))
    path.write_bytes(b"\n".join([*lines, b""]))
    return broken


def _app_line(number: int, kind: str, member: int, draw: random.Random) -> dict[str, Any]:
    at = APP_START + timedelta(milliseconds=number * 300_017)
    user: dict[str, Any] = {"number": f"{member:03d}"}
    if kind == "signup":
        user |= {
            "about": {
                "born": 1950 + member % 50,
                "city": draw.choice(("杭州", "北京", None)),
                "gender": draw.choice(("female", "male")),
            },
            "sim": draw.choice(("CT", "CU")),
            "likes": draw.choice((["茶", "game"], ["tea"])),
            "device": {"id": f"app-{member}"} if member % 3 else None,
        }
    slot = {"format": draw.choice(("display", "video")), "share": draw.randrange(101) / 100}
    return {
        "id": f"a{number}",
        "ts": int(at.timestamp() * 1000),
        "kind": kind,
        "user": user,
        "ad": {
            "campaign": draw.choice(("spring", "夏天")),
            "cents": draw.randrange(20),
            "slot": slot | {"ms": draw.randrange(5_000)},
        },
    }


def _bytes_of(line: dict[str, Any], one: Break | None) -> bytes:
    """Return a line's bytes, broken if it is to be."""
    if one is None:
        return _json(line)
    if one.place == "{":
        return _json(line)[:-9]
    if one.place == "[":
        return _json([line])
    if isinstance(one.value, bytes):
        line["ad"]["campaign"] = "spoiled"
        return _json(line).replace(b"spoiled", one.value)
    within = line
    *above, last = one.place.split(".")
    for name in above:
        if within.get(name) is None:
            within[name] = {}
        within = within[name]
    within[last] = one.value
    return _json(line)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


# -- games ---------------------------------------------------------------------------------------

GAMES_START = datetime(2024, 3, 3, tzinfo=UTC)
GAMES_SCHEMA = pa.schema(
    [
        ("play", pa.string()),
        ("player", pa.string()),
        ("ended", pa.timestamp("ms", "UTC")),
        ("result", pa.struct([("coins", pa.decimal128(20, 2)), ("level", pa.int16())])),
        ("sponsor", pa.string()),
        ("screen", pa.list_(pa.int32())),  # nobody reads it
    ]
)


def write_games(path: Path, rows: int) -> dict[int, Break]:
    """Write games that gave coins, one a minute; return the broken rows."""
    draw = random.Random(13)
    broken = breaks(BROKEN_GAMES, rows, 1)
    games = []
    for number in range(1, rows + 1):
        game: dict[str, Any] = {
            "play": f"g{number}",
            "player": f"{draw.randrange(MEMBERS):03d}",
            "ended": GAMES_START + timedelta(minutes=number, milliseconds=draw.randrange(1_000)),
            "result": {"coins": Decimal(draw.randrange(1, 20)), "level": draw.choice((1, 2))},
            "sponsor": draw.choice((None, "spring", "夏天")),
            "screen": [1, 2],
        }
        if (one := broken.get(number)) is not None:
            game["sponsor"] = "spring"
            *above, last = one.place.split(".")
            (game[above[0]] if above else game)[last] = one.value
        games.append(game)
    parquet.write_table(pa.Table.from_pylist(games, schema=GAMES_SCHEMA), path, row_group_size=700)
    return broken
