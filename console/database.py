"""The console's database: opened, and brought to this version's tables by Alembic's migrations.

A migration is a file in `console/migrations/versions/`. Whoever opens the database runs those that
it lacks, in one transaction; anyone else opening it meanwhile waits. SQLite by default, PostgreSQL
in production; the setting `database` is a SQLAlchemy URL.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import (
    Connection,
    Engine,
    column,
    create_engine,
    event,
    func,
    inspect,
    select,
    table,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from flowdrop.settings import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

REVISION = "020"  # the last migration; a test compares it with the files
_VERSIONS = "alembic_version"
# Tables that were created before there were migrations, newest first, and the one that created
# them.
_BEFORE = (("drop_left_out_since", "002"), ("drops", "001"))
_LOCK = 0x666C6F77  # of PostgreSQL's advisory locks: "flow"


def open_database(url: str) -> Engine:
    """Return an engine on `url`, with every table as this version needs it.

    Raises:
        click.ClickException: when the URL is malformed, the database can't be opened, or a newer
            flowdrop has changed it.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed)
        with engine.connect() as connection:
            found = _revision(connection)
        if found != REVISION:
            upgrade(engine)
    except (ArgumentError, DatabaseError, OSError, ModuleNotFoundError) as error:
        raise click.ClickException(
            f"setting database: {shown(url)} can't be opened ({error}); set FLOWDROP_DATABASE to a "
            "SQLAlchemy URL, for example sqlite:///drops.sqlite"
        ) from error
    return engine


def upgrade(engine: Engine) -> None:
    """Run the migrations that the database lacks: all of them, or none.

    Raises:
        click.ClickException: when it is at a revision that this version does not know.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with alone(engine) as connection:
        config.attributes["connection"] = connection
        found = _revision(connection)
        if found is not None and found not in known:
            raise click.ClickException(
                f"the console's database is at revision {found}, which a newer flowdrop created; "
                f"this one knows {REVISION}: run that version, or name another database"
            )
        if found is None and (made := _made_before(connection)):
            command.stamp(config, made)
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSIONS):
        return None
    found: str | None = connection.scalar(
        select(column("version_num")).select_from(table(_VERSIONS))
    )
    return found


def _made_before(connection: Connection) -> str:
    """Return the revision of tables that no migration created; "" for none."""
    tables = set(inspect(connection).get_table_names())
    return next((revision for name, revision in _BEFORE if name in tables), "")


@contextmanager
def alone(engine: Engine, lock: int = _LOCK) -> Iterator[Connection]:
    """Give a connection in a transaction that nobody else has at the same time.

    Args:
        engine: of the database.
        lock: which of PostgreSQL's advisory locks to wait for; SQLite has one writer anyway.
    """
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(lock)))
            yield connection
        return
    with engine.connect() as connection:
        # Python's driver would commit before each change of a table, and begin when it likes.
        driver: Any = connection.connection.dbapi_connection
        before, driver.isolation_level = driver.isolation_level, None
        begin = "BEGIN IMMEDIATE"
        event.listen(connection, "begin", lambda own: own.exec_driver_sql(begin), once=True)
        try:
            with connection.begin():
                yield connection
        finally:
            driver.isolation_level = before
