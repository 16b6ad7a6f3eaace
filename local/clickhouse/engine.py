"""The embedded engine, and one request's work in it.

The discipline, in three rules:

1. The process holds one engine on one folder, open from start to end.
2. Every request gets a chDB connection of its own (0.3 ms) and closes it at its end: the database
   and settings of one request cannot reach another, and connections run in parallel, so a long read
   delays nobody. A connection is only ever used by one thread at a time. Requests with a
   `session_id` share one connection, one request at a time, as on a server.
3. A query is found, to be cancelled from outside, by its id, which is put at the front of the
   setting `log_comment`: the engine gives queries ids of its own.
"""

from __future__ import annotations

import json
import re
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import chdb

from local.clickhouse import sql_text
from local.clickhouse.errors import EngineError, refusal
from local.clickhouse.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from local.clickhouse.form import Table
    from local.clickhouse.users import User

SETTING = re.compile(r"[A-Za-z_]\w*")
SESSION_SECONDS = 60
SESSION_SECONDS_MAX = 3600
# chDB encodes each block on its own; blocks of these formats may simply follow one another.
STREAMED = {
    "Native", "RowBinary", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "CSV",
    "JSONEachRow", "JSONLines", "NDJSON", "JSONCompactEachRow",
}  # fmt: skip

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What one request, or all together, may use.

    Attributes:
        queries: requests running at once, of all users; each user has its share of them.
        waiting: requests of a user that may wait for its share; one more is refused with code
            202, status 503, as is one that waited for `QUEUE_SECONDS_MAX`.
        memory_bytes: of all queries together; one beyond it fails with code 241.
        result_bytes: of a result that cannot be streamed (JSON, Parquet, ...); code 396.
        request_bytes: of a request's body, decoded; more is refused with code 229, status 413.
    """

    queries: int = 64
    waiting: int = 64
    memory_bytes: int = 2048 * MIB
    result_bytes: int = 512 * MIB
    request_bytes: int = 4096 * MIB


@dataclass
class Counts:
    """What a query did, as X-ClickHouse-Summary reports it; None where chDB does not say."""

    read_rows: int | None = None
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0
    started: float = field(default_factory=time.monotonic)

    def summary(self) -> dict[str, str]:
        """Return the summary's keys and values, all strings as a server writes them."""
        elapsed = int((time.monotonic() - self.started) * 1e9)
        numbers = {
            "read_rows": self.read_rows,
            "written_rows": self.written_rows,
            "written_bytes": self.written_bytes,
            "result_rows": self.result_rows,
            "result_bytes": self.result_bytes,
            "elapsed_ns": elapsed,
        }
        return {name: str(number) for name, number in numbers.items() if number is not None}


@dataclass
class _Session:
    connection: Any
    busy: bool = True
    seconds: float = SESSION_SECONDS
    until: float = 0.0


class Engine:
    """The one engine of this process.

    Args:
        path: folder of its data, made if missing.
        limits: of what queries may use.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.limits = limits
        path.mkdir(parents=True, exist_ok=True)
        self._path = str(path.resolve())
        self._defaults = {
            "implicit_select": "0",  # a server's default: a bare word is a syntax error
            "max_memory_usage_for_user": str(limits.memory_bytes),
        }
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()  # guards `_sessions` only, never held over a query
        self._root = self.connect()
        self._shut_out_files()
        self.gate = Gate(self._names("table_functions"), self._names("table_engines"))
        row = _query(self._root, "SELECT version(), timezone()", "TabSeparated")
        self.version, self.timezone = row.bytes().decode().rstrip("\n").split("\t")

    def _shut_out_files(self) -> None:
        """Open the database `default` itself, without chDB's layer that finds files.

        In chDB `default` is an overlay of a database and of the file system, in which
        `SELECT * FROM "/etc/passwd"` reads that file.
        """
        rows = _query(
            self._root,
            "SELECT uuid FROM system.databases WHERE name = 'default' AND engine = 'Overlay'",
            "TabSeparated",
        )
        if uuid := rows.bytes().decode().strip():
            _query(self._root, "DETACH DATABASE default", "Null")
            _query(self._root, f"ATTACH DATABASE default UUID '{uuid}' ENGINE = Atomic", "Null")
            _query(self._root, "USE default", "Null")

    def _names(self, table: str) -> list[str]:
        rows = _query(self._root, f"SELECT name FROM system.{table}", "TabSeparated")  # noqa: S608
        return bytes(rows.bytes()).decode().split()

    def connect(self) -> Any:
        """Open one more chDB connection; the caller closes it."""
        connect: Any = chdb.connect  # chDB says it is typed, and is only half
        return connect(self._path)

    def cancel(self, query_id: str) -> None:
        """Ask the engine to stop the query with this id; it ends within about one block's work."""
        self._kill(f"startsWith(Settings['log_comment'], {_quoted(query_id)})")

    def cancel_reads(self) -> None:
        """Ask every running SELECT to stop."""
        self._kill("query_kind = 'Select'")

    def _kill(self, condition: str) -> None:
        connection = self.connect()
        try:
            _query(connection, f"KILL QUERY WHERE {condition} ASYNC", "Null")
        finally:
            connection.close()

    def close(self) -> None:
        """End all sessions and the engine: with its last connection it flushes and stops."""
        with self._lock:
            for session in self._sessions.values():
                session.connection.close()
            self._sessions.clear()
        self._root.close()

    def enter_session(self, name: str, *, seconds: float, check: bool) -> Any:
        """Take the session `name`, created if there is none, for one request.

        Raises:
            EngineError: 373 when another request has it, 372 when `check` and there is none.
        """
        with self._lock:
            now = time.monotonic()
            for key, kept in list(self._sessions.items()):
                if not kept.busy and kept.until < now:
                    self._sessions.pop(key).connection.close()
            session = self._sessions.get(name)
            if session is None and check:
                raise refusal(372, f"Session {name} not found", "SESSION_NOT_FOUND")
            if session is not None and session.busy:
                raise refusal(
                    373, f"Session {name} is locked by a concurrent client", "SESSION_IS_LOCKED"
                )
            if session is None:
                session = self._sessions[name] = _Session(self.connect())
            session.busy, session.seconds = True, min(seconds, SESSION_SECONDS_MAX)
            return session.connection

    def leave_session(self, name: str, *, drop: bool) -> None:
        """Give the session back; `drop` ends it."""
        with self._lock:
            session = self._sessions.get(name)
            if session is None:
                return
            session.busy = False
            session.until = time.monotonic() + session.seconds
            if drop:
                self._sessions.pop(name).connection.close()

    def settings(self, request: Request) -> dict[str, str]:
        """Return the settings of a request, this server's defaults and its mark included."""
        given = request.settings
        comment = f"{request.query_id} {given.get('log_comment', '')}".rstrip()
        held = {} if request.streamed else {"max_result_bytes": str(self.limits.result_bytes)}
        return {**self._defaults, **held, **given, "log_comment": comment}


@dataclass(frozen=True)
class Request:
    """What a request asks of its connection; `streamed` when its result is not held in memory."""

    query_id: str
    user: User
    streamed: bool = True
    database: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    session: str = ""
    session_seconds: float = SESSION_SECONDS
    session_check: bool = False
    session_close: bool = False


class Work:
    """One request's connection. Every method blocks and is called from one thread at a time."""

    def __init__(self, engine: Engine, request: Request) -> None:
        self._engine = engine
        self._request = request
        self._restore: list[str] = []
        self._closed = False
        self.counts = Counts()
        if request.session:
            self._connection = engine.enter_session(
                request.session, seconds=request.session_seconds, check=request.session_check
            )
        else:
            self._connection = engine.connect()
        try:
            self._prepare()
        except EngineError:
            self.close()
            raise

    def _prepare(self) -> None:
        settings = self._engine.settings(self._request)
        for name in settings:
            if not SETTING.fullmatch(name):
                raise refusal(115, f"Unknown setting '{name}'", "UNKNOWN_SETTING")
        if self._request.session:
            self._remember(settings)
        pairs = ", ".join(f"{name} = {_quoted(value)}" for name, value in settings.items())
        _query(self._connection, f"SET {pairs}", "Null")
        if self._request.database:
            name = self._request.database.replace("\\", "\\\\").replace("`", "\\`")
            _query(self._connection, f"USE `{name}`", "Null")

    def _remember(self, settings: Mapping[str, str]) -> None:
        """Note the session's own values: settings in a URL apply to its one query only."""
        names = ", ".join(_quoted(name) for name in settings)
        rows = _query(
            self._connection,
            f"SELECT name, value FROM system.settings WHERE name IN ({names})",  # noqa: S608
            "TabSeparatedRaw",
        )
        for line in rows.bytes().decode().splitlines():
            name, _, value = line.partition("\t")
            if not value.startswith("auto("):
                self._restore.append(f"{name} = {_quoted(value)}")

    def admit(self, sql: bytes, *, reads: bool, values: int = 0) -> None:
        """Refuse a statement that its user may not run.

        Args:
            sql: the statement.
            reads: it may only read, whoever asks.
            values: where the data of an INSERT ... VALUES begin, 0 if there are none.
        """
        self.changes_data(sql)  # or it is more than one statement
        gate, user = self._engine.gate, self._request.user
        head = sql[:values] if values else sql
        gate.check(user, self._tree(head), head, reads=reads)
        if values and gate.may_call(data := sql[values:]):
            gate.check_calls(user, self._calls(data))

    def lock(self) -> None:
        """Make the engine itself refuse whatever does more than read, from here on."""
        if not self._request.session:
            _query(self._connection, "SET readonly = 1", "Null")

    def _calls(self, data: bytes) -> Iterator[str]:
        """Yield each name in `data` before a bracket, as the engine's own lexer sees them."""
        text = f"SELECT tokenizeQuery({_quoted(data.decode(errors='replace'))})"
        tokens = json.loads(bytes(_query(self._connection, text, "JSONCompactEachRow").bytes()))
        before = ""
        for token in tokens[0]:
            if token["type"] == "OpeningRoundBracket" and before:
                yield before
            if token["type"] not in ("Whitespace", "Comment"):
                named = token["type"] in ("BareWord", "QuotedIdentifier")
                found = data.decode(errors="replace").encode()[token["begin"] : token["end"]]
                before = found.decode(errors="replace") if named else ""

    def _tree(self, sql: bytes) -> str:
        """Return the one statement `sql` as the engine's parser sees it.

        On a connection of its own: limits of the request are about its answer, not about this one.
        """
        connection = self._engine.connect()
        try:
            _query(connection, "SET implicit_select = 0", "Null")
            tree = _query(connection, b"EXPLAIN AST " + sql, "TSVRaw", self._request.parameters)
            return bytes(tree.bytes()).decode(errors="replace")
        finally:
            connection.close()

    def changes_data(self, sql: bytes) -> bool:
        """Return whether `sql` writes.

        Raises:
            EngineError: 62 when it is more than one statement, as a server says.
        """
        found = self._connection._conn.classify_query(sql)  # noqa: SLF001
        if not found["statement_count"]:
            _query(
                self._connection,
                f"SELECT formatQuery({_quoted(sql.decode(errors='replace'))})",
                "Null",
            )
        if found["statement_count"] != 1:
            raise refusal(62, "Syntax error (Multi-statements are not allowed)", "SYNTAX_ERROR")
        return bool(found["query_class"].name == "MUTATING")

    def run(self, sql: bytes, format_name: str) -> bytes:
        """Run `sql` to its end and return its whole result in `format_name` (or its own FORMAT)."""
        result = _query(self._connection, sql, format_name, self._request.parameters)
        self.counts.read_rows = result.storage_rows_read()
        self.counts.written_rows = result.rows_written()
        self.counts.written_bytes = result.bytes_written()
        self.counts.result_rows = result.rows_read()
        self.counts.result_bytes = result.size()
        return bytes(result.bytes())

    def stream(self, sql: bytes, format_name: str) -> Iterator[bytes]:
        """Run the SELECT `sql`, yielding its result a block at a time; `close` cancels the rest."""
        try:
            stream = self._connection.send_query(sql, format_name, dict(self._request.parameters))
        except Exception as error:
            raise EngineError.of(error) from error
        done = False
        try:
            for block in stream:
                self.counts.result_rows += block.rows_read()
                self.counts.result_bytes += block.size()
                yield bytes(block.bytes())
            done = True
        except Exception as error:
            done = True
            raise EngineError.of(error) from error
        finally:
            if not done:
                stream.cancel()

    def external(self, table: Table) -> None:
        """Make the temporary table that a request brought along as a file."""
        name = table.name.replace("`", "")
        if not SETTING.fullmatch(table.format):
            raise refusal(73, f"Unknown format {table.format}", "UNKNOWN_FORMAT")
        text = f"CREATE TEMPORARY TABLE `{name}` ({table.structure})"
        self.changes_data(text.encode())  # or it is more than one statement
        self._engine.gate.check_table(self._request.user, self._tree(text.encode()))
        _query(self._connection, text, "Null")
        rows = self.rows(f"INSERT INTO `{name}`", table.format)
        try:
            rows.append(table.data)
            rows.finish()
        except Exception as error:
            raise EngineError.of(error) from error

    def rows(self, head: str, format_name: str) -> Any:
        """Begin INSERT `head` (without FORMAT), to be fed with bytes in `format_name`."""
        try:
            return self._connection.send_insert(head, format_name)
        except Exception as error:
            raise EngineError.of(error) from error

    def close(self) -> None:
        """Give the connection back, or close it; may be called again."""
        if self._closed:
            return
        self._closed = True
        name = self._request.session
        if not name:
            self._connection.close()
            return
        broken = False
        if self._restore:
            try:
                _query(self._connection, "SET " + ", ".join(self._restore), "Null")
            except EngineError:
                broken = True  # a half-done insert; the session ends with it
        self._engine.leave_session(name, drop=self._request.session_close or broken)


class Insert:
    """Rows on their way into a table, on a connection of their own.

    They are gathered in a file and inserted from it: chDB's streaming insert answers well when
    the table or a view refuses the rows (a constraint, too many parts), and nothing is stored.

    The engine makes blocks of up to `min_insert_block_size_rows` (1,048,449), so that an insert
    below that is one block: all or nothing, and the same again when its token is replayed.
    """

    def __init__(self, engine: Engine, request: Request, head: str, format_name: str) -> None:
        self._work = Work(engine, request)
        try:
            self._work.admit(f"{head} FORMAT {format_name}".encode(), reads=False)
        except EngineError:
            self._work.close()
            raise
        self.counts = self._work.counts
        self._format = format_name
        self._into, self._settings = sql_text.split_settings(head)
        self._file = tempfile.NamedTemporaryFile()  # noqa: SIM115 - `close` removes it

    def append(self, data: bytes) -> None:
        """Hand over the next bytes."""
        self._file.write(data)

    def finish(self) -> None:
        """Insert; the counts are the engine's: rows inserted, those of views included."""
        self._file.flush()
        place = f"FROM INFILE {_quoted(self._file.name)} COMPRESSION 'none'"
        text = f"{self._into} {place} {self._settings} FORMAT {self._format}"
        self._work.run(text.encode(), "Null")

    def close(self) -> None:
        """Drop the file and give the connection back."""
        self._file.close()
        self._work.close()


def _query(
    connection: Any,
    sql: str | bytes,
    format_name: str,
    parameters: Mapping[str, str] | None = None,
) -> Any:
    try:
        return connection.query(sql, format_name, params=dict(parameters or {}))
    except Exception as error:
        raise EngineError.of(error) from error


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
