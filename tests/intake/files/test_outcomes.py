"""What became of each event, by rows: the answers to a name find every row that has it."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from intake.files import outcomes, parts
from intake.files.sort import SCHEMA, Spool
from intake.mapping import loads
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC
from streams.kafka.publish.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAPPING = loads("""
feed = "shop"
id = "id"
person = "person"
time = "time"
[[event]]
type = "wallet.earn"
fields = { program = "'p'", activity = "'game'", amount = "n" }
[[event]]
type = "campaign.visit"
fields = { campaign = "'spring'" }
""")
EARN, VISIT = range(2)
TOPICS = (WALLET_TOPIC, CAMPAIGN_TOPIC)


def spooled(folder: Path, *made: tuple[int, int, str, str]) -> Spool:
    """Return a spool of events: row, rule, id and content."""
    columns: list[list[object]] = [
        [row for row, *_ in made],
        [row for row, *_ in made],
        [rule for _, rule, _, _ in made],
        [0 for _ in made],
        [b"member:1" for _ in made],
        [
            json.dumps({"id": name, "source": "shop", "data": content}).encode()
            for _, _, name, content in made
        ],
    ]
    arrays = [pa.array(own, kind) for own, kind in zip(columns, SCHEMA.types, strict=True)]
    spool = Spool(folder)
    spool.add(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))
    return spool


def said(rule: int, name: str, outcome: str, reason: str = "", detail: str = "") -> Answer:
    return Answer(TOPICS[rule], b"member:1", "shop", name, outcome, reason, detail)


def told(
    spool: Spool, answers: Iterable[Answer], *, is_judged: bool = True
) -> list[dict[str, str]]:
    out = io.StringIO()
    outcomes.write(out, spool, MAPPING.rules, answers, is_judged=is_judged)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def ends(rows: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(row["row"], row["outcome"], row["reason"]) for row in rows]


def test_each_event_has_its_row_and_a_sentence(tmp_path: Path) -> None:
    spool = spooled(
        *(tmp_path / "spool", (2, EARN, "A", "x"), (2, VISIT, "A#visit", "x")),
        *((3, EARN, "B", "x"), (4, VISIT, "C", "x")),
    )
    rows = told(
        spool,
        [
            said(EARN, "A", "applied"),
            said(VISIT, "A#visit", "accepted"),
            said(EARN, "B", "refused", "over_limit"),
            said(VISIT, "C", "deadletter", "bad_attribute", "data.x = 1: it must be a text"),
            said(EARN, "C", "applied"),  # of the other log
        ],
    )
    assert [(row["event"], row["type"]) for row in rows] == [
        ("A", "flowdrop.wallet.earn"),
        ("A#visit", "flowdrop.campaign.visit"),
        ("B", "flowdrop.wallet.earn"),
        ("C", "flowdrop.campaign.visit"),
    ]
    assert ends(rows) == [
        *(("2", "applied", ""), ("2", "accepted", ""), ("3", "refused", "over_limit")),
        ("4", "set_aside", "bad_attribute"),
    ]
    assert rows[0]["explanation"] == ""
    assert "more than the activity may give" in rows[2]["explanation"]
    assert rows[3]["explanation"] == "data.x = 1: it must be a text"


def test_the_first_answer_is_the_one_that_counts(tmp_path: Path) -> None:
    """A resumed run sends some once more, and what came too early or too late is sent again."""
    spool = spooled(tmp_path / "spool", *((row, EARN, f"A{row}", "x") for row in range(4)))
    rows = told(
        spool,
        [
            *(said(EARN, "A0", "refused", "over_limit"), said(EARN, "A0", "repeat", "over_limit")),
            *(said(EARN, "A1", "refused", "in_the_future"), said(EARN, "A1", "applied")),
            *(said(EARN, "A2", "applied"), said(EARN, "A2", "refused", "too_old")),
            said(EARN, "A3", "repeat", "daily_cap"),
        ],
    )
    assert ends(rows) == [
        *(("0", "refused", "over_limit"), ("1", "applied", ""), ("2", "applied", "")),
        ("3", "repeated", "daily_cap"),
    ]


def test_rows_of_one_name_are_repeats_or_conflicts(tmp_path: Path) -> None:
    spool = spooled(
        *(tmp_path / "spool", (2, EARN, "A", "x"), (3, EARN, "A", "y"), (4, EARN, "A", "x")),
        *((5, VISIT, "B", "x"), (6, VISIT, "B", "x"), (7, EARN, "C", "x")),
    )
    rows = told(
        spool,
        [
            *(said(EARN, "A", "applied"), said(EARN, "A", "refused", "conflict")),
            *(said(EARN, "A", "repeat"), said(VISIT, "B", "accepted")),
            said(EARN, "C", "refused", "conflict"),  # with an event of before this import
        ],
    )
    assert ends(rows) == [
        *(("2", "applied", ""), ("3", "refused", "conflict"), ("4", "repeated", "")),
        *(("5", "accepted", ""), ("6", "repeated", ""), ("7", "refused", "conflict")),
    ]


def test_rows_of_one_name_have_their_answers_in_order(tmp_path: Path) -> None:
    """Also where the first refusal was not remembered, so that the second was judged anew."""
    spool = spooled(
        *(tmp_path / "spool", (2, EARN, "A", "x"), (3, EARN, "A", "y"), (4, EARN, "B", "x")),
        *((5, EARN, "C", "x"), (6, EARN, "C", "y")),
    )
    rows = told(
        spool,
        [
            *(said(EARN, "A", "refused", "too_old"), said(EARN, "A", "applied")),
            *(said(EARN, "B", "refused", "over_limit"), said(EARN, "C", "refused", "wrong_budget")),
        ],
    )
    assert ends(rows) == [
        *(("2", "refused", "too_old"), ("3", "applied", ""), ("4", "refused", "over_limit")),
        *(("5", "refused", "wrong_budget"), ("6", "refused", "wrong_budget")),
    ]


def test_what_nobody_has_said_anything_of(tmp_path: Path) -> None:
    made = (2, EARN, "A", "x"), (3, VISIT, "B", "x")
    judged = told(spooled(tmp_path / "spool", *made), [])
    assert ends(judged) == [("2", "not_judged", ""), ("3", "repeated", "")]
    waiting = told(spooled(tmp_path / "spool", *made), [], is_judged=False)
    assert [row["outcome"] for row in waiting] == ["not_judged", "not_judged"]


def test_an_id_is_no_formula(tmp_path: Path) -> None:
    (row,) = told(
        spooled(tmp_path / "spool", (2, EARN, "=1+1", "x")), [said(EARN, "=1+1", "applied")]
    )
    assert row["event"] == "'=1+1"


@pytest.mark.parametrize("pending", [100, 10**9])
def test_it_tells_what_a_dictionary_does(
    tmp_path: Path, pending: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PENDING_ROWS", pending)
    monkeypatch.setattr(outcomes, "CHUNK", 77)
    draw = random.Random(11)
    made = [(row, EARN, str(draw.randrange(1_500)), draw.choice("xy")) for row in range(2_000)]
    first: dict[str, str] = {}
    answers, wanted = [], []
    for row, _, name, content in made:
        before = first.setdefault(name, content)
        is_new = before == content and name not in {answer.id for answer in answers}
        outcome, reason = (
            ("refused", "conflict")
            if before != content
            else draw.choice([("applied", ""), ("refused", "over_limit")])
            if is_new
            else ("repeat", next(one.reason for one in answers if one.id == name))
        )
        answers.append(said(EARN, name, outcome, reason))
        wanted.append((str(row), "repeated" if outcome == "repeat" else outcome, reason))
    assert ends(told(spooled(tmp_path / "spool", *made), answers)) == wanted
