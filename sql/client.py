"""The thin client: connect by address, find a query file by name, run it with bound values.

The library is imported on connecting, so that a command's help need not wait for it.
"""

from __future__ import annotations

import difflib
import logging
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import click

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from clickhouse_connect.driver.client import Client

FOLDER = Path(__file__).parent
UNKNOWN_DATABASE = 81  # ClickHouse's error code
LOOK_SECONDS_MAX = 30  # of a query that is only looked at
NOT_QUERIES = frozenset({"migrations", "cluster"})
PIECES = ("features/composed/", "features/definitions/", "features/labels/")  # of queries

# Its errors reach people as our messages; without a handler Python prints them as well.
logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())

_PLACE = re.compile(r"\{(\w+):\s*([^{}]+?)\s*\}")
_NAME = re.compile(r"\w+(/\w+)*")


class FirstRows(NamedTuple):
    """The first rows of a query's result, whether there are more, and how long it took."""

    columns: list[str]
    rows: list[list[Any]]
    has_more: bool
    seconds: float


def connect(url: str | None = None) -> Client:
    """Return a client of the ClickHouse at `url` (default: the setting `clickhouse`).

    Raises:
        click.ClickException: when nothing answers there, or not with that database.
    """
    import clickhouse_connect
    from clickhouse_connect.driver.exceptions import ClickHouseError

    from flowdrop.settings import Addresses, load

    url = url or load(Addresses).clickhouse
    try:
        return clickhouse_connect.get_client(dsn=url, autogenerate_session_id=False)
    except ClickHouseError as error:
        place = _without_password(url)
        if getattr(error, "code", None) == UNKNOWN_DATABASE:
            raise click.ClickException(
                f"ClickHouse at {place} has no such database; create it there or set "
                "FLOWDROP_CLICKHOUSE"
            ) from error
        raise click.ClickException(
            f"ClickHouse does not answer at {place}: {reason(error)}; start it with `flowdrop up` "
            "or set FLOWDROP_CLICKHOUSE"
        ) from error


def connect_to_write() -> Client:
    """Return a client of the settings' ClickHouse, as the user that writes rows."""
    from flowdrop.settings import Addresses, load

    return connect(load(Addresses).feeding)


def reason(error: BaseException) -> str:
    """Return the first cause's own words, such as `[Errno 111] Connection refused`."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return str(error)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))


def names() -> list[str]:
    """Return the name of every query file, for example `reports/contacts`, sorted."""
    found = (path.relative_to(FOLDER) for path in FOLDER.rglob("*.sql"))
    names = (path.with_suffix("").as_posix() for path in found if path.parts[0] not in NOT_QUERIES)
    return sorted(name for name in names if not name.startswith(PIECES))


def text(name: str) -> str:
    """Return the text of the query file `name`, for example `reports/contacts`.

    Raises:
        click.ClickException: when there is none; the message names similar ones.
    """
    path = FOLDER / f"{name}.sql"
    is_none = name.partition("/")[0] in NOT_QUERIES or name.startswith(PIECES)
    if not _NAME.fullmatch(name) or is_none or not path.is_file():
        close = difflib.get_close_matches(name, names())
        hint = f"did you mean {' or '.join(close)}?" if close else "see `flowdrop sql list`"
        raise click.ClickException(f"no query is named {name!r}; {hint}")
    return path.read_text(encoding="utf-8")


def description(name: str) -> str:
    """Return the comment on top of the query file `name`: what a row of its result is."""
    return top_comment(text(name))


def top_comment(query: str) -> str:
    """Return the comment on top of a query's text, as one line."""
    lines = []
    for line in query.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return " ".join(lines)


def places(name: str) -> dict[str, str]:
    """Return the parameters of the query file `name`: ClickHouse type by name, in order."""
    return dict(_PLACE.findall(text(name)))


def rows(client: Client, name: str, /, **values: Any) -> list[dict[str, Any]]:
    """Run the query file `name` with `values` bound to its `{name:Type}` places.

    Returns:
        One dictionary per row, keyed by column.
    """
    result = client.query(text(name), parameters=values)
    return [dict(row) for row in result.named_results()]


def first_rows(client: Client, name: str, count: int, /, **values: Any) -> FirstRows:
    """Run the query file `name` once more to look at it: its first `count` rows, read-only."""
    settings = {"limit": count + 1, "max_execution_time": LOOK_SECONDS_MAX, "readonly": 2}
    started = time.monotonic()
    result = client.query(text(name), parameters=values, settings=settings)
    found = result.result_rows
    return FirstRows(
        columns=list(result.column_names),
        rows=[list(row) for row in found[:count]],
        has_more=len(found) > count,
        seconds=time.monotonic() - started,
    )


def frame(client: Client, name: str, /, **values: Any) -> pd.DataFrame:
    """Run the query file `name` and return its rows as a data frame."""
    return client.query_df(text(name), parameters=values)


def arrow(client: Client, name: str, /, **values: Any) -> pa.Table:
    """Run the query file `name` and return its rows as an Arrow table."""
    return client.query_arrow(text(name), parameters=values)
