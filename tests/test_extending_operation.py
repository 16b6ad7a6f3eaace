"""`docs/extending.md`, "An operation", done to the letter in a copy of the tree."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.extending_tree import ROOT, Tree, section, steps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.extending_tree import Step

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

STEPS = steps(section("An operation"))
FILES_MAX = 6

# What the fold makes of it, asked in the copy.
ASKED = """
import json
from streams.events import decode_wallet, encode
from streams.events.wallet import Forfeit
from streams.ledger.results import decode_result, encode_result
from tests.streams.ledger_world import World

world = World()
for name, program in (("a", "p"), ("s", "saving")):
    world.send(world.open(name, program=program))
    world.send(world.earn(name, amount=9, program=program))
opened = world.send(world.make(Forfeit, "a", amount=4, by="support"))
tried = {
    "applied": opened,
    "poor": world.send(world.make(Forfeit, "a", amount=6, by="support")),
    "unknown": world.send(world.make(Forfeit, "nobody", amount=6, by="support")),
    "closed": world.send(world.make(Forfeit, "s", amount=1, by="support", program="saving")),
}
event = world.make(Forfeit, "a", amount=4, by="support")
assert decode_wallet(encode(event)) == event
assert decode_result(encode_result(opened.result)) == opened.result
print(json.dumps({
    "results": {
        name: [one.result.outcome, one.result.reason, one.result.counterparty, one.result.amount]
        for name, one in tried.items()
    },
    "postings": [[one.account, one.amount] for one in opened.result.posting],
    "balance": world.balance("a"),
}))
"""


def is_test(command: str) -> bool:
    return command.startswith("python -m ")


class Done:
    """The section done in a copy, and what its commands said before and after each step."""

    def __init__(self, folder: Path) -> None:
        self.tree = Tree(folder)
        self.before: dict[str, tuple[int, str]] = {}
        self.after: dict[str, tuple[int, str]] = {}
        for step in STEPS:
            self.take(step)

    def take(self, step: Step) -> None:
        for command in filter(is_test, step.commands):
            self.before[command] = self.said(command)
        for edit in step.edits:
            self.tree.write(edit)
        for command in step.commands:
            self.after[command] = self.said(command)

    def said(self, command: str) -> tuple[int, str]:
        done = self.tree.do(command)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return Done(tmp_path_factory.mktemp("tree"))


def files(done: Done) -> set[str]:
    """The files of the product that are new or changed, as they are in the copy."""
    rooms = ("console", "docs", "features", "flowdrop", "local", "programs", "sql", "streams")
    there = {
        str(path.relative_to(done.tree.folder)): path.read_bytes()
        for room in rooms
        for path in (done.tree.folder / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return {
        name
        for name, content in there.items()
        if not (ROOT / name).exists() or (ROOT / name).read_bytes() != content
    }


def test_it_takes_six_files_at_most(done: Done) -> None:
    changed = files(done)
    told = {name for name in done.tree.written if not name.startswith("tests/")}
    assert changed - told == {"docs/schemas/flowdrop.wallet.forfeit.json"}, "generated"
    assert len(told) <= FILES_MAX, told


@pytest.mark.parametrize("command", [c for step in STEPS for c in step.commands])
def test_its_commands_complain_before_the_step_and_pass_after(done: Done, command: str) -> None:
    code, said = done.after[command]
    assert code == 0, said
    if is_test(command):
        code, said = done.before[command]
        assert code == 1, f"{command} has nothing to complain of before its step: {said}"


def test_what_is_missing_is_named(done: Done) -> None:
    page = next(said for c, (_, said) in done.before.items() if "page_says_how" in c)
    assert (
        "docs/operations.md needs a row | `forfeit` | subject | what happened | accounts |" in page
    )
    assert "`closed`, `insufficient_balance` |" in page
    examples = done.before["python -m pytest tests/streams/test_events.py"][1]
    assert "flowdrop.wallet.forfeit.valid.json" in examples


def test_it_is_well_formed(done: Done) -> None:
    python = [name for name in done.tree.written if name.endswith(".py")]
    for words in (("check",), ("format", "--check")):
        found = done.tree.run("-m", "ruff", *words, "--no-cache", *python)
        assert found.returncode == 0, found.stdout


def test_it_is_listed_and_has_a_schema(done: Done) -> None:
    assert "flowdrop.wallet.forfeit" in done.after["flowdrop events list"][1]
    schema = json.loads(done.after["flowdrop events schema flowdrop.wallet.forfeit"][1])
    assert schema["description"] == "Coins of the wallet `subject` were declared forfeited."


def test_a_program_may_open_it_only_where_it_is(done: Done, tmp_path: Path) -> None:
    name = "mobile-ailiuliang.toml"
    text = (done.tree.folder / "programs" / name).read_text(encoding="utf-8")
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert done.tree.do(f"flowdrop programs check {tmp_path}").returncode == 0
    here = Tree.__new__(Tree)
    here.folder, here.env = ROOT, done.tree.env | {"PYTHONPATH": str(ROOT)}
    refused = here.do(f"flowdrop programs check {tmp_path}")
    assert (refused.returncode, "forfeit" in refused.stdout + refused.stderr) == (1, True)


def test_the_fold_applies_and_refuses_it(done: Done) -> None:
    asked = done.tree.run("-c", ASKED)
    assert asked.returncode == 0, asked.stderr
    found: dict[str, Any] = json.loads(asked.stdout)
    assert found["results"] == {
        "applied": ["applied", "", "support", 4],
        "poor": ["refused", "insufficient_balance", "support", 6],
        "unknown": ["refused", "unknown_account", "support", 6],
        "closed": ["refused", "operation_closed", "support", 1],
    }
    assert sorted(found["postings"]) == [["a", -4], ["issuer:p@0", 4]]
    assert found["balance"] == 5


def test_the_copy_is_what_was_asked(done: Done) -> None:
    where = done.tree.run("-c", "import streams; print(streams.__path__[0])").stdout
    assert where.startswith(str(done.tree.folder)), sys.path
