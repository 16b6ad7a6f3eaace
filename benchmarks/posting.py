"""Posts events by HTTP as fast as they are taken, or at a steady rate, and notes how long it took.

A process of its own, so that what it uses is not the intake's:

    python -m benchmarks.posting '{"port": 8088, "path": "/v1/events", ...}'   see `Load`

It prints a JSON object: requests answered with 202, the others, seconds, and the delays in
milliseconds. At a steady rate a delay counts from when the request was due, so that a server that
holds up the next one is not the better for it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import deque
from dataclasses import dataclass
from typing import Any

EXPOSURE, EARN = "flowdrop.campaign.exposure", "flowdrop.wallet.earn"
SOURCE = "shop"
ACCOUNTS = 100_000
BODIES = 200
LAST = 15.0  # seconds that the last answers may take
BATCH_TYPE, ONE_TYPE = "application/cloudevents-batch+json", "application/cloudevents+json"

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Load:
    """What is posted: `size` events a request, 0 for one that is no list; a rate of 0 is no wait.

    Attributes:
        warm_seconds: that do not count.
        rate: requests a second.
    """

    port: int
    path: str
    token: str
    size: int
    connections: int
    rate: float
    seconds: float
    warm_seconds: float


def event(number: int) -> dict[str, Any]:
    """Return an exposure or a purchase, in turn; about 240 bytes."""
    name = {
        "specversion": "1.0",
        "id": f"load-{number:010d}",
        "source": SOURCE,
        "type": EXPOSURE if number % 2 else EARN,
        "time": "2026-11-30T11:53:26.123456Z",
        "subject": f"cj:{number * 7919 % ACCOUNTS}",
    }
    if number % 2:
        data = {"campaign": "spring", "channel": "app", "format": "display", "pixels": 0.9}
        return {**name, "data": data}
    return {**name, "data": {"program": "liuliangbao", "activity": "purchase", "spend": 1234}}


def request(load: Load, number: int) -> bytes:
    """Return a whole request."""
    size = load.size or 1
    events = [event(number * size + own) for own in range(size)]
    body = json.dumps(events if load.size else events[0], separators=(",", ":")).encode()
    head = (
        f"POST {load.path} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\n"
        f"Authorization: Bearer {load.token}\r\n"
        f"Content-Type: {BATCH_TYPE if load.size else ONE_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Wire(asyncio.Protocol):
    """One connection, with one request on its way at most."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.due = 0.0
        self._transport: Any = None
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self._transport = transport

    def send(self, due: float, text: bytes) -> None:
        """Send a request that was due at a time of the loop's."""
        self.due = due
        self._transport.write(text)

    def data_received(self, data: bytes) -> None:
        """Take what came of the answer."""
        self._got += data
        head, end, body = self._got.partition(_HEAD_END)
        if end and (found := _LENGTH.search(head)) and len(body) >= int(found[1]):
            self._got = b""
            self.post.answered(self, head[9:12])


class Post:
    """The connections, and what came back."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.requests = [request(load, number) for number in range(BODIES)]
        self.sent = self.taken = self.others = 0
        self.delays_ms: list[float] = []
        self.free: deque[Wire] = deque()
        self.waiting: deque[float] = deque()
        self.loop = asyncio.get_running_loop()
        self.counts_from = self.ends = 0.0

    async def run(self) -> None:
        """Post until the time is over, then wait for what is on its way."""
        for _ in range(self.load.connections):
            _, wire = await self.loop.create_connection(
                lambda: Wire(self), "127.0.0.1", self.load.port
            )
            self.free.append(wire)
        begin = self.loop.time()
        self.counts_from = begin + self.load.warm_seconds
        self.ends = self.counts_from + self.load.seconds
        if self.load.rate:
            await self._steadily(begin)
        else:
            while self.free:
                self._send(self.free.popleft(), self.loop.time())
            await asyncio.sleep(self.ends - self.loop.time())
        while len(self.free) < self.load.connections and self.loop.time() < self.ends + LAST:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def _steadily(self, begin: float) -> None:
        number = 0
        while (now := self.loop.time()) < self.ends:
            while (due := begin + number / self.load.rate) <= now:
                number += 1
                if self.free:
                    self._send(self.free.popleft(), due)
                else:
                    self.waiting.append(due)
            await asyncio.sleep(max(0.0005, due - self.loop.time()))

    def _send(self, wire: Wire, due: float) -> None:
        self.sent += 1
        wire.send(due, self.requests[self.sent % BODIES])

    def answered(self, wire: Wire, status: bytes) -> None:
        """Note an answer, and send the next request."""
        now = self.loop.time()
        if status != b"202":
            self.others += 1
        elif self.counts_from <= now < self.ends:
            self.taken += 1
            self.delays_ms.append((now - wire.due) * 1000)
        if now >= self.ends:
            self.free.append(wire)
        elif self.waiting:
            self._send(wire, self.waiting.popleft())
        elif not self.load.rate:
            self._send(wire, now)
        else:
            self.free.append(wire)


async def main() -> None:
    """Post what the argument says."""
    post = Post(Load(**json.loads(sys.argv[1])))
    await post.run()
    delays = sorted(post.delays_ms)
    found = {
        "taken": post.taken,
        "others": post.others,
        "seconds": post.load.seconds,
        "sent": post.sent,
        "p50_ms": _at(delays, 0.5),
        "p99_ms": _at(delays, 0.99),
        "max_ms": _at(delays, 1.0),
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _at(ordered: list[float], share: float) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 1)


if __name__ == "__main__":
    asyncio.run(main())
