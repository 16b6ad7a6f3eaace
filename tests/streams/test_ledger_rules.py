"""Published rules: an event in the log from which on a partition judges by them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest

from streams.events import Earn, Open, ProgramRules, Redeem, Reverse
from streams.events.times import microseconds
from streams.inspect.published import rules_events
from streams.ledger.published import sign
from streams.programs import FOLDER, Operation, Program, load, read
from streams.programs.canonical import program_of, text_of
from tests import keys
from tests.streams.ledger_world import (
    PROGRAMS,
    RULES,
    World,
    at,
    program,
    rules_text,
    world_with,
)

if TYPE_CHECKING:
    from pathlib import Path

MORE = program("p", *get_args(Operation), quiz_max=50)
CLOSED = program("p", *(name for name in get_args(Operation) if name != "earn"))


def publish(world: World, rules: Program | str, days: float, partition: int = 0) -> str:
    text = rules if isinstance(rules, str) else rules_text(rules)
    facts = {"rules": text, "key": "k1", "signature": "0" * 64, "time": at(days)}
    name = json.loads(text)["name"]
    event = world.make(ProgramRules, f"rules:{name}@{partition}", program=name, **facts)
    return world.send(sign(event, keys.RULES["k1"]), partition=partition).reason


def dated(rules: Program, days: float, **becomes: Any) -> str:
    """The rules, and what a quiz becomes from a day on."""
    values = json.loads(rules_text(rules))
    now, day = values["earn"]["quiz"], at(days).isoformat()
    values["earn"]["quiz"] = [{**now, "until": day}, {**now, **becomes, "from": day}]
    return json.dumps(values)


def quiz(world: World, days: float = 0) -> str:
    return world.send(world.earn("a", "quiz", amount=30, time=at(days))).reason


def test_rules_count_from_their_place_in_the_log_not_from_their_time() -> None:
    world = world_with("a")
    assert quiz(world) == "over_limit"
    assert publish(world, MORE, 5) == ""
    assert quiz(world) == ""
    assert publish(world, dated(MORE, 6.5, given_max=20), 6) == ""
    assert [quiz(world, days) for days in (6.4, 6.5)] == ["", "over_limit"]


def test_what_would_change_the_past_is_refused_and_changes_nothing() -> None:
    world = world_with("a")
    assert publish(world, MORE, 5) == ""  # the first: the worker's files are not in the log
    before = world.get("rules:p@0")
    for other in (CLOSED, PROGRAMS["p"], dated(MORE, 5.9, given_max=20)):
        assert publish(world, other, 6) == "changes_the_past"
    assert world.get("rules:p@0") == before
    assert quiz(world) == ""


def test_what_is_to_come_may_still_be_changed_but_not_once_it_is_past() -> None:
    world = world_with("a")
    assert publish(world, dated(MORE, 8, given_max=20), 5) == ""
    assert publish(world, dated(MORE, 9, given_max=40), 6) == ""
    assert publish(world, MORE, 7) == ""
    assert publish(world, dated(MORE, 9, given_max=40), 7.5) == ""
    assert publish(world, dated(MORE, 9, given_max=20), 10) == "changes_the_past"
    assert publish(world, MORE, 10) == "changes_the_past"
    assert [quiz(world, days) for days in (8.9, 9)] == ["", ""]


def test_words_judge_nothing_and_may_be_mended() -> None:
    world = world_with("a")
    assert publish(world, MORE, 5) == ""
    said = json.loads(rules_text(MORE))
    said["earn"]["quiz"] |= {"title": {"zh": "乙", "en": "B"}, "assumption": "another reason"}
    said["owner"] = said["title"] = {"zh": "丙", "en": "C"}
    assert publish(world, json.dumps(said), 6) == ""
    said["earn"]["title"] = said["earn"]["quiz"]  # an activity that bears the name of such a word
    assert publish(world, json.dumps(said), 7) == "changes_the_past"


def test_files_that_have_changed_since_change_nothing() -> None:
    world = world_with("a")
    publish(world, MORE, 1)
    results = [world.send(event).result for event in story(world)]
    other = msgspec.structs.replace(RULES, programs={"p": CLOSED})
    again = World(rules=other)
    again.accounts[0] = {"rules:p@0": world.accounts[0]["rules:p@0"]}
    told = [again.send(event).result for event in story(again)]
    assert [(one.outcome, one.reason, one.amount) for one in told] == [
        (one.outcome, one.reason, one.amount) for one in results
    ]
    assert told[1].amount == 30


def story(world: World) -> list[Open | Earn | Redeem | Reverse]:
    earned = world.earn("b", "quiz", amount=30, event_id="earned")
    return [
        world.open("b", event_id="opened"),
        earned,
        world.redeem("b", 7, event_id="redeemed"),
        world.make(Reverse, "b", original=earned, event_id="reversed"),
    ]


def test_a_program_that_no_file_has_may_be_published() -> None:
    world = World()
    new = program("new", "open")
    assert world.send(world.open("a", program="new")).reason == "unknown_program"
    assert publish(world, new, 0) == ""
    assert world.send(world.open("a", program="new")).outcome == "applied"


def test_published_rules_move_no_clock_and_know_no_window() -> None:
    world = world_with("a")
    before = world.shards[0].clock_us
    assert publish(world, MORE, 3_000) == ""
    assert world.shards[0].clock_us == before
    world.send(world.earn("a", amount=1, time=at(20)))
    assert publish(world, dated(MORE, 3_002, given_max=20), 3_001) == ""


def test_a_copy_brings_no_old_rules_back() -> None:
    world = world_with("a")
    publish(world, MORE, 1)
    (old, _) = world.logs[0][-1]
    publish(world, dated(MORE, 3, given_max=20), 2)
    assert world.fold_record(0, old, microseconds(at(3))).reason == "stale_rules"
    assert quiz(world, 3) == "over_limit"


def test_rules_for_another_account_are_forged() -> None:
    world = world_with("a")
    facts = {"rules": rules_text(MORE), "key": "k1", "signature": "0" * 64}
    event = sign(world.make(ProgramRules, "rules:q@0", **facts), keys.RULES["k1"])
    assert world.send(event, partition=0).reason == "forged_rules"


def test_each_partition_has_its_own() -> None:
    world = World(2)
    assert publish(world, MORE, 1, partition=1) == ""
    assert world.get("rules:p@1") is not None
    assert world.get("rules:p@0") is None


def test_rules_that_are_none_fail_in_words_and_change_nothing() -> None:
    world = world_with("a")
    facts = {"rules": '{"name":"p"}', "key": "k1", "signature": "0" * 64}
    event = sign(world.make(ProgramRules, "rules:p@0", **facts), keys.RULES["k1"])
    with pytest.raises(ValueError, match="`title` is missing"):
        world.send(event)
    assert world.get("rules:p@0") is None


# -- what is published ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_a_file_as_text_is_the_same_program(path: Path) -> None:
    text = text_of(path)
    assert program_of(path.stem, text) == read(path)
    assert len(text.encode()) < 50_000


def test_rules_that_were_published_with_what_no_file_may_say_now_are_read() -> None:
    path = FOLDER / "liuliangbao.toml"
    text = text_of(path)
    said = text.replace('"by":"the ledger,', '"coins":430,"by":"the ledger,', 1)
    assert said != text
    assert program_of("liuliangbao", said) == read(path)


def test_the_text_of_dated_rules_is_the_same_program(tmp_path: Path) -> None:
    shipped = (FOLDER / "liuliangbao.toml").read_text(encoding="utf-8")
    path = tmp_path / "liuliangbao.toml"
    dated = shipped.replace("[earn.game]", "[earn.game]\nfrom = 2026-03-01\nuntil = 2026-04-01")
    path.write_text(dated, encoding="utf-8")
    found = program_of("liuliangbao", text_of(path))
    assert found == read(path)
    assert len(found.later) == 2


def test_every_program_is_published_to_every_partition() -> None:
    found = list(rules_events(FOLDER, 3, key="k1", secret=keys.RULES["k1"], time=at(0)))
    assert {event.subject for event in found} == {
        f"rules:{name}@{number}" for name in load() for number in range(3)
    }
    assert len(found) == 3 * len(load())
    world = World(3)
    for event in found:
        assert world.send(event).outcome == "applied"
    assert "p" in PROGRAMS, "files and published programs are judged side by side"
    assert world.send(world.open("a", program="liuliangbao")).outcome == "applied"
