"""How events are written: from columns, with one template per kind, as canonical JSON.

The bytes are those that `streams.events.encode` would give; a test decodes and encodes every kind
again. A template's placeholders take the columns named beside it, in that order.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from scenarios.city.people import LANS
from scenarios.city.plan import PROGRAM
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC, partition_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from scenarios.city.outbox import Columns
    from scenarios.city.people import People
    from scenarios.spoil import Record

SOURCE = "scenarios/city"
PERSON = "city:SEED:%d"
CAMPAIGN = "city-SEED-%d"

NETWORKS = ("mobile", "telecom", "unicom")
TEXTS: dict[str, tuple[str, ...]] = {
    "carrier": NETWORKS,
    "arm": ("none", "drop", "small", "large", "ad"),
    "channel": ("app", "sms", "feed"),
    "format": ("display", "large_display", "video"),
    "creative": ("banner", "poster", "clip"),
    "device": ("android", "harmonyos", "ios"),
    "agent": (
        *("shop/3.2 (Android 14)", "shop/3.2 (HarmonyOS 4.2)", "shop/3.2 (iOS 18.1)"),
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ),
    "lan": (*(f"100.{64 + n}.{n * 37 % 256}.0/24" for n in range(LANS)), "5.9.77.0/24"),
    "mode": ("equal", "lucky"),
    "granted": ("false", "true"),
    "paid": ("", ',"paid":true'),
    "message": ("送你流量", "生日快乐", "谢谢", "for your trip", "thanks"),
    "item": ("comic", "song", "game-skin", "umbrella", "phone-10"),
    "quantity": ("", "", ',"quantity":2', ',"quantity":3'),
    "rule": ("first", "purchase"),
    "network": ("", *(f',"network":"{name}"' for name in NETWORKS)),
}
"""Columns that hold the numbers of texts."""
TIMES = ("until", "expires")
"""Columns that hold microseconds since 1970, beside every kind's `time`."""
MIDNIGHTS = ("begin", "end")
"""Columns that hold the same, and are whole seconds."""


class Kind(NamedTuple):
    """A kind of event.

    Attributes:
        type: without `flowdrop.`.
        subject: the template of its subject.
        subject_columns: what goes in there.
        data: the template of its data; `program` is put before a wallet event's.
        data_columns: what goes in there.
    """

    type: str
    subject: str
    subject_columns: tuple[str, ...]
    data: str = ""
    data_columns: tuple[str, ...] = ()


def _person(kind: str, data: str = "", *columns: str) -> Kind:
    return Kind(kind, PERSON, ("person",), data, columns)


def _packet(kind: str, data: str = "", *columns: str) -> Kind:
    return Kind(kind, "packet:SEED-%d@%d", ("packet", "home"), data, columns)


def _held(kind: str) -> Kind:
    return _person(kind, '"redemption":"SEED/redeem_held/%d"', "redemption")


def _order(kind: str) -> Kind:
    return _person(kind, '"order":"SEED/order_place/%d"', "order")


_CONVERSION = '"conversion":"SEED/conversion/%d","value":%d'
_SHOWN = f'"campaign":"{CAMPAIGN}","channel":"%s","format":"%s"'
_SEEN = '"creative":"%s","network":"%s","agent":"%s"'
_CREATIVES = ",".join(
    f'{{"name":"{name}","format":"{shape}"}}'
    for name, shape in zip(TEXTS["creative"], TEXTS["format"], strict=True)
)

KINDS: dict[str, Kind] = {
    "describe": Kind(
        "campaign.describe",
        f"campaign:{CAMPAIGN}",
        ("campaign",),
        f'"campaign":"{CAMPAIGN}","advertiser":"%s","title_en":"%s","title_zh":"%s","goal":"%s",'
        '"begin":"%s","end":"%s"%s,"channels":["%s"],'
        f'"creatives":[{_CREATIVES}],"coin_microcents":%d',
        (
            *("campaign", "advertiser", "title_en", "title_zh", "goal"),
            *("begin", "end", "budget", "channel", "coin_microcents"),
        ),
    ),
    "fund": Kind(
        "wallet.fund",
        f"budget:{CAMPAIGN}",
        ("campaign",),
        f'"campaign":"{CAMPAIGN}","amount":%d',
        ("campaign", "amount"),
    ),
    "open": _person("wallet.open"),
    "consent": _person("campaign.consent", '"channel":"*","granted":%s', "granted"),
    "profile": _person(
        "person.profile",
        '"attributes":{"carrier":"%s","birth_year":%d,"device":"%s"}',
        *("carrier", "birth_year", "device"),
    ),
    "link": _person("person.link", f'"other":"{PERSON}/phone"', "person"),
    "check_in": _person("wallet.earn", '"activity":"check-in"'),
    "game": _person("wallet.earn", '"activity":"game","amount":%d', "amount"),
    "purchase": _person("wallet.earn", '"activity":"purchase","spend":%d', "spend"),
    "invitation": _person(
        "wallet.earn", f'"activity":"invitation","reference":"{PERSON}"', "friend"
    ),
    "assignment": _person(
        "campaign.assignment",
        f'"campaign":"{CAMPAIGN}","arm":"%s","probability":%r',
        *("campaign", "arm", "probability"),
    ),
    "contact": _person(
        "campaign.contact",
        f'"campaign":"{CAMPAIGN}","channel":"%s","cost":%d,"until":"%s"',
        *("campaign", "channel", "cost", "until"),
    ),
    "grant": _person("wallet.grant", f'"campaign":"{CAMPAIGN}","amount":%d', "campaign", "amount"),
    "exposure": _person(
        "campaign.exposure",
        f'{_SHOWN},"pixels":%r,"seconds":%r,"cost":%d%s,{_SEEN}',
        *("campaign", "channel", "format", "pixels", "seconds", "cost", "paid", "creative"),
        *("lan", "agent"),
    ),
    "exposure_unmeasured": _person(
        "campaign.exposure",
        f'{_SHOWN},"cost":%d%s,{_SEEN}',
        *("campaign", "channel", "format", "cost", "paid", "creative", "lan", "agent"),
    ),
    "click": _person(
        "campaign.click",
        f'"campaign":"{CAMPAIGN}","channel":"%s",{_SEEN}',
        *("campaign", "channel", "creative", "lan", "agent"),
    ),
    "visit": _person("campaign.visit", f'"campaign":"{CAMPAIGN}"', "campaign"),
    "conversion": _person(
        "campaign.conversion", f'"campaign":"{CAMPAIGN}","value":%d', "campaign", "value"
    ),
    "reward": _person(
        "wallet.reward",
        f'"campaign":"{CAMPAIGN}","rule":"%s",{_CONVERSION}',
        *("campaign", "rule", "conversion", "value"),
    ),
    "reward_sharer": _person(
        "wallet.reward",
        f'"campaign":"{CAMPAIGN}","rule":"friend",{_CONVERSION},"to":"{PERSON}"',
        *("campaign", "conversion", "value", "to"),
    ),
    "transfer": _person(
        "wallet.transfer", f'"to":"{PERSON}","amount":%d,"message":"%s"', "to", "amount", "message"
    ),
    "redeem": _person(
        "wallet.redeem", '"carrier":"%s","amount":%d%s', "carrier", "amount", "network"
    ),
    "redeem_held": _person(
        "wallet.redeem",
        '"carrier":"%s","amount":%d,"until":"%s"%s',
        *("carrier", "amount", "until", "network"),
    ),
    "redeem_settle": _held("wallet.redeem_settle"),
    "redeem_fail": _held("wallet.redeem_fail"),
    "redeem_expire": _held("wallet.redeem_expire"),
    "order_place": _person(
        "wallet.order_place", '"item":"%s","amount":%d%s', "item", "amount", "quantity"
    ),
    "order_fulfil": _order("wallet.order_fulfil"),
    "order_cancel": _order("wallet.order_cancel"),
    "order_refund": _order("wallet.order_refund"),
    "packet_send": _person(
        "wallet.packet_send",
        '"packet":"packet:SEED-%d@%d","amount":%d,"claims":%d,"mode":"%s","expires":"%s"',
        *("packet", "home", "amount", "claims", "mode", "expires"),
    ),
    "packet_claim": _packet("wallet.packet_claim", f'"claimer":"{PERSON}"', "claimer"),
    "packet_expire": _packet("wallet.packet_expire"),
    "defund_shard": Kind(
        "wallet.defund",
        f"budget:{CAMPAIGN}@%d",
        ("campaign", "home"),
        f'"campaign":"{CAMPAIGN}"',
        ("campaign",),
    ),
    "defund": Kind(
        "wallet.defund",
        f"budget:{CAMPAIGN}",
        ("campaign",),
        f'"campaign":"{CAMPAIGN}"',
        ("campaign",),
    ),
}
"""Every kind by name, in the order in which they stand at the same moment."""


class Chunk(NamedTuple):
    """Events in order of time, made ready for Kafka, as columns of equal length.

    Attributes:
        types: their CloudEvents types.
        times_us: microseconds since 1970.
        records: topic, partition, key, value.
    """

    types: list[str]
    times_us: list[int]
    records: list[Record]


class Writer:
    """Writes the events of one city."""

    def __init__(self, seed: int, partitions: int, people: People) -> None:
        self._seed = str(seed)
        self._partitions = partitions
        self._people = people
        self._templates = {name: self._template(name, kind) for name, kind in KINDS.items()}
        self._texts = {name: np.array(texts, dtype=object) for name, texts in TEXTS.items()}

    def _template(self, name: str, kind: Kind) -> tuple[str, bytes]:
        data = kind.data
        if kind.type.startswith("wallet."):
            data = f'"program":"{PROGRAM}"' + (f",{data}" if data else "")
        value = (
            f'{{"type":"flowdrop.{kind.type}","data":{{{data}}},"specversion":"1.0",'
            f'"id":"SEED/{name}/%d","source":"{SOURCE}","time":"%sZ",'
            f'"subject":"{kind.subject}","datacontenttype":"application/json"}}'
        )
        return value.replace("SEED", self._seed), kind.subject.replace("SEED", self._seed).encode()

    def chunk(self, found: Iterable[tuple[str, Columns]]) -> Chunk:
        """Write what is due, kinds in any order, as one chunk in order of time."""
        by_kind = dict(found)
        kinds = [name for name in KINDS if name in by_kind]
        if not kinds:
            return Chunk([], [], [])
        time = np.concatenate([by_kind[name]["time"] for name in kinds])
        order = np.argsort(time, kind="stable")
        records: list[Record] = []
        types: list[str] = []
        for name in kinds:
            records += self._records(name, by_kind[name])
            types += repeat(f"flowdrop.{KINDS[name].type}", len(by_kind[name]["time"]))
        at = order.tolist()
        return Chunk([types[i] for i in at], time[order].tolist(), [records[i] for i in at])

    def _records(self, name: str, columns: Columns) -> list[Record]:
        kind, (value, key) = KINDS[name], self._templates[name]
        subject = [columns[column].tolist() for column in kind.subject_columns]
        rows = zip(
            *(self._shown(column, columns[column]) for column in kind.data_columns),
            columns["number"].tolist(),
            _texts_of(columns["time"]),
            *subject,
            strict=True,
        )
        keys = [key % row for row in zip(*subject, strict=True)]
        topic = WALLET_TOPIC if kind.type.startswith("wallet.") else CAMPAIGN_TOPIC
        return list(
            zip(
                repeat(topic),
                self._homes(kind, columns, keys),
                keys,
                [(value % row).encode() for row in rows],
                strict=False,
            )
        )

    def _shown(self, name: str, column: NDArray[Any]) -> list[Any]:
        if name in TEXTS:
            shown: list[Any] = self._texts[name][column].tolist()
        elif name in TIMES:
            shown = [f"{text}Z" for text in _texts_of(column + (column % 1_000_000 == 0))]
        elif name in MIDNIGHTS:
            shown = [f"{text}Z" for text in _texts_of(column, "s")]
        elif name == "budget":
            shown = [f',"budget":{coins}' if coins else "" for coins in column.tolist()]
        else:
            shown = column.tolist()
        return shown

    def _homes(self, kind: Kind, columns: Columns, keys: list[bytes]) -> list[int]:
        """Return the partitions on which the subjects live."""
        if "home" in kind.subject_columns:
            homes: list[int] = columns["home"].tolist()
        elif "person" in kind.subject_columns:
            homes = self._people.partition[columns["person"]].tolist()
        else:
            homes = [partition_of(key.decode(), self._partitions) for key in keys]
        return homes


def _texts_of(times_us: NDArray[np.int64], unit: Literal["us", "s"] = "us") -> list[str]:
    """Return times as RFC 3339 without their zone; in "us" none of them is a whole second."""
    texts: list[str] = np.datetime_as_string(times_us.view("datetime64[us]"), unit).tolist()
    return texts
