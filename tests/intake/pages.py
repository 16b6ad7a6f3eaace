"""A site with the tag on its pages, and the endpoint it sends to, which writes all of it down."""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from intake.tag import headers, script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHROMIUM = Path(os.environ.get("FLOWDROP_TEST_CHROMIUM", "/usr/bin/chromium"))
ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
MISSING = (
    f"no Chromium at {CHROMIUM}, so the tag was not tried in a browser; add it with "
    "`apt-get install chromium` or name it in FLOWDROP_TEST_CHROMIUM"
)
KEY = "pk_test"
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
STYLE = """
body { margin: 0; }
.high { height: 2000px; }
.slot { display: block; width: 300px; height: 250px; background: teal; }
iframe { display: block; width: 300px; height: 250px; border: 0; }
.cover { position: fixed; inset: 0; background: black; }
.bar { position: fixed; inset: 0 0 auto 0; height: 25px; background: black; }
.clear { opacity: 0; }
.faint { opacity: 0.9; }
.empty { width: 0; height: 0; }
.turned { transform: rotate(10deg); }
"""

# What the tests hold the tag to, found another way: by looking at where it is, frame by frame.
TRUTH = """
const stay = (ms) => new Promise((done) => {
  const until = performance.now() + ms;
  const look = () => performance.now() < until ? requestAnimationFrame(look) : done();
  look();
});
const inside = (slot) => {
  let { left, top, right, bottom, width, height } = slot.getBoundingClientRect();
  for (let view = slot.ownerDocument.defaultView; ; view = view.parent) {
    [left, top] = [Math.max(left, 0), Math.max(top, 0)];
    [right, bottom] = [Math.min(right, view.innerWidth), Math.min(bottom, view.innerHeight)];
    const around = view.frameElement?.getBoundingClientRect();
    if (!around) break;
    left += around.left; right += around.left; top += around.top; bottom += around.top;
  }
  if (!width || !height) return 0;
  return Math.max(0, right - left) * Math.max(0, bottom - top) / (width * height);
};
const watch = (slot, standard = 0.5) => {
  let since = null, longest = 0, largest = 0, ended = false;
  const see = (now) => {
    const shown = slot.isConnected && document.visibilityState === "visible" && !ended;
    const share = shown ? inside(slot) : 0;
    largest = Math.max(largest, share);
    if (share >= standard) since ??= now;
    else if (since !== null) [longest, since] = [Math.max(longest, now - since), null];
  };
  const look = (now) => { if (!ended) { see(now); requestAnimationFrame(look); } };
  requestAnimationFrame(look);
  return {
    end(now = performance.now()) {
      if (!ended) { ended = true; see(now); }
      return { pixels: largest, seconds: longest / 1000 };
    },
  };
};
addEventListener("DOMContentLoaded", () => {
  const first = document.querySelector("canvas, .slot");
  if (first) window.early = watch(first);
});
"""


def slot(creative: str = "banner", *, style: str = "slot", shape: str = "", inner: str = "") -> str:
    """Return an advertisement's element."""
    own = f' data-flowdrop-format="{shape}"' if shape else ""
    return (
        f'<div id="{creative}" class="{style}" data-flowdrop-creative="{creative}" '
        f'data-flowdrop-campaign="spring" data-flowdrop-channel="site"{own}>{inner}</div>'
    )


def tag(
    *,
    src: str = "/flowdrop.js",
    key: str = KEY,
    consent: bool = True,
    person: str | None = "cj:900",
) -> str:
    """Return the line that puts the tag on a page."""
    granted = ' data-flowdrop-consent="granted"' if consent else ""
    known = f' data-flowdrop-person="{person}"' if person else ""
    return f'<script src="{src}" data-flowdrop-key="{key}"{granted}{known} defer></script>'


class Post(NamedTuple):
    """A request that the endpoint had."""

    origin: str | None
    kind: str
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return its events."""
        events: list[dict[str, Any]] = json.loads(self.body)["events"]
        return events


class Site:
    """Pages, the script and an endpoint on one port, which is two sites by its two names."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.other = f"http://localhost:{port}"
        self.pages: dict[str, tuple[str, str]] = {}  # and what each one's policy is
        self.scripts = {"/truth.js": TRUTH}
        self.answers: list[int] = []  # of the endpoint, at first (0: none); then 204
        self.posts: list[Post] = []
        self.notes: list[Any] = []
        self.changed = threading.Condition()

    def page(self, body: str, *, path: str = "/page", csp: str = STRICT) -> str:
        """Publish a page; return its URL."""
        html = (
            '<!doctype html><meta charset="utf-8"><title>page</title>'
            '<link rel="stylesheet" href="/style.css">'
            f'<script src="/truth.js"></script><body>{body}'
        )
        self.pages[path] = (html, csp)
        return self.url + path

    def wait(self, enough: Callable[[], object], seconds: float = 60) -> None:
        """Wait until something holds of what came."""
        with self.changed:
            assert self.changed.wait_for(enough, seconds), (self.posts, self.notes)

    def events(self, count: int, kind: str = "exposure") -> list[dict[str, Any]]:
        """Wait for that many different events of a kind; return them in the order they came."""
        self.wait(lambda: len(self._different(kind)) >= count)
        found = self._different(kind)
        assert len(found) == count
        return found

    def _different(self, kind: str) -> list[dict[str, Any]]:
        sent = [event for post in self.posts for event in post.events]
        known = {event["id"]: event for event in sent}
        assert all(known[event["id"]] == event for event in sent), "an event changed"
        return [each for each in known.values() if each["type"] == f"flowdrop.campaign.{kind}"]


class Handler(BaseHTTPRequestHandler):
    """Answers what browsers ask of a site."""

    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, *args: Any) -> None:
        self.site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/flowdrop.js":
            self._answer(200, script(), headers())
        elif path in self.site.scripts:
            own = {"Content-Type": "text/javascript", "Cache-Control": "no-store"}
            self._answer(200, self.site.scripts[path].encode(), own)
        elif path in self.site.pages:
            html, csp = self.site.pages[path]
            own = {"Content-Type": "text/html", "Cache-Control": "no-store"}
            self._answer(200, html.encode(), own | {"Content-Security-Policy": csp})
        elif path == "/style.css":
            self._answer(200, STYLE.encode(), {"Content-Type": "text/css"})
        else:
            self._answer(204)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 204
        with self.site.changed:
            if self.path == "/note":
                self.site.notes.append(json.loads(body))
            else:
                assert self.path.endswith("/v1/tag"), self.path
                told = (self.headers["Origin"], self.headers["Content-Type"])
                self.site.posts.append(Post(*told, body))
                if self.site.answers:
                    status = self.site.answers.pop(0)
            self.site.changed.notify_all()
        if status:
            origin = self.headers["Origin"] or "*"
            self._answer(status, own={"Access-Control-Allow-Origin": origin})
        else:
            self.close_connection = True

    def _answer(self, status: int, body: bytes = b"", own: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, text in (own or {}).items():
            self.send_header(name, text)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve() -> Iterator[Site]:
    """Serve a site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Handler(site, *args))
    server.daemon_threads = True
    site = Site(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
