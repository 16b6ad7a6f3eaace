"""The console's database is brought to this version's tables, on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Table, create_engine, inspect, select, text
from sqlalchemy.orm import Session

from console import database
from console.database import REVISION, open_database
from console.drops import preview as previewing
from console.drops.tables import AuditRow, Base, Drop, MemberRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Url = Callable[[], str]

MIGRATIONS = Path(database.__file__).parent / "migrations"
AT = datetime(2026, 11, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Makes databases in a real PostgreSQL and returns their URLs."""
    pgserver = pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    numbers = iter(range(1_000))

    def make() -> str:
        name = f"console_{next(numbers)}"
        server.psql(f"create database {name}")
        uri: str = server.get_uri(name)
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)

    yield make
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'console.sqlite'}"
    made: str = request.getfixturevalue("postgres")()
    return made


def differences(engine: Engine) -> list[Any]:
    """Return what the tables lack, or have too much, beside the code's."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def spring(engine: Engine) -> None:
    """Put a drop and a line of the audit log into the tables."""
    with Session(engine) as session, session.begin():
        session.add(
            Drop(
                name="spring", program="p", budget=10, amount=1, audience="a", holdout=0.1,
                partitions=8, created_at=AT, created_by="ann", launched_at=AT,
            )
        )  # fmt: skip
        session.add(AuditRow(at=AT, who="ann", action="create", drop="spring", detail={"n": 1}))


def held(engine: Engine) -> tuple[Any, ...]:
    with Session(engine) as session:
        drop = session.scalars(select(Drop)).one()
        row = session.scalars(select(AuditRow)).one()
        return drop.name, drop.budget, drop.launched_at, drop.state, row.who, row.detail


def test_the_last_migration_is_the_one_that_the_code_wants() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [REVISION]


def test_migrations_make_what_the_code_has(url: str) -> None:
    engine = open_database(url)
    assert differences(engine) == []
    assert revision(engine) == REVISION
    spring(engine)
    assert held(open_database(url)) == held(engine), "opened again"


def tables_of(made: str, engine: Engine) -> None:
    """Make the tables of a revision, with nothing that tells which it is."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, made)
        Table("alembic_version", MetaData(), autoload_with=connection).drop(connection)


def copy(name: str, source: Engine, target: Engine) -> None:
    """Copy the rows of a table, as far as the target has its columns."""
    with source.connect() as connection:
        own = Table(name, MetaData(), autoload_with=connection)
        found = connection.execute(select(own)).mappings().all()
    with target.begin() as connection:
        own = Table(name, MetaData(), autoload_with=connection)
        rows = [{column.name: row[column.name] for column in own.columns} for row in found]
        connection.execute(own.insert(), rows)


@pytest.mark.parametrize("made", ["001", "002"])
def test_tables_from_before_there_were_migrations_are_kept(
    url: str, made: str, tmp_path: Path
) -> None:
    now = open_database(f"sqlite:///{tmp_path / 'now.sqlite'}")
    spring(now)
    wanted = held(now)
    before = create_engine(url)
    tables_of(made, before)
    for name in ("drops", "audit_log"):
        copy(name, now, before)
    engine = open_database(url)
    assert differences(engine) == []
    assert held(engine) == wanted
    assert wanted[2:4] == (AT, "launching")


def test_people_of_a_list_have_no_score_and_scores_are_kept(url: str, tmp_path: Path) -> None:
    now = open_database(f"sqlite:///{tmp_path / 'now.sqlite'}")
    spring(now)
    with Session(now) as session, session.begin():
        session.add(member("ann", 0.25))
    before = create_engine(url)
    tables_of("002", before)
    for name in ("drops", "drop_members"):
        copy(name, now, before)
    with Session(open_database(url)) as session, session.begin():
        session.add(member("bob", None))
        drop = session.scalars(select(Drop)).one()
        found = previewing.people(session, drop)
    assert [(one.person, one.score) for one in found] == [("ann", 0.25), ("bob", None)]


def member(person: str, score: float | None) -> MemberRow:
    return MemberRow(
        drop="spring",
        person=person,
        rank=1,
        score=score,
        arm="drop",
        probability=0.5,
        assigned_at=AT,
    )


def test_a_migration_that_fails_leaves_nothing_half_done(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import command

    real = command.upgrade

    def fails(config: Any, target: str) -> None:
        real(config, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "upgrade", fails)
    with pytest.raises(KeyboardInterrupt):
        open_database(url)
    assert inspect(create_engine(url)).get_table_names() == []
    monkeypatch.setattr(command, "upgrade", real)
    assert differences(open_database(url)) == []


def test_many_that_open_it_at_once_all_find_it_whole(url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        engines = list(pool.map(lambda _: open_database(url), range(8)))
    assert {revision(engine) for engine in engines} == {REVISION}
    assert differences(engines[0]) == []


def test_two_processes_that_open_it_at_once(url: str) -> None:
    script = f"from console.database import open_database; open_database({url!r})"
    begun = [
        subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) for _ in range(2)
    ]
    ended = [(process.communicate()[1], process.returncode) for process in begun]
    assert ended == [(b"", 0), (b"", 0)]
    assert differences(open_database(url)) == []


def test_what_a_newer_version_made_is_refused_in_words(url: str) -> None:
    engine = open_database(url)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '999'"))
    with pytest.raises(
        click.ClickException, match="at revision 999, which a newer flowdrop created"
    ):
        open_database(url)
    assert revision(engine) == "999", "it is left as it was"


@pytest.mark.parametrize(
    "bad",
    ["sqlite:///{}/file", "sqlite:///{}/file/below", "nonsense",
     "postgresql+psycopg://ann:word@127.0.0.1:9/x", "oracle://ann:word@127.0.0.1:9/x"],
)  # fmt: skip
def test_what_can_not_be_opened_is_named_without_its_password(tmp_path: Path, bad: str) -> None:
    (tmp_path / "file").write_text("no database at all, but long enough to be one" * 10)
    with pytest.raises(click.ClickException) as raised:
        open_database(bad.format(tmp_path))
    assert "set FLOWDROP_DATABASE to a SQLAlchemy URL" in raised.value.message
    assert "word" not in raised.value.message
