"""ClickHouse's HTTP interface, as an ASGI application on the embedded engine.

As on a server: the statement in the URL, the body or a form; data behind an INSERT; settings and
`param_<name>` in the URL or a form; external tables; lz4, zstd, gzip and deflate both ways;
sessions with temporary tables; typed errors; summaries. Not as on a server:

- chDB has no users: the three of `users.py` are this server's, and `gate.py` holds them to what
  they may do. A web page of another origin, and one that calls this machine by a name of its own,
  are refused.
- `query_id` names the answer, but `system.processes` shows the engine's own id; the request's id
  stands first in its `log_comment`, and there `KILL QUERY` finds it.
- No progress headers while a query runs; no `compress=1`/`decompress=1` (use Content-Encoding and
  Accept-Encoding); no INSERT ... SELECT FROM input().
- Results in formats that cannot be cut into blocks (JSON, Parquet, Arrow, ...WithNames) are held
  in memory, up to a limit; the others stream.
- `client_protocol_version` has no effect, which clients see from the answer.
- The summary has no `read_rows` for an INSERT with data behind it, which chDB does not count, nor
  for a streamed SELECT, whose blocks chDB counts before the readers behind them have all reported.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import string
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from local.clickhouse import encodings, sql_text
from local.clickhouse.answer import Answer, Task
from local.clickhouse.call import TEXT_BYTES_MAX, Body, Call, Gone
from local.clickhouse.engine import SESSION_SECONDS, Engine, Insert, Request
from local.clickhouse.errors import EngineError, refusal
from local.clickhouse.form import Form, parse_form
from local.clickhouse.gate import readonly
from local.clickhouse.queue import Queue
from local.clickhouse.users import AUTHENTICATION_FAILED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.clickhouse.call import Receive, Send
    from local.clickhouse.engine import Counts
    from local.clickhouse.users import User, Users

T = TypeVar("T")

TOO_LARGE = 229
ACCESS_DENIED = 497
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

# What a URL may hold besides settings; the engine would not know these.
_NOT_SETTINGS = {
    "query", "database", "default_format", "query_id", "user", "password", "quota_key",
    "role", "stacktrace", "buffer_size", "session_id", "session_timeout", "session_check",
    "close_session", "compress", "decompress", "wait_end_of_query", "client_protocol_version",
}  # fmt: skip
_CONTENT_TYPES = (
    ("tabseparated", "text/tab-separated-values; charset=UTF-8"),
    ("tsv", "text/tab-separated-values; charset=UTF-8"),
    ("csv", "text/csv; charset=UTF-8"),
    ("jsoneachrow", "application/x-ndjson; charset=UTF-8"),
    ("json", "application/json; charset=UTF-8"),
    ("pretty", "text/plain; charset=UTF-8"),
    ("vertical", "text/plain; charset=UTF-8"),
    ("xml", "application/xml; charset=UTF-8"),
    ("", "application/octet-stream"),
)


class Server:
    """The ASGI application."""

    def __init__(self, engine: Engine, users: Users, hosts: frozenset[str] = LOOPBACK) -> None:
        """Serve `engine` to `users` who call it by one of the names in `hosts`."""
        self._engine = engine
        self._limits = limits = engine.limits
        self._users = users
        self._hosts = hosts
        self._queues = {
            user.name: Queue(max(1, int(limits.queries * user.share)), limits.waiting)
            for user in users.every
        }
        # A thread for each running request, and some that are always free for cancelling.
        places = sum(queue.places for queue in self._queues.values())
        self._threads = ThreadPoolExecutor(places, "query")
        self._cancelling = ThreadPoolExecutor(2, "cancel")
        self._name = socket.gethostname()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        call = Call(scope, receive, send)
        try:
            await self._answer(call)
        except EngineError as error:
            await self._fail(call, error)
        except Gone:
            pass
        finally:
            call.end()

    def stop(self) -> None:
        """Cancel what is still reading, so that the process can end."""
        self._engine.cancel_reads()

    async def _answer(self, call: Call) -> None:
        path = call.path.rstrip("/")
        if path in ("/ping", "/replicas_status") or (not path and not call.has_query):
            await self._send(call, 200, b"Ok.\n", {})
            return
        if path:
            await self._send(call, 404, b"Nothing here; ask / or /ping\n", {})
            return
        self._check_page(call)
        _check(call)
        user = self._users.sign_in(call.headers, call.values)
        async with self._queues[user.name]:
            await self._query(call, user)

    def _check_page(self, call: Call) -> None:
        """Refuse web pages: those of another site, and those that call us by a name of theirs.

        Any page in a browser may call 127.0.0.1, and the browser then says whose page it is; but a
        name made to point here looks to the browser like the page's own server.
        """
        host = call.headers.get("host", "")
        if _name(host) not in self._hosts:
            sentence = (
                f"This server is not called {host}" if host else "Name the server: no Host header"
            )
            raise refusal(ACCESS_DENIED, sentence, "ACCESS_DENIED")
        origin = call.headers.get("origin")
        site = call.headers.get("sec-fetch-site", "none")
        ours = origin in (None, f"http://{host}", f"https://{host}")
        if not ours or site not in ("none", "same-origin"):
            sentence = f"Pages of {origin or 'another site'} may not use this server"
            raise refusal(ACCESS_DENIED, sentence, "ACCESS_DENIED")

    async def _query(self, call: Call, user: User) -> None:
        body = Body(call, self._limits.request_bytes)
        form = Form()
        if call.headers.get("content-type", "").startswith("multipart/form-data"):
            form = parse_form(call.headers["content-type"], await body.rest())
            call.values.update(form.values)
        found, text = await _read_statement(call, body)
        if isinstance(found, sql_text.DataInsert):
            await self._insert(call, user, found, text[found.start :], body)
            return
        task = Task(
            text=text,
            found=found,
            format=found.format or call.default_format,
            tables=form.tables(call.values),
            readonly=user.limited or call.method != "POST",
            whole=call.flag("wait_end_of_query"),
        )
        await self._run(call, user, task)

    async def _insert(
        self, call: Call, user: User, found: sql_text.DataInsert, data: bytes, body: Body
    ) -> None:
        if call.method != "POST":
            raise readonly()
        insert = await self._in_thread(
            call, Insert, self._engine, _request(call, user), found.head, found.format
        )
        try:
            piece: bytes | None = data
            while piece is not None:
                if piece:
                    await self._in_thread(call, insert.append, piece)
                piece = await body.piece()
            await self._in_thread(call, insert.finish)
        finally:
            await self._settle(insert.close)
        await self._send(call, 200, b"", self._headers(call, insert.counts))

    async def _run(self, call: Call, user: User, task: Task) -> None:
        encoder, encoded = _encoder(call)
        clause = sql_text.settings(task.text) if task.readonly else {}
        request = _request(call, user, clause)
        # A change continues when its client has gone; a read ends with it.
        answer, piece, last = await self._in_thread(
            call, _begin, self._engine, request, task, encoder, cancel=task.reads
        )
        try:
            headers = self._headers(call, answer.counts)
            if answer.has_result:
                kind = _content_type(task.format)
                headers |= {"X-ClickHouse-Format": task.format, "Content-Type": kind}
            if piece:
                headers |= encoded
            if last:
                await self._send(call, 200, piece, headers)
            else:
                await self._stream(call, answer, piece, headers, encoder)
        finally:
            if not last:
                await self._settle(answer.close)

    async def _stream(
        self,
        call: Call,
        answer: Answer,
        piece: bytes,
        headers: dict[str, str],
        encoder: encodings.Encoder,
    ) -> None:
        """Send an answer of several pieces; an error from here on goes after them."""
        tag = "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))
        await call.start(200, headers | {"X-ClickHouse-Exception-Tag": tag})
        try:
            last = False
            while not last:
                await call.write(piece, more=True)
                piece, last = await self._in_thread(call, answer.take, cancel=True)
        except EngineError as error:
            piece = encoder.encode(self._late(error, tag)) + encoder.end()
        await call.write(piece, more=False)

    async def _in_thread(
        self, call: Call, function: Callable[..., T], *args: Any, cancel: bool = False
    ) -> T:
        """Run a blocking call in a thread; with `cancel`, stop it when the client hangs up.

        It always waits for the call's end: a connection has one thread at a time.
        """
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, function, *args)
        try:
            waiting: set[asyncio.Future[Any]] = {future, call.gone()} if cancel else {future}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            cancel = True  # the server ends
            raise
        finally:
            while not future.done():
                if cancel:
                    engine = self._engine
                    loop.run_in_executor(self._cancelling, engine.cancel, call.query_id)
                await asyncio.wait({future}, timeout=0.5)
        return future.result()

    async def _settle(self, function: Callable[[], None]) -> None:
        """Run a closing call to its end, even while this task is being cancelled."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, function)
        try:
            await asyncio.wait({future})
        finally:
            if not future.done():
                await asyncio.wait({future})
        future.result()

    def _headers(self, call: Call, counts: Counts | None = None) -> dict[str, str]:
        headers = {
            "X-ClickHouse-Server-Display-Name": self._name,
            "X-ClickHouse-Query-Id": call.query_id,
            "X-ClickHouse-Timezone": call.values.get("session_timezone") or self._engine.timezone,
        }
        if counts is not None:
            headers["X-ClickHouse-Summary"] = json.dumps(counts.summary())
        return headers

    async def _fail(self, call: Call, error: EngineError) -> None:
        if call.started:
            return
        headers = self._headers(call) | {"X-ClickHouse-Exception-Code": str(error.code)}
        try:
            if error.code in (TOO_LARGE, AUTHENTICATION_FAILED, ACCESS_DENIED):
                headers["Connection"] = "close"
            else:
                await call.drain()
            await self._send(call, error.status, self._text(error) + b"\n", headers)
        except Gone:
            pass

    def _text(self, error: EngineError) -> bytes:
        return f"{error.message} (version {self._engine.version})".encode()

    def _late(self, error: EngineError, tag: str) -> bytes:
        """Return an error that came after the headers, in the form that clients look for."""
        text = self._text(error).decode() + "\n"
        size = len(text.encode())
        mark = "__exception__"
        return f"\r\n{mark}\r\n{tag}\r\n{text}{size} {tag}\r\n{mark}\r\n".encode()

    @staticmethod
    async def _send(call: Call, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        default = {"Content-Type": "text/plain; charset=UTF-8"}
        await call.start(status, default | dict(headers) | {"Content-Length": str(len(body))})
        await call.write(b"" if call.method == "HEAD" else body, more=False)


async def _read_statement(
    call: Call, body: Body
) -> tuple[sql_text.DataInsert | sql_text.Text, bytes]:
    """Return what the statement is, and the bytes read so far: all, unless data follow an INSERT.

    As on a server, the URL's `query` and the body make one text.
    """
    text = call.values.get("query", "").encode()
    if text:
        text += b"\n"
    while True:
        piece = await body.piece()
        text += piece or b""
        found = sql_text.read(text, complete=piece is None)
        if isinstance(found, sql_text.DataInsert):
            return found, text
        if len(text) > TEXT_BYTES_MAX:
            raise Body.too_large(TEXT_BYTES_MAX)
        if isinstance(found, sql_text.Text):
            text = await body.rest(text)
            found = sql_text.read(text, complete=True)
            if not text.strip():
                raise refusal(62, "Syntax error: empty query", "SYNTAX_ERROR")
            assert not isinstance(found, sql_text.Unfinished)
            return found, text


def _name(host: str) -> str | None:
    """Return the name in a Host header; none when it is not a valid one."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _check(call: Call) -> None:
    """Refuse what this server does not support."""
    if call.method not in ("GET", "POST", "HEAD"):
        raise refusal(48, f"Method {call.method} is not known here", "NOT_IMPLEMENTED")
    for name in ("compress", "decompress"):
        if call.flag(name):
            sentence = f"{name}=1 is not supported; use Content-Encoding and Accept-Encoding"
            raise refusal(48, sentence, "NOT_IMPLEMENTED")


def _request(call: Call, user: User, clause: Mapping[str, str] | None = None) -> Request:
    """Return what the URL, the form and the headers ask of the connection.

    The settings of a reading statement's own SETTINGS `clause` are made before it runs: then the
    engine, which no longer lets anything be set, finds them already in place.
    """
    values = call.values
    parameters = {k[6:]: v for k, v in values.items() if k.startswith("param_")}
    settings = {
        name: value
        for name, value in values.items()
        if name not in _NOT_SETTINGS and not name.startswith("param_")
    }
    return Request(
        query_id=call.query_id,
        user=user,
        database=values.get("database") or call.headers.get("x-clickhouse-database", ""),
        settings=user.settings(settings | dict(clause or {})),
        parameters=parameters,
        # A user who only reads can leave nothing in a session.
        session="" if user.limited else values.get("session_id", ""),
        session_seconds=float(values.get("session_timeout") or SESSION_SECONDS),
        session_check=call.flag("session_check"),
        session_close=call.flag("close_session"),
    )


def _content_type(name: str) -> str:
    return next(kind for start, kind in _CONTENT_TYPES if name.lower().startswith(start))


def _encoder(call: Call) -> tuple[encodings.Encoder, dict[str, str]]:
    """Return the answer's encoder and the header that names it."""
    name = encodings.choose(call.headers.get("accept-encoding", ""))
    if name is None or call.values.get("enable_http_compression") == "0":
        return encodings.encoder(None), {}
    return encodings.encoder(name), {"Content-Encoding": name}


def _begin(
    engine: Engine, request: Request, task: Task, encoder: encodings.Encoder
) -> tuple[Answer, bytes, bool]:
    """Begin an answer and take its first piece, in one visit to a thread."""
    answer = Answer(engine, request, task, encoder)
    return answer, *answer.take()
