"""The secrets of a folder: drawn once, the owner's alone, a layer of the settings, not shown."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from console.settings import ConsoleSettings
from flowdrop.cli import main
from flowdrop.secrets import NAME, PURPOSES, current, read, setting_values
from flowdrop.settings import load, sources
from local.secrets import make, rotate


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def test_they_are_drawn_once_and_differ(tmp_path: Path) -> None:
    first = make(tmp_path)
    assert first == make(tmp_path) == read(tmp_path)
    assert set(first) == set(PURPOSES)
    drawn = [secret.secret for known in first.values() for secret in known]
    assert len(set(drawn)) == len(PURPOSES)
    assert all(len(bytes.fromhex(text)) == 32 for text in drawn)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    assert read(tmp_path / "elsewhere") == {}


def test_two_that_begin_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make(tmp_path), range(8)))
    assert all(one == made[0] for one in made)


def test_a_new_purpose_leaves_the_others_alone(tmp_path: Path) -> None:
    before = make(tmp_path)
    plain = json.loads((tmp_path / NAME).read_text())
    assert plain["draws"] == {"id": "k1", "secret": current(before, "draws")}
    assert plain["ledger"] == [{"id": "k1", "secret": current(before, "ledger")}]
    del plain["console"]
    (tmp_path / NAME).write_text(json.dumps(plain))
    after = make(tmp_path)
    assert current(after, "console") != current(before, "console")
    assert after | {"console": before["console"]} == before


def test_a_ring_keeps_what_it_signed_with(tmp_path: Path) -> None:
    before = make(tmp_path)
    rotate(tmp_path, "ledger")
    rotate(tmp_path, "worker_web")
    after = read(tmp_path)
    assert [secret.id for secret in after["ledger"]] == ["k1", "k2"]
    assert after["ledger"][0] == before["ledger"][0]
    assert [secret.id for secret in after["worker_web"]] == ["k2"], "the first is let in no more"
    ring = [secret.split(":") for secret in setting_values(after)["ledger_keys"].split(",")]
    assert ring == [[secret.id, secret.secret] for secret in after["ledger"]]


def test_they_are_a_layer_of_the_settings(
    flowdrop_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = current(make(flowdrop_home), "draws")
    assert load(ConsoleSettings).drop_secret.get_secret_value() == draws
    row = next(row for row in sources(ConsoleSettings) if row["name"] == "drop_secret")
    assert (row["value"], row["source"]) == ("(hidden)", str(flowdrop_home / NAME))
    monkeypatch.setenv("FLOWDROP_DROP_SECRET", "chosen")
    assert load(ConsoleSettings).drop_secret.get_secret_value() == "chosen"


def test_no_command_prints_one(flowdrop_home: Path) -> None:
    made = make(flowdrop_home)
    rotated = run("secrets", "rotate", "rules")
    assert "rules: k2 is used from the next start on" in rotated.stderr
    drawn = [s.secret for known in [*made.values(), *read(flowdrop_home).values()] for s in known]
    for argv in (["secrets", "list"], ["secrets", "list", "--json"], ["settings", "--json"]):
        shown = run(*argv)
        assert shown.exit_code == 0, shown.output
        assert not [text for text in drawn if text in shown.output], argv
    rows = {row["purpose"]: row for row in json.loads(run("secrets", "list", "--json").stdout)}
    assert (rows["rules"]["current"], rows["rules"]["kept"]) == ("k2", "k1")


def test_there_is_nothing_to_rotate_before_up(flowdrop_home: Path) -> None:
    refused = run("secrets", "rotate", "rules")
    assert refused.exit_code == 1
    assert "has no secrets yet; `flowdrop up` generates them" in refused.stderr
    assert not (flowdrop_home / NAME).exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_what_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    make(tmp_path)
    (tmp_path / NAME).chmod(mode)
    with pytest.raises(click.ClickException, match="is not yours alone"):
        read(tmp_path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "other")
    (tmp_path / NAME).symlink_to(tmp_path / "other" / NAME)
    with pytest.raises(click.ClickException, match="not a link"):
        read(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"ledger": [{"id": "k1"}]}', '{"draws": "text"}', "{"])
def test_a_broken_file_is_told_and_kept(flowdrop_home: Path, text: str) -> None:
    path = flowdrop_home / NAME
    path.write_text(text)
    path.chmod(0o600)
    shown = run("settings")
    assert shown.exit_code == 1
    assert f"Error: {path} is not what flowdrop wrote" in shown.stderr
    with pytest.raises(click.ClickException):
        make(flowdrop_home)
    assert path.read_text() == text
