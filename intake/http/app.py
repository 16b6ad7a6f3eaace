"""The intake's application: which address is answered by what, and every problem in JSON."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import msgspec
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from starlette.middleware.trustedhost import TrustedHostMiddleware

from flowdrop.hosts import allowed_hosts
from flowdrop.settings import Addresses, load
from intake.http import endpoints
from intake.http.delivery import Delivery
from intake.http.endpoints import FEEDS, Desk
from intake.http.feeds import Feeds
from intake.http.keyring import Keyring
from intake.http.keys import KeyFile
from intake.http.metrics import REQUESTS
from intake.http.problems import ProblemError
from intake.http.requests import GoneError, Held, Request
from intake.tag import PATH as SCRIPT
from intake.tag.serving import serve as serve_script
from streams.settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from intake.http.endpoints import Told
    from intake.http.settings import IntakeSettings

    Endpoint = Callable[[Desk, Request], Awaitable[Told]]

log = logging.getLogger(__name__)

EVENTS = "/v1/events"
TAG = "/v1/tag"
ASKER = b"webhook-request-origin"
_DNS = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,9}")
TAKEN, IN_VAIN = 202, 422  # statuses, where every event was refused the second
# Segment's libraries know no success but 200.
SEGMENT_TAKEN, SEGMENT_IN_VAIN = 200, 400
SEGMENT: dict[str, Endpoint] = {
    f"/v1/{call}": endpoints.segment for call in ("identify", "track", "batch")
}
ENDPOINTS: dict[str, Endpoint] = {
    EVENTS: endpoints.events,
    TAG: endpoints.tag,
    **SEGMENT,
}
JSON = b"application/json"
Headers = list[tuple[bytes, bytes]]

_encode = msgspec.json.Encoder().encode


class Intake:
    """The application; `on_end` is told when it can't go on, and why."""

    def __init__(self, settings: IntakeSettings, on_end: Callable[[str], object]) -> None:
        self._settings = settings
        self._on_end = on_end
        self._held = Held()
        self._desk: Desk | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or begin and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["path"] == SCRIPT:
            await serve_script(scope, receive, send)
        elif scope["type"] == "http":
            assert self._desk is not None
            seconds = self._settings.intake_body_seconds
            request = Request(scope, receive, self._held, seconds)
            await self._answer(self._desk, request, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        settings = self._settings
        keyring = Keyring(KeyFile(settings.intake_keys))
        delivery = Delivery(load(Addresses).kafka, settings.intake_linger_ms, self._on_end)
        feeds = Feeds(settings.intake_feeds)
        self._desk = Desk(
            *(keyring, delivery, feeds, load(StreamSettings)),
            is_behind=bool(settings.intake_behind),
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await delivery.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, desk: Desk, request: Request, send: Send) -> None:
        headers: Headers = []
        problem = ""
        try:
            if request.path == TAG:
                headers = _cors(desk, request)
            elif _asks_leave(request):
                headers = _leave(request)
            status, body, media = await _served(desk, request)
        except GoneError:
            return
        except ProblemError as error:
            status, media, problem = error.status, JSON, error.name
            body = _encode({"error": error.name, "detail": error.detail})
            headers += error.headers()
        except Exception:
            log.exception("%s %s", request.method, request.path)
            status, media, problem = 500, JSON, "broken"
            body = _encode({"error": problem, "detail": "a fault of ours; its log has the details"})
        finally:
            request.release()
        REQUESTS.labels(status, problem).inc()
        await _send(send, status, body, [(b"content-type", media), *headers])


async def _served(desk: Desk, request: Request) -> tuple[int, bytes, bytes]:
    """Return status, body and content type of the answer to a request that is as it should be."""
    endpoint = ENDPOINTS.get(request.path)
    if endpoint is None and request.path.startswith(FEEDS):
        endpoint = endpoints.feed
    if endpoint is not None:
        if request.method == "OPTIONS" and request.path == TAG:
            return 204, b"", JSON
        if _asks_leave(request):
            return 200, b"", JSON
        if request.method != "POST":
            raise ProblemError(405, "wrong_method", f"{request.method}: this address takes POST")
        told = await endpoint(desk, request)
        taken, in_vain = (
            (SEGMENT_TAKEN, SEGMENT_IN_VAIN) if request.path in SEGMENT else (TAKEN, IN_VAIN)
        )
        return in_vain if told.is_in_vain else taken, _encode(told), JSON
    if request.path == "/healthz":
        words = desk.delivery.silence()
        return 200, _encode({"status": "waiting", "reason": words} if words else ALIVE), JSON
    if request.path == "/metrics":
        return 200, generate_latest(), CONTENT_TYPE_PLAIN_0_0_4.encode()
    raise ProblemError(404, "no_such_address", f"{request.path[:80]}: see docs/intake.md for all")


ALIVE = {"status": "alive"}


def _cors(desk: Desk, request: Request) -> Headers:
    """Return what lets a page read the answer: one of an origin that has a publishable key."""
    origin = request.header(b"origin")
    headers = [(b"vary", b"Origin")]
    if origin and desk.keyring.has_origin(origin):
        headers += [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),  # a beacon always asks for them
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", b"content-type"),
            (b"access-control-max-age", b"600"),
        ]
    return headers


def _asks_leave(request: Request) -> bool:
    """Return whether a sender of CloudEvents asks if it may deliver to this address.

    See "HTTP 1.1 Web Hooks for Event Delivery", abuse protection. It may at every address that
    takes events: whether it has a key is asked when it delivers, so that a stranger learns nothing.
    """
    takes = request.path == EVENTS or request.path.startswith(FEEDS)
    return takes and request.method == "OPTIONS" and ASKER in request.headers


def _leave(request: Request) -> Headers:
    """Return what gives a sender leave, without a limit: how much it may send is its key's matter.

    Raises:
        ProblemError: 400, when it does not say who it is.
    """
    asker = request.header(ASKER)
    if not _DNS.fullmatch(asker):
        raise ProblemError(
            400,
            "bad_origin",
            f"WebHook-Request-Origin = {asker[:80]!r}: it must be a name such as "
            "eventemitter.example.com",
        )
    return [
        (b"allow", b"OPTIONS, POST"),
        (b"webhook-allowed-origin", asker.encode()),
        (b"webhook-allowed-rate", b"*"),
    ]


async def _send(send: Send, status: int, body: bytes, headers: Headers) -> None:
    headers += [
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def create_app(settings: IntakeSettings, on_end: Callable[[str], object]) -> ASGIApp:
    """Return the intake, which answers to the names it is known by only."""
    names = allowed_hosts(settings.intake_host, settings.intake_behind)
    return TrustedHostMiddleware(Intake(settings, on_end), allowed_hosts=names)
