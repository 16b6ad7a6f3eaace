"""`flowdrop up | down | status | reset` with stand-ins for the parts, and the folder they keep."""

# ruff: noqa: ARG001 - the fixture `home` is needed even where its path is not

import json
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from local import cli, folder, homes, processes, services
from local.environment import exclusive
from local.ports import HOST, LOWEST, answers, free_port, is_free
from local.services import Services, recorded_ports
from streams.ledger.accounts import FORMAT

SERVER = "import http.server as h; h.HTTPServer(('127.0.0.1', {port}), h.BaseHTTPRequestHandler)"
NAMES = ("kafka", "clickhouse", "worker", "feed", "console", "intake")


class StandIns(Services):
    """Services whose parts are small servers."""

    def _parts(self, name: str) -> list[processes.Part]:
        if name == "airflow":
            return []
        port = self.ports.get(name, 0)
        text = SERVER.format(port=port) + ".serve_forever()"
        if name == "feed":
            text = "import time; time.sleep(600)"
        return [
            processes.Part(
                name=name,
                command=lambda: [sys.executable, "-c", text],
                home=self.home,
                ready=lambda: name == "feed" or answers(port),
                address=f"{HOST}:{port}",
            )
        ]


@pytest.fixture
def home(flowdrop_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(homes, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(services, "Services", StandIns)
    monkeypatch.setattr(cli, "STEPS", (cli.Step("version", "kafka", ("--version",)),))
    yield flowdrop_home
    for part in StandIns(flowdrop_home, {}).parts():
        processes.kill(part)


def run(command: str, *args: str) -> Result:
    return CliRunner().invoke(getattr(cli, command), args)


def seen() -> dict[str, dict[str, object]]:
    return {row["part"]: row for row in json.loads(run("status", "--json").stdout)}


def kill(pid: object) -> None:
    os.kill(int(str(pid)), signal.SIGKILL)
    os.waitpid(int(str(pid)), 0)


def test_up_status_down(home: Path) -> None:
    result = run("up")
    assert result.exit_code == 0, result.output
    assert run("status").exit_code == 0
    rows = seen()
    assert {name: row["state"] for name, row in rows.items()} == dict.fromkeys(NAMES, "running")
    keys = ["part", "state", "pid", "address", "since", "memory_mb", "log"]
    assert list(rows["kafka"]) == [*keys, "restarts", "last_reason", "troubles"]
    addresses = (home / "addresses.toml").read_text()
    assert f'kafka = "{rows["kafka"]["address"]}"' in addresses

    result = run("down")
    assert result.exit_code == 0
    stopped = [line.split()[0] for line in result.output.splitlines()]
    assert stopped == [*reversed(NAMES)]
    assert run("status").exit_code == 1, "nothing runs"
    assert {row["state"] for row in seen().values()} == {"stopped"}


def test_status_elsewhere_says_where_it_looked_and_what_runs_in_other_folders(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("up", "kafka").exit_code == 0
    assert str(home) not in run("status").stderr, "here it runs"
    other = tmp_path / "other"
    monkeypatch.setenv("FLOWDROP_HOME", str(other))
    done = run("status")
    assert done.exit_code == 1
    assert f"nothing runs in {other}; FLOWDROP_HOME names another folder" in done.stderr
    assert f"{home}: 1 process running" in done.stderr
    monkeypatch.setenv("FLOWDROP_HOME", str(home))
    run("down")
    assert "0 processes running" not in run("status").stderr, "it is not another folder"
    monkeypatch.setenv("FLOWDROP_HOME", str(other))
    assert f"{home}: 0 processes running" in run("status").stderr

    (home / "addresses.toml").write_text("kafka = [")
    done = run("status")
    assert f"{home}: can't be read" in done.stderr, "another folder's fault is told, and no more"
    assert "kafka" in done.stdout


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null", "[null]"])
def test_a_note_of_other_folders_that_is_broken_is_none(
    home: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / homes.NAME).write_text(text)
    assert homes.known() == []
    homes.remember(home)
    assert (tmp_path / homes.NAME).read_text().count(str(home)) == 1


def test_other_folders_are_the_newest_and_still_flowdrops(home: Path, tmp_path: Path) -> None:
    for number in range(homes.KEPT_MAX + 5):
        place = tmp_path / str(number)
        place.mkdir()
        (place / folder.MARK).touch()
        homes.remember(place)
    (tmp_path / "7" / folder.MARK).unlink()
    wanted = [n for n in range(homes.KEPT_MAX + 4, 4, -1) if n != 7]
    assert [path.name for path in homes.known()] == [str(n) for n in wanted]


def test_status_says_what_supervision_did(home: Path) -> None:
    run("up")
    (home / "run" / "worker.restarts.json").write_text('{"restarts": 3, "last_reason": "fenced"}')
    assert "worker was restarted 3 times, most recently because: fenced" in run("status").output
    assert (seen()["worker"]["restarts"], seen()["worker"]["last_reason"]) == (3, "fenced")


def test_status_says_what_keeps_a_part_from_its_work(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("up")
    assert seen()["feed"]["troubles"] == seen()["worker"]["troubles"] == []
    (home / "run" / "feed.trouble.json").write_text('{"postings": "postings lacks rows"}')
    monkeypatch.setenv("FLOWDROP_INTAKE_FREE_MB", "1000000000")
    assert seen()["feed"]["troubles"] == ["postings lacks rows"]
    [waits] = seen()["worker"]["troubles"]
    assert "FLOWDROP_INTAKE_FREE_MB = 1,000,000,000: waiting for room" in waits
    told = run("status").output
    assert "feed: postings lacks rows" in told
    free = re.compile(r"[0-9,]+ MB free")  # others write to the disk meanwhile
    assert free.sub("", f"worker: {waits}") in free.sub("", told)
    run("down")
    assert seen()["feed"]["troubles"] == [], "what does not run has none"


def test_up_again_starts_only_what_died_on_the_same_port(home: Path) -> None:
    run("up")
    before = seen()
    kill(before["worker"]["pid"])
    assert run("status").exit_code == 1
    assert seen()["worker"]["state"] == "died"
    assert run("up").exit_code == 0
    after = seen()
    changed = [name for name in NAMES if after[name]["pid"] != before[name]["pid"]]
    assert changed == ["worker"]
    assert after["worker"]["address"] == before["worker"]["address"]


def test_up_waits_for_another_up(home: Path) -> None:
    codes: list[int] = []
    folder.prepare(home)
    with exclusive(home / "run" / "lock"):
        waiting = threading.Thread(target=lambda: codes.append(run("up").exit_code))
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive(), "up went on although another one held the lock"
        assert not (home / "addresses.toml").exists()
    waiting.join(60)
    assert codes == [0]


def test_some_parts_only(home: Path) -> None:
    assert run("up", "kafka", "clickhouse").exit_code == 0
    states = {name: row["state"] for name, row in seen().items()}
    assert [name for name in NAMES if states[name] == "running"] == ["kafka", "clickhouse"]
    assert run("down", "clickhouse").exit_code == 0
    assert seen()["kafka"]["state"] == "running"


def test_a_part_of_the_users_own_is_not_started(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWDROP_CLICKHOUSE", "http://me:word@warehouse:8123/db")
    result = run("up", "clickhouse", "feed")
    assert result.exit_code == 0
    assert (
        "clickhouse         yours, http://me:***@warehouse:8123/db by FLOWDROP_CL" in result.output
    )
    assert seen()["clickhouse"]["state"] == "stopped"


def test_a_failed_step_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "STEPS", (cli.Step("broken", "kafka", ("no-such-command",)),))
    result = run("up")
    assert result.exit_code == 1
    assert "`flowdrop no-such-command` failed" in result.output
    assert "No such command" in result.output


def test_a_port_in_use_is_told(home: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        result = run("up", "--port", f"kafka={port}")
    assert result.exit_code == 1
    assert f"port {port} for kafka is in use by another program; choose another" in result.output


def test_a_fixed_port_is_kept(home: Path) -> None:
    port = free_port()
    assert run("up", "kafka", "--port", f"kafka={port}").exit_code == 0
    assert recorded_ports(home)["kafka"] == port
    result = run("up", "kafka", "--port", f"kafka={port + 1}")
    assert f"kafka already runs on port {port}, not on {port + 1}" in result.output
    run("down")
    assert run("up", "kafka").exit_code == 0
    assert recorded_ports(home)["kafka"] == port


@pytest.mark.parametrize("text", ["kafka", "feed=1", "kafka=0", "kafka=70000", "kafka=x", "x=1"])
def test_a_bad_port_option(home: Path, text: str) -> None:
    result = run("up", "--port", text)
    assert result.exit_code == 2
    assert f"{text!r} is not PART=PORT" in result.output


def test_too_little_disk_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "FREE_BYTES_MIN", 2**60)
    result = run("up")
    assert result.exit_code == 1
    assert f"{home} has " in result.output
    assert "GB free, flowdrop needs" in result.output


def test_reset_asks_and_wipes_only_its_folder(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    run("up")
    (home / "data").mkdir(exist_ok=True)
    (home / "data" / "link").symlink_to(outside)
    pid = seen()["kafka"]["pid"]
    assert CliRunner().invoke(cli.reset, input="n\n").exit_code == 1
    assert (home / "addresses.toml").exists()
    assert run("reset", "--yes").exit_code == 0
    assert list(home.iterdir()) == []
    assert (outside / "precious").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(str(pid)), 0)


def test_a_foreign_folder_is_neither_used_nor_wiped(home: Path) -> None:
    (home / "thesis.tex").touch()
    result = run("up")
    assert result.exit_code == 1
    assert "holds files that flowdrop did not write (thesis.tex)" in result.output
    result = run("reset", "--yes")
    assert result.exit_code == 1
    assert "was not made by flowdrop" in result.output
    assert [path.name for path in home.iterdir()] == ["thesis.tex"]


def test_a_folder_of_another_version_is_refused_and_can_be_wiped(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    mark = home / folder.MARK
    for text in ("flowdrop keeps its data here; `flowdrop reset` wipes this folder.\n", "format 4"):
        mark.write_text(text)
        (home / "data").mkdir(exist_ok=True)
        result = run("up")
        assert result.exit_code == 1
        assert "holds data of another version of flowdrop" in result.output
        assert "start over with `flowdrop reset`" in result.output
        assert mark.read_text() == text
    assert run("reset", "--yes").exit_code == 0
    assert not list(home.iterdir())
    folder.prepare(home)
    folder.prepare(home)
    assert mark.read_text() == folder.MARK_TEXT


def test_the_folder_s_format_is_the_ledger_s() -> None:
    assert f"format {int.from_bytes(FORMAT)}" == folder.FORMAT


def test_a_default_folder_that_other_commands_began_is_adopted(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, ours in ((".flowdrop", True), ("work", False)):
        begun = tmp_path / name
        (begun / "models").mkdir(parents=True)
        assert folder.is_ours(begun) is ours
    monkeypatch.setenv("FLOWDROP_HOME", str(tmp_path / ".flowdrop"))
    folder.prepare(tmp_path / ".flowdrop")
    assert (tmp_path / ".flowdrop" / folder.MARK).exists()
    (tmp_path / "file").touch()
    monkeypatch.setenv("FLOWDROP_HOME", str(tmp_path / "file"))
    assert "is not a folder; name another" in run("up").output


def test_a_spoiled_address_file_is_told(home: Path) -> None:
    run("up", "kafka")
    run("down")
    (home / "addresses.toml").write_text("kafka = 9")
    assert run("status").exit_code == 1
    (home / "addresses.toml").write_text('kafka = "127.0.0.1:many"')
    assert "can't be read" in run("status").output


def test_ports_are_free_and_below_those_of_outgoing_connections() -> None:
    port = free_port()
    assert port >= LOWEST
    assert is_free(port)
    with socket.create_server((HOST, port)):
        assert not is_free(port)
        assert answers(port)
    assert not answers(port)


def test_the_parts_of_the_real_house(tmp_path: Path) -> None:
    names = [part.name for part in Services(tmp_path, dict.fromkeys(services.ADDRESSES, 1)).parts()]
    assert names == [
        *("kafka", "clickhouse", "worker", "feed"),
        *("airflow", "airflow-scheduler", "airflow-dags", "console", "intake"),
    ]


def commands(parts: Sequence[processes.Part]) -> list[list[str]]:
    return [list(part.command())[1:] for part in parts]


def supervised(place: Path, name: str) -> list[str]:
    return [*watched(place, name), "-m", "flowdrop", name]


def watched(place: Path, name: str) -> list[str]:
    return ["-m", "local.supervisor", f"{place}/run/{name}.restarts.json", sys.executable]


def test_the_commands_of_the_real_services(tmp_path: Path) -> None:
    ports = {"clickhouse": 1, "worker": 2, "console": 3, "intake": 4}
    assert commands(
        Services(tmp_path, ports).parts(["clickhouse", "worker", "feed", "console", "intake"])
    ) == [
        [
            *(*watched(tmp_path, "clickhouse"), "-m", "local.clickhouse", "--port", "1"),
            *("--path", f"{tmp_path}/data/clickhouse"),
        ],
        [*supervised(tmp_path, "worker"), "--port", "2"],
        supervised(tmp_path, "feed"),
        [*supervised(tmp_path, "console"), "--port", "3"],
        [*supervised(tmp_path, "intake"), "serve", "--port", "4"],
    ]
