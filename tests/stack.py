"""A whole pipeline for one test module: its own broker, engine, workers and feed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request

import sql
from flowdrop.answers import NO_ANSWER
from flowdrop.secrets import current, read
from local import processes
from local.clickhouse.node import EngineNode
from local.environment import cache_folder
from local.kafka.node import KafkaNode
from local.ports import HOST, free_port
from local.secrets import make
from sql.client import connect
from tests import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

READY_SECONDS_MAX = 60.0

PROGRAM = "liuliangbao"


def migrated() -> Path:
    """Return a folder of the engine's data with every table, made once for these migrations.

    `flowdrop sql migrate` takes 3 s of a busy machine, a copy of what it leaves none.
    """
    digest = hashlib.sha256(version("chdb").encode())
    for path in sorted(Path(sql.__file__).parent.glob("migrations/*.sql")):
        digest.update(path.name.encode() + path.read_bytes())
    template = cache_folder() / f"migrated-{digest.hexdigest()[:16]}"
    if not template.exists():
        folder = Path(tempfile.mkdtemp(dir=cache_folder()))
        made = Stack(folder)
        try:
            processes.start(made.engine)
            processes.wait_ready(made.engine)
            made.flowdrop("sql", "migrate")
        finally:
            processes.stop(made.engine)
        with suppress(OSError):  # of two that made it at once, one is enough
            made.engine_data.rename(template)
        shutil.rmtree(folder)
    return template


class Worker:
    """A `flowdrop worker` process."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port = port
        self.process = process
        self.log = log
        self.url = f"http://{HOST}:{port}"

    def partitions(self) -> list[int] | None:
        """Return the partitions it serves, or None while it does not."""
        body = ask(f"{self.url}/readyz")
        return body["partitions"] if body and body["ready"] else None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(READY_SECONDS_MAX)


class Stack:
    """Starts parts in one folder and runs flowdrop's commands against them."""

    def __init__(self, folder: Path, settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.kafka = KafkaNode(folder / "kafka")
        make(folder / "home")
        self.workers: list[Worker] = []
        self.feeds: list[subprocess.Popen[bytes]] = []
        node = EngineNode.of_its_own(folder)
        self.engine = node.part
        self.engine_data = node.path
        self.clickhouse = node.url("admin")  # as tests ask; commands have their own users
        self.env = {
            **{name: v for name, v in os.environ.items() if not name.startswith("FLOWDROP_")},
            "FLOWDROP_HOME": str(folder / "home"),
            "FLOWDROP_CONFIG": str(folder / "flowdrop.toml"),
            **node.settings,
            "FLOWDROP_WORKER": "http://127.0.0.1:1",
            **keys.ENV,
            **(settings or {}),
        }

    def start(self) -> None:
        self.start_kafka()
        self.start_engine()

    def start_kafka(self) -> None:
        self.kafka.start()
        self.env["FLOWDROP_KAFKA"] = self.kafka.bootstrap
        self.flowdrop("topics", "create")

    def start_engine(self) -> None:
        if not self.engine_data.exists():
            shutil.copytree(migrated(), self.engine_data, symlinks=True)
        processes.start(self.engine)
        processes.wait_ready(self.engine)

    def stop(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.stop()
        for feed in self.feeds:
            if feed.poll() is None:
                feed.terminate()
            feed.wait(READY_SECONDS_MAX)
        processes.stop(self.engine)
        self.kafka.stop()

    def worker(self, port: int | None = None) -> Worker:
        """Start a worker and wait until it serves partitions; commands ask the newest."""
        worker = self.begin_worker(port)
        self.env["FLOWDROP_WORKER"] = worker.url
        wait_for(worker.partitions, f"worker, see {worker.log}")
        return worker

    def begin_worker(self, port: int | None = None, **env: str) -> Worker:
        """Start a worker, with more environment, and go on."""
        port = port or free_port()
        log = self.folder / f"worker-{len(self.workers)}.log"
        worker = Worker(port, self._spawn(log, "worker", "--port", str(port), **env), log)
        self.workers.append(worker)
        return worker

    def feed(self, **env: str) -> subprocess.Popen[bytes]:
        """Start a feed, with more environment, and go on."""
        feed = self._spawn(self.folder / f"feed-{len(self.feeds)}.log", "feed", **env)
        self.feeds.append(feed)
        return feed

    def _spawn(self, log: Path, *command: str, **env: str) -> subprocess.Popen[bytes]:
        with log.open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "flowdrop", *command],
                env=self.env | env,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def background(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a command and go on."""
        return self._spawn(self.folder / "background.log", *command)

    def flowdrop(self, *command: str, status: int = 0) -> str:
        """Run a command; return what it printed on standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "flowdrop", *command],
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert done.returncode == status, f"{command}: {done.returncode}\n{done.stderr}"
        return done.stdout if status == 0 else done.stdout + done.stderr

    def facts(self, *command: str, status: int = 0) -> Any:
        """Run a command with --json; return what it printed."""
        return json.loads(self.flowdrop(*command, "--json", status=status))

    def freeze(self, name: str, people: Sequence[str]) -> None:
        """Freeze an audience as `flowdrop audience freeze` does, with scores of our own."""
        client = connect(self.clickhouse)
        now = datetime.now(UTC)
        client.insert(
            "audiences",
            [[PROGRAM, name, date(2017, 1, 2), "model", "{}", len(people), 0, "print", now]],
            column_names=[
                *("program", "name", "as_of", "model_id", "rule", "size"),
                *("opted_out", "fingerprint", "frozen_at"),
            ],
        )
        client.insert(
            "audience_members",
            [
                [PROGRAM, name, "print", p, 1 - rank / 1000, rank]
                for rank, p in enumerate(people, start=1)
            ],
            column_names=["program", "audience", "fingerprint", "person", "score", "rank"],
        )

    def accounts(self) -> dict[str, list[int]]:
        """Return `[posted, pending, version]` of every account from the live tables."""
        found: dict[str, list[int]] = {}
        for number in range(int(self.env.get("FLOWDROP_PARTITIONS", "8"))):
            body = self.ask(f"{self.env['FLOWDROP_WORKER']}/accounts/{number}")
            assert body is not None, number
            found |= body["accounts"]
        return found

    @property
    def token(self) -> str:
        """What the workers' web views ask for."""
        return current(read(self.folder / "home"), "worker_web")

    def ask(self, url: str) -> Any:
        """Return what a worker answers to one who has its token; see `ask`."""
        return ask(url, self.token)

    def ask_console(self, url: str) -> Any:
        """Return what the console answers to one who has its token."""
        return ask(url, current(read(self.folder / "home"), "console"))


def ask(url: str, token: str = "") -> Any:
    """Return the JSON that `url` answers with, or None while it does not."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(Request(url, headers=headers), timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)
    except NO_ANSWER:
        return None


def wait_for(condition: Callable[[], Any], what: str, seconds: float = READY_SECONDS_MAX) -> Any:
    """Poll until `condition` gives something; a test that waits longer has failed."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not come in {seconds:.0f} s"
        time.sleep(0.05)
    return found
