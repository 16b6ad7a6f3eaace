"""Broken copies of records, beside the good ones, in twelve ways.

Nothing good is changed or left out, so a pipeline that sets every broken copy aside ends as if
there had been none. A copy has an id of its own, except for `duplicate_id`.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Record = tuple[str, int, bytes | None, bytes | None]
Fields = dict[str, Any]

MEGABYTE = 1 << 20
FUTURE = "2100-01-01T00:00:00Z"
MONEY = ("spend", "amount", "value", "cost", "probability")
CONTENT = ("spend", "amount", "value", "arm", "channel", "item", "program", "campaign")

OTHER: dict[str, Fields] = {
    "flowdrop.campaign.describe": {"advertiser": "another"},
    "flowdrop.person.link": {"kind": "another"},
    "flowdrop.person.profile": {"attributes": {"language": "another"}},
}
"""What is set to change the content of types of which no field of `CONTENT` may change alone."""


class Way(NamedTuple):
    """One way to break a record.

    broken: the value of the broken copy, made from the event's fields, which it may change.
    applies: whether an event can be broken this way.
    own_id: whether the copy has an id of its own.
    """

    broken: Callable[[Fields], bytes | None]
    applies: Callable[[Fields], bool] = lambda _: True
    own_id: bool = True


def _with(**changes: Any) -> Callable[[Fields], bytes]:
    """Return a way that sets fields of the event."""
    return lambda event: msgspec.json.encode(event | changes)


def _not_json(event: Fields) -> bytes:
    whole = msgspec.json.encode(event)
    return whole[: len(whole) // 2]


def _wrong_type(event: Fields) -> bytes:
    first = next(iter(event["data"]))
    event["data"][first] = [17]
    return msgspec.json.encode(event)


def _unknown_type(event: Fields) -> bytes:
    room = event["type"].rpartition(".")[0]
    return msgspec.json.encode(event | {"type": f"{room}.teleport"})


def _money(event: Fields) -> str | None:
    """Return the field of money that can be made negative, or None."""
    data: Fields = event["data"]
    if event["type"] == "flowdrop.campaign.contact":
        return "cost"
    return next((field for field in MONEY if field in data), None)


def _negative(event: Fields) -> bytes:
    field = _money(event)
    assert field is not None
    event["data"][field] = -abs(event["data"].get(field, 0)) or -1
    return msgspec.json.encode(event)


def _without_subject(event: Fields) -> bytes:
    del event["subject"]
    return msgspec.json.encode(event)


def _invalid_utf8(event: Fields) -> bytes:
    """Break the source, a field that every reader decodes."""
    return msgspec.json.encode(event | {"source": "@"}).replace(b'"@"', b'"\xff\xfe"')


def _other_content(event: Fields) -> bytes:
    data = event["data"]
    if event["type"] in OTHER:
        data.update(OTHER[event["type"]])
    else:
        field = next(field for field in CONTENT if field in data)
        data[field] = data[field] + 100 if isinstance(data[field], int) else f"{data[field]}-other"
    return msgspec.json.encode(event)


WAYS: dict[str, Way] = {
    "not_json": Way(_not_json),
    "wrong_type": Way(_wrong_type),
    "unknown_type": Way(_unknown_type),
    "negative_amount": Way(_negative, applies=lambda event: _money(event) is not None),
    "missing_subject": Way(_without_subject),
    "megabyte_of_text": Way(_with(note="x" * MEGABYTE)),
    "invalid_utf8": Way(_invalid_utf8),
    "wrong_version": Way(_with(specversion="0.3")),
    "null_value": Way(lambda _: None),
    "future_date": Way(_with(time=FUTURE)),
    "duplicate_id": Way(_other_content, own_id=False),
    "empty_record": Way(lambda _: b""),
}
"""The twelve ways, by the name under which they are counted."""


class Spoiler:
    """Adds broken copies to a stream of records and counts them in `counts`, by way.

    The ways take turns in a random order, so that few copies still show them all. The same seed
    and records give the same copies.
    """

    def __init__(self, share: float, seed: int) -> None:
        if not 0 <= share <= 1:
            raise ValueError(f"share {share} is not between 0 and 1")
        self.share = share
        self.counts: Counter[str] = Counter(dict.fromkeys(WAYS, 0))
        self._random = random.Random(seed)  # noqa: S311 # a seed that replays is the point
        self._turn: deque[str] = deque()

    def spoil(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield every record and, after a `share` of them, a broken copy for the same place."""
        for record in records:
            yield record
            if self._random.random() < self.share:
                topic, partition, key, value = record
                assert value is not None
                yield topic, partition, key, self._broken(value)

    def _broken(self, value: bytes) -> bytes | None:
        event: Fields = msgspec.json.decode(value)
        name = self._next_way(event)
        self.counts[name] += 1
        way = WAYS[name]
        if way.own_id:
            event["id"] = f"{event['id']}/spoiled"
        return way.broken(event)

    def _next_way(self, event: Fields) -> str:
        """Take the next way in turn that applies to `event`; one that does not keeps its turn."""
        if not any(WAYS[name].applies(event) for name in self._turn):
            self._turn.extend(self._random.sample(list(WAYS), len(WAYS)))
        name = next(name for name in self._turn if WAYS[name].applies(event))
        self._turn.remove(name)
        return name
