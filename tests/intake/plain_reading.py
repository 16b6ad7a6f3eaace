"""What files and calls hold, read by pandas alone: the events and coins there ought to be.

It shares nothing with what it checks but the files. A frame of events has their source, type,
person, `ms` (since 1970, UTC), `cents` (a value or a cost) and coins; `of_*` says how the rows of a
sender become them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

HEAD = ["source", "type", "person", "ms", "cents", "coins"]


def table(path: Path, broken: Collection[int], **how: Any) -> pd.DataFrame:
    """Return the good rows of a CSV file; the header is row 1."""
    width = len(pd.read_csv(path, nrows=0, **how).columns)
    frame = pd.read_csv(
        path,
        dtype=str,
        keep_default_na=False,
        engine="python",
        encoding_errors="replace",
        on_bad_lines=lambda cells: cells[:width],
        **how,
    )
    frame.index += 2
    return frame.drop(index=list(broken))


def lines(path: Path, broken: Collection[int]) -> pd.DataFrame:
    """Return the good lines of a file of JSON, a column `a.b` for what is `b` within `a`."""
    whole = path.read_bytes().split(b"\n")[:-1]
    good = [json.loads(one) for number, one in enumerate(whole, 1) if number not in broken]
    return pd.json_normalize(good)


def parquet(path: Path, broken: Collection[int]) -> pd.DataFrame:
    """Return the good rows of a Parquet file."""
    frame = pd.read_parquet(path)
    frame.index += 1
    return frame.drop(index=list(broken))


def calls(made: list[Mapping[str, Any]], broken: Collection[int]) -> pd.DataFrame:
    """Return the good ones of Segment's calls, by dots."""
    frame = pd.json_normalize([dict(one) for one in made])
    return frame.drop(index=list(broken))


# -- what each sender's rows are -----------------------------------------------------------------


def of_orders(rows: pd.DataFrame) -> pd.DataFrame:
    """A coin for each whole yuan, and a conversion."""
    paid = rows[rows["状态"] != "已取消"]
    cents = (paid["金额"].astype(float) * 100).round().astype(int)
    person = "member:" + paid["会员"]
    time = _local(paid["下单时间"], "%Y-%m-%d %H:%M:%S", "Asia/Shanghai")
    return pd.concat(
        [
            _events("shop", "earn", person, time, coins=cents // 100),
            _events("shop", "conversion", person, time, cents),
        ]
    )


def of_contacts(rows: pd.DataFrame) -> pd.DataFrame:
    """A contact each, and a consent where there is an answer."""
    cents = (rows["Kosten"].str.replace(",", ".").astype(float) * 100).round().astype(int)
    time = _local(rows["gesendet"], "%d.%m.%Y %H:%M", "Europe/Berlin")
    person = "member:" + rows["Mitglied"]
    told = rows["Antwort"] != ""
    return pd.concat(
        [
            _events("mailing", "contact", person, time, cents),
            _events("mailing", "consent", person[told], time[told]),
        ]
    )


def of_app(rows: pd.DataFrame) -> pd.DataFrame:
    """Who signs up opens a wallet, has a profile and perhaps a device; others see and click."""
    person, time = "member:" + rows["user.number"], rows["ts"] / 1000
    joined, seen = rows["kind"] == "signup", rows["kind"] == "view"
    linked, clicked = joined & rows["user.device.id"].notna(), rows["kind"] == "click"
    return pd.concat(
        [
            _events("app", "open", person[joined], time[joined]),
            _events("app", "profile", person[joined], time[joined]),
            _events("app", "link", person[linked], time[linked]),
            _events("app", "exposure", person[seen], time[seen], rows["ad.cents"][seen]),
            _events("app", "click", person[clicked], time[clicked]),
        ]
    )


def of_games(rows: pd.DataFrame) -> pd.DataFrame:
    """Coins each, and a visit where there is a sponsor."""
    person = "member:" + rows["player"]
    time = rows["ended"].astype("int64") / 1000
    coins = rows["result"].map(lambda result: int(result["coins"]))
    shown = rows["sponsor"].notna()
    return pd.concat(
        [
            _events("games", "earn", person, time, coins=coins),
            _events("games", "visit", person[shown], time[shown]),
        ]
    )


def of_calls(rows: pd.DataFrame) -> pd.DataFrame:
    """What Segment's documented calls become."""
    person = rows["userId"].fillna("device:" + rows["anonymousId"])
    time = pd.to_datetime(rows["timestamp"]).map(pd.Timestamp.timestamp)
    is_named = rows["type"] == "identify"
    parts = [
        _events("web", "profile", person[is_named], time[is_named]),
        _events("web", "link", person[is_named], time[is_named]),
    ]
    for event, kind in (
        ("Promotion Viewed", "exposure"),
        ("Promotion Clicked", "click"),
        ("Product Viewed", "visit"),
    ):
        own = rows["event"] == event
        parts.append(_events("web", kind, person[own], time[own]))
    bought = rows["event"] == "Order Completed"
    cents = (rows["properties.revenue"][bought].astype(float) * 100).round().astype(int)
    parts.append(_events("web", "conversion", person[bought], time[bought], cents))
    return pd.concat(parts)


def attributes(app: pd.DataFrame, web: pd.DataFrame) -> dict[tuple[str, str, str], Any]:
    """Return the latest value by source, person and name."""
    found: dict[tuple[str, str, str], Any] = {}
    joined = app[app["kind"] == "signup"]
    carriers = {"CT": "telecom", "CU": "unicom"}
    for row in joined.to_dict("records"):
        own = {
            "birth_year": int(row["user.about.born"]),
            "carrier": carriers[row["user.sim"]],
            "city": row["user.about.city"],
            "gender": row["user.about.gender"],
            "tags": row["user.likes"],
        }
        for name, value in own.items():
            if isinstance(value, list) or pd.notna(value):
                found["app", f"member:{row['user.number']}", name] = value
    named = web[web["type"] == "identify"].sort_values("timestamp")
    for row in named.to_dict("records"):
        own = {
            "gender": row["traits.gender"],
            "birth_year": int(row["traits.birthYear"]),
            "plan": row["traits.plan"],
            "address_city": row["traits.address.city"],
            "address_postal_code": row["traits.address.postalCode"],
        }
        for name, value in own.items():
            found["web", row["userId"], name] = value
    return found


def links(app: pd.DataFrame, web: pd.DataFrame) -> dict[str, str]:
    """Return whose each device is."""
    joined = app[(app["kind"] == "signup") & app["user.device.id"].notna()]
    named = web[web["type"] == "identify"]
    return dict(
        zip("device:" + joined["user.device.id"], "member:" + joined["user.number"], strict=True)
    ) | dict(zip("device:" + named["anonymousId"], named["userId"], strict=True))


def _local(texts: pd.Series, form: str, zone: str) -> pd.Series:
    """Return local times as seconds; of one that was twice the first, summer time, counts."""
    local = pd.to_datetime(texts, format=form)
    told = local.dt.tz_localize(zone, ambiguous=[True] * len(local), nonexistent="raise")
    return told.map(pd.Timestamp.timestamp)


def _events(
    source: str, kind: str, person: pd.Series, time: pd.Series, cents: Any = 0, coins: Any = 0
) -> pd.DataFrame:
    frame = pd.DataFrame({"person": person, "ms": (time * 1000).round().astype("int64")})
    frame["source"], frame["type"] = source, kind
    frame["cents"], frame["coins"] = cents, coins
    return frame[HEAD]
