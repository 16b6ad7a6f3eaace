"""An intake that answers, in a thread of the test, and what is in Kafka afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from intake.http.keys import KeyFile, Wish, draw, now
from intake.http.serving import server
from intake.http.settings import IntakeSettings
from local.ports import HOST, free_port
from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC
from streams.kafka.log import messages
from streams.kafka.topics import ends, reader
from tests.stack import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PARTITIONS = 8
EARN = "flowdrop.wallet.earn"
CONVERSION = "flowdrop.campaign.conversion"
TYPES = ("flowdrop.campaign.*", "flowdrop.person.*", EARN)


class Served:
    """The intake of one folder; `key` makes keys of it."""

    def __init__(self, home: Path, kafka: str, **more: Any) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.kafka = kafka
        self.file = KeyFile(home / "intake-keys.json")
        self.feeds = home / "feeds"
        settings = IntakeSettings(
            intake_port=self.port,
            intake_keys=self.file.path,
            intake_feeds=self.feeds,
            partitions=PARTITIONS,
            **more,
        )
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("FLOWDROP_KAFKA", kafka)
            environment.setenv("FLOWDROP_HOME", str(home))
            self.server = server(settings)
            self.thread = threading.Thread(target=self.server.run)
            self.thread.start()
            wait_for(lambda: self.server.started, "the intake")

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()

    def key(self, source: str, types: tuple[str, ...] = TYPES, **wish: Any) -> str:
        """Make a key and return its token."""
        at = wish.pop("at", now())
        wanted = {"days": 1, "events_per_second": 1_000_000, **wish}
        key, token = draw(Wish(source=source, types=types, **wanted), at)
        self.file.add(key)
        return token

    def post(self, content: Any, token: str = "", path: str = "/v1/events", **headers: str) -> Any:
        """Post JSON; a list is a batch."""
        return httpx.post(
            f"{self.url}{path}",
            content=content if isinstance(content, bytes) else json.dumps(content).encode(),
            headers={
                "Content-Type": "application/cloudevents-batch+json"
                if isinstance(content, list)
                else "application/cloudevents+json",
                **({"Authorization": f"Bearer {token}"} if token else {}),
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            timeout=60,
        )


class Process:
    """`flowdrop intake serve` as a process, to be killed."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.events = f"{self.url}/v1/events"
        self._env = dict(env)
        self.start()

    def start(self) -> None:
        command = [*(sys.executable, "-m", "flowdrop", "intake", "serve"), "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self._env)
        wait_for(self.answers, "the intake")

    def answers(self) -> bool:
        assert self.process.poll() is None
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def event(number: int, source: str = "shop", **more: Any) -> dict[str, Any]:
    """Return a conversion."""
    return {
        "specversion": "1.0",
        "id": f"order-{number}",
        "source": source,
        "type": CONVERSION,
        "time": datetime.now(UTC).isoformat(),
        "subject": f"cj:{number % 50}",
        "data": {"campaign": "spring", "value": number},
        **more,
    }


def logged(kafka: str, source: str) -> list[dict[str, Any]]:
    """Return the events of a source in both logs, partition by partition, in their order."""
    found = []
    for topic in (CAMPAIGN_TOPIC, WALLET_TOPIC):
        consumer = reader(kafka)
        stops = [place.end for place in ends(consumer, topic, PARTITIONS)]
        consumer.close()
        for number, stop in enumerate(stops):
            if stop:
                for got in messages(kafka, topic, number, 0, stop):
                    for message in got:
                        if content := _of(source, message.value() or b""):
                            content["partition"] = number
                            found.append(content)
    return found


def _of(source: str, value: bytes) -> dict[str, Any]:
    """Return the event of a source, or {}: others may have sent what is no event at all."""
    if source.encode() not in value:
        return {}
    content: dict[str, Any] = json.loads(value)
    return content if content.get("source") == source else {}
