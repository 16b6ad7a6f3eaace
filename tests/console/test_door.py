"""Who gets into the console: its server on a port, asked by strangers of many kinds."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from click.testing import CliRunner

from console.cli import console as command
from console.settings import ConsoleSettings
from console.web.serving import server
from flowdrop.secrets import current
from flowdrop.settings import load
from local.ports import HOST, free_port
from local.secrets import make
from tests.console.signing import EMAIL, PASSWORD, submit
from tests.halfopen import half_open, seconds_until_closed
from tests.stack import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

PAGES = ("/", "/reach?campaign=x", "/drops", "/wallet?account=cj:17", "/settlement", "/nothing")
API = ("/api/campaigns", "/api/openapi.json", "/campaigns.csv")


class Console:
    """The server that `flowdrop console` runs, without a warehouse."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.token = current(make(home), "console")
        self.env = {
            "FLOWDROP_HOME": str(home),
            "FLOWDROP_CONFIG": str(home / "none.toml"),
            "FLOWDROP_CLICKHOUSE": f"http://{HOST}:9/default",
            "FLOWDROP_CONSOLE": self.url,
            "FLOWDROP_CONSOLE_PORT": str(self.port),
        }
        with pytest.MonkeyPatch.context() as environment:
            for name, text in self.env.items():
                environment.setenv(name, text)
            self.server = server(load(ConsoleSettings))
        self.thread = threading.Thread(target=self.server.run)

    def run(self, *options: str) -> Result:
        """Run the command to its end."""
        return CliRunner().invoke(command, options, env=self.env)

    def answers(self) -> bool:
        assert self.thread.is_alive()
        return httpx.get(f"{self.url}/static/console.css", timeout=30).status_code == 200


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    running = Console(tmp_path_factory.mktemp("home"))
    running.thread.start()
    try:
        wait_for(lambda: running.server.started, "the console")
        yield running
    finally:
        running.server.should_exit = True
        running.thread.join(30)


@pytest.fixture
def stranger(console: Console) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console.url, timeout=30) as client:
        yield client


def enter(console: Console, client: httpx.Client, *command: str) -> str:
    """Go in by a link, the first time as the first administrator; return it."""
    link = console.run(*(command or ("link",))).stdout.strip()
    assert link.startswith(f"{console.url}/enter?ticket=")
    answer = client.get(link)
    assert answer.status_code == 303
    if answer.headers["location"] == "/welcome":
        fields = {"email": EMAIL, "name": "Ada", "password": PASSWORD}
        assert submit(client, "/welcome", "/welcome", **fields).status_code == 303
    return link


@pytest.mark.parametrize("path", [*PAGES, *API])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": b"Bearer \xe2\x98\x83"},
        {"Authorization": "Basic YTpi"},
        {"Cookie": "flowdrop_session=1.2.3"},
        {"Cookie": b"flowdrop_session=\xff\xfe.\xe9"},
    ],
)
def test_a_stranger_sees_nothing(
    stranger: httpx.Client, path: str, headers: dict[str, str]
) -> None:
    answer = stranger.get(path, headers=headers)
    assert answer.status_code == 401
    assert "flowdrop console link" in answer.text


def test_a_stranger_is_told_in_chinese(stranger: httpx.Client) -> None:
    answer = stranger.get("/", headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 401
    assert "登录" in answer.text


def test_a_stranger_changes_nothing(stranger: httpx.Client) -> None:
    assert stranger.post("/drops/spring/launch", data={"csrf": ""}).status_code == 401


def test_a_program_shows_the_token(console: Console, stranger: httpx.Client) -> None:
    known = {"Authorization": f"Bearer {console.token}"}
    assert stranger.get("/api/campaigns", headers=known).status_code == 503  # no warehouse here
    assert stranger.get("/api/openapi.json", headers=known).status_code == 200


@pytest.mark.parametrize("command", ["link", "--link"])
def test_a_link_lets_one_browser_in_once(
    console: Console, stranger: httpx.Client, command: str
) -> None:
    link = enter(console, stranger, command)
    cookie = stranger.cookies["flowdrop_session"]
    assert console.token not in link + cookie
    assert stranger.get("/wallet").status_code == 503
    with httpx.Client() as other:
        assert other.get(link).status_code == 401
        assert other.get(link.replace("ticket=1", "ticket=2")).status_code == 401


def test_a_page_of_another_name_gets_nowhere(console: Console, stranger: httpx.Client) -> None:
    enter(console, stranger)
    for host in ("rebound.example", f"rebound.example:{console.port}", "127.0.0.1.x", "[::1"):
        assert stranger.get("/drops", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "http://[broken"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(
    console: Console, stranger: httpx.Client, headers: dict[str, str]
) -> None:
    enter(console, stranger)
    answer = stranger.post("/drops/spring/launch", data={"csrf": "x"}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text


@pytest.mark.parametrize("token", [b"", b"x", "\N{SNOWMAN}".encode(), b"\xff", b"%FF%FE", b"\xe9"])
@pytest.mark.parametrize("cookie", [b"", b"plain", "caf\xe9".encode(), b"\xff\xfe"])
def test_a_form_with_a_wrong_token_is_refused_in_words(
    console: Console, stranger: httpx.Client, token: bytes, cookie: bytes
) -> None:
    enter(console, stranger)
    session = f"flowdrop_session={stranger.cookies['flowdrop_session']}".encode()
    for path in ("/drops/spring/launch", "/drops/spring/cancel"):
        answer = stranger.post(
            path,
            content=b"csrf=" + token,
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": session + b"; flowdrop_csrf=" + cookie,
            },
        )
        assert answer.status_code == 403, answer.text
        assert "This form has expired; open the page again." in answer.text
    shown = stranger.get("/drops", headers={"Cookie": session + b"; flowdrop_csrf=" + cookie})
    assert shown.status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_it_binds_to_loopback_only(console: Console, host: str) -> None:
    refused = console.run("--host", host, "--port", "0")
    assert refused.exit_code == 1
    assert "--behind-proxy NAME" in refused.stderr


@pytest.mark.parametrize("options", [("--host", "0.0.0.0", "--behind-proxy", "x.example"), ()])
def test_without_sign_in_it_is_for_loopback_only(
    console: Console, options: tuple[str, ...]
) -> None:
    env = {**console.env, "FLOWDROP_SIGN_IN": "false"}
    if not options:
        env["FLOWDROP_CONSOLE_BEHIND"] = "proxy.example"
    refused = CliRunner().invoke(command, [*options, "--port", "0"], env=env)
    assert refused.exit_code == 1
    assert "leave FLOWDROP_SIGN_IN unset" in refused.stderr


def test_without_a_token_it_does_not_start(tmp_path: Path) -> None:
    env = {"FLOWDROP_HOME": str(tmp_path), "FLOWDROP_CONSOLE_TOKEN": ""}
    refused = CliRunner().invoke(command, ["--port", "0"], env=env)
    assert refused.exit_code == 1
    assert "setting console_token: there is none" in refused.stderr


@pytest.mark.timeout(120)
def test_half_open_connections_end_and_hold_up_nobody(console: Console) -> None:
    with half_open(console.port, 400) as wires:
        assert console.answers()
        assert seconds_until_closed(wires, 40) > 5, "none was given time"
    assert console.answers()


@pytest.mark.timeout(120)
def test_more_connections_than_there_is_room_for_push_out_the_oldest(console: Console) -> None:
    with half_open(console.port, 700):
        for _ in range(5):
            assert console.answers()


@pytest.mark.timeout(120)
def test_half_a_body_ends(console: Console) -> None:
    head = (
        f"POST /drops/x/launch HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000\r\n"
        f"Authorization: Bearer {console.token}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\ncsrf="
    )
    with half_open(console.port, 20, head.encode()) as wires:
        assert console.answers()
        seconds_until_closed(wires, 60)
