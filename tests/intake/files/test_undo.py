"""What takes an event back, and which events nothing does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from intake.files.batches import of_columns
from intake.files.mapped import Quick
from intake.files.undo import _TakingBack, taking_back
from intake.files.warehouse import Funded
from intake.mapping import Mapping, RowRefusal, loads
from streams.events import OPERATION, Defund, Event, encode
from streams.events.decoding import Rejection, read_event
from streams.events.times import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.events import ReverseData

AT = datetime(2026, 3, 2, tzinfo=UTC)
HEAD = 'feed = "shop"\nid = "id"\nperson = "person"\ntime = "time"\n[[event]]\n'
ROW = {"id": "A1", "person": "member:17", "time": "2026-03-01T09:30:00Z", "n": "5"}
PROGRAM = "fields.program = \"'liuliangbao'\"\n"
EARNED = f"""[[event]]
type = "earn"
{PROGRAM}fields.activity = "'game'"
fields.amount = "n"
"""
BACK = {
    "earn": (PROGRAM + "fields.activity = \"'game'\"\nfields.amount = 'n'", "reverse"),
    "redeem": (PROGRAM + "fields.carrier = \"'telecom'\"\nfields.amount = 'n'", "reverse"),
    "transfer": (PROGRAM + "fields.to = \"'member:18'\"\nfields.amount = 'n'", "reverse"),
    "fund": (PROGRAM + "fields.campaign = \"'spring'\"\nfields.amount = 'n'", "defund"),
    "profile": ("fields.attributes.level = 'number(n)'", "profile"),
    "link": ("fields.other = \"'device:' & n\"", "link"),
    "open": (PROGRAM, ""),
    "visit": ("fields.campaign = \"'spring'\"", ""),
    "consent": ("fields.channel = \"'*'\"\nfields.granted = true", ""),
}


def made(name: str, **cells: str) -> Event:
    (event,) = loads(f'{HEAD}type = "{name}"\n{BACK[name][0]}').events_of([ROW | cells])
    assert not isinstance(event, RowRefusal), event.words()
    return event


@pytest.mark.parametrize("name", BACK)
def test_each_type_is_taken_back_by_another_or_by_none(name: str) -> None:
    event = made(name)
    back = taking_back(event, AT)
    assert (OPERATION[type(back)] if back is not None else "") == BACK[name][1]
    if back is not None:
        assert not isinstance(read_event(encode(back)), Rejection)
        assert (back.id.partition("~")[0], back.source) == ("undo:A1", "shop")
        assert back.subject == event.subject
        assert back.time == AT


def test_a_reversal_holds_the_whole_event() -> None:
    event = made("earn")
    data: ReverseData | Any = taking_back(event, AT).data  # type: ignore[union-attr]
    assert data.original == event


def test_events_of_one_id_have_a_reversal_each() -> None:
    """The ledger applied one of them: only it knows which."""
    first, second = taking_back(made("earn"), AT), taking_back(made("earn", n="6"), AT)
    assert first is not None
    assert second is not None
    assert first.id != second.id
    again = taking_back(made("earn"), AT)
    assert again == first


def test_each_is_taken_back_as_of_its_own_time_and_coins_without_a_clocks_moving() -> None:
    """What was said later than an attribute or a link, by whomever, stays in force."""
    made = loads(f"{HEAD}type = 'profile'\nfields.attributes.level = 'number(n)'\n" + EARNED)
    now = datetime(2026, 3, 1, 8, tzinfo=UTC)
    last = now + timedelta(hours=2)
    (records,) = batches(made, [ROW | {"time": last.isoformat()}])
    back = _TakingBack(made, last, set(), 8).back(records)
    times = {one["rule"]: one["time_us"] for one in back.to_pylist()}
    assert times == {0: microseconds(last), 1: microseconds(last)}
    found = [read_event(value) for value in back["value"].to_pylist()]
    assert {microseconds(one.time) for one in found if not isinstance(one, Rejection)} == set(
        times.values()
    )
    (records,) = batches(made, [ROW])
    before = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    later = _TakingBack(made, last, set(), 8).back(records)
    times = {one["rule"]: one["time_us"] for one in later.to_pylist()}
    assert times == {0: microseconds(before), 1: microseconds(last)}


def test_only_funds_that_were_applied_are_taken_out_and_each_once() -> None:
    made = loads(f"{HEAD}type = 'fund'\n{BACK['fund'][0]}")
    named = zip("AABBC", "57233", strict=True)
    rows = [ROW | {"id": name, "n": amount} for name, amount in named]
    (records,) = batches(made, rows)
    applied = {("A", 5), ("B", 3), ("C", 4)}
    funds = {Funded("member:17", name, "liuliangbao", "spring", n) for name, n in applied}
    taking = _TakingBack(made, AT, funds, 8)
    found = [read_event(value) for value in taking.back(records)["value"].to_pylist()]
    taken = {(one.id, one.data.amount) for one in found if isinstance(one, Defund)}
    assert taken == {("undo:A", 5), ("undo:B", 3)}
    assert (len(found), taking.counts, taking.void) == (
        *(2, {"flowdrop.wallet.fund": 2}, {"flowdrop.wallet.fund": 3}),
    )


def batches(made: Mapping, rows: list[dict[str, str]]) -> Iterator[pa.RecordBatch]:
    columns = {name: pa.array([row[name] for row in rows]) for name in rows[0]}
    yield Quick(made, 8).records(of_columns(np.arange(2, 2 + len(rows)), columns, [])).table


def test_attributes_are_withdrawn_and_links_undone() -> None:
    profile, link = taking_back(made("profile"), AT), taking_back(made("link"), AT)
    assert profile is not None
    assert link is not None
    assert profile.data.attributes == {"level": None}
    assert (link.data.other, link.data.linked) == ("device:5", False)


def test_long_ids_have_room_for_what_takes_them_back() -> None:
    ids = set()
    for last in "ab":
        back = taking_back(made("earn", id="x" * 199 + last), AT)
        assert back is not None
        assert not isinstance(read_event(encode(back)), Rejection)
        ids.add(back.id)
    assert len(ids) == 2
